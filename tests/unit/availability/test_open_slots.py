"""Each slot rule by example (B1, B2, B3, B6, B7)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve

from booking_core.domain.availability import Busy, OpenSlots, SlotRules, next_start, open_slots
from booking_core.domain.errors import InvalidRequest
from booking_core.domain.schedule import DayRange, Schedule, TimeOff
from booking_core.domain.time import Slot, TimeWindow

LONG_AGO = datetime(1990, 1, 1, tzinfo=UTC)
HALF_HOURS = SlotRules("st_1", duration=30, step=30, horizon=100 * 366 * 24 * 60)
GROUPS = evolve(HALF_HOURS, capacity=5)
DAY = "2026-05-04"  # a Monday


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def window(start, end):
    return TimeWindow(at(start), at(end))


def hours(*texts):
    return tuple(DayRange.parse(*text.split("-")) for text in texts)


def every_day(*texts, zone="UTC", **more):
    return Schedule(zone, dict.fromkeys(range(7), hours(*texts)), **more)


def busy(start, end, **more):
    return Busy(window(f"{DAY}T{start}", f"{DAY}T{end}"), **more)


def offered(schedule, rules=HALF_HOURS, taken=(), day=DAY, until=None, now=LONG_AGO):
    """The starts from the beginning of a UTC day, or between two times, as `HH:MM`."""
    begin = at(day)
    end = at(until) if until else begin + timedelta(days=1)
    slots = open_slots(schedule, rules, taken, TimeWindow(begin, end), now)
    return [start[11:16] for start, _, _ in slots.rendered()]


# ---- inside the window and inside one range ---------------------------------------------------


def test_slots_step_from_the_start_of_their_range():
    assert offered(every_day("09:10-11:00")) == ["09:10", "09:40", "10:10"]


def test_the_step_may_differ_from_the_length():
    quarters = evolve(HALF_HOURS, step=15)
    assert offered(every_day("09:00-10:00"), quarters) == ["09:00", "09:15", "09:30"]
    sparse = evolve(HALF_HOURS, step=50)
    assert offered(every_day("09:00-11:00"), sparse) == ["09:00", "09:50"]


def test_a_slot_lies_wholly_inside_the_window():
    schedule = every_day("09:00-12:00")
    starts = offered(schedule, day=f"{DAY}T09:01", until=f"{DAY}T10:59")
    assert starts == ["09:30", "10:00"]
    assert offered(schedule, day=f"{DAY}T09:30", until=f"{DAY}T10:00") == ["09:30"]


def test_a_window_with_seconds_only_holds_what_is_wholly_inside():
    starts = offered(every_day("09:00-12:00"), day=f"{DAY}T09:00:01", until=f"{DAY}T10:29:59")
    assert starts == ["09:30"]


def test_ranges_that_touch_are_not_one_range():
    assert offered(every_day("09:00-09:45", "09:45-10:30")) == ["09:00", "09:45"]


def test_a_start_that_two_ranges_offer_is_offered_once():
    schedule = Schedule("UTC", {6: hours("22:00-02:00"), 0: hours("01:00-03:00")})
    assert offered(schedule) == ["00:00", "00:30", "01:00", "01:30", "02:00", "02:30"]


def test_overlapping_ranges_with_different_steps_are_merged_in_order():
    schedule = Schedule("UTC", {6: hours("22:00-02:00"), 0: hours("01:10-02:20")})
    assert offered(schedule) == ["00:00", "00:30", "01:00", "01:10", "01:30", "01:40"]


# ---- weekly hours, overrides, time off --------------------------------------------------------


def test_weekly_hours_are_on_the_builders_clock():
    schedule = Schedule("Asia/Kathmandu", {0: hours("09:00-10:00", "14:00-14:30")})
    assert offered(schedule) == ["03:15", "03:45", "08:15"]
    assert offered(schedule, day="2026-05-05") == []


def test_hours_across_midnight_belong_to_the_date_on_which_they_begin():
    schedule = Schedule("UTC", {6: hours("23:00-01:00")})
    assert offered(schedule) == ["00:00", "00:30"]
    assert offered(schedule, day="2026-05-03") == ["23:00", "23:30"]
    assert offered(schedule, day="2026-05-03", until=f"{DAY}T00:30") == ["23:00", "23:30", "00:00"]


def test_an_override_replaces_the_hours_that_begin_on_its_date():
    schedule = evolve(every_day("23:00-01:00"), overrides={date(2026, 5, 4): hours("10:00-10:30")})
    assert offered(schedule) == ["00:00", "00:30", "10:00"]
    assert offered(schedule, day="2026-05-05") == ["23:00", "23:30"]


def test_an_override_without_hours_closes_the_date():
    schedule = every_day("09:00-10:00", overrides={date(2026, 5, 4): ()})
    assert offered(schedule) == []


def test_time_off_removes_the_slots_that_it_overlaps_and_no_buffer():
    away = TimeOff(window(f"{DAY}T10:00", f"{DAY}T10:31"))
    padded = evolve(HALF_HOURS, buffer_before=30, buffer_after=30)
    schedule = every_day("09:00-12:00", time_off=(away,))
    assert offered(schedule, padded) == ["09:00", "09:30", "11:00", "11:30"]


# ---- changes of the clocks --------------------------------------------------------------------


def test_a_range_across_the_spring_change_keeps_its_step_in_elapsed_time():
    schedule = every_day("00:30-06:00", zone="Europe/Berlin")
    starts = offered(schedule, day="2026-03-28T23:00", until="2026-03-29T12:00")
    assert len(starts) == 9  # four and a half hours
    assert (starts[0], starts[-1]) == ("23:30", "03:30")


def test_a_range_across_the_autumn_change_is_an_hour_longer():
    schedule = every_day("00:30-06:00", zone="Europe/Berlin")
    starts = offered(schedule, day="2026-10-24T22:00", until="2026-10-25T12:00")
    assert len(starts) == 13  # six and a half hours
    assert (starts[0], starts[-1]) == ("22:30", "04:30")


def test_a_time_in_a_gap_lies_after_the_gap():
    schedule = every_day("02:30-04:00", zone="Europe/Berlin")
    assert offered(schedule, day="2026-03-29") == ["01:30"]  # 03:30 to 04:00 summer time


def test_a_range_that_a_gap_turns_around_is_empty():
    assert offered(every_day("02:30-03:15", zone="Europe/Berlin"), day="2026-03-29") == []


def test_a_range_that_a_gap_pushes_behind_a_later_one_is_still_in_order():
    schedule = every_day("02:00-02:50", "03:00-04:00", zone="Europe/Berlin")
    assert offered(schedule, day="2026-03-29") == ["01:00", "01:30"]
    late = every_day("02:40-02:59", "03:00-04:00", zone="Europe/Berlin")
    short = evolve(HALF_HOURS, duration=10, step=10)
    assert offered(late, short, day="2026-03-29") == [f"01:{ten}0" for ten in range(6)]


def test_an_ambiguous_time_is_the_first_one():
    schedule = every_day("02:30-03:00", zone="Europe/Berlin")
    assert offered(schedule, day="2026-10-25") == ["00:30", "01:00", "01:30"]
    assert offered(every_day("01:30-02:30", zone="Europe/Berlin"), day="2026-10-24T23:00") == [
        "23:30",
        "00:00",
    ]


def test_half_an_hour_of_summer_time_is_half_an_hour():
    schedule = every_day("01:00-03:00", zone="Australia/Lord_Howe")
    spring = offered(schedule, day="2026-10-03T14:00")  # 02:00 becomes 02:30
    autumn = offered(schedule, day="2026-04-04T13:00")  # 02:00 becomes 01:30
    assert (len(spring), len(autumn)) == (3, 5)


def test_midnight_that_does_not_exist_ends_and_starts_a_day():
    schedule = every_day("22:00-24:00", "00:00-02:00", zone="America/Sao_Paulo")
    starts = offered(schedule, day="2018-11-04T01:00", until="2018-11-04T12:00")
    assert starts == ["01:00", "01:30", "02:00", "02:30", "03:00", "03:30"]


def test_a_date_that_the_zone_skipped_has_no_hours():
    schedule = every_day("09:00-10:00", zone="Pacific/Apia")
    starts = offered(schedule, day="2011-12-29", until="2011-12-31")
    assert starts == ["19:00", "19:30"] * 2  # 09:00 of the 29th and, the next morning, of the 31st
    schedule = every_day("09:00-10:00", zone="Pacific/Kwajalein")
    assert len(offered(schedule, day="1993-08-20T12:00", until="1993-08-22T12:00")) == 4


def test_hours_reach_across_a_date_that_the_zone_skipped():
    schedule = Schedule("Pacific/Apia", {3: hours("23:00-01:00")})  # Thursday the 29th
    starts = offered(schedule, day="2011-12-30", until="2011-12-31")
    assert starts == ["09:00", "09:30", "10:00", "10:30"]


# ---- busy times and buffers -------------------------------------------------------------------


def test_a_busy_time_removes_what_it_overlaps_and_shifts_nothing():
    taken = [busy("09:40", "10:10")]
    assert offered(every_day("09:00-11:00"), taken=taken) == ["09:00", "10:30"]


def test_a_busy_time_that_touches_is_no_conflict():
    taken = [busy("08:00", "09:00"), busy("09:30", "10:00"), busy("10:30", "12:00")]
    assert offered(every_day("09:00-11:00"), taken=taken) == ["09:00", "10:00"]


def test_the_buffers_of_both_meetings_are_added():
    rules = evolve(HALF_HOURS, step=10, buffer_before=10, buffer_after=20)
    taken = [busy("12:00", "12:30", buffer_before=30, buffer_after=20)]
    starts = offered(every_day("10:00-15:00"), rules, taken)
    before, after = [t for t in starts if t < "12:00"], [t for t in starts if t > "12:00"]
    assert before[-1] == "10:40"  # ends 11:10, 20 after it, 30 before the other
    assert after[0] == "13:00"  # 20 after the other, 10 before it


def test_an_external_busy_time_only_meets_our_own_buffers():
    rules = evolve(HALF_HOURS, step=10, buffer_before=10, buffer_after=20)
    starts = offered(every_day("10:00-15:00"), rules, [busy("12:00", "12:30")])
    assert [t for t in starts if "11:00" < t < "13:00"] == ["11:10", "12:40", "12:50"]


def test_buffers_may_stick_out_of_hours_and_window():
    rules = evolve(HALF_HOURS, buffer_before=60, buffer_after=60)
    assert offered(every_day("09:00-09:30"), rules) == ["09:00"]
    assert offered(every_day("09:00-10:00"), rules, day=f"{DAY}T09:00", until=f"{DAY}T09:30")
    assert not offered(every_day("09:00-09:30"), rules, [busy("08:00", "08:01")])


def test_a_busy_time_with_seconds_is_widened_to_whole_minutes():
    rules = evolve(HALF_HOURS, duration=1, step=1)
    taken = [busy("09:01:30", "09:02:00.000001")]
    assert offered(every_day("09:00-09:05"), rules, taken) == ["09:00", "09:03", "09:04"]


def test_busy_times_may_come_in_any_order_and_overlap():
    taken = [busy("10:00", "10:30"), busy("09:00", "11:00"), busy("08:00", "08:30")]
    assert offered(every_day("08:00-12:00"), taken=taken) == ["08:30", "11:00", "11:30"]


# ---- group meetings ---------------------------------------------------------------------------


def seats(schedule, rules, taken):
    slots = open_slots(schedule, rules, taken, window(DAY, "2026-05-05"), LONG_AGO)
    return [(start[11:16], free) for start, _, free in slots.rendered()]


def test_a_group_meeting_with_free_seats_can_be_joined():
    rules = evolve(GROUPS, buffer_after=10)
    taken = [busy("09:30", "10:00", session_type="st_1", seats_taken=3, buffer_after=10)]
    assert seats(every_day("09:00-11:00"), rules, taken) == [("09:30", 2), ("10:30", 5)]


def test_seats_of_one_meeting_add_up_and_a_full_one_is_closed():
    part = busy("09:30", "10:00", session_type="st_1", seats_taken=2)
    assert ("09:30", 1) in seats(every_day("09:00-11:00"), GROUPS, [part, part])
    assert seats(every_day("09:00-10:30"), GROUPS, [part] * 3) == [("09:00", 5), ("10:00", 5)]


@pytest.mark.parametrize(
    "other",
    [
        busy("09:30", "10:00", session_type="st_2"),
        busy("09:30", "10:00"),
        busy("09:30", "10:00", session_type="st_1", solo=True),
        busy("09:30", "10:15", session_type="st_1"),
        busy("09:30:01", "10:00", session_type="st_1"),
    ],
)
def test_only_the_same_meeting_can_be_joined(other):
    assert "09:30" not in dict(seats(every_day("09:00-11:00"), GROUPS, [other]))


def test_a_group_meeting_that_another_entry_overlaps_cannot_be_joined():
    taken = [busy("09:30", "10:00", session_type="st_1"), busy("09:59", "10:00")]
    assert "09:30" not in dict(seats(every_day("09:00-11:00"), GROUPS, taken))


def test_a_meeting_for_one_is_never_joined():
    taken = [busy("09:30", "10:00", session_type="st_1", seats_taken=0)]
    assert offered(every_day("09:30-10:00"), taken=taken) == []


# ---- notice, horizon, daily limit -------------------------------------------------------------


def test_a_start_in_the_past_is_never_offered():
    schedule = every_day("09:00-11:00")
    assert offered(schedule, now=at(f"{DAY}T10:00")) == ["10:00", "10:30"]
    assert offered(schedule, now=at(f"{DAY}T10:00:00.000001")) == ["10:30"]


def test_a_start_keeps_the_minimum_notice():
    rules = evolve(HALF_HOURS, minimum_notice=60)
    schedule = every_day("09:00-11:00")
    assert offered(schedule, rules, now=at(f"{DAY}T09:00")) == ["10:00", "10:30"]
    assert offered(schedule, rules, now=at(f"{DAY}T09:00:30")) == ["10:30"]


def test_a_start_lies_before_the_horizon():
    rules = evolve(HALF_HOURS, horizon=60)
    schedule = every_day("09:00-11:00")
    assert offered(schedule, rules, now=at(f"{DAY}T09:00")) == ["09:00", "09:30"]
    assert offered(schedule, rules, now=at(f"{DAY}T09:00:30")) == ["09:30", "10:00"]


def test_a_date_that_reached_its_limit_offers_nothing_new():
    rules = evolve(HALF_HOURS, daily_limit=2)
    schedule = every_day("09:00-11:00", zone="America/New_York")
    mine = [busy(start, end, session_type="st_1") for start, end in (("03:00", "04:00"),)]
    late = busy("23:00", "23:30", session_type="st_1")
    assert len(offered(schedule, rules, [*mine, late])) == 4  # 03:00 is the evening before
    assert not offered(schedule, rules, [busy("04:00", "05:00", session_type="st_1"), late])
    assert len(offered(schedule, rules, [late, late, busy("05:00", "05:30")])) == 4


def test_a_group_meeting_can_be_joined_on_a_date_that_reached_its_limit():
    rules = evolve(GROUPS, daily_limit=1)
    taken = [busy("09:30", "10:00", session_type="st_1")]
    assert seats(every_day("09:00-11:00"), rules, taken) == [("09:30", 4)]


def test_a_local_date_that_comes_back_after_midnight_counts_as_one():
    # St John's set its clocks back at 00:01, so 2010-11-07 began twice.
    schedule = every_day("00:00-24:00", zone="America/St_Johns")
    rules = evolve(HALF_HOURS, duration=1, step=1, daily_limit=1)
    mine = [Busy(window("2010-11-07T12:00", "2010-11-07T12:30"), session_type="st_1")]
    starts = offered(schedule, rules, mine, day="2010-11-07T02:00", until="2010-11-07T04:00")
    # 02:30 was the first midnight; a minute later it was 23:01 of the 6th again, until 03:30
    assert "02:29" in starts
    assert "02:30" not in starts
    assert "02:31" in starts
    assert starts[-1] == "03:29"


# ---- the answer -------------------------------------------------------------------------------


def test_the_answer_is_a_sequence_of_slots():
    slots = open_slots(every_day("09:00-10:30"), GROUPS, (), window(DAY, "2026-05-06"), LONG_AGO)
    first = Slot(at(f"{DAY}T09:00"), at(f"{DAY}T09:30"))
    assert slots
    assert len(slots) == 6
    assert (slots[0].slot, slots[0].seats) == (first, 5)
    assert slots[-1].slot.start == at("2026-05-05T10:00")
    assert list(slots) == [slots[place] for place in range(6)] == list(slots[:])
    assert slots[1:3] == [slots[1], slots[2]]
    with pytest.raises(IndexError):
        slots[6]


def test_no_slots_are_an_empty_sequence():
    nothing = OpenSlots((), 30)
    assert not nothing
    assert list(nothing) == nothing.rendered() == []


@pytest.mark.parametrize(("length", "step"), [(30, 30), (45, 30), (60, 15), (1500, 700), (7, 11)])
def test_times_are_rendered_like_the_slots_across_days_and_years(length, step):
    rules = evolve(HALF_HOURS, duration=length, step=step)
    schedule = every_day("23:10-23:10", zone="Asia/Kathmandu")
    slots = open_slots(schedule, rules, (), window("2027-12-29", "2028-01-04"), LONG_AGO)
    assert slots.rendered() == [
        (*(f"{t:%Y-%m-%dT%H:%M:%SZ}" for t in (open_.slot.start, open_.slot.end)), open_.seats)
        for open_ in slots
    ]


def test_numbers_below_their_bounds_are_refused():
    for wrong in ("duration", "step", "capacity", "daily_limit"):
        with pytest.raises(ValueError, match=wrong):
            evolve(HALF_HOURS, **{wrong: 0})


# ---- the next start ---------------------------------------------------------------------------


def test_the_next_start_is_the_first_open_one_at_or_after_a_moment():
    schedule = every_day("09:00-10:00")
    assert next_start(schedule, HALF_HOURS, (), at(f"{DAY}T09:00"), LONG_AGO) == at(f"{DAY}T09:00")
    later = next_start(schedule, HALF_HOURS, (), at(f"{DAY}T09:30:01"), LONG_AGO)
    assert later == at("2026-05-05T09:00")
    assert later.tzinfo is UTC


def test_the_next_start_is_found_months_ahead_but_not_behind_the_horizon():
    schedule = Schedule("UTC", {}, {date(2027, 3, 1): hours("09:00-10:00")})
    ahead = at("2027-03-01T09:00") - at(DAY)
    minutes = int(ahead.total_seconds()) // 60
    near, far = (evolve(HALF_HOURS, horizon=horizon) for horizon in (minutes, minutes + 1))
    assert next_start(schedule, near, (), at(DAY), at(DAY)) is None
    assert next_start(schedule, far, (), at(DAY), at(DAY)) == at("2027-03-01T09:00")
    assert next_start(schedule, far, (), at("2030-01-01"), at(DAY)) is None


def test_a_naive_moment_is_refused():
    naive = datetime(2026, 5, 4)  # noqa: DTZ001
    with pytest.raises(InvalidRequest):
        next_start(every_day("09:00-10:00"), HALF_HOURS, (), naive, LONG_AGO)
    with pytest.raises(InvalidRequest):
        open_slots(every_day("09:00-10:00"), HALF_HOURS, (), window(DAY, "2026-05-05"), naive)
