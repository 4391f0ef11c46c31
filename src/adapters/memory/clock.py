from __future__ import annotations

from datetime import UTC, datetime, timedelta

from booking_core import Clock


class MemoryClock(Clock):
    """A clock that stands still until a test moves it."""

    def __init__(self, now: datetime) -> None:
        self.set(now)

    def now(self) -> datetime:
        return self._now

    def set(self, now: datetime) -> None:
        """Sets the clock to an aware time."""
        if now.tzinfo is None:
            raise ValueError("A clock needs an aware time.")
        self._now = now.astimezone(UTC)

    def advance(self, by: timedelta) -> None:
        self._now += by
