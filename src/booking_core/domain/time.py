"""Instants and intervals: always aware, always UTC inside, half-open.

Times cross the doors with any offset and are turned to UTC here, once, so that no other
module has to ask in which zone a `datetime` is.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from attrs import field, frozen

from booking_core.domain.errors import InvalidRequest, UnknownTimezone
from booking_core.domain.texts import counted

MINUTE = timedelta(minutes=1)

_UNITS: tuple[tuple[Literal["day", "hour"], timedelta], ...] = (
    ("day", timedelta(days=1)),
    ("hour", timedelta(hours=1)),
)
# Beyond them an hour more, or another offset, is no `datetime`.
_FIRST_YEAR, _LAST_YEAR = 2, 9998
# Files of a host's own beside those of the zones.
_NO_ZONES = frozenset({"localtime", "posixrules", "Factory"})


def length_in_english(length: timedelta) -> str:
    """2 days, 1 hour, 90 minutes."""
    return counted(*in_largest_unit(length))


def in_largest_unit(length: timedelta) -> tuple[int, Literal["day", "hour", "minute"]]:
    """Of those units, the largest that the length is a whole number of, and that number."""
    for name, unit in _UNITS:
        if length and length % unit == timedelta(0):
            return length // unit, name
    return length // MINUTE, "minute"


def as_utc(moment: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        InvalidRequest: a naive `datetime`, because it names no instant; one before the year 2 or
            after 9998.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise InvalidRequest("A time needs an offset, for example 2026-03-29T10:00:00+02:00.")
    try:
        instant = moment.astimezone(UTC)
    except OverflowError:
        raise _out_of_years() from None
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise _out_of_years()
    return instant


def _out_of_years() -> InvalidRequest:
    return InvalidRequest(f"A time lies in the years {_FIRST_YEAR} to {_LAST_YEAR}.")


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_ZONES


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name, which means the same on every machine.

    Raises:
        UnknownTimezone: there is no such zone, or it is the host's own.
    """
    if name not in _zone_names():
        raise UnknownTimezone(name)
    return ZoneInfo(name)


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
        try:
            return TimeWindow(self.start - before, self.end + after)
        except OverflowError:
            raise _out_of_years() from None


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
    return as_utc(datetime.combine(day, time.min, tzinfo=zone(timezone)))


def local_dates(first: date, last: date, timezone: str) -> TimeWindow:
    """The interval of whole local dates from `first` to `last`, both inclusive."""
    if last == date.max:
        raise _out_of_years()
    return TimeWindow(midnight(first, timezone), midnight(last + timedelta(days=1), timezone))
