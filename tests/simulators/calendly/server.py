"""Serves a `Simulator` on a port of this machine."""

from __future__ import annotations

from threading import Event as Signal
from threading import Thread
from types import TracebackType
from typing import Any, Self

from attrs import define, field
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tests.simulators.calendly.api import calendly_app
from tests.simulators.calendly.api.pages import PREFIX
from tests.simulators.calendly.simulator import Simulator
from tests.simulators.calendly.uris import API


class _Quiet(WSGIRequestHandler):
    """Calls are in `sim.calls`; a log of them would hold people's addresses."""

    def log(self, type: str, message: str, *args: Any) -> None:
        pass


@define
class CalendlyServer:
    """A context manager: `with CalendlyServer() as calendly: calendly.url, calendly.sim`."""

    sim: Simulator = field(factory=Simulator)
    port: int = 0
    #: seconds between two rounds of webhooks; None: a test calls `sim.deliver()`
    rounds: float | None = None
    _server: BaseWSGIServer | None = None
    _closing: Signal = field(factory=Signal)

    def __enter__(self) -> Self:
        app = calendly_app(self.sim)
        self._server = make_server(
            "127.0.0.1", self.port, app, threaded=True, request_handler=_Quiet
        )
        self.sim.pages = f"{self.url}{PREFIX}"
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        if self.rounds is not None:
            Thread(target=self._carry, args=(self.rounds,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    @property
    def url(self) -> str:
        port = self._server.server_port if self._server else self.port
        return f"http://127.0.0.1:{port}"

    def reachable(self, uri: str) -> str:
        """A URI of the API, which names Calendly's host, as it can be called here."""
        return uri.replace(API, self.url, 1)

    def _carry(self, pause: float) -> None:
        while not self._closing.wait(pause):
            self.sim.deliver()
