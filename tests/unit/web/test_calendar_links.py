"""Links that write a booking into a calendar on the web."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

from booking_core import Slot
from entrypoints.web.calendar_links import calendar_links

BERLIN = timezone(timedelta(hours=1))
START = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)


def links(slot: Slot) -> dict[str, dict[str, list[str]]]:
    found = calendar_links(slot, title="Tea & Café", place="", text="https://b.test/bookings/1")
    return {name: parse_qs(urlsplit(address).query) for name, address in found.items()}


def test_times_are_told_in_utc_whatever_they_were_given_in() -> None:
    slot = Slot(START.astimezone(BERLIN), (START + timedelta(hours=1)).astimezone(BERLIN))
    found = links(slot)
    assert found["Google"]["dates"] == ["20261231T233000Z/20270101T003000Z"]
    for name in ("Outlook.com", "Microsoft 365"):
        assert found[name]["startdt"] == ["2026-12-31T23:30:00Z"]
        assert found[name]["enddt"] == ["2027-01-01T00:30:00Z"]


def test_words_arrive_as_they_are_and_an_unknown_place_is_left_out() -> None:
    found = links(Slot(START, START + timedelta(hours=1)))
    assert found["Google"]["text"] == found["Outlook.com"]["subject"] == ["Tea & Café"]
    assert all("location" not in each for each in found.values())
    slot = Slot(START, START + timedelta(hours=1))
    [*addresses] = calendar_links(slot, title="Tea & Café", place="a b", text="").values()
    assert all("+" not in each and "a%20b" in each for each in addresses)
