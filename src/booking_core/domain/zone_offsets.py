"""Local time and instants as plain integers.

Searching a year of slots with one `datetime` a candidate costs a hundred times more than the
arithmetic itself. So instants are *epoch minutes* here (whole minutes since 1970-01-01T00:00Z),
local times are *local minutes* (whole minutes since 1970-01-01T00:00 on the clock of a zone), and
days are *epoch days* of that clock. What lies between the two clocks is looked up once for each
zone and year.

An offset that is no whole number of minutes (local mean times, none since 1972) is rounded down.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from attrs import frozen

from booking_core.domain.time import MINUTE, zone

DAY = 24 * 60
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DATE = EPOCH.toordinal()

# Near the first and the last year an instant has no local date that `datetime` could name.
_FIRST_YEAR, _LAST_YEAR = 2, 9998
# Further than any offset reaches, and any jump of a zone across the date line.
_MARGIN = 3 * DAY


def floor_minute(moment: datetime) -> int:
    """The epoch minute in which an aware `moment` lies."""
    since = moment - EPOCH
    return since.days * DAY + since.seconds // 60


def ceil_minute(moment: datetime) -> int:
    """The first epoch minute that does not begin before an aware `moment`."""
    since = moment - EPOCH
    part = since.seconds % 60 or since.microseconds
    return since.days * DAY + since.seconds // 60 + (1 if part else 0)


def instant(minute: int) -> datetime:
    """The UTC `datetime` of an epoch minute."""
    return EPOCH + timedelta(minutes=minute)


def epoch_day(day: date) -> int:
    """The number of a local date, counted from 1970-01-01."""
    return day.toordinal() - EPOCH_DATE


@frozen
class Offsets:
    """What the clocks of one zone do over some years; offsets are minutes east of UTC.

    `values[0]` holds before `changes[0]`, `values[i + 1]` from the epoch minute `changes[i]` on.
    `walls[i]` is the local minute from which a clock shows the new offset for certain: a time that
    occurs twice is the first one, and a time that is left out is read with the offset before the
    gap and so lies after it (rule B6; RFC 5545, and `fold=0`).
    `missing` are the epoch days that the zone left out, such as 2011-12-30 in Pacific/Apia.
    """

    values: tuple[int, ...]
    changes: tuple[int, ...]
    walls: tuple[int, ...]
    missing: frozenset[int]

    def day(self, minute: int) -> int:
        """The epoch day that the clocks show at an epoch minute."""
        return (minute + self.values[bisect_right(self.changes, minute)]) // DAY

    def spans(self, day: int) -> Iterator[tuple[int, int]]:
        """The half-open intervals of epoch minutes at which the clocks show that epoch day.

        One for each offset of the day, so mostly one; they may touch. Where clocks were set back
        shortly after midnight they do not, because the day before came again in between.
        """
        begins = (day * DAY - max(self.values), *self.changes)
        ends = (*self.changes, (day + 1) * DAY - min(self.values))
        for value, begin, end in zip(self.values, begins, ends, strict=True):
            low, high = max(begin, day * DAY - value), min(end, (day + 1) * DAY - value)
            if low < high:
                yield low, high


def offsets_between(timezone: str, earliest: int, latest: int) -> Offsets:
    """The offsets of a zone around the epoch minutes from `earliest` to `latest`; cached by year.

    Raises:
        UnknownTimezone: there is no such zone.
    """
    return _offsets(timezone, _year(earliest - _MARGIN), _year(latest + _MARGIN))


@lru_cache(maxsize=1024)
def _offsets(timezone: str, first: int, last: int) -> Offsets:
    found = [change for year in range(first, last + 1) for change in _changes(timezone, year)]
    values = (_offset(timezone, _new_year(first)), *(after for _, _, after in found))
    return Offsets(
        values=values,
        changes=tuple(minute for minute, _, _ in found),
        walls=tuple(minute + max(before, after) for minute, before, after in found),
        missing=frozenset(
            day
            for minute, before, after in found
            for day in range(-(-(minute + before) // DAY), (minute + after) // DAY)
        ),
    )


@lru_cache(maxsize=4096)
def _changes(timezone: str, year: int) -> tuple[tuple[int, int, int], ...]:
    """Each change of the offset in a year of UTC: (first minute of the new one, before, after)."""
    found = []
    days = range(_new_year(year), _new_year(year + 1) + 1, DAY)
    offsets = [_offset(timezone, minute) for minute in days]
    for evening, before, after in zip(days, offsets, offsets[1:], strict=False):
        if before != after:
            minutes = range(evening, evening + DAY + 1)
            # No zone changes twice in a day, so the day is split in "still the old one" and "not".
            kept = bisect_right(minutes, False, key=lambda at: _offset(timezone, at) != before)
            found.append((minutes[kept], before, after))
    return tuple(found)


def _offset(timezone: str, minute: int) -> int:
    offset = instant(minute).astimezone(zone(timezone)).utcoffset()
    assert offset is not None  # a ZoneInfo always knows it for an instant
    return offset // MINUTE


def _year(minute: int) -> int:
    days = minute // DAY
    if not epoch_day(date(_FIRST_YEAR, 1, 1)) <= days < epoch_day(date(_LAST_YEAR, 1, 1)):
        return _FIRST_YEAR if days < 0 else _LAST_YEAR
    return date.fromordinal(days + EPOCH_DATE).year


def _new_year(year: int) -> int:
    return epoch_day(date(year, 1, 1)) * DAY
