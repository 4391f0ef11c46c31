"""The running service and a headless Chromium that looks at its pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from structlog.testing import capture_logs

from entrypoints.container import Application
from tests.integration.browser.service import IN_MEMORY, serving
from tests.integration.browser.tour import Country, open_country
from tests.integration.browser.visitor import Site, Visitor

#: Phone, tablet, desktop.
WIDTHS = (360, 768, 1280)
# Without the last ones Chromium asks its maker's hosts at every start.
_FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)
            # One browser a worker; its pages are served from the same process.
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "These tests need Chromium: install the package 'chromium'."
    browser = playwright.chromium.launch(executable_path=program, args=_FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def settings() -> dict[str, str]:
    """What a test may change before it asks for the site."""
    return dict(IN_MEMORY)


@pytest.fixture
def site(settings: dict[str, str]) -> Iterator[Site]:
    """The service with its starter catalogue on a free port, its worker beside it."""
    with serving(settings) as site, capture_logs():
        site.application.seed()
        yield site


@pytest.fixture(scope="session")
def country() -> Iterator[Country]:
    """What the tour goes through: its states are made once, and stay as they are."""
    with capture_logs(), open_country() as country:
        yield country


@pytest.fixture
def application(site: Site) -> Application:
    return site.application


@pytest.fixture(params=WIDTHS, ids=lambda width: f"{width}px")
def width(request: pytest.FixtureRequest) -> int:
    found: int = request.param
    return found


@pytest.fixture
def visitor(chromium: Browser, site: Site) -> Iterator[Visitor]:
    """Somebody at a desktop, in Berlin, who reads English."""
    yield from _visit(chromium, site, 1280)


@pytest.fixture
def anywhere(chromium: Browser, site: Site, width: int) -> Iterator[Visitor]:
    """The same at each width."""
    yield from _visit(chromium, site, width)


@pytest.fixture
def without_scripts(chromium: Browser, site: Site, width: int) -> Iterator[Visitor]:
    """At each width, in a browser that runs no script of a page."""
    yield from _visit(chromium, site, width, java_script_enabled=False)


def _visit(chromium: Browser, site: Site, width: int, **options: Any) -> Iterator[Visitor]:
    context = chromium.new_context(
        viewport={"width": width, "height": 900},
        timezone_id="Europe/Berlin",
        locale="en-GB",
        **options,
    )
    page: Page = context.new_page()
    visitor = Visitor(page, site, Axe() if options.get("java_script_enabled", True) else None)
    yield visitor
    context.close()
    visitor.check_quiet()
