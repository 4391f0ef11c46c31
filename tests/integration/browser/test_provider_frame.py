"""The calendar provider's page within ours, from the choice there to the booking here (E6)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from booking_core import CalendarRef
from tests.integration.browser.states import schedule_there
from tests.integration.browser.visitor import Site
from tests.simulators.calendly import CalendlyServer, EventType

PAGE = "/b/demo/getting-started"


@pytest.fixture
def calendly() -> Iterator[CalendlyServer]:
    with CalendlyServer() as calendly:
        yield calendly


@pytest.fixture
def intro(calendly: CalendlyServer) -> EventType:
    host = calendly.sim.user("Robin Demo", timezone="UTC")
    return calendly.sim.event_type(host, "Intro", duration=30)


@pytest.fixture
def settings(
    settings: dict[str, str], calendly: CalendlyServer, intro: EventType
) -> dict[str, str]:
    account = {
        "BOOKING_CALENDAR": "calendly",
        "CALENDLY_API_BASE_URL": calendly.url,
        "CALENDLY_API_KEY": calendly.sim.token(intro.owner),
    }
    return settings | account


@pytest.fixture
def page(chromium: Browser, site: Site, intro: EventType) -> Iterator[Page]:
    schedule_there(site, CalendarRef(intro.id, intro.uri))
    context = chromium.new_context(timezone_id="Europe/Berlin", locale="en-GB")
    page = context.new_page()
    yield page
    context.close()


def test_what_is_scheduled_there_is_booked_here(page: Page, site: Site) -> None:
    page.goto(site.url + PAGE)
    there = page.frame_locator("iframe.calendar")
    there.locator("[name=start_time]").last.check()
    there.get_by_label("Name").fill("Bo Diddley")
    there.get_by_label("E-mail").fill("bo@example.org")
    there.get_by_role("button", name="Schedule event").click()
    expect(page.get_by_role("heading", name="You are booked")).to_be_visible()
    expect(page.get_by_text("bo@example.org").first).to_be_visible()


def test_nobody_but_the_provider_is_heard(page: Page, site: Site) -> None:
    page.goto(site.url + PAGE)
    expect(page.frame_locator("iframe.calendar").get_by_role("button")).to_be_visible()
    page.evaluate(
        """() => {
          const forged = { event: "calendly.event_scheduled", payload: { event: { uri: "x" } } };
          const sent = new Promise((done) => addEventListener("message", done, { once: true }));
          postMessage(forged, "*");
          return sent;
        }"""
    )
    assert page.locator("[name=event]").input_value() == ""
    expect(page).to_have_url(re.compile(PAGE))
