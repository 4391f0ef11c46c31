"""Whatever is posted in a provider's name: refused in plain words, and nothing of it is kept."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import frozen
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from entrypoints.container import Application, assemble
from entrypoints.settings import Settings

SECRETS = {
    "STRIPE_SECRET_KEY": "sk_test_0123456789",
    "STRIPE_WEBHOOK_SECRET": "whsec_0123456789",
    "CALENDLY_API_KEY": "token-0123456789",
    "CALENDLY_WEBHOOK_SIGNING_KEY": "k" * 32,
}
SETTINGS = {
    "DATABASE_URL": "memory://",
    "LOG_LEVEL": "ERROR",
    "BOOKING_CALENDAR": "calendly",
    "BOOKING_PAYMENTS": "stripe",
}


@frozen
class Door:
    """Where a provider posts, how it signs, and a body as it would send it."""

    path: str
    header: str
    key: str
    good: dict[str, Any]

    def signature(self, body: bytes, *, age: int = 0) -> str:
        stamp = int(time.time()) - age
        signed = hmac.digest(SECRETS[self.key].encode(), b"%d." % stamp + body, hashlib.sha256)
        return f"t={stamp},v1={signed.hex()}"


EVENT = "https://api.calendly.com/scheduled_events/ev-1"
DOORS = {
    "stripe": Door(
        "/api/webhooks/stripe",
        "Stripe-Signature",
        "STRIPE_WEBHOOK_SECRET",
        {
            "id": "evt_1",
            "type": "checkout.session.completed",
            "livemode": False,
            "data": {"object": {"id": "cs_1", "metadata": {"booking_id": "bkg_1"}}},
        },
    ),
    "calendly": Door(
        "/api/webhooks/calendly",
        "Calendly-Webhook-Signature",
        "CALENDLY_WEBHOOK_SIGNING_KEY",
        {
            "event": "invitee_no_show.created",
            "created_at": "2026-03-02T08:00:00Z",
            "payload": {"uri": f"{EVENT}/invitees/in-1", "event": EVENT},
        },
    ),
}


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[Application, FlaskClient]]:
    application = assemble(Settings.load(SETTINGS | SECRETS))
    with capture_logs():
        yield application, application.web_app().test_client()
    application.close()


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> Door:
    return DOORS[request.param]


Post = Callable[..., None]


@pytest.fixture
def refused(service: tuple[Application, FlaskClient], door: Door) -> Post:
    """Posts, and expects a refusal that leaves no trace."""
    application, client = service
    store: Any = application.schema

    def refused(body: bytes, signature: str | None = None, **options: Any) -> None:
        before = store.committed
        headers = {} if signature is None else {door.header: signature}
        answer = client.post(door.path, data=body, headers=headers, **options)
        assert answer.status_code in (400, 413), answer.text
        assert answer.content_type == "application/problem+json"
        assert (answer.json or {})["code"] in ("untrusted_notice", "request_entity_too_large")
        assert store.committed is before

    return refused


NESTED = b"[" * 100_000
BODIES = {
    "empty": b"",
    "blanks": b" \r\n\t",
    "NUL": b"\x00",
    "NUL in text": b'{"id": "\\u0000", "event": ["\\u0000"]}',
    "not UTF-8": b'{"id": "\xff\xfe"}',
    "UTF-16": '{"id": 1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf{}",
    "half a surrogate": b'{"id": "\\ud800"}',
    "broken": b'{"id":',
    "list": b"[]",
    "text": b'"evt_1"',
    "null": b"null",
    "true": b"true",
    "NaN": b"NaN",
    "infinity": b'{"livemode": -Infinity}',
    "large number": b"1e999",
    "long number": b"9" * 10_000,
    "nested lists": NESTED,
    "nested objects": b'{"a":' * 50_000,
    "duplicated keys": b'{"id": "evt_1", "id": {}, "event": "invitee.created", "event": []}',
    "numbers for texts": b'{"id": 1, "type": 2, "livemode": 3, "data": 4, "event": 5, "payload": 6}',
    "lists for objects": b'{"id": [], "type": [], "data": [], "event": [], "payload": []}',
    "form": b"id=evt_1&type=checkout.session.completed",
    "huge": b"x" * 300_000,
}


@pytest.mark.parametrize("name", BODIES)
def test_a_body_of_any_kind_is_refused_signed_or_not(refused: Post, door: Door, name: str) -> None:
    body = BODIES[name]
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", ""):
        refused(body, content_type=kind)
    refused(body, door.signature(body))


SIGNATURES = {
    "none": "",
    "blank": " ",
    "no time": "v1=" + "0" * 64,
    "no signature": "t=1",
    "only names": "t=,v1=",
    "separators": "," * 1_000 + "=" * 1_000,
    "wrong": "t={now},v1=" + "0" * 64,
    "another scheme": "t={now},v0={right}",
    "no number": "t=soon,v1={right}",
    "other digits": "t=\u00b2,v1={right}",
    "negative": "t=-1,v1={right}",
    "fraction": "t={now}.5,v1={right}",
    "infinity": "t=inf,v1={right}",
    "long number": "t=" + "9" * 5_000 + ",v1={right}",
    "two times": "t={now},t=1,v1={right}",
    "not ASCII": "t={now},v1=\u00e9",
    "quoted": '"t={now},v1={right}"',
    "bearer": "Bearer {right}",
    "many": "t={now}," + ",".join(["v1=" + "0" * 64] * 1_000),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_signature_of_any_form_proves_nothing(refused: Post, door: Door, name: str) -> None:
    body = json.dumps(door.good).encode()
    now, right = door.signature(body)[2:].split(",v1=")
    refused(body, SIGNATURES[name].format(now=now, right=right))


def test_a_signature_of_something_else_proves_nothing(refused: Post, door: Door) -> None:
    body = json.dumps(door.good).encode()
    refused(body)
    refused(body, door.signature(body + b" "))
    refused(body, door.signature(body, age=600))
    refused(body, door.signature(body, age=-600))
    refused(body, f"{door.signature(body)},{door.signature(body, age=600)}")
    for other in DOORS.values():
        if other is not door:
            refused(body, other.signature(body))


TEXTS = ["\x00", "evt\x00", "\ud800", "x" * 100_000, "\u202e", "a\nb", ""]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_an_id_that_no_database_keeps_is_none(refused: Post, door: Door, text: str) -> None:
    """Even where it is signed: what cannot be an id of the provider's is never looked up."""
    name = "id" if "id" in door.good else "created_at"
    body = json.dumps(door.good | {name: text}).encode()
    refused(body, door.signature(body))
