"""Whose event that is which stands at the calendar provider (C5)."""

from __future__ import annotations

from attrs import frozen

from booking_core.application.keep import Keeper
from booking_core.domain.booking import Booking, Flow
from booking_core.domain.errors import NotFound
from booking_core.domain.event_record import EventRecord
from booking_core.domain.ids import BookingId
from booking_core.domain.transitions import BookingState
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class EventJoiner:
    """Finds the booking of an event, and lets a booking that waited for it have it.

    By our tag in the tracking fields, by the booking's id there or in an answer, by the event's own
    address, or by that of an event that it was moved from. An id may be typed by anybody, so it only
    joins a booking that waits for an event of this very type.
    """

    keeper: Keeper

    def find(
        self, uow: UnitOfWork, record: EventRecord, named: BookingId | None = None
    ) -> Booking | None:
        """The booking; `named` is what the caller says that it is."""
        tagged = uow.bookings.by_tag(record.tag) if record.tag else None
        if tagged is not None:
            return tagged
        for place in (record.event.place, *record.replaces):
            held = uow.bookings.by_event_place(place)
            if held is not None:
                return held
        for booking_id in (*record.named_bookings(), *([named] if named else [])):
            waiting = self._waiting(uow, booking_id, record)
            if waiting is not None:
                return waiting
        return None

    def join(self, booking: Booking, record: EventRecord) -> Booking:
        """The booking with its event, where it waited for one; anything else is for settling."""
        if booking.state is not BookingState.AWAITING_SCHEDULING or record.cancelled:
            return booking

        def change(uow: UnitOfWork) -> Booking:
            current = uow.bookings.get(booking.id)
            if current.state is BookingState.AWAITING_SCHEDULING:
                current.event_created(record.slot, record.event)
            return current

        return self.keeper.once(change)

    def _waiting(
        self, uow: UnitOfWork, booking_id: BookingId, record: EventRecord
    ) -> Booking | None:
        try:
            booking = uow.bookings.get(booking_id)
        except NotFound:  # a correlation mark of somebody else's, never an id that we adopt
            return None
        same_type = (
            booking.calendar_ref is not None
            and booking.calendar_ref.event_type_uri == record.event_type_uri
        )
        waits = booking.state is BookingState.AWAITING_SCHEDULING and booking.flow is Flow.LINK
        return booking if same_type and waits else None
