"""Killing the service in the middle of a storm loses no answered booking and leaves no half-made one."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest
from sqlalchemy import text

from adapters.sql import SqlStore, open_engine
from booking_core import BookingFilter, BookingState

pytestmark = pytest.mark.storm

ROOT = Path(__file__).parents[2]
CLIENTS = 8


class Service:
    """`booking serve` in a process group of its own, on one database."""

    def __init__(self, url: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "SECRET_KEY"},
            "DATABASE_URL": url,
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            "LOG_LEVEL": "ERROR",
            "PYTHONPATH": str(ROOT / "src"),
        }

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "entrypoints.cli", "serve"],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(300):
            try:
                if httpx.get(f"{self.url}/readyz").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        pytest.fail("the service does not become ready")

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/booking.db"
    return request.getfixturevalue("fresh_postgres")()


@pytest.fixture
def service(url: str) -> Iterator[Service]:
    service = Service(url)
    service.start()
    yield service
    service.kill()


def _open_slots(service: Service) -> list[dict[str, str]]:
    now = datetime.now(UTC)
    answer = httpx.get(
        f"{service.url}/api/scheduling/session-types/getting-started/slots",
        params={"from": now.isoformat(), "to": (now + timedelta(days=45)).isoformat()},
    )
    found: list[dict[str, str]] = answer.json()["slots"]
    return found


def _book(service: Service, slot: dict[str, str], client: int) -> httpx.Response:
    return httpx.post(
        f"{service.url}/api/scheduling/bookings/confirm",
        json={
            "sessionTypeId": "getting-started",
            "timeSlot": {"startTime": slot["startTime"], "endTime": slot["endTime"]},
            "clientDetails": {"name": f"Client {client}", "email": f"c{client}@example.org"},
        },
        headers={"Idempotency-Key": f"{client}-{slot['startTime']}"},
    )


def _storm(service: Service, stop: Event) -> tuple[list[Thread], list[str]]:
    """Clients who book one slot after the other until they are cut off; what they were answered."""
    slots, answered = _open_slots(service), []

    def client(number: int) -> None:
        for slot in slots[number // 2 :: CLIENTS // 2]:  # two clients want each slot
            try:
                answer = _book(service, slot, number)
            except httpx.TransportError:
                return
            if answer.status_code == 201:
                answered.append(answer.json()["booking"]["id"])
            if stop.is_set():
                return

    threads = [Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    return threads, answered


def _assert_whole(url: str, answered: list[str]) -> None:
    engine = open_engine(url)
    try:
        with SqlStore(engine)(write=False) as uow:
            kept = {each.id: each for each in uow.bookings.find(BookingFilter(limit=10_000))}
        with engine.connect() as connection:
            claimed = set(connection.execute(text("SELECT booking_id FROM claims")).scalars())
    finally:
        engine.dispose()
    assert set(answered) <= kept.keys(), "an answered booking is lost"
    assert {each.state for each in kept.values()} == {BookingState.CONFIRMED}
    assert claimed == set(kept), "a booking without its claim, or a claim without its booking"
    taken = sorted(each.slot for each in kept.values() if each.slot)
    assert all(first.end <= second.start for first, second in pairwise(taken))


@pytest.mark.timeout(180)
def test_a_killed_service_loses_no_answered_booking(
    service: Service, url: str, record_property: Callable[[str, object], None]
) -> None:
    everything: list[str] = []
    for _ in range(3):
        stop = Event()
        threads, answered = _storm(service, stop)
        while len(answered) < 12 and any(thread.is_alive() for thread in threads):
            time.sleep(0.01)
        assert any(thread.is_alive() for thread in threads), "the storm was over before the kill"
        service.kill()
        stop.set()
        for thread in threads:
            thread.join()
        assert answered
        everything += answered
        _assert_whole(url, everything)
        service.start()
    record_property("answered", len(everything))


def test_a_repeat_after_the_kill_gets_the_booking_that_was_made(service: Service) -> None:
    slot = _open_slots(service)[-1]
    first = _book(service, slot, 1)
    service.kill()
    service.start()
    again = _book(service, slot, 1)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["booking"]["id"] == first.json()["booking"]["id"]
