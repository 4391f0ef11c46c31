"""Calls that go wrong because a test wants it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.integration.calendly_simulator.bodies import FILLED, invalid, wish
from tests.simulators.calendly import EventType, Fault, Simulator

JSON = "application/json"


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (Fault.UNAUTHENTICATED, 401, JSON),
        (Fault.FORBIDDEN, 403, JSON),
        (Fault.EDGE_BLOCK, 403, "text/html"),
        (Fault.NOT_FOUND, 404, JSON),
        (Fault.CONFLICT, 409, JSON),
        (Fault.SLOT_GONE, 400, JSON),
        (Fault.LIMIT, 429, "text/plain"),
        (Fault.LONG_LIMIT, 429, "text/plain"),
        (Fault.ERROR_500, 500, JSON),
        (Fault.BAD_GATEWAY, 502, "text/html"),
    ],
)
def test_a_fault_comes_instead_of_the_work(
    api: httpx.Client, sim: Simulator, intro: EventType, fault: Fault, status: int, kind: str
) -> None:
    sim.faults.order("POST /invitees", fault)
    answer = api.post("/invitees", json=wish(intro))
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith(kind)
    assert sim.events() == []
    assert api.post("/invitees", json=wish(intro)).status_code == 201


def test_a_slot_can_be_gone_on_request(api: httpx.Client, sim: Simulator, intro: EventType) -> None:
    sim.faults.order("POST /invitees", Fault.SLOT_GONE)
    assert api.post("/invitees", json=wish(intro)).json() == invalid(FILLED)


@pytest.mark.parametrize(("fault", "reset"), [(Fault.LIMIT, "30"), (Fault.LONG_LIMIT, "50000")])
def test_a_limit_says_when_it_ends(
    api: httpx.Client, sim: Simulator, fault: Fault, reset: str
) -> None:
    sim.faults.order("GET /users/me", fault)
    headers = api.get("/users/me").headers
    assert (headers["X-RateLimit-Reset"], headers["X-RateLimit-Remaining"]) == (reset, "0")


@pytest.mark.parametrize(("fault", "done"), [(Fault.DROP_BEFORE, 0), (Fault.DROP_AFTER, 1)])
def test_the_connection_breaks_before_or_after_the_work(
    api: httpx.Client, sim: Simulator, intro: EventType, fault: Fault, done: int
) -> None:
    sim.faults.order("POST /invitees", fault)
    with pytest.raises(httpx.RemoteProtocolError):
        api.post("/invitees", json=wish(intro))
    assert len(sim.events("active")) == done
    assert [each.status for each in sim.calls] == [None]


@pytest.mark.parametrize(("fault", "status"), [(Fault.ERROR_AFTER, 500), (Fault.EMPTY_AFTER, 201)])
def test_work_can_be_done_and_answered_badly(
    api: httpx.Client, sim: Simulator, intro: EventType, fault: Fault, status: int
) -> None:
    sim.faults.order("POST /invitees", fault)
    answer = api.post("/invitees", json=wish(intro))
    assert answer.status_code == status
    assert "resource" not in answer.json()
    assert len(sim.events("active")) == 1


def test_a_slow_answer_comes_after_the_work(
    api: httpx.Client, sim: Simulator, intro: EventType
) -> None:
    sim.faults.delay = 0.5
    sim.faults.order("POST /invitees", Fault.SLOW)
    with pytest.raises(httpx.ReadTimeout):
        api.post("/invitees", json=wish(intro), timeout=0.1)
    assert len(sim.events("active")) == 1


def test_a_fault_can_wait_for_the_nth_call_and_stay_for_some(
    api: httpx.Client, sim: Simulator
) -> None:
    sim.faults.order("GET /users/*", Fault.ERROR_500, nth=2, times=2)
    assert [api.get("/users/me").status_code for _ in range(4)] == [200, 500, 500, 200]


def test_a_fault_is_for_its_route_only(api: httpx.Client, sim: Simulator) -> None:
    sim.faults.order("POST /invitees", Fault.ERROR_500)
    assert api.get("/users/me").status_code == 200
    sim.faults.clear()
    assert api.post("/invitees", json={}).status_code == 400


def test_a_call_can_be_watched_before_and_after(api: httpx.Client, sim: Simulator) -> None:
    seen: list[str] = []
    sim.watch = seen.append
    api.get("/users/me")
    assert seen == ["before", "after"]


def test_it_starts_by_hand_and_says_where_it_is() -> None:
    root = Path(__file__).parents[3]
    command = [sys.executable, "-u", "-m", "tests.simulators.calendly", "--port", "0"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told: dict[str, str] = {}
            for line in process.stdout:
                told[line[:20].strip()] = line[20:].strip()
                if "to book it" in told and "personal token" in told:
                    break
            token = {"Authorization": f"Bearer {told['personal token']}"}
            me = httpx.get(f"{told['API']}/users/me", headers=token)
            assert me.json()["resource"]["uri"] == told["user"]
            assert httpx.get(told["to book it"]).status_code == 200
        finally:
            process.terminate()
