"""What holds for every answer, and what the OpenAPI document says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from entrypoints import doctor
from entrypoints.container import Application, assemble
from entrypoints.doctor import Finding
from entrypoints.settings import Settings
from tests.integration.web.conftest import Caller


def test_a_request_id_is_echoed_when_it_is_one(anyone: Caller) -> None:
    given = {"X-Request-ID": "abc-1.2_3"}
    assert anyone("GET", "/healthz", headers=given).headers["X-Request-ID"] == "abc-1.2_3"
    for wrong in ("a b", "x" * 65, ""):
        answer = anyone("GET", "/healthz", headers={"X-Request-ID": wrong})
        assert re.fullmatch("[0-9a-f]{16}", answer.headers["X-Request-ID"])


def test_the_service_lives_and_is_ready(anyone: Caller) -> None:
    assert anyone.json("GET", "/healthz") == {"status": "ok"}
    assert anyone.json("GET", "/readyz") == {"status": "ready"}


def test_the_document_is_openapi_3_1_and_has_every_route(application: Application) -> None:
    app = application.web_app()
    document = app.test_client().get("/api/openapi.json").json
    assert document["openapi"].startswith("3.1.")
    routes = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
        if rule.rule.startswith("/api/")
        and rule.endpoint.partition(".")[0] not in ("docs", "openapi", "swagger")
    }
    described = {(path, method) for path, item in document["paths"].items() for method in item}
    assert routes
    assert routes <= described
    refusals = document["components"]["responses"]
    assert all(list(each["content"]) == ["application/problem+json"] for each in refusals.values())
    for path, item in document["paths"].items():
        for method, operation in item.items():
            promised = {
                code: each for code, each in operation["responses"].items() if code[0] == "2"
            }
            refused = set(operation["responses"]) - set(promised)
            assert {"413", "422", "5XX"} <= refused <= set(refusals)
            assert promised, (path, method)
            assert all(
                "$ref" in content["schema"]
                for each in promised.values()
                for kind, content in each["content"].items()
                if kind == "application/json"
            )
    text = json.dumps(document)
    named = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert {"ProblemBody", "FieldProblem"} <= named
    assert named <= set(document["components"]["schemas"])
    assert {} in document["security"]
    for path in ("/api/admin/builders", "/api/admin/session-types"):
        taken = document["paths"][path]["post"]["parameters"]
        assert "Idempotency-Key" in [each["name"] for each in taken]


def test_the_document_leads_from_an_answer_to_what_comes_next(application: Application) -> None:
    document: Any = application.web_app().api_doc
    named = {
        operation["operationId"]: path
        for path, item in document["paths"].items()
        for operation in item.values()
    }
    confirmed = document["paths"]["/api/scheduling/bookings/confirm"]["post"]["responses"]["201"]
    led = {named[link["operationId"]]: link["parameters"] for link in confirmed["links"].values()}
    assert led.keys() == {path for path in named.values() if "/bookings/{id}" in path}
    assert all(each == {"id": "$response.body#/booking/id"} for each in led.values())


def test_the_documentation_needs_nothing_from_elsewhere(client: FlaskClient) -> None:
    answer = client.get("/api/docs")
    assert answer.status_code == 200
    assert not re.search(r"https?://", answer.text)
    for asset in re.findall(r'(?:src|href)="([^"]+)"', answer.text):
        with client.get(f"/api/{asset}") as file:
            assert file.status_code == 200
    assert '"validatorUrl": null' in answer.text
    assert client.get("/api/openapi.json").status_code == 200
    assert client.get("/api/").headers["Location"] == "/api/docs"


def test_what_is_missing_is_said_by_a_service_that_is_not_ready(
    anyone: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = Finding("database", False, "migrations are missing: 0001")
    monkeypatch.setattr(doctor, "_database", lambda _: missing)
    with capture_logs() as logs:
        problem = anyone.refused(503, "not_ready", "GET", "/readyz")
    assert problem["missing"] == ["database"]
    assert "0001" not in json.dumps(problem)
    [line] = [each for each in logs if each["event"] == "not ready"]
    assert line["detail"] == "migrations are missing: 0001"


@pytest.fixture
def unreachable() -> Iterator[FlaskClient]:
    """A service whose database does not answer."""
    url = "postgresql://somebody:swordfish@127.0.0.1:9/nothing"
    application = assemble(Settings.load({"DATABASE_URL": url, "LOG_LEVEL": "ERROR"}))
    yield application.web_app().test_client()
    application.close()


def test_why_the_database_fails_is_for_the_log_and_not_for_visitors(
    unreachable: FlaskClient,
) -> None:
    paths = ("/", "/b/demo", "/b/demo/x", "/bookings/x", "/readyz", "/api/marketplace/builders")
    for path in paths:
        for kind in ("text/html", "application/json"):
            with capture_logs() as logs:
                answer = unreachable.get(path, headers={"Accept": kind})
            assert answer.status_code == 503
            said = answer.text.lower()
            assert not any(word in said for word in ("does not answer", "connection", "127.0.0.1"))
            assert "try again" in said or path == "/readyz"
            told = json.dumps(logs)
            assert "The database does not answer." in told
            assert "Connection refused" in told
            assert "swordfish" not in told
    assert unreachable.get("/healthz").status_code == 200


def test_an_unexpected_error_tells_nothing_but_the_request_id(
    anyone: Caller, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object, **__: object) -> None:
        raise RuntimeError("the secret is swordfish")

    monkeypatch.setattr(type(application.core.list_cards), "__call__", fail)
    problem = anyone.refused(500, "internal_error", "GET", "/api/marketplace/builders")
    assert "swordfish" not in json.dumps(problem)
    assert "request id" in problem["detail"]
    page = anyone("GET", "/", headers={"Accept": "text/html"})
    assert (page.status_code, page.mimetype) == (500, "text/html")
    assert "swordfish" not in page.text


def test_every_request_is_logged_once_and_without_its_query(anyone: Caller) -> None:
    with capture_logs() as logs:
        anyone("GET", "/api/nothing?token=secret", headers={"Authorization": "Booking secret"})
    [line] = logs
    assert line["ms"] >= 0
    seen = {name: line[name] for name in ("event", "method", "path", "status")}
    assert seen == {"event": "request", "method": "GET", "path": "/api/nothing", "status": 404}
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/api/admin/accounts/ana@example.org/roles", "/api/admin/accounts/…/roles"),
        (f"/bookings/{'x' * 46}", "/bookings/…"),
        (
            "/bookings/bkg_403f0fd9285893ea057ad834a1077e",
            "/bookings/bkg_403f0fd9285893ea057ad834a1077e",
        ),
    ],
)
def test_a_path_is_logged_by_what_can_be_an_id(anyone: Caller, path: str, told: str) -> None:
    with capture_logs() as logs:
        anyone("GET", path)
    assert logs[0]["path"] == told


def test_head_and_options_are_answered(anyone: Caller) -> None:
    path = "/api/marketplace/builders"
    answer = anyone("HEAD", path)
    assert (answer.status_code, answer.data) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0
    answer = anyone("OPTIONS", path)
    assert answer.status_code == 200
    assert {"GET", "HEAD", "OPTIONS"} == set(answer.headers["Allow"].split(", "))


@pytest.mark.parametrize("path", ["/bookings", "/api/scheduling/bookings/%00"])
def test_no_address_is_an_internal_error(anyone: Caller, path: str) -> None:
    assert anyone("GET", path).status_code == 404


@pytest.mark.parametrize("name", ["cursor", "sessionTypeId", "builderId", "from", "timezone"])
def test_a_query_with_a_character_that_is_no_text_is_refused(ana: Caller, name: str) -> None:
    path = f"/api/scheduling/bookings?{name}=%00"
    assert "character" in ana.refused(422, "invalid_request", "GET", path)["detail"]
    assert ana("GET", f"/b/demo/getting-started?{name}=%00").status_code == 422


def test_the_type_of_a_problem_leads_to_its_meaning(client: FlaskClient) -> None:
    for slug in ("slot-unavailable", "malformed-json", "method-not-allowed", "internal-error"):
        answer = client.get(f"/problems/{slug}")
        assert answer.status_code == 200
        assert answer.content_type.startswith("text/html")
    assert "The slot is not available" in client.get("/problems/slot-unavailable").text
    assert client.get("/problems/nothing").status_code == 404
