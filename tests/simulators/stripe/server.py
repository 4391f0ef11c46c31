from __future__ import annotations

from threading import Thread
from types import TracebackType
from typing import Self

from attrs import define, field
from werkzeug.serving import BaseWSGIServer, make_server

from tests.simulators.stripe.api import stripe_app
from tests.simulators.stripe.books import Bank
from tests.simulators.stripe.webhooks import SECRET


@define
class StandIn:
    """Serves a `Bank` on a port of this machine: its API, and its checkout page."""

    bank: Bank = field(factory=Bank)
    port: int = 0
    _server: BaseWSGIServer | None = None

    def __enter__(self) -> Self:
        self._server = make_server("127.0.0.1", self.port, stripe_app(self.bank), threaded=True)
        self.bank.url = self.url
        # How often it looks whether it is to stop, in seconds: tests start many.
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    @property
    def url(self) -> str:
        port = self._server.server_port if self._server else self.port
        return f"http://127.0.0.1:{port}"

    def settings(self) -> dict[str, str]:
        """What the service needs to use this Stripe."""
        return {
            "STRIPE_SECRET_KEY": "sk_test_stand_in",
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "STRIPE_API_BASE": self.url,
        }
