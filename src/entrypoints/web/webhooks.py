"""What providers post to us. A notice is verified, noted and answered; a job does the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import request
from flask_openapi3 import APIBlueprint, Tag

from booking_core import UntrustedNotice
from entrypoints.notices import CALENDLY
from entrypoints.web import answers

if TYPE_CHECKING:
    from entrypoints.container import Application


def routes(application: Application) -> APIBlueprint:
    api = APIBlueprint("webhooks", __name__, abp_tags=[Tag(name="Providers")])

    def heard(hear: Callable[..., bool], port: str) -> dict[str, Any]:
        try:
            hear(body=request.get_data(), headers=dict(request.headers))
        except UntrustedNotice:
            application.metrics.notice_refused(port)
            raise
        return {"received": True}

    @api.post(
        "/api/webhooks/stripe",
        summary="What Stripe tells us, signed by it",
        responses={200: answers.Received},
    )
    def stripe() -> dict[str, Any]:
        return heard(application.core.hear_payment_notice, "payments")

    @api.post(
        CALENDLY,
        summary="What Calendly tells us, signed with our key",
        responses={200: answers.Received},
    )
    def calendly() -> dict[str, Any]:
        return heard(application.core.hear_calendar_notice, "calendar")

    return api
