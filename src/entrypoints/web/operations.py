"""Whether the service lives, and whether it can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from flask import Response
from flask_openapi3 import APIBlueprint, Tag
from werkzeug.exceptions import NotFound

from booking_core import Actor, Scope, SignInRequired
from entrypoints.doctor import Readiness
from entrypoints.metrics import CONTENT_TYPE
from entrypoints.web import answers, requests
from entrypoints.web.errors import problem

_log = structlog.get_logger("booking.web")

if TYPE_CHECKING:
    from entrypoints.container import Application

_TEXT = {"description": "Text", "content": {"text/plain": {"schema": {"type": "string"}}}}


def routes(application: Application) -> APIBlueprint:
    api = APIBlueprint("operations", __name__, abp_tags=[Tag(name="Operations")])
    readiness = Readiness(application)

    @api.get("/healthz", summary="The process lives", responses={200: answers.Status})
    def healthz() -> dict[str, Any]:
        return {"status": "ok"}

    @api.get("/readyz", summary="Requests can be answered", responses={200: answers.Status})
    def readyz() -> Any:
        missing = readiness.missing()
        for each in missing:
            _log.warning("not ready", missing=each.name, detail=each.detail)
        if missing:
            names = [each.name for each in missing]
            detail = f"Not well: {', '.join(names)}. The log and `doctor` say why."
            return problem(503, "not_ready", "Not ready", detail, {"missing": names})
        return {"status": "ready"}

    @api.get("/metrics", summary="What is counted, for Prometheus", responses={200: _TEXT})
    def metrics() -> Response:
        if application.settings.production:
            _must_operate(requests.actor(application.identity))
        text = application.metrics.text(application.core.take_stock)
        return Response(text, content_type=CONTENT_TYPE)

    return api


def _must_operate(actor: Actor) -> None:
    """To all others there is nothing here."""
    if not actor.signed_in:
        raise SignInRequired
    if not (actor.is_operator and actor.within(Scope.OPERATIONS)):
        raise NotFound
