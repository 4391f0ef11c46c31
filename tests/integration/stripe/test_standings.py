"""How a checkout stands, for every status that the installed library knows."""

from types import SimpleNamespace
from typing import get_args

import pytest
from stripe import PaymentIntent

from adapters.stripe_payments.standings import paid, state_of
from booking_core import CheckoutState as C

#: Of a complete session, by its intent; a voucher that is still to be paid is money on its way.
COMPLETE = {
    "requires_action": C.PROCESSING,
    "requires_confirmation": C.PROCESSING,
    "processing": C.PROCESSING,
    "requires_capture": C.AUTHORISED,
    "succeeded": C.PAID,
    "canceled": C.VOIDED,
    "requires_payment_method": C.FAILED,
}
#: Of one that is not: what was taken counts all the same.
TAKEN = {"requires_capture": C.AUTHORISED, "succeeded": C.PAID, "processing": C.PROCESSING}


def _session(status: str, intent: str | None) -> SimpleNamespace:
    held = SimpleNamespace(status=intent, cancellation_reason=None) if intent else None
    return SimpleNamespace(status=status, payment_intent=held)


def test_every_status_of_an_intent_is_in_the_table() -> None:
    known, _ = get_args(PaymentIntent.__annotations__["status"])  # Literal[…] | str
    assert set(get_args(known)) == set(COMPLETE)


@pytest.mark.parametrize(("intent", "state"), COMPLETE.items())
def test_a_complete_session_stands_as_its_intent(intent: str, state: C) -> None:
    assert state_of(_session("complete", intent)) is state


@pytest.mark.parametrize(("status", "state"), [("open", C.OPEN), ("expired", C.EXPIRED)])
@pytest.mark.parametrize("intent", [None, *COMPLETE])
def test_a_session_that_is_not_complete_holds_nothing_but_what_was_taken(
    status: str, state: C, intent: str | None
) -> None:
    expected = TAKEN.get(intent or "", state)
    if intent == "canceled" and status == "open":
        expected = C.VOIDED
    assert state_of(_session(status, intent)) is expected


@pytest.mark.parametrize(
    ("status", "counts", "pending", "failed"),
    [
        ("succeeded", True, False, False),
        ("pending", True, True, False),
        ("requires_action", True, True, False),
        ("failed", False, False, True),
        ("canceled", False, False, True),
    ],
)
def test_a_refund_counts_as_soon_as_it_is_on_its_way_and_is_known_to_be_so(
    status: str, counts: bool, pending: bool, failed: bool
) -> None:
    session = SimpleNamespace(payment_intent=SimpleNamespace(amount_received=5_000))
    refund = SimpleNamespace(amount=1_000, status=status, metadata={"key": "refund 0"}, id="re_1")
    standing = paid(session, [refund], [], "EUR")
    assert standing.refunded == (1_000 if counts else 0)
    assert standing.pending_refunds == ({"refund 0"} if pending else set())
    assert standing.failed_refunds == ({"refund 0"} if failed else set())
