"""Posts each event to the service's endpoint, and loses, doubles and mixes them when a test asks."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from enum import Enum
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from typing import Any, Self

import requests
import stripe
from attrs import define, field

from tests.simulators.stripe.books import Bank

SECRET = "whsec_test_secret"


def signed(event: dict[str, Any], *, at: int, secret: str = SECRET) -> tuple[bytes, dict[str, str]]:
    """The body and headers of a webhook."""
    body = json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(body, secret, timestamp=at)
    return body.encode(), {"Stripe-Signature": header}


class Mishap(Enum):
    """How the delivery of an event goes wrong."""

    DUPLICATE = "it comes twice"
    REORDER = "the next one comes before it"
    DELAY = "it takes `Endpoint.delay` seconds"
    NEVER = "it never comes"


@define
class Endpoint:
    """Takes every event of the bank from now on to `url`, in order; nothing waits for it.

    An attempt that is not answered with 2xx is repeated after the next pause, with a new signature.
    """

    bank: Bank
    url: str
    secret: str = SECRET
    #: Of the next events, one each.
    mishaps: list[Mishap] = field(factory=list)
    delay: float = 0.5
    pauses: tuple[float, ...] = (0, 1, 5)
    _waiting: Queue[dict[str, Any] | None] = field(factory=Queue)

    def __enter__(self) -> Self:
        self.bank.told = self._waiting.put
        Thread(target=self._work, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bank.told = lambda _: None
        self.drain()
        self._waiting.put(None)

    def drain(self) -> None:
        """Until every event is delivered or given up."""
        self._waiting.join()

    def _work(self) -> None:
        while (event := self._take()) is not None:
            mishap = self.mishaps.pop(0) if self.mishaps else None
            for each in self._carried(event, mishap):
                self._post(each)
            self._waiting.task_done()

    def _carried(self, event: dict[str, Any], mishap: Mishap | None) -> Iterator[dict[str, Any]]:
        """What is really posted in the place of the event."""
        if mishap is Mishap.NEVER:
            return
        if mishap is Mishap.DELAY:
            time.sleep(self.delay)
        if mishap is Mishap.REORDER and (overtaking := self._take(1)) is not None:
            yield overtaking
            self._waiting.task_done()
        yield event
        if mishap is Mishap.DUPLICATE:
            yield event

    def _take(self, patience: float | None = None) -> dict[str, Any] | None:
        try:
            return self._waiting.get(timeout=patience)
        except Empty:
            return None

    def _post(self, event: dict[str, Any]) -> None:
        for pause in self.pauses:
            time.sleep(pause)
            if self._attempt(event):
                return self.bank.delivered(event["id"])
        return None

    def _attempt(self, event: dict[str, Any]) -> bool:
        body, headers = signed(event, at=self.bank.now(), secret=self.secret)
        headers["Content-Type"] = "application/json"
        try:
            return requests.post(self.url, body, headers=headers, timeout=10).ok
        except requests.RequestException:
            return False
