"""What people's mails say of money, held against the books of the payment provider."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from attrs import Factory, frozen

from adapters.mail_templates import TemplateMailWriter
from booking_core import (
    Booking,
    BookingState,
    Letter,
    LetterKind,
    Mail,
    Reader,
    Standing,
)
from booking_core.application.plain_mail import PlainMailWriter
from tests.unit.application.paying import BUILDER, Shop

FIGURE = r"€([\d,]+\.\d\d)"
_ENDINGS = (
    LetterKind.CANCELLED,
    LetterKind.CALLED_OFF,
    LetterKind.FAILED,
    LetterKind.LINK_UNUSED,
    LetterKind.EXPIRED,
    LetterKind.AUTHORISED_TOO_LATE,
    LetterKind.PAID_TOO_LATE,
    LetterKind.PAYMENT_FAILED,
    LetterKind.PAYMENT_TAKEN_BACK,
)


@frozen
class BothWriters(PlainMailWriter):
    """Sends plain mails, and keeps the text that its reader would really have got at that moment."""

    texts: dict[str, tuple[Letter, str]] = Factory(dict)

    def write(self, *, letter: Letter) -> Mail:
        self.texts[letter.key] = letter, TemplateMailWriter().write(letter=letter).text
        return super().write(letter=letter)

    def about(self, booking: Booking) -> Iterator[tuple[LetterKind, str]]:
        """What its client was told."""
        for letter, text in self.texts.values():
            if letter.booking.id == booking.id and letter.reader is Reader.CLIENT:
                yield letter.kind, text


def check(shop: Shop, mails: BothWriters) -> None:
    """Ends what still stands, lets everything settle, and compares."""
    shop.payments.mend()
    shop.work(timedelta(hours=1))
    for booking in _told_of(shop, mails):
        if booking.state is BookingState.CONFIRMED:
            shop.cancel(booking, BUILDER)
    shop.work(timedelta(hours=1))
    for booking in _told_of(shop, mails):
        _compare(shop, booking, list(mails.about(booking)))


def _told_of(shop: Shop, mails: BothWriters) -> list[Booking]:
    found = {letter.booking.id: letter.booking for letter, _ in mails.texts.values()}
    return [shop.now(booking) for booking in found.values()]


def _compare(shop: Shop, booking: Booking, told: list[tuple[LetterKind, str]]) -> None:
    keys = {attempt.key for attempt in booking.payment.attempts}
    books = [each for key, each in shop.payments.checkouts().items() if key in keys]
    gone = sum(each.refunded for each in books)
    told_gone = 0
    for kind, text in told:
        told_gone += figure(text, f"refund of {FIGURE} has been made")
        if kind in _ENDINGS:
            _compare_ending(text, books, gone, told_gone)
    assert told_gone == gone


def _compare_ending(text: str, books: list[Standing], gone: int, told_gone: int) -> None:
    """What is announced when a booking ends is what goes back after that, beside what went before."""
    announced = figure(text, f"{FIGURE} goes back to you")
    before = figure(text, f"{FIGURE} ha(?:d|s) gone back to you (?:before|already)")
    by_bank = figure(text, f"{FIGURE} has gone back to you through your bank")
    kept = figure(text, f"{FIGURE} is kept")
    if announced or before:
        assert (announced, before) == (gone - told_gone, told_gone), text
    assert ("Another mail tells you" in text) is bool(announced)
    if "not taken" in text:
        assert sum(each.captured for each in books) == 0, text
    if by_bank:
        assert by_bank == sum(each.captured - each.refunded - each.held for each in books), text
    if "disputed" not in text:
        assert kept == sum(each.held for each in books), text


def figure(text: str, pattern: str) -> int:
    """In minor units; nothing where the mail does not say it."""
    return sum(int(re.sub(r"\D", "", figure)) for figure in re.findall(pattern, text))
