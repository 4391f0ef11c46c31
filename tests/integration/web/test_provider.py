"""A provider's calendar behind the API and the pages: events, links, event types, notices."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from booking_core import (
    Actor,
    BookingError,
    CalendarEvent,
    Contact,
    EventType,
    LinkNeeded,
    Money,
    ProviderFailed,
    Role,
    SchedulingMode,
    Slot,
    SlotUnavailable,
)
from entrypoints.container import Application
from entrypoints.doctor import findings
from entrypoints.settings import Settings
from tests.integration.posting_calendar import EVENT_TYPE, SIGNATURE, TYPE, PostingCalendar, demo_on
from tests.integration.web.conftest import BO, BOOKINGS, Caller, day_ahead

CALENDLY = "/api/scheduling/calendly"
WEBHOOK = "/api/webhooks/calendly"
SYSTEM = Actor.system()


@pytest.fixture
def calendar() -> PostingCalendar:
    return PostingCalendar()


@pytest.fixture
def application(calendar: PostingCalendar) -> Iterator[Application]:
    with demo_on(calendar) as application:
        yield application


def change(application: Application, session_type: str, **changes: Any) -> None:
    found = application.core.show_session_type(session_type=session_type, actor=SYSTEM)
    application.core.change_session_type(
        session_type_id=found.session_type.id, changes=changes, actor=SYSTEM
    )


@pytest.fixture
def place(
    calendar: PostingCalendar, application: Application, anyone: Caller
) -> Callable[..., CalendarEvent]:
    """A client schedules at the provider's own page."""

    def place(**more: Any) -> CalendarEvent:
        offer = application.core.show_session_type(session_type=TYPE, actor=SYSTEM)
        open_ = anyone.slots()[0]
        slot = Slot(*(datetime.fromisoformat(open_[each]) for each in ("startTime", "endTime")))
        return calendar.place(
            builder=offer.builder,
            session_type=offer.session_type,
            slot=slot,
            **{"contact": Contact("Bo", "bo@example.org", "Europe/Berlin")} | more,
        )

    return place


def named(event: CalendarEvent, **more: Any) -> dict[str, Any]:
    return {"calendlyEventUri": event.event_uri, "calendlyInviteeUri": event.invitee_uri} | more


def work(application: Application) -> None:
    while application.core.work_outbox():
        pass


def cannot_book_directly(
    calendar: PostingCalendar, monkeypatch: pytest.MonkeyPatch, *, lasting: bool = True
) -> None:
    def refuse(**_: Any) -> CalendarEvent:
        raise LinkNeeded("The plan does not allow it.", lasting=lasting)

    monkeypatch.setattr(calendar, "ensure_booked", refuse)


# ---- schedule first, then create (C3) ------------------------------------------------------------


def test_what_a_client_placed_becomes_a_booking(
    anyone: Caller, place: Callable[..., CalendarEvent]
) -> None:
    event = place()
    answer = anyone.json("POST", f"{BOOKINGS}/create", 201, json=named(event))
    booking = answer["booking"]
    assert (booking["state"], booking["contact"]["email"]) == ("CONFIRMED", "bo@example.org")
    holder = anyone.as_(f"Booking {booking['manageToken']}")
    assert holder.json("GET", f"{BOOKINGS}/{booking['id']}")["id"] == booking["id"]


def test_creating_it_again_tells_the_booking_and_no_token(
    anyone: Caller, place: Callable[..., CalendarEvent]
) -> None:
    event = place()
    first = anyone.json("POST", f"{BOOKINGS}/create", 201, json=named(event))["booking"]
    again = anyone.json("POST", f"{BOOKINGS}/create", 201, json=named(event))["booking"]
    assert again["id"] == first["id"]
    assert "manageToken" not in again


def test_a_repeat_under_the_same_key_gets_the_same_answer(
    anyone: Caller, place: Callable[..., CalendarEvent]
) -> None:
    event, key = place(), {"Idempotency-Key": "k1"}
    answers = [
        anyone.json("POST", f"{BOOKINGS}/create", 201, json=named(event), headers=key)
        for _ in range(3)
    ]
    assert answers[0]["booking"]["manageToken"]
    assert answers[1:] == answers[:1] * 2
    other = named(event, pathway="accelerate")
    anyone.refused(422, "key_reused", "POST", f"{BOOKINGS}/create", json=other, headers=key)
    without_key = anyone.json("POST", f"{BOOKINGS}/create", 201, json=named(event))
    assert "manageToken" not in without_key["booking"]


def test_a_key_that_comes_too_late_for_the_token_gets_none(
    anyone: Caller, place: Callable[..., CalendarEvent]
) -> None:
    event, key = place(), {"Idempotency-Key": "k1"}
    anyone.json("POST", f"{BOOKINGS}/create", 201, json=named(event))
    for _ in range(2):
        late = anyone.json("POST", f"{BOOKINGS}/create", 201, json=named(event), headers=key)
        assert "manageToken" not in late["booking"]


def test_what_costs_something_answers_with_the_checkout(
    anyone: Caller, application: Application, place: Callable[..., CalendarEvent]
) -> None:
    change(application, TYPE, price=Money(4900, "EUR"))
    answer = anyone.json("POST", f"{BOOKINGS}/create", 200, json=named(place()))
    assert answer["paymentRequired"]
    assert answer["checkoutUrl"].startswith("http")
    assert answer["booking"]["state"] == "AWAITING_PAYMENT"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/calendlyEventUri"),
        ({"calendlyEventUri": "event_1"}, "/calendlyEventUri"),
        ({"calendlyEventUri": "https://a b"}, "/calendlyEventUri"),
        ({"calendlyEventUri": "https://x/" + 300 * "a"}, "/calendlyEventUri"),
        ({"calendlyEventUri": "https://x/1", "calendlyInviteeUri": "ftp://x"}, "/calendlyInviteeUri"),
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_before_the_provider_is_asked(
    anyone: Caller, calendar: PostingCalendar, body: dict[str, str], pointer: str
) -> None:
    calendar.break_next("find", times=9)  # would be 503
    problem = anyone.refused(422, "invalid_request", "POST", f"{BOOKINGS}/create", json=body)
    assert [each["pointer"] for each in problem["errors"]] == [pointer]


def test_an_event_of_nobody_is_not_found(anyone: Caller) -> None:
    body = {"calendlyEventUri": "https://calendar.test/events/none"}
    anyone.refused(404, "not_found", "POST", f"{BOOKINGS}/create", json=body)


def test_an_event_of_a_session_for_members_needs_a_sign_in(
    anyone: Caller, ana: Caller, application: Application, place: Callable[..., CalendarEvent]
) -> None:
    event = place(contact=Contact("Ana Ng", "ana@example.org"))
    change(application, TYPE, requires_auth=True)
    anyone.refused(401, "sign_in_required", "POST", f"{BOOKINGS}/create", json=named(event))
    booking = ana.json("POST", f"{BOOKINGS}/create", 201, json=named(event))["booking"]
    assert (booking["clientId"], "manageToken" in booking) == ("ana", False)


# ---- links (E2) ----------------------------------------------------------------------------------


def initialized(anyone: Caller, session_type: str = TYPE) -> dict[str, Any]:
    body = {"sessionTypeId": session_type, "clientDetails": BO}
    found: dict[str, Any] = anyone.json("POST", f"{BOOKINGS}/initialize", 201, json=body)
    return found


def test_a_begun_booking_tells_the_link_and_the_marks_that_an_embed_passes_on(
    anyone: Caller,
) -> None:
    begun = initialized(anyone)
    assert begun["schedulingUrl"].startswith("https://calendar.test/")
    marks = begun["tracking"]
    assert marks.pop("bookingId") == begun["booking"]["id"]
    assert marks
    assert all(mark in begun["schedulingUrl"] for mark in marks.values())


def test_a_waiting_booking_has_one_link_for_those_who_may_see_it(
    anyone: Caller, calendar: PostingCalendar
) -> None:
    begun = initialized(anyone)
    booking = begun["booking"]
    holder = anyone.as_(f"Booking {booking['manageToken']}")
    calendar.break_next("scheduling_link", times=9)  # asked for once is enough
    body = {"sessionTypeId": TYPE, "bookingId": booking["id"]}
    link = holder.json("POST", f"{CALENDLY}/scheduling-link", 201, json=body)
    assert (link["bookingUrl"], link["tracking"]) == (begun["schedulingUrl"], begun["tracking"])
    shown = holder.json("GET", f"{BOOKINGS}/{booking['id']}")
    assert shown["schedulingUrl"] == begun["schedulingUrl"]
    path = f"{CALENDLY}/scheduling-link"
    anyone.refused(404, "not_found", "POST", path, json=body)
    other = body | {"sessionTypeId": "open-office-hour"}
    holder.refused(422, "invalid_request", "POST", path, json=other)


def test_a_booking_that_has_its_time_has_no_link(anyone: Caller) -> None:
    booking = anyone.book()
    holder = anyone.as_(f"Booking {booking['manageToken']}")
    body = {"sessionTypeId": TYPE, "bookingId": booking["id"]}
    holder.refused(409, "wrong_state", "POST", f"{CALENDLY}/scheduling-link", json=body)
    assert "schedulingUrl" not in holder.json("GET", f"{BOOKINGS}/{booking['id']}")


def test_anybody_is_told_the_public_address_of_what_it_may_book(
    anyone: Caller, ana: Caller, application: Application
) -> None:
    path, key = f"{CALENDLY}/scheduling-link", {"Idempotency-Key": "k1"}
    body = {"sessionTypeId": TYPE}
    link = anyone.json("POST", path, 201, json=body, headers=key)
    assert link == anyone.json("POST", path, 201, json=body, headers=key)
    assert link["bookingUrl"] == "https://calendar.test/demo/getting-started"
    assert (link["expiresAt"], link["tracking"]["bookingId"]) == (None, None)
    other = {"sessionTypeId": "open-office-hour"}
    anyone.json("POST", path, 201, json=other, headers=key)  # somebody else's, for all we know
    ana.json("POST", path, 201, json=body, headers=key)
    ana.refused(422, "key_reused", "POST", path, json=other, headers=key)
    change(application, TYPE, requires_auth=True)
    anyone.refused(401, "sign_in_required", "POST", path, json=body)
    ana.json("POST", path, 201, json=body)
    anyone.refused(404, "not_found", "POST", path, json={"sessionTypeId": "none"})


def test_where_we_may_not_book_directly_the_client_is_sent_to_the_provider(
    anyone: Caller, robin: Caller, calendar: PostingCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_book_directly(calendar, monkeypatch)
    answer = anyone.json("POST", f"{BOOKINGS}/confirm", 202, json=anyone.wish())
    assert answer["booking"]["state"] == "AWAITING_SCHEDULING"
    assert answer["schedulingUrl"].startswith("https://calendar.test/")
    assert "calendar provider" in answer["message"]
    modes = {each["schedulingMode"] for each in session_types(anyone)}
    assert modes == {"link"}
    assert robin.json("GET", "/api/marketplace/builders/demo")["schedulingMode"] == "link"


def session_types(caller: Caller) -> list[dict[str, Any]]:
    path = "/api/marketplace/builders/demo/session-types"
    found: list[dict[str, Any]] = caller.json("GET", path)["sessionTypes"]
    return found


def test_a_limit_for_a_while_changes_nothing_for_good(
    anyone: Caller, calendar: PostingCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_book_directly(calendar, monkeypatch, lasting=False)
    anyone.json("POST", f"{BOOKINGS}/confirm", 202, json=anyone.wish())
    assert {each["schedulingMode"] for each in session_types(anyone)} == {"direct"}


def test_a_link_that_cannot_be_had_now_fails_nothing_else(
    anyone: Caller, calendar: PostingCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_book_directly(calendar, monkeypatch)
    calendar.break_next("scheduling_link", times=2)
    answer = anyone.json("POST", f"{BOOKINGS}/confirm", 202, json=anyone.wish())
    assert answer["schedulingUrl"] is None
    holder = anyone.as_(f"Booking {answer['booking']['manageToken']}")
    path = f"{BOOKINGS}/{answer['booking']['id']}"
    assert holder.json("GET", path)["schedulingUrl"] is None
    assert holder.json("GET", path)["schedulingUrl"].startswith("https://calendar.test/")


def test_a_builder_says_how_its_clients_schedule(
    robin: Caller, other_builder: Caller, anyone: Caller, application: Application
) -> None:
    path = "/api/admin/builders/demo"
    changed = robin.json("PATCH", path, json={"schedulingMode": "embed"})
    assert changed["schedulingMode"] == "embed"
    assert {each["schedulingMode"] for each in session_types(anyone)} == {"embed"}
    assert "schedulingMode" not in anyone.json("GET", "/api/marketplace/builders/demo")
    robin.refused(422, "invalid_request", "PATCH", path, json={"schedulingMode": "fax"})
    other_builder.refused(404, "not_found", "PATCH", path, json={"schedulingMode": "link"})
    (scheduling,) = [each for each in findings(application) if each.name == "scheduling"]
    assert (scheduling.ok, "demo by embed" in scheduling.detail) == (True, True)


# ---- the booking's page --------------------------------------------------------------------------


def waiting_page(anyone: Caller, client: FlaskClient) -> str:
    booking = initialized(anyone)["booking"]
    token = {"token": booking["manageToken"]}
    client.post(f"/bookings/{booking['id']}/open", data=token)
    return f"/bookings/{booking['id']}"


def test_the_page_of_a_waiting_booking_leads_to_the_provider(
    anyone: Caller, client: FlaskClient
) -> None:
    page = waiting_page(anyone, client)
    action = re.search(r'action="(/bookings/[^"]+/choose)"', client.get(page).text)
    assert action
    onward = client.post(action[1])
    assert onward.status_code == 200
    assert 'http-equiv="refresh"' in onward.text
    assert 'href="https://calendar.test/demo/getting-started?tag=' in onward.text


def test_the_page_of_what_could_not_be_booked_says_why_and_leads_on(
    application: Application,
    anyone: Caller,
    client: FlaskClient,
    calendar: PostingCalendar,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calendar.break_next("ensure_booked", times=3)
    booking = anyone.json("POST", f"{BOOKINGS}/confirm", 202, json=anyone.wish())["booking"]

    def refuse(*_: object, **__: object) -> None:
        raise SlotUnavailable("refused", "No.")

    monkeypatch.setattr(calendar, "ensure_booked", refuse)
    application.core.settle_calendar(booking_id=booking["id"])
    page = f"/bookings/{booking['id']}"
    client.post(f"{page}/open", data={"token": booking["manageToken"]})
    shown = client.get(page).text
    assert "The calendar does not accept this booking." in shown
    onward = re.search(r'action="(/b/demo/getting-started[^"]*)"', shown)
    assert onward
    assert client.post(onward[1].replace("&amp;", "&"), data={"pick": ""}).status_code == 200


@pytest.mark.parametrize("retryable", [True, False])
def test_nobody_is_told_to_try_again_where_that_does_not_help(
    client: FlaskClient, calendar: PostingCalendar, retryable: bool
) -> None:
    calendar.break_next("open_slots", error=ProviderFailed("cal-123", retryable=retryable))
    query = {"from": day_ahead(1), "to": day_ahead(2)}
    answer = client.get(f"/api/scheduling/session-types/{TYPE}/slots", query_string=query)
    assert answer.status_code == 503
    assert ("try again in a minute" in answer.text) is retryable
    assert ("Retry-After" in answer.headers) is retryable
    assert "cal-123" not in answer.text


def test_a_provider_that_is_down_is_told_on_the_page(
    anyone: Caller, client: FlaskClient, calendar: PostingCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_book_directly(calendar, monkeypatch)
    down = ProviderFailed("token cal-123 is refused")
    calendar.break_next("scheduling_link", times=2, error=down)
    booking = anyone.json("POST", f"{BOOKINGS}/confirm", 202, json=anyone.wish())["booking"]
    page = f"/bookings/{booking['id']}"
    client.post(f"{page}/open", data={"token": booking["manageToken"]})
    answer = client.post(f"{page}/choose")
    assert answer.status_code == 503
    assert "try again in a minute" in answer.text
    assert "cal-123" not in answer.text
    assert f'action="{page}/choose"' in answer.text
    client.delete_cookie("booking", path=page)
    assert client.post(f"{page}/choose").status_code == 404


# ---- event types (A6) ----------------------------------------------------------------------------


@pytest.fixture
def offers(calendar: PostingCalendar, robin: Caller, application: Application) -> list[EventType]:
    """What the provider has for the builder: one that we know, and a new one."""
    builder = application.core.show_builder(name="demo", actor=SYSTEM)
    found = [
        EventType(
            EVENT_TYPE, "et_1", "Renamed there", 30, True, "https://calendar.test/robin/intro"
        ),
        EventType(f"{EVENT_TYPE}0", "et_10", "New there", 45, True),
    ]
    calendar.offers[builder.id] = found
    return found


@pytest.mark.usefixtures("offers")
def test_event_types_are_for_their_builder_and_for_admins(
    robin: Caller, admin: Caller, anyone: Caller, ana: Caller, other_builder: Caller
) -> None:
    path = f"{CALENDLY}/event-types"
    found = robin.json("GET", path)["eventTypes"]
    assert [(each["uri"], each["sessionTypeId"]) for each in found] == [
        (EVENT_TYPE, TYPE),
        (f"{EVENT_TYPE}0", None),
    ]
    assert admin.json("GET", f"{path}?builder=demo")["eventTypes"] == found
    for stranger in (anyone, ana, other_builder):
        stranger.refused(404, "not_found", "GET", path)
        stranger.refused(404, "not_found", "GET", f"{path}?builder=demo")


@pytest.mark.usefixtures("offers")
def test_a_sync_tells_what_it_does_and_does_it_once(robin: Caller) -> None:
    path = f"{CALENDLY}/sync-event-types"
    would = robin.json("POST", path, json={"dryRun": True})
    done = robin.json("POST", path, json={"builderId": "demo"})
    for each in (would, done):
        assert (each["created"], each["updated"], each["deactivated"]) == (1, 1, 0)
        assert {"title", "description"} <= set(changes(each)["Renamed there"]["fields"])
    assert changes(would)["New there"]["sessionTypeId"] is None
    made = changes(done)["New there"]["sessionTypeId"]
    assert made in {each["id"] for each in session_types(robin)}
    again = robin.json("POST", path, json={})
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)
    assert again["changes"] == []


@pytest.mark.usefixtures("offers")
def test_a_sync_tells_what_was_edited_here_and_stays(robin: Caller) -> None:
    path = f"{CALENDLY}/sync-event-types"
    robin.json("POST", path, json={})
    edited = {"id": TYPE, "title": "Named by Robin"}
    robin.json("PATCH", "/api/builders/me/session-types", json=edited)
    kept = robin.json("POST", path, json={})["kept"]
    assert kept == [{"sessionTypeId": TYPE, "field": "title"}]


def changes(report: dict[str, Any]) -> dict[str, Any]:
    return {each["title"]: each for each in report["changes"]}


@pytest.mark.usefixtures("offers")
def test_a_repeated_sync_under_a_key_tells_what_the_first_one_did(robin: Caller) -> None:
    path, key = f"{CALENDLY}/sync-event-types", {"Idempotency-Key": "k1"}
    first = robin.json("POST", path, json={}, headers=key)
    assert first["created"] == 1
    assert robin.json("POST", path, json={}, headers=key) == first
    body = {"dryRun": True}
    robin.refused(422, "key_reused", "POST", path, json=body, headers=key)


def test_a_sync_is_for_builders_and_admins(
    anyone: Caller, ana: Caller, other_builder: Caller, admin: Caller
) -> None:
    path = f"{CALENDLY}/sync-event-types"
    for stranger in (anyone, ana, other_builder):
        stranger.refused(404, "not_found", "POST", path, json={})
        stranger.refused(404, "not_found", "POST", path, json={"builderId": "demo"})
    admin.refused(422, "invalid_request", "POST", path, json={"dryRun": "perhaps"})
    assert admin.json("POST", path, json={"dryRun": True})["created"] == 0


def test_a_provider_that_is_down_is_no_answer(robin: Caller, calendar: PostingCalendar) -> None:
    calendar.break_next("event_types", times=2)
    robin.refused(503, "provider_failed", "GET", f"{CALENDLY}/event-types")
    robin.refused(503, "provider_failed", "POST", f"{CALENDLY}/sync-event-types", json={})


def test_open_times_are_found_by_the_event_type_as_well(
    anyone: Caller, application: Application
) -> None:
    path = f"{CALENDLY}/available-times"
    found = anyone.json("GET", path, query_string={"eventTypeUri": EVENT_TYPE})
    assert found == anyone.json("GET", path, query_string={"sessionTypeId": TYPE})
    anyone.refused(404, "not_found", "GET", path, query_string={"eventTypeUri": f"{EVENT_TYPE}0"})
    anyone.refused(422, "invalid_request", "GET", path)
    change(application, TYPE, requires_auth=True)
    anyone.refused(401, "sign_in_required", "GET", path, query_string={"eventTypeUri": EVENT_TYPE})


# ---- notices (E4) --------------------------------------------------------------------------------


def post(client: FlaskClient, body: str, signature: str = SIGNATURE) -> TestResponse:
    return client.post(WEBHOOK, data=body, headers={"Signature": signature})


def own(admin: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = admin.json("GET", BOOKINGS)["bookings"]
    return found


def test_a_notice_is_answered_at_once_and_a_job_makes_the_booking(
    client: FlaskClient,
    admin: Caller,
    calendar: PostingCalendar,
    application: Application,
    place: Callable[..., CalendarEvent],
) -> None:
    event = place()
    body = f"m1 {event.event_uri} {event.invitee_uri}"
    calendar.break_next("find")  # nothing is asked of the provider meanwhile
    for _ in range(2):
        answer = post(client, body)
        assert (answer.status_code, answer.json) == (200, {"received": True})
    assert own(admin) == []
    with pytest.raises(ProviderFailed):
        application.core.create_booking(event_uri=event.event_uri, actor=SYSTEM)
    work(application)
    assert [each["state"] for each in own(admin)] == ["CONFIRMED"]


def test_what_the_provider_did_not_sign_leaves_nothing_behind(
    client: FlaskClient,
    application: Application,
    place: Callable[..., CalendarEvent],
) -> None:
    event = place()
    answer = post(client, f"m1 {event.event_uri}", signature="mine")
    assert answer.status_code == 400
    assert answer.json["code"] == "untrusted_notice"  # type: ignore[index]  # is an object
    assert application.core.jobs.waiting() == 0
    assert post(client, f"m1 {event.event_uri}").status_code == 200
    assert application.core.jobs.waiting() == 1


def test_a_notice_beyond_all_size_is_not_read(client: FlaskClient) -> None:
    assert post(client, 300_000 * "m").status_code == 413


def test_no_key_is_looked_at_with_a_notice(
    client: FlaskClient, application: Application, place: Callable[..., CalendarEvent]
) -> None:
    event = place()
    for body in (f"m1 {event.event_uri}", f"m2 {event.event_uri}"):
        headers = {"Signature": SIGNATURE, "Idempotency-Key": "k1"}
        assert client.post(WEBHOOK, data=body, headers=headers).status_code == 200
    document = application.web_app().test_client().get("/api/openapi.json").json
    paths = document["paths"]
    with_key = {
        path
        for path, item in paths.items()
        for each in item.get("post", {}).get("parameters", [])
        if each["name"] == "Idempotency-Key"
    }
    assert {f"{BOOKINGS}/create", f"{CALENDLY}/scheduling-link"} <= with_key
    assert WEBHOOK not in with_key


def test_doctor_tells_whether_notices_come(
    application: Application, calendar: PostingCalendar
) -> None:
    def finding() -> Any:
        return next(each for each in findings(application) if each.name == "notices")

    assert finding().ok  # nobody could post to an address on this machine
    assert application.notices
    application.notices.register()
    assert "posts to" in finding().detail
    calendar.give_up()
    assert not finding().ok
    assert application.notices.watch()
    assert finding().ok
    assert [each.active for each in calendar.subscribed] == [True]
    assert not application.notices.watch()
    assert calendar.subscribed[0].created_at <= datetime.now(UTC)


def test_what_could_not_be_made_anew_is_tried_again_at_the_next_look(
    application: Application, calendar: PostingCalendar
) -> None:
    assert application.notices
    application.notices.register()
    calendar.give_up()
    calendar.break_next("subscriptions")
    assert not application.notices.watch()
    calendar.break_next("subscribe")  # between taking the old one away and making the new one
    assert not application.notices.watch()
    assert calendar.subscribed == []
    assert application.notices.watch()
    assert [each.active for each in calendar.subscribed] == [True]
    calendar.break_next("subscribe")
    with pytest.raises(BookingError):
        application.notices.rotate()
    assert application.notices.watch(), "a new key that failed half way ends nothing for good"
    application.notices.remove()
    assert not application.notices.watch()


def test_a_service_with_a_calendar_of_its_own_knows_no_such_notices(
    signed_in: Callable[..., Caller],
) -> None:
    from entrypoints.container import assemble

    with capture_logs():
        local = assemble(Settings.load({"DATABASE_URL": "memory://", "LOG_LEVEL": "ERROR"}))
        local.seed()
        client: FlaskClient = local.web_app().test_client()
        assert client.post(WEBHOOK, data=b"{}").status_code == 404
        admin = Caller(client, f"Bearer {local.mint(role=Role.ADMIN, id='root')}")
        assert admin.json("GET", f"{CALENDLY}/event-types") == {"eventTypes": []}
        anyone = Caller(client)
        link = anyone.json("POST", f"{CALENDLY}/scheduling-link", 201, json={"sessionTypeId": TYPE})
        assert link["bookingUrl"].endswith("/b/demo/getting-started")
        modes = {each["schedulingMode"] for each in session_types(anyone)}
        assert modes == {SchedulingMode.DIRECT}
    local.close()
