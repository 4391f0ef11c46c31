"""What a mail says about money that is not taken, goes back or stays."""

from __future__ import annotations

from booking_core import Letter, LetterKind, Money, PaymentStatus, Reader

_ABOUT_MONEY = (LetterKind.CANCELLED, LetterKind.FAILED)
_NOT_TAKEN = (PaymentStatus.VOIDED, PaymentStatus.FAILED)
_TAKEN = (
    PaymentStatus.AUTHORISED,
    PaymentStatus.PAID,
    PaymentStatus.REFUND_DUE,
    PaymentStatus.REFUNDED,
)


def told(letter: Letter) -> tuple[str, dict[str, Money]] | None:
    """The phrase and its amounts; None where there is nothing to say.

    What shall stay with the builder is known as soon as a booking ends; what the provider has done
    about it by now makes no difference to that.
    """
    payment = letter.booking.payment
    price = payment.price
    if price is None or not payment.attempts or letter.kind not in _ABOUT_MONEY:
        return None
    kept = Money(payment.to_keep, price.currency)
    back = Money(price.amount - kept.amount, price.currency)
    if payment.status in _NOT_TAKEN:
        phrase = "nothing_taken"
    elif payment.status not in _TAKEN:
        return None
    elif not kept.amount:
        phrase = "goes_back"
    else:
        phrase = "kept_part" if back.amount else "kept_all"
    prefix = "" if letter.reader is Reader.CLIENT else "builder_"
    return f"{prefix}{phrase}", {"price": price, "amount": back, "kept": kept}
