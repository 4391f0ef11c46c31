from __future__ import annotations

from datetime import datetime
from email.utils import parseaddr

from attrs import frozen
from icalendar import Calendar, Event, vCalAddress, vText

from booking_core import (
    Attachment,
    Booking,
    Builder,
    CalendarFiles,
    CalendarMethod,
    NotFound,
    Reader,
    SessionType,
)


@frozen
class ICalendarFiles(CalendarFiles):
    """`public_url` is where the booking is shown; `sender` is who mails come from.

    The client is invited by the builder, and the builder by the sender: a program acts on no invitation
    from its own reader.
    """

    public_url: str
    sender: str = ""

    def write(
        self,
        *,
        booking: Booking,
        session_type: SessionType,
        builder: Builder,
        method: CalendarMethod,
        reader: Reader,
        at: datetime,
    ) -> Attachment:
        calendar = Calendar()
        calendar.add("prodid", "-//booking-core//EN")
        calendar.add("version", "2.0")
        calendar.add("method", method.value)
        entry = self._entry(booking, session_type, builder, method, at)
        self._add_people(entry, booking, builder, method, reader)
        calendar.add_component(entry)
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
        at: datetime,
    ) -> Event:
        if booking.slot is None:
            raise NotFound("time of the booking")
        url, place = f"{self.public_url}/bookings/{booking.id}", booking.location.text
        contact, cancelled = booking.client.contact, method is CalendarMethod.CANCEL
        entry = Event()
        # Not the service's address, which may change while the entry stands.
        entry.add("uid", f"{booking.id}@booking-core")
        # Rises with every change that is kept, so that a later file replaces an earlier one.
        entry.add("sequence", booking.version)
        entry.add("dtstamp", at)
        entry.add("dtstart", booking.slot.start)
        entry.add("dtend", booking.slot.end)
        entry.add("summary", f"{session_type.title}: {builder.name} / {contact.name}")
        entry.add("description", "\n".join(line for line in (place, url) if line))
        entry.add("url", url)
        entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
        if place:
            entry.add("location", place)
        return entry

    def _add_people(
        self,
        entry: Event,
        booking: Booking,
        builder: Builder,
        method: CalendarMethod,
        reader: Reader,
    ) -> None:
        contact = booking.client.contact
        own, (name, sender) = (builder.email, builder.name), parseaddr(self.sender)
        invited = reader is Reader.BUILDER and method is not CalendarMethod.PUBLISH and sender
        entry.add("organizer", _address(sender, name) if invited else _address(*own))
        if method is not CalendarMethod.PUBLISH:  # which has none (RFC 5546)
            for each in ((own,) if invited else ()) + ((contact.email, contact.name),):
                entry.add("attendee", _attendee(*each))


def _attendee(email: str, name: str) -> vCalAddress:
    """Whoever booked has said yes, so nobody is asked."""
    attendee = _address(email, name)
    attendee.params |= {"role": "REQ-PARTICIPANT", "partstat": "ACCEPTED", "rsvp": "FALSE"}
    return attendee


def _address(email: str, name: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    if name:
        address.params["cn"] = vText(name)
    return address
