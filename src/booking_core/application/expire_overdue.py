from __future__ import annotations

from attrs import frozen

from booking_core.application.keep import Keeper
from booking_core.application.settle_money import look_job
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ExpireOverdue:
    """Ends what waited too long for its client (B5).

    A hold that nobody was sent to pay for lapses by itself, and counts for nothing already. Where a
    checkout was opened the provider has to be asked before the slot is free: that is a job, and one
    that waits already, because the money is still on its way, is not put before its time.
    """

    unit_of_work: UnitOfWorkFactory
    keeper: Keeper

    def __call__(self) -> int:
        """How many were ended."""
        now = self.keeper.clock.now()
        with self.unit_of_work() as uow:
            ended = self.keeper.end_overdue(uow)
            for booking in uow.bookings.overdue(now=now):
                uow.outbox.put(look_job(booking, now))
            uow.commit()
        return ended
