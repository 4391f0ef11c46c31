"""What the OpenAPI document says besides what routes say: refusals, links, repeats, its own pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from flask import abort, redirect
from flask_openapi3 import OpenAPI
from flask_openapi3_swagger.templates import (  # type: ignore[import-untyped]
    swagger_html_string,
)

from entrypoints.web import limits

Json = dict[str, Any]
_NONCELESS = re.compile("<(script|style)\\b")
_WEBHOOKS = "/api/webhooks/"
_REPEATABLE = ("/api/scheduling/", "/api/admin/", "/api/builders/")
_BOOKINGS = "/api/scheduling/bookings"
_SLOTS = "/api/scheduling/session-types/{id}/slots"
_WRITING = ("post", "put", "patch")
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "A repeat under the same key, with the same body, gets the same answer.",
    "schema": {"type": "string", "maxLength": 255},
}
_REFUSALS = {
    "400": "The body is not JSON, or a notice is not from its provider",
    "401": "The credential is not valid, or one is needed",
    "403": "The caller may do this, but not all of it, or not with this key",
    "404": "There is no such thing, or none that the caller may know of",
    "409": "Not possible now",
    "413": "The body is too large",
    "415": "The body is not sent as JSON",
    "422": "The request is not valid",
    "429": "Too often, or too many bookings wait; with `Retry-After`",
    "5XX": "We or a provider cannot serve it; with `Retry-After` a repeat may be answered",
}
#: Whose answers are the same whatever is there: they name nothing that could be missing.
_NAMING_NOTHING = {
    ("get", path) for path in ("/api/marketplace/builders", _BOOKINGS, "/api/me", "/api/me/export")
}
_SLOT = {name: f"$response.body#/slots/0/{name}" for name in ("startTime", "endTime")}


def complete(app: OpenAPI) -> None:
    """The document, and Swagger UI that shows it from its own files, asking no validator elsewhere."""
    app.config["SWAGGER_CONFIG"] = {"layout": "BaseLayout", "validatorUrl": None}
    app.config["SWAGGER_HTML_STRING"] = _NONCELESS.sub(
        r'<\1 nonce="{{ nonce() }}"', swagger_html_string
    )
    app.add_url_rule("/api/docs", "docs", app.view_functions["swagger.swagger"])
    app.view_functions["swagger.oauth2-redirect"] = lambda: abort(404)  # nobody signs in there
    app.view_functions["openapi.openapi"] = lambda: redirect("/api/docs")
    _describe(app.api_doc)


def _describe(document: Json) -> None:
    document["components"]["responses"] = {
        status: _problem(description) for status, description in _REFUSALS.items()
    }
    for path, item in document["paths"].items():
        for method, operation in item.items():
            done = {code: each for code, each in operation["responses"].items() if code[0] == "2"}
            operation["responses"] = done | {
                status: {"$ref": f"#/components/responses/{status}"}
                for status in sorted(_refusals(method, path))
            }
            if method == "post" and path.startswith(_REPEATABLE):
                operation.setdefault("parameters", []).append(_KEY)
    for method, path, links in _links(document["paths"]):
        for code, answer in document["paths"][path][method]["responses"].items():
            if code[0] == "2":
                answer["links"] = links


def _problem(description: str) -> Json:
    schema = {"$ref": "#/components/schemas/ProblemBody"}
    return {
        "description": f"{description} (RFC 9457)",
        "content": {"application/problem+json": {"schema": schema}},
    }


def _refusals(method: str, path: str) -> set[str]:
    """How that operation can say no. Before any route: too large a body, text that is no text."""
    always = {"413", "422", "5XX"} | ({"429"} if path not in limits.EXEMPT else set())
    if path.startswith(_WEBHOOKS):
        return always | {"400", "404", "409"}
    if path == "/metrics":
        return always | {"401", "404"}
    if not path.startswith("/api/"):
        return always
    named = set() if (method, path) in _NAMING_NOTHING else {"404"}
    written = {"400", "415"} if method in _WRITING else set()
    refused = {"409"} if method in ("post", "put", "delete") else set()
    return always | {"401", "403"} | named | written | refused


# ---- what an answer leads to -------------------------------------------------------------------


def _links(paths: Json) -> Iterator[tuple[str, str, Json]]:
    """By operation, whatever its success: to the booking that it answers, to what can be booked."""

    def to(method: str, path: str, *, body: Json | None = None, **parameters: str) -> Json:
        target = {"operationId": paths[path][method]["operationId"], "parameters": parameters}
        return target | ({"requestBody": body} if body else {})

    def booking(pointer: str) -> Json:
        return {
            paths[path][method]["operationId"]: to(method, path, id=f"$response.body#{pointer}")
            for path in paths
            if path.startswith(f"{_BOOKINGS}/{{id}}")
            for method in paths[path]
        }

    for begun in ("initialize", "create", "confirm"):
        yield "post", f"{_BOOKINGS}/{begun}", booking("/booking/id")
    yield (
        "get",
        _BOOKINGS,
        booking("/bookings/0/id") | {"next": to("get", _BOOKINGS, cursor="$response.body#/next")},
    )
    for path in (
        "/api/scheduling/sessions/available",
        "/api/marketplace/builders/{id}/session-types",
    ):
        yield "get", path, {"slots": to("get", _SLOTS, id="$response.body#/sessionTypes/0/id")}
    wish = {"sessionTypeId": "$request.path.id", "timeSlot": _SLOT}
    yield "get", _SLOTS, {"confirm": to("post", f"{_BOOKINGS}/confirm", body=wish)}
    offered = to("get", _SLOTS, id="$response.body#/id")
    yield "post", "/api/admin/session-types", {"slots": offered}
