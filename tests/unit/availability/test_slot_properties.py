"""The search agrees with a slow, obvious one, in whatever zone the process runs."""

import os
import time
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve, frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking_core.domain.availability import Busy, SlotRules, next_start, open_slots
from booking_core.domain.explanation import explain
from booking_core.domain.schedule import DayRange, Schedule, TimeOff
from booking_core.domain.time import TimeWindow

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
slow = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


@pytest.fixture(scope="module", autouse=True, params=["UTC", "Europe/Berlin", "America/New_York"])
def zone_of_the_process(request):
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


# ---- the reference: one datetime a candidate --------------------------------------------------


def reference(schedule, rules, busy, window, now):
    """Start -> seats of each open slot in the window."""
    length, step = rules.duration * MINUTE, rules.step * MINUTE
    first, last = (moment.astimezone(UTC).date() for moment in (window.start, window.end))
    found = {}
    for ahead in range(-3, (last - first).days + 4):
        day = first + timedelta(days=ahead)
        if not exists(schedule.timezone, day):
            continue
        for hours in schedule.overrides.get(day, schedule.weekly.get(day.weekday(), ())):
            start = on_the_clock(schedule.timezone, day, hours.start)
            end = on_the_clock(schedule.timezone, day, hours.end)
            while start + length <= end:
                if window.start <= start and start + length <= window.end:
                    seats = free_seats(schedule, rules, busy, start, now)
                    if seats > 0:
                        found[start] = seats
                start += step
    return dict(sorted(found.items()))


@cache
def exists(timezone, day):
    zone = ZoneInfo(timezone)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return any((noon + timedelta(hours=h)).astimezone(zone).date() == day for h in range(-40, 41))


def on_the_clock(timezone, day, minute):
    local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(timezone))
    return (local + minute * MINUTE).astimezone(UTC)


def free_seats(schedule, rules, busy, start, now):
    end = start + rules.duration * MINUTE
    if start < now + rules.minimum_notice * MINUTE or start >= now + rules.horizon * MINUTE:
        return 0
    for away in schedule.time_off:
        if start < outward(away.window)[1] and outward(away.window)[0] < end:
            return 0
    joined, taken = False, 0
    for entry in busy:
        same = (entry.session_type, entry.window) == (rules.session_type, TimeWindow(start, end))
        if same and rules.capacity > 1 and not entry.solo:
            joined, taken = True, taken + entry.seats_taken
            continue
        begins, ends = outward(entry.window)
        blocked = begins - entry.buffer_before * MINUTE, ends + entry.buffer_after * MINUTE
        mine = start - rules.buffer_before * MINUTE, end + rules.buffer_after * MINUTE
        if mine[0] < blocked[1] and blocked[0] < mine[1]:
            return 0
    if rules.daily_limit is not None and not joined:
        zone = ZoneInfo(schedule.timezone)
        own = {entry.window for entry in busy if entry.session_type == rules.session_type}
        dates = [window.start.astimezone(zone).date() for window in own]
        if dates.count(start.astimezone(zone).date()) >= rules.daily_limit:
            return 0
    return rules.capacity - taken


def outward(window):
    start = window.start.replace(second=0, microsecond=0)
    end = window.end.replace(second=0, microsecond=0)
    return start, end if end == window.end else end + MINUTE


# ---- what is tried ----------------------------------------------------------------------------

CHANGES = {
    "Africa/Casablanca": ["2024-03-10T02:00", "2025-04-06T02:00", "2026-02-15T02:00"],
    "America/Havana": ["2025-03-09T05:00", "2026-11-01T05:00"],
    "America/New_York": ["2024-11-03T06:00", "2027-03-14T07:00"],
    "America/Sao_Paulo": ["2018-11-04T03:00", "2019-02-17T02:00"],
    "America/Scoresbysund": ["2024-03-31T00:00", "2026-10-25T01:00"],
    "America/St_Johns": ["2010-11-07T02:31", "2026-03-08T05:30"],
    "Asia/Beirut": ["2025-03-29T22:00", "2026-10-24T21:00"],
    "Asia/Kathmandu": ["2026-01-01T00:00"],
    "Australia/Lord_Howe": ["2024-04-06T15:00", "2026-10-03T15:30"],
    "Europe/Berlin": ["2026-03-29T01:00", "2027-10-31T01:00"],
    "Europe/Dublin": ["2024-10-27T01:00", "2026-03-29T01:00"],
    "Pacific/Apia": ["2011-12-30T10:00", "2011-09-24T14:00"],
}


@frozen
class Search:
    schedule: Schedule
    rules: SlotRules
    busy: tuple[Busy, ...]
    window: TimeWindow
    now: datetime

    def slots(self, **changes):
        asked = evolve(self, **changes)
        found = open_slots(asked.schedule, asked.rules, asked.busy, asked.window, asked.now)
        return {slot.slot.start: slot.seats for slot in found}


def minutes(low, high):
    return st.integers(low, high).map(lambda count: count * MINUTE)


def with_seconds(moments):
    odd = st.sampled_from([0, 0, 0, 1, 59, 59.999999]).map(lambda s: timedelta(seconds=s))
    return st.builds(lambda moment, more: moment + more, moments, odd)


@st.composite
def hours_of_a_day(draw):
    edges = draw(st.lists(st.integers(0, 95).map(lambda n: 15 * n), max_size=4, unique=True))
    edges.sort()
    found = [DayRange(a, b) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    if len(edges) % 2:
        found.append(DayRange(edges[-1], edges[-1] + draw(st.integers(1, 1440))))
    return tuple(found)


@st.composite
def rules(draw):
    return SlotRules(
        "st_1",
        duration=draw(st.sampled_from([30, 1, 15, 25, 60, 100])),
        step=draw(st.sampled_from([30, 1, 7, 15, 45, 60, 90])),
        buffer_before=draw(st.sampled_from([0, 0, 5, 30])),
        buffer_after=draw(st.sampled_from([0, 0, 10, 45])),
        minimum_notice=draw(st.sampled_from([0, 0, 1, 600, 2000])),
        horizon=draw(st.sampled_from([100_000, 7000, 1500])),
        daily_limit=draw(st.sampled_from([None, None, 1, 2])),
        capacity=draw(st.sampled_from([1, 1, 2, 4])),
    )


@st.composite
def searches(draw):
    timezone = draw(st.sampled_from(sorted(CHANGES)))
    change = datetime.fromisoformat(draw(st.sampled_from(CHANGES[timezone]))).replace(tzinfo=UTC)
    start = draw(with_seconds(minutes(-3000, 500).map(lambda away: change + away)))
    window = TimeWindow(start, draw(with_seconds(minutes(1, 5000).map(lambda more: start + more))))
    now = draw(with_seconds(minutes(-2500, 300).map(lambda away: start + away)))

    def windows(longest):
        near = with_seconds(minutes(-600, 5500).map(lambda away: start + away))
        lengths = st.timedeltas(timedelta(microseconds=1), timedelta(minutes=longest))
        whole = minutes(1, longest)
        return st.builds(lambda at, more: TimeWindow(at, at + more), near, whole | lengths)

    days = st.integers(-3, 4).map(lambda away: change.date() + timedelta(days=away))
    schedule = Schedule(
        timezone,
        draw(st.dictionaries(st.integers(0, 6), hours_of_a_day(), min_size=3)),
        draw(st.dictionaries(days, hours_of_a_day(), max_size=2)),
        draw(st.lists(st.builds(TimeOff, windows(900)), max_size=2)),
    )
    search = Search(schedule, draw(rules()), (), window, now)
    buffers = st.sampled_from([0, 0, 10, 30])
    types = st.sampled_from([None, "st_1", "st_2"])
    others = st.builds(
        Busy, windows(200), buffers, buffers, types, st.integers(0, 4), solo=st.booleans()
    )
    busy = draw(st.lists(others, max_size=4))
    free = sorted(search.slots())
    if free:  # meetings that fit the grid, so that some can be joined
        length = search.rules.duration * MINUTE
        on_grid = st.sampled_from(free).map(lambda at: TimeWindow(at, at + length))
        mine = st.builds(Busy, on_grid, buffers, buffers, st.just("st_1"), st.integers(0, 4))
        busy += draw(st.lists(mine, max_size=4))
    return evolve(search, busy=tuple(busy))


# ---- what holds -------------------------------------------------------------------------------


@slow
@given(searches())
def test_the_slots_are_those_of_the_reference_in_order(search):
    slots = search.slots()
    expected = reference(search.schedule, search.rules, search.busy, search.window, search.now)
    assert list(slots.items()) == list(expected.items())


@slow
@given(searches(), st.data())
def test_splitting_a_window_only_loses_the_slots_across_the_split(search, data):
    whole, length = search.slots(), search.rules.duration * MINUTE
    edges = {edge for start in whole for edge in (start, start + length)}
    inside = sorted(edge for edge in edges if search.window.start < edge < search.window.end)
    if not inside:
        return
    at = data.draw(st.sampled_from(inside))
    first = search.slots(window=TimeWindow(search.window.start, at))
    second = search.slots(window=TimeWindow(at, search.window.end))
    across = {start: seats for start, seats in whole.items() if start < at < start + length}
    assert first | second | across == whole
    assert len(first) + len(second) + len(across) == len(whole)


@slow
@given(searches(), st.data())
def test_a_start_is_explained_as_open_exactly_when_it_is_offered(search, data):
    slots, length = search.slots(), search.rules.duration * MINUTE
    around = minutes(0, 5000).map(lambda away: search.window.start + away)
    on_a_minute = around.map(lambda moment: moment.replace(second=0, microsecond=0))
    starts = data.draw(st.lists(around | on_a_minute, max_size=5))
    starts += [entry.window.start for entry in search.busy]
    if slots:
        starts += data.draw(st.lists(st.sampled_from(sorted(slots)), max_size=5))
    for start in starts:
        offered = search.slots(window=TimeWindow(start, start + length)).get(start, 0)
        answer = explain(search.schedule, search.rules, search.busy, start, search.now)
        assert (answer.is_open, answer.seats) == (offered > 0, offered), answer


@slow
@given(searches())
def test_the_next_start_is_the_first_of_the_open_slots(search):
    after = search.window.start
    horizon = search.now + (search.rules.horizon + search.rules.duration) * MINUTE
    slots = search.slots(window=TimeWindow(after, max(horizon, after + MINUTE)))
    found = next_start(search.schedule, search.rules, search.busy, after, search.now)
    assert found == min(slots, default=None)


@slow
@given(searches())
def test_the_order_of_busy_times_does_not_matter(search):
    assert search.slots(busy=search.busy[::-1]) == search.slots()


def test_the_reference_knows_the_days_that_were_skipped():
    assert not exists("Pacific/Apia", date(2011, 12, 30))
    assert exists("Pacific/Apia", date(2011, 12, 31))
