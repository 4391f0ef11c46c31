"""How a builder is shown what its hours would open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from booking_core import DayRange, FoundSlots, Schedule, Slot, SlotRules
from booking_core.domain.availability import open_slots
from entrypoints.web.schedule_preview import OpenDay, Preview, shown_from

NOW = datetime(2026, 10, 24, 12, tzinfo=UTC)  # a Saturday; on Sunday clocks in Berlin go back
ZONE = "Europe/Berlin"


def preview(schedule: Schedule) -> Preview:
    window = shown_from(NOW, ZONE)
    rules = SlotRules("typ_1", duration=30, step=30, horizon=90 * 24 * 60)
    found = FoundSlots(open_slots(schedule, rules, (), window, NOW), None)
    return Preview.of(found, window, ZONE)


def test_four_weeks_are_shown_from_today_on() -> None:
    shown = preview(Schedule(ZONE))
    days = [each.day.isoformat() for week in shown.weeks for each in week]
    assert (days[0], days[-1], len(days)) == ("2026-10-24", "2026-11-20", 28)
    assert [len(week) for week in shown.weeks] == [2, 7, 7, 7, 5]
    assert shown.starts == 0


def test_a_day_names_the_stretches_in_which_sessions_fit() -> None:
    hours = (DayRange.parse("09:00", "12:15"), DayRange.parse("13:00", "14:00"))
    monday = preview(Schedule(ZONE, weekly={0: hours})).weeks[1][0]
    clocks = [(f"{each.start:%H:%M}", f"{each.end:%H:%M}") for each in monday.stretches]
    assert clocks == [("08:00", "11:00"), ("12:00", "13:00")]  # in UTC
    assert monday.starts == 8


def test_starts_that_lie_apart_are_stretches_of_their_own() -> None:
    slots = [Slot(NOW + place * timedelta(hours=1), NOW + timedelta(hours=place, minutes=30))
             for place in range(3)]  # fmt: skip
    assert len(OpenDay.of(NOW.date(), slots).stretches) == 3


def test_a_session_stands_on_the_local_date_of_its_start() -> None:
    late = preview(Schedule(ZONE, weekly={5: (DayRange.parse("23:00", "04:00"),)}))
    saturday, sunday = late.weeks[0]
    assert (saturday.starts, sunday.starts) == (2, 10)  # four hours, and one that is there twice
