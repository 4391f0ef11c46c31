from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from booking_core.application.keep import settle_job
from booking_core.application.retries import MOST_TRIES
from booking_core.domain.ids import BookingId
from booking_core.ports.clock import Clock
from booking_core.ports.job_queue import JobQueue
from booking_core.ports.outbox import DeadJob, Topic
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_NEWS = timedelta(days=7)  # for so long after the session a mail about it tells something
_SETTLES = (Topic.SETTLE_CALENDAR, Topic.SETTLE_MONEY)


@frozen
class SettleUnsettled:
    """Repairs what lost notices and given-up jobs left undone; meant to be called once an hour (F2).

    Settling jobs that were given up are begun anew, mails that no server took as well until a week after
    the session, and each booking that still has to be settled gets
    its job. All of them are gone through, a page in each transaction, so that none waits for those that
    are stuck; who breaks off begins anew, and puts nothing twice.
    """

    unit_of_work: UnitOfWorkFactory
    jobs: JobQueue
    clock: Clock

    def __call__(self) -> int:
        """How many bookings were found unsettled."""
        self._begin_anew()
        found, last = self._page(None)
        while last is not None:
            more, last = self._page(last)
            found += more
        return found

    def _begin_anew(self) -> None:
        for dead in self.jobs.dead():
            if dead.job.topic in _SETTLES or self._worth_telling(dead):
                self.jobs.restart(dead.id)

    def _worth_telling(self, dead: DeadJob) -> bool:
        """A mail that no server took for days; one that was refused for good has fewer tries."""
        if dead.job.topic is not Topic.SEND_MAIL or dead.attempts < MOST_TRIES:
            return False
        with self.unit_of_work(write=False) as uow:
            booking = uow.bookings.get(dead.job.booking_id)
        about = booking.slot.start if booking.slot else booking.created_at
        return self.clock.now() < about + _NEWS

    def _page(self, after: BookingId | None) -> tuple[int, BookingId | None]:
        """How many a page has that need a job, and its last one; None when there was none."""
        now = self.clock.now()
        with self.unit_of_work() as uow:
            page = uow.bookings.unsettled(after=after)
            for booking in page:
                for what in booking.unfinished:
                    uow.outbox.ensure(settle_job(booking, what, now))
            uow.commit()
        needy = sum(bool(booking.unfinished) for booking in page)
        return needy, page[-1].id if page else None
