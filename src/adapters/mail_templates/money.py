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
_TAKEN = (PaymentStatus.AUTHORISED, PaymentStatus.DISPUTED, *_TAKEN_ON_SITE)
_GOES_BACK = ("goes_back", "kept_part", "kept_all", "on_site_goes_back", "on_site_kept_part")


def told(letter: Letter) -> tuple[list[str], dict[str, Money]]:
    """The phrases, none where there is nothing to say, and their amounts.

    What shall stay with the builder is known as soon as a booking ends; what the provider has done
    about it by now makes no difference to that.
    """
    if letter.booking.payment.price is None:
        return [], {}
    amounts = _amounts(letter, letter.booking.payment.price)
    if letter.kind is LetterKind.REFUNDED:
        phrase = _of_refund(letter)
    else:
        phrase = _what_becomes_of_it(letter, amounts)
    phrases = [] if phrase is None else [phrase]
    if phrase in _GOES_BACK and amounts["before"].amount:
        phrases.append("before")
    by_whom = "" if letter.reader is Reader.CLIENT else "builder_"
    return [f"{by_whom}{each}" for each in phrases], amounts


def _amounts(letter: Letter, price: Money) -> dict[str, Money]:
    """What goes back when the booking ends, what is kept then, and what had gone back before."""
    payment = letter.booking.payment
    before = letter.back_before.amount if letter.back_before else 0
    left = max(0, payment.paid_in - before)
    kept = min(payment.to_keep, left)
    figures = {
        "price": price.amount,
        "amount": left - kept,
        "kept": kept,
        "before": before,
        "reserved": max(0, price.amount - kept),
        "returned": payment.returned,
    }
    return {name: Money(figure, price.currency) for name, figure in figures.items()}


def _of_refund(letter: Letter) -> str | None:
    """Why it was made, where nobody announced it; of several, what they come to."""
    if letter.booking.state.dead and letter.booking.payment.accepted is None:
        return "nothing_booked"
    before = letter.refund is not None and letter.booking.payment.returned > letter.refund.amount
    return "refunded_in_all" if before else None


def _what_becomes_of_it(letter: Letter, amounts: dict[str, Money]) -> str | None:
    payment = letter.booking.payment
    if letter.kind not in _ABOUT_MONEY:
        return _TOO_LATE.get(letter.kind)
    if payment.status in (_TAKEN if payment.attempts else _TAKEN_ON_SITE):
        return _who_gets_it(payment, amounts)
    if not payment.attempts or payment.status not in _NOT_TAKEN:
        return None
    return "nothing_taken" if payment.accepted is None else "released"


def _who_gets_it(payment: Payment, amounts: dict[str, Money]) -> str:
    kept = amounts["kept"].amount
    if payment.status is PaymentStatus.DISPUTED:
        return "bank_decides"
    if payment.status is PaymentStatus.REFUNDED and payment.owed:
        return "bank_gave_back"
    if kept and _only_reserved(payment):
        return "kept_part_released" if amounts["reserved"].amount else "kept_all"
    if not amounts["amount"].amount:
        return "kept_all" if kept else "gone_back"
    by_whom = "" if payment.attempts else "on_site_"
    return f"{by_whom}{'kept_part' if kept else 'goes_back'}"


def _only_reserved(payment: Payment) -> bool:
    """No more is taken of what was authorised than is kept, so nothing has to be given back."""
    less = payment.price is not None and 0 < payment.taken < payment.price.amount
    return payment.status is PaymentStatus.AUTHORISED or less
