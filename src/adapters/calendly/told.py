"""An invitee and the event as one record of ours (C5)."""

from __future__ import annotations

from adapters.calendly.trails import Place
from booking_core import (
    CalendarTag,
    Contact,
    EventRecord,
    Slot,
    UnknownTimezone,
    printable,
)

#: The other tracking fields in the order of how likely they hold the id of a booking.
_MARKS = ("utm_content", "utm_term", "utm_campaign", "utm_medium", "utm_source")
_LONGEST_NAME = 200


def record_of(place: Place, holder: str, left: tuple[str, ...]) -> EventRecord:
    """`left` are the places that it was moved from.

    Raises InvalidRequest when the invitee cannot be a client, for want of a usable address."""
    event, invitee = place.event, place.invitee
    return EventRecord(
        event=place.ref(holder),
        event_type_uri=event.event_type_uri,
        slot=Slot(event.start, event.end),
        contact=_contact(place),
        cancelled=place.canceled,
        no_show=invitee.no_show_uri is not None,
        tag=CalendarTag(invitee.tag) if invitee.tag else None,
        marks=tuple(mark for name in _MARKS if (mark := invitee.tracking[name])),
        answers=tuple((question, answer) for question, answer in invitee.answers if answer),
        replaces=left,
        guests=place.guests,
    )


def _contact(place: Place) -> Contact:
    invitee = place.invitee
    name = printable(invitee.name).strip() or invitee.email.partition("@")[0]
    name = name[:_LONGEST_NAME]
    try:
        return Contact(name, invitee.email, invitee.timezone or None)
    except UnknownTimezone:
        return Contact(name, invitee.email)
