"""Every error as `application/problem+json` (RFC 9457)."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from math import ceil
from typing import Any

import structlog
from attrs import frozen
from flask import Response, g, render_template, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException, default_exceptions

from booking_core import BookingError, FieldError, ProviderFailed, SlotUnavailable
from entrypoints import problems, views
from entrypoints.web.requests import escaped
from entrypoints.web.words import N_

_log = structlog.get_logger("booking.web")


class FieldProblem(BaseModel):
    """One wrong field."""

    pointer: str
    detail: str


class ProblemBody(BaseModel):
    """An answer that says what is wrong and what to do about it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    success: bool
    error: str
    requestId: str
    errors: list[FieldProblem] | None = None


def problem(
    status: int, code: str, title: str, detail: str, extensions: dict[str, Any] | None = None
) -> Response:
    if _for_a_reader():
        name = "embed/refused.html" if request.blueprint == "embedding" else "refused.html"
        page = render_template(name, error={"title": title, "message": detail, "code": code})
        return Response(page, status)
    body = {
        "type": f"/problems/{code.replace('_', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": request.path[:500],
        "code": code,
        "success": False,
        "error": detail,
        "requestId": g.request_id,
        **(extensions or {}),
    }
    return Response(json.dumps(body), status, content_type="application/problem+json")


def _for_a_reader() -> bool:
    """Whether a person looks at a page, and not a program at the API."""
    if request.path.startswith("/api/") or request.blueprint not in (None, "pages", "embedding"):
        return False
    kinds = ("application/problem+json", "text/html")
    return request.accept_mimetypes.best_match(kinds) == "text/html"


def for_visitors(error: BookingError) -> BookingError:
    """What may be shown of it: how the database or a provider failed is for the log."""
    if isinstance(error, SlotUnavailable):
        g.slot_refused = error.reason
    if not isinstance(error, ProviderFailed):
        return error
    _log.error("provider failed", error=problems.reason(error))
    message = _UNAVAILABLE if error.retryable else _BROKEN
    return ProviderFailed(message, retryable=error.retryable, retry_after=error.retry_after)


def refused(error: BookingError) -> Response:
    """What the core says no to, by the one table of problems."""
    error = for_visitors(error)
    told = problems.of(error)
    extensions = {name: views.plain(value) for name, value in error.extensions().items()}
    answer = problem(told.status, error.code, error.title, error.message, extensions)
    answer.headers.update(when_to_retry(error))
    return answer


def when_to_retry(error: BookingError) -> dict[str, str]:
    """The header that says it, where the same request may succeed later."""
    if not getattr(error, "retryable", error.code == "key_in_progress"):
        return {}
    after = getattr(error, "retry_after", None)
    return {"Retry-After": str(ceil(after.total_seconds()) if after else 1)}


def http(error: HTTPException) -> Response:
    """What never reached the core: no such path, wrong method, body too large, no JSON."""
    status = error.code or 500
    code = _code(error)
    detail = _ADVICE.get(status) or error.description or error.name
    if status == 404 and _for_a_reader():
        detail = N_("There is no page at this address.")
    elif detail == type(error).description and _for_a_reader():
        detail = _AS_SENT
    answer = problem(status, code, title(error), detail)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            answer.headers[name] = value
    return answer


def title(error: HTTPException) -> str:
    """Its name, written as the core writes its titles: of "Not Found" and "Not found" one."""
    first, *others = error.name.split()
    return " ".join([first, *map(str.lower, others)])


def _code(error: HTTPException) -> str:
    return getattr(error, "code_name", None) or error.name.lower().replace(" ", "_")


def unexpected(error: Exception) -> Response:
    _log.exception("unexpected error")
    return problem(500, "internal_error", N_("Internal error"), _UNEXPECTED)


def invalid_fields(error: ValidationError) -> Response:
    """Wrong fields, each with its pointer and in plain words."""
    wrong = _without_alternatives(error.errors()[:_MOST_TOLD])
    found = [FieldError(_pointer(_place(each)), _words(each)) for each in wrong]
    extensions = {"errors": views.plain(found)}
    return problem(422, "invalid_request", "The request is not valid", found[0].detail, extensions)


def _without_alternatives(errors: Sequence[Any]) -> list[Any]:
    """Of a field that may be left out, what is wrong with its value; not that it could be nothing."""
    optional = [each["loc"][:-1] for each in errors if each["loc"][-1:] == ("none",)]
    kept = []
    for each in errors:
        place = each["loc"]
        if place[-1:] == ("none",):
            continue
        for field in optional:
            if place[: len(field)] == field:
                each = {**each, "loc": field + place[len(field) + 1 :]}
        kept.append(each)
    return kept


def _place(error: Any) -> tuple[int | str, ...]:
    place: tuple[int | str, ...] = error["loc"]
    return (*place, error["ctx"]["name"]) if error["type"] == "misspelt" else place


def _pointer(location: Sequence[int | str]) -> str:
    return "".join(f"/{escaped(part)}" for part in location if part != _OF_A_KEY)


def _words(error: Any) -> str:
    location, limits = [part for part in error["loc"] if part != _OF_A_KEY], error.get("ctx", {})
    named = [
        str(part) for part in location if isinstance(part, str)
    ]  # and not by its place in a list
    name = named[-1] if named else "body"
    match error["type"]:
        case "missing":
            return f"'{name}' is missing; give {_EXAMPLES.get(name, 'it')}."
        case "extra_forbidden":
            return f"There is no field '{name}' here; leave it out."
        case "misspelt":
            return f"There is no field '{limits['name']}' here; write '{limits['meant']}'."
        case "string_type":
            return f"'{name}' must be text."
        case "int_type" | "int_parsing" | "int_from_float":
            return f"'{name}' must be a whole number."
        case "bool_type" | "bool_parsing":
            return f"'{name}' must be true or false."
        case "list_type":
            return f"'{name}' must be a list, as [ … ]."
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"'{name}' must be an object, as {{ … }}."
        case "enum" | "literal_error":
            return f"'{name}' must be one of {limits['expected']}."
        case "string_too_long":
            return f"'{name}' has at most {limits['max_length']} characters."
        case "too_long":
            return f"'{name}' has at most {limits['max_length']} entries."
        case "greater_than_equal":
            return f"'{name}' must be at least {limits['ge']}."
        case "less_than_equal":
            return f"'{name}' must be at most {limits['le']}."
        case kind if kind.startswith("date_"):
            return f"'{name}' must be a date such as 2026-12-24."
    return f"'{name}': {error['msg']}."


_MOST_TOLD = 50  # wrong fields; nobody reads more, and the answer would outgrow the question
_OF_A_KEY = "[key]"  # where pydantic means the name of a field and not its value
_TIME = "a time with an offset, such as 2026-11-23T10:00:00+01:00"
_EXAMPLES = {
    "name": "a name",
    "email": "an e-mail address such as ana@example.org",
    "timezone": "an IANA name such as Europe/Berlin",
    "startTime": _TIME,
    "endTime": _TIME,
    "timeSlot": "a slot, as { startTime, endTime }",
    "sessionTypeId": "the id of a session type",
}
_UNAVAILABLE = N_("We cannot do this just now; try again in a minute.")
_BROKEN = N_(
    "We cannot do this, and trying again will not help: whoever runs this service has to see to it."
)
_UNEXPECTED = N_(
    "Something went wrong on our side. Try again, and name the request id if it stays."
)
_AS_SENT = N_("What was sent cannot be answered; go back to the page before and try again.")
_ADVICE = {
    404: "There is nothing at this address; /api/docs lists what there is.",
    405: N_("This address does not take that method; the Allow header lists those it takes."),
    413: N_("The body is too large; send at most 256 kB."),
}
TOO_OFTEN = N_(
    "More was asked from your internet connection than one minute allows. Wait {} seconds and try "
    "again."
)


# ---- what the `type` of a problem leads to ---------------------------------------------------


@frozen
class Meaning:
    """What a code stands for, in a sentence or two."""

    title: str
    text: str


_RULE = re.compile(r" \([A-Z]\d+\)")  # the number of a requirement, of no use to a caller


def meaning(slug: str) -> Meaning | None:
    """Of the code that a problem's `type` ends in, None where there is no such code."""
    return _MEANINGS.get(slug.replace("-", "_"))


def _meanings() -> dict[str, Meaning]:
    found = {
        "internal_error": Meaning("Internal error", _UNEXPECTED),
        "not_ready": Meaning(
            "Not ready", "The service cannot answer yet; it says what is missing."
        ),
        "rate_limited": Meaning("Too many requests", TOO_OFTEN.format(60)),
        "malformed_json": Meaning("Bad request", "The body is not JSON; send one JSON object."),
    }
    for status, kind in default_exceptions.items():
        error = kind()
        text = _ADVICE.get(status) or error.description or error.name
        found[_code(error)] = Meaning(title(error), text)
    for refusal in problems.PROBLEMS:
        text = _RULE.sub("", " ".join((refusal.__doc__ or "").split()))
        found[refusal.code] = Meaning(refusal.title, text)
    return found


_MEANINGS = _meanings()
