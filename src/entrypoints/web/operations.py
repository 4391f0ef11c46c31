"""Whether the service lives, and whether it can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from flask_openapi3 import APIBlueprint, Tag

from entrypoints.web import answers
from entrypoints.web.errors import problem

_log = structlog.get_logger("booking.web")

if TYPE_CHECKING:
    from entrypoints.container import Application


def routes(application: Application) -> APIBlueprint:
    api = APIBlueprint("operations", __name__, abp_tags=[Tag(name="Operations")])

    @api.get("/healthz", summary="The process lives", responses={200: answers.Status})
    def healthz() -> dict[str, Any]:
        return {"status": "ok"}

    @api.get("/readyz", summary="Requests can be answered", responses={200: answers.Status})
    def readyz() -> Any:
        missing = application.missing()
        for each in missing:
            _log.warning("not ready", missing=each.name, detail=each.detail)
        if missing:
            names = [each.name for each in missing]
            detail = f"Not well: {', '.join(names)}. The log and `doctor` say why."
            return problem(503, "not_ready", "Not ready", detail, {"missing": names})
        return {"status": "ready"}

    return api
