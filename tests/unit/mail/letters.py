"""Letters of every kind, about one booking."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from booking_core import (
    Answer,
    Booking,
    BookingState,
    Details,
    Language,
    Letter,
    LetterKind,
    Location,
    LocationKind,
    PaymentStatus,
    Reader,
)
from booking_core.testing.examples import a_builder, a_paid_booking, a_session_type

_ENDS = {
    LetterKind.CANCELLED: BookingState.CANCELLED,
    LetterKind.CALLED_OFF: BookingState.CANCELLED,
    LetterKind.CHOOSE_TIME: BookingState.AWAITING_SCHEDULING,
    LetterKind.FAILED: BookingState.FAILED,
    LetterKind.PAYMENT_FAILED: BookingState.EXPIRED,
    LetterKind.PAYMENT_TAKEN_BACK: BookingState.EXPIRED,
    LetterKind.EXPIRED: BookingState.EXPIRED,
    LetterKind.AUTHORISED_TOO_LATE: BookingState.EXPIRED,
    LetterKind.PAID_TOO_LATE: BookingState.EXPIRED,
    LetterKind.LINK_UNUSED: BookingState.EXPIRED,
    LetterKind.REMOVED: BookingState.EXPIRED,
}
DETAILS = Details(
    location=Location(LocationKind.VIDEO, "https://meet.example.org/robin"),
    answers=(Answer("goal", "A new job", "What is your goal?"),),
    notes="I may be late.\nPlease wait.",
)


def a_letter(
    kind: LetterKind = LetterKind.BOOKED,
    reader: Reader = Reader.CLIENT,
    language: Language = Language.ENGLISH,
    **changes: Any,
) -> Letter:
    booking: Booking = changes.pop("booking", None) or about(kind)
    contact, builder = booking.client.contact, a_builder()
    defaults: dict[str, Any] = {
        "key": f"mail:{kind}:{reader}",
        "kind": kind,
        "reader": reader,
        "booking": booking,
        "session_type": a_session_type(),
        "builder": builder,
        "language": language,
        "timezone": contact.timezone if reader is Reader.CLIENT else builder.timezone,
        "manage_url": f"https://booking.test/bookings/{booking.id}#token=secret",
    }
    return Letter(**defaults | changes)


def about(kind: LetterKind, **payment: Any) -> Booking:
    """A paid booking in a state that a letter of that kind tells of."""
    booking = a_paid_booking(_ENDS.get(kind, BookingState.CONFIRMED), details=DETAILS)
    if kind is LetterKind.CANCELLED:
        booking.cancel_reason = "I am ill"
    if kind in (LetterKind.REFUNDED, LetterKind.HANDED_BACK):
        payment = {"returned": 2_500, "status": PaymentStatus.REFUNDED} | payment
    booking.payment = evolve(booking.payment, **payment)
    return booking
