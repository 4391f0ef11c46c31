"""Jobs on PostgreSQL with Procrastinate (K4): any number of worker processes on any number of machines."""

from __future__ import annotations

from adapters.procrastinate_jobs.outbox import ProcrastinateOutbox
from adapters.procrastinate_jobs.queue import ProcrastinateJobs

__all__ = ["ProcrastinateJobs", "ProcrastinateOutbox"]
