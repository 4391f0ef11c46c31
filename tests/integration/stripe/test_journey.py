"""The real service and the stand-in, each at its own address: book, pay there, hear of it, be confirmed."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from attrs import frozen
from structlog.testing import capture_logs
from werkzeug import Request, Response
from werkzeug.serving import make_server

from booking_core import Actor, BookingId
from entrypoints.container import Application, assemble
from entrypoints.settings import Settings
from tests.integration.web.conftest import BOOKINGS, Caller
from tests.simulators.stripe import Bank, Endpoint, Mishap, StandIn

PAID = "portfolio-review"
AT_ONCE = (0.0,)


@contextmanager
def served(app: Any, port: int = 0) -> Iterator[str]:
    server = make_server("127.0.0.1", port, app, threaded=True)
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@frozen
class Service:
    """The service; `open()` lets it listen at `url`."""

    application: Application
    url: str
    open: Callable[[], AbstractContextManager[str]]

    def book(self) -> Booked:
        wish = Caller(self.application.web_app().test_client()).wish(
            PAID, answers=[{"questionId": "link", "value": "https://example.org"}]
        )
        answer = httpx.post(f"{self.url}{BOOKINGS}/confirm", json=wish).raise_for_status().json()
        self.work()
        return Booked(
            answer["booking"]["id"], answer["booking"]["manageToken"], answer["checkoutUrl"]
        )

    def work(self) -> None:
        while self.application.core.work_outbox():
            pass

    def catch_up(self) -> int:
        since = datetime.now(UTC) - timedelta(days=1)
        return self.application.core.hear_payment_notice.missed(since=since)

    def state(self, booked: Booked) -> tuple[str, str]:
        booking = self.application.core.show_booking(
            booking_id=BookingId(booked.id), actor=Actor.system()
        )
        return booking.state.value, booking.payment.status.value


@frozen
class Booked:
    id: str
    token: str
    checkout_url: str

    def press(self, move: str) -> str:
        """Presses a button of the checkout page; where that leads."""
        assert move in httpx.get(self.checkout_url).text
        answer = httpx.post(self.checkout_url, data={"move": move})
        assert answer.status_code == 303, answer.text
        return answer.headers["Location"]


@pytest.fixture
def service(stand_in: StandIn, tmp_path: Path) -> Iterator[Service]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/booking.db",
        "BOOKING_PAYMENTS": "stripe",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "LOG_LEVEL": "ERROR",
    }
    application = assemble(Settings.load(settings | stand_in.settings()))
    application.schema.upgrade()
    application.seed()
    app = application.web_app()
    with capture_logs():
        yield Service(application, settings["PUBLIC_URL"], lambda: served(app, port))
    application.close()


@pytest.fixture
def endpoint(bank: Bank, service: Service) -> Iterator[Endpoint]:
    url = f"{service.url}/api/webhooks/stripe"
    with Endpoint(bank, url, pauses=AT_ONCE) as endpoint:
        yield endpoint


@pytest.fixture
def running(service: Service) -> Iterator[Service]:
    with service.open():
        yield service


def undelivered(bank: Bank) -> int:
    return sum(event["pending_webhooks"] for event in bank.events)


# ---- the whole way -------------------------------------------------------------------------------


def test_who_pays_at_stripe_is_confirmed_by_the_notice_that_stripe_sends(
    running: Service, endpoint: Endpoint, bank: Bank
) -> None:
    booked = running.book()
    back = booked.press("Pay by card")
    assert back == f"{running.url}/bookings/{booked.id}"
    endpoint.drain()
    running.work()
    assert running.state(booked) == ("CONFIRMED", "PAID")
    endpoint.drain()
    kinds = [event["type"] for event in bank.events]
    assert kinds == [
        "checkout.session.completed",
        "payment_intent.amount_capturable_updated",
        "payment_intent.succeeded",
    ]
    assert undelivered(bank) == 0


@pytest.mark.parametrize("mishap", [Mishap.DUPLICATE, Mishap.REORDER, Mishap.DELAY])
def test_notices_that_come_twice_or_in_disorder_or_late_lead_to_the_same(
    running: Service, endpoint: Endpoint, bank: Bank, mishap: Mishap
) -> None:
    endpoint.mishaps = [mishap] * 3
    booked = running.book()
    booked.press("Pay by card")
    endpoint.drain()
    running.work()
    endpoint.drain()
    assert running.state(booked) == ("CONFIRMED", "PAID")
    assert undelivered(bank) == 0
    [intent] = bank.intents.values()
    assert intent["amount_received"] == 4_900


def test_notices_that_never_come_are_caught_up_with(
    running: Service, endpoint: Endpoint, bank: Bank
) -> None:
    endpoint.mishaps = [Mishap.NEVER] * 2
    booked = running.book()
    booked.press("Pay at once")
    endpoint.drain()
    running.work()
    assert running.state(booked) == ("AWAITING_PAYMENT", "REQUESTED")
    assert running.catch_up() == undelivered(bank) == 2
    running.work()
    assert running.state(booked) == ("CONFIRMED", "PAID")


def test_an_outage_of_ours_is_caught_up_with(
    service: Service, endpoint: Endpoint, bank: Bank
) -> None:
    with service.open():
        booked = service.book()
    booked.press("Pay by card")
    endpoint.drain()
    assert undelivered(bank) == 2
    with service.open():
        assert service.catch_up() == 2
        service.work()
        endpoint.drain()
    assert service.state(booked) == ("CONFIRMED", "PAID")
    assert undelivered(bank) == 2  # what came after the outage has arrived by itself


def test_who_turns_back_at_stripe_is_told_so_and_can_go_on(
    running: Service, endpoint: Endpoint, bank: Bank
) -> None:
    booked = running.book()
    [session] = bank.sessions.values()
    assert session["cancel_url"] in httpx.get(booked.checkout_url).text
    with httpx.Client(cookies={"booking": booked.token}) as browser:
        assert "nothing was paid" in browser.get(session["cancel_url"]).text
        booked.press("Pay by card")
        assert "You are booked" in browser.get(session["success_url"]).text


@pytest.mark.parametrize(("case_type", "status"), [("block", "PAID"), ("resolution", "REFUNDED")])
def test_a_dispute_that_was_prevented_leaves_the_money_or_gives_it_back(
    running: Service, endpoint: Endpoint, bank: Bank, case_type: str, status: str
) -> None:
    booked = running.book()
    booked.press("Pay at once")
    endpoint.drain()
    running.work()
    [session] = bank.sessions
    bank.dispute(session, "prevented", case_type)
    endpoint.drain()
    running.work()
    assert running.state(booked) == ("CONFIRMED", status)


# ---- the checkout page ---------------------------------------------------------------------------


def test_a_declined_card_stays_at_the_checkout_and_another_one_pays(
    running: Service, bank: Bank
) -> None:
    booked = running.book()
    assert booked.checkout_url.endswith(booked.press("Let the card be declined"))
    assert "open" in httpx.get(booked.checkout_url).text
    booked.press("Pay by card")
    page = httpx.get(booked.checkout_url).text
    assert "requires_capture" in page
    assert "Pay by card" not in page
    assert httpx.post(booked.checkout_url, data={"move": "Pay by card"}).status_code == 409


def test_there_is_no_page_of_a_checkout_that_is_not_there(bank: Bank) -> None:
    assert httpx.get(f"{bank.url}/c/pay/cs_nothing").status_code == 404


# ---- how it posts --------------------------------------------------------------------------------


def test_each_attempt_is_signed_anew_until_one_is_taken(socket_enabled: None, bank: Bank) -> None:
    signed_at: list[int] = []

    @Request.application
    def busy_once(request: Request) -> Response:
        signed_at.append(int(request.headers["Stripe-Signature"].split(",")[0][2:]))
        bank.shift += 100  # time passes until the next attempt
        return Response(status=503 if len(signed_at) == 1 else 200)

    with served(busy_once) as url, Endpoint(bank, url, pauses=(0, 0, 0)):
        bank.tell("payment_intent.succeeded", {"id": "pi_1"})
    first, second = signed_at
    assert 100 <= second - first <= 110
    assert undelivered(bank) == 0


def test_the_next_notice_overtakes_one_that_is_out_of_order(
    socket_enabled: None, bank: Bank
) -> None:
    came: list[str] = []

    @Request.application
    def listener(request: Request) -> Response:
        came.append(request.get_json()["id"])
        return Response()

    with served(listener) as url, Endpoint(bank, url, mishaps=[Mishap.REORDER]):
        for number in range(3):
            bank.tell("payment_intent.succeeded", {"id": f"pi_{number}"})
    first, second, third = (event["id"] for event in bank.events)
    assert came == [second, first, third]
