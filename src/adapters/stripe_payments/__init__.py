"""Stripe Checkout (D1). The facts that it relies on are in docs/stripe.md."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.stripe_payments.account import Account
from adapters.stripe_payments.payments import StripePayments
from booking_core import Clock, UnitOfWorkFactory

__all__ = ["Account", "StripePayments", "build"]


def build(
    *, settings: Mapping[str, str], unit_of_work: UnitOfWorkFactory, clock: Clock
) -> StripePayments:
    """Raises ValueError when a setting is missing."""
    return StripePayments(Account.read(settings), clock)
