"""The whole service with Stripe behind it: from HTTP to a paid booking, by each road alone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from attrs import frozen
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from adapters.stripe_payments.notices import KINDS
from booking_core import Actor, BookingId
from entrypoints import worker
from entrypoints.container import Application, assemble
from entrypoints.settings import Settings
from tests.integration.stripe.test_notices import HOSTILE, hostile
from tests.integration.web.conftest import BOOKINGS, Caller
from tests.simulators.stripe import Bank, StandIn, signed

PAID = "portfolio-review"
DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def application(stand_in: StandIn, tmp_path: Path) -> Iterator[Application]:
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/booking.db",
        "BOOKING_PAYMENTS": "stripe",
        "LOG_LEVEL": "ERROR",
    }
    application = assemble(Settings.load(settings | stand_in.settings()))
    application.schema.upgrade()
    application.seed()
    with capture_logs():
        yield application
    application.close()


@pytest.fixture
def client(application: Application) -> FlaskClient:
    client: FlaskClient = application.web_app().test_client()
    return client


@pytest.fixture
def booked(client: FlaskClient) -> Any:
    anyone = Caller(client)
    wish = anyone.wish(PAID, answers=[{"questionId": "link", "value": "https://example.org"}])
    return anyone.json("POST", f"{BOOKINGS}/confirm", json=wish)


def session_of(booked: Any) -> str:
    return str(booked["checkoutUrl"].rpartition("/")[2])


def post(client: FlaskClient, event: dict[str, Any]) -> int:
    body, headers = signed(event, at=int(time.time()))
    return client.post("/api/webhooks/stripe", data=body, headers=headers).status_code


def state(application: Application, booked: Any) -> tuple[str, str]:
    booking = application.core.show_booking(
        booking_id=BookingId(booked["booking"]["id"]), actor=Actor.system()
    )
    return booking.state.value, booking.payment.status.value


def work(application: Application) -> None:
    while application.core.work_outbox():
        pass


def test_the_notice_alone_leads_to_a_paid_booking_however_often_and_late_it_comes(
    application: Application, client: FlaskClient, bank: Bank, booked: Any
) -> None:
    work(application)
    bank.authorise(session_of(booked))
    events = [*reversed(bank.events), *bank.events]
    assert [post(client, event) for event in events] == [200] * len(events)
    work(application)
    assert state(application, booked) == ("CONFIRMED", "PAID")
    [intent] = bank.intents.values()
    assert (intent["status"], intent["amount_received"]) == ("succeeded", 4_900)


def test_the_client_who_comes_back_is_enough(
    application: Application, client: FlaskClient, bank: Bank, booked: Any
) -> None:
    bank.authorise(session_of(booked))
    me = Caller(client, f"Booking {booked['booking']['manageToken']}")
    me.json("POST", f"{BOOKINGS}/{booked['booking']['id']}/pay")
    work(application)
    assert state(application, booked) == ("CONFIRMED", "PAID")


def test_what_was_never_delivered_is_caught_up_with(
    application: Application, bank: Bank, booked: Any
) -> None:
    from datetime import UTC, datetime, timedelta

    work(application)
    bank.pay(session_of(booked))
    since = datetime.now(UTC) - timedelta(hours=1)
    assert application.core.hear_payment_notice.missed(since=since) == len(bank.events)
    assert application.core.hear_payment_notice.missed(since=since) == 0
    work(application)
    assert state(application, booked) == ("CONFIRMED", "PAID")


def test_a_worker_hears_by_itself_of_a_dispute_that_was_never_delivered(
    application: Application, bank: Bank, booked: Any
) -> None:
    work(application)
    bank.pay(session_of(booked))
    application.core.settle_money(booking_id=BookingId(booked["booking"]["id"]))
    work(application)
    bank.dispute(session_of(booked))
    stop = Event()
    working = Thread(target=worker.run, args=(application, stop))
    working.start()
    until = time.monotonic() + 20
    while state(application, booked) != ("CONFIRMED", "DISPUTED") and time.monotonic() < until:
        time.sleep(0.05)
    stop.set()
    working.join(10)
    assert state(application, booked) == ("CONFIRMED", "DISPUTED")


@frozen
class Told:
    """What is known before, what happens then, and what its event alone makes of the booking."""

    then: Callable[[Bank, str], object]
    state: tuple[str, str]
    before: Callable[[Bank, str], object] = lambda *_: None
    cancelled: bool = False


def _refund(bank: Bank, session: str) -> None:
    bank.refund_at_the_dashboard(session, 1_000)


def _refund_is_told_as(kind: str) -> Callable[[Bank, str], None]:
    def move(bank: Bank, session: str) -> None:
        _refund(bank, session)
        [refund] = bank.refunds.values()
        bank.tell(kind, {"id": "x", "metadata": {}, "payment_intent": refund["payment_intent"]})

    return move


_WAITS, _STANDS = ("AWAITING_PAYMENT", "REQUESTED"), ("CONFIRMED", "PAID")
BY_KIND = {
    "checkout.session.completed": Told(Bank.process, ("AWAITING_PAYMENT", "PROCESSING")),
    "checkout.session.async_payment_succeeded": Told(Bank.pay, _STANDS, Bank.process),
    "checkout.session.async_payment_failed": Told(
        Bank.decline, ("EXPIRED", "FAILED"), Bank.process
    ),
    "checkout.session.expired": Told(Bank.expire_session, _WAITS),
    "payment_intent.amount_capturable_updated": Told(Bank.authorise, _STANDS),
    "payment_intent.succeeded": Told(Bank.pay, _STANDS),
    "payment_intent.canceled": Told(lambda b, s: (b.authorise(s), b.lapse(s)), _WAITS),
    "refund.created": Told(_refund, ("CONFIRMED", "REFUNDED"), Bank.pay),
    "refund.updated": Told(
        _refund_is_told_as("refund.updated"), ("CONFIRMED", "REFUNDED"), Bank.pay
    ),
    "refund.failed": Told(
        lambda b, _: b.fail_refunds(), ("CANCELLED", "REFUND_DUE"), Bank.pay, cancelled=True
    ),
    "charge.refunded": Told(
        _refund_is_told_as("charge.refunded"), ("CONFIRMED", "REFUNDED"), Bank.pay
    ),
    "charge.dispute.created": Told(Bank.dispute, ("CONFIRMED", "DISPUTED"), Bank.pay),
    "charge.dispute.updated": Told(
        Bank.dispute,
        ("CONFIRMED", "DISPUTED"),
        lambda b, s: (b.pay(s), b.dispute(s, "warning_needs_response")),
    ),
    "charge.dispute.closed": Told(
        lambda b, s: (b.dispute(s), b.dispute(s, "lost")),
        ("CONFIRMED", "REFUNDED"),
        lambda b, s: b.pay(s),
    ),
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_event_of_each_kind_is_enough_to_hear_of_what_it_tells(
    application: Application, client: FlaskClient, bank: Bank, booked: Any, kind: str
) -> None:
    told, session = BY_KIND[kind], session_of(booked)
    work(application)
    told.before(bank, session)
    for event in bank.events:
        post(client, event)
    work(application)
    if told.cancelled:
        application.core.cancel_booking(
            booking_id=BookingId(booked["booking"]["id"]), actor=Actor.system()
        )
        work(application)
    known, looked = len(bank.events), len(bank.requests)
    told.then(bank, session)
    [event] = [event for event in bank.events[known:] if event["type"] == kind]
    assert post(client, event) == 200
    work(application)
    assert state(application, booked) == told.state
    assert ("GET", f"/v1/checkout/sessions/{session}") in bank.requests[looked:]


def test_stripe_is_asked_for_the_kinds_that_we_listen_to() -> None:
    text = (DOCS / "stripe.md").read_text()
    listed, _, _ = text.partition("with the events ")[2].partition("- **")
    kinds, group = set(), ""
    for name in re.findall(r"`([a-z_.]+)`", listed):
        group = group if name.startswith(".") else name.rpartition(".")[0]
        kinds.add(f"{group}{name}" if name.startswith(".") else name)
    assert kinds == KINDS == BY_KIND.keys()


@pytest.mark.parametrize("name", HOSTILE)
def test_every_hostile_body_answers_400_and_nothing_else(client: FlaskClient, name: str) -> None:
    body, headers = hostile(name)
    raw = {key: value.encode().decode("latin-1") for key, value in headers.items()}
    answer = client.post("/api/webhooks/stripe", data=body, headers=raw)
    assert answer.status_code in (400, 413)
    assert answer.status_code == 400 or name == "too large"


def test_an_event_of_somebody_elses_booking_is_taken_and_changes_nothing(
    application: Application, client: FlaskClient, bank: Bank, booked: Any
) -> None:
    bank.authorise(session_of(booked))
    event = bank.events[0]
    foreign = {"object": {"id": "cs_9", "metadata": {"booking_id": "bkg_elsewhere"}}}
    assert post(client, event | {"id": "evt_9", "data": foreign}) == 200
