from __future__ import annotations

from attrs import frozen

from booking_core.application.access import Access
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import BookingId
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ShowBooking:
    """One booking, for those who take part in it (C8)."""

    unit_of_work: UnitOfWorkFactory
    access: Access

    def __call__(self, *, booking_id: BookingId, actor: Actor) -> Booking:
        """Raises NotFound."""
        with self.unit_of_work(write=False) as uow:
            return self.access.booking(uow, booking_id, actor)

    def opens(self, *, booking_id: BookingId, actor: Actor) -> bool:
        """Whether there is such a booking for that actor, say for a token that may be revoked."""
        try:
            self(booking_id=booking_id, actor=actor)
        except NotFound:
            return False
        return True
