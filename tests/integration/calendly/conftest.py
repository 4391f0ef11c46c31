from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from attrs import field, frozen

from adapters.calendly import (
    Account,
    CalendlyApi,
    CalendlyCalendar,
    CalendlyCalendars,
    PersonalToken,
    Transport,
)
from adapters.memory import MemoryStore
from booking_core import Clock, SessionType
from booking_core.testing.examples import NOW
from tests.integration.calendly.given import KEYS, offered_as
from tests.simulators.calendly import CalendlyServer, EventType, Simulator, User


@frozen
class ItsClock(Clock):
    """The simulator's clock is ours too."""

    sim: Simulator = field(repr=False)

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
        token: str,
        store: MemoryStore | None = None,
        *,
        patience: float = 10,
        kind: type[CalendlyCalendar | CalendlyCalendars] = CalendlyCalendar,
        **account: object,
    ) -> CalendlyCalendar | CalendlyCalendars:
        settings = Account(token, calendly.url, **({"signing_keys": KEYS} | account))
        transport = Transport(
            settings.base_url,
            PersonalToken(token),
            sleep=pauses.append,
            timeout=httpx.Timeout(patience),
        )
        opened.append(transport)
        api = CalendlyApi(transport)
        return kind(api, settings, store or MemoryStore(), ItsClock(calendly.sim))

    yield connect
    for each in opened:
        each.close()


@pytest.fixture
def calendar(connect: Connect, token: str) -> CalendlyCalendar:
    return connect(token)


@pytest.fixture
def session_type(advice: EventType) -> SessionType:
    return offered_as(advice)


@pytest.fixture
def unused_port(socket_enabled: None) -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture
def answering(socket_enabled: None) -> Iterator[Callable[..., str]]:
    """A server that gives these answers, one after the other, whatever it is asked."""
    servers: list[ThreadingHTTPServer] = []

    def answering(*answers: Answer) -> str:
        waiting = iter(answers * 3 if len(answers) == 1 else answers)

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, body = next(waiting)
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.send_response(status)
                for name, value in (headers | {"Content-Length": str(len(body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield answering
    for each in servers:
        each.shutdown()
        each.server_close()
