"""An event as a calendar provider tells it, and which booking it belongs to (C5)."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from booking_core.domain.booking import CalendarEvent
from booking_core.domain.contact import Contact
from booking_core.domain.ids import BookingId, CalendarTag
from booking_core.domain.time import Slot


@frozen(kw_only=True)
class EventRecord:
    """One client's place in an event, as the provider holds it now.

    `tag` and `marks` are what the tracking fields hold: our tag, and whatever else may be the id of a
    booking. `answers` are pairs of a question's text and its answer. `replaces` are the addresses of the
    client's places in the events that this one was moved from, the latest first. `guests` are the addresses
    of those who come along; None where it is not told whose they are.
    """

    event: CalendarEvent
    event_type_uri: str
    slot: Slot
    contact: Contact
    cancelled: bool = False
    no_show: bool = False
    tag: CalendarTag | None = None
    marks: tuple[str, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    replaces: tuple[str, ...] = ()
    guests: tuple[str, ...] | None = None

    def named_bookings(self) -> Iterator[BookingId]:
        """What may be the id of a booking of ours, in the order of C5; the tag comes before these."""
        yield from (BookingId(mark) for mark in self.marks)
        yield from (BookingId(answer.strip()) for _, answer in self.answers)
