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
# Of a complete session: a voucher to be paid at a shop, a transfer to be made.
_WAITS_FOR_CLIENT = ("requires_action", "requires_confirmation")
_BY_SESSION = {"open": _S.OPEN, "expired": _S.EXPIRED}
_LAPSED = ("automatic", "expired")  # the bank's time was over
_PENDING = ("pending", "requires_action")
_GONE_BACK = ("succeeded", *_PENDING)
_FAILED = ("failed", "canceled")
_DISPUTES = {
    # A question of the bank's; no money is taken back for it.
    "warning_needs_response": Dispute.NONE,
    "warning_under_review": Dispute.NONE,
    "warning_closed": Dispute.NONE,
    "needs_response": Dispute.OPEN,
    "under_review": Dispute.OPEN,
    # Lost once, and not yet for good.
    "appeal_needs_response": Dispute.OPEN,
    "appeal_under_review": Dispute.OPEN,
    "won": Dispute.WON,
    "lost": Dispute.LOST,
    # Stopped before the bank took the money: the client was turned away, or see `_given_in`.
    "prevented": Dispute.WON,
}


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
    if intent is not None and intent.status in _WAITS_FOR_CLIENT:
        return _S.PROCESSING
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
        pending_refunds=frozenset(key_of(each) for each in given_back if each.status in _PENDING),
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
    """The newest one that is more than a question."""
    told = (dispute_of(each) for each in disputes)
    return next((each for each in told if each is not Dispute.NONE), Dispute.NONE)


def dispute_of(dispute: Any) -> Dispute:
    """Money that a status unknown to us is about is better not touched."""
    if dispute.status == "prevented" and _given_in(dispute):
        return Dispute.LOST
    return _DISPUTES.get(dispute.status, Dispute.OPEN)


def _given_in(dispute: Any) -> bool:
    """The card network gave the money back in our name, so that no dispute was filed."""
    details = dispute.payment_method_details if "payment_method_details" in dispute else None
    card = details.card if details is not None and "card" in details else None
    return card is not None and card.case_type == "resolution"
