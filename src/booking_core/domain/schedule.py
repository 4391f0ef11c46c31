"""When a builder can be booked: weekly hours, date overrides and time off (rules B3 and B6).

Hours are times of the builder's own clock and belong to the local date on which they begin; the
builder's zone turns them into instants. Whether a slot is open is decided in `availability`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from attrs import field, frozen

from booking_core.domain.errors import FieldError, InvalidRequest
from booking_core.domain.texts import check_line
from booking_core.domain.time import TimeWindow, zone
from booking_core.domain.zone_offsets import (
    DAY,
    ceil_minute,
    epoch_day,
    floor_minute,
    offsets_between,
)

Minutes = tuple[int, int]

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00", re.ASCII)
_WEEKDAYS = range(7)


@frozen(order=True)
class DayRange:
    """Opening hours on one local date: `[start, end)` in minutes of the builder's clock.

    `start` lies on the date itself (0 to 1439), `end` up to 24 hours later; an `end` above 1440
    lies on the next date.

    Raises:
        InvalidRequest: one of the two is out of its bounds.
    """

    start: int
    end: int

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.start < DAY:
            raise _invalid("/start", "Opening hours start between 00:00 and 23:59.")
        if not self.start < self.end <= self.start + DAY:
            raise _invalid("/end", "Opening hours end after their start, at most 24 hours later.")

    @classmethod
    def parse(cls, start: str, end: str, pointer: str = "") -> DayRange:
        """The range from two clock times `HH:MM`.

        An end at or before the start is on the next date (`22:00`, `02:00`; the same time twice is
        24 hours), so `00:00` as an end is midnight, and `24:00` says the same.

        Raises:
            InvalidRequest: not a clock time; the errors point below the JSON `pointer`.
        """
        begins, ends = _clock(start), _clock(end)
        errors = []
        if begins is None or begins == DAY:
            detail = f"'{start}' is no start; give a time from 00:00 to 23:59, such as 09:00."
            errors.append(FieldError(f"{pointer}/start", detail))
        if ends is None:
            detail = f"'{end}' is no end; give a time from 00:00 to 24:00, such as 17:00."
            errors.append(FieldError(f"{pointer}/end", detail))
        if begins is None or ends is None or errors:
            raise InvalidRequest("Opening hours need two times of the form HH:MM.", errors)
        return cls(begins, ends if ends > begins else ends + DAY)

    def texts(self) -> tuple[str, str]:
        """What `parse` reads: `("09:00", "17:00")`, `("22:00", "02:00")`, `("18:00", "24:00")`."""
        return _text(self.start), _text(self.end if self.end <= DAY else self.end - DAY)


@frozen
class TimeOff:
    """A window in which the builder is away, with the builder's own words for it."""

    window: TimeWindow
    reason: str = ""

    def __attrs_post_init__(self) -> None:
        check_line(self.reason, "/reason")


def _weekdays(
    given: Mapping[int, Sequence[DayRange]],
) -> Mapping[int, tuple[DayRange, ...]]:
    # A weekday without hours is the same as one left out.
    return MappingProxyType({day: tuple(sorted(given[day])) for day in sorted(given) if given[day]})


def _dates(
    given: Mapping[date, Sequence[DayRange]],
) -> Mapping[date, tuple[DayRange, ...]]:
    return MappingProxyType({day: tuple(sorted(given[day])) for day in sorted(given)})


def _by_window(given: Iterable[TimeOff]) -> tuple[TimeOff, ...]:
    return tuple(sorted(given, key=lambda off: off.window))


@frozen
class Schedule:
    """The hours of one builder; an immutable, hashable value.

    Args:
        timezone: IANA name of the builder's zone.
        weekly: the ranges that begin on each weekday (0 is Monday); a weekday left out is closed.
        overrides: the ranges that begin on a local date, in place of those of its weekday; none
            closes the date. What began on the evening before stays.
        time_off: absences; they may overlap.

    Raises:
        UnknownTimezone: there is no such zone.
        InvalidRequest: a weekday that is none, or ranges of one day that overlap (ranges may
            touch); the errors point to `/weekly/0/1`, `/overrides/2026-05-01/1`.
    """

    timezone: str
    weekly: Mapping[int, tuple[DayRange, ...]] = field(converter=_weekdays, factory=dict)
    overrides: Mapping[date, tuple[DayRange, ...]] = field(converter=_dates, factory=dict)
    time_off: tuple[TimeOff, ...] = field(converter=_by_window, default=())

    def __attrs_post_init__(self) -> None:
        zone(self.timezone)
        errors = [
            FieldError(f"/weekly/{weekday}", "A weekday is a number from 0 (Monday) to 6.")
            for weekday in self.weekly
            if weekday not in _WEEKDAYS
        ]
        for weekday, ranges in self.weekly.items():
            errors += _overlaps(f"/weekly/{weekday}", ranges)
        for day, ranges in self.overrides.items():
            errors += _overlaps(f"/overrides/{day.isoformat()}", ranges)
        if errors:
            raise InvalidRequest("The hours are not valid.", errors)

    def __hash__(self) -> int:
        weekly, overrides = tuple(self.weekly.items()), tuple(self.overrides.items())
        return hash((self.timezone, weekly, overrides, self.time_off))

    def __reduce__(self) -> tuple[Any, ...]:
        # A read-only mapping cannot be copied or pickled, a dict can.
        return Schedule, (self.timezone, {**self.weekly}, {**self.overrides}, self.time_off)

    def ranges_on(self, day: date) -> tuple[DayRange, ...]:
        """The ranges that begin on a local date."""
        return self.overrides.get(day, self.weekly.get(day.weekday(), ()))

    def openings(self, earliest: int, latest: int) -> list[Minutes]:
        """The opening ranges `[start, end)` that meet `[earliest, latest)`, sorted.

        All four are epoch minutes (see `zone_offsets`). Each range stands for itself: ranges that
        touch or overlap are not merged, because a slot lies inside one of them. A range that a
        change of the clocks leaves without length is left out, as is a date that the zone skipped.
        """
        offsets = offsets_between(self.timezone, earliest, latest)
        values, walls = offsets.values, offsets.walls
        found = []
        # Two days back: a range may end a day after it began, and the zone may have skipped a day.
        for day in range(offsets.day(earliest) - 2, offsets.day(latest) + 2):
            ranges = self._overridden.get(day)
            if ranges is None:
                ranges = self._usual[(day + 3) % 7]  # the epoch was a Thursday
            for start, end in ranges:
                begins, ends = day * DAY + start, day * DAY + end
                begins -= values[bisect_right(walls, begins)]
                ends -= values[bisect_right(walls, ends)]
                met = earliest < ends and begins < latest and begins < ends
                if met and day not in offsets.missing:
                    found.append((begins, ends))
        # A time that a gap pushes back may come after a later one.
        found.sort()
        return found

    def is_open(self, window: TimeWindow) -> bool:
        """Whether the window lies within one of the opening ranges, whatever the time off."""
        first, last = floor_minute(window.start), ceil_minute(window.end)
        return any(begins <= first and last <= ends for begins, ends in self.openings(first, last))

    def is_away(self, window: TimeWindow) -> bool:
        """Whether the builder is away for a part of the window."""
        return any(off.window.overlaps(window) for off in self.time_off)

    @cached_property
    def digest(self) -> str:
        """A text of 64 characters that schedules share when they are equal, in every process."""
        days = tuple(self.weekly.items()), tuple(self.overrides.items())
        return sha256(repr((self.timezone, *days, self.time_off)).encode()).hexdigest()

    @cached_property
    def away(self) -> tuple[Minutes, ...]:
        """Time off as epoch minutes, widened outward to whole ones."""
        windows = [off.window for off in self.time_off]
        return tuple((floor_minute(away.start), ceil_minute(away.end)) for away in windows)

    @cached_property
    def _usual(self) -> tuple[tuple[Minutes, ...], ...]:
        return tuple(_minutes(self.weekly.get(weekday, ())) for weekday in _WEEKDAYS)

    @cached_property
    def _overridden(self) -> dict[int, tuple[Minutes, ...]]:
        return {epoch_day(day): _minutes(ranges) for day, ranges in self.overrides.items()}


def _overlaps(pointer: str, ranges: tuple[DayRange, ...]) -> Iterator[FieldError]:
    for place, (before, after) in enumerate(pairwise(ranges), start=1):
        if after.start < before.end:
            hours = "-".join(before.texts())
            yield FieldError(f"{pointer}/{place}", f"These hours overlap {hours} of the same day.")


def _minutes(ranges: tuple[DayRange, ...]) -> tuple[Minutes, ...]:
    return tuple((opening.start, opening.end) for opening in ranges)


def _clock(text: str) -> int | None:
    if not _CLOCK.fullmatch(text):
        return None
    return int(text[:2]) * 60 + int(text[3:])


def _text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _invalid(pointer: str, detail: str) -> InvalidRequest:
    return InvalidRequest(detail, [FieldError(pointer, detail)])
