"""The calendar provider: what it offers, where clients schedule there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_openapi3 import APIBlueprint, Tag

from booking_core import Actor, BookingId, BuilderId, SessionTypeId
from entrypoints import views
from entrypoints.web import answers, schemas
from entrypoints.web.requests import actor, idempotency_key

if TYPE_CHECKING:
    from entrypoints.container import Application

Json = dict[str, Any]
_BASE = "/api/scheduling/calendly"


def routes(application: Application) -> APIBlueprint:
    api = APIBlueprint("provider", __name__, abp_tags=[Tag(name="Calendar provider")])
    core = application.core

    def caller() -> Actor:
        return actor(application.identity)

    def named(builder: str | None, asking: Actor) -> BuilderId | None:
        return core.show_builder.own(name=builder, actor=asking).id if builder else None

    @api.get(
        f"{_BASE}/event-types",
        summary="The provider's event types (builder, admin)",
        responses={200: answers.EventTypes},
    )
    def event_types(query: schemas.EventTypesQuery) -> Json:
        asking = caller()
        found = core.list_event_types(actor=asking, builder_id=named(query.builder, asking))
        return {"eventTypes": [views.event_type(each) for each in found]}

    @api.post(
        f"{_BASE}/scheduling-link",
        summary="Where to schedule at the provider, for a booking that waits for its time or for anybody",
        responses={201: answers.Link},
    )
    def scheduling_link(body: schemas.LinkBody) -> tuple[Json, int]:
        link = core.offer_link(
            session_type_id=SessionTypeId(body.sessionTypeId) if body.sessionTypeId else None,
            actor=caller(),
            booking_id=BookingId(body.bookingId) if body.bookingId else None,
            key=idempotency_key(),
        )
        return views.link(link, body.bookingId or None), 201

    @api.post(
        f"{_BASE}/sync-event-types",
        summary="Bring session types up to date with the provider's event types (builder, admin)",
        responses={200: answers.Synced},
    )
    def sync_event_types(body: schemas.SyncBody) -> Json:
        asking = caller()
        return core.answer_once(
            lambda: views.sync_report(
                core.sync_event_types(
                    actor=asking, builder_id=named(body.builderId, asking), dry_run=body.dryRun
                ),
                dry_run=body.dryRun,
            ),
            action="sync event types",
            actor=asking,
            key=idempotency_key(),
        )

    return api
