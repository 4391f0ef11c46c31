"""The link of a mail about a booking, opened in a real browser."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.integration.browser.states import book
from tests.integration.browser.visitor import Visitor


def test_the_link_of_a_mail_works_in_a_tab_that_shows_its_page_already(visitor: Visitor) -> None:
    core, booking = visitor.site.application.core, book(visitor.site)
    path = f"/bookings/{booking.id}"
    page = visitor.open(path)
    visitor.expect_status(404)
    expect(page.get_by_role("heading", name="Open a booking")).to_be_visible()
    token = core.manage_key.token(booking.id, booking.token_version)
    visitor.open(f"{path}#token={token}")
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
    expect(page).to_have_url(re.compile(f"{path}$"))
