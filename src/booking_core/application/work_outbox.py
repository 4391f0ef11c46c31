from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from booking_core.application.do_job import DoJob
from booking_core.domain.errors import ProviderFailed
from booking_core.ports.clock import Clock
from booking_core.ports.outbox import LeasedJob
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_LEASE = timedelta(minutes=2)
_FIRST_PAUSE = timedelta(seconds=10)
_MOST_TRIES = 12


@frozen
class WorkOutbox:
    """Does what is written down in the outbox: at least once, in order for each booking (F2)."""

    unit_of_work: UnitOfWorkFactory
    do_job: DoJob
    clock: Clock

    def __call__(self, *, limit: int = 10) -> int:
        """Works off due jobs, at most `limit`; how many there were."""
        with self.unit_of_work() as uow:
            leased = uow.outbox.lease(now=self.clock.now(), length=_LEASE, limit=limit)
            uow.commit()
        for job in leased:
            self._do(job)
        return len(leased)

    def _do(self, leased: LeasedJob) -> None:
        try:
            self.do_job(leased.job)
        except ProviderFailed as failed:
            self._put_back(leased, failed)
            return
        with self.unit_of_work() as uow:
            uow.outbox.done(leased)
            uow.commit()

    def _put_back(self, leased: LeasedJob, failed: ProviderFailed) -> None:
        again = failed.retryable and leased.attempt < _MOST_TRIES
        pause = failed.retry_after or _FIRST_PAUSE * 2 ** (leased.attempt - 1)
        with self.unit_of_work() as uow:
            uow.outbox.failed(
                leased,
                error=failed.message,
                retry_at=self.clock.now() + pause if again else None,
            )
            uow.commit()
