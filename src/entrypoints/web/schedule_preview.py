"""What a schedule would open, day by day, as a builder looks over it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Self

from attrs import frozen

from booking_core import FoundSlots, Slot, TimeWindow, midnight, zone

_DAYS = 28
_DAY = timedelta(days=1)


def shown_from(now: datetime, timezone: str) -> TimeWindow:
    """Four weeks, of which today is the first day."""
    last = now.astimezone(zone(timezone)).date() + _DAYS * _DAY
    return TimeWindow(now, midnight(last, timezone))


@frozen
class OpenDay:
    """A local date with the stretches in which sessions fit, and at how many times one may start."""

    day: date
    stretches: tuple[TimeWindow, ...]
    starts: int

    @classmethod
    def of(cls, day: date, slots: Sequence[Slot]) -> Self:
        """Sessions that touch or overlap make one stretch."""
        found: list[TimeWindow] = []
        for slot in slots:
            if found and slot.start <= found[-1].end:
                found[-1] = TimeWindow(found[-1].start, slot.end)
            else:
                found.append(TimeWindow(slot.start, slot.end))
        return cls(day, tuple(found), len(slots))


@frozen
class Preview:
    """The days of the next four weeks, by week; `next_start` is the first opening after them."""

    weeks: list[list[OpenDay]]
    starts: int
    next_start: datetime | None

    @classmethod
    def of(cls, found: FoundSlots, window: TimeWindow, timezone: str) -> Self:
        here = zone(timezone)
        slots = [each.slot for each in found.slots]
        on = groupby(slots, key=lambda slot: slot.start.astimezone(here).date())
        by_day = {day: list(each) for day, each in on}
        today = window.start.astimezone(here).date()
        days = [today + place * _DAY for place in range(_DAYS)]
        weeks = groupby(days, key=lambda day: day.isocalendar()[:2])
        return cls(
            [[OpenDay.of(day, by_day.get(day, ())) for day in week] for _, week in weeks],
            len(slots),
            found.next_start,
        )
