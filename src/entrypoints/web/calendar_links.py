"""Links that write a booking into a calendar on the web; nothing is asked of it before one is followed."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from booking_core import Slot

_OUTLOOK = {
    "Outlook.com": "https://outlook.live.com/calendar/deeplink/compose",
    "Microsoft 365": "https://outlook.office.com/calendar/deeplink/compose",
}


def calendar_links(slot: Slot, *, title: str, place: str, text: str) -> dict[str, str]:
    """By the name of the calendar; times go in UTC, and it shows them in its owner's zone."""
    return {"Google": _google(slot, title, place, text)} | {
        name: _outlook(address, slot, title, place, text) for name, address in _OUTLOOK.items()
    }


def _google(slot: Slot, title: str, place: str, text: str) -> str:
    start, end = (f"{each:%Y%m%dT%H%M%SZ}" for each in (slot.start, slot.end))
    return _address(
        "https://calendar.google.com/calendar/render",
        action="TEMPLATE",
        dates=f"{start}/{end}",
        text=title,
        location=place,
        details=text,
    )


def _outlook(address: str, slot: Slot, title: str, place: str, text: str) -> str:
    start, end = (f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in (slot.start, slot.end))
    return _address(
        address,
        path="/calendar/action/compose",
        rru="addevent",
        startdt=start,
        enddt=end,
        subject=title,
        location=place,
        body=text,
    )


def _address(base: str, **query: str) -> str:
    """A blank is %20, because Outlook shows a plus sign as one."""
    given = {name: value for name, value in query.items() if value}
    return f"{base}?{urlencode(given, quote_via=quote)}"
