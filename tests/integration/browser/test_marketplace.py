"""The marketplace: whose zone, and by keyboard."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from tests.integration.browser.visitor import Site, Visitor


def test_the_next_opening_is_shown_in_the_zone_of_the_browser(
    chromium: Browser, site: Site, visitor: Visitor
) -> None:
    site.application.core.refresh_openings()
    in_berlin = visitor.open("/").locator("time").inner_text()
    context = chromium.new_context(timezone_id="Asia/Tokyo", locale="en-GB")
    page = context.new_page()
    page.goto(site.url)
    expect(page.get_by_text("Asia/Tokyo")).to_be_visible()
    assert page.locator("time").inner_text() != in_berlin
    context.close()


def test_the_keyboard_skips_to_the_content_and_reaches_the_call(visitor: Visitor) -> None:
    page = visitor.open("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="See the sessions of Robin Demo")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Robin Demo")).to_be_visible()
