"""How a Checkout Session and what hangs on it stand, in the core's words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from adapters.stripe_payments.amounts import from_stripe
from booking_core import CheckoutState, Dispute, Standing

_S = CheckoutState

# Which amount was taken is told by the intent, never by the session's `payment_status`.
_BY_INTENT = {
    "requires_capture": _S.AUTHORISED,
    "succeeded": _S.PAID,
    "processing": _S.PROCESSING,
}
_BY_SESSION = {"open": _S.OPEN, "expired": _S.EXPIRED}
_LAPSED = ("automatic", "expired")  # the bank's time was over
_GONE_BACK = ("pending", "succeeded", "requires_action")
_FAILED = ("failed", "canceled")
_ENDED = {"won": Dispute.WON, "lost": Dispute.LOST}
_ONLY_ASKED = "warning_"  # a question of the bank's; no money is taken back for it


def state_of(session: Any) -> CheckoutState:
    """Of a session whose intent is expanded."""
    intent = session.payment_intent
    if intent is not None:
        if intent.status in _BY_INTENT:
            return _BY_INTENT[intent.status]
        if intent.status == "canceled" and session.status != "expired":
            return _S.LAPSED if intent.cancellation_reason in _LAPSED else _S.VOIDED
    if session.status in _BY_SESSION:
        return _BY_SESSION[session.status]
    # Complete without an intent: nothing was to be paid. With one: the bank said no for good.
    return _S.PAID if intent is None else _S.FAILED


def paid(session: Any, refunds: Iterable[Any], disputes: Iterable[Any], currency: str) -> Standing:
    """Of a session whose money was taken."""
    given_back = list(refunds)
    return Standing(
        state=_S.PAID,
        captured=from_stripe(session.payment_intent.amount_received, currency),
        refunds={
            key_of(each): from_stripe(each.amount, currency)
            for each in given_back
            if each.status in _GONE_BACK
        },
        failed_refunds=frozenset(
            key_of(each) for each in given_back if each.status in _FAILED and _is_ours(each)
        ),
        dispute=_dispute(disputes),
    )


def key_of(refund: Any) -> str:
    """The key that we asked for it by; Stripe's id when somebody else did."""
    return str(refund.metadata["key"]) if _is_ours(refund) else str(refund.id)


def _is_ours(refund: Any) -> bool:
    return bool(refund.metadata) and "key" in refund.metadata


def _dispute(disputes: Iterable[Any]) -> Dispute:
    taken = [each.status for each in disputes if not each.status.startswith(_ONLY_ASKED)]
    return _ENDED.get(taken[0], Dispute.OPEN) if taken else Dispute.NONE
