"""What a mail, or a booking's page, says about money that is not taken, goes back or stays."""

from __future__ import annotations

from collections.abc import Callable

from adapters.mail_templates.phrases import phrases
from booking_core import (
    BookingState,
    Language,
    Letter,
    LetterKind,
    Money,
    MoneyFate,
    PaymentStatus,
    Reader,
    Reckoning,
    reckoned,
)

_ENDINGS = (
    LetterKind.CANCELLED,
    LetterKind.CALLED_OFF,
    LetterKind.FAILED,
    LetterKind.LINK_UNUSED,
)
_TOO_LATE = {
    LetterKind.AUTHORISED_TOO_LATE: "released",
    LetterKind.PAID_TOO_LATE: "goes_back_whole",
}
_TO_CHOOSE = {PaymentStatus.AUTHORISED: "reserved", PaymentStatus.PAID: "has_paid"}
_BESIDES = (
    MoneyFate.GOES_BACK,
    MoneyFate.KEPT_PART,
    MoneyFate.KEPT_PART_RELEASED,
    MoneyFate.KEPT_ALL,
    MoneyFate.ON_SITE_GOES_BACK,
    MoneyFate.ON_SITE_KEPT_PART,
)
_LEFT_TO_THE_BANK = (MoneyFate.BANK_DECIDES, MoneyFate.BANK_GAVE_BACK)
_ANOTHER_MAIL = frozenset({"goes_back", "kept_part", "goes_back_whole"})


def in_words(
    reckoning: Reckoning, *, language: Language, in_figures: Callable[[Money], str]
) -> str:
    """What a client is told of it."""
    words, amounts = phrases(language)["money"], _amounts(reckoning)
    figures = {name: in_figures(amount) for name, amount in amounts.items()}
    return " ".join(words[phrase].format(**figures) for phrase in _phrases(reckoning))


def told(letter: Letter) -> tuple[list[str], dict[str, Money]]:
    """The phrases, none where there is nothing to say, and their amounts."""
    payment = letter.booking.payment
    if payment.price is None:
        return [], {}
    before = letter.back_before.amount if letter.back_before else 0
    reckoning = reckoned(payment, before=before)
    said = _about(letter, reckoning)
    if letter.reader is Reader.BUILDER:
        said = [f"builder_{each}" for each in said]
    elif not _ANOTHER_MAIL.isdisjoint(said):
        said.append("another_mail")
    amounts = {"price": payment.price, "returned": Money(payment.returned, payment.price.currency)}
    return said, amounts | (_amounts(reckoning) if reckoning else {})


def _about(letter: Letter, reckoning: Reckoning | None) -> list[str]:
    if letter.kind is LetterKind.REFUNDED:
        return _of_refund(letter)
    if letter.kind is LetterKind.HANDED_BACK:
        return _of_several(letter)
    if letter.kind in _TOO_LATE:
        if reckoning and reckoning.fate in _LEFT_TO_THE_BANK:
            return _phrases(reckoning)
        return [_TOO_LATE[letter.kind]]
    if letter.kind is LetterKind.CHOOSE_TIME:
        phrase = _TO_CHOOSE.get(letter.booking.payment.status)
        return [phrase] if phrase else []
    if reckoning is None:
        return []
    if letter.kind is LetterKind.DISPUTE_ENDED:
        return _of_dispute(reckoning, letter.booking.state)
    return _of_ending(letter.kind, reckoning)


def _of_ending(kind: LetterKind, reckoning: Reckoning) -> list[str]:
    late = kind is LetterKind.EXPIRED and reckoning.fate is MoneyFate.ON_ITS_WAY
    return _phrases(reckoning) if late or kind in _ENDINGS else []


def _of_refund(letter: Letter) -> list[str]:
    """Why it was made, where nobody announced it; of several, what they come to."""
    booking = letter.booking
    if booking.state.dead and booking.payment.accepted is None:
        return ["nothing_booked"]
    return _of_several(letter)


def _of_several(letter: Letter) -> list[str]:
    booking = letter.booking
    several = letter.refund is not None and booking.payment.returned > letter.refund.amount
    stands = booking.state is BookingState.CONFIRMED
    return ["refunded_in_all"] * several + ["stays_booked"] * stands


def _of_dispute(reckoning: Reckoning, state: BookingState) -> list[str]:
    """How it ended and what becomes of the money; it may be disputed anew by now.

    Of a booking that was not cancelled nothing is kept under its terms.
    """
    if reckoning.fate is MoneyFate.BANK_DECIDES:
        return _phrases(reckoning)
    lost = reckoning.fate is MoneyFate.BANK_GAVE_BACK
    ended = ["dispute_lost" if lost else "dispute_won"]
    became = _phrases(reckoning) if lost or state.dead else []
    return ended + became + ["stays_booked"] * (state is BookingState.CONFIRMED)


def _phrases(reckoning: Reckoning) -> list[str]:
    before = bool(reckoning.before.amount) and reckoning.fate in _BESIDES
    return [reckoning.fate.value, *["before"] * before]


def _amounts(reckoning: Reckoning) -> dict[str, Money]:
    return {
        "price": reckoning.price,
        "amount": reckoning.back,
        "kept": reckoning.kept,
        "before": reckoning.before,
        "reserved": reckoning.released,
    }
