"""What Stripe posts to us: proved to be from it, or refused."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypeGuard

from adapters.stripe_payments.account import Account
from booking_core import UntrustedNotice

#: The kinds of events that say something about a booking's money.
KINDS = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
        "payment_intent.amount_capturable_updated",
        "payment_intent.succeeded",
        "payment_intent.canceled",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.refunded",
        "charge.dispute.created",
        "charge.dispute.updated",  # a question became a dispute, or a lost one is appealed
        "charge.dispute.closed",
    }
)
_OLDEST = timedelta(minutes=5)
_LONGEST = 512 * 1024
_ID = re.compile("[!-~]{1,255}")  # as it can be looked up


def verified(
    body: bytes, headers: Mapping[str, str], account: Account, now: datetime
) -> dict[str, Any]:
    """The event, once signature, age, mode and form prove it.

    Raises:
        UntrustedNotice: for anything else whatsoever; the library itself raises many kinds.
    """
    if len(body) > _LONGEST:
        raise UntrustedNotice("The notice is too large.")
    try:
        return _read(body, headers, account, now)
    except UntrustedNotice:
        raise
    except Exception as hostile:
        raise UntrustedNotice("The notice does not prove that Stripe sent it.") from hostile


def _read(
    body: bytes, headers: Mapping[str, str], account: Account, now: datetime
) -> dict[str, Any]:
    import stripe

    given = {name.lower(): value for name, value in headers.items()}
    signature = given.get("stripe-signature", "")
    # Its own check of the age looks into the past only, and at another clock than ours.
    stripe.WebhookSignature.verify_header(body, signature, account.webhook_secret, tolerance=None)
    # Exactly one time: with several, the one that was signed need not be the one that is looked at.
    [signed_at] = [int(part[2:]) for part in signature.split(",") if part.startswith("t=")]
    if abs(now.timestamp() - signed_at) > _OLDEST.total_seconds():
        raise UntrustedNotice("The notice is too old, or from the future.")
    event: dict[str, Any] = json.loads(body)
    if event["livemode"] is not account.live:
        raise UntrustedNotice("The notice is about the other mode, test or live.")
    _check_form(event)
    return event


def _check_form(event: dict[str, Any]) -> None:
    right = (
        _is_id(event["id"])
        and isinstance(event["type"], str)
        and isinstance(event["data"]["object"], dict)
        and isinstance(event["data"]["object"].get("metadata") or {}, dict)
    )
    if not right:
        raise UntrustedNotice("The notice has not the form of a Stripe event.")


def booking_of(concerned: Mapping[str, Any]) -> str | None:
    """The booking that we named when we asked for the checkout, or for the refund."""
    metadata = concerned.get("metadata") or {}
    booking = metadata.get("booking_id") or concerned.get("client_reference_id")
    return booking if _is_id(booking) else None


def _is_id(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and _ID.fullmatch(value) is not None
