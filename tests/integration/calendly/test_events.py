"""What became of a booking's events at Calendly, and taking them away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import request

from adapters.calendly import CalendlyCalendar
from booking_core import (
    Booking,
    CalendarEvent,
    ProviderFailed,
    Slot,
    StandingEvent,
)
from booking_core.testing.examples import a_slot
from tests.integration.calendly.conftest import Connect
from tests.integration.calendly.given import ELEVEN, TAG, TEN, waiting
from tests.simulators.calendly import EventType, Fault, Simulator, User

NOON = a_slot(hour=12)


def told(event: StandingEvent) -> tuple[str, Slot, Slot | None, bool]:
    return event.event.event_id, event.slot, event.moved_from, event.cancelled


@pytest.fixture
def booked(calendar: CalendlyCalendar, advice: EventType) -> Booking:
    booking = waiting(advice)
    booking.calendar_booked(calendar.ensure_booked(booking=booking, slot=TEN))
    return booking


# ---- moved and cancelled there ---------------------------------------------------------------------


@pytest.mark.parametrize("tracked", [True, False])
def test_an_event_that_the_client_moved_comes_with_its_new_time_and_not_as_cancelled(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking, tracked: bool
) -> None:
    sim.switches.tracking_follows = tracked
    sim.reschedule(sim.invitees()[0], ELEVEN.start)
    new = sim.events("active")[0]
    [found] = calendar.events(booking=booked)
    assert told(found) == (new.id, ELEVEN, TEN, False)
    assert found.event.invitee_uri == new.invitees[0].uri


def test_an_event_that_was_moved_twice_comes_once_for_each_slot_that_it_had(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking
) -> None:
    second = sim.reschedule(sim.invitees()[0], ELEVEN.start)
    third = sim.reschedule(second, NOON.start)
    assert [told(each) for each in calendar.events(booking=booked)] == [
        (third.event.id, NOON, TEN, False),
        (third.event.id, NOON, ELEVEN, False),
    ]


def test_an_event_that_was_moved_and_then_cancelled_is_cancelled(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking
) -> None:
    second = sim.reschedule(sim.invitees()[0], ELEVEN.start)
    sim.cancel(second, by="invitee")
    [found] = calendar.events(booking=booked)
    assert told(found) == (second.event.id, ELEVEN, TEN, True)


def test_an_event_that_was_moved_back_stands_where_it_did(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking
) -> None:
    second = sim.reschedule(sim.invitees()[0], ELEVEN.start)
    third = sim.reschedule(second, TEN.start)
    assert {told(each) for each in calendar.events(booking=booked)} == {
        (third.event.id, TEN, TEN, False),
        (third.event.id, TEN, ELEVEN, False),
    }


@pytest.mark.parametrize("by", ["host", "invitee"])
def test_an_event_that_was_cancelled_there_is_told_so(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking, by: str
) -> None:
    sim.cancel(sim.invitees()[0], by=by, reason="ill")  # type: ignore[arg-type]
    cancelled_at = sim.clock.now()
    sim.clock.advance(timedelta(hours=1))
    [found] = calendar.events(booking=booked)
    assert (found.cancelled, found.slot, found.cancelled_at) == (True, TEN, cancelled_at)


def test_a_move_that_is_told_only_half_is_waited_for(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking
) -> None:
    """Else the old time would be booked again, or the booking cancelled."""
    [old] = sim.invitees()
    sim.reschedule(old, ELEVEN.start)
    sim.switches.tracking_follows, old.new_invitee = False, None
    sim.invitees()[1].tracking = dict.fromkeys(old.tracking)
    with pytest.raises(ProviderFailed) as failed:
        calendar.events(booking=booked)
    assert failed.value.retry_after is not None


def test_who_did_not_come_is_told(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking
) -> None:
    sim.mark_no_show(sim.invitees()[0])
    assert calendar.events(booking=booked)[0].no_show


# ---- whose they are --------------------------------------------------------------------------------


def test_an_event_that_was_placed_with_another_address_is_found_by_its_own_address(
    calendar: CalendlyCalendar, sim: Simulator, host: User, advice: EventType
) -> None:
    link = calendar.scheduling_link(  # type: ignore[arg-type]
        builder=None, session_type=None, booking=waiting(advice)
    )
    invitee = sim.book_at(link.url, TEN.start, email="another@example.org")
    assert calendar.events(booking=waiting(advice)) == []
    booking = waiting(advice)
    booking.calendar_booked(
        CalendarEvent(host.uri, invitee.event.id, invitee.event.uri, invitee.uri)
    )
    moved = sim.reschedule(invitee, ELEVEN.start)
    [found] = calendar.events(booking=booking)
    assert told(found) == (moved.event.id, ELEVEN, TEN, False)


def test_an_event_of_ours_that_this_account_does_not_know_is_an_error(
    connect: Connect, sim: Simulator, booked: Booking
) -> None:
    """With a wrong token everything would seem to be gone, and would be booked again."""
    stranger = connect(sim.token(sim.user("Eve Host")))
    with pytest.raises(ProviderFailed):
        stranger.events(booking=booked)


def test_an_event_of_another_calendar_is_none_of_ours(
    calendar: CalendlyCalendar, advice: EventType
) -> None:
    booking = waiting(advice)
    booking.calendar_booked(CalendarEvent("memory", "e1", "https://calendar.test/events/e1"))
    with pytest.raises(ProviderFailed) as failed:
        calendar.events(booking=booking)
    assert not failed.value.retryable


def test_others_with_the_same_address_are_not_ours(
    calendar: CalendlyCalendar, advice: EventType, booked: Booking
) -> None:
    other = waiting(advice, ELEVEN, id="bkg_2")
    calendar.ensure_booked(booking=other, slot=ELEVEN)
    [found] = calendar.events(booking=booked)
    assert (found.slot, found.tag) == (TEN, TAG)


def test_many_events_of_one_client_are_all_looked_at(
    calendar: CalendlyCalendar, sim: Simulator, host: User, booked: Booking
) -> None:
    sim.limits.on = False
    short = sim.event_type(host, "Short", duration=5, increment=5)
    page = f"{sim.pages}/{host.slug}/{short.slug}"
    for number in range(105):
        start = TEN.end + timedelta(days=1 + 7 * (number // 84), minutes=5 * (number % 84) - 120)
        sim.book_at(page, start, "Grace", "grace@example.org")
    assert [told(each)[1] for each in calendar.events(booking=booked)] == [TEN]
    assert len(sim.calls_to("GET", "/scheduled_events")) >= 2, "more than one page"


def test_a_length_that_was_changed_there_does_not_make_it_another_slot(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    booking = waiting(advice)
    sim.change(advice, duration=45)
    calendar.ensure_booked(booking=booking, slot=TEN)
    assert [each.slot for each in calendar.events(booking=booking)] == [TEN]


# ---- taking away -----------------------------------------------------------------------------------


def test_taking_away_twice_or_what_is_cancelled_is_harmless(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking
) -> None:
    for _ in range(2):
        calendar.ensure_absent(booking=booked, slot=TEN)
    assert [each.status for each in sim.events()] == ["canceled"]


def test_one_that_is_cancelled_at_the_same_moment_is_gone_as_well(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking
) -> None:
    [invitee] = sim.invitees()

    def cancel_first(moment: str) -> None:
        if request.path.endswith("/cancellation") and invitee.status == "active":
            sim.cancel(invitee, by="invitee")

    sim.watch = cancel_first
    calendar.ensure_absent(booking=booked, slot=TEN)
    [call] = [each for each in sim.calls if each.path.endswith("/cancellation")]
    assert call.status == 403


def test_where_a_reason_is_refused_it_is_done_without_one(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking
) -> None:
    sim.switches.cancel_reason = False
    calendar.ensure_absent(booking=booked, slot=TEN)
    assert sim.events("active") == []
    bodies = [each.body for each in sim.calls if each.path.endswith("/cancellation")]
    assert [sorted(each) for each in bodies] == [["reason"], []]


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.EMPTY_AFTER])
def test_a_cancellation_whose_answer_is_lost_is_seen(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking, fault: Fault
) -> None:
    sim.faults.order("POST */cancellation", fault)
    calendar.ensure_absent(booking=booked, slot=TEN)
    assert sim.events("active") == []


@pytest.mark.parametrize("fault", [Fault.DROP_BEFORE, Fault.ERROR_500, Fault.FORBIDDEN])
def test_a_cancellation_that_did_not_happen_is_no_success(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking, fault: Fault
) -> None:
    sim.faults.order("POST */cancellation", fault)
    with pytest.raises(ProviderFailed):
        calendar.ensure_absent(booking=booked, slot=TEN)


def test_a_missing_scope_is_not_taken_for_a_cancelled_event(
    connect: Connect, sim: Simulator, host: User, booked: Booking
) -> None:
    scopes = ["users:read", "event_types:read", "scheduled_events:read"]
    reading = connect(sim.token(host, scopes))
    with pytest.raises(ProviderFailed, match="scheduled_events:write"):
        reading.ensure_absent(booking=booked, slot=TEN)


def test_an_event_that_began_is_left(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking
) -> None:
    sim.clock.freeze(TEN.start + timedelta(minutes=1))
    calendar.ensure_absent(booking=booked, slot=TEN)
    assert [each.status for each in sim.events()] == ["active"]


def test_an_event_in_which_others_sit_is_never_cancelled(
    calendar: CalendlyCalendar, sim: Simulator, host: User
) -> None:
    course = sim.event_type(host, "Course", duration=60, kind="group", limit=3)
    booking, other = waiting(course), waiting(course, id="bkg_2")
    calendar.ensure_booked(booking=booking, slot=TEN)
    calendar.ensure_booked(booking=other, slot=TEN)
    ours, theirs = sim.invitees()
    with pytest.raises(ProviderFailed) as failed:
        calendar.ensure_absent(booking=booking, slot=TEN)
    assert not failed.value.retryable
    assert f"/cancellations/{ours.id}" in failed.value.message
    sim.cancel(ours, by="invitee")
    calendar.ensure_absent(booking=booking, slot=TEN)
    assert theirs.status == "active"
    calendar.ensure_absent(booking=other, slot=TEN)
    assert sim.events("active") == [], "who is alone in it takes it along"


# ---- who did not come ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 403, 409])
def test_a_no_show_that_the_host_marked_meanwhile_is_marked(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking, status: int
) -> None:
    [invitee] = sim.invitees()
    sim.switches.no_show_again = status

    def mark_first(moment: str) -> None:
        if request.path == "/invitee_no_shows" and invitee.no_show is None:
            sim.mark_no_show(invitee)

    sim.watch = mark_first
    calendar.mark_no_show(booking=booked)
    assert [each.status for each in sim.calls_to("POST", "/invitee_no_shows")] == [status]


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.EMPTY_AFTER])
def test_a_mark_whose_answer_is_lost_is_seen(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking, fault: Fault
) -> None:
    sim.faults.order("POST /invitee_no_shows", fault)
    calendar.mark_no_show(booking=booked)
    sim.faults.order("DELETE /invitee_no_shows/*", fault)
    calendar.undo_no_show(booking=booked)
    assert sim.invitees()[0].no_show is None


def test_a_mark_that_was_not_made_is_an_error(
    calendar: CalendlyCalendar, sim: Simulator, booked: Booking
) -> None:
    sim.faults.order("POST /invitee_no_shows", Fault.FORBIDDEN)
    with pytest.raises(ProviderFailed):
        calendar.mark_no_show(booking=booked)


def test_a_booking_that_has_no_address_of_its_event_is_marked_where_its_tag_is(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    booking = waiting(advice)
    calendar.ensure_booked(booking=booking, slot=TEN)
    calendar.mark_no_show(booking=booking)
    assert sim.invitees()[0].no_show is not None


def test_a_booking_without_any_event_cannot_be_marked(
    calendar: CalendlyCalendar, advice: EventType
) -> None:
    with pytest.raises(ProviderFailed):
        calendar.mark_no_show(booking=waiting(advice))
