from __future__ import annotations

from collections.abc import Callable
from functools import partial

from attrs import frozen

from booking_core.application.keep import Keeper
from booking_core.domain.booking import Booking
from booking_core.domain.errors import ProviderFailed, SlotUnavailable
from booking_core.domain.ids import BookingId
from booking_core.domain.time import Slot
from booking_core.domain.transitions import BookingState
from booking_core.ports.calendar import StandingEvent
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@frozen
class SettleCalendar:
    """Makes a provider's calendar match what the booking says; doing it twice is harmless.

    It never orders: it reads what stands, asks the booking what should, and closes the gap one
    provider call at a time, recording after each. Our own database needs no settling.
    """

    unit_of_work: UnitOfWorkFactory
    keeper: Keeper

    def __call__(self, *, booking_id: BookingId) -> Booking:
        """The booking as it stands then. Raises ProviderFailed; NotFound."""
        with self.unit_of_work(write=False) as uow:
            booking = uow.bookings.get(booking_id)
        if self.keeper.calendar.in_database:
            return booking
        booking = self._hear(booking)
        for slot in self._missing(booking):
            booking = self._book(booking, slot)
        for slot in self._standing(booking) - set(booking.expected_slots()):
            self.keeper.calendar.ensure_absent(booking=booking, slot=slot)
        return booking

    def at_once(self, booking: Booking) -> Booking:
        """One try right after the commit, so that the caller gets its answer; a job goes on."""
        if booking.state is not BookingState.CONFIRMING and booking.pending_slot is None:
            return booking
        try:
            return self(booking_id=booking.id)
        except ProviderFailed:
            return booking

    def _hear(self, booking: Booking) -> Booking:
        """What was moved or cancelled at the provider comes first: it is never booked again."""
        for event in self.keeper.calendar.events(booking=booking):
            if event.cancelled or event.moved_from is not None:
                booking = self._record(booking, partial(_told, event=event))
        return booking

    def _missing(self, booking: Booking) -> list[Slot]:
        if booking.state in (BookingState.COMPLETED, BookingState.NO_SHOW):
            return []  # nothing is booked into the past
        unconfirmed = booking.state is BookingState.CONFIRMING
        standing = set() if unconfirmed else self._standing(booking)
        pending = booking.pending_slot
        return [
            each for each in booking.expected_slots() if each not in standing or each == pending
        ]

    def _standing(self, booking: Booking) -> set[Slot]:
        found = self.keeper.calendar.events(booking=booking)
        return {event.slot for event in found if not event.cancelled}

    def _book(self, booking: Booking, slot: Slot) -> Booking:
        try:
            event = self.keeper.calendar.ensure_booked(booking=booking, slot=slot)
        except SlotUnavailable:
            return self._record(booking, lambda b: b.calendar_refused() or b.reschedule_refused())
        return self._record(
            booking, lambda b: b.calendar_booked(event) or b.reschedule_booked(event)
        )

    def _record(self, booking: Booking, fact: Callable[[Booking], bool]) -> Booking:
        def change(uow: UnitOfWork) -> Booking:
            current = uow.bookings.get(booking.id)
            fact(current)
            return current

        return self.keeper.once(change)


def _told(booking: Booking, event: StandingEvent) -> bool:
    if event.cancelled:
        return booking.event_cancelled(event.slot)
    moved_from = event.moved_from or event.slot
    return booking.event_moved(moved_from, event.slot, event.event)
