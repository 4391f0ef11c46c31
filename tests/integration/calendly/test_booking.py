"""Booking directly: what is asked for, what is read back, and what is never done twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve
from flask import request

from adapters.calendly import CalendlyCalendar
from adapters.calendly.api import CalendlyApi
from adapters.calendly.records import Invitee
from booking_core import (
    Answer,
    Details,
    LinkNeeded,
    Location,
    LocationKind,
    ProviderFailed,
    SlotUnavailable,
)
from booking_core.testing.examples import a_builder
from tests.integration.calendly.conftest import Connect
from tests.integration.calendly.given import (
    ELEVEN,
    TAG,
    TEN,
    a_contact,
    answers,
    offered_as,
    waiting,
)
from tests.simulators.calendly import EventType, Fault, Place, Question, Simulator, User

UNKNOWN_OUTCOMES = [Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.EMPTY_AFTER]
GUESTS = ("bea@example.test", "cy@example.test")
NOT_DONE = [Fault.DROP_BEFORE, Fault.ERROR_500, Fault.BAD_GATEWAY]


def posts(sim: Simulator) -> list[dict]:
    return [call.body for call in sim.calls_to("POST", "/invitees")]


# ---- what is asked for -----------------------------------------------------------------------------


def test_the_body_says_who_when_and_whose_booking_it_is(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    assert posts(sim) == [
        {
            "event_type": advice.uri,
            "start_time": "2026-03-03T10:00:00Z",
            "invitee": {
                "name": "Grace Murray",
                "email": "grace@example.org",
                "timezone": "America/New_York",
            },
            "tracking": {
                "utm_source": "booking-core",
                "utm_medium": None,
                "utm_campaign": None,
                "utm_content": "bkg_1",
                "utm_term": None,
                "salesforce_uuid": TAG,
            },
        }
    ]


def test_a_client_whose_zone_is_not_known_is_told_times_in_the_builders(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    booking = waiting(advice)
    booking.client = type(booking.client)(a_contact(timezone=None))
    calendar.ensure_booked(booking=booking, slot=TEN)
    assert posts(sim)[0]["invitee"]["timezone"] == "Europe/Berlin"


def test_the_answer_says_where_the_event_stands_and_in_whose_account(
    calendar: CalendlyCalendar, sim: Simulator, host: User, advice: EventType
) -> None:
    found = calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    [event], [invitee] = sim.events(), sim.invitees()
    assert (found.account, found.event_id) == (host.uri, event.id)
    assert (found.event_uri, found.invitee_uri) == (event.uri, invitee.uri)
    assert (event.start, event.end) == (TEN.start, TEN.end)


@pytest.mark.parametrize(
    ("places", "ours", "sent"),
    [
        ([Place("zoom_conference")], Location(), {"kind": "zoom_conference"}),
        (
            [Place("physical", "Main Street 1"), Place("google_conference")],
            Location(LocationKind.VIDEO),
            {"kind": "google_conference"},
        ),
        (
            [Place("physical", "Main Street 1"), Place("physical", "Side Street 2")],
            Location(LocationKind.ADDRESS),
            {"kind": "physical", "location": "Main Street 1"},
        ),
        (
            [Place("physical", "Main Street 1"), Place("physical", "Side Street 2")],
            Location(LocationKind.ADDRESS, "Side Street 2"),
            {"kind": "physical", "location": "Side Street 2"},
        ),
        (
            [Place("physical", "Main Street 1"), Place("physical", "Side\tStreet 2")],
            Location(LocationKind.ADDRESS, "Side Street 2"),
            {"kind": "physical", "location": "Side\tStreet 2"},
        ),
        (
            [Place("ask_invitee"), Place("google_conference")],
            Location(),
            {"kind": "google_conference"},
        ),
        (
            [Place("ask_invitee")],
            Location(LocationKind.ASK_CLIENT, "at my office"),
            {"kind": "ask_invitee", "location": "at my office"},
        ),
        (
            [Place("custom", "https://meet.example/ana")],
            Location(),
            {"kind": "custom", "location": "https://meet.example/ana"},
        ),
        (
            [Place("inbound_call", phone_number="+49301234567")],
            Location(LocationKind.PHONE),
            {"kind": "inbound_call"},
        ),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_a_place_that_is_offered_is_chosen(
    calendar: CalendlyCalendar,
    sim: Simulator,
    advice: EventType,
    places: list[Place],
    ours: Location,
    sent: dict,
) -> None:
    advice.places = places
    booking = waiting(advice, details=Details(location=ours))
    calendar.ensure_booked(booking=booking, slot=TEN)
    assert posts(sim)[0]["location"] == sent


def test_the_client_is_called_under_the_number_that_was_asked_for(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    advice.places = [Place("outbound_call")]
    advice.questions = [Question("Fax"), Question("Your number", "phone_number")]
    booking = waiting(advice, details=answers(Fax="+49 30 7654321", Your_number="+49 30 1234567"))
    calendar.ensure_booked(booking=booking, slot=TEN)
    assert posts(sim)[0]["location"] == {"kind": "outbound_call", "location": "+49 30 1234567"}
    assert "text_reminder_number" not in posts(sim)[0]["invitee"]


@pytest.mark.parametrize("other", ["+1 202 555 0100", "+99 202 555 0100"])
def test_of_two_numbers_the_one_that_the_form_asks_for_first_is_called(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType, other: str
) -> None:
    advice.places = [Place("outbound_call")]
    advice.questions = [
        Question("Your number", "phone_number"),
        Question("Emergency contact", "phone_number"),
    ]
    given = answers(Emergency_contact=other, Your_number="+49 30 1234567")
    calendar.ensure_booked(booking=waiting(advice, details=given), slot=TEN)
    assert posts(sim)[0]["location"]["location"] == "+49 30 1234567"


def test_without_a_number_to_call_nothing_is_sent(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    advice.places = [Place("outbound_call")]
    with pytest.raises(SlotUnavailable) as refused:
        calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    assert refused.value.reason == "refused"
    assert posts(sim) == []


def test_a_round_robin_type_takes_no_place_and_its_event_is_found_with_any_host(
    calendar: CalendlyCalendar, sim: Simulator, host: User
) -> None:
    other = sim.user("Bea Host", organization=host.organization, role="user")
    team = sim.event_type(
        host, "Team", hosts=[other], duration=60, pooling="round_robin", places=[Place("zoom")]
    )
    first = calendar.ensure_booked(booking=waiting(team), slot=TEN)
    again = calendar.ensure_booked(booking=waiting(team), slot=TEN)
    assert first.event_uri == again.event_uri
    assert len(posts(sim)) == 1
    assert "location" not in posts(sim)[0]


def test_answers_go_to_the_questions_with_exactly_that_text(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    advice.questions = [
        Question("Company", required=True),
        Question("New here", "single_select", answer_choices=["Yes", "No"]),
        Question("Topics", "multi_select", answer_choices=["A", "B", "C"]),
        Question("Not asked any more", enabled=False),
    ]
    given = answers(
        Company=" Example Lda ",
        New_here=True,
        Topics=("A", "C"),
        company="another",
        Not_asked_any_more="x",
    )
    calendar.ensure_booked(booking=waiting(advice, details=given), slot=TEN)
    assert posts(sim)[0]["questions_and_answers"] == [
        {"question": "Company", "answer": "Example Lda", "position": 0},
        {"question": "New here", "answer": "Yes", "position": 1},
        {"question": "Topics", "answer": "A\nC", "position": 2},
    ]


def test_questions_that_read_the_same_are_answered_one_after_the_other(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    advice.questions = [Question("Name of child", required=True) for _ in range(2)]
    given = tuple(Answer(f"child-{name}", name, "Name of child") for name in ("Ada", "Bo"))
    calendar.ensure_booked(booking=waiting(advice, details=Details(answers=given)), slot=TEN)
    assert [each["answer"] for each in posts(sim)[0]["questions_and_answers"]] == ["Ada", "Bo"]
    assert [each["answer"] for each in sim.invitees()[0].answers] == ["Ada", "Bo"]


def test_of_questions_that_read_the_same_one_may_be_left_out(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    advice.questions = [Question("Name"), Question("Name", required=True)]
    _, second = calendar.event_types(builder=a_builder())[0].questions
    given = (Answer(second.id, "Ada", second.prompt),)
    calendar.ensure_booked(booking=waiting(advice, details=Details(answers=given)), slot=TEN)
    assert [each["position"] for each in posts(sim)[0]["questions_and_answers"]] == [1]


def test_answers_go_back_to_the_very_text_that_calendly_has(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    """What we keep of a question is without its control characters."""
    advice.questions = [
        Question("Size\x07 of\tshoe", "single_select", True, answer_choices=["S\t1", "M"]),
        Question("Topics", "multi_select", answer_choices=["A\x07", "B"]),
    ]
    [found] = calendar.event_types(builder=a_builder())
    one, several = found.questions
    given = (
        Answer(one.id, one.choices[0], one.prompt),
        Answer(several.id, several.choices, several.prompt),
    )
    calendar.ensure_booked(booking=waiting(advice, details=Details(answers=given)), slot=TEN)
    assert posts(sim)[0]["questions_and_answers"] == [
        {"question": "Size\x07 of\tshoe", "answer": "S\t1", "position": 0},
        {"question": "Topics", "answer": "A\x07\nB", "position": 1},
    ]


def test_a_number_that_our_form_takes_calendly_takes_too(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    advice.questions = [Question("Number", "phone_number", required=True)]
    [question] = calendar.event_types(builder=a_builder())[0].questions
    assert question.problem_with("030 123456") is not None
    assert question.problem_with("+49 30 123456") is None
    given = (Answer(question.id, "+49 30 123456", question.prompt),)
    calendar.ensure_booked(booking=waiting(advice, details=Details(answers=given)), slot=TEN)
    assert len(sim.events("active")) == 1


def test_an_optional_answer_that_would_be_refused_is_left_out(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    advice.questions = [
        Question("Number", "phone_number"),
        Question("Size", "single_select", answer_choices=["S", "M"]),
        Question("Other", "single_select", answer_choices=["S"], include_other=True),
    ]
    given = answers(Number="030 1234567", Size="XL", Other="XL")
    calendar.ensure_booked(booking=waiting(advice, details=given), slot=TEN)
    assert [each["question"] for each in posts(sim)[0]["questions_and_answers"]] == ["Other"]


def test_the_form_is_read_anew_for_each_booking(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    sim.change(advice, questions=[Question("Company", required=True)])
    booking = waiting(advice, ELEVEN, id="bkg_2", details=answers(Company="Example"))
    calendar.ensure_booked(booking=booking, slot=ELEVEN)
    assert posts(sim)[1]["questions_and_answers"][0]["question"] == "Company"


# ---- what comes back -------------------------------------------------------------------------------


def test_the_joining_link_may_come_later(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    advice.places = [Place("zoom_conference")]
    booking = waiting(advice)
    assert calendar.ensure_booked(booking=booking, slot=TEN).join_url is None
    [found] = calendar.events(booking=booking)
    assert found.link_pending
    sim.clock.advance(timedelta(seconds=10))
    [found] = calendar.events(booking=booking)
    assert not found.link_pending
    assert found.event.join_url == sim.events()[0].join_url is not None


def test_what_cannot_be_read_back_at_once_is_booked_all_the_same(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    sim.faults.order("GET /scheduled_events/*", Fault.ERROR_500, times=3)
    found = calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    [event] = sim.events()
    assert (found.event_uri, found.join_url) == (event.uri, None)


# ---- unknown outcomes ------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", UNKNOWN_OUTCOMES)
@pytest.mark.parametrize("group", [False, True])
def test_a_booking_whose_answer_is_lost_is_found_and_not_made_again(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType, fault: Fault, group: bool
) -> None:
    if group:
        advice.kind, advice.limit = "group", 5
    sim.faults.order("POST /invitees", fault)
    found = calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    assert found.invitee_uri == sim.invitees()[0].uri
    assert len(sim.invitees()) == len(posts(sim)) == 1


def test_a_booking_that_is_answered_too_late_is_found(
    connect: Connect, sim: Simulator, token: str, advice: EventType
) -> None:
    sim.faults.delay = 2.0
    sim.faults.order("POST /invitees", Fault.SLOW)
    found = connect(token, patience=0.8).ensure_booked(booking=waiting(advice), slot=TEN)
    assert found.invitee_uri == sim.invitees()[0].uri
    assert len(sim.invitees()) == 1


@pytest.mark.parametrize("fault", NOT_DONE)
def test_a_booking_that_may_not_have_happened_is_asked_for_again_only_after_a_look(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType, fault: Fault
) -> None:
    sim.faults.order("POST /invitees", fault)
    with pytest.raises(ProviderFailed) as failed:
        calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    assert failed.value.retryable
    assert failed.value.retry_after is not None
    assert len(posts(sim)) == 1
    calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    assert [each.status for each in sim.events()] == ["active"]


@pytest.mark.parametrize("details", [True, False])
def test_a_slot_that_another_worker_takes_for_the_same_booking_is_ours(
    calendar: CalendlyCalendar,
    connect: Connect,
    sim: Simulator,
    token: str,
    advice: EventType,
    details: bool,
) -> None:
    sim.switches.details = details
    another, found = connect(token), []

    def book_first(moment: str) -> None:
        if (request.path, moment) == ("/invitees", "before") and not found:
            found.append(None)
            found[0] = another.ensure_booked(booking=waiting(advice), slot=TEN)

    sim.watch = book_first
    assert calendar.ensure_booked(booking=waiting(advice), slot=TEN) == found[0]
    assert [call.status for call in sim.calls_to("POST", "/invitees")] == [201, 400]


# ---- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_slot_that_was_taken_meanwhile_is_told_so_in_any_language(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType, language: str
) -> None:
    sim.switches.language = language  # type: ignore[assignment]
    calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    with pytest.raises(SlotUnavailable) as refused:
        calendar.ensure_booked(booking=waiting(advice, id="bkg_2"), slot=TEN)
    assert refused.value.reason == "busy"
    assert len(sim.events()) == 1


@pytest.mark.parametrize("fault", [Fault.SLOT_GONE, Fault.CONFLICT])
def test_a_taken_slot_is_no_outage(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType, fault: Fault
) -> None:
    sim.faults.order("POST /invitees", fault)
    with pytest.raises(SlotUnavailable) as refused:
        calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    assert refused.value.reason == "busy"


def test_a_refusal_that_says_nothing_is_held_against_the_open_times(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    sim.switches.details = False
    calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    with pytest.raises(SlotUnavailable) as refused:
        calendar.ensure_booked(booking=waiting(advice, id="bkg_2"), slot=TEN)
    assert refused.value.reason == "busy"
    assert len(sim.calls_to("GET", "/event_type_available_times")) == 1


def test_a_start_that_is_not_offered_is_no_outage_either(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    sim.switches.not_offered_code = "something_new"
    advice.slots = [ELEVEN.start]
    with pytest.raises(SlotUnavailable) as refused:
        calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    assert refused.value.reason == "busy"


@pytest.mark.parametrize("details", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        {"questions": [Question("Company", required=True)]},
        {"price": 20.0},
        {"active": False},
    ],
    ids=["question", "price", "inactive"],
)
def test_other_refusals_are_final_and_their_reason_is_logged_without_names(
    calendar: CalendlyCalendar,
    sim: Simulator,
    advice: EventType,
    change: dict,
    details: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sim.switches.details = details
    sim.change(advice, **change)
    with pytest.raises(SlotUnavailable) as refused:
        calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    assert refused.value.reason == "refused"
    assert "grace@example.org" not in caplog.text
    if "questions" in change:
        assert "Required Questions and Answers cannot be blank" in caplog.text


def test_a_refused_address_is_final(
    calendar: CalendlyCalendar, advice: EventType, caplog: pytest.LogCaptureFixture
) -> None:
    booking = waiting(advice)
    booking.client = type(booking.client)(a_contact(email="grace@mailinator.com"))
    with pytest.raises(SlotUnavailable) as refused:
        calendar.ensure_booked(booking=booking, slot=TEN)
    assert refused.value.reason == "refused"
    assert "400 Invalid Argument, invitee.email" in caplog.text
    assert "grace@" not in caplog.text


def test_an_event_type_that_is_gone_refuses_for_good(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    booking = waiting(advice)
    del sim.books.event_types[advice.id]
    with pytest.raises(SlotUnavailable):
        calendar.ensure_booked(booking=booking, slot=TEN)


def test_guests_are_sent_and_again_when_the_booking_moves(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    booking = waiting(advice, details=Details(guests=GUESTS))
    for slot in (TEN, ELEVEN):
        calendar.ensure_booked(booking=booking, slot=slot)
    assert [each["event_guests"] for each in posts(sim)] == [list(GUESTS)] * 2
    assert [each.guests for each in sim.events()] == [list(GUESTS)] * 2


def test_guests_that_calendly_passes_over_are_told_of(
    calendar: CalendlyCalendar,
    advice: EventType,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    book = CalendlyApi.book

    def without_guests(api: CalendlyApi, wish: dict[str, Any]) -> Invitee:
        return book(api, {name: each for name, each in wish.items() if name != "event_guests"})

    monkeypatch.setattr(CalendlyApi, "book", without_guests)
    booking = waiting(advice, details=Details(guests=GUESTS))
    calendar.ensure_booked(booking=booking, slot=TEN)
    assert f"invited 0 of the 2 guests of booking {booking.id}" in caplog.text
    assert not any(guest in caplog.text for guest in GUESTS)


# ---- by link ---------------------------------------------------------------------------------------


def test_a_free_plan_books_by_link_and_an_upgrade_is_noticed(
    calendar: CalendlyCalendar, sim: Simulator, host: User, advice: EventType
) -> None:
    host.organization.plan = "free"
    for _ in range(2):
        with pytest.raises(LinkNeeded) as needed:
            calendar.ensure_booked(booking=waiting(advice), slot=TEN)
        assert needed.value.lasting
    assert len(posts(sim)) == 1, "the refusal is remembered"
    assert "by link" in calendar.health().detail
    host.organization.plan = "standard"
    sim.clock.advance(timedelta(hours=7))
    calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    assert "directly" in calendar.health().detail


def test_a_token_without_the_scope_books_by_link_and_says_which_one_it_lacks(
    connect: Connect, sim: Simulator, host: User, advice: EventType
) -> None:
    scopes = ["users:read", "event_types:read", "scheduled_events:read", "organizations:read"]
    calendar = connect(sim.token(host, scopes))
    with pytest.raises(LinkNeeded):
        calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    assert "scheduled_events:write" in calendar.health().detail


def test_what_the_edge_blocks_says_nothing_about_the_plan(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    sim.faults.order("POST /invitees", Fault.EDGE_BLOCK)
    with pytest.raises(ProviderFailed) as failed:
        calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    assert failed.value.retryable
    calendar.ensure_booked(booking=waiting(advice), slot=TEN)


def test_near_the_limits_bookings_go_by_link_without_being_refused_first(
    calendar: CalendlyCalendar, sim: Simulator, host: User, advice: EventType
) -> None:
    for number in range(9):
        slot = type(TEN)(TEN.start + timedelta(days=number), TEN.end + timedelta(days=number))
        booking = waiting(advice, slot, id=f"bkg_{number}")
        if slot.start.weekday() < 5:
            calendar.ensure_booked(booking=booking, slot=slot)
        else:
            with pytest.raises(SlotUnavailable):
                calendar.ensure_booked(booking=booking, slot=slot)
    with pytest.raises(LinkNeeded) as needed:
        calendar.ensure_booked(booking=waiting(advice, ELEVEN, id="bkg_10"), slot=ELEVEN)
    assert not needed.value.lasting
    assert {call.status for call in sim.calls_to("POST", "/invitees")} == {201, 400}
    assert "within a minute" in calendar.health().detail
    sim.clock.advance(timedelta(minutes=1))
    calendar.ensure_booked(booking=waiting(advice, ELEVEN, id="bkg_10"), slot=ELEVEN)


def test_what_is_refused_before_it_is_asked_for_uses_up_no_limit(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    advice.places = [Place("outbound_call")]
    for number in range(12):
        with pytest.raises(SlotUnavailable):
            calendar.ensure_booked(booking=waiting(advice, id=f"bkg_{number}"), slot=TEN)
    assert posts(sim) == []
    advice.places = []
    calendar.ensure_booked(booking=waiting(advice), slot=TEN)


def test_a_limit_that_is_over_soon_is_waited_for(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType, pauses: list[float]
) -> None:
    sim.faults.order("POST /invitees", Fault.LIMIT)
    with pytest.raises(ProviderFailed) as failed:
        calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    assert failed.value.retry_after == timedelta(seconds=30)
    assert pauses == [], "a worker does not sleep that long"


def test_a_limit_that_lasts_for_hours_means_a_link(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    sim.faults.order("POST /invitees", Fault.LONG_LIMIT)
    for _ in range(2):
        with pytest.raises(LinkNeeded) as needed:
            calendar.ensure_booked(booking=waiting(advice), slot=TEN)
        assert not needed.value.lasting
    assert len(posts(sim)) == 1
    assert "limit" in calendar.health().detail
    sim.clock.advance(timedelta(seconds=50_000))
    calendar.ensure_booked(booking=waiting(advice), slot=TEN)


def test_a_scheduling_link_is_filled_in_and_leads_to_our_booking(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    advice.questions = [Question("Company", required=True)]
    booking = waiting(advice, details=evolve(answers(Company="Example & Sons"), guests=GUESTS))
    link = calendar.scheduling_link(builder=None, session_type=None, booking=booking)  # type: ignore[arg-type]
    assert "Grace%20Murray" in link.url
    assert link.expires_at == sim.clock.now() + timedelta(days=90)
    assert link.tracking == {
        "salesforce_uuid": TAG, "utm_source": "booking-core", "utm_content": "bkg_1",
    }  # fmt: skip
    sim.book_at(link.url, TEN.start)
    [found] = calendar.events(booking=booking)
    assert (found.slot, found.tag, found.cancelled) == (TEN, TAG, False)
    [invitee] = sim.invitees()
    assert invitee.answers[0]["answer"] == "Example & Sons"
    assert invitee.tracking["utm_content"] == "bkg_1"
    assert invitee.event.guests == list(found.guests or ()) == list(GUESTS)


def test_the_public_address_is_good_again_and_again_and_costs_no_link(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    its_type = offered_as(advice)
    link = calendar.scheduling_link(builder=a_builder(), session_type=its_type, booking=None)
    assert (link.expires_at, link.tracking) == (None, {"utm_source": "booking-core"})
    for slot in (TEN, ELEVEN):
        sim.book_at(link.url, slot.start, name="Grace", email="grace@example.org")
    assert {each.tracking["utm_source"] for each in sim.invitees()} == {"booking-core"}
    assert sim.calls_to("POST", "/scheduling_links") == []
