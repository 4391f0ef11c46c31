"""Tab, Enter, Space and letters: from the marketplace to a booking, and what becomes of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.integration.browser.keys import press, tab_to, write
from tests.integration.browser.states import sign_in
from tests.integration.browser.visitor import Visitor


@pytest.fixture(params=(360, 1280), ids=lambda width: f"{width}px")
def width(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


def choose(visitor: Visitor, session_type: str) -> Page:
    """From the marketplace to the form."""
    page = visitor.open("/")
    press(page, ".call a")
    expect(page.get_by_role("heading", name="Robin Demo")).to_be_visible()
    press(page, f"a.offer[href$='/{session_type}']")
    return take_a_time(page)


def take_a_time(page: Page) -> Page:
    """Another day than the one that is shown, and its first time."""
    expect(page.locator("#month")).to_be_visible()
    press(page, ".month a:not([aria-current])")
    expect(page.locator(".month a[aria-current]")).to_be_focused()
    press(page, ".times .starts a")
    expect(page.locator(".details")).to_be_visible()
    return page


def test_a_free_session_is_booked_moved_and_cancelled(anywhere: Visitor) -> None:
    page = choose(anywhere, "getting-started")
    write(page, "[name=name]", "Bo Diddley")
    write(page, "[name=email]", "bo@example.org")
    tab_to(page, "[name=name]", "Shift+Tab")  # and back
    press(page, ".details button:not(.plain)")
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
    before = page.locator(".booked strong").first.inner_text()
    press(page, "a[href*='/move']")
    take_a_time(page)
    press(page, ".details button:not(.plain)", "Space")
    expect(page.get_by_role("heading", name="Your booking has moved")).to_be_visible()
    assert page.locator(".booked strong").first.inner_text() != before
    press(page, "#cancel", "Space")
    write(page, "[name=reason]", "ill")
    press(page, "button.quiet")
    expect(page.get_by_role("heading", name="This booking is cancelled")).to_be_visible()


def test_a_paid_session_is_booked(anywhere: Visitor) -> None:
    page = choose(anywhere, "portfolio-review")
    write(page, "[name=name]", "Bo Diddley")
    write(page, "[name=email]", "bo@example.org")
    write(page, "[name=answer-link]", "https://example.org")
    press(page, "[type=checkbox][value=texts]", "Space")
    press(page, ".details button:not(.plain)")
    expect(page.get_by_role("button", name="Pay by card")).to_be_visible()
    press(page, "button[value=card]")
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
    expect(page.get_by_text("texts")).to_be_visible()


def test_a_builder_opens_a_day(anywhere: Visitor) -> None:
    sign_in(anywhere.page.context, anywhere.site, "robin@example.org")
    page = anywhere.open("/builder/schedule")
    press(page, "[aria-label='Add hours, Saturday']")
    expect(page.get_by_label("Saturday, from")).to_be_focused()
    page.keyboard.type("1000A")
    page.keyboard.press("Tab")
    page.keyboard.type("1130A")
    press(page, "[name=do][value=save]")
    expect(page.get_by_role("status").first).to_contain_text("Saved")
    expect(page.get_by_label("Saturday, to")).to_have_value("11:30")


def test_a_builder_changes_what_clients_see_of_it(anywhere: Visitor) -> None:
    sign_in(anywhere.page.context, anywhere.site, "robin@example.org")
    page = anywhere.open("/builder/profile")
    write(page, "[name=name]", "Robin Ng")
    write(page, "[name=headline]", "Sketches and plans")
    press(page, ".details form button")
    expect(page.get_by_role("status")).to_contain_text("Saved")
    page = anywhere.open("/")
    expect(page.get_by_role("heading", name="Robin Ng")).to_be_visible()
    expect(page.get_by_text("Sketches and plans")).to_be_visible()
