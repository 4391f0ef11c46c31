"""What webhooks say, and how they arrive: signed, repeated, late, swapped, retried, or never."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise
from threading import Thread

import httpx
import pytest
from attrs import define, field

from tests.integration.calendly_simulator.bodies import NOW, TEN, TRACKING, Body, wish
from tests.simulators.calendly import EventType, Fate, Simulator, User, signature
from tests.simulators.calendly.courier import over_http

URL = "https://booking.test/notices"
HOURS = timedelta(hours=1)


@define
class Receiver:
    """Stands where the webhooks go."""

    status: int | None = 200
    got: list[Body] = field(factory=list)
    headers: list[Mapping[str, str]] = field(factory=list)

    def take(self, url: str, body: bytes, headers: Mapping[str, str]) -> int | None:
        self.got.append(json.loads(body))
        self.headers.append(headers)
        return self.status

    @property
    def events(self) -> list[str]:
        return [each["event"] for each in self.got]


@pytest.fixture
def receiver(sim: Simulator) -> Receiver:
    receiver = Receiver()
    sim.courier.carry = receiver.take
    return receiver


Subscribe = Callable[..., str]


@pytest.fixture
def subscribe(api: httpx.Client, host: User) -> Subscribe:
    def create(**more: object) -> str:
        body = {
            "url": URL,
            "events": [
                "invitee.created",
                "invitee.canceled",
                "invitee_no_show.created",
                "invitee_no_show.deleted",
            ],
            "organization": host.organization.uri,
            "scope": "organization",
            "signing_key": "demo-signing-key",
        } | more
        answer = api.post("/webhook_subscriptions", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["resource"]["uri"])

    return create


def state(api: httpx.Client, uri: str) -> tuple[str, str | None]:
    found = api.get(uri.removeprefix("https://api.calendly.com")).json()["resource"]
    return found["state"], found["retry_started_at"]


# ---- content ---------------------------------------------------------------------------------------


def test_the_payload_is_the_invitee_with_its_event_inside(
    api: httpx.Client,
    sim: Simulator,
    host: User,
    intro: EventType,
    receiver: Receiver,
    subscribe: Subscribe,
) -> None:
    subscribe()
    invitee = api.post("/invitees", json=wish(intro, tracking=TRACKING)).json()["resource"]
    assert receiver.got == []
    sim.deliver()
    [message] = receiver.got
    assert message["event"] == "invitee.created"
    assert message["created_at"] == "2026-11-02T08:00:00.000000Z"
    assert message["created_by"] == host.uri
    event = message["payload"].pop("scheduled_event")
    assert message["payload"] == invitee
    read = api.get(f"/scheduled_events/{sim.events()[0].id}").json()["resource"]
    assert event == read


def test_the_event_may_be_missing_from_the_payload(
    api: httpx.Client, sim: Simulator, intro: EventType, receiver: Receiver, subscribe: Subscribe
) -> None:
    subscribe()
    sim.switches.scheduled_event_in_payload = False
    api.post("/invitees", json=wish(intro))
    sim.deliver()
    assert "scheduled_event" not in receiver.got[0]["payload"]


@pytest.mark.parametrize(("stale", "nested"), [(False, "canceled"), (True, "active")])
def test_a_cancellation_says_so_on_the_invitee_and_perhaps_not_on_the_event(
    api: httpx.Client,
    sim: Simulator,
    intro: EventType,
    receiver: Receiver,
    subscribe: Subscribe,
    stale: bool,
    nested: str,
) -> None:
    subscribe()
    sim.switches.stale_nested_status = stale
    api.post("/invitees", json=wish(intro))
    sim.cancel(sim.invitees()[0], by="invitee", reason="ill")
    sim.deliver()
    payload = receiver.got[1]["payload"]
    assert payload["status"] == "canceled"
    assert payload["cancellation"]["canceler_type"] == "invitee"
    assert payload["scheduled_event"]["status"] == nested


def test_a_reschedule_is_a_pair_of_messages(
    api: httpx.Client, sim: Simulator, intro: EventType, receiver: Receiver, subscribe: Subscribe
) -> None:
    api.post("/invitees", json=wish(intro))
    subscribe()
    old = sim.invitees()[0]
    new = sim.reschedule(old, TEN + timedelta(days=1))
    sim.deliver()
    canceled, created = receiver.got
    assert receiver.events == ["invitee.canceled", "invitee.created"]
    assert canceled["payload"]["uri"] == old.uri
    assert canceled["payload"]["rescheduled"] is True
    assert canceled["payload"]["new_invitee"] == new.uri
    assert created["payload"]["uri"] == new.uri
    assert created["payload"]["rescheduled"] is False
    assert created["payload"]["old_invitee"] == old.uri
    assert created["payload"]["event"] == new.event.uri


def test_a_group_gets_a_message_for_each_of_its_people(
    api: httpx.Client, sim: Simulator, host: User, receiver: Receiver, subscribe: Subscribe
) -> None:
    group = sim.event_type(host, "Group", kind="group", limit=3)
    for _ in range(2):
        api.post("/invitees", json=wish(group))
    subscribe()
    api.post(f"/scheduled_events/{sim.events()[0].id}/cancellation", json={})
    sim.deliver()
    assert receiver.events == ["invitee.canceled"] * 2
    assert len({each["payload"]["uri"] for each in receiver.got}) == 2


def test_no_shows_are_told(
    api: httpx.Client, sim: Simulator, intro: EventType, receiver: Receiver, subscribe: Subscribe
) -> None:
    api.post("/invitees", json=wish(intro))
    subscribe()
    mark = sim.mark_no_show(sim.invitees()[0])
    sim.undo_no_show(mark)
    sim.deliver()
    assert receiver.events == ["invitee_no_show.created", "invitee_no_show.deleted"]
    assert receiver.got[0]["payload"]["no_show"]["uri"] == mark.uri


def test_a_subscription_hears_only_of_its_user_and_its_events(
    api: httpx.Client,
    sim: Simulator,
    host: User,
    intro: EventType,
    receiver: Receiver,
    subscribe: Subscribe,
) -> None:
    mate = sim.user("Mo Mate", organization=host.organization, role="user")
    subscribe(scope="user", user=mate.uri, events=["invitee.created"])
    api.post("/invitees", json=wish(intro))
    api.post("/invitees", json=wish(sim.event_type(mate, "Theirs")))
    sim.cancel(sim.invitees()[1], by="host")
    sim.deliver()
    [message] = receiver.got
    assert message["payload"]["uri"] == sim.invitees()[1].uri


def test_other_organizations_hear_nothing(
    sim: Simulator, receiver: Receiver, subscribe: Subscribe
) -> None:
    subscribe()
    stranger = sim.user("Sam Stranger")
    theirs = sim.event_type(stranger, "Theirs", slots=[TEN])
    sim.book_at(f"{sim.pages}/{stranger.slug}/{theirs.slug}", TEN, "Bo", "bo@example.test")
    sim.deliver()
    assert receiver.got == []


def test_changes_of_event_types_are_told_to_those_who_asked(
    sim: Simulator, host: User, intro: EventType, receiver: Receiver, subscribe: Subscribe
) -> None:
    subscribe(events=["event_type.created", "event_type.updated", "event_type.deleted"])
    sim.event_type(host, "New")
    sim.change(intro, name="Renamed")
    sim.delete(intro)
    sim.deliver()
    assert receiver.events == ["event_type.created", "event_type.updated", "event_type.deleted"]
    assert receiver.got[1]["payload"]["name"] == "Renamed"


# ---- signature -------------------------------------------------------------------------------------


def test_the_signature_is_the_fact_sheet_s() -> None:
    body = b'{"event":"invitee.created","payload":{"email":"ana@example.test"}}'
    assert signature(body, "demo-signing-key", 1790000000) == (
        "t=1790000000,v1=2d521f156e53b986ebfad95ca96615bff7d5c635ddd31482c39307e5f6d23b4b"
    )


def test_each_attempt_is_signed_anew_over_the_raw_body(
    api: httpx.Client, sim: Simulator, intro: EventType, receiver: Receiver, subscribe: Subscribe
) -> None:
    subscribe()
    receiver.status = 500
    api.post("/invitees", json=wish(intro))
    sim.deliver()
    sim.clock.advance(HOURS)
    sim.deliver()
    stamps = []
    for attempt in sim.courier.attempts:
        stamp, digest = attempt.headers["Calendly-Webhook-Signature"].split(",")
        signed = stamp.removeprefix("t=").encode() + b"." + attempt.body
        expected = hmac.new(b"demo-signing-key", signed, hashlib.sha256).hexdigest()
        assert digest == f"v1={expected}"
        stamps.append(int(stamp.removeprefix("t=")))
    assert stamps == [int(NOW.timestamp()), int(NOW.timestamp()) + 3600]


def test_without_a_key_there_is_no_signature(
    api: httpx.Client, sim: Simulator, intro: EventType, receiver: Receiver, subscribe: Subscribe
) -> None:
    subscribe(signing_key=None)
    api.post("/invitees", json=wish(intro))
    sim.deliver()
    assert "Calendly-Webhook-Signature" not in receiver.headers[0]


# ---- order and loss --------------------------------------------------------------------------------


@pytest.fixture
def three_bookings(
    api: httpx.Client, intro: EventType, receiver: Receiver, subscribe: Subscribe
) -> Callable[[], list[str]]:
    """Books at ten, eleven and twelve; the starts."""
    subscribe()

    def book() -> list[str]:
        starts = [f"2026-11-03T{hour}:00:00Z" for hour in (10, 11, 12)]
        for each in starts:
            api.post("/invitees", json=wish(intro, each))
        return starts

    return book


def hours(receiver: Receiver) -> list[int]:
    texts = [each["payload"]["scheduled_event"]["start_time"] for each in receiver.got]
    return [int(each[11:13]) for each in texts]


Book = Callable[[], list[str]]


def test_messages_come_in_order_unless_a_test_wants_it_otherwise(
    sim: Simulator, receiver: Receiver, three_bookings: Book
) -> None:
    three_bookings()
    assert sim.courier.waiting == 3
    assert [each.status for each in sim.deliver()] == [200] * 3
    assert hours(receiver) == [10, 11, 12]
    assert sim.deliver() == []


@pytest.mark.parametrize(
    ("fate", "at_once", "in_the_end"),
    [
        (Fate.NEVER, [11, 12], [11, 12]),
        (Fate.TWICE, [10, 10, 11, 12], [10, 10, 11, 12]),
        (Fate.LATE, [11, 12], [11, 12, 10]),
        (Fate.SWAPPED, [11, 10, 12], [11, 10, 12]),
    ],
)
def test_a_message_can_be_lost_doubled_delayed_or_swapped(
    sim: Simulator,
    receiver: Receiver,
    three_bookings: Book,
    fate: Fate,
    at_once: list[int],
    in_the_end: list[int],
) -> None:
    sim.courier.arrange("invitee.created", fate)
    three_bookings()
    sim.deliver()
    assert hours(receiver) == at_once
    sim.clock.advance(HOURS)
    sim.deliver()
    assert hours(receiver) == in_the_end


def test_messages_can_be_lost_by_chance(
    sim: Simulator, receiver: Receiver, three_bookings: Book
) -> None:
    sim.courier.chances = {Fate.NEVER: 1.0}
    three_bookings()
    sim.deliver()
    assert receiver.got == []
    assert [each["event"] for each in sim.courier.lost] == ["invitee.created"] * 3


# ---- retries ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [302, 404, 500, None])
def test_anything_but_2xx_is_tried_again(
    api: httpx.Client,
    sim: Simulator,
    intro: EventType,
    receiver: Receiver,
    subscribe: Subscribe,
    status: int | None,
) -> None:
    uri = subscribe()
    receiver.status = status
    api.post("/invitees", json=wish(intro))
    sim.deliver()
    assert state(api, uri) == ("active", "2026-11-02T08:00:00.000000Z")
    assert sim.deliver() == []
    receiver.status = 204
    sim.clock.advance(timedelta(minutes=1))
    [attempt] = sim.deliver()
    assert attempt.arrived
    assert state(api, uri) == ("active", None)
    assert receiver.got[0] == receiver.got[1]
    sim.clock.advance(24 * HOURS)
    assert sim.deliver() == []


def test_pauses_grow_and_end_after_a_day_with_the_subscription_disabled(
    api: httpx.Client, sim: Simulator, intro: EventType, receiver: Receiver, subscribe: Subscribe
) -> None:
    uri = subscribe()
    receiver.status = 500
    api.post("/invitees", json=wish(intro))
    for _ in range(31 * 60):
        sim.deliver()
        sim.clock.advance(timedelta(minutes=1))
    tried = [attempt.at - NOW for attempt in sim.courier.attempts]
    pauses = [after - before for before, after in pairwise(tried)]
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1]
    assert 24 * HOURS <= tried[-1] <= 31 * HOURS
    assert state(api, uri)[0] == "disabled"


def test_a_disabled_subscription_hears_nothing_and_has_to_be_made_anew(
    api: httpx.Client, sim: Simulator, intro: EventType, receiver: Receiver, subscribe: Subscribe
) -> None:
    uri = subscribe()
    receiver.status = None
    api.post("/invitees", json=wish(intro))
    sim.deliver()
    sim.clock.advance(24 * HOURS)
    sim.deliver()
    assert state(api, uri)[0] == "disabled"
    receiver.status, receiver.got = 200, []
    api.post("/invitees", json=wish(intro, "2026-11-04T10:00:00Z"))
    sim.clock.advance(24 * HOURS)
    sim.deliver()
    assert receiver.got == []
    api.delete(uri.removeprefix("https://api.calendly.com"))
    subscribe()
    api.post("/invitees", json=wish(intro, "2026-11-05T10:00:00Z"))
    sim.deliver()
    assert receiver.events == ["invitee.created"]


def test_one_bad_message_does_not_stop_the_others(
    api: httpx.Client, sim: Simulator, intro: EventType, subscribe: Subscribe
) -> None:
    uri = subscribe()
    sim.courier.carry = lambda url, body, headers: 500 if b"bad@example.test" in body else 200
    bad = wish(intro)
    bad["invitee"]["email"] = "bad@example.test"
    api.post("/invitees", json=bad)
    for day in (4, 5):
        api.post("/invitees", json=wish(intro, f"2026-11-0{day}T10:00:00Z"))
        sim.deliver()
        sim.clock.advance(13 * HOURS)
    assert state(api, uri)[0] == "active"
    sim.deliver()
    assert sim.courier.waiting == 0


def test_a_deleted_subscription_gets_nothing_any_more(
    api: httpx.Client, sim: Simulator, intro: EventType, receiver: Receiver, subscribe: Subscribe
) -> None:
    uri = subscribe()
    api.post("/invitees", json=wish(intro))
    api.delete(uri.removeprefix("https://api.calendly.com"))
    sim.deliver()
    assert receiver.got == []


# ---- over HTTP -------------------------------------------------------------------------------------


@pytest.fixture
def redirecting(socket_enabled: None) -> Iterator[str]:
    """A server that sends everybody elsewhere."""

    class Elsewhere(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(301)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_webhook_goes_over_http_and_follows_no_redirect(redirecting: str) -> None:
    assert over_http(redirecting, b"{}", {}) == 301


def test_a_receiver_that_is_not_there_gives_no_answer(socket_enabled: None) -> None:
    assert over_http("http://127.0.0.1:9/", b"{}", {}) is None
