"""What a first visit to each main page costs: bytes over the wire, and time until it can be used.

Run with `PYTHONPATH=src python benchmarks/pages.py`. The service is the real one, in a process of its
own; each visit is by a Chromium that has seen nothing yet, on a processor slowed down four times. A page
can be used once its scripts have run and nothing keeps the browser busy any more. The floor is the same
for an answer without a page, `/healthz`, visited in turns with the others; only the ratio can be compared
between machines.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from tempfile import TemporaryDirectory
from time import sleep
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from attrs import frozen
from playwright.sync_api import Browser, sync_playwright

from booking_core import Actor, Contact, SessionTypeId, Slot, TimeWindow
from entrypoints.container import Application, assemble
from entrypoints.settings import Settings

MOST = 150_000  # bytes of a page with all that it loads
SLOWED = 4
VISITS = 5
KIND = SessionTypeId("getting-started")
PAGE, FLOOR = f"/b/demo/{KIND}", "/healthz"
WATCH = """window.busyUntil = 0;
new PerformanceObserver((list) => {
  for (const task of list.getEntries())
    window.busyUntil = Math.max(window.busyUntil, task.startTime + task.duration);
}).observe({ type: "longtask", buffered: true });"""
USABLE = """async () => {
  await new Promise((done) => requestIdleCallback(done, { timeout: 3000 }));
  const [{ domContentLoadedEventEnd }] = performance.getEntriesByType("navigation");
  return Math.max(domContentLoadedEventEnd, window.busyUntil);
}"""


@frozen
class Stop:
    """A page, and what opens it."""

    name: str
    path: str
    cookie: tuple[str, str] | None = None


@contextmanager
def serving(folder: str) -> Iterator[tuple[str, Application]]:
    """The service and, on the same database, an application to make its states with."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    settings = {
        "DATABASE_URL": f"sqlite:///{folder}/booking.db",
        "LOG_LEVEL": "ERROR",
        "BOOKING_MAILER": "memory",
        "PUBLIC_URL": url,
        "PORT": str(port),
    }
    command = [sys.executable, "-m", "entrypoints.cli", "serve", "--no-jobs"]
    process = subprocess.Popen(command, env=os.environ | settings)
    try:
        _wait_for(f"{url}/readyz", process)
        application = assemble(Settings.load(settings))
        yield url, application
        application.close()
    finally:
        process.terminate()
        process.wait()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        try:
            urlopen(url).close()
        except URLError:
            sleep(0.1)
        else:
            return
    raise SystemExit("the service did not start")


def stops(application: Application) -> list[Stop]:
    slot = _open(application)[0]
    booking = application.core.confirm_booking(
        session_type_id=KIND,
        slot=slot,
        contact=Contact("Ana Ng", "ana@example.org", "Europe/Berlin"),
        actor=Actor.anonymous(),
    )
    token = application.core.manage_key.token(booking.id, booking.token_version)
    start = _open(application)[0].start.isoformat().replace("+00:00", "Z")
    return [
        Stop("floor", FLOOR),
        Stop("marketplace", "/"),
        Stop("builder", "/b/demo"),
        Stop("choosing a time", f"{PAGE}?tz=Europe/Berlin"),
        Stop("details", f"{PAGE}?tz=Europe/Berlin&start={start}"),
        Stop("booking", f"/bookings/{booking.id}", ("booking", token)),
        Stop("hours", "/builder/schedule", ("session", _session(application))),
        Stop("embedded", f"/embed/demo/{KIND}?tz=Europe/Berlin"),
    ]


def _open(application: Application) -> list[Slot]:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    found = application.core.find_slots(
        session_type_id=KIND,
        window=TimeWindow(tomorrow, tomorrow + timedelta(days=15)),
        actor=Actor.anonymous(),
    )
    return [each.slot for each in found.slots]


def _session(application: Application) -> str:
    """Of the demo builder, by a mailed link like everybody's."""
    core, mailer, email = application.core, application.mailer, "robin@example.org"
    core.ask_sign_in_link(email=email)
    while core.work_outbox():
        pass
    sent: Any = mailer
    [link] = re.findall(r"/signin#link=(\S+)", sent.sent_to(email)[-1].text)
    return core.open_session(link_secret=link).secret


def visit(browser: Browser, url: str, stop: Stop) -> tuple[int, int, float]:
    """Requests, bytes with their headers, and milliseconds until it can be used."""
    context = browser.new_context(timezone_id="Europe/Berlin", locale="en-GB")
    if stop.cookie:
        name, value = stop.cookie
        context.add_cookies([{"name": name, "value": value, "url": url + stop.path}])
    page = context.new_page()
    page.add_init_script(WATCH)
    devtools = context.new_cdp_session(page)
    sizes: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    devtools.send("Network.enable")
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
    answer = page.goto(url + stop.path, wait_until="load")
    if answer is None or not answer.ok:
        raise SystemExit(f"{stop.name}: {answer and answer.status}")
    usable: float = page.evaluate(USABLE)
    context.close()
    return len(sizes), round(sum(sizes)), usable


def main() -> None:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("install the package 'chromium'")
    with TemporaryDirectory() as folder, serving(folder) as (url, application):
        places = stops(application)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=program, args=["--no-sandbox", "--disable-gpu"]
            )
            visit(browser, url, places[1])  # the service has made its templates by then
            seen = [[visit(browser, url, stop) for stop in places] for _ in range(VISITS)]
            browser.close()
    report(places, seen)


def report(places: list[Stop], seen: list[list[tuple[int, int, float]]]) -> None:
    print(f"medians of {VISITS} first visits, on a processor slowed down {SLOWED} times\n")
    heads = ("requests", "bytes", f"of {MOST // 1000} kB", "usable, ms", "ratio")
    print(f"{'':<16}" + "".join(f"{head:>12}" for head in heads))
    floor = 0.0
    for stop, visits in zip(places, zip(*seen, strict=True), strict=True):
        requests, weight, usable = (median(each) for each in zip(*visits, strict=True))
        floor = floor or usable
        figures = f"{requests:>12.0f}{weight:>12.0f}{weight / MOST:>12.0%}{usable:>12.0f}"
        print(f"{stop.name:<16}{figures}{usable / floor:>11.1f}x")


if __name__ == "__main__":
    main()
