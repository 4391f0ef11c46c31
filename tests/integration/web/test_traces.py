"""Where a request spent its time is told to a collector, and nothing about anybody."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from attrs import evolve
from flask import Flask
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from entrypoints import traces
from entrypoints.container import Application
from tests.integration.web.conftest import BOOKINGS, Caller

TOLD = {"Bo", "Diddley", "bo@example.org", "bo%40example.org", "example.org", "one-time-token"}


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    monkeypatch.setattr(traces, "BatchSpanProcessor", SimpleSpanProcessor)
    return InMemorySpanExporter()


def _calling() -> str:
    """A request that asks a provider, which is not there."""
    with pytest.raises(httpx.ConnectError):
        httpx.get("http://127.0.0.1:9/invitees/one-time-token?email=bo@example.org")
    return ""


@pytest.fixture
def traced(application: Application, exporter: InMemorySpanExporter) -> Iterator[Flask]:
    app = application.web_app()
    app.add_url_rule("/calling", view_func=_calling)
    traces.begin(application, app, exporter)
    yield app
    FlaskInstrumentor.uninstrument_app(app)
    HTTPXClientInstrumentor().uninstrument()
    if SQLAlchemyInstrumentor().is_instrumented_by_opentelemetry:
        SQLAlchemyInstrumentor().uninstrument()


def told(exporter: InMemorySpanExporter) -> tuple[ReadableSpan, ...]:
    spans = exporter.get_finished_spans()
    assert spans
    return spans


def attributes(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


def test_a_request_is_one_trace_with_what_it_asked_of_the_database(
    traced: Flask, exporter: InMemorySpanExporter, application: Application
) -> None:
    caller = Caller(traced.test_client())
    wish = caller.wish()
    exporter.clear()
    answer = caller("POST", f"{BOOKINGS}/confirm", json=wish, headers={"X-Request-ID": "req-1"})
    assert answer.status_code == 201
    spans = told(exporter)
    (server,) = (each for each in spans if each.kind is SpanKind.SERVER)
    assert server.name == f"POST {BOOKINGS}/confirm"
    assert attributes(server)["http.route"] == f"{BOOKINGS}/confirm"
    assert attributes(server)["booking.request_id"] == "req-1"
    assert len({each.context.trace_id for each in spans if each.context}) == 1
    kept = getattr(application.schema, "engine", None) is not None
    statements = [attributes(each).get("db.statement", "") for each in spans]
    assert any("INSERT INTO bookings" in each for each in statements) == kept


def test_no_span_tells_of_anybody(traced: Flask, exporter: InMemorySpanExporter) -> None:
    caller = Caller(traced.test_client())
    caller.book()
    caller("GET", "/bookings/bkg_1?token=one-time-token")
    caller("GET", "/nothing/one-time-token?email=bo%40example.org")
    caller("GET", "/b/demo/getting-started?name=Bo", headers={"User-Agent": "Diddley"})
    caller("GET", "/calling")
    said = json.dumps([json.loads(each.to_json()) for each in told(exporter)])
    assert not [each for each in TOLD if each in said]
    assert "127.0.0.1" in said  # where it went is told


def test_what_nobody_asked_for_is_not_traced(
    traced: Flask, exporter: InMemorySpanExporter, application: Application
) -> None:
    application.core.expire_overdue()
    assert not exporter.get_finished_spans()


def test_without_a_collector_nothing_is_imported(application: Application) -> None:
    program = (
        "import sys; from entrypoints.container import assemble;"
        "from entrypoints.settings import Settings;"
        "import entrypoints.cli.serve, entrypoints.worker;"
        "assemble(Settings.load({'DATABASE_URL': 'memory://'})).web_app();"
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
    assert evolve(application.settings, traces_to="http://c:4318").traces_to
