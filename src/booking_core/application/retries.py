"""When a job that failed is tried again; the one policy of every queue."""

from __future__ import annotations

import logging
import random
from datetime import datetime, timedelta

from booking_core.domain.errors import BookingError, ProviderFailed
from booking_core.ports.outbox import Job

#: The tries spread over a day and a half at most, unless the provider asks for more; then somebody
#: has to look.
MOST_TRIES = 16
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=6)
_LONGEST_ASKED = timedelta(days=1)
_JITTER = 0.25


def retry_at(failed: Exception, *, attempt: int, now: datetime) -> datetime | None:
    """When to try again after the failure of that attempt (counted from 1); None for never.

    Each pause is twice the one before, and longer where the provider asks for it (up to a day): a
    provider that always asks for a second would else use up all tries at once. A jitter keeps jobs
    that failed together from coming back together.
    """
    if attempt >= MOST_TRIES or (isinstance(failed, ProviderFailed) and not failed.retryable):
        return None
    pause: timedelta = min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE)
    if isinstance(failed, ProviderFailed) and failed.retry_after is not None:
        pause = max(pause, min(failed.retry_after, _LONGEST_ASKED))
    return now + pause * random.uniform(1, 1 + _JITTER)


def told(failed: Exception) -> str:
    """Why a job failed, in one line and without anybody's data."""
    return failed.message if isinstance(failed, BookingError) else type(failed).__name__


def log_failure(log: logging.Logger, job: Job, failed: Exception, *, given_up: bool) -> None:
    """Says in one line that the job failed; where a fault of ours is, as well."""
    end = "was given up" if given_up else "failed"
    ours = None if isinstance(failed, BookingError) else failed
    log.warning("job %s %s: %s", job.key, end, told(failed), exc_info=ours)
