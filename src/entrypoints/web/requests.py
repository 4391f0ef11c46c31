"""What happens to every request before and after its route."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import structlog
from flask import Response, g, request
from werkzeug.exceptions import BadRequest, NotFound, RequestEntityTooLarge, UnsupportedMediaType

from booking_core import (
    REQUEST_ID,
    Actor,
    FieldError,
    IdempotencyKey,
    Identity,
    InvalidCredentials,
    InvalidRequest,
    NotAllowed,
    begin_waiting,
    end_waiting,
)
from entrypoints.web.scopes import scope_of

if TYPE_CHECKING:
    from entrypoints.metrics import Metrics

_log = structlog.get_logger("booking.web")

#: Seconds that a request may wait for the calendar provider, all calls together.
_PATIENCE = 10.0
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_UNSAFE = re.compile("[\x00\ud800-\udfff]")
_QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')  # a string of RFC 8941, with its escapes
LARGEST_BODY = 256 * 1024  # bytes
_LONGEST_PATH = 500
# A part of a path that is no id could be anything, an e-mail address too, and is not for the log.
_NO_ID = re.compile(r"(?<=/)(?![\w.~-]{1,40}(?:/|$))[^/]+", re.ASCII)
_DEEPEST = 20
_MOST_FIELDS = 1_000  # of one object, or of a form
_TOO_MANY = f"There are too many fields; send at most {_MOST_FIELDS:,}."
_NO_TEXT = "has a character that is no text (NUL, or half a surrogate); leave it out."


class MalformedJson(BadRequest):
    """The body is not the JSON object that it says to be."""

    code_name = "malformed_json"


def begin() -> None:
    g.started = time.perf_counter()
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    REQUEST_ID.set(g.request_id)
    begin_waiting(_PATIENCE)


def check() -> None:
    """Refuses what no route may be given; after `limits`, which count that too."""
    if len(request.path) > _LONGEST_PATH or _UNSAFE.search(request.path):
        raise NotFound
    if request.routing_exception:
        return  # no route, so it was not counted and is not worth reading
    api = request.path.startswith("/api/")
    if not api and sum(1 for _ in request.form.items(multi=True)) > _MOST_FIELDS:
        raise InvalidRequest(_TOO_MANY)
    if any(
        _UNSAFE.search(text) for _, text in (request.args if api else request.values).items(True)
    ):
        raise InvalidRequest(f"This {_NO_TEXT}")
    if request.content_length is None and len(request.get_data(cache=True)) >= LARGEST_BODY:
        raise RequestEntityTooLarge  # sent in chunks, and cut there
    notice = request.path.startswith("/api/webhooks/")  # whose body is judged by its signature
    if api and not notice and request.method in ("POST", "PUT", "PATCH"):
        _check_body()


def _check_body() -> None:
    if not request.get_data(cache=True):
        return
    if not request.is_json:
        raise UnsupportedMediaType("Send JSON, with Content-Type: application/json.")
    try:
        body = request.get_json()
    except (BadRequest, RecursionError, ValueError) as wrong:
        raise MalformedJson("The body is not JSON; send one JSON object.") from wrong
    if not isinstance(body, dict):
        raise MalformedJson("The body is not a JSON object; send one, as { … }.")
    _check_text(body)


def _check_text(value: Any, pointer: str = "", depth: int = 0) -> None:
    """No NUL and no half of a surrogate pair: no database can keep them."""
    if depth > _DEEPEST:
        raise MalformedJson("The body is nested too deeply.")
    if isinstance(value, str) and _UNSAFE.search(value):
        raise InvalidRequest(f"The text {_NO_TEXT}", [FieldError(pointer, f"This {_NO_TEXT}")])
    if isinstance(value, dict):
        if len(value) > _MOST_FIELDS:
            raise InvalidRequest(_TOO_MANY, [FieldError(pointer, _TOO_MANY)])
        for name, each in value.items():
            _check_text(name, pointer, depth)
            _check_text(each, f"{pointer}/{escaped(name)}", depth + 1)
    elif isinstance(value, list):
        for place, each in enumerate(value):
            _check_text(each, f"{pointer}/{place}", depth + 1)


def escaped(part: object) -> str:
    """One part of a JSON pointer."""
    return str(part).replace("~", "~0").replace("/", "~1")


def end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.request_id
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    _log.info(
        "request",
        method=request.method,
        path=_NO_ID.sub("…", request.path[:_LONGEST_PATH]),
        status=response.status_code,
        ms=round(1000 * (time.perf_counter() - g.started), 1),
    )
    return response


def leave(_: BaseException | None) -> None:
    REQUEST_ID.set("")
    end_waiting()


def measuring(metrics: Metrics) -> Callable[[Response], Response]:
    """Counts each answer, by the rule of its route and never by its path."""

    def measure(response: Response) -> Response:
        metrics.request(
            route=request.url_rule.rule if request.url_rule else None,
            method=request.method,
            status=response.status_code,
            seconds=time.perf_counter() - g.started,
        )
        if reason := g.pop("slot_refused", None):
            metrics.slot_refused(reason)
        return response

    return measure


def actor(identity: Identity) -> Actor:
    """Who asks, by the `Authorization` header and nothing else.

    Raises:
        InvalidCredentials: the header proves nothing.
        NotAllowed: it is a machine's key, which is not for this kind of call.
    """
    asking = _bearer(identity)
    scope = scope_of(request.method, str(request.url_rule))
    if not asking.within(scope):
        raise NotAllowed(f"This key is not for that; one with the scope '{scope}' is.")
    return asking


def _bearer(identity: Identity) -> Actor:
    header = request.headers.get("Authorization")
    if header is None:
        return Actor.anonymous()
    scheme, _, credential = header.partition(" ")
    match scheme.lower():
        case "bearer":
            return identity.of_bearer(token=credential.strip())
        case "booking" if credential.strip():
            return Actor.anonymous(manage_token=credential.strip())
    raise InvalidCredentials("Use 'Authorization: Bearer …' or 'Authorization: Booking …'.")


def idempotency_key() -> IdempotencyKey | None:
    """The request's key, bare or quoted, with the whole body as what it stands for."""
    header = request.headers.get("Idempotency-Key")
    if header is None:
        return None
    quoted = _QUOTED.fullmatch(header.strip())
    value = re.sub(r"\\(.)", r"\1", quoted.group(1)) if quoted else header.strip()
    return IdempotencyKey(value, request.get_data())
