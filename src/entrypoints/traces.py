"""Traces of requests, with what they ask of the database and of providers (the extra `traces`).

Imported only where there is somebody to send them to. Spans leave here with what is listed in `_KEPT`
and with nothing else: addresses hold tokens, queries hold people, and errors may quote either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from attrs import define
from flask import Flask, g
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, Sampler, SamplingResult
from opentelemetry.trace import SpanKind, Status, get_current_span

if TYPE_CHECKING:
    from entrypoints.container import Application

_REQUEST_ID = "booking.request_id"
_KEPT = {
    *("http.method", "http.request.method", "http.status_code", "http.response.status_code"),
    *("http.route", "server.address", "error.type", _REQUEST_ID),
    # With placeholders where the values stood.
    *("db.system", "db.system.name", "db.statement", "db.query.text"),
}


def begin(application: Application, app: Flask, exporter: SpanExporter | None = None) -> None:
    """Traces what `app` answers; to the collector of the settings, unless there is an `exporter`."""
    resource = Resource.create({"service.name": "booking-service"})
    provider = TracerProvider(sampler=ParentBased(_Requests()), resource=resource)
    endpoint = f"{application.settings.traces_to.rstrip('/')}/v1/traces"
    to = exporter or OTLPSpanExporter(endpoint=endpoint)
    provider.add_span_processor(BatchSpanProcessor(_Discreet(to)))
    FlaskInstrumentor.instrument_app(  # type: ignore[no-untyped-call]
        app, tracer_provider=provider, enable_commenter=False
    )
    app.before_request(_name_request)
    HTTPXClientInstrumentor().instrument(tracer_provider=provider)
    engine = getattr(application.schema, "engine", None)
    if engine is not None:
        # It does not know SQLAlchemy 2.1 yet, and would do nothing; a test sees that it works.
        SQLAlchemyInstrumentor().instrument(
            engine=engine, tracer_provider=provider, skip_dep_check=True
        )


def _name_request() -> None:
    get_current_span().set_attribute(_REQUEST_ID, g.request_id)


class _Requests(Sampler):
    """Of what nobody asked for, such as looking for jobs each second, nothing is told."""

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        *_: Any,
        **__: Any,
    ) -> SamplingResult:
        asked = kind is SpanKind.SERVER
        return SamplingResult(Decision.RECORD_AND_SAMPLE if asked else Decision.DROP)

    def get_description(self) -> str:
        return "Requests"


@define
class _Discreet(SpanExporter):
    """Takes out of each span what is not known to be harmless."""

    to: SpanExporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        return self.to.export([_told(each) for each in spans])

    def shutdown(self) -> None:
        self.to.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self.to.force_flush(timeout_millis)


def _told(span: ReadableSpan) -> ReadableSpan:
    said = dict(span.attributes or {})
    kept = {name: value for name, value in said.items() if name in _KEPT}
    if span.kind is SpanKind.CLIENT and (url := said.get("http.url") or said.get("url.full")):
        kept["server.address"] = urlsplit(str(url)).hostname or ""
    # Without a route the name of a request is its address.
    nameless = span.kind is SpanKind.SERVER and "http.route" not in kept
    return ReadableSpan(
        name=span.name.partition(" ")[0] if nameless else span.name,
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=kept,
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )
