"""Stripe counts some currencies otherwise than ISO 4217 does."""

from __future__ import annotations

from fractions import Fraction

from booking_core import CheckoutRefused, Money, exponent

# Two decimals for what has none, and none for what has two ("Supported currencies").
_OTHERWISE = {"ISK": Fraction(100), "UGX": Fraction(100), "MGA": Fraction(1, 100)}


def to_stripe(amount: int, currency: str) -> int:
    """Our minor units in Stripe's. Raises CheckoutRefused for what Stripe cannot take."""
    given = amount * _OTHERWISE.get(currency, Fraction(1))
    # Of three decimals the last one has to be zero.
    if given.denominator != 1 or (exponent(currency) == 3 and given % 10):
        raise CheckoutRefused(f"Stripe cannot take {Money(amount, currency)}; round the price.")
    return int(given)


def from_stripe(amount: int, currency: str) -> int:
    """Stripe's minor units in ours."""
    return int(amount / _OTHERWISE.get(currency, Fraction(1)))
