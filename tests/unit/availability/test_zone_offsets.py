"""Integers for instants and local times say the same as `datetime` and `zoneinfo`."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking_core.domain.schedule import DayRange, Schedule
from booking_core.domain.zone_offsets import (
    EPOCH,
    ceil_minute,
    epoch_day,
    floor_minute,
    instant,
    offsets_between,
)

ZONES = (
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Dublin",
    "Pacific/Apia",
    "Pacific/Kwajalein",
)
EVERY_MOMENT = st.timedeltas(timedelta(days=1900), timedelta(days=24000)).map(EPOCH.__add__)


@given(EVERY_MOMENT)
def test_a_moment_lies_between_its_minutes(moment):
    low, high = instant(floor_minute(moment)), instant(ceil_minute(moment))
    assert low <= moment <= high
    assert high - low == timedelta(minutes=0 if low == moment else 1)


@settings(deadline=None)
@given(st.sampled_from(ZONES), EVERY_MOMENT)
def test_the_local_day_is_the_one_on_the_clocks(name, moment):
    minute = floor_minute(moment)
    offsets = offsets_between(name, minute, minute)
    assert offsets.day(minute) == epoch_day(moment.astimezone(ZoneInfo(name)).date())
    spans = list(offsets.spans(offsets.day(minute)))
    edges = {edge for span in spans for edge in span}
    for at in (*range(minute - 2900, minute + 2900, 10), *edges, *(edge - 1 for edge in edges)):
        same_day = offsets.day(at) == offsets.day(minute)
        assert same_day == any(low <= at < high for low, high in spans)


@settings(deadline=None)
@given(st.sampled_from(ZONES), st.dates(date(1975, 1, 1), date(2037, 12, 31)), st.integers(0, 1439))
def test_local_times_become_the_instants_that_fold_zero_names(name, day, minute):
    local = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(name))
    start, end = (
        floor_minute((local + timedelta(minutes=at)).astimezone(UTC)) for at in (minute, minute + 1)
    )
    schedule = Schedule(name, {}, {day: (DayRange(minute, minute + 1),)})
    skipped = {"Pacific/Apia": date(2011, 12, 30), "Pacific/Kwajalein": date(1993, 8, 21)}
    opens = [(start, end)] if start < end and skipped.get(name) != day else []
    assert schedule.openings(start - 9000, start + 9000) == opens


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("year", [2011, 2018, 2026])
def test_each_change_of_the_clocks_is_found_to_the_minute(name, year):
    zone = ZoneInfo(name)
    first, last = (floor_minute(datetime(at, 1, 1, tzinfo=UTC)) for at in (year, year + 1))
    offsets = offsets_between(name, first, last)

    def offset(minute):
        return instant(minute).astimezone(zone).utcoffset() // timedelta(minutes=1)

    for change, before, after in zip(
        offsets.changes, offsets.values, offsets.values[1:], strict=False
    ):
        assert (offset(change - 1), offset(change)) == (before, after)
    hours = [offset(at) for at in range(first, last + 1, 60)]
    jumps = sum(before != after for before, after in pairwise(hours))
    assert jumps == sum(first < change <= last for change in offsets.changes)


def test_years_without_local_dates_are_answered_too():
    assert offsets_between("Europe/Berlin", -(10**10), -(10**10)).values
    assert offsets_between("Europe/Berlin", 10**10, 10**10).values
