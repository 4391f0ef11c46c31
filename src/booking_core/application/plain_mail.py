"""Mail in plain English, for those who bring no writer of their own."""

from __future__ import annotations

from datetime import datetime

from booking_core.domain.booking import Booking, in_english
from booking_core.domain.contact import one_line
from booking_core.domain.time import Slot, zone
from booking_core.ports.mail_writer import Letter, LetterKind, MailWriter, Reader, SignInLetter
from booking_core.ports.mailer import Mail

_HEADLINES = {
    LetterKind.BOOKED: "Booked",
    LetterKind.CHOOSE_TIME: "Choose your time",
    LetterKind.PAY: "Please pay for it",
    LetterKind.PAYMENT_ON_ITS_WAY: "Your payment is on its way",
    LetterKind.REMOVED: "Placed too late, and taken out of the calendar",
    LetterKind.JOIN_LINK: "How to join",
    LetterKind.MOVED: "Moved",
    LetterKind.MOVE_REFUSED: "Could not be moved, the old time stays",
    LetterKind.CANCELLED: "Cancelled",
    LetterKind.CALLED_OFF: "Cancelled before it was booked",
    LetterKind.FAILED: "Could not be booked",
    LetterKind.UNMATCHED: "In your calendar, but not booked here",
    LetterKind.REMINDER: "Reminder",
    LetterKind.NEW_LINK: "A new link",
    LetterKind.PAYMENT_FAILED: "The payment failed",
    LetterKind.PAYMENT_TAKEN_BACK: "Not booked; the payment was refunded or disputed before",
    LetterKind.EXPIRED: "Not paid in time",
    LetterKind.AUTHORISED_TOO_LATE: "Paid too late; the money was only reserved, and is released",
    LetterKind.PAID_TOO_LATE: "Paid too late; all of it goes back",
    LetterKind.LINK_UNUSED: "No time was chosen",
    LetterKind.REFUNDED: "Money is on its way back",
    LetterKind.HANDED_BACK: "Money was given back",
    LetterKind.REFUND_SENT_BACK: "The bank sent a refund back; it is still owed",
    LetterKind.DISPUTED: "The payment is disputed",
    LetterKind.DISPUTE_ENDED: "The dispute has ended",
}


class PlainMailWriter(MailWriter):
    """A few lines of text with the facts, times in the reader's zone."""

    def write_sign_in(self, *, letter: SignInLetter) -> Mail:
        return Mail(key=letter.key, to=letter.to, subject="Sign in", text=_sign_in_text(letter))

    def write(self, *, letter: Letter) -> Mail:
        if letter.reader is Reader.GUEST:
            return _to_guest(letter)
        booking, builder = letter.booking, letter.builder
        contact, for_client = booking.client.contact, letter.reader is Reader.CLIENT
        reader, other = (contact, builder) if for_client else (builder, contact)
        title = one_line(letter.session_type.title)  # a line break would end the header
        headline = f"{_HEADLINES[letter.kind]}: {title} with {one_line(other.name)}"
        lines = [
            f"Hello {reader.name},",
            "",
            headline if for_client else f"{headline} <{contact.email}>",
            *_when(booking.slot, letter.timezone),
            *_moment("Was", letter.was, letter.timezone),
            *_moment("Awaited until", _awaited_until(letter), letter.timezone),
            *_where(booking),
            *_why(booking),
            *([f"Refund: {letter.refund}"] if letter.refund else []),
            *([] if for_client else _said(booking)),
            "",
            *(["All about it is here:", letter.manage_url, ""] if for_client else []),
        ]
        return Mail(
            key=letter.key,
            to=reader.email,
            subject=headline,
            text="\n".join(lines),
            reply_to=other.email,
        )


def _to_guest(letter: Letter) -> Mail:
    booking, builder = letter.booking, letter.builder
    what = f"{one_line(letter.session_type.title)} with {one_line(builder.name)}"
    lines = [
        "Hello,",
        "",
        f"{booking.client.contact.name} invited you to {what}.",
        *_when(booking.slot, letter.timezone),
        *_moment("Was", letter.was, letter.timezone),
        *_where(booking),
    ]
    return Mail(
        key=letter.key,
        to=letter.guest,
        subject=f"{_HEADLINES[letter.kind]}: {what}",
        text="\n".join(lines),
        reply_to=builder.email,
    )


def _sign_in_text(letter: SignInLetter) -> str:
    lines = [
        "Hello,",
        "",
        f"This link signs you in. It works once, within {letter.minutes} minutes:",
        letter.url,
        "",
        "If you did not ask for it, there is nothing to do.",
    ]
    return "\n".join(lines)


def _when(slot: Slot | None, timezone: str) -> list[str]:
    if slot is None:
        return []
    start, end = (moment.astimezone(zone(timezone)) for moment in (slot.start, slot.end))
    return [f"{_day(start)}, {start:%H:%M} to {end:%H:%M} ({timezone}, UTC{start:%z})"]


def _moment(label: str, moment: datetime | None, timezone: str) -> list[str]:
    if moment is None:
        return []
    here = moment.astimezone(zone(timezone))
    return [f"{label}: {_day(here)}, {here:%H:%M} ({timezone}, UTC{here:%z})"]


def _awaited_until(letter: Letter) -> datetime | None:
    """Until when money is waited for that takes days."""
    awaits = letter.kind is LetterKind.PAYMENT_ON_ITS_WAY
    return letter.booking.deadline if awaits else None


def _day(moment: datetime) -> str:
    return f"{moment:%A}, {moment.day} {moment:%B %Y}"


def _where(booking: Booking) -> list[str]:
    place = booking.location.text if booking.state.served else ""
    return [f"Where: {place}"] if place else []


def _why(booking: Booking) -> list[str]:
    return [f"Reason: {in_english(booking.cancel_reason)}"] if booking.cancel_reason else []


def _said(booking: Booking) -> list[str]:
    answers = [f"{answer.prompt} {_text(answer.value)}" for answer in booking.details.answers]
    notes = [f"Notes: {booking.details.notes}"] if booking.details.notes else []
    guests = ", ".join(booking.details.guests)
    return answers + notes + ([f"Guests: {guests}"] if guests else [])


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
