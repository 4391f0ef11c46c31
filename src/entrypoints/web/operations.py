"""Whether the service lives, and whether it can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_openapi3 import APIBlueprint, Tag

from entrypoints.web import answers
from entrypoints.web.errors import problem

if TYPE_CHECKING:
    from entrypoints.container import Application


def routes(application: Application) -> APIBlueprint:
    api = APIBlueprint("operations", __name__, abp_tags=[Tag(name="Operations")])

    @api.get("/healthz", summary="The process lives", responses={200: answers.Status})
    def healthz() -> dict[str, Any]:
        return {"status": "ok"}

    @api.get("/readyz", summary="Requests can be answered", responses={200: answers.Status})
    def readyz() -> Any:
        missing = application.ready()
        if missing:
            return problem(503, "not_ready", "Not ready", "; ".join(missing), {"missing": missing})
        return {"status": "ready"}

    return api
