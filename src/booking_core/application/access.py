"""Finding what a caller asks for, as far as the caller may know of it."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.builder import Builder
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import BookingId, BuilderId
from booking_core.domain.manage_token import ManageKey
from booking_core.domain.policies import owns_catalogue, runs, takes_part
from booking_core.ports.unit_of_work import UnitOfWork


def managed_builders(
    uow: UnitOfWork, actor: Actor, builder_id: BuilderId | None = None
) -> Sequence[Builder]:
    """Those whose catalogue the actor may change, or only the one named. Raises NotFound."""
    found = [
        each
        for each in uow.builders.all()
        if owns_catalogue(actor, each.id) and builder_id in (None, each.id)
    ]
    if not found:
        raise NotFound("builder")
    return found


@frozen
class Access:
    """Opens bookings to those who take part in them; to all others there is no such booking."""

    manage_key: ManageKey

    def booking(self, uow: UnitOfWork, booking_id: BookingId, actor: Actor) -> Booking:
        """Raises NotFound, whether there is no such booking or it is somebody else's."""
        booking = uow.bookings.get(booking_id)
        if not self.takes_part(booking, actor):
            raise NotFound("booking")
        booking.by = actor.name
        return booking

    def takes_part(self, booking: Booking, actor: Actor) -> bool:
        """Whether the actor may see and change the booking."""
        return takes_part(actor, booking, self.manage_key)

    def run_booking(self, uow: UnitOfWork, booking_id: BookingId, actor: Actor) -> Booking:
        """The booking for its builder or an operator. Raises NotFound for everybody else."""
        booking = uow.bookings.get(booking_id)
        if not runs(actor, booking):
            raise NotFound("booking")
        booking.by = actor.name
        return booking
