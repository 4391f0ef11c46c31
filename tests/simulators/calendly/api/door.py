"""The way in: token, scope, plan and rate are checked, faults happen, and calls are written down."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from attrs import define, frozen
from flask import Flask, Response, request
from werkzeug.exceptions import MethodNotAllowed, NotFound

from tests.simulators.calendly.faults import Fault
from tests.simulators.calendly.limits import Standing, limits_of
from tests.simulators.calendly.moves import bring_joining_links
from tests.simulators.calendly.records import Token, User
from tests.simulators.calendly.refusals import (
    Refused,
    already_exists,
    already_filled,
    insufficient_scope,
    internal_error,
    not_found,
    permission_denied,
    unauthenticated,
)
from tests.simulators.calendly.shapes import JSON
from tests.simulators.calendly.world import Call, World


@frozen
class Caller:
    """Who asks, and what."""

    token: Token
    query: Mapping[str, str]
    body: Any

    @property
    def user(self) -> User:
        return self.token.user


Answer = tuple[JSON | None, int]
Handler = Callable[..., Answer]

_REFUSALS: dict[Fault, Callable[[], Refused]] = {
    Fault.UNAUTHENTICATED: unauthenticated,
    Fault.FORBIDDEN: permission_denied,
    Fault.NOT_FOUND: not_found,
    Fault.CONFLICT: lambda: already_exists("That start time has been filled"),
    Fault.SLOT_GONE: already_filled,
    Fault.ERROR_500: internal_error,
    Fault.ERROR_AFTER: internal_error,
}
_HTML = "text/html"


@frozen
class _Gate:
    """What a route asks of a token and its account."""

    scope: str | Callable[[World], str] | None
    paid_only: str | None
    booking: bool


@define
class Door:
    world: World
    app: Flask

    def on(
        self,
        method: str,
        rule: str,
        scope: str | Callable[[World], str] | None = None,
        *,
        paid_only: str | None = None,
        booking: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Serves a route; the handler gets the caller and the parts of the path."""
        gate = _Gate(scope, paid_only, booking)

        def register(handler: Handler) -> Handler:
            def view(**parts: str) -> Response:
                return served(self.world, lambda: self._answer(gate, handler, parts))

            self.app.add_url_rule(rule, f"{method} {rule}", view, methods=[method])
            return handler

        return register

    def _answer(self, gate: _Gate, handler: Handler, parts: dict[str, str]) -> Response:
        world = self.world
        bring_joining_links(world)
        headers: dict[str, str] = {}
        try:
            token = _token(world)
            _check_account(world, token, gate)
            limits = limits_of(token.user.organization.plan, booking=gate.booking)
            standing = world.limits.take(token.user.id, limits, world.clock.now())
            headers = standing.headers(long_reset=world.switches.long_reset)
            if standing.exceeded:
                return limited(headers)
            body, status = handler(Caller(token, request.args, _body()), **parts)
        except Refused as refused:
            body, status = refused.json(world.switches), refused.status
        return json_response(body, status, headers)


def served(world: World, work: Callable[[], Response]) -> Response:
    """One request: watched, broken if a test asked for it, and written down."""
    world.watch("before")
    with world.lock:
        fault = world.faults.of(request.method, request.path)
        if fault is None or fault.works_first:
            response = work()
            response = response if fault is None else _spoilt(world, fault, response)
        else:
            response = _instead(world, fault)
        broke = fault in (Fault.DROP_BEFORE, Fault.DROP_AFTER)
        _write_down(world, None if broke else response.status_code)
    if fault is Fault.SLOW:
        time.sleep(world.faults.delay)
    world.watch("after")
    return response


def show_refusals(world: World, app: Flask) -> None:
    """What is not there is refused in Calendly's shape, a wrong method too."""

    def gone(_: Exception) -> Response:
        return served(world, lambda: json_response(not_found().json(world.switches), 404))

    app.register_error_handler(NotFound, gone)
    app.register_error_handler(MethodNotAllowed, gone)


def json_response(body: JSON | None, status: int, headers: Mapping[str, str] = {}) -> Response:
    text = "" if body is None else json.dumps(body, ensure_ascii=False)
    return Response(text, status, dict(headers), content_type="application/json")


def limited(headers: Mapping[str, str]) -> Response:
    """The body of a 429 is not documented, so nobody may count on one."""
    return Response("Too Many Requests", 429, dict(headers), content_type="text/plain")


def _token(world: World) -> Token:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    token = world.books.tokens.get(value)
    if kind != "Bearer" or token is None:
        raise unauthenticated()
    if token.expires_at is not None and token.expires_at <= world.clock.now():
        raise unauthenticated()
    return token


def _check_account(world: World, token: Token, gate: _Gate) -> None:
    scope = gate.scope(world) if callable(gate.scope) else gate.scope
    if scope is not None and not token.allows(scope):
        raise insufficient_scope(scope)
    if gate.paid_only is not None and token.user.organization.plan == "free":
        raise permission_denied(gate.paid_only)


def _body() -> Any:
    """Parsed leniently: what is no JSON is nothing."""
    return request.get_json(force=True, silent=True)


def _instead(world: World, fault: Fault) -> Response:
    if fault in _REFUSALS:
        refused = _REFUSALS[fault]()
        return json_response(refused.json(world.switches), refused.status)
    if fault in (Fault.LIMIT, Fault.LONG_LIMIT):
        reset = 30 if fault is Fault.LIMIT else 50_000
        return limited(Standing(500, 0, reset).headers(long_reset=True))
    if fault is Fault.EDGE_BLOCK:
        return Response("<html>error code: 1010</html>", 403, content_type=_HTML)
    if fault is Fault.BAD_GATEWAY:
        return Response("<html>502 Bad Gateway</html>", 502, content_type=_HTML)
    return _dropped()


def _spoilt(world: World, fault: Fault, response: Response) -> Response:
    if fault is Fault.DROP_AFTER:
        return _dropped()
    if fault is Fault.ERROR_AFTER:
        return json_response(internal_error().json(world.switches), 500)
    if fault is Fault.EMPTY_AFTER:
        return json_response({}, response.status_code)
    return response


def _dropped() -> Response:
    """More is promised than comes, so the client sees a connection that broke."""
    answer = Response(b"{", 200, content_type="application/json")
    answer.headers["Content-Length"] = "10000"
    answer.headers["Connection"] = "close"
    return answer


def _write_down(world: World, status: int | None) -> None:
    world.calls.append(
        Call(
            at=world.clock.now(),
            method=request.method,
            path=request.path,
            query=dict(request.args),
            headers=dict(request.headers),
            body=_body(),
            status=status,
        )
    )
