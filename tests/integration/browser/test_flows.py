"""Whole flows, on each width, with scripts and without: nothing that was done is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import product

import pytest
from playwright.sync_api import Browser, Page, expect
from structlog.testing import capture_logs

from adapters.memory import MemoryClock
from tests.integration.browser.conftest import WIDTHS
from tests.integration.browser.service import IN_MEMORY, serving
from tests.integration.browser.tour import NOW
from tests.integration.browser.visitor import Site, Visitor

SESSION = "/b/demo/portfolio-review"


@pytest.fixture(scope="module")
def service() -> Iterator[Site]:
    with serving(IN_MEMORY, clock=MemoryClock(NOW), works=False) as site:
        site.application.seed()
        yield site


@pytest.fixture
def clock(service: Site) -> Iterator[MemoryClock]:
    """What time it is for the service."""
    clock = service.application.core.clock
    assert isinstance(clock, MemoryClock)
    yield clock
    clock.set(NOW)


@pytest.fixture(
    params=product(WIDTHS, (True, False)),
    ids=lambda each: f"{each[0]}px-{'with' if each[1] else 'without'}-scripts",
)
def somebody(request: pytest.FixtureRequest, chromium: Browser, service: Site) -> Iterator[Visitor]:
    width, scripts = request.param
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        timezone_id="Europe/Berlin",
        locale="en-GB",
        java_script_enabled=scripts,
    )
    visitor = Visitor(context.new_page(), service, None)
    with capture_logs():
        yield visitor
    context.close()
    visitor.check_quiet()


def fill(page: Page) -> None:
    page.get_by_label("Your name").fill("Ana Ng")
    page.get_by_label("Your e-mail address").fill("ana@example.org")
    page.get_by_label("Where is your portfolio?").fill("https://example.org")
    page.get_by_label("pictures").check()
    page.get_by_label("Notes").fill("one\ntwo")


def send(page: Page) -> None:
    page.locator(".details button:not(.plain)").click()


def expect_heading(page: Page, name: str) -> None:
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def expect_typed(page: Page) -> None:
    expect(page.get_by_label("Your name")).to_have_value("Ana Ng")
    expect(page.get_by_label("Where is your portfolio?")).to_have_value("https://example.org")
    expect(page.get_by_label("pictures")).to_be_checked()
    expect(page.get_by_label("structure")).not_to_be_checked()
    expect(page.get_by_label("Notes")).to_have_value("one\ntwo")


def to_the_form(visitor: Visitor) -> Page:
    """From the marketplace."""
    page = visitor.open("/")
    page.get_by_role("link", name="See the sessions of Robin Demo").click()
    page.get_by_role("link", name="Portfolio review").click()
    page.locator(".month a").last.click()
    expect(page.locator(".month a").last).to_have_attribute("aria-current", "true")
    page.locator(".times .starts a").first.click()
    expect_heading(page, "Your details")
    return page


def test_of_two_tabs_the_second_keeps_what_was_typed_and_pays_after_it_turned_back(
    somebody: Visitor,
) -> None:
    page = to_the_form(somebody)
    fill(page)
    other = page.context.new_page()
    other.goto(page.url)
    fill(other)
    send(other)
    expect(other.get_by_role("button", name="Pay by card")).to_be_visible()
    other.go_back()
    expect(other.locator(".told")).to_contain_text("This time is kept for you")
    other.get_by_role("link", name="Go on to your booking").click()
    other.get_by_role("link", name="Pay €49.00").click()
    other.get_by_role("link", name="Go back without paying").click()
    expect(other.get_by_text("You left the payment page, and nothing was paid.")).to_be_visible()

    send(page)
    expect(page.locator(".told")).to_contain_text("This time is kept for you")
    somebody.expect_status(409)
    page.locator(".told .starts button").first.click()
    expect_typed(page)
    send(page)
    page.get_by_role("link", name="Go back without paying").click()
    expect(page.get_by_text("You left the payment page, and nothing was paid.")).to_be_visible()
    page.reload()
    page.get_by_role("link", name="Pay €49.00").click()
    page.get_by_role("button", name="Pay by card").click()
    expect_heading(page, "You are booked")
    page.reload()
    expect_heading(page, "You are booked")
    page.go_back()
    expect(page.get_by_role("button", name="Pay by card")).to_have_count(0)  # it is paid
    page.go_forward()
    expect_heading(page, "You are booked")

    other.get_by_role("button", name="Give the time back").click()
    expect_heading(other, "This booking is cancelled")
    page.get_by_role("link", name="Move to another time").click()
    page.locator(".month a").last.click()
    expect(page.locator(".month a").last).to_have_attribute("aria-current", "true")
    page.locator(".times .starts a").first.click()
    page.get_by_role("button", name="Move to this time").click()
    expect_heading(page, "Your booking has moved")
    page.locator("#cancel").click()
    expect(page.get_by_text("€49.00 goes back to you")).to_be_visible()  # before the click
    page.get_by_role("button", name="Cancel the booking").click()
    expect_heading(page, "This booking is cancelled")
    expect(page.get_by_text("€49.00").first).to_be_visible()


def test_who_comes_back_too_late_begins_again_with_all_that_was_typed(
    somebody: Visitor, clock: MemoryClock
) -> None:
    page = to_the_form(somebody)
    fill(page)
    send(page)
    expect(page.get_by_role("button", name="Pay by card")).to_be_visible()
    clock.advance(timedelta(hours=1))
    page.reload()
    page.get_by_role("link", name="Back to the booking").click()
    expect_heading(page, "This booking has expired")
    page.get_by_role("button", name="Try this time again").click()
    expect_typed(page)
    send(page)
    page.get_by_role("button", name="Pay at once").click()
    expect_heading(page, "You are booked")
