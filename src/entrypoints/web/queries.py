"""Refuses what a reading route of the API does not know in its query: it would pass for a filter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from flask import request
from flask_openapi3 import OpenAPI

from booking_core import FieldError, InvalidRequest
from entrypoints.web.requests import escaped
from entrypoints.web.schemas import nearly_named

_READING = ("GET", "HEAD")
_MOST_TOLD = 50  # as of the fields of a body
_NEAR = 0.6  # of two names, of which one is refused anyway
#: Is there for older callers, who may send more than is read.
_OLDER = "/api/scheduling/calendly/available-times"


def guard(app: OpenAPI) -> None:
    """By the document of the routes, which is whole by then; pages take whatever they are sent."""
    known = {
        re.sub(r"{(\w+)}", r"<\1>", path): _names(item["get"])
        for path, item in app.api_doc["paths"].items()
        if path.startswith("/api/") and path != _OLDER and "get" in item
    }

    @app.before_request
    def check() -> None:
        if not request.args or request.method not in _READING or request.url_rule is None:
            return
        names = known.get(request.url_rule.rule, request.args)
        unknown = [each for each in request.args if each not in names][:_MOST_TOLD]
        if unknown:
            meant = nearly_named(unknown, list(names), _NEAR)
            wrong = [_wrong(each, meant.get(each), names) for each in unknown]
            raise InvalidRequest(wrong[0].detail, wrong)


def _names(operation: dict[str, Any]) -> list[str]:
    parameters = operation.get("parameters", ())
    return [each["name"] for each in parameters if each["in"] == "query"]


def _wrong(name: str, meant: str | None, names: Iterable[str]) -> FieldError:
    there = ", ".join(names)
    advice = f"write '{meant}'" if meant else f"there are {there}" if there else "leave it out"
    detail = f"There is no parameter '{name}' here; {advice}."
    return FieldError(f"/{escaped(name)}", detail)
