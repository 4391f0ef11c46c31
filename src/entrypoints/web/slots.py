"""Open slots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask_openapi3 import APIBlueprint, Tag

from booking_core import FieldError, InvalidRequest, SessionTypeId, zone
from entrypoints import views
from entrypoints.web import answers, reading, schemas
from entrypoints.web.requests import actor

if TYPE_CHECKING:
    from entrypoints.container import Application

Json = dict[str, Any]


def routes(application: Application) -> APIBlueprint:
    api = APIBlueprint("slots", __name__, abp_tags=[Tag(name="Slots")])
    core = application.core

    @api.get(
        "/api/scheduling/session-types/<id>/slots",
        summary="The open slots of a session type, up to 62 days",
        responses={200: answers.OpenSlots},
    )
    def find_slots(path: schemas.IdPath, query: schemas.SlotsQuery) -> Json:
        return answer(path.id, query)

    @api.get(
        "/api/scheduling/calendly/available-times",
        summary="The same, for older callers",
        deprecated=True,
        responses={200: answers.OpenSlots},
    )
    def available_times(query: schemas.AvailableTimesQuery) -> Json:
        if query.sessionTypeId is not None:
            return answer(query.sessionTypeId, query)
        if query.eventTypeUri is None:
            detail = "Give 'sessionTypeId', or the calendar provider's 'eventTypeUri'."
            raise InvalidRequest(detail, [FieldError("/sessionTypeId", detail)])
        offer = core.show_session_type.of_event_type(
            event_type_uri=query.eventTypeUri, actor=actor(application.identity)
        )
        return answer(offer.session_type.id, query)

    def answer(session_type: str, query: schemas.SlotsQuery) -> Json:
        asking = actor(application.identity)
        offer = core.show_session_type(session_type=session_type, actor=asking)
        timezone = query.timezone or offer.builder.timezone
        zone(timezone)
        found = core.find_slots(
            session_type_id=SessionTypeId(session_type),
            window=reading.window(query, timezone, core.clock.now()),
            actor=asking,
        )
        return views.slots(found, timezone, offer=offer, public_url=application.settings.public_url)

    return api
