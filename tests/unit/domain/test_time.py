"""Instants and intervals, and where they end."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from booking_core import (
    Actor,
    InvalidRequest,
    Slot,
    SlotUnavailable,
    TimeWindow,
    length_in_english,
    local_dates,
    local_day,
    midnight,
    zone,
)
from booking_core.testing.examples import a_builder, a_session_type
from tests.unit.application.paying import Shop

DAY = timedelta(days=1)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@pytest.mark.parametrize("hours", [-14, 0, 14])
@pytest.mark.parametrize("moment", [FIRST, LAST])
def test_a_time_that_is_near_the_end_of_all_years_is_refused(moment: datetime, hours: int) -> None:
    there = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    with pytest.raises(InvalidRequest, match="years"):
        TimeWindow(there, there + DAY if moment is FIRST else there)


def test_an_interval_cannot_be_widened_beyond_that() -> None:
    first = datetime(2, 1, 1, tzinfo=UTC)
    early, late = TimeWindow(first, first + DAY), TimeWindow(first, first.replace(year=9998))
    for window, before, after in ((early, DAY, 0 * DAY), (early, 800 * DAY, DAY), (late, DAY, DAY)):
        with pytest.raises(InvalidRequest):
            window.widened(before, after)
    with pytest.raises(InvalidRequest):
        late.widened(0 * DAY, 800 * DAY)


@pytest.mark.parametrize("day", [date.min, date.max])
@pytest.mark.parametrize("name", ["Pacific/Kiritimati", "UTC", "America/New_York"])
def test_local_dates_end_there_too(day: date, name: str) -> None:
    with pytest.raises(InvalidRequest):
        local_dates(day, day, name)


@pytest.mark.parametrize("calendar", ["memory", "local"])
@pytest.mark.parametrize("year", [2, 9998])
def test_the_first_and_the_last_year_are_answered_or_refused_like_any_other(
    calendar: str, year: int
) -> None:
    buffers = {"buffer_before": DAY, "buffer_after": DAY, "daily_limit": 1}
    shop = Shop.open(calendar=calendar, price=None, **buffers)
    new_year = datetime(year, 1, 1, tzinfo=UTC)
    start = new_year if year == 2 else datetime(year, 12, 30, tzinfo=UTC)
    asked = {"session_type_id": a_session_type().id, "actor": Actor.anonymous()}
    try:
        found = shop.core.find_slots(window=TimeWindow(start, start + DAY), **asked)
    except InvalidRequest:
        found = None
    assert found is None or not found.slots
    with pytest.raises((InvalidRequest, SlotUnavailable)):
        shop.confirm(Slot(start, start + timedelta(hours=1)))


def test_every_zone_that_is_taken_is_the_same_on_every_machine() -> None:
    assert midnight(date(2026, 3, 29), "Europe/Berlin").hour == 23
    assert local_day(midnight(date(2026, 3, 29), "Europe/Berlin"), "Europe/Berlin").length < DAY
    for name in ("UTC", "US/Eastern", "Etc/GMT+5", "Asia/Calcutta", a_builder().timezone):
        assert zone(name).key == name


@pytest.mark.parametrize(
    ("minutes", "told"),
    [(0, "0 minutes"), (1, "1 minute"), (90, "90 minutes"), (60, "1 hour"), (36 * 60, "36 hours")]
    + [(24 * 60, "1 day"), (59 * 24 * 60, "59 days")],
)
def test_a_length_is_told_in_its_largest_whole_unit(minutes: int, told: str) -> None:
    assert length_in_english(timedelta(minutes=minutes)) == told
