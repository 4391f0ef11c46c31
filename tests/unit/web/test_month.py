"""A month as the booking page shows it, in any zone, over every change of its clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from booking_core import BuilderId, DayRange, Schedule, SessionType, SessionTypeId
from booking_core.domain.availability import open_slots
from entrypoints.web.month import Month, month_after, month_before, month_of, parts, span

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
#: Both sides of the date line, clocks that change at midnight, and by half an hour.
ZONES = [
    "UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia", "Pacific/Kiritimati",
    "Pacific/Pago_Pago", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Beirut", "America/Nuuk",
    "America/Havana", "Asia/Kathmandu",
]  # fmt: skip
zones = st.sampled_from(ZONES)
months = st.dates(date(2024, 1, 1), date(2031, 12, 31)).map(month_of)
few = settings(max_examples=25, deadline=None, database=None)


def shown(month: date, timezone: str, starts: list[datetime], length: timedelta) -> Month:
    """As the page asks for it: what lies wholly within the span and one length more."""
    asked = span(month, timezone)
    found = [each for each in starts if asked.start <= each and each + length <= asked.end + length]
    return Month.of(month, timezone, found)


@few
@given(month=months, timezone=zones, data=st.data())
def test_a_slot_is_shown_on_exactly_one_day_the_local_date_of_its_start(
    month: date, timezone: str, data: st.DataObject
) -> None:
    asked = span(month, timezone)
    minutes = int((asked.end - asked.start) / MINUTE)
    edges = st.sampled_from([-60, -1, 0, 1, minutes - 1, minutes, minutes + 1])
    offsets = data.draw(st.lists(st.integers(-1_440, minutes + 1_440) | edges, max_size=20))
    starts = sorted({asked.start + each * MINUTE for each in offsets})
    found = [
        (day, start)
        for each in (month_before(month), month, month_after(month))
        for day, on_it in shown(each, timezone, starts, 30 * MINUTE).starts.items()
        for start in on_it
    ]
    assert sorted(start for _, start in found) == starts
    for day, start in found:
        assert start.astimezone(ZoneInfo(timezone)).date() == day


@few
@given(month=months, timezone=zones, weekday=st.integers(0, 6))
def test_a_month_has_all_its_days_once_under_their_weekday(
    month: date, timezone: str, weekday: int
) -> None:
    rows = Month.of(month, timezone, []).weeks(weekday)
    days = [day for row in rows for day in row if day]
    assert days == [month + n * DAY for n in range((month_after(month) - month).days)]
    for row in rows:
        assert len(row) == 7
        for place, day in enumerate(row):
            assert day is None or day.weekday() == (weekday + place) % 7


@pytest.mark.parametrize(
    ("timezone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("America/New_York", date(2026, 3, 8), 23),
        ("America/New_York", date(2026, 11, 1), 25),
        ("Africa/Cairo", date(2026, 4, 24), 23),  # begins at one o'clock
        ("Africa/Cairo", date(2026, 10, 29), 25),  # its last hour comes twice
    ],
)
def test_a_day_on_which_the_clocks_change_has_its_own_hours(
    timezone: str, day: date, hours: int
) -> None:
    month = month_of(day)
    asked = span(month, timezone)
    starts = [asked.start + n * HOUR for n in range((asked.end - asked.start) // HOUR)]
    found = Month.of(month, timezone, starts).starts
    assert len(found[day]) == hours
    assert all(len(on_it) == 24 for other, on_it in found.items() if other != day)


def openings(timezone: str, month: date) -> list[datetime]:
    """Of a builder in Berlin who works from nine to five, as somebody in that zone asks for them."""
    weekly = {day: (DayRange.parse("09:00", "17:00"),) for day in range(7)}
    asked, length = span(month, timezone), HOUR
    kind = SessionType(
        id=SessionTypeId("t"), builder_id=BuilderId("b"), title="T", duration=length,
        horizon=90 * DAY,
    )  # fmt: skip
    found = open_slots(
        Schedule("Europe/Berlin", weekly), kind.rules, [],
        type(asked)(asked.start, asked.end + length), asked.start - DAY,
    )  # fmt: skip
    return [each.slot.start for each in found]


@pytest.mark.parametrize(
    ("timezone", "month", "day", "first", "last"),
    [
        # Berlin's clocks go forward on the 29th, New York's went on the 8th.
        ("America/New_York", date(2026, 3, 1), date(2026, 3, 6), "03:00", "10:00"),
        ("America/New_York", date(2026, 3, 1), date(2026, 3, 9), "04:00", "11:00"),
        ("America/New_York", date(2026, 3, 1), date(2026, 3, 30), "03:00", "10:00"),
        ("UTC", date(2026, 3, 1), date(2026, 3, 28), "08:00", "15:00"),
        ("UTC", date(2026, 3, 1), date(2026, 3, 29), "07:00", "14:00"),
        ("UTC", date(2026, 10, 1), date(2026, 10, 25), "08:00", "15:00"),
    ],
)
def test_the_builders_day_is_shown_on_the_viewers_clock(
    timezone: str, month: date, day: date, first: str, last: str
) -> None:
    on_it = Month.of(month, timezone, openings(timezone, month)).starts[day]
    clocks = [f"{each.astimezone(ZoneInfo(timezone)):%H:%M}" for each in on_it]
    assert (clocks[0], clocks[-1], len(clocks)) == (first, last, 8)


def test_across_the_date_line_a_working_day_falls_on_two_dates() -> None:
    found = Month.of(
        date(2026, 6, 1), "Pacific/Auckland", openings("Pacific/Auckland", date(2026, 6, 1))
    ).starts
    clocks = [
        f"{each.astimezone(ZoneInfo('Pacific/Auckland')):%H}" for each in found[date(2026, 6, 10)]
    ]
    assert clocks == ["00", "01", "02", "19", "20", "21", "22", "23"]
    assert len(found[date(2026, 6, 30)]) == 8  # its last slot ends in July
    assert len(found[date(2026, 6, 1)]) == 8  # its first ones began the builder's May


def test_times_of_a_day_are_told_by_its_parts() -> None:
    starts = [datetime(2026, 3, 10, hour, tzinfo=UTC) for hour in (0, 11, 12, 17, 18, 23)]
    found = parts(starts, "UTC")
    assert {part: [each.hour for each in times] for part, times in found.items()} == {
        "morning": [0, 11],
        "afternoon": [12, 17],
        "evening": [18, 23],
    }
    assert list(parts(starts[2:3], "America/New_York")) == ["morning"]
    assert parts([], "UTC") == {}


def test_the_first_open_day() -> None:
    nine = datetime(2026, 3, 10, 9, tzinfo=UTC)
    month = Month.of(date(2026, 3, 1), "UTC", [nine, nine + 2 * DAY])
    assert month.first_open(date(2026, 3, 1)) == date(2026, 3, 10)
    assert month.first_open(date(2026, 3, 11)) == date(2026, 3, 12)
    assert month.first_open(date(2026, 3, 13)) is None


@pytest.mark.parametrize(
    ("wanted", "near"),
    [(9, [1, 2, 3, 40]), (2, [1, 3, 40]), (0, [1, 2, 3, 40]), (50, [1, 2, 3, 40])],
)
def test_the_times_near_one_that_is_gone_lie_on_both_sides(wanted: int, near: list[int]) -> None:
    first = datetime(2026, 3, 10, tzinfo=UTC)
    month = Month.of(date(2026, 3, 1), "UTC", [first + n * HOUR for n in (1, 2, 3)])
    found = month.nearest(first + wanted * HOUR, [first + 40 * HOUR, first + HOUR], 4)
    assert found == [first + n * HOUR for n in near]


def test_of_many_near_times_the_nearest_are_told() -> None:
    first = datetime(2026, 3, 10, tzinfo=UTC)
    hours = [first + n * HOUR for n in range(20)]
    month = Month.of(date(2026, 3, 1), "UTC", hours)
    assert month.nearest(hours[9], [], 4) == [hours[7], hours[8], hours[10], hours[11]]
    assert month.nearest(hours[0], [], 4) == hours[1:5]
    assert month.nearest(hours[18], [], 4) == [*hours[15:18], hours[19]]
