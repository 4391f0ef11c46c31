"""A builder at its hours in a real browser, with the keyboard alone and without scripts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from booking_core import Actor, Contact, SessionTypeId, TimeWindow, local_day
from entrypoints.container import Application
from tests.integration.browser.visitor import Visitor, sign_in_link

PAGE, ROBIN = "/builder/schedule", "robin@example.org"
TYPE, SYSTEM = SessionTypeId("getting-started"), Actor.system()


@pytest.fixture(params=(360, 1280), ids=lambda width: f"{width}px")
def width(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


def come_in(visitor: Visitor) -> Page:
    """From the address of the page over the mailed link back to it."""
    page = visitor.open(PAGE)
    link = sign_in_link(visitor.site, ROBIN)
    if visitor.axe:
        page = visitor.open(link)
    else:
        page.get_by_label("Link of the mail").fill(link)
    page.get_by_role("button", name="Sign in", exact=True).click()
    return visitor.open(PAGE)


def book(application: Application) -> str:
    """A session with Robin, some days ahead; the date on which it is."""
    tomorrow = local_day(datetime.now(UTC), "Europe/Berlin").end
    found = application.core.find_slots(
        session_type_id=TYPE,
        window=TimeWindow(tomorrow, tomorrow + timedelta(days=9)),
        actor=SYSTEM,
    )
    booking = application.core.confirm_booking(
        session_type_id=TYPE,
        slot=found.slots[0].slot,
        actor=SYSTEM,
        contact=Contact("Bo Diddley", "bo@example.org", "Europe/Berlin"),
    )
    assert booking.slot
    return booking.slot.start.date().isoformat()


def test_hours_are_changed_with_the_keyboard_alone(anywhere: Visitor) -> None:
    page = come_in(anywhere)
    page.evaluate("window.loadedOnce = true")
    page.get_by_role("button", name="Add hours, Saturday").focus()
    page.keyboard.press("Enter")
    start = page.get_by_label("Saturday, from")
    expect(start).to_be_focused()
    start.fill("10:00")
    page.get_by_label("Saturday, to").fill("10:30")
    page.get_by_label("Saturday, to").press("Enter")  # shows the openings, and takes nothing away
    expect(page.get_by_role("status")).to_contain_text("in the next four weeks")
    expect(page.get_by_role("region", name="What clients would see")).to_contain_text("10:00–10:30")
    expect(page.get_by_label("Monday, from")).to_have_count(2)

    page.get_by_label("Monday, from").nth(1).fill("08:00")
    assert page.evaluate("window.loadedOnce")
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_focused()
    anywhere.expect_status(422)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#day-0-1-start")
    wrong = page.get_by_label("Monday, from").nth(1)
    expect(wrong).to_have_accessible_description("These hours overlap others of the same day.")
    page.get_by_role("button", name="Remove 09:00–12:30, Monday").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Monday, from")).to_have_count(1)
    page.get_by_role("button", name="Save").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Saved")
    expect(page.get_by_label("Saturday, to")).to_have_value("10:30")


def test_time_off_over_a_booked_session_is_asked_about_without_scripts(
    without_scripts: Visitor, application: Application
) -> None:
    day = book(application)
    page = come_in(without_scripts)
    page.get_by_role("button", name="Add time off").click()
    expect(page.get_by_label("From", exact=True)).to_be_focused()
    page.get_by_label("From", exact=True).fill(day)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Getting started, Bo Diddley")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("Saved")
    expect(page.get_by_label("To", exact=True)).to_have_value(day)
