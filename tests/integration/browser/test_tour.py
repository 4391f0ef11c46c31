"""On every page, in every state of it: axe, nothing too wide, nothing on the console, no foreign host."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.integration.browser.conftest import WIDTHS
from tests.integration.browser.tour import TOUR, Country, Stop, standing_at
from tests.integration.browser.visitor import Visitor

# Each scheme and each of the outer widths is looked at; colours and layout do not depend on each other.
LOOKS = ((360, "light"), (1280, "dark"))


@pytest.fixture(scope="module")
def visitors(chromium: Browser, country: Country) -> Iterator[dict[bool, Visitor]]:
    """One whose browser runs scripts, and one whose does not."""
    found = {}
    for scripts in (True, False):
        context = chromium.new_context(
            timezone_id="Europe/Berlin",
            locale="en-GB",
            reduced_motion="reduce",
            java_script_enabled=scripts,
        )
        axe = Axe() if scripts else None
        found[scripts] = Visitor(context.new_page(), country.site, axe, hosts=country.hosts)
    yield found
    for each in found.values():
        each.page.context.close()


@pytest.mark.parametrize("stop", TOUR, ids=lambda stop: stop.name)
def test_anybody_can_use_it(stop: Stop, visitors: dict[bool, Visitor], country: Country) -> None:
    for scripts in (True, False):
        if scripts or not stop.needs_scripts:
            _look(stop, visitors[scripts], country)


def _look(stop: Stop, visitor: Visitor, country: Country) -> None:
    page = visitor.page
    visitor.faults.clear()
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    with standing_at(stop, country, page):
        if stop.status != 200:
            assert visitor.expect_status(stop.status), f"The answer was not {stop.status}."
        assert page.locator("h1").first.inner_text().strip()
        for width, scheme in LOOKS:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            if stop.ours:
                visitor.check_accessible()
            visitor.check_width()
        page.set_viewport_size({"width": WIDTHS[1], "height": 900})
        visitor.check_width()
        visitor.check_quiet()
