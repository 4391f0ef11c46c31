from __future__ import annotations

from urllib.parse import urlsplit

from attrs import frozen
from icalendar import Calendar, Event, vCalAddress, vText

from booking_core import (
    Attachment,
    Booking,
    Builder,
    CalendarFiles,
    CalendarMethod,
    NotFound,
    SessionType,
)


@frozen
class ICalendarFiles(CalendarFiles):
    """`public_url` makes the entry's id unique in the world, and is where the booking is shown."""

    public_url: str

    def write(
        self,
        *,
        booking: Booking,
        session_type: SessionType,
        builder: Builder,
        method: CalendarMethod,
    ) -> Attachment:
        calendar = Calendar()
        calendar.add("prodid", "-//booking-core//EN")
        calendar.add("version", "2.0")
        calendar.add("method", method.value)
        calendar.add_component(self._entry(booking, session_type, builder, method))
        return Attachment(
            name="invite.ics",
            content_type=f"text/calendar; method={method}; charset=utf-8",
            content=calendar.to_ical(),
        )

    def _entry(
        self,
        booking: Booking,
        session_type: SessionType,
        builder: Builder,
        method: CalendarMethod,
    ) -> Event:
        if booking.slot is None:
            raise NotFound("time of the booking")
        url, place = f"{self.public_url}/bookings/{booking.id}", booking.location.text
        contact, cancelled = booking.client.contact, method is CalendarMethod.CANCEL
        entry = Event()
        entry.add("uid", f"{booking.id}@{urlsplit(self.public_url).hostname}")
        # Rises with every change that is kept, so that a later file replaces an earlier one.
        entry.add("sequence", booking.version)
        # Not the moment of writing: the same mail, tried again, is the same to the last byte.
        entry.add("dtstamp", booking.created_at)
        entry.add("dtstart", booking.slot.start)
        entry.add("dtend", booking.slot.end)
        entry.add("summary", f"{session_type.title}: {builder.name} / {contact.name}")
        entry.add("description", "\n".join(line for line in (place, url) if line))
        entry.add("url", url)
        entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
        if place:
            entry.add("location", place)
        entry.add("organizer", _address(builder.email, builder.name))
        entry.add("attendee", _address(contact.email, contact.name))
        return entry


def _address(email: str, name: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    address.params["cn"] = vText(name)
    return address
