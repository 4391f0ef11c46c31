from __future__ import annotations

from attrs import frozen

from booking_core.application.keep import Keeper
from booking_core.application.settle_money import look_job
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import BookingId
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class LookSoon:
    """Somebody came to the booking's address, perhaps from the checkout, and cannot show whose it is.

    The job that looks at the money does so now instead of later; nothing is answered (C8).
    """

    unit_of_work: UnitOfWorkFactory
    keeper: Keeper

    def __call__(self, *, booking_id: BookingId) -> None:
        with self.unit_of_work(write=False) as uow:
            try:
                booking = uow.bookings.get(booking_id)
            except NotFound:
                return
        if booking.money_may_come:
            self.keeper.put_job(look_job(booking, self.keeper.clock.now()))
