"""Signing in by a mailed link in a real browser, with scripts and without."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.integration.browser.visitor import Visitor, newest_link

EMAIL, MEMBERS = "ana@example.org", "/b/demo/play-lab"


@pytest.fixture(params=(360, 1280), ids=lambda width: f"{width}px")
def width(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


def ask(visitor: Visitor) -> str:
    """From a page for members to the mailed link."""
    page = visitor.open(MEMBERS)
    visitor.expect_status(401)
    page.get_by_role("main").get_by_role("link", name="Sign in").click()
    page.get_by_label("Your e-mail address").fill(EMAIL)
    page.get_by_role("button", name="Send me a link").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    return newest_link(visitor.site, EMAIL)


def book_and_sign_out(visitor: Visitor, page: Page) -> None:
    expect(page).to_have_url(re.compile(MEMBERS))
    page.locator(".starts a").first.click()
    page.get_by_label("Your name").fill("Ana Ng")
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
    page.get_by_role("link", name="My bookings").click()
    expect(page.get_by_role("link", name=re.compile("experiment lab"))).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in")).to_be_visible()


def test_a_link_signs_in_with_one_click(anywhere: Visitor) -> None:
    link = ask(anywhere)
    anywhere.open("/")
    page = anywhere.open(link)
    expect(page.get_by_text("One click, and you are signed in.")).to_be_visible()
    expect(page.get_by_label("Link of the mail")).not_to_be_visible()
    expect(page.get_by_role("button", name="Sign in")).to_be_focused()
    assert "#" not in page.url  # nor in the history
    page.keyboard.press("Enter")
    book_and_sign_out(anywhere, page)

    page = anywhere.open(link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("used already")
    anywhere.expect_status(401)
    expect(page.get_by_role("button", name="Send a new link")).to_be_visible()


def test_a_link_that_is_opened_in_the_page_that_waits_for_it_signs_in(anywhere: Visitor) -> None:
    page = anywhere.open(ask(anywhere))  # only the end of the address changes
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(MEMBERS))


def test_without_scripts_the_link_is_pasted(without_scripts: Visitor) -> None:
    link = ask(without_scripts)
    page = without_scripts.open(link)
    page.get_by_label("Link of the mail").fill(link)
    page.get_by_role("button", name="Sign in").click()
    book_and_sign_out(without_scripts, page)


def test_a_form_that_is_too_old_is_sent_again(anywhere: Visitor) -> None:
    page = anywhere.open("/b/demo/getting-started")
    page.locator(".starts a").first.click()
    page.get_by_label("Your name").fill("Bo Diddley")
    page.get_by_label("Your e-mail address").fill("bo@example.org")
    page.get_by_label("Notes").fill("one\ntwo")
    page.context.clear_cookies()
    page.get_by_role("button", name="Book this time").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing was done yet")
    anywhere.expect_status(400)
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
    expect(page.get_by_text("one two")).to_be_visible()
