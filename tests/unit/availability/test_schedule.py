"""The builder's hours as a value: what it accepts, says and refuses."""

import copy
import pickle
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from booking_core.domain.errors import InvalidRequest, UnknownTimezone
from booking_core.domain.schedule import DayRange, Schedule, TimeOff
from booking_core.domain.time import TimeWindow

ranges = st.integers(0, 1439).flatmap(
    lambda start: st.builds(DayRange, st.just(start), st.integers(start + 1, start + 1440))
)


def pointers(refused: pytest.ExceptionInfo[InvalidRequest]) -> list[str]:
    return [error.pointer for error in refused.value.errors]


@pytest.mark.parametrize(
    ("texts", "minutes"),
    [
        (("09:00", "17:00"), (540, 1020)),
        (("22:00", "02:00"), (1320, 1560)),
        (("18:00", "24:00"), (1080, 1440)),
        (("18:00", "00:00"), (1080, 1440)),
        (("00:00", "00:00"), (0, 1440)),
        (("09:00", "09:00"), (540, 1980)),
    ],
)
def test_hours_are_read_from_two_clock_times(texts, minutes):
    hours = DayRange.parse(*texts)
    assert (hours.start, hours.end) == minutes


@given(ranges)
def test_hours_say_what_they_were_read_from(hours):
    assert DayRange.parse(*hours.texts()) == hours


@pytest.mark.parametrize(
    ("start", "end", "wrong"),
    [
        ("9:00", "17:00", ["/monday/0/start"]),
        ("24:00", "17:00", ["/monday/0/start"]),
        ("09:00", "25:00", ["/monday/0/end"]),
        ("09:60", "24:01", ["/monday/0/start", "/monday/0/end"]),
        ("", "\u0661\u0662:00", ["/monday/0/start", "/monday/0/end"]),
    ],
)
def test_a_text_that_is_no_clock_time_is_refused_by_its_place(start, end, wrong):
    with pytest.raises(InvalidRequest) as refused:
        DayRange.parse(start, end, pointer="/monday/0")
    assert pointers(refused) == wrong


@pytest.mark.parametrize(
    ("start", "end", "wrong"),
    [(-1, 60, "/start"), (1440, 1500, "/start"), (60, 60, "/end"), (60, 1501, "/end")],
)
def test_hours_out_of_bounds_are_refused(start, end, wrong):
    with pytest.raises(InvalidRequest) as refused:
        DayRange(start, end)
    assert pointers(refused) == [wrong]


def test_hours_of_one_day_must_not_overlap_but_may_touch():
    morning, noon, late = DayRange(540, 720), DayRange(700, 800), DayRange(720, 900)
    Schedule("Europe/Berlin", {0: (late, morning)})
    with pytest.raises(InvalidRequest) as refused:
        Schedule(
            "Europe/Berlin",
            {0: (noon, morning), 1: (morning,)},
            {date(2026, 5, 1): (morning, noon)},
        )
    assert pointers(refused) == ["/weekly/0/1", "/overrides/2026-05-01/1"]


def test_hours_across_midnight_may_reach_into_the_next_days_hours():
    Schedule("Europe/Berlin", {0: (DayRange(1320, 1680),), 1: (DayRange(0, 600),)})


def test_a_weekday_is_one_of_seven():
    with pytest.raises(InvalidRequest) as refused:
        Schedule("Europe/Berlin", {7: (DayRange(0, 60),)})
    assert pointers(refused) == ["/weekly/7"]


def test_an_unknown_zone_is_refused():
    with pytest.raises(UnknownTimezone):
        Schedule("Europe/Atlantis", {})


def test_equal_hours_are_equal_values_whatever_the_order_and_cannot_be_changed():
    morning, evening = DayRange(540, 720), DayRange(1080, 1200)
    start = datetime(2026, 5, 1, tzinfo=UTC)
    away = TimeOff(TimeWindow(start, start + timedelta(days=1)), "holiday")
    later = TimeOff(TimeWindow(start + timedelta(days=9), start + timedelta(days=10)))
    one = Schedule("Europe/Berlin", {1: (evening, morning), 0: (), 3: [morning]}, {}, [later, away])
    two = Schedule("Europe/Berlin", {3: (morning,), 1: (morning, evening)}, {}, (away, later))
    assert one == two
    assert hash(one) == hash(two)
    assert one != Schedule("Europe/Berlin", {3: (morning,)})
    with pytest.raises(TypeError):
        one.weekly[0] = (morning,)


def test_a_schedule_can_be_copied_and_pickled():
    schedule = Schedule("Asia/Kathmandu", {0: (DayRange(0, 60),)}, {date(2026, 5, 1): ()})
    schedule.openings(0, 1)  # what is derived and kept stays behind
    assert copy.deepcopy(schedule) == schedule
    assert pickle.loads(pickle.dumps(schedule)) == schedule


def test_an_override_takes_the_place_of_the_weekday():
    hours, less = DayRange(540, 720), DayRange(600, 660)
    schedule = Schedule("UTC", {4: (hours,)}, {date(2026, 5, 1): (less,), date(2026, 5, 8): ()})
    assert schedule.ranges_on(date(2026, 4, 24)) == (hours,)
    assert schedule.ranges_on(date(2026, 5, 1)) == (less,)
    assert schedule.ranges_on(date(2026, 5, 8)) == ()
    assert schedule.ranges_on(date(2026, 5, 9)) == ()


def test_equal_schedules_have_the_same_digest_and_others_another():
    nine = DayRange.parse("09:00", "17:00")
    away = TimeOff(TimeWindow(datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 5, 2, tzinfo=UTC)))
    full = Schedule("UTC", weekly={0: [nine], 1: []}, time_off=[away])
    same = Schedule("UTC", weekly={0: (nine,)}, time_off=(away,))
    assert full.digest == same.digest
    others = [
        Schedule("UTC"),
        Schedule("Europe/Berlin"),
        Schedule("UTC", weekly={1: [nine]}),
        Schedule("UTC", overrides={date(2026, 5, 1): [nine]}),
        Schedule("UTC", overrides={date(2026, 5, 1): []}),
        Schedule("UTC", time_off=[away]),
    ]
    assert len({full.digest, *(each.digest for each in others)}) == 7


@pytest.mark.parametrize(
    ("start", "end", "open_"),
    [(9, 17, True), (9, 10, True), (8, 10, False), (16, 18, False), (0, 1, False)],
)
def test_a_window_is_open_where_one_range_holds_all_of_it(start, end, open_):
    hours = Schedule("UTC", weekly={4: [DayRange.parse("09:00", "17:00")]})
    window = TimeWindow(
        datetime(2026, 5, 1, start, tzinfo=UTC), datetime(2026, 5, 1, end, tzinfo=UTC)
    )
    assert hours.is_open(window) is open_
