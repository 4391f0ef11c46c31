from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Collection, Sequence
from threading import Event
from typing import Protocol

from booking_core.domain.ids import BookingId
from booking_core.ports.outbox import DeadJob, Job, WaitingJob

#: Does a job. Raises whatever it likes when the job has to be tried again.
JobHandler = Callable[[Job], None]


class JobQueue(Protocol):
    """Gets done what was put into the outbox: at least once, and never two jobs of one booking at a time.

    A job that fails is tried again later and later, and stands in nobody's way meanwhile. One that
    cannot succeed, or has failed too often, is dead: it is kept until somebody decides about it.
    While a job is done, and its failure logged, its request id is the one that is served (`serving`).
    """

    @abstractmethod
    def work(self, handler: JobHandler, *, limit: int = 10) -> int:
        """Does what is due, and what a worker that died has left; how many jobs were taken.

        No more than `limit` are taken; 0 comes back when nothing is due.
        """

    @abstractmethod
    def work_until(self, handler: JobHandler, *, stop: Event) -> None:
        """Does what is due, and what becomes due, until `stop` is set; then ends what is begun.

        Raises whatever the engine does when it cannot go on; the caller pauses and comes back.
        """

    @abstractmethod
    def waiting(self) -> int:
        """How many jobs wait or are being done."""

    @abstractmethod
    def upcoming(self, *, limit: int = 100) -> Sequence[WaitingJob]:
        """Those jobs, the one that is due first at first."""

    @abstractmethod
    def dead(self) -> Sequence[DeadJob]:
        """The dead jobs, oldest first."""

    @abstractmethod
    def of_bookings(self, booking_ids: Collection[BookingId]) -> Sequence[Job]:
        """What waits, is being done or was given up for those bookings, oldest first."""

    @abstractmethod
    def restart(self, job_id: str) -> bool:
        """Puts a dead job back, due at once; False when there is no such one, or it is unreadable."""

    @abstractmethod
    def discard(self, job_id: str) -> bool:
        """Forgets a dead job; False when there is no such one."""
