"""A booking's page and the list of one's bookings in a real browser: keyboard, clocks, no scripts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Browser, expect

from booking_core import Booking, BookingState, Slot
from entrypoints import times
from tests.integration.browser.states import book, change, let_in
from tests.integration.browser.visitor import Site, Visitor, sign_in_link


@pytest.fixture(params=(360, 1280), ids=lambda width: f"{width}px")
def width(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


def test_what_is_booked_is_downloaded_and_cancelled_by_keyboard(anywhere: Visitor) -> None:
    path = let_in(anywhere.page.context, anywhere.site, book(anywhere.site))
    page = anywhere.open(path)
    expect(page.get_by_text("Where you are now")).to_be_hidden()  # which is Berlin as well
    with page.expect_download() as file:
        page.get_by_role("link", name="Download for my calendar").click()
    assert file.value.suggested_filename == "invite.ics"
    page.locator("#cancel").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("That costs nothing")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("ill")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="This booking is cancelled")).to_be_visible()


def test_a_hold_is_counted_down_and_the_page_follows_its_end(visitor: Visitor) -> None:
    booking = book(visitor.site, "portfolio-review")
    page = visitor.page
    page.clock.install()
    visitor.open(let_in(page.context, visitor.site, booking))
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"\d\d:\d\d left"))
    change(visitor.site, booking, deadline=datetime.now(UTC) - timedelta(seconds=1))
    page.clock.fast_forward("40:00")
    expect(page.get_by_role("heading", name="This booking has expired")).to_be_visible()
    page.get_by_role("button", name="Try this time again").click()
    expect(page.get_by_label("Where is your portfolio?")).to_have_value("https://example.org")
    expect(page.get_by_label("Your name")).to_have_value("Ana Ng")


def being_made(visitor: Visitor) -> Booking:
    """It waits for the calendar, and the page that shows it has a clock that is set by hand."""
    booking = book(visitor.site)
    change(visitor.site, booking, state=BookingState.CONFIRMING)
    visitor.page.clock.install()
    visitor.open(let_in(visitor.page.context, visitor.site, booking))
    return booking


def test_what_is_being_made_shows_itself_once_it_is(visitor: Visitor) -> None:
    page, booking = visitor.page, being_made(visitor)
    expect(page.get_by_text("This page looks again by itself.")).to_be_visible()
    page.clock.run_for(3_000)
    expect(page.get_by_role("heading", name="Your booking is being made")).to_be_visible()
    change(visitor.site, booking, state=BookingState.CONFIRMED)
    page.clock.run_for(10_000)
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()


def test_whoever_comes_back_to_the_page_does_not_wait_for_it(visitor: Visitor) -> None:
    page, booking = visitor.page, being_made(visitor)
    for _ in range(8):  # until it asks every minute only
        with page.expect_response(re.compile("/bookings/")):
            page.clock.run_for(60_000)
        page.wait_for_timeout(100)
    change(visitor.site, booking, state=BookingState.CONFIRMED)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()


def test_a_move_that_takes_its_time_tells_how_it_ended(visitor: Visitor) -> None:
    page, booking = visitor.page, book(visitor.site)
    assert booking.slot is not None
    later = Slot(*(each + timedelta(hours=1) for each in (booking.slot.start, booking.slot.end)))
    change(visitor.site, booking, pending_slot=later)
    page.clock.install()
    path = let_in(page.context, visitor.site, booking)
    visitor.open(f"{path}?moved={times.rfc3339(later.start)}")
    expect(page.get_by_role("heading", name="Your booking is being moved")).to_be_visible()
    change(visitor.site, booking, slot=later, pending_slot=None)
    page.clock.run_for(10_000)
    expect(page.get_by_role("heading", name="Your booking has moved")).to_be_visible()
    change(visitor.site, booking, slot=booking.slot)
    page.reload()
    expect(page.get_by_text("It is not at the time that you moved it to")).to_be_visible()


def test_without_scripts_everything_is_there(without_scripts: Visitor) -> None:
    booking = book(without_scripts.site, "portfolio-review")
    page = without_scripts.open(let_in(without_scripts.page.context, without_scripts.site, booking))
    expect(page.get_by_text("The time is kept for you until")).to_be_visible()
    expect(page.get_by_role("timer")).to_be_hidden()
    page.get_by_role("button", name="Give the time back").click()
    expect(page.get_by_role("heading", name="This booking is cancelled")).to_be_visible()
    change(without_scripts.site, booking, state=BookingState.CONFIRMING)
    page.reload()
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_role("heading", name="Your booking is being made")).to_be_visible()


def test_somebody_who_travels_is_told_the_time_there_too(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(timezone_id="Asia/Tokyo", locale="en-GB")
    page = context.new_page()
    path = let_in(page.context, site, book(site))
    page.goto(site.url + path)
    expect(page.get_by_text("Where you are now: ")).to_be_visible()
    expect(page.get_by_text("(Asia/Tokyo)")).to_be_visible()
    context.close()


def test_what_was_booked_before_is_added_to_ones_bookings(anywhere: Visitor) -> None:
    link = sign_in_link(anywhere.site, "ana@example.org")
    page = anywhere.open(link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Nothing is booked.")).to_be_visible()
    book(anywhere.site)
    page.reload()
    page.get_by_role("button", name="Add to my bookings").click()
    expect(page.get_by_role("link", name="Show them in")).to_be_hidden()  # they are
    page.get_by_role("link", name="Cancel", exact=True).click()
    expect(page.get_by_text("If you cancel now")).to_be_visible()
    page.go_back()
