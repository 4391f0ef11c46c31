"""A builder's hours as fields: what is shown is what is read, and what is typed wrong is told there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from booking_core import DayRange, InvalidRequest, Schedule, TimeOff, TimeWindow
from entrypoints.web.schedule_form import WEEK, Absence, ScheduleForm

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NEW = Schedule("Europe/Berlin")


def fields(form: ScheduleForm) -> MultiDict[str, str]:
    """What a browser sends of the page that shows the form."""
    sent = [("timezone", form.timezone)]
    for block in [*WEEK, *form.dates]:
        sent += [(block, form.dates[block])] if block in form.dates else []
        for start, end in form.hours[block]:
            sent += [(f"{block}-start", start), (f"{block}-end", end)]
    for away in form.away:
        for name in ("first", "begins", "last", "ends", "reason"):
            sent.append((f"away-{name}", getattr(away, name)))
    return MultiDict(sent)


def typed(**given: Any) -> ScheduleForm:
    week: dict[str, tuple[tuple[str, str], ...]] = dict.fromkeys(WEEK, ())
    hours = {name.replace("_", "-"): each for name, each in given.pop("hours", {}).items()}
    given = {"timezone": "Europe/Berlin", "dates": {}, "away": ()} | given
    return ScheduleForm(hours=week | hours, **given)


def meant(form: ScheduleForm, kept: Schedule = NEW) -> Schedule:
    return form.in_order().schedule(kept, NOW)


def wrong(form: ScheduleForm) -> list[str]:
    with pytest.raises(InvalidRequest) as refused:
        meant(form)
    return [each.pointer for each in refused.value.errors]


# ---- what is shown is what is read ---------------------------------------------------------------

_ranges = st.integers(0, 1439).flatmap(
    lambda start: st.builds(DayRange, st.just(start), st.integers(start + 1, start + 1440))
)


def _apart(ranges: list[DayRange]) -> tuple[DayRange, ...]:
    """Those of them that do not overlap one before."""
    kept: list[DayRange] = []
    for each in sorted(ranges):
        if not kept or kept[-1].end <= each.start:
            kept.append(each)
    return tuple(kept)


_hours = st.lists(_ranges, max_size=3).map(_apart)
_moments = st.timedeltas(timedelta(days=-2_000), timedelta(days=2_000)).map(lambda ago: NOW - ago)
_lengths = st.timedeltas(timedelta(minutes=1), timedelta(days=40))
# Where the clock is put back, at midnight in some places.
_edges = st.sampled_from(
    [datetime(2027, 10, 31, hour, minute, tzinfo=UTC) for hour in (0, 1) for minute in (0, 30)]
    + [datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2026, 12, 24, 23, tzinfo=UTC)]
)
_absences = st.builds(
    lambda start, length, reason: TimeOff(TimeWindow(start, start + length), reason),
    _moments | _edges,
    _lengths | st.sampled_from([timedelta(days=1), timedelta(hours=1)]),
    st.sampled_from(["", "Away", "<b>Hut</b> & 'Meer'"]),
)
_schedules = st.builds(
    Schedule,
    st.sampled_from(
        ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/Havana", "Pacific/Apia", "Asia/Beirut"]
    ),
    st.dictionaries(st.integers(0, 6), _hours),
    st.dictionaries(st.dates(date(2026, 11, 1), date(2027, 12, 31)), _hours, max_size=4),
    st.lists(_absences, max_size=3),
)


@settings(max_examples=30, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(_schedules)
def test_what_is_shown_is_read_as_the_same_schedule(schedule: Schedule) -> None:
    form = ScheduleForm.of(schedule, NOW)
    read = ScheduleForm.read(fields(form))
    assert read == form
    assert read.in_order().schedule(schedule, NOW) == schedule


def test_what_is_over_is_not_shown_and_is_kept() -> None:
    nine = (DayRange.parse("09:00", "10:00"),)
    away = TimeOff(TimeWindow(NOW - timedelta(days=9), NOW - timedelta(days=8)))
    kept = evolve(NEW, overrides={date(2026, 11, 20): nine}, time_off=[away])
    form = ScheduleForm.of(kept, NOW)
    assert (form.dates, form.away) == ({}, ())
    later = evolve(form, hours={**form.hours, "day-0": (("09:00", "10:00"),)})
    assert meant(later, kept) == evolve(kept, weekly={0: nine})


def test_whole_days_have_no_clock_times() -> None:
    away = Absence("2026-12-24", "", "2027-01-02", "", "Sea")
    [off] = meant(typed(away=(away,))).time_off
    assert off.window.start == datetime(2026, 12, 23, 23, tzinfo=UTC)
    assert off.window.end == datetime(2027, 1, 2, 23, tzinfo=UTC)
    assert ScheduleForm.of(evolve(NEW, time_off=[off]), NOW).away == (away,)
    [day] = meant(typed(away=(Absence("2026-12-24"),))).time_off
    assert day.window.length == timedelta(days=1)


def test_rows_that_hold_nothing_are_passed_over_and_the_others_sorted() -> None:
    hours = {"day_0": (("13:00", "17:00"), ("", ""), ("09:00", "12:00"))}
    form = typed(hours=hours, away=(Absence(),)).in_order()
    assert form.hours["day-0"] == (("09:00", "12:00"), ("13:00", "17:00"))
    assert form.away == ()


# ---- what is wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        ({"timezone": "Mars"}, ["timezone"]),
        ({"hours": {"day_0": (("09:00", ""),)}}, ["day-0-0-end"]),
        ({"hours": {"day_6": (("9", "25:00"),)}}, ["day-6-0-start", "day-6-0-end"]),
        (
            {"hours": {"day_2": (("13:00", "17:00"), ("09:00", "14:00"))}},
            ["day-2-1-start"],
        ),
        ({"dates": {"date-0": ""}, "hours": {"date-0": (("09:00", "10:00"),)}}, ["date-0"]),
        ({"dates": {"date-0": "9999-12-31"}, "hours": {"date-0": ()}}, ["date-0"]),
        (
            {
                "dates": {"date-0": "2026-12-24", "date-1": "2026-12-24"},
                "hours": {"date-0": (), "date-1": ()},
            },
            ["date-1"],
        ),
        (
            {
                "dates": {"date-3": "2026-12-24"},
                "hours": {"date-3": (("09:00", "12:00"), ("11:00", "13:00"))},
            },
            ["date-0-1-start"],
        ),
        ({"away": (Absence(reason="Sea"),)}, ["away-0-first", "away-0-last"]),
        ({"away": (Absence("2026-12-24", "noon", "2026-12-25"),)}, ["away-0-begins"]),
        ({"away": (Absence("2026-12-24", "", "2026-12-25", "25:00"),)}, ["away-0-ends"]),
        ({"away": (Absence("2026-12-24", "", "2026-12-23"),)}, ["away-0-last"]),
        ({"away": (Absence("2026-12-24", "", "", "", "x" * 301),)}, ["away-0-reason"]),
        ({"away": (Absence("2026-12-24", "", "", "", "a\x07b"),)}, ["away-0-reason"]),
    ],
    ids=range(14),
)
def test_what_is_typed_wrong_is_told_by_its_field(given: Any, fields: list[str]) -> None:
    assert wrong(typed(**given)) == fields


def test_all_that_is_wrong_is_told_at_once() -> None:
    form = typed(timezone="Mars", hours={"day_0": (("", "x"),)}, away=(Absence(last="x"),))
    assert wrong(form) == [
        "timezone", "day-0-0-start", "day-0-0-end", "away-0-first", "away-0-last"
    ]  # fmt: skip


# ---- rows that come and go -----------------------------------------------------------------------


def test_rows_are_added_and_removed() -> None:
    form = typed().edited("add day-0").edited("add day-0")
    assert form.hours["day-0"] == (("09:00", "17:00"), ("", ""))
    assert form.edited("remove day-0 0").hours["day-0"] == (("", ""),)
    form = form.edited("add date").edited("add date").edited("add date-1")
    assert form.dates == {"date-0": "", "date-1": ""}
    assert form.edited("remove date-0").hours["date-0"] == (("09:00", "17:00"),)
    assert form.edited("add away").edited("add away").edited("remove away 1").away == (Absence(),)


@pytest.mark.parametrize(
    "step",
    ["", "add", "add day-7", "remove day-0", "remove day-0 9", "remove date-0", "remove away x"],
)
def test_a_step_that_there_is_not_changes_nothing(step: str) -> None:
    form = typed(hours={"day_0": (("09:00", "17:00"),)}, away=(Absence("2026-12-24"),))
    assert form.edited(step) == form


def test_a_form_that_somebody_made_up_is_read_as_far_as_it_goes() -> None:
    given = [
        ("day-0-start", "09:00"),
        ("date-x", "1"),
        ("date-7", "2026-12-24"),
        ("away-last", "x"),
    ]
    form = ScheduleForm.read(MultiDict(given))
    assert form.hours["day-0"] == (("09:00", ""),)
    assert form.dates == {"date-7": "2026-12-24"}
    assert form.away == (Absence(last="x"),)
    assert form.timezone == ""


def test_there_is_an_end_to_the_rows_that_can_be_added() -> None:
    form = typed()
    while not form.full:
        form = form.edited("add away")
    assert 100 < len(form.away) < 200
    assert len(list(fields(form).items(multi=True))) < 1_000
