from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Protocol

from booking_core.ports.outbox import DeadJob, Job

#: Does a job. Raises whatever it likes when the job has to be tried again.
JobHandler = Callable[[Job], None]


class JobQueue(Protocol):
    """Gets done what was put into the outbox: at least once, and never two jobs of one booking at a time.

    A job that fails is tried again later and later, and stands in nobody's way meanwhile. One that
    cannot succeed, or has failed too often, is dead: it is kept until somebody decides about it.
    """

    @abstractmethod
    def work(self, handler: JobHandler, *, limit: int = 10) -> int:
        """Does what is due, and what a worker that died has left; how many jobs were tried.

        `limit` is how many are taken at a time; 0 comes back when nothing is due.
        """

    @abstractmethod
    def waiting(self) -> int:
        """How many jobs wait or are being done."""

    @abstractmethod
    def dead(self) -> Sequence[DeadJob]:
        """The dead jobs, oldest first."""

    @abstractmethod
    def restart(self, job_id: str) -> bool:
        """Puts a dead job back, due at once; False when there is no such one."""

    @abstractmethod
    def discard(self, job_id: str) -> bool:
        """Forgets a dead job; False when there is no such one."""
