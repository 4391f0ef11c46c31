"""Who changed what, and how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_openapi3 import APIBlueprint, Tag

from booking_core import Actor, BookingId, Subject, TrailFilter
from entrypoints import views
from entrypoints.web import answers, reading, schemas
from entrypoints.web.requests import actor, idempotency_key

if TYPE_CHECKING:
    from entrypoints.container import Application

Json = dict[str, Any]
_BOOKING = "/api/scheduling/bookings/<id>"


def routes(application: Application) -> APIBlueprint:
    api = APIBlueprint("trail", __name__, abp_tags=[Tag(name="Trail")])
    core = application.core

    def caller() -> Actor:
        return actor(application.identity)

    @api.get(
        f"{_BOOKING}/timeline",
        summary="What happened to a booking, oldest first (builder, admin)",
        responses={200: answers.Timeline},
    )
    def timeline(path: schemas.IdPath, query: schemas.PageQuery) -> Json:
        found = core.show_timeline(
            booking_id=BookingId(path.id),
            actor=caller(),
            after=reading.number(query.cursor, "/cursor"),
            limit=query.limit,
        )
        return views.timeline(found)

    @api.post(
        f"{_BOOKING}/replay",
        summary="Try again what failed of a booking (builder, admin)",
        responses={202: answers.Replayed},
    )
    def replay(path: schemas.IdPath) -> tuple[Json, int]:
        asking, booking_id = caller(), BookingId(path.id)
        answer = core.answer_once(
            lambda: views.replay(core.replay_booking(booking_id=booking_id, actor=asking)),
            action=f"replay:{booking_id}",
            actor=asking,
            key=idempotency_key(),
        )
        return answer, 202

    @api.get(
        "/api/admin/trail",
        summary="Who changed what, newest first (admin; a builder sees its own)",
        responses={200: answers.Trail},
    )
    def trail(query: schemas.TrailQuery) -> Json:
        criteria = TrailFilter(
            subject=Subject.parse(query.subject) if query.subject else None,
            by=query.by,
            since=reading.edge(query.from_, query.timezone, "/from"),
            after=reading.number(query.cursor, "/cursor"),
            limit=query.limit,
        )
        return views.trail(core.list_trail(criteria=criteria, actor=caller()))

    return api
