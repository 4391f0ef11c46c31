"""What a calendar month shows: its days in somebody's zone, and the times at which a session may start.

A month is named by its first date. A time belongs to the local date on which it starts, so it is
shown on exactly one day, whatever clocks do in that night.
"""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from itertools import groupby

from attrs import frozen

from booking_core import TimeWindow, midnight, zone

_DAY = timedelta(days=1)
_NOON, _EVENING = 12, 18  # hours on the clock


def month_of(day: date) -> date:
    return day.replace(day=1)


def month_after(month: date) -> date:
    return month_of(month + 31 * _DAY)


def month_before(month: date) -> date:
    return month_of(month - _DAY)


def span(month: date, timezone: str) -> TimeWindow:
    return TimeWindow(midnight(month, timezone), midnight(month_after(month), timezone))


@frozen
class Month:
    """The times at which a session may start, by local date; only days that have some are named."""

    first: date
    starts: Mapping[date, tuple[datetime, ...]]

    @classmethod
    def of(cls, month: date, timezone: str, starts: Iterable[datetime]) -> Month:
        """Of times in their order; those of other months are left out."""
        here = zone(timezone)
        days = groupby(starts, key=lambda start: start.astimezone(here).date())
        return cls(month, {day: tuple(on_it) for day, on_it in days if month_of(day) == month})

    def weeks(self, first_weekday: int) -> list[list[date | None]]:
        """Rows of seven, from `first_weekday` on (0 is Monday); None for days of other months."""
        rows = Calendar(first_weekday).monthdatescalendar(self.first.year, self.first.month)
        return [[day if month_of(day) == self.first else None for day in row] for row in rows]

    def first_open(self, day: date) -> date | None:
        """The first day with openings, from that one on."""
        return next((each for each in self.starts if each >= day), None)

    def nearest(self, wanted: datetime, more: Iterable[datetime], most: int) -> list[datetime]:
        """The times around the wanted one, of this month and `more`: on both sides where there are."""
        open_ = sorted({start for day in self.starts.values() for start in day} | set(more))
        before = [each for each in open_ if each < wanted]
        after = [each for each in open_ if each > wanted]
        after = after[: most - min(len(before), most // 2)]
        return before[len(after) - most :] + after


def parts(starts: Iterable[datetime], timezone: str) -> dict[str, list[datetime]]:
    """The times of one day as `morning`, `afternoon` and `evening`; parts without any are left out."""
    found: dict[str, list[datetime]] = {}
    for start in starts:
        found.setdefault(_part(start.astimezone(zone(timezone)).hour), []).append(start)
    return found


def _part(hour: int) -> str:
    return "morning" if hour < _NOON else "afternoon" if hour < _EVENING else "evening"
