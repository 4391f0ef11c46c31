"""What a mail says about money that is not taken, goes back or stays."""

from __future__ import annotations

from booking_core import Letter, LetterKind, Money, Payment, PaymentStatus, Reader

_ABOUT_MONEY = (LetterKind.CANCELLED, LetterKind.FAILED, LetterKind.LINK_UNUSED)
_NOT_TAKEN = (PaymentStatus.VOIDED, PaymentStatus.FAILED)
_TAKEN_ON_SITE = (PaymentStatus.PAID, PaymentStatus.REFUND_DUE, PaymentStatus.REFUNDED)
_TAKEN = (PaymentStatus.AUTHORISED, *_TAKEN_ON_SITE)


def told(letter: Letter) -> tuple[str, dict[str, Money]] | None:
    """The phrase and its amounts; None where there is nothing to say.

    What shall stay with the builder is known as soon as a booking ends; what the provider has done
    about it by now makes no difference to that.
    """
    payment = letter.booking.payment
    price = payment.price
    if price is None:
        return None
    phrase = _in_all(letter) if letter.kind is LetterKind.REFUNDED else _what_becomes_of_it(letter)
    if phrase is None:
        return None
    kept = Money(payment.to_keep, price.currency)
    amounts = {
        "price": price,
        "amount": Money(price.amount - kept.amount, price.currency),
        "kept": kept,
        "returned": Money(payment.returned, price.currency),
    }
    return phrase if letter.reader is Reader.CLIENT else f"builder_{phrase}", amounts


def _in_all(letter: Letter) -> str | None:
    """Of several refunds, what they come to."""
    before = letter.refund is not None and letter.booking.payment.returned > letter.refund.amount
    return "refunded_in_all" if before else None


def _what_becomes_of_it(letter: Letter) -> str | None:
    payment = letter.booking.payment
    if letter.kind not in _ABOUT_MONEY:
        return None
    if payment.status in (_TAKEN if payment.attempts else _TAKEN_ON_SITE):
        return _who_gets_it(payment)
    return "nothing_taken" if payment.attempts and payment.status in _NOT_TAKEN else None


def _who_gets_it(payment: Payment) -> str:
    if payment.price is not None and payment.to_keep >= payment.price.amount:
        return "kept_all"
    by_whom = "" if payment.attempts else "on_site_"
    return f"{by_whom}{'kept_part' if payment.to_keep else 'goes_back'}"
