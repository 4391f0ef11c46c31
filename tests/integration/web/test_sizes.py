"""Nothing that a request is made of may be of any size, and no answer either."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from booking_core import Role
from entrypoints.container import Application, assemble
from entrypoints.settings import Settings
from tests.integration.web.conftest import BO, BOOKINGS, Caller

Json = dict[str, Any]


# ---- what the document promises ------------------------------------------------------------------


@pytest.fixture(scope="module")
def service() -> Iterator[Application]:
    application = assemble(Settings.load({"DATABASE_URL": "memory://", "LOG_LEVEL": "ERROR"}))
    application.seed()
    with capture_logs():
        yield application
    application.close()


@pytest.fixture(scope="module")
def anybody(service: Application) -> Caller:
    return Caller(service.web_app().test_client())


@pytest.fixture(scope="module")
def root(service: Application, anybody: Caller) -> Caller:
    return anybody.as_(f"Bearer {service.mint(role=Role.ADMIN, id='root')}")


@pytest.fixture(scope="module")
def document(anybody: Caller) -> Json:
    found: Json = anybody("GET", "/api/openapi.json").json  # type: ignore[assignment]  # an object
    return found


def schemas(document: Json) -> Iterator[tuple[str, Json]]:
    """Of everything that a request may hold. A path is short as a whole."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for each in operation.get("parameters", []):
                if each["in"] != "path":
                    yield f"{method} {path} {each['name']}", each["schema"]
            if sent := operation.get("requestBody"):
                yield f"{method} {path}", sent["content"]["application/json"]["schema"]


def unbounded(document: Json, schema: Json, where: str) -> Iterator[str]:
    """Each part that could be of any size."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        schema = document["components"]["schemas"][name]
    for each in schema.get("anyOf", []) + schema.get("allOf", []):
        yield from unbounded(document, each, where)
    kind, closed = schema.get("type"), schema.keys() & {"enum", "const"}
    if kind == "string" and not closed and schema.get("format") != "date":
        yield from [] if "maxLength" in schema else [where]
    if kind in ("integer", "number"):
        yield from [] if {"minimum", "maximum"} <= schema.keys() else [where]
    if kind == "array":
        yield from [] if "maxItems" in schema else [where]
        yield from unbounded(document, schema["items"], f"{where}[]")
    for name, each in schema.get("properties", {}).items():
        yield from unbounded(document, each, f"{where}.{name}")
    if isinstance(more := schema.get("additionalProperties"), dict):
        named = "enum" in schema.get("propertyNames", {}) or "maxProperties" in schema
        yield from [] if named else [where]
        yield from unbounded(document, more, f"{where}{{}}")


def test_each_field_of_each_request_has_a_bound(document: Json) -> None:
    found = dict(schemas(document))
    assert len(found) > 60
    missing = [each for name, one in found.items() for each in unbounded(document, one, name)]
    assert not missing, "\n".join(missing)


def test_this_test_sees_what_has_none() -> None:
    kinds: list[Json] = [{"type": "string"}, {"type": "integer", "minimum": 1}]
    kinds += [{"type": "array", "items": each} for each in kinds]
    kinds += [{"type": "object", "additionalProperties": {"type": "null"}}]
    for kind in kinds:
        one = {"type": "object", "properties": {"name": {"anyOf": [kind, {"type": "null"}]}}}
        assert list(unbounded({"components": {"schemas": {"X": one}}}, {"$ref": "/X"}, ""))


# ---- what comes all the same ---------------------------------------------------------------------

CONFIRM = f"{BOOKINGS}/confirm"
TOO_LONG: list[tuple[str, Json]] = [
    ("/clientDetails/name", {"clientDetails": BO | {"name": "x" * 301}}),
    ("/clientDetails/name", {"clientDetails": BO | {"name": "x" * 201}}),
    ("/clientDetails/email", {"clientDetails": BO | {"email": f"{'x' * 250}@example.org"}}),
    ("/clientDetails/email", {"clientDetails": BO | {"email": "x" * 301}}),
    ("/clientDetails/timezone", {"clientDetails": BO | {"timezone": "x" * 301}}),
    ("/clientDetails/guests", {"clientDetails": BO | {"guests": ["bea@example.org"] * 11}}),
    ("/clientDetails/guests/0", {"clientDetails": BO | {"guests": ["x" * 301]}}),
    ("/notes", {"notes": "x" * 5_001}),
    ("/answers", {"answers": [{"questionId": "a", "value": "b"}] * 101}),
    ("/answers/0/questionId", {"answers": [{"questionId": "x" * 301, "value": "b"}]}),
    ("/answers/0/value", {"answers": [{"questionId": "a", "value": "x" * 5_001}]}),
    ("/answers/0/value", {"answers": [{"questionId": "a", "value": ["b"] * 101}]}),
    ("/pathway", {"pathway": "x" * 301}),
    ("/bookingId", {"bookingId": "x" * 301}),
    ("/timeSlot/startTime", {"timeSlot": {"startTime": "x" * 301, "endTime": "x"}}),
    ("", {str(number): 0 for number in range(1_001)}),
    ("/clientDetails", {"clientDetails": {str(number): 0 for number in range(1_001)}}),
    ("/answers/0", {"answers": [{str(number): 0 for number in range(1_001)}]}),
]


@pytest.mark.parametrize(("pointer", "more"), TOO_LONG, ids=range(len(TOO_LONG)))
def test_what_is_too_long_is_named(anybody: Caller, pointer: str, more: Json) -> None:
    slot = {"startTime": "2026-11-23T10:00:00Z", "endTime": "2026-11-23T10:30:00Z"}
    wish = {"sessionTypeId": "getting-started", "timeSlot": slot, "clientDetails": BO} | more
    problem = anybody.refused(422, "invalid_request", "POST", CONFIRM, json=wish)
    assert pointer in [each["pointer"] for each in problem["errors"]]


def test_an_answer_names_so_many_wrong_fields_and_no_more(root: Caller) -> None:
    body = {"name": "x", "scopes": ["read"]} | {f"f{number}": 0 for number in range(900)}
    path = "/api/builders/me/api-keys"
    problem = root.refused(422, "invalid_request", "POST", path, json=body)
    assert len(problem["errors"]) == 50


def test_a_form_of_any_number_of_fields_is_refused(anybody: Caller) -> None:
    for path in (
        "/signin",
        "/b/demo/getting-started",
        "/builder/new",
        "/builder/profile",
        "/builder/schedule",
        "/simulated-payments/x",
    ):
        sent: Json = {"content_type": "application/x-www-form-urlencoded"}
        sent |= {"data": "&".join(f"f{number}=1" for number in range(1_001))}
        answer = anybody("POST", path, **sent)
        assert answer.status_code == 422
        assert len(answer.data) < 2_000


LISTS = ("/api/scheduling/bookings", "/api/admin/trail", "/api/admin/accounts")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_comes_in_pages_of_a_bounded_length(root: Caller, path: str) -> None:
    for limit in ("0", "-1", "201", "1e3", "1.5", "99999999999999999999", "all", "NaN", ""):
        problem = root.refused(422, "invalid_request", "GET", path, query_string={"limit": limit})
        assert [each["pointer"] for each in problem["errors"]] == ["/limit"]
    root.json("GET", path, query_string={"limit": "200"})


@pytest.mark.parametrize("path", LISTS[:2])  # the ids of accounts are where to go on as well
def test_a_cursor_that_nobody_gave_out_is_named(root: Caller, path: str) -> None:
    for cursor in ("x" * 301, "nothing", "-1", "' OR 1=1", "\u202e", "9" * 19, "../etc"):
        problem = root.refused(422, "invalid_request", "GET", path, query_string={"cursor": cursor})
        assert [each["pointer"] for each in problem["errors"]] == ["/cursor"]
