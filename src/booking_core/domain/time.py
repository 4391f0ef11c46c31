"""Instants and intervals: always aware, always UTC inside, half-open.

Times cross the doors with any offset and are turned to UTC here, once, so that no other
module has to ask in which zone a `datetime` is.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attrs import field, frozen

from booking_core.domain.errors import InvalidRequest, UnknownTimezone

MINUTE = timedelta(minutes=1)


def as_utc(moment: datetime) -> datetime:
    """The same instant in UTC; a naive `datetime` is refused, because it names no instant."""
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise InvalidRequest("A time needs an offset, for example 2026-03-29T10:00:00+02:00.")
    return moment.astimezone(UTC)


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name.

    Raises:
        UnknownTimezone: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as unknown:
        raise UnknownTimezone(name) from unknown


@frozen(order=True)
class TimeWindow:
    """A half-open interval `[start, end)` of instants; never empty, never inverted."""

    start: datetime = field(converter=as_utc)
    end: datetime = field(converter=as_utc)

    def __attrs_post_init__(self) -> None:
        if self.end <= self.start:
            raise InvalidRequest("The end of an interval must lie after its start.")

    @property
    def length(self) -> timedelta:
        return self.end - self.start

    def overlaps(self, other: TimeWindow) -> bool:
        return self.start < other.end and other.start < self.end

    def contains(self, other: TimeWindow) -> bool:
        return self.start <= other.start and other.end <= self.end

    def widened(self, before: timedelta, after: timedelta) -> TimeWindow:
        """The interval with `before` added in front and `after` added behind."""
        return TimeWindow(self.start - before, self.end + after)


class Slot(TimeWindow):
    """One place in the time of one builder that a session can take: `[start, end)` in UTC."""

    __slots__ = ()


def local_day(moment: datetime, timezone: str) -> TimeWindow:
    """The whole local date that `moment` falls on in `timezone`; 23 to 25 hours long, as a rule."""
    local = moment.astimezone(zone(timezone)).date()
    return TimeWindow(midnight(local, timezone), midnight(local + timedelta(days=1), timezone))


def midnight(day: date, timezone: str) -> datetime:
    """The first instant of a local date.

    Where midnight falls into a gap the day begins after it; where it is ambiguous, at the first.
    """
    return datetime.combine(day, time.min, tzinfo=zone(timezone)).astimezone(UTC)


def local_dates(first: date, last: date, timezone: str) -> TimeWindow:
    """The interval of whole local dates from `first` to `last`, both inclusive."""
    return TimeWindow(midnight(first, timezone), midnight(last + timedelta(days=1), timezone))
