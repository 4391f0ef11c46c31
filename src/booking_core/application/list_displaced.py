from __future__ import annotations

from attrs import frozen

from booking_core.application.catalogue import Catalogue
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import BuilderId
from booking_core.domain.policies import owns_catalogue
from booking_core.domain.schedule import Schedule
from booking_core.domain.time import Slot
from booking_core.domain.transitions import BookingState
from booking_core.ports.clock import Clock
from booking_core.ports.repositories import MOST_BOOKINGS, BookingFilter
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_BOOKED = (BookingState.AWAITING_PAYMENT, BookingState.CONFIRMING, BookingState.CONFIRMED)


@frozen
class ListDisplaced:
    """What is booked at times that another schedule would take away; it stays booked (B3)."""

    unit_of_work: UnitOfWorkFactory
    catalogue: Catalogue
    clock: Clock

    def __call__(self, *, builder_id: BuilderId, schedule: Schedule, actor: Actor) -> list[Booking]:
        """The coming sessions, by their start, that only the present schedule has room for.

        Those that it has no room for either are not listed: somebody wanted them there.

        Raises:
            NotFound: no such builder, or not this caller's.
        """
        if not owns_catalogue(actor, builder_id):
            raise NotFound("builder")
        coming = BookingFilter(
            builder_id=builder_id,
            states=_BOOKED,
            starts_from=self.clock.now(),
            limit=MOST_BOOKINGS,
        )
        with self.unit_of_work(write=False) as uow:
            present = self.catalogue.read(uow).builder(builder_id).schedule
            booked = [(each.slot, each) for each in uow.bookings.find(coming) if each.slot]
        booked.sort(key=lambda each: (each[0], each[1].id))
        return [booking for slot, booking in booked if _loses(slot, present, schedule)]


def _loses(slot: Slot, present: Schedule, other: Schedule) -> bool:
    closes = present.is_open(slot) and not other.is_open(slot)
    goes = other.is_away(slot) and not present.is_away(slot)
    return closes or goes
