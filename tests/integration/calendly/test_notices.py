"""What is posted to us: proved, or refused."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from adapters.calendly import CalendlyCalendar
from adapters.calendly.notices import read_notice
from booking_core import CalendarNotice, InvalidRequest, ProviderFailed, UntrustedNotice
from booking_core.testing.examples import NOW
from tests.integration.calendly.conftest import Connect
from tests.integration.calendly.given import ELEVEN, KEYS, TEN, waiting
from tests.simulators.calendly import EventType, Fault, Simulator, User, signature

HOOKS = "https://booking.test/api/webhooks/calendly"
HEADER = "Calendly-Webhook-Signature"
EVENT = "https://api.calendly.com/scheduled_events/ev-1"
PLACE = f"{EVENT}/invitees/in-1"


def body_of(kind: object = "invitee.created", **payload: Any) -> bytes:
    message = {
        "event": kind,
        "created_at": "2026-03-02T08:00:00Z",
        "payload": {"uri": PLACE, "event": EVENT} | payload,
    }
    return json.dumps(message).encode()


def signed(body: bytes, key: str = KEYS[0], *, age: int = 0) -> dict[str, str]:
    return {HEADER: signature(body, key, int(NOW.timestamp()) - age)}


def read(body: bytes, headers: Mapping[str, str] | None = None) -> CalendarNotice | None:
    return read_notice(body, signed(body) if headers is None else headers, KEYS, NOW)


# ---- signatures ------------------------------------------------------------------------------------


def test_a_known_signature_is_right() -> None:
    body = b'{"event":"invitee.created","payload":{"email":"ana@example.test"}}'
    digest = "2d521f156e53b986ebfad95ca96615bff7d5c635ddd31482c39307e5f6d23b4b"
    headers = {HEADER: f"t=1790000000,v1={digest}"}
    then = NOW.fromtimestamp(1_790_000_000, NOW.tzinfo)
    with pytest.raises(UntrustedNotice, match="form"):
        read_notice(body, headers, ["demo-signing-key"], then)
    with pytest.raises(UntrustedNotice, match="not right"):
        read_notice(body + b"\n", headers, ["demo-signing-key"], then)


@pytest.mark.parametrize("key", KEYS)
def test_old_and_new_keys_are_accepted_while_they_are_changed(key: str) -> None:
    assert read(body_of(), signed(body_of(), key)) is not None


@pytest.mark.parametrize("age", [-179, 0, 179])
def test_three_minutes_either_way_are_all_right(age: int) -> None:
    assert read(body_of(), signed(body_of(), age=age)) is not None


@pytest.mark.parametrize("age", [-181, 181, 86_400])
def test_older_or_from_the_future_is_refused(age: int) -> None:
    with pytest.raises(UntrustedNotice):
        read(body_of(), signed(body_of(), age=age))


def test_a_header_may_have_blanks_other_keys_and_several_signatures() -> None:
    stamp = int(NOW.timestamp())
    right = signature(body_of(), KEYS[0], stamp).partition("v1=")[2]
    header = f" t={stamp} , v0=abc, v1={'0' * 64}, v1={right.upper()}"
    assert read(body_of(), {HEADER.lower(): header}) is not None


def _other_time(body: bytes) -> str:
    stamp = int(NOW.timestamp())
    return f"{signature(body, KEYS[0], stamp - 900)},t={stamp}"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "t=",
        "v1=",
        "t=abc,v1=abc",
        "t=²,v1=abc",
        "t=1e9,v1=abc",
        "t=" + "9" * 400 + ",v1=abc",
        "t=1772438400",
        "t=1772438400,v1=",
        "t=1772438400,v1=é",
        "t=1772438400," + "v1=abc," * 5_000,
        _other_time(body_of()),
        "\x00" * 50,
        "," * 10_000,
    ],
)
def test_a_header_that_proves_nothing_is_refused(header: str | None) -> None:
    with pytest.raises(UntrustedNotice):
        read(body_of(), {} if header is None else {HEADER: header})


def test_without_a_key_nothing_is_believed(connect: Connect, token: str) -> None:
    calendar = connect(token, signing_keys=())
    digest = hmac.new(b"", f"{int(NOW.timestamp())}.".encode() + body_of(), hashlib.sha256)
    headers = {HEADER: f"t={int(NOW.timestamp())},v1={digest.hexdigest()}"}
    with pytest.raises(UntrustedNotice):
        calendar.read(body=body_of(), headers=headers)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b"1" * 10_000,
        b'{"event": "invitee.created"}',
        b'{"event": "invitee.created", "payload": []}',
        b'{"event": [], "payload": {}}',
        b'{"event": {}, "payload": {"uri": 1}}',
        body_of(uri=None),
        body_of(uri=["x"]),
        body_of(event=None),
        body_of(uri="https://evil.example/"),
        body_of(event="https://api.calendly.com/scheduled_events/ev-2"),
        body_of(event={"uri": EVENT}),
        body_of("invitee_no_show.created", no_show=[1]),
        b" " * 600_000,
    ],
    ids=range(20),
)
def test_a_signed_body_of_another_form_is_refused_and_nothing_else(body: bytes) -> None:
    with pytest.raises(UntrustedNotice):
        read(body)


# ---- what they say ---------------------------------------------------------------------------------


def test_kinds_that_do_not_concern_us_are_no_notice() -> None:
    for kind in ("event_type.created", "routing_form_submission.created", "invitee.rescheduled"):
        assert read(body_of(kind)) is None


def test_a_repeat_has_the_same_id_and_another_fact_another_one() -> None:
    shown = {"no_show": {"uri": "https://api.calendly.com/invitee_no_shows/1"}}
    again = {"no_show": {"uri": "https://api.calendly.com/invitee_no_shows/2"}}
    bodies = [
        body_of("invitee.created"),
        body_of("invitee.canceled"),
        body_of("invitee.created", uri=f"{EVENT}/invitees/in-2"),
        body_of("invitee_no_show.created", **shown),
        body_of("invitee_no_show.created", **again),
        body_of("invitee_no_show.deleted"),
    ]
    ids = [getattr(read(body), "message_id", None) for body in bodies]
    assert len(set(ids)) == len(bodies)
    assert ids == [getattr(read(body), "message_id", None) for body in bodies]


def test_what_the_provider_sends_leads_to_what_it_is_about(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    carried = []
    sim.courier.carry = lambda url, body, headers: carried.append((body, headers)) or 200
    calendar.subscribe(url=HOOKS)
    booking = waiting(advice)
    booking.calendar_booked(calendar.ensure_booked(booking=booking, slot=TEN))
    sim.reschedule(sim.invitees()[0], ELEVEN.start)
    sim.undo_no_show(sim.mark_no_show(sim.invitees()[1]))
    sim.deliver()
    notices = [calendar.read(body=body, headers=headers) for body, headers in carried]
    old, new = sim.invitees()
    assert [each and each.invitee_uri for each in notices] == [
        old.uri,
        old.uri,
        new.uri,
        new.uri,
        new.uri,
    ]
    found = calendar.find(event_uri=notices[2].event_uri, invitee_uri=notices[2].invitee_uri)
    assert (found.slot, found.replaces) == (ELEVEN, (old.uri,))


# ---- where they go ---------------------------------------------------------------------------------


def test_subscribing_twice_makes_one_subscription(
    calendar: CalendlyCalendar, sim: Simulator
) -> None:
    first, second = calendar.subscribe(url=HOOKS), calendar.subscribe(url=HOOKS)
    assert first == second
    [made] = sim.subscriptions()
    assert (made.url, made.scope, made.signing_key) == (HOOKS, "organization", KEYS[0])
    assert sorted(made.events) == [
        "invitee.canceled",
        "invitee.created",
        "invitee_no_show.created",
        "invitee_no_show.deleted",
    ]


def test_one_that_was_disabled_is_made_anew(calendar: CalendlyCalendar, sim: Simulator) -> None:
    first = calendar.subscribe(url=HOOKS)
    sim.subscriptions()[0].state = "disabled"
    assert [each.active for each in calendar.subscriptions()] == [False]
    second = calendar.subscribe(url=HOOKS)
    assert second.uri != first.uri
    assert [(each.uri, each.active) for each in calendar.subscriptions()] == [(second.uri, True)]


def test_one_that_leaves_out_what_concerns_us_is_made_anew(
    calendar: CalendlyCalendar, sim: Simulator
) -> None:
    calendar.subscribe(url=HOOKS)
    sim.subscriptions()[0].events.remove("invitee.canceled")
    assert [each.active for each in calendar.subscriptions()] == [False]
    calendar.subscribe(url=HOOKS)
    [made] = sim.subscriptions()
    assert "invitee.canceled" in made.events


def test_who_is_no_admin_subscribes_for_themselves(
    connect: Connect, sim: Simulator, host: User
) -> None:
    member = sim.user("Bea Host", organization=host.organization, role="user")
    calendar = connect(sim.token(member))
    made = calendar.subscribe(url=HOOKS)
    assert [each.scope for each in sim.subscriptions()] == ["user"]
    assert list(calendar.subscriptions()) == [made]


def test_ending_one_twice_is_harmless(calendar: CalendlyCalendar, sim: Simulator) -> None:
    made = calendar.subscribe(url=HOOKS)
    assert [calendar.unsubscribe(uri=made.uri) for _ in range(2)] == [True, False]
    assert sim.subscriptions() == []
    assert not calendar.unsubscribe(uri="https://evil.example/x")


def test_a_free_plan_has_none_and_says_what_to_do_instead(
    calendar: CalendlyCalendar, host: User
) -> None:
    host.organization.plan = "free"
    with pytest.raises(ProviderFailed, match=r"no notices for this plan.*repair"):
        calendar.subscribe(url=HOOKS)


def test_that_nothing_is_taken_is_told_with_its_beginning(
    calendar: CalendlyCalendar, sim: Simulator
) -> None:
    calendar.subscribe(url=HOOKS)
    assert [each.failing_since for each in calendar.subscriptions()] == [None]
    sim.subscriptions()[0].retry_started_at = NOW
    assert [each.failing_since for each in calendar.subscriptions()] == [NOW]


def test_a_missing_scope_is_named(connect: Connect, sim: Simulator, host: User) -> None:
    calendar = connect(sim.token(host, ["users:read", "webhooks:write"]))
    with pytest.raises(ProviderFailed, match="scheduled_events:read"):
        calendar.subscribe(url=HOOKS)


def test_without_a_key_to_sign_with_there_is_no_subscription(connect: Connect, token: str) -> None:
    with pytest.raises(InvalidRequest, match="CALENDLY_WEBHOOK_SIGNING_KEY"):
        connect(token, signing_keys=()).subscribe(url=HOOKS)


def test_one_whose_answer_was_lost_is_found_the_next_time(
    calendar: CalendlyCalendar, sim: Simulator
) -> None:
    sim.faults.order("POST /webhook_subscriptions", Fault.DROP_AFTER)
    with pytest.raises(ProviderFailed):
        calendar.subscribe(url=HOOKS)
    sim.clock.advance(timedelta(minutes=1))
    assert calendar.subscribe(url=HOOKS).uri == sim.subscriptions()[0].uri
    assert len(sim.subscriptions()) == 1
