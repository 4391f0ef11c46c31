"""Available times over any range, from windows that the account accepts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.calendly import CalendlyApi, CalendlyCalendar
from booking_core import NotFound, ProviderFailed, SessionType, TimeWindow
from booking_core.testing.examples import NOW, a_builder, a_session_type
from tests.integration.calendly.given import ELEVEN, TEN, offered_as, waiting
from tests.simulators.calendly import EventType, Fault, Simulator, User

BUILDER = a_builder()
DAY = timedelta(days=1)


def starts(
    calendar: CalendlyCalendar, session_type: SessionType, window: TimeWindow
) -> list[datetime]:
    found = calendar.open_slots(builder=BUILDER, session_type=session_type, window=window)
    return [each.slot.start for each in found]


def asked(sim: Simulator) -> list[timedelta]:
    """How wide the windows were that were asked for."""
    return [
        datetime.fromisoformat(call.query["end_time"])
        - datetime.fromisoformat(call.query["start_time"])
        for call in sim.calls_to("GET", "/event_type_available_times")
    ]


@pytest.mark.parametrize("days", [31, 7])
def test_62_days_are_answered_whatever_the_account_allows_at_once(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType, days: int
) -> None:
    sim.switches.window_days = days
    session_type = offered_as(advice, horizon=timedelta(days=100))
    window = TimeWindow(NOW + DAY, NOW + 63 * DAY)
    found = starts(calendar, session_type, window)
    weekdays = [NOW + n * DAY for n in range(1, 64) if (NOW + n * DAY).weekday() < 5]
    expected = [
        start
        for day in weekdays
        for hour in range(9, 17)
        if window.start <= (start := day.replace(hour=hour)) <= window.end - timedelta(hours=1)
    ]
    assert found == expected
    assert max(asked(sim)[-9:]) <= days * DAY


def test_a_narrow_account_is_remembered(
    calendar: CalendlyCalendar, sim: Simulator, session_type: SessionType
) -> None:
    sim.switches.window_days, sim.switches.details = 7, False
    starts(calendar, session_type, TimeWindow(NOW + DAY, NOW + 15 * DAY))
    before = len(asked(sim))
    starts(calendar, session_type, TimeWindow(NOW + DAY, NOW + 22 * DAY))
    assert [width <= 7 * DAY for width in asked(sim)[before:]] == [True] * 3


def test_another_refusal_does_not_narrow_the_account(
    calendar: CalendlyCalendar, sim: Simulator, session_type: SessionType
) -> None:
    sim.faults.order("GET /event_type_available_times", Fault.FORBIDDEN)
    window = TimeWindow(NOW + DAY, NOW + 15 * DAY)
    with pytest.raises(ProviderFailed):
        starts(calendar, session_type, window)
    starts(calendar, session_type, window)
    assert asked(sim) == [14 * DAY, 14 * DAY]


def test_now_is_asked_for_with_a_lead_and_the_past_not_at_all(
    calendar: CalendlyCalendar, sim: Simulator, session_type: SessionType
) -> None:
    assert starts(calendar, session_type, TimeWindow(NOW - 2 * DAY, NOW)) == []
    assert asked(sim) == []
    assert starts(calendar, session_type, TimeWindow(NOW - DAY, NOW + DAY))
    [call] = sim.calls_to("GET", "/event_type_available_times")
    assert call.status == 200
    assert datetime.fromisoformat(call.query["start_time"]) > NOW


def test_times_with_decimals_are_the_same_times(
    calendar: CalendlyCalendar, sim: Simulator, session_type: SessionType
) -> None:
    sim.switches.slot_decimals = True
    assert TEN.start in starts(calendar, session_type, TimeWindow(NOW, NOW + 3 * DAY))


def test_seats_of_a_group_are_told(calendar: CalendlyCalendar, sim: Simulator, host: User) -> None:
    course = sim.event_type(host, "Course", duration=60, kind="group", limit=5)
    calendar.ensure_booked(booking=waiting(course), slot=TEN)
    session_type = offered_as(course, capacity=4)
    window = TimeWindow(TEN.start, ELEVEN.end)
    found = calendar.open_slots(builder=BUILDER, session_type=session_type, window=window)
    assert [(each.slot.start.hour, each.seats) for each in found] == [(10, 4), (11, 4)]
    assert calendar.explain(builder=BUILDER, session_type=session_type, start=TEN.start).seats == 4


def test_notice_and_horizon_of_the_session_are_kept(
    calendar: CalendlyCalendar, advice: EventType
) -> None:
    session_type = offered_as(advice, minimum_notice=timedelta(hours=26), horizon=2 * DAY)
    found = starts(calendar, session_type, TimeWindow(NOW, NOW + 7 * DAY))
    assert found[0] == TEN.start
    assert found[-1] < NOW + 2 * DAY
    for start, code in [
        (NOW + timedelta(hours=2), "notice"),
        (NOW + 2 * DAY, "horizon"),
        (NOW - timedelta(minutes=1), "past"),
        (TEN.start + timedelta(minutes=10), "busy"),
    ]:
        told = calendar.explain(builder=BUILDER, session_type=session_type, start=start)
        assert [reason.code for reason in told.reasons] == [code]


def test_what_is_offered_is_explained_as_open_to_the_last_minute(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    last = NOW + 2 * DAY
    advice.slots = [last]
    sim.clock.advance(timedelta(seconds=30))
    session_type = offered_as(advice, horizon=2 * DAY)
    assert starts(calendar, session_type, TimeWindow(NOW, NOW + 7 * DAY)) == [last]
    assert calendar.explain(builder=BUILDER, session_type=session_type, start=last).is_open


def test_what_starts_within_a_minute_is_too_soon_and_not_taken(
    calendar: CalendlyCalendar, advice: EventType
) -> None:
    session_type = offered_as(advice, minimum_notice=timedelta(0))
    start = NOW + timedelta(seconds=30)
    told = calendar.explain(builder=BUILDER, session_type=session_type, start=start)
    assert [reason.code for reason in told.reasons] == ["notice"]


def test_the_next_start_may_be_months_ahead(calendar: CalendlyCalendar, advice: EventType) -> None:
    far = datetime(2026, 5, 20, 10, tzinfo=UTC)
    advice.slots = [far]
    session_type = offered_as(advice, horizon=100 * DAY)
    assert calendar.next_start(builder=BUILDER, session_type=session_type, after=NOW) == far
    soon = offered_as(advice, horizon=70 * DAY)
    assert calendar.next_start(builder=BUILDER, session_type=soon, after=NOW) is None


def test_answers_are_kept_for_a_moment(
    calendar: CalendlyCalendar, sim: Simulator, session_type: SessionType
) -> None:
    window = TimeWindow(NOW, NOW + 3 * DAY)
    assert starts(calendar, session_type, window) == starts(calendar, session_type, window)
    assert len(asked(sim)) == 1
    sim.clock.advance(timedelta(seconds=30))
    starts(calendar, session_type, window)
    assert len(asked(sim)) == 2


def test_a_booking_is_seen_at_once_by_all_sessions_of_the_host(
    calendar: CalendlyCalendar, sim: Simulator, host: User, advice: EventType
) -> None:
    other = offered_as(sim.event_type(host, "Other", duration=60, increment=60))
    window = TimeWindow(NOW, NOW + 3 * DAY)
    assert TEN.start in starts(calendar, other, window)
    calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    assert TEN.start not in starts(calendar, other, window)
    calendar.ensure_absent(booking=waiting(advice), slot=TEN)
    assert TEN.start in starts(calendar, other, window)


def test_an_event_that_was_found_is_seen_at_once(
    calendar: CalendlyCalendar, sim: Simulator, host: User, advice: EventType
) -> None:
    session_type, window = offered_as(advice), TimeWindow(NOW, NOW + 3 * DAY)
    starts(calendar, session_type, window)
    page = f"{sim.pages}/{host.slug}/{advice.slug}"
    invitee = sim.book_at(page, TEN.start, "Bo", "bo@example.test")
    calendar.find(event_uri=invitee.event.uri)
    assert TEN.start not in starts(calendar, session_type, window)


def test_a_slot_is_explained_by_what_holds_now(
    calendar: CalendlyCalendar, sim: Simulator, host: User, session_type: SessionType
) -> None:
    def explained() -> bool:
        return calendar.explain(builder=BUILDER, session_type=session_type, start=TEN.start).is_open

    window = TimeWindow(NOW, NOW + 3 * DAY)
    assert TEN.start in starts(calendar, session_type, window)
    assert explained()
    host.busy.append((TEN.start, TEN.end))
    assert not explained()
    assert TEN.start not in starts(calendar, session_type, window), "nor is it offered any more"


def test_who_names_events_that_are_not_there_costs_us_nothing_that_is_kept(
    calendar: CalendlyCalendar, sim: Simulator, session_type: SessionType
) -> None:
    window = TimeWindow(NOW, NOW + 3 * DAY)
    starts(calendar, session_type, window)
    with pytest.raises(NotFound):
        calendar.find(event_uri="https://api.calendly.com/scheduled_events/nothing")
    starts(calendar, session_type, window)
    assert len(asked(sim)) == 1


def test_a_place_whose_removal_was_not_answered_is_looked_up_anew(
    calendar: CalendlyCalendar,
    sim: Simulator,
    advice: EventType,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    booking, window = waiting(advice), TimeWindow(NOW, NOW + 3 * DAY)
    cancel = CalendlyApi.cancel

    def and_then_nothing_answers(*given: Any, **said: Any) -> None:
        sim.faults.order("GET /scheduled_events/*", Fault.ERROR_500, times=9)
        cancel(*given, **said)

    monkeypatch.setattr(CalendlyApi, "cancel", and_then_nothing_answers)
    calendar.ensure_booked(booking=booking, slot=TEN)
    assert TEN.start not in starts(calendar, offered_as(advice), window)
    sim.faults.order("POST */cancellation", Fault.DROP_AFTER)
    with pytest.raises(ProviderFailed):
        calendar.ensure_absent(booking=booking, slot=TEN)
    sim.faults.clear()
    assert TEN.start in starts(calendar, offered_as(advice), window)


@pytest.mark.parametrize("ref", [None, "https://calendar.test/types/1"])
def test_a_session_that_is_not_connected_says_what_to_do(
    calendar: CalendlyCalendar, ref: str | None
) -> None:
    from booking_core import CalendarRef

    session_type = a_session_type(calendar_ref=ref and CalendarRef("1", ref))
    with pytest.raises(ProviderFailed, match="event type"):
        calendar.open_slots(
            builder=BUILDER, session_type=session_type, window=TimeWindow(NOW, NOW + DAY)
        )
