"""Somebody in front of a browser: what they do, and what must hold for all that they see."""

from __future__ import annotations

import re
from time import sleep
from typing import Any

from attrs import define, field, frozen
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Dialog, Page, Request

from entrypoints.container import Application

# Once a document, and nothing but what is found; what is shown within a page is a page of its own.
_AXE = """async (axe) => {
  if (!window.axe) (0, eval)(axe);
  const { violations } = await window.axe.run({ resultTypes: ["violations"], iframes: false });
  return violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
}"""


@frozen
class Site:
    """A running service."""

    url: str
    application: Application


def sign_in_link(site: Site, email: str) -> str:
    """Asks for a link and waits for its mail; the address that it leads to."""
    site.application.core.ask_sign_in_link(email=email)
    return newest_link(site, email)


def newest_link(site: Site, email: str) -> str:
    """Of the newest mail to that address, once the worker has sent it."""
    for _ in range(200):
        if link := mailed_link(site, email):
            return link
        sleep(0.05)
    raise AssertionError("No mail came.")


def mailed_link(site: Site, email: str) -> str:
    """Of the newest mail to that address, by now; empty where there is none."""
    mailer: Any = site.application.mailer
    found = [re.search(r"\S+/signin#link=\S+", each.text) for each in mailer.sent_to(email)]
    return next((each[0] for each in reversed(found) if each), "")


@define(slots=False)  # playwright keeps its handlers on the object that they belong to
class Visitor:
    """A page in a browser. It writes down what no page of ours may do."""

    page: Page
    site: Site
    axe: Axe | None  # a script itself, so there is none where no scripts run
    faults: list[str] = field(factory=list)
    hosts: tuple[str, ...] = ()  # those that its pages may ask, besides the site

    def __attrs_post_init__(self) -> None:
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.faults.append(f"script failed: {error}"))
        self.page.on("dialog", self._close)
        self.page.context.on("request", self._watch)

    def open(self, path: str) -> Page:
        self.page.goto(path if path.startswith("http") else self.site.url + path)
        return self.page

    def check_quiet(self) -> None:
        """No script failed, no console error, no dialog, no request to a foreign host."""
        assert not self.faults, self.faults

    def expect_status(self, status: int) -> bool:
        """The browser's own complaint about an answer that the test has asked for is no fault.

        Whether there was one.
        """
        before = len(self.faults)
        self.faults = [each for each in self.faults if f"status of {status}" not in each]
        return len(self.faults) < before

    def check_accessible(self) -> None:
        """axe finds nothing serious, and nothing is wider than the screen."""
        serious = self.page.evaluate(_AXE, self.axe.axe_script) if self.axe else []
        assert not serious, serious
        self.check_width()

    def check_width(self) -> None:
        wide = self.page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide, "The page is wider than the screen."

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console: {message.text}")

    def _close(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _watch(self, request: Request) -> None:
        if not request.url.startswith((self.site.url, *self.hosts, "data:", "blob:")):
            self.faults.append(f"foreign host: {request.url}")
