from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.integration.calendly_simulator.bodies import NOW
from tests.simulators.calendly import CalendlyServer, EventType, Simulator, User


@pytest.fixture
def calendly(socket_enabled: None) -> Iterator[CalendlyServer]:
    with CalendlyServer() as calendly:
        calendly.sim.clock.freeze(NOW)
        yield calendly


@pytest.fixture
def sim(calendly: CalendlyServer) -> Simulator:
    return calendly.sim


@pytest.fixture
def host(sim: Simulator) -> User:
    return sim.user("Ana Host", timezone="UTC")


@pytest.fixture
def intro(sim: Simulator, host: User) -> EventType:
    return sim.event_type(host, "Intro call")


@pytest.fixture
def api_as(calendly: CalendlyServer) -> Iterator[Callable[[str], httpx.Client]]:
    """A client with a token."""
    clients: list[httpx.Client] = []

    def open_client(token: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}", "User-Agent": "booking-core tests"}
        # No certificates are needed on this machine, and loading them takes its time.
        clients.append(httpx.Client(base_url=calendly.url, headers=headers, verify=False))
        return clients[-1]

    yield open_client
    for each in clients:
        each.close()


@pytest.fixture
def api(sim: Simulator, host: User, api_as: Callable[[str], httpx.Client]) -> httpx.Client:
    return api_as(sim.token(host))


@pytest.fixture
def browser(calendly: CalendlyServer) -> Iterator[httpx.Client]:
    """Somebody without a token."""
    with httpx.Client(base_url=calendly.url, verify=False) as browser:
        yield browser
