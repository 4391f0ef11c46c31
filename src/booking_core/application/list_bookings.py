from __future__ import annotations

from attrs import evolve, frozen

from booking_core.domain.actor import Actor, Role
from booking_core.domain.booking import Booking
from booking_core.domain.errors import SignInRequired
from booking_core.domain.ids import BookingId
from booking_core.ports.repositories import BookingFilter
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class BookingPage:
    """One page of bookings, newest first; `next` is the cursor of the page after it."""

    bookings: list[Booking]
    next: BookingId | None


@frozen
class ListBookings:
    """A client's own bookings, a builder's bookings, any for an operator."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, *, criteria: BookingFilter, actor: Actor) -> BookingPage:
        """Raises SignInRequired."""
        allowed = _within_reach(criteria, actor)
        with self.unit_of_work(write=False) as uow:
            found = list(uow.bookings.find(evolve(allowed, limit=allowed.limit + 1)))
        page = found[: allowed.limit]
        return BookingPage(page, page[-1].id if len(found) > len(page) else None)


def _within_reach(criteria: BookingFilter, actor: Actor) -> BookingFilter:
    match actor.role:
        case Role.CLIENT:
            return evolve(criteria, client_id=actor.id)
        case Role.BUILDER:
            return evolve(criteria, builder_id=actor.id)
        case Role.ANONYMOUS:
            raise SignInRequired
    return criteria
