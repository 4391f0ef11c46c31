"""The simulated provider keeps the port's promises, and its page is what a client plays with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest
from attrs import Factory, evolve, frozen
from flask import Flask
from flask.testing import FlaskClient

from adapters.memory import MemoryClock, MemoryStore
from adapters.on_site_payments import OnSitePayments
from adapters.simulated_payments import Books, SimulatedPayments, build
from booking_core import (
    Attempt,
    BookingId,
    CheckoutState,
    Dispute,
    Money,
    PaymentGateway,
    ProviderFailed,
    SystemClock,
    UntrustedNotice,
)
from booking_core.testing.contracts.payment_notices import PaymentNoticeReaderContract, Posted
from booking_core.testing.contracts.payments import PayingClient, PaymentGatewayContract
from booking_core.testing.examples import NOW, an_attempt

URL = "https://booking.test"


@frozen
class ClientAtThePage:
    provider: SimulatedPayments

    def pay(self, attempt: Attempt) -> None:
        self.provider.play(attempt.checkout_id or "", "at-once")

    def authorise(self, attempt: Attempt) -> None:
        self.provider.play(attempt.checkout_id or "", "card")


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock(NOW)


@pytest.fixture(params=["file", "memory"])
def provider(
    request: pytest.FixtureRequest, tmp_path: Path, clock: MemoryClock
) -> SimulatedPayments:
    path = f"{tmp_path}/var/books.db" if request.param == "file" else ":memory:"
    return SimulatedPayments(Books(path), clock, URL)


class TestSimulatedPayments(PaymentGatewayContract):
    @pytest.fixture
    def gateway(self, provider: SimulatedPayments) -> PaymentGateway:
        return provider

    @pytest.fixture
    def client(self, provider: SimulatedPayments) -> PayingClient:
        return ClientAtThePage(provider)


@frozen
class Listener:
    """Hears what is posted, and takes it unless it is to refuse."""

    heard: list[Posted] = Factory(list)
    refuses: list[str] = Factory(list)

    def __call__(self, *, body: bytes, headers: Mapping[str, str]) -> bool:
        self.heard.append((body, headers))
        if self.refuses:
            raise ProviderFailed(self.refuses[0])
        return True


@frozen
class ProviderPosts:
    provider: SimulatedPayments
    nobody: Listener = Factory(lambda: Listener(refuses=["nobody is there"]))

    def about(self, booking_id: BookingId) -> Posted:
        return self._after("card", booking_id)

    def about_nothing_of_ours(self) -> Posted:
        return self._after("decline", BookingId("bkg_1"))

    def _after(self, move: str, booking_id: BookingId) -> Posted:
        asked = an_attempt(key=f"key {len(self.nobody.heard)}")
        checkout = self.provider.request(booking_id=booking_id, attempt=asked)
        self.provider.play(checkout.id, move)
        self.provider.deliver(self.nobody)
        return self.nobody.heard[-1]


class TestReadingItsNotices(PaymentNoticeReaderContract):
    @pytest.fixture
    def reader(self, tmp_path: Path) -> SimulatedPayments:
        return SimulatedPayments(Books(f"{tmp_path}/books.db"), SystemClock(), URL)

    @pytest.fixture
    def sender(self, reader: SimulatedPayments) -> ProviderPosts:
        return ProviderPosts(reader)


@pytest.fixture
def listener() -> Listener:
    return Listener()


@pytest.fixture
def attempt(provider: SimulatedPayments) -> Attempt:
    asked = an_attempt()
    checkout = provider.request(booking_id=BookingId("bkg_1"), attempt=asked)
    return evolve(asked, checkout_id=checkout.id, checkout_url=checkout.url)


@pytest.fixture
def page(provider: SimulatedPayments, listener: Listener) -> FlaskClient:
    app = Flask(__name__)
    app.register_blueprint(provider.pages(listener))
    return app.test_client()


@pytest.fixture
def press(page: FlaskClient, attempt: Attempt) -> Callable[..., str]:
    """Presses a button on the attempt's page; where it leads."""

    def press(move: str) -> str:
        answer = page.post(_path(attempt), data={"move": move})
        assert answer.status_code == 303
        return answer.headers["Location"]

    return press


def _path(attempt: Attempt) -> str:
    return (attempt.checkout_url or "").removeprefix(URL)


def _state(provider: SimulatedPayments, attempt: Attempt) -> CheckoutState:
    return provider.standing(attempt=attempt).state


def test_the_page_says_what_is_paid_and_that_it_is_no_real_money(
    page: FlaskClient, attempt: Attempt
) -> None:
    text = page.get(_path(attempt)).text
    for words in ("No real money", "€50.00", "An hour of advice", "grace@example.org"):
        assert words in text
    assert page.get("/simulated-payments/sim_nothing").status_code == 404
    with page.get("/simulated-payments/static/checkout.css") as style:
        assert style.status_code == 200


def test_the_page_shows_the_amount_to_the_last_cent(
    provider: SimulatedPayments, page: FlaskClient, attempt: Attempt
) -> None:
    dinars = evolve(attempt, key="in dinars", price=Money(1_250, "RSD"))
    checkout = provider.request(booking_id=BookingId("bkg_1"), attempt=dinars)
    assert "12.50" in page.get(checkout.url.removeprefix(URL)).text


@pytest.mark.parametrize(
    ("move", "state"),
    [
        ("card", CheckoutState.AUTHORISED),
        ("at-once", CheckoutState.PAID),
        ("transfer", CheckoutState.PROCESSING),
    ],
)
def test_who_has_paid_is_sent_back_to_the_booking(
    provider: SimulatedPayments,
    attempt: Attempt,
    press: Callable[..., str],
    move: str,
    state: object,
) -> None:
    assert press(move) == attempt.return_url
    assert _state(provider, attempt) is state


def test_who_is_declined_stays_and_can_pay_otherwise(
    provider: SimulatedPayments, attempt: Attempt, page: FlaskClient, press: Callable[..., str]
) -> None:
    assert press("decline") == _path(attempt)
    assert "declined" in page.get(_path(attempt)).text
    press("card")
    assert _state(provider, attempt) is CheckoutState.AUTHORISED


def test_the_bank_has_the_last_word_on_a_transfer(
    provider: SimulatedPayments, attempt: Attempt, press: Callable[..., str]
) -> None:
    press("transfer")
    press("bank-no")
    assert _state(provider, attempt) is CheckoutState.FAILED
    press("bank-yes")
    assert _state(provider, attempt) is CheckoutState.FAILED


@pytest.mark.parametrize(
    ("move", "end"), [("dispute-won", Dispute.WON), ("dispute-lost", Dispute.LOST)]
)
def test_a_payment_can_be_disputed(
    provider: SimulatedPayments,
    attempt: Attempt,
    press: Callable[..., str],
    move: str,
    end: Dispute,
) -> None:
    press("at-once")
    press("dispute")
    with pytest.raises(ProviderFailed):
        provider.refund(attempt=attempt, amount=1, key="refund")
    press(move)
    assert provider.standing(attempt=attempt).dispute is end


def test_the_builder_gives_money_back_at_the_providers_pages(
    provider: SimulatedPayments, attempt: Attempt, press: Callable[..., str]
) -> None:
    press("at-once")
    provider.refund(attempt=attempt, amount=1_000, key="ours")
    press("refund")
    standing = provider.standing(attempt=attempt)
    assert (standing.refunds["ours"], standing.held) == (1_000, 0)
    press("refund")
    assert provider.standing(attempt=attempt) == standing


def moves(listener: Listener) -> list[str]:
    return [json.loads(body)["move"] for body, _ in listener.heard]


def test_what_happens_at_the_page_is_posted_once(
    press: Callable[..., str], listener: Listener
) -> None:
    for move in ("decline", "transfer", "bank-yes", "bank-yes", "dispute", "dispute-won", "refund"):
        press(move)
    assert moves(listener) == [
        *("decline", "transfer", "bank-yes", "dispute", "dispute-won", "refund")
    ]


def test_a_notice_that_was_not_taken_is_posted_again_and_can_be_caught_up_with(
    provider: SimulatedPayments,
    attempt: Attempt,
    press: Callable[..., str],
    listener: Listener,
    caplog: pytest.LogCaptureFixture,
) -> None:
    listener.refuses.append("the database is locked")
    assert press("transfer") == attempt.return_url
    assert "the database is locked" in caplog.text
    assert [each.booking_id for each in provider.missed(since=NOW)] == ["bkg_1"]
    listener.refuses.clear()
    press("bank-yes")
    assert moves(listener) == ["transfer", "transfer", "bank-yes"]
    assert list(provider.missed(since=NOW)) == []


def test_what_another_process_posted_is_not_believed(
    provider: SimulatedPayments, clock: MemoryClock
) -> None:
    body, headers = ProviderPosts(provider).about(BookingId("bkg_1"))
    with pytest.raises(UntrustedNotice):
        SimulatedPayments(Books(":memory:"), clock, URL).read(body=body, headers=headers)


def test_nothing_can_be_paid_after_the_checkout_has_ended(
    provider: SimulatedPayments,
    attempt: Attempt,
    page: FlaskClient,
    press: Callable[..., str],
    clock: MemoryClock,
) -> None:
    clock.advance(timedelta(hours=1))
    press("card")
    assert _state(provider, attempt) is CheckoutState.EXPIRED
    assert "its time is over" in page.get(_path(attempt)).text


def test_who_pays_after_the_checkout_has_ended_is_sent_back_and_the_money_is_there(
    provider: SimulatedPayments,
    attempt: Attempt,
    page: FlaskClient,
    press: Callable[..., str],
    clock: MemoryClock,
) -> None:
    press("late")
    assert _state(provider, attempt) is CheckoutState.OPEN
    clock.advance(timedelta(hours=1))
    assert "too late" in page.get(_path(attempt)).text
    assert press("late") == attempt.return_url
    standing = provider.standing(attempt=attempt)
    assert (standing.state, standing.captured) == (CheckoutState.PAID, attempt.price.amount)


def test_an_authorisation_lapses_after_seven_days(
    provider: SimulatedPayments, attempt: Attempt, press: Callable[..., str], clock: MemoryClock
) -> None:
    press("card")
    clock.advance(timedelta(days=7))
    assert provider.capture(attempt=attempt, amount=1, key="c").state is CheckoutState.LAPSED


def test_a_form_of_another_site_counts_for_nothing(
    provider: SimulatedPayments, page: FlaskClient, attempt: Attempt
) -> None:
    foreign = {"Origin": "https://evil.test"}
    answer = page.post(_path(attempt), data={"move": "card"}, headers=foreign)
    assert answer.status_code == 403
    assert page.post(_path(attempt), data={"move": "steal"}).status_code == 400
    assert _state(provider, attempt) is CheckoutState.OPEN


def test_paying_and_expiring_at_once_has_one_winner(
    provider: SimulatedPayments, attempt: Attempt
) -> None:
    pay = Thread(target=lambda: provider.play(attempt.checkout_id or "", "card"))
    close = Thread(target=lambda: provider.expire(attempt=attempt))
    for each in (pay, close):
        each.start()
    for each in (pay, close):
        each.join()
    assert _state(provider, attempt) in (CheckoutState.AUTHORISED, CheckoutState.EXPIRED)


def test_the_books_outlive_the_process(tmp_path: Path, clock: MemoryClock) -> None:
    path, asked = f"{tmp_path}/books.db", an_attempt()
    first = SimulatedPayments(Books(path), clock, URL)
    checkout = first.request(booking_id=BookingId("bkg_1"), attempt=asked)
    again = SimulatedPayments(Books(path), clock, URL)
    assert again.request(booking_id=BookingId("bkg_1"), attempt=asked) == checkout


def test_it_is_refused_in_production(tmp_path: Path, clock: MemoryClock) -> None:
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/b.db", "PUBLIC_URL": URL}
    build(settings=settings, unit_of_work=MemoryStore(), clock=clock)
    assert Path(f"{tmp_path}/b.db.payments").exists()
    with pytest.raises(ValueError, match="takes no money"):
        build(
            settings=settings | {"BOOKING_ENV": "production"},
            unit_of_work=MemoryStore(),
            clock=clock,
        )


def test_nothing_is_asked_of_payments_at_the_meeting() -> None:
    gateway = OnSitePayments()
    assert gateway.on_site
    assert gateway.health().ok
    with pytest.raises(ProviderFailed) as refused:
        gateway.standing(attempt=an_attempt())
    assert not refused.value.retryable


def test_half_of_the_money_goes_back_and_the_rest_later(
    provider: SimulatedPayments, attempt: Attempt, press: Callable[..., str]
) -> None:
    press("at-once")
    for held in (2_500, 1_250):
        press("refund-half")
        assert provider.standing(attempt=attempt).held == held
    press("refund")
    assert provider.standing(attempt=attempt).held == 0


def test_a_refund_of_ours_that_was_sent_back_is_not_made_again_under_its_key(
    provider: SimulatedPayments, attempt: Attempt, page: FlaskClient, press: Callable[..., str]
) -> None:
    press("at-once")
    press("send-back")
    assert "sends the last refund back" not in page.get(_path(attempt)).text
    provider.refund(attempt=attempt, amount=1_000, key="ours")
    assert "sends the last refund back" in page.get(_path(attempt)).text
    press("send-back")
    standing = provider.refund(attempt=attempt, amount=1_000, key="ours")
    assert (standing.failed_refunds, standing.refunded) == (frozenset({"ours"}), 0)
