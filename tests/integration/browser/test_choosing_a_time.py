"""From the month to a booking, as people do it: by keyboard, without scripts, back and forth."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.integration.browser.keys import tab_to
from tests.integration.browser.visitor import Visitor

PAGE = "/b/demo/getting-started"


def test_months_and_days_change_in_place_and_the_keyboard_stays_where_it_was(
    visitor: Visitor,
) -> None:
    page = visitor.open(f"{PAGE}?tz=Europe/Berlin")
    expect(page.locator(".starts a").first).to_be_visible()
    page.evaluate("window.loaded = 'once'")
    tab_to(page, "#following")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text(re.compile(r"times on|Nothing is open"))
    expect(page).to_have_url(re.compile(r"month=\d{4}-\d\d"))
    tab_to(page, ".month a:not([aria-current])")
    chosen = page.evaluate("document.activeElement.id")
    page.keyboard.press("Enter")
    expect(page.locator(f"#{chosen}")).to_have_attribute("aria-current", "true")
    expect(page.locator(f"#{chosen}")).to_be_focused()
    assert page.evaluate("window.loaded") == "once"  # the page was not loaded anew


def test_without_scripts_a_time_is_found_and_booked(without_scripts: Visitor) -> None:
    page = without_scripts.open(PAGE)
    page.locator("#following").click()
    page.locator(".month a").last.click()
    expect(page.locator(".month a").last).to_have_attribute("aria-current", "true")
    page.locator("#zone").click()
    page.get_by_label("Time zone, or a city").fill("tokyo")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("Times in Asia/Tokyo.")).to_be_visible()
    page.locator(".times .starts a").first.click()
    page.get_by_label("Your name").fill("Bo Diddley")
    page.get_by_label("Your e-mail address").fill("bo@example.org")
    page.get_by_role("button", name="Choose another time").click()
    page.locator(".month button").first.click()
    page.locator(".times .starts button").first.click()
    expect(page.get_by_label("Your name")).to_have_value("Bo Diddley")
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()


def test_back_forward_and_reload_keep_the_day(visitor: Visitor) -> None:
    page = visitor.open(PAGE)
    expect(page).to_have_url(re.compile("tz=Europe/Berlin|getting-started$"))
    days = page.locator(".month a")
    first, last = (days.nth(place).get_attribute("id") for place in (0, -1))
    days.last.click()
    expect(page.locator(f"#{last}")).to_have_attribute("aria-current", "true")
    page.locator("#following").click()
    expect(page).to_have_url(re.compile("month="))
    page.go_back()
    expect(page.locator(f"#{last}")).to_have_attribute("aria-current", "true")
    page.reload()
    expect(page.locator(f"#{last}")).to_have_attribute("aria-current", "true")
    page.go_back()
    expect(page.locator(f"#{first}")).to_have_attribute("aria-current", "true")
    page.go_forward()
    page.locator(".times .starts a").first.click()
    expect(page.get_by_role("heading", name="Your details")).to_be_visible()
    page.go_back()
    expect(page.locator(f"#{last}")).to_have_attribute("aria-current", "true")


def test_what_is_wrong_is_said_first_and_leads_to_its_field(anywhere: Visitor) -> None:
    page = anywhere.open("/b/demo/portfolio-review?tz=Europe/Berlin")
    page.locator(".times .starts a").first.click()
    page.get_by_label("Your name").fill("Bo Diddley")
    page.locator(".details form").evaluate("form => form.noValidate = true")
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("alert")).to_be_focused()
    anywhere.expect_status(422)
    page.get_by_role("alert").get_by_role("link", name="Where is your portfolio?").click()
    expect(page.get_by_label("Where is your portfolio?")).to_be_focused()
    expect(page.get_by_label("Your name")).to_have_value("Bo Diddley")
