from __future__ import annotations

import json
from threading import Thread
from types import TracebackType
from typing import Any, Self

import stripe
from attrs import define, field
from werkzeug.serving import BaseWSGIServer, make_server

from tests.simulators.stripe.api import stripe_app
from tests.simulators.stripe.books import Bank

SECRET = "whsec_test_secret"


@define
class StandIn:
    """Serves a `Bank` on a port of this machine, and signs what it would post."""

    bank: Bank = field(factory=Bank)
    port: int = 0
    _server: BaseWSGIServer | None = None

    def __enter__(self) -> Self:
        self._server = make_server("127.0.0.1", self.port, stripe_app(self.bank), threaded=True)
        self.bank.url = self.url
        Thread(target=self._server.serve_forever, daemon=True).start()
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


def signed(event: dict[str, Any], *, at: int, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """The body and headers of a webhook."""
    body = json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=at)
    return body.encode(), {"Stripe-Signature": header}
