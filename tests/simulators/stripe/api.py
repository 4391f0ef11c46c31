"""The HTTP side: routes, idempotency, faults, and the checks of everything that passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import stripe
from flask import Flask, Response, request
from stripe.params import (
    DisputeListParams,
    EventListParams,
    PaymentIntentCancelParams,
    PaymentIntentCaptureParams,
    PaymentIntentRetrieveParams,
    RefundCreateParams,
    RefundListParams,
)
from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionListParams,
    SessionRetrieveParams,
)

from tests.simulators.stripe.books import Bank, Fault, Invalid, Refused
from tests.simulators.stripe.pages import checkout_pages
from tests.simulators.stripe.wire import WireError, check_answer, check_request, decoded

_RESOURCES: dict[str, type] = {
    "checkout.session": stripe.checkout.Session,
    "payment_intent": stripe.PaymentIntent,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
}


Answer = tuple[dict[str, Any], int]
_LONGEST = 10  # seconds that a slow request takes, when nobody ends it


def stripe_app(bank: Bank) -> Flask:
    app = Flask(__name__)
    app.register_blueprint(checkout_pages(bank))

    def serve(typed: type, act: Callable[[dict[str, Any]], dict[str, Any]]) -> Response:
        """One request: checked, remembered by its key, and broken if a test asked for it."""
        raw = (
            request.get_data(as_text=True)
            if request.method == "POST"
            else request.query_string.decode()
        )
        bank.requests.append((request.method, request.path))
        bank.watch("before")
        with bank.lock:
            fault = bank.fault_of(f"{request.method} {request.path}")
            if fault is Fault.DROP_BEFORE:
                return _dropped()
            answer, status = _answer(bank, fault, raw, lambda: _checked(bank, typed, raw, act))
            if fault is Fault.DELAY:
                bank.running.add(_key())
        bank.watch("after")
        if fault is Fault.DELAY:
            bank.patience.wait(_LONGEST)
            bank.running.discard(_key())
        return _dropped() if fault is Fault.DROP_AFTER else _json(answer, status)

    @app.post("/v1/checkout/sessions")
    def create_session() -> Response:
        return serve(SessionCreateParams, bank.open_session)

    @app.get("/v1/checkout/sessions")
    def list_sessions() -> Response:
        return serve(SessionListParams, lambda p: _list(bank.sessions_like(p), p))

    @app.get("/v1/checkout/sessions/<session_id>")
    def retrieve_session(session_id: str) -> Response:
        def act(params: dict[str, Any]) -> dict[str, Any]:
            found = dict(bank.session(session_id))
            if found["payment_intent"] and "payment_intent" in params.get("expand", []):
                found["payment_intent"] = dict(bank.intent(found["payment_intent"]))
            return found

        return serve(SessionRetrieveParams, act)

    @app.post("/v1/checkout/sessions/<session_id>/expire")
    def expire_session(session_id: str) -> Response:
        return serve(SessionExpireParams, lambda _: bank.expire_session(session_id))

    @app.get("/v1/payment_intents/<intent_id>")
    def retrieve_intent(intent_id: str) -> Response:
        return serve(PaymentIntentRetrieveParams, lambda _: bank.intent(intent_id))

    @app.post("/v1/payment_intents/<intent_id>/capture")
    def capture(intent_id: str) -> Response:
        return serve(PaymentIntentCaptureParams, lambda params: bank.capture(intent_id, params))

    @app.post("/v1/payment_intents/<intent_id>/cancel")
    def cancel(intent_id: str) -> Response:
        return serve(PaymentIntentCancelParams, lambda _: bank.cancel(intent_id))

    @app.post("/v1/refunds")
    def create_refund() -> Response:
        return serve(RefundCreateParams, bank.refund)

    @app.get("/v1/refunds")
    def list_refunds() -> Response:
        return serve(RefundListParams, lambda p: _list(bank.refunds_of(p["payment_intent"]), p))

    @app.get("/v1/disputes")
    def list_disputes() -> Response:
        return serve(DisputeListParams, lambda p: _list(bank.disputes_of(p["payment_intent"]), p))

    @app.get("/v1/events")
    def list_events() -> Response:
        return serve(EventListParams, lambda p: _list(bank.events_like(p), p))

    return app


def _answer(bank: Bank, fault: Fault | None, raw: str, do: Callable[[], Answer]) -> Answer:
    if _key() and _key() in bank.running:
        fault = Fault.CONFLICT
    if fault in _NOT_BEGUN:
        return _NOT_BEGUN[fault]
    try:
        return _once(bank, raw, lambda: _begun(fault, do))
    except Invalid as invalid:
        return _problem(invalid)


def _checked(
    bank: Bank, typed: type, raw: str, act: Callable[[dict[str, Any]], dict[str, Any]]
) -> Answer:
    params = decoded(raw)
    try:
        check_request(params, typed)
        answer = act(params)
        _check_answer(answer)
    except WireError as wrong:
        bank.violations.append(f"{request.method} {request.path}: {wrong}")
        raise Invalid("parameter_unknown", str(wrong)) from wrong
    except Invalid:
        raise
    except Refused as refused:
        return _problem(refused)
    return json.loads(json.dumps(answer)), 200


def _check_answer(answer: dict[str, Any]) -> None:
    for each in answer["data"] if answer.get("object") == "list" else [answer]:
        check_answer(each, _RESOURCES[each["object"]])
        if isinstance(each.get("payment_intent"), dict):
            _check_answer(each["payment_intent"])


def _once(bank: Bank, raw: str, begin: Callable[[], Answer]) -> Answer:
    """The first answer under a key, whatever it was, from when on the work was begun.

    Raises Invalid before that. A key with other parameters is an error of its own.
    """
    key = _key()
    if request.method != "POST" or key is None:
        return begin()
    asked = f"{request.path}?{raw}"
    if key not in bank.remembered:
        bank.remembered[key] = (asked, *reversed(begin()))
    before, status, answer = bank.remembered[key]
    if before != asked:
        message = "Keys for idempotent requests can only be used with the same parameters."
        return _error("idempotency_error", None, message), 400
    return answer, status


def _key() -> str | None:
    return request.headers.get("Idempotency-Key")


def _begun(fault: Fault | None, do: Callable[[], Answer]) -> Answer:
    if fault is Fault.ERROR_HALFWAY:
        return _INTERNAL
    answer = do()
    return _INTERNAL if fault is Fault.ERROR_500 else answer


def _error(kind: str, code: str | None, message: str, param: str | None = None) -> dict[str, Any]:
    error = {"type": kind, "code": code, "message": message, "param": param}
    return {"error": {name: value for name, value in error.items() if value}}


def _problem(refused: Refused) -> Answer:
    kind = "invalid_request_error"
    return _error(kind, refused.code, refused.message, refused.param), refused.status


_INTERNAL: Answer = (_error("api_error", None, "An error with our connection; asked for."), 500)
_NOT_BEGUN: dict[Fault, Answer] = {
    Fault.CONFLICT: (
        _error("idempotency_error", "idempotency_key_in_use", "Another request runs."),
        409,
    ),
    Fault.LIMIT: (_error("invalid_request_error", "rate_limit", "Too many requests."), 429),
}


def _list(found: list[dict[str, Any]], params: dict[str, Any]) -> dict[str, Any]:
    """One page of what is newest first."""
    ids = [each["id"] for each in found]
    start = ids.index(params["starting_after"]) + 1 if "starting_after" in params else 0
    end = start + int(params.get("limit", 10))
    more = end < len(found)
    return {"object": "list", "data": found[start:end], "has_more": more, "url": request.path}


def _json(body: dict[str, Any], status: int) -> Response:
    answer = Response(json.dumps(body), status, content_type="application/json")
    if status >= 500:
        answer.headers["Stripe-Should-Retry"] = "false"  # its key would answer the same
    return answer


def _dropped() -> Response:
    """More is promised than comes, so the client sees a connection that broke."""
    answer = Response(b"{", 200, content_type="application/json")
    answer.headers["Content-Length"] = "10000"
    answer.headers["Connection"] = "close"
    return answer
