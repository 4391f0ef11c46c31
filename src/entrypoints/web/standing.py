"""How a booking stands for its client: in one word, by which its page and its list say the rest."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from booking_core import Booking, BookingState, PaymentStatus
from entrypoints import times


class Standing(StrEnum):
    """What the client can do, or what came of it."""

    HELD = "held"
    TO_PAY = "to pay"
    NO_CHECKOUT = "no checkout"  # the payment provider has not opened one yet
    MONEY_COMES = "money comes"  # the bank takes its time
    TIME_IS_UP = "time is up"  # and nobody has said yet that nothing was paid
    TO_CHOOSE = "to choose"
    BEING_MADE = "being made"
    BOOKED = "booked"
    MOVING = "moving"
    OVER = "over"  # and nobody has said yet whether it took place
    TOOK_PLACE = "took place"
    MISSED = "missed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NOT_PAID = "not paid"
    FAILED = "failed"

    @property
    def mood(self) -> str:
        """`good`, `waiting` or `ended`."""
        return _MOODS.get(self, "ended")

    @property
    def counts_down(self) -> bool:
        """The client has to do something before the booking's deadline."""
        return self in (Standing.HELD, Standing.TO_PAY, Standing.TO_CHOOSE)

    @property
    def changes_soon(self) -> bool:
        """Somebody else is at work, so whoever waits may look again."""
        return self in _OTHERS_WORK


_MOODS = {
    **dict.fromkeys((Standing.BOOKED, Standing.TOOK_PLACE), "good"),
    **dict.fromkeys((Standing.HELD, Standing.TO_PAY, Standing.NO_CHECKOUT), "waiting"),
    **dict.fromkeys((Standing.MONEY_COMES, Standing.TIME_IS_UP), "waiting"),
    **dict.fromkeys((Standing.TO_CHOOSE, Standing.BEING_MADE, Standing.MOVING), "waiting"),
}
_OTHERS_WORK = (
    Standing.NO_CHECKOUT,
    Standing.MONEY_COMES,
    Standing.TIME_IS_UP,
    Standing.BEING_MADE,
    Standing.MOVING,
)
_ALWAYS = {
    BookingState.CONFIRMING: Standing.BEING_MADE,
    BookingState.COMPLETED: Standing.TOOK_PLACE,
    BookingState.NO_SHOW: Standing.MISSED,
    BookingState.CANCELLED: Standing.CANCELLED,
    BookingState.FAILED: Standing.FAILED,
}


def standing(booking: Booking, now: datetime) -> Standing:
    match booking.state:
        case BookingState.CONFIRMED:
            return _confirmed(booking, now)
        case BookingState.EXPIRED:
            refused = booking.payment.status is PaymentStatus.FAILED
            return Standing.NOT_PAID if refused else Standing.EXPIRED
        case state if state in _ALWAYS:
            return _ALWAYS[state]
    return _waiting(booking, now)


def _confirmed(booking: Booking, now: datetime) -> Standing:
    if booking.pending_slot:
        return Standing.MOVING
    over = booking.slot is not None and booking.slot.end <= now
    return Standing.OVER if over else Standing.BOOKED


def _waiting(booking: Booking, now: datetime) -> Standing:
    """For its client, or for the client's bank, which may take longer than the deadline."""
    if booking.payment.status is PaymentStatus.PROCESSING:
        return Standing.MONEY_COMES
    if booking.overdue(now):
        return Standing.TIME_IS_UP
    if booking.state is BookingState.HELD:
        return Standing.HELD
    if booking.state is BookingState.AWAITING_SCHEDULING:
        return Standing.TO_CHOOSE
    return Standing.TO_PAY if booking.payment.checkout_url else Standing.NO_CHECKOUT


def once_more(booking: Booking, now: datetime) -> list[tuple[str, str]]:
    """The form that books the same again, with all that was typed, and the time where it is still ahead."""
    contact, start = booking.client.contact, booking.slot.start if booking.slot else now
    given = [
        ("start", times.rfc3339(start) if now < start else ""),
        ("timezone", contact.timezone or ""),
        ("name", contact.name),
        ("email", contact.email),
        ("notes", booking.details.notes),
        ("guests", "\n".join(booking.details.guests)),
    ]
    for answer in booking.details.answers:
        given += [(f"answer-{answer.question_id}", each) for each in _typed(answer.value)]
    return [(name, value) for name, value in given if value]


def _typed(value: str | bool | tuple[str, ...]) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("on",) if value else ()
    return (value,) if isinstance(value, str) else value
