from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from booking_core.ports.clock import Clock
from booking_core.ports.job_queue import JobQueue
from booking_core.ports.repositories import BookingCounts
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen(kw_only=True)
class Stock:
    """What there is right now, in numbers.

    `job_lag` is how long the oldest job is due that is not done; `dead_jobs` were given up, and are
    not among those that wait.
    """

    bookings: BookingCounts
    waiting_jobs: int
    dead_jobs: int
    job_lag: timedelta


@frozen
class TakeStock:
    """Counts bookings and jobs, for those who watch the service."""

    unit_of_work: UnitOfWorkFactory
    jobs: JobQueue
    clock: Clock

    def __call__(self) -> Stock:
        now = self.clock.now()
        with self.unit_of_work(write=False) as uow:
            bookings = uow.bookings.counts(now=now)
        first = self.jobs.upcoming(limit=1)
        lag = max((now - each.job.due_at for each in first), default=timedelta(0))
        return Stock(
            bookings=bookings,
            waiting_jobs=self.jobs.waiting(),
            dead_jobs=len(self.jobs.dead()),
            job_lag=max(lag, timedelta(0)),
        )
