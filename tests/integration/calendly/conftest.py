from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from attrs import frozen

from adapters.calendly import Account, CalendlyApi, CalendlyCalendar, PersonalToken, Transport
from adapters.memory import MemoryStore
from booking_core import Clock, SessionType
from booking_core.testing.examples import NOW
from tests.integration.calendly.given import KEYS, offered_as
from tests.simulators.calendly import CalendlyServer, EventType, Simulator, User


@frozen
class ItsClock(Clock):
    """The simulator's clock is ours too."""

    sim: Simulator

    def now(self) -> datetime:
        return self.sim.clock.now()


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
def advice(sim: Simulator, host: User) -> EventType:
    return sim.event_type(host, "An hour of advice", duration=60, increment=60)


@pytest.fixture
def token(sim: Simulator, host: User) -> str:
    return sim.token(host)


@pytest.fixture
def pauses() -> list[float]:
    """How long it was waited before something was tried again."""
    return []


Connect = Callable[..., CalendlyCalendar]


@pytest.fixture
def connect(calendly: CalendlyServer, pauses: list[float]) -> Iterator[Connect]:
    """A calendar with a token of its own."""
    opened: list[Transport] = []

    def connect(
        token: str, store: MemoryStore | None = None, **account: object
    ) -> CalendlyCalendar:
        settings = Account(token, calendly.url, **({"signing_keys": KEYS} | account))
        transport = Transport(settings.base_url, PersonalToken(token), sleep=pauses.append)
        opened.append(transport)
        api = CalendlyApi(transport)
        return CalendlyCalendar(api, settings, store or MemoryStore(), ItsClock(calendly.sim))

    yield connect
    for each in opened:
        each.close()


@pytest.fixture
def calendar(connect: Connect, token: str) -> CalendlyCalendar:
    return connect(token)


@pytest.fixture
def session_type(advice: EventType) -> SessionType:
    return offered_as(advice)
