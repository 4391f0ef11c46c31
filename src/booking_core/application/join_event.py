"""Whose event that is which stands at the calendar provider (C5)."""

from __future__ import annotations

from attrs import frozen

from booking_core.application.access import Access
from booking_core.application.keep import Keeper
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking, Flow
from booking_core.domain.errors import NotFound
from booking_core.domain.event_record import EventRecord
from booking_core.domain.ids import BookingId
from booking_core.domain.transitions import BookingState
from booking_core.ports.unit_of_work import UnitOfWork

_ANYBODY = Actor.anonymous()


@frozen
class EventJoiner:
    """Finds the booking of an event, and lets a booking that waited for it have it.

    By our tag in the tracking fields, by the event's own address or that of an event that it was
    moved from, or by the booking's id in the tracking fields or in an answer. A tag counts for events
    of the booking's own type: what is free pays for nothing else. An id may be typed by anybody, so
    it only joins a booking that waits for an event of this very type, and only where client or
    caller are the booking's own; otherwise it is a mark and no more.
    """

    keeper: Keeper
    access: Access

    def find(
        self,
        uow: UnitOfWork,
        record: EventRecord,
        named: BookingId | None = None,
        actor: Actor = _ANYBODY,
    ) -> Booking | None:
        """The booking; `named` is what `actor` says that it is."""
        tagged = uow.bookings.by_tag(record.tag) if record.tag else None
        if tagged is not None and _of_its_type(tagged, record):
            return tagged
        for place in (record.event.place, *record.replaces):
            held = uow.bookings.by_event_place(place)
            if held is not None:
                return held
        for booking_id in (*record.named_bookings(), *([named] if named else [])):
            waiting = self._waiting(uow, booking_id, record, actor)
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
                current.event_created(record.slot, record.event, record.guests)
            return current

        return self.keeper.once(change)

    def _waiting(
        self, uow: UnitOfWork, booking_id: BookingId, record: EventRecord, actor: Actor
    ) -> Booking | None:
        try:
            booking = uow.bookings.get(booking_id)
        except NotFound:  # a correlation mark of somebody else's, never an id that we adopt
            return None
        waits = booking.state is BookingState.AWAITING_SCHEDULING and booking.flow is Flow.LINK
        own = booking.client.contact.same_address(record.contact.email)
        own = own or self.access.takes_part(booking, actor)
        return booking if waits and own and _of_its_type(booking, record) else None


def _of_its_type(booking: Booking, record: EventRecord) -> bool:
    ref = booking.calendar_ref
    return ref is not None and ref.event_type_uri == record.event_type_uri
