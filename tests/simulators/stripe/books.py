"""What this Stripe believes: sessions, intents, refunds, disputes, events; and how it can fail."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from enum import Enum
from threading import Event, RLock
from typing import Any

from attrs import define, field


class Fault(Enum):
    """How a request goes wrong. What was begun is what its key answers from then on, a 500 too."""

    DROP_BEFORE = "the connection breaks, nothing was done"
    DROP_AFTER = "it is done, and the connection breaks"
    ERROR_500 = "it is done, and an internal error is the answer"
    ERROR_HALFWAY = "an internal error once it was begun; nothing of it stays"
    CONFLICT = "409, another request under the key runs; nothing was begun"
    LIMIT = "429, nothing was begun"
    DELAY = "it is done, and takes until `Bank.patience`; its key is in use until then"


class Refused(Exception):
    """A 400 as Stripe words it, found while the request was carried out."""

    def __init__(
        self, code: str, message: str, param: str | None = None, status: int = 400
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.param, self.status = code, message, param, status


class Invalid(Refused):
    """Refused by the look of its parameters, before it was begun; no key remembers that."""


@define
class Bank:
    """The books, and the moves of clients and banks. Objects are plain JSON, as on the wire."""

    url: str = "http://127.0.0.1"
    sessions: dict[str, dict[str, Any]] = field(factory=dict)
    intents: dict[str, dict[str, Any]] = field(factory=dict)
    refunds: dict[str, dict[str, Any]] = field(factory=dict)
    disputes: dict[str, dict[str, Any]] = field(factory=dict)
    events: list[dict[str, Any]] = field(factory=list)
    remembered: dict[str, tuple[str, int, dict[str, Any]]] = field(factory=dict)
    faults: list[tuple[str, Fault]] = field(factory=list)
    violations: list[str] = field(factory=list)
    requests: list[tuple[str, str]] = field(factory=list)
    shift: float = 0.0
    #: The keys of requests that run, and the end of the slow ones.
    running: set[str | None] = field(factory=set)
    patience: Event = field(factory=Event)
    #: Called with each new event.
    told: Callable[[dict[str, Any]], None] = lambda _: None
    #: Called with "before" and "after" around each request, while it is unanswered.
    watch: Callable[[str], None] = lambda _: None
    lock: Any = field(factory=RLock)
    _asked: dict[str, dict[str, Any]] = field(factory=dict)
    _numbers: Iterator[int] = field(factory=lambda: itertools.count(1))

    def now(self) -> int:
        return int(time.time() + self.shift)

    def new(self, kind: str) -> str:
        return f"{kind}_{next(self._numbers):08}"

    def break_next(self, part: str, fault: Fault, times: int = 1) -> None:
        """The next requests go wrong that contain `part`, as in `POST /v1/refunds`."""
        self.faults.extend([(part, fault)] * times)

    def fault_of(self, asked: str) -> Fault | None:
        for place, (part, fault) in enumerate(self.faults):
            if part in asked:
                del self.faults[place]
                return fault
        return None

    def forget_keys(self) -> None:
        """A day has passed."""
        self.remembered.clear()

    # ---- requests ----------------------------------------------------------------------------------

    def open_session(self, params: dict[str, Any]) -> dict[str, Any]:
        expires_at = int(params.get("expires_at", self.now() + 86_400))
        if not 1_800 <= expires_at - self.now() <= 86_400:
            message = "The `expires_at` timestamp must be between 30 minutes and 24 hours away."
            raise Invalid("parameter_invalid_integer", message, "expires_at")
        [item] = params["line_items"]
        amount = int(item["price_data"]["unit_amount"]) * int(item["quantity"])
        session_id = self.new("cs_test")
        self.sessions[session_id] = {
            "id": session_id,
            "object": "checkout.session",
            "amount_total": amount,
            "currency": item["price_data"]["currency"],
            "client_reference_id": params.get("client_reference_id"),
            "created": self.now(),
            "customer_email": params.get("customer_email"),
            "expires_at": expires_at,
            "livemode": False,
            "metadata": params.get("metadata", {}),
            "mode": "payment",
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "success_url": params["success_url"],
            "cancel_url": params.get("cancel_url"),
            "url": f"{self.url}/c/pay/{session_id}",
        }
        self._asked[session_id] = params
        return self.session(session_id)

    def session(self, session_id: str) -> dict[str, Any]:
        found = self.sessions.get(session_id)
        if found is None:
            message = f"No such checkout.session: '{session_id}'"
            raise Invalid("resource_missing", message, "session", 404)
        if found["status"] == "open" and found["expires_at"] <= self.now():
            self._end(found)
        return found

    def expire_session(self, session_id: str) -> dict[str, Any]:
        found = self.session(session_id)
        if found["status"] != "open":
            raise Refused(
                "invalid_request", "Only Checkout Sessions with a status in [open] can be expired."
            )
        self._end(found)
        return found

    def _end(self, session: dict[str, Any]) -> None:
        session |= {"status": "expired", "url": None}
        if session["payment_intent"]:  # of a card that was declined
            self.cancel(session["payment_intent"], "automatic")
        self.tell("checkout.session.expired", session)

    def intent(self, intent_id: str) -> dict[str, Any]:
        found = self.intents.get(intent_id)
        if found is None:
            message = f"No such payment_intent: '{intent_id}'"
            raise Invalid("resource_missing", message, "intent", 404)
        return found

    def capture(self, intent_id: str, params: dict[str, Any]) -> dict[str, Any]:
        intent = self._in(intent_id, "requires_capture")
        amount = int(params.get("amount_to_capture", intent["amount_capturable"]))
        if amount > intent["amount_capturable"]:
            raise Refused("amount_too_large", "More than is capturable.", "amount_to_capture")
        intent |= {"status": "succeeded", "amount_capturable": 0, "amount_received": amount}
        self.tell("payment_intent.succeeded", intent)
        return intent

    def cancel(self, intent_id: str, reason: str | None = None) -> dict[str, Any]:
        intent = self._in(intent_id, "requires_capture", "requires_payment_method")
        intent |= {"status": "canceled", "amount_capturable": 0, "cancellation_reason": reason}
        self.tell("payment_intent.canceled", intent)
        return intent

    def _in(self, intent_id: str, *statuses: str) -> dict[str, Any]:
        intent = self.intent(intent_id)
        if intent["status"] not in statuses:
            message = f"This PaymentIntent has a status of {intent['status']}."
            raise Refused("payment_intent_unexpected_state", message)
        return intent

    def refund(self, params: dict[str, Any]) -> dict[str, Any]:
        intent = self._in(params["payment_intent"], "succeeded")
        if any(self._takes(each) for each in self.disputes_of(intent["id"])):
            raise Refused("charge_disputed", "The charge has been charged back.")
        back = sum(
            each["amount"] for each in self.refunds_of(intent["id"]) if each["status"] != "failed"
        )
        amount = int(params.get("amount", intent["amount_received"] - back))
        if amount > intent["amount_received"] - back:
            raise Refused("charge_already_refunded", "Refund amount is greater than what is left.")
        refund = {
            "id": self.new("re"),
            "object": "refund",
            "amount": amount,
            "currency": intent["currency"],
            "created": self.now(),
            "metadata": params.get("metadata", {}),
            "payment_intent": intent["id"],
            "status": "succeeded",
        }
        self.refunds[refund["id"]] = refund
        self.tell("refund.created", refund)
        return refund

    @staticmethod
    def _takes(dispute: dict[str, Any]) -> bool:
        return dispute["status"] in ("needs_response", "under_review", "lost")

    def refunds_of(self, intent_id: str) -> list[dict[str, Any]]:
        return [each for each in self.refunds.values() if each["payment_intent"] == intent_id]

    def disputes_of(self, intent_id: str) -> list[dict[str, Any]]:
        return [each for each in self.disputes.values() if each["payment_intent"] == intent_id]

    # ---- the client and the bank -------------------------------------------------------------------

    def authorise(self, session_id: str) -> None:
        """The client pays by card."""
        manual = self._asked[session_id].get("payment_method_options", {}).get("card", {})
        if manual.get("capture_method") != "manual":
            return self.pay(session_id)
        intent = self._complete(session_id, "requires_capture")
        intent["amount_capturable"] = intent["amount"]
        self.tell("payment_intent.amount_capturable_updated", intent)
        return None

    def pay(self, session_id: str) -> None:
        """The client pays by a method that takes the money at once, or the money on its way arrives."""
        session = self.session(session_id)
        if session["status"] == "complete":
            intent = self._in(session["payment_intent"], "processing")
            intent |= {"status": "succeeded", "amount_received": intent["amount"]}
            self.tell("checkout.session.async_payment_succeeded", session)
            return
        intent = self._complete(session_id, "succeeded")
        intent["amount_received"] = intent["amount"]
        session["payment_status"] = "paid"
        self.tell("payment_intent.succeeded", intent)

    def decline_card(self, session_id: str) -> None:
        """The bank says no to a card; the client stays, and may pay otherwise."""
        session = self._open(session_id)
        intent = self._intent_of(session)
        intent["status"] = "requires_payment_method"
        self.tell("payment_intent.payment_failed", intent)

    def process(self, session_id: str) -> None:
        """The client pays by a method that takes days."""
        self._complete(session_id, "processing")

    def decline(self, session_id: str) -> None:
        """The bank says no for good."""
        session = self.session(session_id)
        self._in(session["payment_intent"], "processing")["status"] = "requires_payment_method"
        self.tell("checkout.session.async_payment_failed", session)

    def lapse(self, session_id: str) -> None:
        """The bank lets an authorisation go."""
        self.cancel(self.sessions[session_id]["payment_intent"], "automatic")

    def dispute(
        self, session_id: str, status: str = "needs_response", case_type: str = "chargeback"
    ) -> None:
        """The client disputes; again with another status, the dispute goes on."""
        intent_id = self.sessions[session_id]["payment_intent"]
        found = self.disputes_of(intent_id)
        dispute = (
            found[0]
            if found
            else {
                "id": self.new("du"),
                "object": "dispute",
                "amount": self.intents[intent_id]["amount_received"],
                "currency": self.intents[intent_id]["currency"],
                "created": self.now(),
                "payment_intent": intent_id,
                "metadata": {},
            }
        )
        card = {"brand": "visa", "case_type": case_type, "network_reason_code": "13.1"}
        dispute["payment_method_details"] = {"type": "card", "card": card}
        dispute["status"] = status
        self.disputes[dispute["id"]] = dispute
        ended = status in ("won", "lost", "prevented", "warning_closed")
        change = "closed" if ended else "updated" if found else "created"
        self.tell(f"charge.dispute.{change}", dispute)

    def refund_at_the_dashboard(self, session_id: str, amount: int) -> None:
        self.refund(
            {"payment_intent": self.sessions[session_id]["payment_intent"], "amount": amount}
        )

    def fail_refunds(self) -> None:
        """The client's bank sends them back."""
        for refund in self.refunds.values():
            refund["status"] = "failed"
            self.tell("refund.failed", refund)

    def _complete(self, session_id: str, status: str) -> dict[str, Any]:
        session = self._open(session_id)
        intent = self._intent_of(session)
        intent["status"] = status
        session |= {"status": "complete", "url": None}
        self.tell("checkout.session.completed", session)
        return intent

    def _open(self, session_id: str) -> dict[str, Any]:
        session = self.session(session_id)
        if session["status"] != "open":
            raise Refused("checkout_closed", "This checkout is no longer open.")
        return session

    def _intent_of(self, session: dict[str, Any]) -> dict[str, Any]:
        """Made at the first try to pay."""
        if session["payment_intent"]:
            return self.intent(session["payment_intent"])
        asked = self._asked[session["id"]]
        intent = {
            "id": self.new("pi"),
            "object": "payment_intent",
            "amount": session["amount_total"],
            "amount_capturable": 0,
            "amount_received": 0,
            "cancellation_reason": None,
            "currency": session["currency"],
            "created": self.now(),
            "livemode": False,
            "metadata": asked.get("payment_intent_data", {}).get("metadata", {}),
            "status": "requires_payment_method",
        }
        self.intents[intent["id"]] = intent
        session["payment_intent"] = intent["id"]
        return intent

    def tell(self, kind: str, concerned: dict[str, Any]) -> None:
        """An event, which one endpoint waits for."""
        event = {
            "id": self.new("evt"),
            "object": "event",
            "api_version": "2026-10-28.endive",
            "created": self.now(),
            "data": {"object": dict(concerned)},
            "livemode": False,
            "pending_webhooks": 1,
            "type": kind,
        }
        self.events.append(event)
        self.told(event)

    def delivered(self, event_id: str) -> None:
        """The endpoint took it."""
        [event] = [each for each in self.events if each["id"] == event_id]
        event["pending_webhooks"] = 0

    def events_like(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        """Newest first; those of the last 30 days only."""
        since = max(int(params.get("created", {}).get("gte", 0)), self.now() - 30 * 86_400)
        kinds, success = params.get("types"), params.get("delivery_success")
        return [
            each
            for each in reversed(self.events)
            if each["created"] >= since
            and (kinds is None or each["type"] in kinds)
            and (success is None or (each["pending_webhooks"] == 0) is (success == "true"))
        ]

    def sessions_like(self, params: dict[str, Any]) -> list[dict[str, Any]]:
        """Newest first."""
        since = int(params.get("created", {}).get("gte", 0))
        found = [self.session(each) for each in reversed(self.sessions)]
        return [each for each in found if each["created"] >= since]
