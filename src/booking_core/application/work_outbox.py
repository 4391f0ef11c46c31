from __future__ import annotations

from threading import Event

from attrs import frozen

from booking_core.application.do_job import DoJob
from booking_core.ports.job_queue import JobQueue


@frozen
class WorkOutbox:
    """Does what is written down in the outbox: at least once, in order for each booking (F2)."""

    jobs: JobQueue
    do_job: DoJob

    def __call__(self, *, limit: int = 10) -> int:
        """Works off due jobs, `limit` of them at most; how many there were."""
        return self.jobs.work(self.do_job, limit=limit)

    def until(self, *, stop: Event) -> None:
        """Works off jobs as they become due, until `stop` is set; what is begun is ended."""
        self.jobs.work_until(self.do_job, stop=stop)
