"""What Stripe posts, and what others post in its name."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
import stripe
from attrs import frozen

from adapters.stripe_payments import StripePayments
from adapters.stripe_payments.notices import KINDS
from booking_core import Attempt, BookingId, UntrustedNotice
from booking_core.testing.contracts import PaymentNoticeReaderContract
from booking_core.testing.contracts.payment_notices import Posted
from booking_core.testing.examples import an_attempt
from tests.integration.stripe.test_payments import BOOKING, opened, soon
from tests.simulators.stripe import SECRET, Bank, signed


@frozen
class StripePosts:
    payments: StripePayments
    bank: Bank

    def about(self, booking_id: BookingId) -> Posted:
        key = f"{booking_id}:checkout:{len(self.bank.sessions) + 1}"
        attempt = an_attempt(key=key, expires_at=soon())
        checkout = self.payments.request(booking_id=booking_id, attempt=attempt)
        self.bank.authorise(checkout.id)
        return signed(self.bank.events[-1], at=now())

    def about_nothing_of_ours(self) -> Posted:
        return signed(EVENT | {"data": {"object": {"id": "cs_1", "metadata": {}}}}, at=now())


class TestReadingStripe(PaymentNoticeReaderContract):
    @pytest.fixture
    def reader(self, stripe_payments: StripePayments) -> StripePayments:
        return stripe_payments

    @pytest.fixture
    def sender(self, stripe_payments: StripePayments, bank: Bank) -> StripePosts:
        return StripePosts(stripe_payments, bank)


@pytest.fixture
def attempt(stripe_payments: StripePayments) -> Attempt:
    return opened(stripe_payments)


@pytest.fixture
def paid(attempt: Attempt, bank: Bank) -> Attempt:
    bank.pay(attempt.checkout_id or "")
    return attempt


def now() -> int:
    return int(time.time())


def heard(payments: StripePayments, event: dict[str, Any]) -> BookingId | None:
    body, headers = signed(event, at=now())
    notice = payments.read(body=body, headers=headers)
    return notice.booking_id if notice else None


def test_every_event_about_a_booking_leads_to_it(
    stripe_payments: StripePayments, attempt: Attempt, bank: Bank
) -> None:
    session = attempt.checkout_id or ""
    bank.authorise(session)
    stripe_payments.capture(attempt=attempt, amount=5_000, key="k")
    stripe_payments.refund(attempt=attempt, amount=100, key="r")
    bank.refund_at_the_dashboard(session, 100)
    bank.dispute(session)
    bank.dispute(session, "won")
    kinds = [event["type"] for event in bank.events]
    assert {"refund.created", "charge.dispute.created", "charge.dispute.closed"} <= set(kinds)
    assert [heard(stripe_payments, event) for event in bank.events] == [BOOKING] * len(kinds)


def test_an_event_of_another_kind_or_of_another_system_is_no_news(
    stripe_payments: StripePayments, attempt: Attempt, bank: Bank
) -> None:
    bank.authorise(attempt.checkout_id or "")
    [event, *_] = bank.events
    assert heard(stripe_payments, event | {"type": "customer.created"}) is None
    foreign = {"object": {"id": "cs_1", "object": "checkout.session", "metadata": {}}}
    assert heard(stripe_payments, event | {"data": foreign}) is None


def missed(payments: StripePayments, days: float = 1) -> list[str]:
    since = datetime.now(UTC) - timedelta(days=days)
    return [notice.message_id for notice in payments.missed(since=since)]


def test_only_what_was_not_delivered_is_caught_up_with_oldest_first(
    stripe_payments: StripePayments, attempt: Attempt, bank: Bank
) -> None:
    bank.authorise(attempt.checkout_id or "")
    stripe_payments.capture(attempt=attempt, amount=5_000, key="k")
    first, second, third = (event["id"] for event in bank.events)
    bank.delivered(second)
    assert missed(stripe_payments) == [first, third]
    bank.delivered(first)
    bank.delivered(third)
    assert missed(stripe_payments) == []


def test_a_long_outage_is_caught_up_with_whole(
    stripe_payments: StripePayments, paid: Attempt, bank: Bank
) -> None:
    for _ in range(120):  # Stripe tells 100 at a time
        bank.refund_at_the_dashboard(paid.checkout_id or "", 1)
    assert missed(stripe_payments) == [event["id"] for event in bank.events]


def test_events_of_other_kinds_are_not_asked_for(
    stripe_payments: StripePayments, attempt: Attempt, bank: Bank
) -> None:
    bank.decline_card(attempt.checkout_id or "")
    assert [event["type"] for event in bank.events] == ["payment_intent.payment_failed"]
    assert missed(stripe_payments) == []


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.name == "booking.stripe"]


def test_what_stripe_no_longer_keeps_is_told_as_a_gap(
    stripe_payments: StripePayments, attempt: Attempt, bank: Bank, caplog: pytest.LogCaptureFixture
) -> None:
    bank.authorise(attempt.checkout_id or "")
    old, recent = bank.events
    old["created"] -= 35 * 86_400
    caplog.set_level("WARNING", "booking.stripe")
    assert missed(stripe_payments, days=40) == [recent["id"]]
    [warning] = warnings(caplog)
    gap = [datetime.now(UTC) - timedelta(days=days) for days in (40, 30)]
    assert all(f"{day:%Y-%m-%d}" in warning for day in gap)


def test_asking_for_all_that_stripe_keeps_leaves_no_gap(
    stripe_payments: StripePayments, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("WARNING", "booking.stripe")
    assert missed(stripe_payments, days=30) == []
    assert warnings(caplog) == []


def test_the_kinds_that_we_listen_to_are_stripes() -> None:
    assert set(get_args(stripe.Event.__annotations__["type"])) >= KINDS
    assert len(KINDS) <= 20  # more cannot be asked for at once


EVENT = {
    "id": "evt_1",
    "type": "checkout.session.completed",
    "livemode": False,
    "data": {"object": {"id": "cs_1", "metadata": {"booking_id": "bkg_1"}}},
}


def _signed_text(text: str) -> tuple[bytes, dict[str, str]]:
    header = stripe.WebhookSignature.generate_signature_header(text, SECRET, timestamp=now())
    return text.encode(), {"Stripe-Signature": header}


def _about(concerned: dict[str, Any]) -> dict[str, Any]:
    return {**EVENT, "data": {"object": {"id": "cs_1"} | concerned}}


GOOD_BODY, GOOD = json.dumps(EVENT).encode(), "Stripe-Signature"


def _hostile() -> dict[str, tuple[bytes, dict[str, str]]]:
    old = signed(EVENT, at=now() - 3 * 86_400)
    return {
        "no signature": (GOOD_BODY, {}),
        "empty signature": (GOOD_BODY, {GOOD: ""}),
        "no time": (GOOD_BODY, {GOOD: "v1=abc"}),
        "no scheme": (GOOD_BODY, {GOOD: f"t={now()},v0=abc"}),
        "time is no number": (GOOD_BODY, {GOOD: "t=soon,v1=abc"}),
        "not ASCII": (GOOD_BODY, {GOOD: f"t={now()},v1=ü"}),
        "not UTF-8": (b"\xff\xfe", {GOOD: f"t={now()},v1=abc"}),
        "empty body": (b"", {GOOD: f"t={now()},v1=abc"}),
        "another secret": signed(EVENT, at=now(), secret="whsec_another"),
        "too old": signed(EVENT, at=now() - 600),
        "two times": (old[0], {GOOD: f"{old[1][GOOD]},t={now()}"}),
        "metadata is a list": signed(_about({"metadata": ["booking_id"]}), at=now()),
        "metadata is a text": signed(_about({"metadata": "bkg_1"}), at=now()),
        "from the future": signed(EVENT, at=now() + 600),
        "broken JSON": _signed_text("{"),
        "a list": _signed_text("[]"),
        "a text": _signed_text('"evt"'),
        "null": _signed_text("null"),
        "a number too large": _signed_text("1e999"),
        "deep": _signed_text("[" * 100_000),
        "no id": signed({**EVENT, "id": None}, at=now()),
        "no data": signed({**EVENT, "data": []}, at=now()),
        "live mode": signed({**EVENT, "livemode": True}, at=now()),
        "too large": signed({**EVENT, "padding": "x" * 600_000}, at=now()),
    }


HOSTILE = tuple(_hostile())


def hostile(name: str) -> tuple[bytes, dict[str, str]]:
    """Made now: what is wrong with it is not only that it is old."""
    return _hostile()[name]


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_does_not_prove_that_stripe_sent_it_is_refused_and_nothing_else_happens(
    stripe_payments: StripePayments, name: str
) -> None:
    body, headers = hostile(name)
    with pytest.raises(UntrustedNotice):
        stripe_payments.read(body=body, headers=headers)


def test_a_changed_body_is_refused(stripe_payments: StripePayments) -> None:
    body, headers = signed(EVENT, at=now())
    with pytest.raises(UntrustedNotice):
        stripe_payments.read(body=body.replace(b"bkg_1", b"bkg_2"), headers=headers)


def test_the_headers_name_may_be_written_in_any_case(stripe_payments: StripePayments) -> None:
    body, headers = signed(EVENT, at=now())
    lower = {name.lower(): value for name, value in headers.items()}
    notice = stripe_payments.read(body=body, headers=lower)
    assert notice is not None
    assert (notice.message_id, notice.booking_id) == ("evt_1", "bkg_1")
