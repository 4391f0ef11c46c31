from __future__ import annotations

from datetime import datetime

from attrs import frozen

from booking_core.application.keep import Keeper, settle_job
from booking_core.application.settle_money import look_job
from booking_core.domain.booking import Booking, Settle
from booking_core.domain.ids import BookingId
from booking_core.ports.outbox import Job
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ExpireOverdue:
    """Ends what waited too long for its client (B5).

    A hold that nobody was sent to pay for lapses by itself, and counts for nothing already. Where a
    checkout was opened, or a provider's link was given out, the provider has to be asked whether it
    was paid or used before the booking is over: that is a job, and one
    that waits already, because the money is still on its way, is not put before its time. All of
    them are gone through, a page in each transaction, so that none waits for those that are stuck.
    """

    unit_of_work: UnitOfWorkFactory
    keeper: Keeper

    def __call__(self) -> int:
        """How many were ended."""
        ended, last = self._page(None)
        while last is not None:
            more, last = self._page(last)
            ended += more
        return ended

    def _page(self, after: BookingId | None) -> tuple[int, BookingId | None]:
        """How many of a page were ended, and its last one; None when there was none."""
        now = self.keeper.clock.now()
        ended = 0
        with self.unit_of_work() as uow:
            page = uow.bookings.overdue(now=now, after=after)
            for booking in page:
                if self.keeper.lapse(uow, booking, now):
                    ended += 1
                else:
                    uow.outbox.ensure(_asking_first(booking, now))
            uow.commit()
        return ended, page[-1].id if page else None


def _asking_first(booking: Booking, now: datetime) -> Job:
    """Whoever took money is asked first; what a link was used for is looked at then as well."""
    if booking.payment.attempts:
        return look_job(booking, now)
    return settle_job(booking, Settle.CALENDAR, now)
