"""Why a start is, or is not, offered: every reason, in a stable code and in words.

It asks each rule of `availability` about one start by itself and agrees with the search there: no
reason is found exactly when `open_slots` offers the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from attrs import frozen

from booking_core.domain.availability import (
    Busy,
    SlotRules,
    conflict,
    joinable_starts,
    meetings,
    starts_within,
)
from booking_core.domain.schedule import Schedule
from booking_core.domain.time import MINUTE, TimeWindow, as_utc, zone
from booking_core.domain.zone_offsets import ceil_minute, floor_minute, instant, offsets_between

ReasonCode = Literal[
    "past",
    "notice",
    "horizon",
    "closed_day",
    "override",
    "outside_hours",
    "off_grid",
    "time_off",
    "busy",
    "buffer",
    "full",
    "daily_limit",
]


@frozen
class Reason:
    """One rule that keeps a start from being offered, and a sentence for the builder.

    The sentence may repeat the builder's own words (`TimeOff.reason`, `Busy.what`), and times are
    on the builder's clock.
    """

    code: ReasonCode
    message: str


@frozen
class Explanation:
    """All the reasons against a start; none when it is open, with `seats` free (else 0)."""

    start: datetime
    reasons: tuple[Reason, ...]
    seats: int

    @property
    def is_open(self) -> bool:
        return not self.reasons


def explain(
    schedule: Schedule, rules: SlotRules, busy: Sequence[Busy], start: datetime, now: datetime
) -> Explanation:
    """Every reason why `open_slots` does not offer `start`, or that it does.

    `busy` is what `open_slots` needs for the local date of `start`.
    """
    start, now = as_utc(start), as_utc(now)
    own = meetings(rules, busy)
    joinable = joinable_starts(rules, own)
    reasons = (
        *_too_soon_or_late(rules, start, now),
        *_hours(schedule, rules, start),
        *_time_off(schedule, rules, start),
        *_conflicts(schedule, rules, busy, start, own),
        *_limit(schedule, rules, start, own, joinable),
    )
    seats = 0 if reasons else joinable.get(floor_minute(start), rules.capacity)
    return Explanation(start, reasons, seats)


def _too_soon_or_late(rules: SlotRules, start: datetime, now: datetime) -> Iterator[Reason]:
    ahead = start - now
    if ahead < timedelta(0):
        yield Reason("past", "The start lies in the past.")
    elif ahead < rules.minimum_notice * MINUTE:
        notice = _length(rules.minimum_notice)
        yield Reason("notice", f"The start is too soon: this session needs {notice} of notice.")
    if ahead >= rules.horizon * MINUTE:
        horizon = _length(rules.horizon)
        yield Reason("horizon", f"The start is too far off: bookings open {horizon} ahead.")


def _hours(schedule: Schedule, rules: SlotRules, start: datetime) -> Iterator[Reason]:
    first, end = floor_minute(start), ceil_minute(start) + rules.duration
    around = schedule.openings(first, end)
    inside = [opening for opening in around if opening[0] <= first and end <= opening[1]]
    grids = [starts_within(opening, rules) for opening in inside]
    if instant(first) == start and any(first in grid for grid in grids):
        return
    if inside:
        nearest = sorted({near for grid in grids for near in _nearest(grid, first)})
        times = " and ".join(_local(schedule, instant(near)) for near in nearest)
        yield Reason("off_grid", f"No slot starts then; the nearest starts are {times}.")
        return
    day = start.astimezone(zone(schedule.timezone)).date()
    hours = ", ".join("-".join(opening.texts()) for opening in schedule.ranges_on(day))
    if day in schedule.overrides:
        yield Reason("override", f"An exception sets the hours of {day}: {hours or 'closed'}.")
    elif not hours:
        yield Reason("closed_day", f"{day:%A} is not a working day.")
    else:
        yield Reason("outside_hours", f"The slot is not inside the hours of {day:%A}: {hours}.")


def _nearest(grid: range, minute: int) -> range:
    """The last start of a grid at or before a minute, and the next one when there is one."""
    place = (minute - grid.start) // grid.step
    return grid[max(0, place) : max(0, place) + 2]


def _time_off(schedule: Schedule, rules: SlotRules, start: datetime) -> Iterator[Reason]:
    for off in schedule.time_off:
        if _meets(conflict(rules, Busy(off.window), padded=False), start):
            what = f" ({off.reason})" if off.reason else ""
            yield Reason("time_off", f"Time off{what} {_span(schedule, off.window)}.")


def _conflicts(
    schedule: Schedule,
    rules: SlotRules,
    busy: Sequence[Busy],
    start: datetime,
    own: Mapping[TimeWindow, int],
) -> Iterator[Reason]:
    slot = TimeWindow(start, start + rules.duration * MINUTE)
    group = rules.capacity > 1 and floor_minute(start) == ceil_minute(start)
    others = [each for each in busy if not (group and _joined(rules, each, slot))]
    if len(others) < len(busy) and own[slot] >= rules.capacity:
        yield Reason("full", f"All {rules.capacity} seats are taken.")
    for entry in others:
        what = f"{entry.what or 'another entry'} {_span(schedule, entry.window)}"
        if _meets(conflict(rules, entry, padded=False), start):
            yield Reason("busy", f"The builder is taken: {what}.")
        elif _meets(conflict(rules, entry), start):
            yield Reason("buffer", f"The buffers do not leave room next to {what}.")


def _joined(rules: SlotRules, entry: Busy, slot: TimeWindow) -> bool:
    """Whether a booking of `slot` would sit in that meeting, if there is a seat."""
    return entry.session_type == rules.session_type and entry.window == slot and not entry.solo


def _limit(
    schedule: Schedule,
    rules: SlotRules,
    start: datetime,
    own: Mapping[TimeWindow, int],
    joinable: Mapping[int, int],
) -> Iterator[Reason]:
    minute = floor_minute(start)
    if rules.daily_limit is None or minute in joinable:
        return
    day_of = offsets_between(schedule.timezone, minute, minute).day
    starts = [floor_minute(window.start) for window in own]
    near = [other for other in starts if abs(other - minute) < 3 * 24 * 60]
    count = sum(day_of(other) == day_of(minute) for other in near)
    if count >= rules.daily_limit:
        message = f"That day has {count} of these meetings; the limit is {rules.daily_limit}."
        yield Reason("daily_limit", message)


def _meets(starts: tuple[int, int], start: datetime) -> bool:
    """Whether a start is in an interval of starts; one between two minutes counts as both."""
    return starts[0] <= ceil_minute(start) and floor_minute(start) < starts[1]


def _local(schedule: Schedule, moment: datetime) -> str:
    return f"{moment.astimezone(zone(schedule.timezone)):%Y-%m-%d %H:%M}"


def _span(schedule: Schedule, window: TimeWindow) -> str:
    return f"from {_local(schedule, window.start)} to {_local(schedule, window.end)}"


def _length(minutes: int) -> str:
    """Minutes in the largest unit that divides them: `2 days`, `90 minutes`."""
    for unit, name in ((24 * 60, "day"), (60, "hour"), (1, "minute")):
        if minutes % unit == 0 and minutes:
            count = minutes // unit
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "0 minutes"
