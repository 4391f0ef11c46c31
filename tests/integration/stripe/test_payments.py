"""The adapter against the stand-in: the port's promises, and Stripe's own ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
import stripe
from attrs import evolve

from adapters.memory import MemoryStore
from adapters.stripe_payments import Account, StripePayments, build
from booking_core import (
    Attempt,
    Booking,
    BookingId,
    BookingState,
    CaptureRefused,
    CheckoutRefused,
    CheckoutState,
    Dispute,
    Money,
    PaymentGateway,
    ProviderFailed,
    SystemClock,
)
from booking_core.testing.contracts.payments import PayingClient, PaymentGatewayContract
from booking_core.testing.examples import PRICE, a_paid_booking, an_attempt
from tests.integration.stripe.conftest import ClientAtStripe
from tests.simulators.stripe import Bank, Fault, StandIn


def soon() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=32)


class TestStripePayments(PaymentGatewayContract):
    @pytest.fixture
    def gateway(self, stripe_payments: StripePayments) -> PaymentGateway:
        return stripe_payments

    @pytest.fixture
    def client(self, bank: Bank) -> PayingClient:
        return ClientAtStripe(bank)

    @pytest.fixture
    def booking(self) -> Booking:
        booking = a_paid_booking(BookingState.AWAITING_PAYMENT)
        attempts = tuple(evolve(each, expires_at=soon()) for each in booking.payment.attempts)
        booking.payment = evolve(booking.payment, attempts=attempts)
        return booking


BOOKING = BookingId("bkg_1")


def opened(payments: StripePayments, **changes: object) -> Attempt:
    attempt = an_attempt(**{"expires_at": soon()} | changes)
    checkout = payments.request(booking_id=BOOKING, attempt=attempt)
    return evolve(attempt, checkout_id=checkout.id, checkout_url=checkout.url)


@pytest.fixture
def attempt(stripe_payments: StripePayments) -> Attempt:
    return opened(stripe_payments)


@pytest.fixture
def paid(attempt: Attempt, bank: Bank) -> Attempt:
    bank.pay(attempt.checkout_id or "")
    return attempt


# ---- what Stripe is asked for --------------------------------------------------------------------


def test_the_checkout_says_what_is_paid_by_whom_for_which_booking(
    attempt: Attempt, bank: Bank
) -> None:
    session = bank.sessions[attempt.checkout_id or ""]
    assert (session["amount_total"], session["currency"]) == (PRICE.amount, "eur")
    assert session["client_reference_id"] == session["metadata"]["booking_id"] == BOOKING
    assert session["customer_email"] == attempt.email
    assert session["expires_at"] == int(attempt.expires_at.timestamp())


def test_who_turns_back_comes_to_another_address_than_who_has_paid(
    attempt: Attempt, bank: Bank
) -> None:
    session = bank.sessions[attempt.checkout_id or ""]
    assert session["success_url"] == attempt.return_url
    assert session["cancel_url"] == attempt.turned_back_url != attempt.return_url


@pytest.mark.parametrize(
    ("price", "amount"),
    [
        (Money(700, "JPY"), 700),
        (Money(700, "ISK"), 70_000),
        (Money(1_230, "KWD"), 1_230),
        (Money(5_000, "MGA"), 50),
    ],
)
def test_amounts_are_counted_as_stripe_counts_them(
    stripe_payments: StripePayments, bank: Bank, price: Money, amount: int
) -> None:
    attempt = opened(stripe_payments, price=price)
    assert bank.sessions[attempt.checkout_id or ""]["amount_total"] == amount
    bank.pay(attempt.checkout_id or "")
    assert stripe_payments.standing(attempt=attempt).captured == price.amount


@pytest.mark.parametrize("price", [Money(1_235, "KWD"), Money(5_001, "MGA")])
def test_an_amount_that_stripe_cannot_take_is_refused_before_anything_is_asked(
    stripe_payments: StripePayments, bank: Bank, price: Money
) -> None:
    with pytest.raises(CheckoutRefused):
        opened(stripe_payments, price=price)
    assert bank.requests == []


def test_a_checkout_that_stripe_can_never_open_is_refused_for_good(
    stripe_payments: StripePayments, bank: Bank
) -> None:
    with pytest.raises(CheckoutRefused) as refused:
        opened(stripe_payments, expires_at=datetime.now(UTC) + timedelta(minutes=5))
    assert not refused.value.retryable
    assert bank.sessions == {}


def test_a_key_that_comes_with_other_parameters_is_our_mistake_and_no_refusal(
    stripe_payments: StripePayments, attempt: Attempt
) -> None:
    with pytest.raises(ProviderFailed) as failed:
        stripe_payments.request(booking_id=BOOKING, attempt=evolve(attempt, title="Another"))
    assert not isinstance(failed.value, CheckoutRefused)
    assert not failed.value.retryable


# ---- how things stand ----------------------------------------------------------------------------


def test_a_client_whose_card_is_declined_may_go_on_at_the_same_checkout(
    stripe_payments: StripePayments, attempt: Attempt, bank: Bank
) -> None:
    session = attempt.checkout_id or ""
    bank.decline_card(session)
    assert stripe_payments.standing(attempt=attempt).state is CheckoutState.OPEN
    bank.authorise(session)
    assert stripe_payments.standing(attempt=attempt).state is CheckoutState.AUTHORISED


def test_a_checkout_that_ends_after_a_declined_card_is_expired(
    stripe_payments: StripePayments, attempt: Attempt, bank: Bank
) -> None:
    bank.decline_card(attempt.checkout_id or "")
    assert stripe_payments.expire(attempt=attempt).state is CheckoutState.EXPIRED


def test_methods_that_take_days(
    stripe_payments: StripePayments, attempt: Attempt, bank: Bank
) -> None:
    session = attempt.checkout_id or ""
    bank.process(session)
    assert stripe_payments.standing(attempt=attempt).state is CheckoutState.PROCESSING
    bank.decline(session)
    assert stripe_payments.standing(attempt=attempt).state is CheckoutState.FAILED


def test_an_authorisation_that_the_bank_let_go(
    stripe_payments: StripePayments, attempt: Attempt, bank: Bank
) -> None:
    bank.authorise(attempt.checkout_id or "")
    bank.lapse(attempt.checkout_id or "")
    standing = stripe_payments.capture(attempt=attempt, amount=1, key="k")
    assert (standing.state, standing.captured) == (CheckoutState.LAPSED, 0)


def test_an_authorisation_that_is_gone_when_it_is_to_be_taken_is_told_and_no_failure(
    stripe_payments: StripePayments, attempt: Attempt, bank: Bank
) -> None:
    bank.authorise(attempt.checkout_id or "")
    bank.watch = lambda when: (
        bank.lapse(attempt.checkout_id or "")
        if when == "before" and bank.requests[-1][1].endswith("/capture")
        else None
    )
    standing = stripe_payments.capture(attempt=attempt, amount=1, key="k")
    assert (standing.state, standing.captured) == (CheckoutState.LAPSED, 0)


@pytest.mark.parametrize(
    ("error", "for_good"),
    [
        (stripe.CardError("declined", None, "card_declined", http_status=402), True),
        (stripe.InvalidRequestError("wrong", None, "amount_too_large", http_status=400), True),
        (stripe.AuthenticationError("no such key", http_status=401), False),
        (stripe.PermissionError("not with this key", http_status=403), False),
        (stripe.APIConnectionError("broken"), False),
    ],
    ids=lambda each: type(each).__name__,
)
def test_what_will_never_be_taken_is_told_apart_from_what_we_may_not_or_could_not_ask(
    stripe_payments: StripePayments,
    attempt: Attempt,
    bank: Bank,
    monkeypatch: pytest.MonkeyPatch,
    error: stripe.StripeError,
    for_good: bool,
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise error

    bank.authorise(attempt.checkout_id or "")
    monkeypatch.setattr(stripe.PaymentIntentService, "capture", refuse)
    with pytest.raises(ProviderFailed) as failed:
        stripe_payments.capture(attempt=attempt, amount=5_000, key="k")
    assert isinstance(failed.value, CaptureRefused) == for_good
    assert stripe_payments.standing(attempt=attempt).state is CheckoutState.AUTHORISED


def test_what_somebody_refunds_at_the_dashboard_counts(
    stripe_payments: StripePayments, paid: Attempt, bank: Bank
) -> None:
    bank.refund_at_the_dashboard(paid.checkout_id or "", 1_500)
    standing = stripe_payments.refund(attempt=paid, amount=1_000, key="r1")
    assert (standing.refunded, standing.refunds["r1"]) == (2_500, 1_000)


def test_a_refund_that_the_bank_sends_back_is_told_apart(
    stripe_payments: StripePayments, paid: Attempt, bank: Bank
) -> None:
    stripe_payments.refund(attempt=paid, amount=1_000, key="r1")
    bank.fail_refunds()
    standing = stripe_payments.refund(attempt=paid, amount=1_000, key="r1")
    assert (standing.refunded, standing.failed_refunds) == (0, {"r1"})


DISPUTES = {
    "warning_needs_response": Dispute.NONE,
    "warning_under_review": Dispute.NONE,
    "warning_closed": Dispute.NONE,
    "needs_response": Dispute.OPEN,
    "under_review": Dispute.OPEN,
    "appeal_needs_response": Dispute.OPEN,
    "appeal_under_review": Dispute.OPEN,
    "won": Dispute.WON,
    "lost": Dispute.LOST,
    "prevented": Dispute.WON,
}
KNOWN, _ = get_args(stripe.Dispute.__annotations__["status"])  # Literal[…] | str


@pytest.mark.parametrize("status", [*get_args(KNOWN), "a status of tomorrow"])
def test_every_status_of_a_dispute_that_the_library_knows_has_its_meaning(
    stripe_payments: StripePayments, paid: Attempt, bank: Bank, status: str
) -> None:
    bank.dispute(paid.checkout_id or "", status)
    expected = DISPUTES[status] if status in get_args(KNOWN) else Dispute.OPEN
    assert stripe_payments.standing(attempt=paid).dispute is expected


@pytest.mark.parametrize(
    ("case_type", "dispute", "held"),
    [("block", Dispute.WON, PRICE.amount), ("resolution", Dispute.LOST, 0)],
)
def test_a_prevented_dispute_left_the_money_or_gave_it_back(
    stripe_payments: StripePayments,
    paid: Attempt,
    bank: Bank,
    case_type: str,
    dispute: Dispute,
    held: int,
) -> None:
    bank.dispute(paid.checkout_id or "", "prevented", case_type)
    standing = stripe_payments.standing(attempt=paid)
    assert (standing.dispute, standing.held) == (dispute, held)


def test_disputed_money_is_not_given_back(
    stripe_payments: StripePayments, paid: Attempt, bank: Bank
) -> None:
    bank.dispute(paid.checkout_id or "")
    with pytest.raises(ProviderFailed) as refused:
        stripe_payments.refund(attempt=paid, amount=1, key="r1")
    assert not refused.value.retryable


# ---- settings, health, secrets -------------------------------------------------------------------


def test_health_says_which_mode(stripe_payments: StripePayments, bank: Bank) -> None:
    assert stripe_payments.health().detail == "Stripe answers, test mode"
    bank.break_next("sessions", Fault.LIMIT)
    health = stripe_payments.health()
    assert not health.ok
    assert "slow down" in health.detail


@pytest.mark.parametrize("name", ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"])
def test_a_missing_setting_is_named(stand_in: StandIn, name: str) -> None:
    settings = stand_in.settings() | {name: "nothing"}
    with pytest.raises(ValueError, match=f"^{name}: give"):
        build(settings=settings, unit_of_work=MemoryStore(), clock=SystemClock())


def test_no_secret_is_shown(stand_in: StandIn) -> None:
    account = Account.read(stand_in.settings())
    assert "stand_in" not in repr(account)
    assert "whsec" not in repr(account)


def test_one_service_never_waits_long_for_a_stripe_that_hangs(
    stripe_payments: StripePayments,
) -> None:
    client = stripe_payments._account.client
    assert client._requestor._client._timeout == (3, 5)  # type: ignore[attr-defined]
