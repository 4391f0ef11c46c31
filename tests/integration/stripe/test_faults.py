"""What goes wrong on the way to Stripe, through the real client: nothing is done twice, or is lost."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
import stripe
from attrs import frozen
from werkzeug import Response
from werkzeug.serving import make_server

from adapters.memory import MemoryClock, MemoryStore
from adapters.stripe_payments import Account, StripePayments, account, build
from adapters.stripe_payments.failures import told_as_failures
from booking_core import Attempt, CheckoutRefused, CheckoutState, ProviderFailed, SystemClock
from booking_core.testing.examples import an_attempt
from tests.integration.stripe.test_payments import BOOKING, opened, soon
from tests.simulators.stripe import Bank, Fault, StandIn

# The others have tests of their own.
LOST = [each for each in Fault if each not in (Fault.DELAY, Fault.ERROR_HALFWAY)]


@pytest.fixture
def attempt(stripe_payments: StripePayments) -> Attempt:
    return opened(stripe_payments)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "_TIMEOUT", (1, 1))


@frozen
class Move:
    """Something that we ask of Stripe for money, and how often it was done."""

    path: str
    act: Callable[[StripePayments, Attempt], Any]
    done: Callable[[Bank], int]


def money(bank: Bank, status: str) -> int:
    return [each["status"] for each in bank.intents.values()].count(status)


MOVES = {
    "capture": Move(
        "/capture",
        lambda payments, attempt: payments.capture(attempt=attempt, amount=5_000, key="k"),
        lambda bank: money(bank, "succeeded"),
    ),
    "void": Move(
        "/cancel",
        lambda payments, attempt: payments.void(attempt=attempt, key="k"),
        lambda bank: money(bank, "canceled"),
    ),
    "refund": Move(
        "POST /v1/refunds",
        lambda payments, attempt: payments.refund(attempt=attempt, amount=1_000, key="k"),
        lambda bank: len(bank.refunds),
    ),
}


@pytest.fixture(params=MOVES)
def move(request: pytest.FixtureRequest, attempt: Attempt, bank: Bank) -> Move:
    (bank.pay if request.param == "refund" else bank.authorise)(attempt.checkout_id or "")
    return MOVES[request.param]


def fails(act: Callable[[], object]) -> ProviderFailed:
    """The failure, which has to be worth another try."""
    with pytest.raises(ProviderFailed) as failed:
        act()
    assert failed.value.retryable
    return failed.value


# ---- a checkout ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", LOST)
def test_a_checkout_whose_answer_got_lost_is_opened_once(
    stripe_payments: StripePayments, bank: Bank, fault: Fault
) -> None:
    attempt = an_attempt(expires_at=soon())
    bank.break_next("sessions", fault, times=3)
    fails(lambda: stripe_payments.request(booking_id=BOOKING, attempt=attempt))
    bank.faults.clear()
    checkout = stripe_payments.request(booking_id=BOOKING, attempt=attempt)
    assert list(bank.sessions) == [checkout.id]


def test_a_checkout_that_an_internal_error_hides_is_found_among_many(
    stripe_payments: StripePayments, bank: Bank
) -> None:
    bank.break_next("POST", Fault.ERROR_500)
    attempt = opened(stripe_payments, key="hidden")
    hidden = attempt.checkout_id
    for number in range(120):  # Stripe lists 100 at a time
        bank.open_session({**bank._asked[hidden or ""], "metadata": {"attempt": f"{number}"}})
    again = stripe_payments.request(booking_id=BOOKING, attempt=attempt)
    assert again.id == hidden


def test_a_checkout_that_stripe_could_not_open_is_asked_for_until_its_time_is_over(
    stand_in: StandIn, bank: Bank
) -> None:
    clock = MemoryClock(SystemClock().now())
    payments = build(settings=stand_in.settings(), unit_of_work=MemoryStore(), clock=clock)
    attempt = an_attempt(expires_at=soon())
    bank.break_next("POST", Fault.ERROR_HALFWAY)
    for _ in range(2):
        fails(lambda: payments.request(booking_id=BOOKING, attempt=attempt))
    clock.advance(timedelta(minutes=33))
    with pytest.raises(CheckoutRefused):
        payments.request(booking_id=BOOKING, attempt=attempt)
    assert bank.sessions == {}


def test_a_transport_that_hiccups_once_is_not_noticed(
    stripe_payments: StripePayments, bank: Bank
) -> None:
    bank.break_next("POST", Fault.CONFLICT)
    assert [opened(stripe_payments).checkout_id] == list(bank.sessions)


@pytest.mark.usefixtures("impatient")
def test_a_stripe_that_is_slow_is_not_waited_for_and_does_it_once(
    stripe_payments: StripePayments, bank: Bank
) -> None:
    attempt = an_attempt(expires_at=soon())
    bank.break_next("POST", Fault.DELAY)
    fails(lambda: stripe_payments.request(booking_id=BOOKING, attempt=attempt))
    bank.patience.set()
    checkout = stripe_payments.request(booking_id=BOOKING, attempt=attempt)
    assert list(bank.sessions) == [checkout.id]


# ---- its money -----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", LOST)
def test_money_whose_answer_got_lost_is_moved_once_even_a_day_later(
    stripe_payments: StripePayments, attempt: Attempt, move: Move, bank: Bank, fault: Fault
) -> None:
    bank.break_next(move.path, fault, times=3)
    fails(lambda: move.act(stripe_payments, attempt))
    bank.faults.clear()
    bank.forget_keys()
    for _ in range(2):
        move.act(stripe_payments, attempt)
    assert move.done(bank) == 1


def test_money_that_an_internal_error_did_not_move_is_moved_when_its_key_is_forgotten(
    stripe_payments: StripePayments, attempt: Attempt, move: Move, bank: Bank
) -> None:
    bank.break_next(move.path, Fault.ERROR_HALFWAY)
    for _ in range(2):
        fails(lambda: move.act(stripe_payments, attempt))
    assert move.done(bank) == 0
    bank.forget_keys()
    move.act(stripe_payments, attempt)
    assert move.done(bank) == 1


@pytest.mark.usefixtures("impatient")
def test_money_is_moved_once_by_a_stripe_that_is_slow(
    stripe_payments: StripePayments, attempt: Attempt, move: Move, bank: Bank
) -> None:
    bank.break_next(move.path, Fault.DELAY)
    fails(lambda: move.act(stripe_payments, attempt))
    bank.patience.set()
    move.act(stripe_payments, attempt)
    assert move.done(bank) == 1


def give_back(payments: StripePayments, attempt: Attempt, amount: int) -> None:
    payments.refund(attempt=attempt, amount=amount, key="k")


def test_a_refund_that_came_to_nothing_is_made_when_less_is_missing_by_now(
    stripe_payments: StripePayments, attempt: Attempt, bank: Bank
) -> None:
    """Somebody gave a part back meanwhile; Stripe knows the key by the amount of the first try."""
    bank.pay(attempt.checkout_id or "")
    bank.break_next("POST /v1/refunds", Fault.ERROR_HALFWAY)
    fails(lambda: give_back(stripe_payments, attempt, 5_000))
    bank.refund_at_the_dashboard(attempt.checkout_id or "", 1_000)
    for _ in range(2):
        give_back(stripe_payments, attempt, 4_000)
    assert sorted(each["amount"] for each in bank.refunds.values()) == [1_000, 4_000]


def test_a_refund_that_somebody_else_was_faster_with_is_made_for_the_rest(
    stripe_payments: StripePayments, attempt: Attempt, bank: Bank
) -> None:
    def meanwhile(when: str) -> None:
        if bank.requests[-1] == ("POST", "/v1/refunds") and not bank.refunds:
            bank.refund_at_the_dashboard(attempt.checkout_id or "", 1_000)

    bank.pay(attempt.checkout_id or "")
    bank.watch = meanwhile
    with pytest.raises(ProviderFailed):  # Stripe refuses it, and remembers that
        give_back(stripe_payments, attempt, 5_000)
    give_back(stripe_payments, attempt, 4_000)
    assert sorted(each["amount"] for each in bank.refunds.values()) == [1_000, 4_000]


@pytest.mark.parametrize("fault", [Fault.DROP_AFTER, Fault.ERROR_500])
def test_a_refund_that_was_made_unheard_is_not_made_again_for_another_amount(
    stripe_payments: StripePayments, attempt: Attempt, bank: Bank, fault: Fault
) -> None:
    bank.pay(attempt.checkout_id or "")
    bank.break_next("POST /v1/refunds", fault, times=3)
    fails(lambda: give_back(stripe_payments, attempt, 2_000))
    bank.faults.clear()
    give_back(stripe_payments, attempt, 1_000)
    assert [each["amount"] for each in bank.refunds.values()] == [2_000]


# ---- what a key remembers, as Stripe has it ------------------------------------------------------


@pytest.fixture
def sessions(stripe_payments: StripePayments) -> Any:
    return stripe_payments._v1.checkout.sessions


def wish(**changes: Any) -> dict[str, Any]:
    price = {"currency": "eur", "unit_amount": 100, "product_data": {"name": "An hour"}}
    item = {"price_data": price, "quantity": 1}
    return {"mode": "payment", "success_url": "https://b.test", "line_items": [item]} | changes


KEY = {"idempotency_key": "k"}


@pytest.mark.parametrize(("fault", "executed"), [(Fault.ERROR_500, 1), (Fault.ERROR_HALFWAY, 0)])
def test_an_internal_error_is_what_its_key_answers_from_then_on(
    sessions: Any, bank: Bank, fault: Fault, executed: int
) -> None:
    bank.break_next("POST", fault)
    for _ in range(3):
        with pytest.raises(stripe.APIError) as failed:
            sessions.create(params=wish(), options=KEY)
        assert failed.value.http_status == 500
    assert len(bank.sessions) == executed
    bank.forget_keys()
    assert sessions.create(params=wish(), options=KEY).status == "open"


@pytest.mark.parametrize(
    ("fault", "raised"),
    [(Fault.CONFLICT, stripe.APIError), (Fault.LIMIT, stripe.RateLimitError)],
)
def test_what_was_never_begun_is_not_remembered(
    sessions: Any, bank: Bank, fault: Fault, raised: type[Exception]
) -> None:
    bank.break_next("POST", fault, times=1 if fault is Fault.LIMIT else 2)
    with pytest.raises(raised):
        sessions.create(params=wish(), options=KEY)
    assert sessions.create(params=wish(), options=KEY).id in bank.sessions


def test_what_is_not_valid_is_not_remembered(sessions: Any, bank: Bank) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        sessions.create(params=wish(expires_at=bank.now()), options=KEY)
    assert sessions.create(params=wish(), options=KEY).id in bank.sessions


def test_a_refusal_of_what_was_begun_is_remembered(
    sessions: Any, stripe_payments: StripePayments, attempt: Attempt, bank: Bank
) -> None:
    bank.authorise(attempt.checkout_id or "")
    [intent] = bank.intents
    capture = stripe_payments._v1.payment_intents.capture
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError, match="More than is capturable"):
            capture(intent, params={"amount_to_capture": 5_001}, options=KEY)
        bank.intents[intent]["amount_capturable"] = 5_001
    assert stripe_payments.standing(attempt=attempt).state is CheckoutState.AUTHORISED


# ---- what our port makes of it -------------------------------------------------------------------

BUSY = timedelta(seconds=20)
FINAL, AGAIN, LATER = (False, None), (True, None), (True, BUSY)
CARD = {"type": "card_error", "code": "card_declined", "decline_code": "generic_decline"}
WRONG = {"type": "invalid_request_error", "code": "parameter_missing"}
ANSWERS: list[tuple[int, dict[str, str] | None, tuple[bool, timedelta | None]]] = [
    (400, WRONG, FINAL),
    (400, {"type": "idempotency_error"}, FINAL),
    (400, {"type": "invalid_request_error", "code": "rate_limit"}, LATER),
    (401, {"type": "invalid_request_error"}, FINAL),
    (402, CARD, FINAL),
    (403, {"type": "invalid_request_error"}, FINAL),
    (404, {"type": "invalid_request_error", "code": "resource_missing"}, FINAL),
    (409, {"type": "idempotency_error", "code": "idempotency_key_in_use"}, AGAIN),
    (429, {"type": "invalid_request_error", "code": "lock_timeout"}, LATER),
    (500, {"type": "api_error"}, AGAIN),
    (502, None, AGAIN),
    (503, {"type": "api_error"}, AGAIN),
]


@contextmanager
def stripe_that_answers(status: int, error: dict[str, str] | None) -> Iterator[StripePayments]:
    body = json.dumps({"error": error}) if error else "<html>Bad gateway</html>"
    server = make_server("127.0.0.1", 0, Response(body, status), threaded=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield payments_at(f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    server.server_close()


def payments_at(url: str) -> StripePayments:
    return StripePayments(Account("sk_test_of_a_test", "whsec_of_a_test", url), SystemClock())


def failure_of(payments: StripePayments) -> tuple[bool, timedelta | None]:
    with pytest.raises(ProviderFailed) as failed:
        payments.standing(attempt=an_attempt(checkout_id="cs_1"))
    assert isinstance(failed.value.__cause__, stripe.StripeError)
    return failed.value.retryable, failed.value.retry_after


@pytest.mark.parametrize(("status", "error", "expected"), ANSWERS)
def test_every_answer_of_stripe_tells_whether_to_try_again(
    socket_enabled: None,
    status: int,
    error: dict[str, str] | None,
    expected: tuple[bool, timedelta | None],
) -> None:
    with stripe_that_answers(status, error) as payments:
        assert failure_of(payments) == expected


def test_a_stripe_that_cannot_be_reached_is_tried_again(socket_enabled: None) -> None:
    with socket.socket() as nobody:  # bound, and never listening
        nobody.bind(("127.0.0.1", 0))
        assert failure_of(payments_at(f"http://127.0.0.1:{nobody.getsockname()[1]}")) == AGAIN


@pytest.mark.usefixtures("impatient")
def test_a_stripe_that_does_not_answer_in_time_is_tried_again(socket_enabled: None) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        assert failure_of(payments_at(f"http://127.0.0.1:{silent.getsockname()[1]}")) == AGAIN


EXCEPTIONS: dict[type[stripe.StripeError], tuple[bool, timedelta | None]] = {
    stripe.APIError: AGAIN,
    stripe.APIConnectionError: AGAIN,
    stripe.RateLimitError: LATER,
    stripe.AuthenticationError: FINAL,
    stripe.PermissionError: FINAL,
    stripe.CardError: FINAL,
    stripe.InvalidRequestError: FINAL,
    stripe.IdempotencyError: FINAL,
}


def kinds_of(error: type[stripe.StripeError]) -> list[type[stripe.StripeError]]:
    return [error, *(each for kind in error.__subclasses__() for each in kinds_of(kind))]


@pytest.mark.parametrize("kind", kinds_of(stripe.StripeError))
def test_every_exception_of_the_library_is_told_as_a_failure(
    kind: type[stripe.StripeError],
) -> None:
    """Of one that is not named the outcome is unknown, so it is asked again with the same key."""
    raised: Any = kind.__new__(kind)
    raised.code = None
    with pytest.raises(ProviderFailed) as failed, told_as_failures():
        raise raised
    expected = EXCEPTIONS.get(kind, AGAIN)
    assert (failed.value.retryable, failed.value.retry_after) == expected
