"""What a mail says about money that is not taken, goes back or stays."""

from __future__ import annotations

from booking_core import Letter, LetterKind, Money, Payment, PaymentStatus, Reader

_ABOUT_MONEY = (LetterKind.CANCELLED, LetterKind.FAILED, LetterKind.LINK_UNUSED)
_TOO_LATE = {
    LetterKind.AUTHORISED_TOO_LATE: "released",
    LetterKind.PAID_TOO_LATE: "goes_back_whole",
}
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
    phrase = (
        _of_refund(letter) if letter.kind is LetterKind.REFUNDED else _what_becomes_of_it(letter)
    )
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


def _of_refund(letter: Letter) -> str | None:
    """Why it was made, where nobody announced it; of several, what they come to."""
    if letter.booking.state.dead and letter.booking.payment.accepted is None:
        return "came_too_late"
    before = letter.refund is not None and letter.booking.payment.returned > letter.refund.amount
    return "refunded_in_all" if before else None


def _what_becomes_of_it(letter: Letter) -> str | None:
    payment = letter.booking.payment
    if letter.kind not in _ABOUT_MONEY:
        return _TOO_LATE.get(letter.kind)
    if payment.status in (_TAKEN if payment.attempts else _TAKEN_ON_SITE):
        return _who_gets_it(payment)
    if not payment.attempts or payment.status not in _NOT_TAKEN:
        return None
    return "nothing_taken" if payment.accepted is None else "released"


def _who_gets_it(payment: Payment) -> str:
    if payment.price is not None and payment.to_keep >= payment.price.amount:
        return "kept_all"
    if _back_already(payment):
        return "gone_back"
    if payment.to_keep and _only_reserved(payment):
        return "kept_part_released"
    by_whom = "" if payment.attempts else "on_site_"
    return f"{by_whom}{'kept_part' if payment.to_keep else 'goes_back'}"


def _back_already(payment: Payment) -> bool:
    """Somebody gave it back at the provider, so there was nothing left to ask for."""
    elsewhere = bool(payment.attempts) and payment.returned > 0 and not payment.refunds
    return elsewhere and payment.owed == 0


def _only_reserved(payment: Payment) -> bool:
    """No more is taken of what was authorised than is kept, so nothing has to be given back."""
    less = payment.price is not None and 0 < payment.taken < payment.price.amount
    return payment.status is PaymentStatus.AUTHORISED or less
