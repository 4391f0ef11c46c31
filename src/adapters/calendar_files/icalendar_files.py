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
        guest: str = "",
    ) -> Attachment:
        calendar = Calendar()
        calendar.add("prodid", "-//booking-core//EN")
        calendar.add("version", "2.0")
        calendar.add("method", method.value)
        entry = self._entry(booking, session_type, builder, method, at)
        if reader is not Reader.GUEST:  # whom the booking is not shown
            self._add_page(entry, booking)
        self._add_people(entry, booking, builder, method, reader, guest)
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
        place, contact = booking.location.text, booking.client.contact
        cancelled = method is CalendarMethod.CANCEL
        entry = Event()
        # Not the service's address, which may change while the entry stands.
        entry.add("uid", f"{booking.id}@booking-core")
        # Rises with every change that is kept, so that a later file replaces an earlier one.
        entry.add("sequence", booking.version)
        entry.add("dtstamp", at)
        entry.add("dtstart", booking.slot.start)
        entry.add("dtend", booking.slot.end)
        entry.add("summary", f"{session_type.title}: {builder.name} / {contact.name}")
        entry.add("status", "CANCELLED" if cancelled else "CONFIRMED")
        if place:
            entry.add("location", place)
        return entry

    def _add_page(self, entry: Event, booking: Booking) -> None:
        url, place = f"{self.public_url}/bookings/{booking.id}", booking.location.text
        entry.add("description", "\n".join(line for line in (place, url) if line))
        entry.add("url", url)

    def _add_people(
        self,
        entry: Event,
        booking: Booking,
        builder: Builder,
        method: CalendarMethod,
        reader: Reader,
        guest: str,
    ) -> None:
        contact = booking.client.contact
        own, (name, sender) = (builder.email, builder.name), parseaddr(self.sender)
        invited = reader is Reader.BUILDER and method is not CalendarMethod.PUBLISH and sender
        entry.add("organizer", _address(sender, name) if invited else _address(*own))
        if method is not CalendarMethod.PUBLISH:  # which has none (RFC 5546)
            if invited:
                entry.add("attendee", _attendee(*own))
            if guest:
                entry.add("attendee", _attendee(guest, "", "NEEDS-ACTION"))
            entry.add("attendee", _attendee(contact.email, contact.name))


def _attendee(email: str, name: str, said: str = "ACCEPTED") -> vCalAddress:
    """Whoever booked has said yes; nobody is asked, guests neither, whose answer would go nowhere."""
    attendee = _address(email, name)
    attendee.params |= {"role": "REQ-PARTICIPANT", "partstat": said, "rsvp": "FALSE"}
    return attendee


def _address(email: str, name: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    if name:
        address.params["cn"] = vText(name)
    return address
