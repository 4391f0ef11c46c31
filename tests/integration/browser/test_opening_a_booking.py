"""The link of a mail about a booking, opened in a real browser."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from booking_core import Actor, Contact, SessionTypeId, TimeWindow
from tests.integration.browser.visitor import Visitor


def test_the_link_of_a_mail_works_in_a_tab_that_shows_its_page_already(visitor: Visitor) -> None:
    core = visitor.site.application.core
    kind, tomorrow = SessionTypeId("getting-started"), datetime.now(UTC) + timedelta(days=1)
    window = TimeWindow(tomorrow, tomorrow + timedelta(days=10))
    [first, *_] = core.find_slots(session_type_id=kind, window=window, actor=Actor.system()).slots
    booking = core.confirm_booking(
        session_type_id=kind,
        slot=first.slot,
        contact=Contact("Bo Diddley", "bo@example.org", "Europe/Berlin"),
        actor=Actor.anonymous(),
    )
    path = f"/bookings/{booking.id}"
    page = visitor.open(path)
    visitor.expect_status(404)
    expect(page.get_by_role("heading", name="Open a booking")).to_be_visible()
    token = core.manage_key.token(booking.id, booking.token_version)
    visitor.open(f"{path}#token={token}")
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
    expect(page).to_have_url(re.compile(f"{path}$"))
