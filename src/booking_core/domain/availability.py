"""Which slots of a builder are open (rules B3, B6 and B7): pure, no clock, no I/O.

Everything is counted in epoch minutes (see `zone_offsets`). The starts that the hours allow are
arithmetic progressions, so a `range` each. Whatever forbids a start (busy time, time off, a full
day) forbids an interval of starts, and the open slots are the progressions less the union of
those intervals. No candidate is ever looked at by itself.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cached_property, lru_cache
from itertools import accumulate, repeat
from typing import overload

from attrs import field, frozen
from attrs.validators import ge, optional

from booking_core.domain.schedule import Minutes, Schedule
from booking_core.domain.time import Slot, TimeWindow, as_utc
from booking_core.domain.zone_offsets import (
    DAY,
    EPOCH_DATE,
    ceil_minute,
    floor_minute,
    instant,
    offsets_between,
)

_TIMES = tuple(f"T{minute // 60:02}:{minute % 60:02}:00Z" for minute in range(DAY))
_FIRST_LOOK = 7 * DAY


@frozen
class SlotRules:
    """What a session type asks of a slot; times are minutes.

    Args:
        session_type: its id, to know its own meetings among the busy times.
        duration: length of a slot, at least 1.
        step: from one start to the next, at least 1.
        buffer_before, buffer_after: kept free around a slot; they add up with the buffers of the
            neighbour and may stick out of the opening hours.
        minimum_notice: a slot starts at least so long after now.
        horizon: a slot starts less than so long after now.
        daily_limit: meetings of this session type on one local date of the builder, or None.
        capacity: seats of one meeting, at least 1.

    Raises:
        ValueError: a number is below its bound.
    """

    session_type: str
    duration: int = field(validator=ge(1))
    step: int = field(validator=ge(1))
    buffer_before: int = field(default=0, validator=ge(0))
    buffer_after: int = field(default=0, validator=ge(0))
    minimum_notice: int = field(default=0, validator=ge(0))
    horizon: int = field(default=60 * DAY, validator=ge(0))
    daily_limit: int | None = field(default=None, validator=optional(ge(1)))
    capacity: int = field(default=1, validator=ge(1))


@frozen
class Busy:
    """A time in which the builder is taken: a meeting, or an entry of another calendar.

    `window` is the meeting without its own buffers (minutes); seconds are widened outward to whole
    minutes. `session_type` is None for an external entry. Entries of one session type with the
    same window are one meeting, and their `seats_taken` add up; a `solo` one is joined by nobody,
    however many seats the session type has by now. `what` is shown by `explain` ("booking bkg_1")
    and never holds a client's data.
    """

    window: TimeWindow
    buffer_before: int = 0
    buffer_after: int = 0
    session_type: str | None = None
    seats_taken: int = 1
    what: str = ""
    solo: bool = False


@frozen
class OpenSlot:
    """A slot that can be booked, and how many seats it has left."""

    slot: Slot
    seats: int


@frozen(eq=False)
class OpenSlots(Sequence[OpenSlot]):
    """Open slots by their start, each start once; the slots are built when they are asked for.

    `runs` are the starts as progressions of epoch minutes, `duration` is in minutes, and `joinable`
    maps the start of each group meeting with free seats to their number; any other slot has
    `capacity` seats.
    """

    runs: tuple[range, ...]
    duration: int
    capacity: int = 1
    joinable: Mapping[int, int] = field(factory=dict)

    @classmethod
    def at(cls, seats: Mapping[datetime, int], rules: SlotRules) -> OpenSlots:
        """The slots that somebody else found: their starts, and the seats that each has left."""
        free = {floor_minute(as_utc(start)): number for start, number in sorted(seats.items())}
        runs = tuple(range(start, start + 1) for start in free)
        return cls(runs, rules.duration, rules.capacity, free if rules.capacity > 1 else {})

    def __len__(self) -> int:
        return self._counts[-1] if self.runs else 0

    def __iter__(self) -> Iterator[OpenSlot]:
        return (self._slot(start) for run in self.runs for start in run)

    @overload
    def __getitem__(self, index: int) -> OpenSlot: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[OpenSlot]: ...
    def __getitem__(self, index: int | slice) -> OpenSlot | Sequence[OpenSlot]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        nth = bisect_right(self._counts, place)
        return self._slot(self.runs[nth][place - self._counts[nth]])

    def rendered(self) -> list[tuple[str, str, int]]:
        """Each slot as (start, end, seats), the times like `2026-03-29T08:00:00Z`."""
        found: list[tuple[str, str, int]] = []
        for run in self.runs:
            starts, ends = _edges(run, self.duration)
            seats: Iterable[int] = repeat(self.capacity)
            if self.joinable:
                seats = [self.joinable.get(start, self.capacity) for start in run]
            found += zip(starts, ends, seats, strict=False)
        return found

    @cached_property
    def _counts(self) -> tuple[int, ...]:
        """How many slots there are up to the end of each run."""
        return tuple(accumulate(map(len, self.runs)))

    def _slot(self, start: int) -> OpenSlot:
        slot = Slot(instant(start), instant(start + self.duration))
        return OpenSlot(slot, self.joinable.get(start, self.capacity))


def open_slots(
    schedule: Schedule, rules: SlotRules, busy: Sequence[Busy], window: TimeWindow, now: datetime
) -> OpenSlots:
    """The open slots that lie wholly inside `window` (B6).

    `busy` has to hold whatever lies in the window widened by the buffers of both sides, and the
    session type's own meetings on the local dates that the window touches when there is a daily
    limit; its order does not matter, and more of it does no harm.
    """
    earliest, latest = start_bounds(rules, now)
    first = max(earliest, ceil_minute(window.start))
    stop = min(latest, floor_minute(window.end) - rules.duration + 1)
    return _search(schedule, rules, busy, first, stop)


def unclaimed(found: OpenSlots, rules: SlotRules, busy: Sequence[Busy]) -> OpenSlots:
    """`found` less what collides with `busy`; a group meeting with free seats can still be joined.

    For a calendar that answers by its own rules and does not know of our claims. `busy` has to hold
    what lies around the slots, their buffers included.
    """
    if not found or not busy:
        return found
    joinable = joinable_starts(rules, meetings(rules, busy))
    first, stop = found.runs[0][0], found.runs[-1][-1] + 1
    runs = tuple(_less(found.runs, _union(_taken(rules, busy, joinable), first, stop)))
    seats = {
        start: min(found.joinable.get(start, found.capacity), joinable.get(start, rules.capacity))
        for start in {*found.joinable, *joinable}
    }
    return OpenSlots(runs, found.duration, found.capacity, seats)


def next_start(
    schedule: Schedule, rules: SlotRules, busy: Sequence[Busy], after: datetime, now: datetime
) -> datetime | None:
    """The first start at or after `after` that is open, or None within the horizon (B7).

    `busy` has to reach as far as the horizon does (see `open_slots`). The search looks at a week,
    then at ever longer stretches, so an early opening is found soon and none within the horizon
    costs little more than one search through all of it.
    """
    earliest, latest = start_bounds(rules, now)
    first, stretch = max(earliest, ceil_minute(as_utc(after))), _FIRST_LOOK
    while first < latest:
        stop = min(first + stretch, latest)
        found = _search(schedule, rules, busy, first, stop)
        if found:
            return instant(found.runs[0][0])
        first, stretch = stop, 4 * stretch
    return None


def start_bounds(rules: SlotRules, now: datetime) -> Minutes:
    """The half-open interval of starts that notice and horizon leave, in epoch minutes."""
    minute = ceil_minute(as_utc(now))
    return minute + rules.minimum_notice, minute + rules.horizon


def starts_within(opening: Minutes, rules: SlotRules) -> range:
    """The starts in one opening range; steps are elapsed time, whatever the clocks do (B6)."""
    begins, ends = opening
    return range(begins, ends - rules.duration + 1, rules.step)


def conflict(rules: SlotRules, busy: Busy, padded: bool = True) -> Minutes:
    """The half-open interval of starts whose slots collide with a busy time, in epoch minutes.

    One meeting's buffer after and the next one's buffer before are both kept free (B6). Without
    `padded` only the times themselves count, not the buffers of either side.
    """
    begins, ends = floor_minute(busy.window.start), ceil_minute(busy.window.end)
    if padded:
        begins -= busy.buffer_before + rules.buffer_after
        ends += busy.buffer_after + rules.buffer_before
    return begins - rules.duration + 1, ends


def meetings(rules: SlotRules, busy: Iterable[Busy]) -> Counter[TimeWindow]:
    """The session type's own meetings, with the seats that are taken in each; solo ones are full."""
    found: Counter[TimeWindow] = Counter()
    for entry in busy:
        if entry.session_type == rules.session_type:
            found[entry.window] += rules.capacity if entry.solo else entry.seats_taken
    return found


def joinable_starts(rules: SlotRules, own: Mapping[TimeWindow, int]) -> dict[int, int]:
    """Start (epoch minute) and free seats of each own group meeting that still has some."""
    if rules.capacity == 1:
        return {}
    return {
        floor_minute(window.start): rules.capacity - taken
        for window, taken in own.items()
        if taken < rules.capacity and is_slot(rules, window)
    }


def is_slot(rules: SlotRules, window: TimeWindow) -> bool:
    """Whether a window is exactly a slot of the session type: its length, on whole minutes."""
    begins, ends = floor_minute(window.start), floor_minute(window.end)
    return ends - begins == rules.duration and (instant(begins), instant(ends)) == (
        window.start,
        window.end,
    )


def _search(
    schedule: Schedule, rules: SlotRules, busy: Sequence[Busy], first: int, stop: int
) -> OpenSlots:
    """The open slots whose starts lie in `[first, stop)`."""
    if first >= stop:
        return OpenSlots((), rules.duration, rules.capacity)
    counted = rules.capacity > 1 or rules.daily_limit is not None
    own = meetings(rules, busy) if counted else Counter[TimeWindow]()
    joinable = joinable_starts(rules, own)
    closed = [
        *_taken(rules, busy, joinable),
        *((begins - rules.duration + 1, ends) for begins, ends in schedule.away),
        *_full_days(schedule, rules, own, joinable, (first, stop)),
    ]
    runs = _less(_progressions(schedule, rules, first, stop), _union(closed, first, stop))
    return OpenSlots(tuple(runs), rules.duration, rules.capacity, joinable)


def _progressions(schedule: Schedule, rules: SlotRules, first: int, stop: int) -> list[range]:
    """The starts in `[first, stop)` that the opening hours allow, sorted, each once."""
    step = rules.step
    found: list[range] = []
    overlap = False
    for opening in schedule.openings(first, stop + rules.duration):
        begins, ends = opening
        begins += max(0, -((begins - first) // step) * step)
        starts = range(begins, min(ends - rules.duration + 1, stop), step)
        if starts:
            overlap = overlap or bool(found and starts[0] <= found[-1][-1])
            found.append(starts)
    if overlap:  # across midnight into the next day's hours, or pushed there by a gap
        return [range(s, s + 1, step) for s in sorted({s for run in found for s in run})]
    return found


def _taken(
    rules: SlotRules, busy: Iterable[Busy], joinable: Mapping[int, int]
) -> Iterator[Minutes]:
    """The starts that busy times forbid; a meeting with free seats leaves its own start open."""
    for entry in busy:
        low, high = conflict(rules, entry)
        if joinable and entry.session_type == rules.session_type and is_slot(rules, entry.window):
            yield from _without(low, high, [floor_minute(entry.window.start)], joinable)
        else:
            yield low, high


def _full_days(
    schedule: Schedule,
    rules: SlotRules,
    own: Iterable[TimeWindow],
    joinable: Mapping[int, int],
    within: Minutes,
) -> Iterator[Minutes]:
    """The starts on local dates that reached the daily limit, but for meetings to be joined."""
    if rules.daily_limit is None:
        return
    # What starts three days off is on no date that the search touches.
    first, stop = within[0] - 3 * DAY, within[1] + 3 * DAY
    near = [at for at in (floor_minute(window.start) for window in own) if first < at < stop]
    offsets = offsets_between(schedule.timezone, first, stop)
    for day, count in Counter(map(offsets.day, near)).items():
        if count >= rules.daily_limit:
            for low, high in offsets.spans(day):
                yield from _without(low, high, near, joinable)


def _without(
    low: int, high: int, starts: Iterable[int], joinable: Mapping[int, int]
) -> Iterator[Minutes]:
    """`[low, high)` in pieces that leave out those of the `starts` that can be joined."""
    for start in sorted({start for start in starts if low <= start < high and start in joinable}):
        yield low, start
        low = start + 1
    yield low, high


def _union(intervals: Iterable[Minutes], first: int, stop: int) -> list[Minutes]:
    """The intervals that meet `[first, stop)`, sorted, those that overlap or touch made one."""
    found: list[Minutes] = []
    begins, ends = first, first
    for low, high in sorted(intervals):
        if high <= ends or low >= stop or low >= high:
            continue
        if low <= ends:
            ends = high
        else:
            found.append((begins, ends))
            begins, ends = low, high
    found.append((begins, ends))
    return found


def _less(progressions: Iterable[range], closed: Sequence[Minutes]) -> Iterator[range]:
    """The progressions without the starts in the sorted, disjoint `closed` intervals."""
    edges = [high for _, high in closed]
    for run in progressions:
        start, stop, step = run.start, run.stop, run.step
        for nth in range(bisect_left(edges, start + 1), len(closed)):
            low, high = closed[nth]
            if low >= stop:
                break
            if start < low:
                yield range(start, low, step)
            start += max(0, -((start - high) // step) * step)
        if start < stop:
            yield range(start, stop, step)


def _edges(run: range, length: int) -> tuple[list[str], list[str]]:
    """The starts of a run in RFC 3339, and the ends; the first list may be the longer one."""
    apart, odd = divmod(length, run.step)
    if odd or apart > len(run):
        shifted = range(run.start + length, run.stop + length, run.step)
        return _texts(run), _texts(shifted)
    # The end of one slot is the start of a later one, so most texts are needed twice.
    marks = _texts(range(run.start, run[-1] + length + 1, run.step))
    return marks, marks[apart:]


def _texts(minutes: range) -> list[str]:
    """Epoch minutes in RFC 3339, from one table of times for each UTC day."""
    start, stop, step = minutes.start, minutes.stop, minutes.step
    day, minute = divmod(start, DAY)
    prefix, times = _date(day), _TIMES[minute : minute + stop - start : step]
    found = [prefix + time for time in times]
    rest = start + len(times) * step
    return found + _texts(range(rest, stop, step)) if rest < stop else found


@lru_cache(maxsize=1024)
def _date(day: int) -> str:
    return date.fromordinal(day + EPOCH_DATE).isoformat()
