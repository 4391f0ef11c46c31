"""Why a start is not offered: every reason by example, in words that a builder can use."""

from datetime import UTC, date, datetime, timedelta

import pytest
from attrs import evolve

from booking_core.domain.availability import Busy, SlotRules
from booking_core.domain.explanation import explain
from booking_core.domain.schedule import DayRange, Schedule, TimeOff
from booking_core.domain.time import TimeWindow

DAY = 24 * 60
RULES = SlotRules("st_1", duration=30, step=30, minimum_notice=60, horizon=30 * DAY)
NOW = datetime(2026, 5, 4, 6, tzinfo=UTC)  # Monday, 08:00 in Berlin
MORNING = (DayRange.parse("09:00", "12:00"),)
HOLIDAY = TimeOff(
    TimeWindow(datetime(2026, 5, 11, tzinfo=UTC), datetime(2026, 5, 13, tzinfo=UTC)), "holiday"
)
SCHEDULE = Schedule(
    "Europe/Berlin",
    dict.fromkeys(range(5), MORNING),
    {date(2026, 5, 7): (), date(2026, 5, 9): (DayRange.parse("10:00", "11:00"),)},
    (HOLIDAY,),
)


def at(text):
    """A time on the clock of Berlin in the summer of 2026."""
    return datetime.fromisoformat(f"{text}:00+02:00")


def reasons(start, busy=(), now=NOW, **changes):
    answer = explain(SCHEDULE, evolve(RULES, **changes), busy, at(start), now)
    assert answer.is_open == (not answer.reasons) == (answer.seats > 0)
    return {reason.code: reason.message for reason in answer.reasons}


def taken(start, minutes=30, **more):
    window = TimeWindow(at(start), at(start) + timedelta(minutes=minutes))
    return Busy(window, **{"what": "booking bkg_1", **more})


def test_an_open_start_has_no_reason_against_it():
    answer = explain(SCHEDULE, evolve(RULES, capacity=4), (), at("2026-05-05T09:00"), NOW)
    assert answer.is_open
    assert (answer.start, answer.seats) == (datetime(2026, 5, 5, 7, tzinfo=UTC), 4)


@pytest.mark.parametrize(
    ("start", "code", "message"),
    [
        ("2026-05-01T09:00", "past", "The start lies in the past."),
        (
            "2026-06-03T09:00",
            "horizon",
            "The start is too far off: bookings open 30 days ahead.",
        ),
        ("2026-05-10T09:00", "closed_day", "Sunday is not a working day."),
        ("2026-05-07T09:00", "override", "An exception sets the hours of 2026-05-07: closed."),
        (
            "2026-05-09T11:00",
            "override",
            "An exception sets the hours of 2026-05-09: 10:00-11:00.",
        ),
        (
            "2026-05-05T11:45",
            "outside_hours",
            "The slot is not inside the hours of Tuesday: 09:00-12:00.",
        ),
        (
            "2026-05-05T09:10",
            "off_grid",
            "No slot starts then; the nearest starts are 2026-05-05 09:00 and 2026-05-05 09:30.",
        ),
        (
            "2026-05-12T09:00",
            "time_off",
            "Time off (holiday) from 2026-05-11 02:00 to 2026-05-13 02:00.",
        ),
    ],
)
def test_a_reason_is_a_code_and_a_sentence(start, code, message):
    assert reasons(start) == {code: message}


def test_too_short_a_notice_is_named_with_its_length():
    now = datetime(2026, 5, 5, 6, 30, tzinfo=UTC)
    message = "The start is too soon: this session needs {} of notice."
    assert reasons("2026-05-05T09:00", now=now) == {"notice": message.format("1 hour")}
    longer = reasons("2026-05-05T09:00", now=now, minimum_notice=90)
    assert longer == {"notice": message.format("90 minutes")}


def test_a_session_without_a_horizon_is_never_open():
    assert "horizon" in reasons("2026-05-05T09:00", horizon=0)


def test_a_start_between_two_minutes_is_off_the_grid():
    start = at("2026-05-05T09:00") + timedelta(seconds=1)
    answer = explain(SCHEDULE, RULES, (), start, NOW)
    assert [reason.code for reason in answer.reasons] == ["off_grid"]


def test_a_busy_time_is_named():
    found = reasons("2026-05-05T09:00", [taken("2026-05-05T09:15")])
    assert found == {
        "busy": "The builder is taken: booking bkg_1 from 2026-05-05 09:15 to 2026-05-05 09:45."
    }
    nameless = [taken("2026-05-05T09:15", what="")]
    assert "another entry" in reasons("2026-05-05T09:00", nameless)["busy"]


def test_a_meeting_that_only_the_buffers_reach_is_named_as_such():
    next_to = [taken("2026-05-05T09:30", buffer_before=5)]
    assert reasons("2026-05-05T09:00", next_to) == {
        "buffer": "The buffers do not leave room next to booking bkg_1"
        " from 2026-05-05 09:30 to 2026-05-05 10:00."
    }
    assert list(reasons("2026-05-05T10:00", next_to, buffer_before=1)) == ["buffer"]
    assert not reasons("2026-05-05T10:00", next_to)


def test_a_group_meeting_is_open_until_its_seats_are_taken():
    some, rest = (taken("2026-05-05T09:00", session_type="st_1", seats_taken=n) for n in (3, 1))
    answer = explain(SCHEDULE, evolve(RULES, capacity=4), [some], at("2026-05-05T09:00"), NOW)
    assert (answer.is_open, answer.seats) == (True, 1)
    found = reasons("2026-05-05T09:00", [some, rest], capacity=4)
    assert found == {"full": "All 4 seats are taken."}


def test_a_meeting_of_one_alone_is_busy_and_not_full():
    alone = taken("2026-05-05T09:00", session_type="st_1", solo=True)
    assert list(reasons("2026-05-05T09:00", [alone], capacity=4)) == ["busy"]


def test_a_full_day_is_named_with_its_count_but_meetings_can_be_joined():
    mine = [taken("2026-05-05T11:00", session_type="st_1")]
    found = reasons("2026-05-05T09:00", mine, daily_limit=1)
    assert found == {"daily_limit": "That day has 1 of these meetings; the limit is 1."}
    assert not reasons("2026-05-05T11:00", mine, daily_limit=1, capacity=2)


def test_all_reasons_are_given_at_once():
    busy = [taken("2026-05-12T20:00"), taken("2026-05-12T20:30", session_type="st_1")]
    found = reasons("2026-05-12T20:00", busy, buffer_after=5, daily_limit=1, horizon=DAY)
    assert list(found) == ["horizon", "outside_hours", "time_off", "busy", "buffer", "daily_limit"]
