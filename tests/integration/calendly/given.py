"""What several tests begin with."""

from __future__ import annotations

from datetime import datetime, timedelta

from booking_core import (
    Answer,
    Booking,
    BookingState,
    CalendarRef,
    Contact,
    Details,
    SessionType,
    Slot,
)
from booking_core.testing.examples import NOW, a_booking, a_contact, a_session_type, a_slot
from tests.simulators.calendly import EventType

KEYS = ("the-signing-key".ljust(32, "x"), "the-old-signing-key".ljust(32, "x"))
#: Tuesday, ten and eleven o'clock
TEN, ELEVEN = a_slot(hour=10), a_slot(hour=11)
TAG = "tag_bkg_1"


def offered_as(event_type: EventType, **changes: object) -> SessionType:
    """The session type that stands for the event type."""
    ref = CalendarRef(event_type.id, event_type.uri)
    defaults = {"calendar_ref": ref, "duration": timedelta(minutes=event_type.duration)}
    return a_session_type(**defaults | changes)


def waiting(
    event_type: EventType,
    slot: Slot = TEN,
    *,
    details: Details | None = None,
    contact: Contact | None = None,
    **changes: object,
) -> Booking:
    """A booking that waits for its event."""
    booking = a_booking(
        BookingState.CONFIRMING, session_type=offered_as(event_type), slot=slot, **changes
    )
    booking.details = details or booking.details
    return booking


def answers(**given: object) -> Details:
    """Answers by question, with underscores for blanks."""
    return Details(
        answers=tuple(
            Answer(prompt, value, prompt.replace("_", " ")) for prompt, value in given.items()
        )
    )


def hours(count: float) -> datetime:
    return NOW + timedelta(hours=count)


__all__ = [
    "ELEVEN",
    "KEYS",
    "NOW",
    "TAG",
    "TEN",
    "a_contact",
    "answers",
    "hours",
    "offered_as",
    "waiting",
]
