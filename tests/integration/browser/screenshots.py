"""Pictures of every stop of the tour, for people to look at: `make screenshots`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.integration.browser.tour import TOUR, Country, Stop, standing_at

FOLDER = Path(os.environ.get("SCREENSHOTS", "var/screenshots"))
PHONE, DESKTOP = 390, 1280
#: Which widths there are pictures of, by language.
WIDTHS = {"en-GB": (PHONE, DESKTOP), "de-DE": (PHONE,)}


@pytest.fixture(scope="module", params=WIDTHS)
def page(request: pytest.FixtureRequest, chromium: Browser) -> Iterator[tuple[str, Page]]:
    context = chromium.new_context(
        timezone_id="Europe/Berlin", locale=request.param, reduced_motion="reduce"
    )
    FOLDER.mkdir(parents=True, exist_ok=True)
    yield request.param, context.new_page()
    context.close()


@pytest.mark.parametrize("stop", TOUR, ids=lambda stop: stop.name)
def test_a_picture_is_taken(stop: Stop, page: tuple[str, Page], country: Country) -> None:
    locale, shown = page
    with standing_at(stop, country, shown):
        for width in WIDTHS[locale]:
            shown.set_viewport_size({"width": width, "height": 844 if width == PHONE else 800})
            for scheme in ("light", "dark"):
                shown.emulate_media(color_scheme=scheme)
                name = f"{stop.name}.{locale[:2]}.{width}.{scheme}.png"
                shown.screenshot(path=FOLDER / name, full_page=stop.ours)
