"""POST /invitees: what is booked, and every way in which it is not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.integration.calendly_simulator.bodies import (
    FILLED,
    HALF_PAST,
    TEN,
    TRACKING,
    Body,
    invalid,
    refusal,
    wish,
)
from tests.simulators.calendly import EventType, Place, Question, Simulator, User

ApiAs = Callable[[str], httpx.Client]


def book(api: httpx.Client, event_type: EventType, **more: Any) -> httpx.Response:
    return api.post("/invitees", json=wish(event_type, **more))


def parameters(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 400, answer.text
    return [each["parameter"] for each in answer.json()["details"]]


def test_a_booking_answers_with_the_invitee_and_without_time_or_location(
    api: httpx.Client, sim: Simulator, host: User, intro: EventType
) -> None:
    answer = book(api, intro, tracking=TRACKING)
    assert answer.status_code == 201
    [event], [invitee] = sim.events("active"), sim.invitees("active")
    assert answer.json()["resource"] == {
        "uri": f"{event.uri}/invitees/{invitee.id}",
        "event": event.uri,
        "email": "bo@example.test",
        "name": "Bo Guest",
        "first_name": None,
        "last_name": None,
        "status": "active",
        "timezone": "Europe/Lisbon",
        "questions_and_answers": [],
        "tracking": TRACKING,
        "text_reminder_number": None,
        "rescheduled": False,
        "old_invitee": None,
        "new_invitee": None,
        "cancel_url": f"{sim.pages}/cancellations/{invitee.id}",
        "reschedule_url": f"{sim.pages}/reschedulings/{invitee.id}",
        "routing_form_submission": None,
        "payment": None,
        "no_show": None,
        "reconfirmation": None,
        "scheduling_method": "api",
        "invitee_scheduled_by": host.uri,
        "created_at": "2026-11-02T08:00:00.000000Z",
        "updated_at": "2026-11-02T08:00:00.000000Z",
    }
    assert (event.start, event.end) == (TEN, HALF_PAST)
    assert sim.invitees(tracked="order-4711") == [invitee]


def test_all_six_tracking_keys_are_in_every_answer(api: httpx.Client, intro: EventType) -> None:
    tracking = book(api, intro).json()["resource"]["tracking"]
    assert tracking == dict.fromkeys(TRACKING)


def test_a_start_with_milliseconds_is_fine(api: httpx.Client, intro: EventType) -> None:
    assert book(api, intro, start="2026-11-03T10:00:00.000Z").status_code == 201


def test_unknown_fields_are_ignored_without_a_word(api: httpx.Client, intro: EventType) -> None:
    answer = book(api, intro, trackng=TRACKING, end_time="2026-11-03T10:15:00Z")
    assert answer.status_code == 201
    assert answer.json()["resource"]["tracking"]["salesforce_uuid"] is None


def test_first_and_last_name_make_the_name(api: httpx.Client, intro: EventType) -> None:
    body = wish(intro)
    del body["invitee"]["name"]
    body["invitee"] |= {"first_name": "Bo", "last_name": "Guest"}
    resource = api.post("/invitees", json=body).json()["resource"]
    assert (resource["name"], resource["first_name"]) == ("Bo Guest", "Bo")


# ---- the body --------------------------------------------------------------------------------------


def test_what_is_missing_is_named(api: httpx.Client, intro: EventType) -> None:
    assert api.post("/invitees", json={}).json() == invalid(
        {"parameter": "event_type", "message": "is missing"},
        {"parameter": "start_time", "message": "is missing"},
        {"parameter": "invitee", "message": "is missing"},
    )
    body = wish(intro) | {"invitee": {"name": "Bo"}}
    assert parameters(api.post("/invitees", json=body)) == ["invitee.email", "invitee.timezone"]


def test_a_body_that_is_no_json_is_invalid(api: httpx.Client) -> None:
    answer = api.post("/invitees", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.json() == invalid()


def test_an_event_type_is_named_by_text(api: httpx.Client, intro: EventType) -> None:
    body = wish(intro) | {"event_type": {"uri": intro.uri}}
    assert parameters(api.post("/invitees", json=body)) == ["event_type"]


def test_text_has_to_be_text(api: httpx.Client, intro: EventType) -> None:
    answer = book(
        api,
        intro,
        tracking=TRACKING | {"utm_term": 5},
        location={"kind": ["inbound_call"]},
        questions_and_answers=[{"question": {}, "answer": "a", "position": 0}],
    )
    assert parameters(answer) == [
        "tracking.utm_term",
        "questions_and_answers[0].question",
        "location.kind",
    ]


def test_a_start_with_an_offset_is_refused(api: httpx.Client, intro: EventType) -> None:
    assert parameters(book(api, intro, start="2026-11-03T12:00:00+02:00")) == ["start_time"]


def test_neither_name_nor_first_name_is_refused_on_the_invitee(
    api: httpx.Client, intro: EventType
) -> None:
    body = wish(intro)
    del body["invitee"]["name"]
    assert parameters(api.post("/invitees", json=body)) == ["invitee"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "bo@mailinator.com"),
        ("email", "nobody"),
        ("timezone", "Mars/Olympus"),
    ],
)
def test_a_bad_address_or_zone_is_refused(
    api: httpx.Client, intro: EventType, field: str, value: str
) -> None:
    body = wish(intro)
    body["invitee"][field] = value
    assert parameters(api.post("/invitees", json=body)) == [f"invitee.{field}"]


def test_partial_tracking_is_refused_key_by_key(api: httpx.Client, intro: EventType) -> None:
    answer = book(api, intro, tracking={"utm_source": "site", "salesforce_uuid": "order-4711"})
    assert answer.json() == invalid(
        *(
            {"parameter": f"tracking.{each}", "message": "is missing"}
            for each in ("utm_campaign", "utm_medium", "utm_content", "utm_term")
        )
    )


def test_an_answer_without_its_question_is_refused(api: httpx.Client, intro: EventType) -> None:
    answer = book(api, intro, questions_and_answers=[{"answer": "Example", "position": 0}])
    detail: Body = {"parameter": "questions_and_answers[0].question", "message": "is missing"}
    assert answer.json() == invalid(detail)


def test_eleven_guests_are_too_many(api: httpx.Client, sim: Simulator, intro: EventType) -> None:
    guests = [f"g{each}@example.test" for each in range(11)]
    assert parameters(book(api, intro, event_guests=guests)) == ["event_guests"]
    assert book(api, intro, event_guests=guests[:10]).status_code == 201
    assert sim.events()[0].guests == guests[:10]


def test_a_guest_without_an_address_is_refused(
    api: httpx.Client, sim: Simulator, intro: EventType
) -> None:
    answer = book(api, intro, event_guests=["bea@example.test", "cy"])
    assert parameters(answer) == ["event_guests[1]"]
    assert sim.events() == []


# ---- the event type --------------------------------------------------------------------------------


def test_an_unknown_event_type_is_a_404(api: httpx.Client, intro: EventType) -> None:
    body = wish(intro) | {"event_type": "https://api.calendly.com/event_types/nothing"}
    assert api.post("/invitees", json=body).status_code == 404


def test_a_type_of_another_organization_is_denied(api: httpx.Client, sim: Simulator) -> None:
    answer = book(api, sim.event_type(sim.user("Sam Stranger"), "Theirs"))
    assert (answer.status_code, answer.json()["title"]) == (403, "Permission Denied")


def test_a_paid_type_is_booked_by_the_api_only_if_the_switch_says_so(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    paid = sim.event_type(host, "Paid", price=80.0)
    assert book(api, paid).status_code == 400
    sim.switches.paid_types_by_api = True
    assert book(api, paid).status_code == 201


# ---- questions -------------------------------------------------------------------------------------

BLANK = refusal("Invalid Argument", "Required Questions and Answers cannot be blank.")


def answered(*pairs: tuple[str, str]) -> list[Body]:
    return [{"question": q, "answer": a, "position": n} for n, (q, a) in enumerate(pairs)]


@pytest.mark.parametrize(
    "given", [None, [], answered(("Company name", "  ")), answered(("company name", "Example"))]
)
def test_a_required_answer_that_is_missing_blank_or_to_another_text_is_refused_without_details(
    api: httpx.Client, sim: Simulator, host: User, given: list[Body] | None
) -> None:
    asks = sim.event_type(host, "Asks", questions=[Question("Company name", required=True)])
    answer = book(api, asks, questions_and_answers=given)
    assert (answer.status_code, answer.json()) == (400, BLANK)


def test_answers_come_back_as_they_were_given(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    asks = sim.event_type(host, "Asks", questions=[Question("Company name", required=True)])
    given = answered(("Company name", "Example Lda"))
    resource = book(api, asks, questions_and_answers=given).json()["resource"]
    assert resource["questions_and_answers"] == given


def test_a_question_that_the_host_adds_stops_bookings(
    api: httpx.Client, sim: Simulator, intro: EventType
) -> None:
    sim.change(intro, questions=[Question("New", required=True)])
    assert book(api, intro).json() == BLANK
    sim.change(intro, questions=[Question("New", required=True, enabled=False)])
    assert book(api, intro).status_code == 201


@pytest.mark.parametrize(
    ("question", "wrong", "right"),
    [
        (Question("Tier", "single_select", answer_choices=["one", "two"]), "three", "two"),
        (Question("Days", "multi_select", answer_choices=["Mo", "Tu"]), "Mo\nWe", "Mo\nTu"),
        (Question("Phone", "phone_number"), "soon", "+351 910 000 000"),
    ],
)
def test_a_wrong_answer_fails_the_booking_even_if_it_is_optional(
    api: httpx.Client, sim: Simulator, host: User, question: Question, wrong: str, right: str
) -> None:
    asks = sim.event_type(host, "Asks", questions=[question])
    refused = book(api, asks, questions_and_answers=answered((question.name, wrong)))
    assert parameters(refused) == ["questions_and_answers"]
    assert question.name in refused.json()["details"][0]["message"]
    assert sim.events() == []
    taken = book(api, asks, questions_and_answers=answered((question.name, right)))
    assert taken.status_code == 201


def test_another_choice_is_fine_where_the_host_allows_it(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    tier = Question("Tier", "single_select", answer_choices=["one"], include_other=True)
    asks = sim.event_type(host, "Asks", questions=[tier])
    given = answered(("Tier", "something else"))
    assert book(api, asks, questions_and_answers=given).status_code == 201


# ---- location --------------------------------------------------------------------------------------

NOT_CONFIGURED = refusal(
    "Invalid Argument",
    "Specified location kind is not configured for this event type.",
    {
        "parameter": "event.location_configuration.location",
        "message": "invalid location choice",
        "code": "invalid_location_choice",
    },
)


@pytest.mark.parametrize("location", [None, {"kind": "zoom_conference"}])
def test_a_location_that_is_missing_or_not_offered_is_refused(
    api: httpx.Client, sim: Simulator, host: User, location: Body | None
) -> None:
    placed = sim.event_type(host, "Placed", places=[Place("google_conference")])
    answer = book(api, placed, location=location)
    assert (answer.status_code, answer.json()) == (400, NOT_CONFIGURED)


def test_a_type_without_locations_takes_none(api: httpx.Client, intro: EventType) -> None:
    answer = book(api, intro, location={"kind": "zoom_conference"})
    assert answer.json() == NOT_CONFIGURED


def test_round_robin_takes_no_location_and_uses_the_first(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    pooled = sim.event_type(host, "Pooled", pooling="round_robin", places=[Place("inbound_call")])
    assert book(api, pooled, location={"kind": "inbound_call"}).json() == NOT_CONFIGURED
    assert book(api, pooled).status_code == 201
    [event] = sim.events()
    assert event.place is not None
    assert event.place.kind == "inbound_call"


def test_a_location_needs_its_kind(api: httpx.Client, intro: EventType) -> None:
    assert parameters(book(api, intro, location={"location": "Rua 1"})) == ["location.kind"]


@pytest.mark.parametrize("kind", ["outbound_call", "ask_invitee", "custom"])
def test_some_kinds_need_a_text(api: httpx.Client, sim: Simulator, host: User, kind: str) -> None:
    placed = sim.event_type(host, "Placed", places=[Place(kind)])
    assert parameters(book(api, placed, location={"kind": kind})) == ["location.location"]
    given = {"kind": kind, "location": "+351910000000"}
    uri = book(api, placed, location=given).json()["resource"]["event"]
    shape = api.get(uri.removeprefix("https://api.calendly.com")).json()["resource"]
    assert shape["location"] == {"type": kind, "location": "+351910000000"}


def test_one_of_several_addresses_is_chosen_by_its_text(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    places = [Place("physical", location="Rua 1"), Place("physical", location="Rua 2")]
    placed = sim.event_type(host, "Placed", places=places)
    assert book(api, placed, location={"kind": "physical"}).json() == NOT_CONFIGURED
    chosen = {"kind": "physical", "location": "Rua 2"}
    assert book(api, placed, location=chosen).status_code == 201
    alone = sim.event_type(host, "Alone", places=places[:1])
    answer = book(api, alone, start="2026-11-03T11:00:00Z", location={"kind": "physical"})
    assert answer.status_code == 201


# ---- the slot --------------------------------------------------------------------------------------


def test_a_taken_slot_is_a_400_that_says_already_filled(
    api: httpx.Client, intro: EventType
) -> None:
    assert book(api, intro).status_code == 201
    answer = book(api, intro)
    assert (answer.status_code, answer.json()) == (400, invalid(FILLED))


def test_the_words_can_be_another_language_s_while_codes_and_parameters_stay(
    api: httpx.Client, sim: Simulator, intro: EventType
) -> None:
    sim.switches.language = "fr"
    book(api, intro)
    [detail] = book(api, intro).json()["details"]
    assert (detail["code"], detail["parameter"]) == ("already_filled", "event.start_time")
    assert "filled" not in detail["message"]


@pytest.mark.parametrize(
    "start",
    [
        "2026-11-01T10:00:00Z",  # past
        "2026-11-03T10:10:00Z",  # off the grid
        "2026-11-03T20:00:00Z",  # outside the hours
    ],
)
def test_a_start_that_is_not_offered_names_the_start_and_has_another_code(
    api: httpx.Client, sim: Simulator, intro: EventType, start: str
) -> None:
    [detail] = book(api, intro, start=start).json()["details"]
    assert (detail["parameter"], detail["code"]) == ("event.start_time", "invalid")
    sim.switches.not_offered_code = "unavailable"
    [detail] = book(api, intro, start=start).json()["details"]
    assert detail["code"] == "unavailable"


def test_an_inactive_type_offers_no_start(
    api: httpx.Client, sim: Simulator, intro: EventType
) -> None:
    sim.change(intro, active=False)
    assert parameters(book(api, intro)) == ["event.start_time"]


def test_of_twenty_who_want_one_slot_at_once_one_gets_it(
    api: httpx.Client, sim: Simulator, intro: EventType
) -> None:
    sim.limits.on = False
    with ThreadPoolExecutor(20) as people:
        answers = list(people.map(lambda _: book(api, intro).status_code, range(20)))
    assert sorted(answers) == [201] + [400] * 19
    assert len(sim.invitees("active")) == 1


def test_a_host_s_slot_is_taken_across_types(
    api: httpx.Client, sim: Simulator, host: User, intro: EventType
) -> None:
    book(api, intro)
    answer = book(api, sim.event_type(host, "Other"))
    assert answer.json() == invalid(FILLED)


def test_a_group_shares_one_event_up_to_its_limit(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    group = sim.event_type(host, "Group", kind="group", limit=2)
    uris = {book(api, group).json()["resource"]["event"] for _ in range(2)}
    assert len(uris) == 1
    assert book(api, group).json() == invalid(FILLED)
    [event] = sim.events()
    assert len(event.active_invitees) == 2


def test_round_robin_takes_the_host_who_is_free(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    mate = sim.user("Mo Mate", organization=host.organization, role="user")
    pooled = sim.event_type(host, "Pooled", hosts=[host, mate], pooling="round_robin")
    assert [book(api, pooled).status_code for _ in range(3)] == [201, 201, 400]
    assert [each.hosts for each in sim.events()] == [[host], [mate]]


def test_a_collective_takes_all_its_hosts(
    api: httpx.Client, sim: Simulator, host: User, intro: EventType
) -> None:
    mate = sim.user("Mo Mate", organization=host.organization, role="user")
    pooled = sim.event_type(host, "Pooled", hosts=[host, mate], pooling="collective")
    assert book(api, pooled).status_code == 201
    assert sim.events()[0].hosts == [host, mate]
    assert book(api, sim.event_type(mate, "Alone")).json() == invalid(FILLED)


def test_no_key_makes_a_repeat_harmless(api: httpx.Client, sim: Simulator, host: User) -> None:
    group = sim.event_type(host, "Group", kind="group", limit=5)
    for _ in range(2):
        api.post("/invitees", json=wish(group), headers={"Idempotency-Key": "same"})
    assert len(sim.invitees("active")) == 2


def test_the_order_of_the_last_checks_can_be_changed(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    strict = sim.event_type(
        host,
        "Strict",
        questions=[Question("Company", required=True)],
        places=[Place("inbound_call")],
        slots=[TEN - timedelta(hours=1)],
    )
    assert book(api, strict).json() == BLANK
    sim.switches.last_checks = ("location", "questions", "slot")
    assert book(api, strict).json() == NOT_CONFIGURED
    sim.switches.last_checks = ("slot", "location", "questions")
    assert parameters(book(api, strict)) == ["event.start_time"]
