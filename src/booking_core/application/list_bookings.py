from __future__ import annotations

from attrs import evolve, frozen

from booking_core.domain.actor import Actor, Role
from booking_core.domain.booking import Booking
from booking_core.domain.errors import FieldError, InvalidRequest, NotFound, SignInRequired
from booking_core.domain.ids import BookingId
from booking_core.ports.repositories import MOST_BOOKINGS, BookingFilter
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@frozen
class BookingPage:
    """One page of bookings, newest first; `next` is the cursor of the page after it."""

    bookings: list[Booking]
    next: BookingId | None


@frozen
class ListBookings:
    """A client's own bookings, a builder's bookings, any for an operator.

    A builder who asks for another one's is answered with none.
    """

    unit_of_work: UnitOfWorkFactory

    def __call__(self, *, criteria: BookingFilter, actor: Actor) -> BookingPage:
        """Raises SignInRequired, or InvalidRequest for a range or a cursor that is none."""
        allowed = _within_reach(criteria, actor)
        _check_range(criteria)
        if allowed is None:
            return BookingPage([], None)
        length = min(allowed.limit, MOST_BOOKINGS - 1)  # one more says whether there is a next page
        with self.unit_of_work(write=False) as uow:
            _check_cursor(uow, allowed)
            found = list(uow.bookings.find(evolve(allowed, limit=length + 1)))
        page = found[:length]
        return BookingPage(page, page[-1].id if len(found) > len(page) else None)


def _check_range(criteria: BookingFilter) -> None:
    first, last = criteria.starts_from, criteria.starts_before
    if first and last and last <= first:
        message = "'to' must lie after 'from'."
        raise InvalidRequest(message, [FieldError("/to", message)])


def _check_cursor(uow: UnitOfWork, allowed: BookingFilter) -> None:
    """The booking that the page comes after, which has to be one of the caller's."""
    if allowed.after is None:
        return
    try:
        last = uow.bookings.get(allowed.after)
    except NotFound:
        last = None
    ours = last is not None and (
        allowed.client_id in (None, last.client.id)
        and allowed.builder_id in (None, last.builder_id)
    )
    if not ours:
        message = "No page ends there; give the cursor that the page before named, unchanged."
        raise InvalidRequest(message, [FieldError("/cursor", message)])


def _within_reach(criteria: BookingFilter, actor: Actor) -> BookingFilter | None:
    match actor.role:
        case Role.CLIENT:
            return evolve(criteria, client_id=actor.id)
        case Role.BUILDER if criteria.builder_id not in (None, actor.id):
            return None
        case Role.BUILDER:
            return evolve(criteria, builder_id=actor.id)
        case Role.ANONYMOUS:
            raise SignInRequired
    return criteria
