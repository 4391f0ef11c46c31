"""Rate limits: so many calls of a user in a stretch of time, counted from the first call."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import define, field, frozen

from tests.simulators.calendly.records import Plan


@frozen
class Limit:
    name: str
    amount: int
    seconds: int


_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_GENERAL = {"free": 50}
_BOOKING: dict[str, list[Limit]] = {
    "free": [],
    "trial": [Limit("bookings a day", 5, _DAY)],
    "standard": [
        Limit("bookings a minute", 10, _MINUTE),
        Limit("bookings an hour", 50, _HOUR),
        Limit("bookings a day", 100, _DAY),
    ],
    "enterprise": [Limit("bookings a minute", 500, _MINUTE)],
}
TOKEN_REQUESTS = [Limit("token requests", 8, _MINUTE)]


def limits_of(plan: Plan, *, booking: bool) -> list[Limit]:
    general = [Limit("calls a minute", _GENERAL.get(plan, 500), _MINUTE)]
    return [*_BOOKING[plan], *general] if booking else general


@frozen
class Standing:
    """What the headers tell: of the limit that is nearest."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool = False

    def headers(self, *, long_reset: bool) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset if long_reset else min(self.reset, _MINUTE)),
        }


@define
class _Window:
    start: datetime
    used: int = 0


@define
class Limits:
    """The counters; `on = False` for tests that book more than Calendly lets one."""

    on: bool = True
    _windows: dict[tuple[str, str], _Window] = field(factory=dict)

    def take(self, user_id: str, limits: list[Limit], now: datetime) -> Standing:
        """Counts the call, unless it is one too many."""
        windows = [(each, self._window(user_id, each, now)) for each in limits]
        standings = [self._standing(limit, window, now) for limit, window in windows]
        full = next((each for each in standings if each.exceeded and self.on), None)
        if full:
            return full
        for _, window in windows:
            window.used += 1
        nearest = min(standings, key=lambda each: each.remaining)
        return Standing(nearest.limit, max(nearest.remaining - 1, 0), nearest.reset)

    def _window(self, user_id: str, limit: Limit, now: datetime) -> _Window:
        window = self._windows.get((user_id, limit.name))
        if window is None or now >= window.start + timedelta(seconds=limit.seconds):
            window = self._windows[user_id, limit.name] = _Window(now)
        return window

    def _standing(self, limit: Limit, window: _Window, now: datetime) -> Standing:
        reset = limit.seconds - int((now - window.start).total_seconds())
        left = limit.amount - window.used
        return Standing(limit.amount, max(left, 0), reset, exceeded=left <= 0)
