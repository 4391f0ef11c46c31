"""What a reader's calendar program makes of the files."""

from __future__ import annotations

import pytest
from attrs import evolve
from icalendar import Calendar, Event

from adapters.calendar_files import ICalendarFiles
from booking_core import Booking, BookingState, CalendarMethod, NotFound
from booking_core.testing.examples import a_booking, a_builder, a_session_type, a_slot
from tests.unit.mail.letters import DETAILS

FILES = ICalendarFiles("https://booking.test")
METHOD = CalendarMethod


def entry(booking: Booking, method: CalendarMethod = METHOD.REQUEST) -> Event:
    file = FILES.write(
        booking=booking, session_type=a_session_type(), builder=a_builder(), method=method
    )
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
    assert first["uid"] == second["uid"] == last["uid"] == f"{booking.id}@booking.test"
    assert first["sequence"] < second["sequence"] < last["sequence"]
    assert last["status"] == "CANCELLED"


def test_the_same_booking_gives_the_same_bytes(booking: Booking) -> None:
    offered = {"session_type": a_session_type(), "builder": a_builder()}
    first, again = (
        FILES.write(booking=booking, method=METHOD.REQUEST, **offered) for _ in range(2)
    )
    assert first == again


def test_a_booking_without_a_time_has_no_file() -> None:
    with pytest.raises(NotFound):
        entry(a_booking(BookingState.AWAITING_SCHEDULING))
