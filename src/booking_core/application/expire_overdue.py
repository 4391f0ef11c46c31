from __future__ import annotations

from attrs import frozen

from booking_core.application.keep import Keeper
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ExpireOverdue:
    """Ends the holds whose time is over; it only tidies, because they count for nothing already."""

    unit_of_work: UnitOfWorkFactory
    keeper: Keeper

    def __call__(self) -> int:
        """How many were ended."""
        with self.unit_of_work() as uow:
            ended = self.keeper.end_overdue(uow)
            uow.commit()
        return ended
