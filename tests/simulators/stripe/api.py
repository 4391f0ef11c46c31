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
from werkzeug.exceptions import HTTPException

from tests.simulators.stripe.books import Bank, Fault, Refused
from tests.simulators.stripe.wire import WireError, check_answer, check_request, decoded

_RESOURCES: dict[str, type] = {
    "checkout.session": stripe.checkout.Session,
    "payment_intent": stripe.PaymentIntent,
    "refund": stripe.Refund,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
}


class Dropped(HTTPException):
    """The connection breaks; the server answers nothing that could be read."""


def stripe_app(bank: Bank) -> Flask:
    app = Flask(__name__)

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
            fault = bank.fault_of(request.path)
            if fault is Fault.DROP_BEFORE:
                return _dropped()
            if fault is not None and fault is not Fault.DROP_AFTER:
                return _error(_STATUS[fault], _CODE[fault], "as asked for")
            answer, status = _once(bank, raw, lambda: _checked(bank, typed, raw, act))
        bank.watch("after")
        return _dropped() if fault is Fault.DROP_AFTER else _json(answer, status)

    @app.post("/v1/checkout/sessions")
    def create_session() -> Response:
        return serve(SessionCreateParams, bank.open_session)

    @app.get("/v1/checkout/sessions")
    def list_sessions() -> Response:
        return serve(SessionListParams, lambda _: _list(list(bank.sessions.values())))

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
        return serve(RefundListParams, lambda p: _list(bank.refunds_of(p["payment_intent"])))

    @app.get("/v1/disputes")
    def list_disputes() -> Response:
        return serve(DisputeListParams, lambda p: _list(bank.disputes_of(p["payment_intent"])))

    @app.get("/v1/events")
    def list_events() -> Response:
        def act(params: dict[str, Any]) -> dict[str, Any]:
            since = int(params.get("created", {}).get("gte", 0))
            kinds = params.get("types", [])
            found = [
                each
                for each in reversed(bank.events)
                if each["created"] >= since and (not kinds or each["type"] in kinds)
            ]
            return _list(found)

        return serve(EventListParams, act)

    return app


def _checked(
    bank: Bank, typed: type, raw: str, act: Callable[[dict[str, Any]], dict[str, Any]]
) -> tuple[dict[str, Any], int]:
    params = decoded(raw)
    try:
        check_request(params, typed)
        answer = act(params)
        _check_answer(answer)
    except WireError as wrong:
        bank.violations.append(f"{request.method} {request.path}: {wrong}")
        return _problem("parameter_unknown", str(wrong)), 400
    except Refused as refused:
        return _problem(refused.code, refused.message, refused.param), refused.status
    return json.loads(json.dumps(answer)), 200


def _check_answer(answer: dict[str, Any]) -> None:
    for each in answer["data"] if answer.get("object") == "list" else [answer]:
        check_answer(each, _RESOURCES[each["object"]])
        if isinstance(each.get("payment_intent"), dict):
            _check_answer(each["payment_intent"])


def _once(
    bank: Bank, raw: str, do: Callable[[], tuple[dict[str, Any], int]]
) -> tuple[dict[str, Any], int]:
    """The first answer under a key; a key with other parameters is an error of its own."""
    key = request.headers.get("Idempotency-Key")
    if request.method != "POST" or key is None:
        return do()
    asked = f"{request.path}?{raw}"
    if key in bank.remembered:
        before, status, answer = bank.remembered[key]
        if before != asked:
            message = "Keys for idempotent requests can only be used with the same parameters."
            return {"error": {"type": "idempotency_error", "message": message}}, 400
        return answer, status
    answer, status = do()
    if status == 200:  # what was refused by validation is not remembered
        bank.remembered[key] = (asked, status, answer)
    return answer, status


_STATUS = {Fault.ERROR_500: 500, Fault.CONFLICT: 409, Fault.LIMIT: 429}
_CODE = {
    Fault.ERROR_500: "api_error",
    Fault.CONFLICT: "idempotency_key_in_use",
    Fault.LIMIT: "rate_limit",
}


def _problem(code: str, message: str, param: str | None = None) -> dict[str, Any]:
    error = {"type": "invalid_request_error", "code": code, "message": message}
    return {"error": error | ({"param": param} if param else {})}


def _error(status: int, code: str, message: str) -> Response:
    kind = "api_error" if status >= 500 else "invalid_request_error"
    return _json({"error": {"type": kind, "code": code, "message": message}}, status)


def _list(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {"object": "list", "data": found, "has_more": False, "url": request.path}


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


def _dropped() -> Response:
    """More is promised than comes, so the client sees a connection that broke."""
    answer = Response(b"{", 200, content_type="application/json")
    answer.headers["Content-Length"] = "10000"
    answer.headers["Connection"] = "close"
    return answer
