from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from datetime import timedelta
from threading import Event
from typing import TypeVar

from attrs import frozen

from booking_core.application.retries import log_failure, retry_at, told
from booking_core.domain.ids import BookingId
from booking_core.domain.request_id import serving
from booking_core.ports.clock import Clock
from booking_core.ports.job_queue import JobHandler, JobQueue
from booking_core.ports.outbox import DeadJob, Job, LeasedJob, LeasedOutbox, WaitingJob
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_T = TypeVar("_T")
_LEASE = timedelta(minutes=5)
_PAUSE = 1.0  # seconds, when nothing is due

_log = logging.getLogger("booking_core.jobs")


@frozen
class LeasingQueue(JobQueue):
    """Works off an outbox that gives its jobs out for a while, from any number of processes."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def work(self, handler: JobHandler, *, limit: int = 10) -> int:
        for done in range(limit):
            if not self._work_one(handler):
                return done
        return limit

    def work_until(self, handler: JobHandler, *, stop: Event) -> None:
        while not stop.is_set():
            if not self._work_one(handler):
                stop.wait(_PAUSE)

    def _work_one(self, handler: JobHandler) -> bool:
        """One at a time, so that no lease runs out while another job is being done."""
        now = self.clock.now()
        leased = self._with(lambda box: box.lease(now=now, length=_LEASE, limit=1))
        for each in leased:
            with serving(each.job.request_id):
                self._do(each, handler)
        return bool(leased)

    def _do(self, leased: LeasedJob, handler: JobHandler) -> None:
        try:
            handler(leased.job)
        except Exception as failed:
            error, now = told(failed), self.clock.now()
            again = retry_at(failed, attempt=leased.attempt, now=now)
            log_failure(_log, leased.job, failed, given_up=again is None)
            self._with(lambda box: box.failed(leased, error=error, retry_at=again))
        else:
            self._with(lambda box: box.done(leased))

    def waiting(self) -> int:
        return self._with(lambda box: box.waiting())

    def upcoming(self, *, limit: int = 100) -> Sequence[WaitingJob]:
        return self._with(lambda box: box.upcoming(limit=limit))

    def dead(self) -> Sequence[DeadJob]:
        return self._with(lambda box: box.dead())

    def of_bookings(self, booking_ids: Collection[BookingId]) -> Sequence[Job]:
        return self._with(lambda box: box.of_bookings(booking_ids))

    def restart(self, job_id: str) -> bool:
        return self._with(lambda box: box.restart(job_id, now=self.clock.now()))

    def discard(self, job_id: str) -> bool:
        return self._with(lambda box: box.discard(job_id))

    def _with(self, act: Callable[[LeasedOutbox], _T]) -> _T:
        with self.unit_of_work() as uow:
            if not isinstance(uow.outbox, LeasedOutbox):
                raise TypeError("The jobs of this store are another queue's; assemble with that.")
            answer = act(uow.outbox)
            uow.commit()
            return answer
