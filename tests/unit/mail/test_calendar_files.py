"""What a reader's calendar program makes of the files."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve
from icalendar import Calendar, Event

from adapters.calendar_files import ICalendarFiles
from booking_core import Attachment, Booking, BookingState, CalendarMethod, NotFound, Reader
from booking_core.testing.examples import NOW, a_booking, a_builder, a_session_type, a_slot
from tests.unit.mail.letters import DETAILS

FILES = ICalendarFiles("https://booking.test", "Booking <book@example.org>")
METHOD = CalendarMethod


def write(booking: Booking, files: ICalendarFiles = FILES, **told: Any) -> Attachment:
    defaults = {"method": METHOD.REQUEST, "reader": Reader.CLIENT, "at": NOW}
    offered = {"session_type": a_session_type(), "builder": a_builder()}
    return files.write(booking=booking, **offered | defaults | told)


def entry(booking: Booking, method: CalendarMethod = METHOD.REQUEST) -> Event:
    file = write(booking, method=method)
    assert file.name == "invite.ics"
    calendar = Calendar.from_ical(file.content)
    assert calendar["method"] == method
    [event] = calendar.events
    return event


@pytest.fixture
def booking() -> Booking:
    return a_booking(BookingState.CONFIRMED, details=DETAILS, version=2)


def test_the_entry_has_what_a_reader_needs(booking: Booking) -> None:
    event = entry(booking)
    assert (event.start, event.end) == (a_slot().start, a_slot().end)
    assert event["location"] == "https://meet.example.org/robin"
    assert event["url"] == f"https://booking.test/bookings/{booking.id}"
    assert event["organizer"] == f"mailto:{a_builder().email}"
    assert event["attendee"] == "mailto:grace@example.org"
    assert a_session_type().title in event["summary"]
    assert event["status"] == "CONFIRMED"


def test_a_later_file_means_the_same_entry_and_replaces_the_earlier_one(booking: Booking) -> None:
    moved = evolve(booking, slot=a_slot(day=3), version=4)
    gone = evolve(moved, state=BookingState.CANCELLED, version=5)
    first, second, last = entry(booking), entry(moved), entry(gone, METHOD.CANCEL)
    assert first["uid"] == second["uid"] == last["uid"] == f"{booking.id}@booking-core"
    assert first["sequence"] < second["sequence"] < last["sequence"]
    assert last["status"] == "CANCELLED"


def test_the_same_booking_gives_the_same_bytes(booking: Booking) -> None:
    first, again = (write(booking) for _ in range(2))
    assert first == again


def test_the_builder_is_invited_by_the_service_together_with_the_client(booking: Booking) -> None:
    event = Calendar.from_ical(write(booking, reader=Reader.BUILDER).content).events[0]
    assert event["organizer"] == "mailto:book@example.org"
    assert event["attendee"] == [f"mailto:{a_builder().email}", "mailto:grace@example.org"]


def test_a_service_that_moves_to_another_address_means_the_same_entry(booking: Booking) -> None:
    moved = ICalendarFiles("https://elsewhere.test")
    one, two = (Calendar.from_ical(write(booking, files).content) for files in (FILES, moved))
    assert one.events[0]["uid"] == two.events[0]["uid"]


def test_a_booking_without_a_time_has_no_file() -> None:
    with pytest.raises(NotFound):
        entry(a_booking(BookingState.AWAITING_SCHEDULING))
