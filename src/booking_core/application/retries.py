"""When a job that failed is tried again; the one policy of every queue."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from booking_core.domain.errors import BookingError, ProviderFailed

#: The tries spread over about two days; then somebody has to look.
MOST_TRIES = 16
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=6)
_JITTER = 0.25


def retry_at(failed: Exception, *, attempt: int, now: datetime) -> datetime | None:
    """When to try again after the failure of that attempt (counted from 1); None for never.

    What the provider asks for counts; otherwise each pause is twice the one before. A jitter keeps
    jobs that failed together from coming back together.
    """
    if attempt >= MOST_TRIES or (isinstance(failed, ProviderFailed) and not failed.retryable):
        return None
    asked = failed.retry_after if isinstance(failed, ProviderFailed) else None
    pause = asked or min(_FIRST_PAUSE * 2 ** (attempt - 1), _LONGEST_PAUSE)
    return now + pause * random.uniform(1, 1 + _JITTER)


def told(failed: Exception) -> str:
    """Why a job failed, in one line and without anybody's data."""
    return failed.message if isinstance(failed, BookingError) else type(failed).__name__
