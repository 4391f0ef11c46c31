from __future__ import annotations

from attrs import frozen

from booking_core.application.access import Access
from booking_core.application.keep import Keeper
from booking_core.application.repeats import IdempotencyKey, scoped
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.ids import BookingId
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class RevokeTokens:
    """Makes every manage token of a booking worthless, say after one was leaked (C7).

    The new one goes to the client by mail, and to nobody who only shows an old one.
    """

    keeper: Keeper
    access: Access

    def __call__(
        self, *, booking_id: BookingId, actor: Actor, key: IdempotencyKey | str | None = None
    ) -> Booking:
        """For those who take part in the booking. Raises NotFound, KeyReused, KeyInProgress."""
        with self.keeper.unit_of_work(write=False) as uow:
            self.access.booking(uow, booking_id, actor)  # before a repeat is shown its answer

        def change(uow: UnitOfWork) -> Booking:
            booking = self.access.booking(uow, booking_id, actor)
            booking.revoke_tokens()
            return booking

        return self.keeper.once(change, key=scoped(key, f"revoke:{booking_id}", actor))
