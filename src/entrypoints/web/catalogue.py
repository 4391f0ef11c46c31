"""Builders, their schedules and their session types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flask_openapi3 import APIBlueprint, Tag

from booking_core import (
    Actor,
    BuilderId,
    InvalidRequest,
    NotFound,
    Role,
    Schedule,
    SessionType,
    SessionTypeId,
)
from entrypoints import views
from entrypoints.notices import unbind
from entrypoints.web import answers, reading, schemas
from entrypoints.web.requests import actor, idempotency_key

if TYPE_CHECKING:
    from entrypoints.container import Application

Json = dict[str, Any]
_YOURS = (
    "builder that you may manage; a builder manages itself, an admin everyone, with a token as "
    "'Authorization: Bearer …'"
)


def routes(application: Application) -> APIBlueprint:
    api = APIBlueprint("catalogue", __name__, abp_tags=[Tag(name="Catalogue")])
    core = application.core

    def caller() -> Actor:
        return actor(application.identity)

    def own(name: str) -> tuple[BuilderId, Actor]:
        """The builder that the caller may change; `me` is the caller itself."""
        asking = caller()
        me = asking.id if name == "me" and asking.role is Role.BUILDER else None
        try:
            return core.show_builder.own(name=me or name, actor=asking).id, asking
        except NotFound:
            raise NotFound(_YOURS) from None

    def own_type(builder: str, name: str) -> str:
        """The session type of that builder, by id or slug, and of no other one."""
        builder_id, asking = own(builder)
        offer = core.show_session_type(session_type=name, builder=builder_id, actor=asking)
        return offer.session_type.id

    def shown(found: Sequence[SessionType], asking: Actor) -> list[Json]:
        modes = {
            owner: core.show_builder(name=owner, actor=Actor.system()).scheduling_mode
            for owner in {each.builder_id for each in found}
        }
        return [views.session_type(each, asking, modes[each.builder_id]) for each in found]

    @api.get("/api/marketplace/builders", summary="The builders", responses={200: answers.Builders})
    def list_builders() -> Json:
        asking = caller()
        return {"builders": [views.card(each, asking) for each in core.list_cards(actor=asking)]}

    @api.get(
        "/api/marketplace/builders/<id>",
        summary="One builder, by id or slug",
        responses={200: answers.Builder},
    )
    def show_builder(path: schemas.IdPath) -> Json:
        asking = caller()
        return views.builder(core.show_builder(name=path.id, actor=asking), asking)

    @api.get(
        "/api/marketplace/builders/<id>/session-types",
        summary="The session types of a builder that the caller is shown",
        responses={200: answers.SessionTypes},
    )
    def list_session_types(path: schemas.IdPath) -> Json:
        asking = caller()
        found = core.list_session_types(builder=path.id, actor=asking)
        return {"sessionTypes": shown(found, asking)}

    @api.get(
        "/api/scheduling/sessions/available",
        summary="What the caller can book",
        responses={200: answers.SessionTypes},
    )
    def list_available(query: schemas.SessionsQuery) -> Json:
        asking = caller()
        found = core.list_available_sessions(
            actor=asking,
            category=reading.category(query.category),
            pathway=query.pathway,
            builder=query.builder,
        )
        return {"sessionTypes": shown(found, asking)}

    @api.post(
        "/api/admin/builders", summary="Add a builder (admin)", responses={201: answers.Builder}
    )
    def add_builder(body: schemas.BuilderBody) -> tuple[Json, int]:
        asking = caller()
        given = reading.builder_changes(body)
        schedule = given.pop("schedule", None) or Schedule(_zone(body))
        builder = core.add_builder(actor=asking, schedule=schedule, key=idempotency_key(), **given)
        return views.builder(builder, asking), 201

    @api.patch(
        "/api/admin/builders",
        summary="Change the builder named by `id`",
        responses={200: answers.Builder},
    )
    def change_named_builder(body: schemas.BuilderPatch) -> Json:
        return change(body.id, body)

    @api.patch(
        "/api/admin/builders/<id>",
        summary="Change a builder (admin, or itself)",
        responses={200: answers.Builder},
    )
    def change_builder(path: schemas.IdPath, body: schemas.BuilderChanges) -> Json:
        return change(path.id, body)

    def change(name: str, body: schemas.BuilderChanges) -> Json:
        builder_id, asking = own(name)
        changes = reading.builder_changes(body)
        builder = core.change_builder(builder_id=builder_id, changes=changes, actor=asking)
        return views.builder(builder, asking)

    @api.get(
        "/api/builders/<id>/schedule",
        summary="A builder's hours (its own, or admin)",
        responses={200: answers.Schedule},
    )
    def show_schedule(path: schemas.IdPath) -> Json:
        builder_id, asking = own(path.id)
        return views.schedule(core.show_builder(name=builder_id, actor=asking).schedule)

    @api.put(
        "/api/builders/<id>/schedule",
        summary="Replace a builder's hours",
        responses={200: answers.Schedule},
    )
    def replace_schedule(path: schemas.IdPath, body: schemas.ScheduleBody) -> Json:
        builder_id, asking = own(path.id)
        changes = {"schedule": reading.schedule(body)}
        changed = core.change_builder(builder_id=builder_id, changes=changes, actor=asking)
        return views.schedule(changed.schedule)

    @api.put(
        "/api/builders/<id>/calendar",
        summary="Bind the builder's own account at the calendar provider, by a token of it",
        responses={200: answers.CalendarAccount},
    )
    def bind_calendar(path: schemas.IdPath, body: schemas.CalendarBody) -> Json:
        builder_id, asking = own(path.id)
        token = body.token.get_secret_value()
        return views.calendar_account(
            core.bind_calendar(builder_id=builder_id, token=token, actor=asking)
        )

    @api.delete(
        "/api/builders/<id>/calendar",
        summary="Forget the token of the builder's own calendar account",
        responses={200: answers.Removed},
    )
    def unbind_calendar(path: schemas.IdPath) -> Json:
        builder_id, asking = own(path.id)
        removed = unbind(core, application.notices, builder_id=builder_id, actor=asking)
        return {"removed": removed}

    @api.get(
        "/api/builders/<id>/session-types",
        summary="A builder's own session types, all",
        responses={200: answers.SessionTypes},
    )
    def list_own_session_types(path: schemas.IdPath) -> Json:
        builder_id, asking = own(path.id)
        found = core.list_session_types(builder=builder_id, actor=asking)
        return {"sessionTypes": shown(found, asking)}

    @api.patch(
        "/api/builders/<id>/session-types",
        summary="Change the one named by `id`",
        responses={200: answers.SessionType},
    )
    def change_named_session_type(path: schemas.IdPath, body: schemas.SessionTypePatch) -> Json:
        return change_type(own_type(path.id, body.id), body)

    @api.patch(
        "/api/builders/<id>/session-types/<child>",
        summary="Change a session type",
        responses={200: answers.SessionType},
    )
    def change_own_session_type(path: schemas.ChildPath, body: schemas.SessionTypeChanges) -> Json:
        return change_type(own_type(path.id, path.child), body)

    @api.patch(
        "/api/admin/session-types/<id>",
        summary="Change a session type",
        responses={200: answers.SessionType},
    )
    def change_session_type(path: schemas.IdPath, body: schemas.SessionTypeChanges) -> Json:
        return change_type(path.id, body)

    def change_type(name: str, body: schemas.SessionTypeChanges) -> Json:
        asking = caller()
        changed = core.change_session_type(
            session_type_id=SessionTypeId(name),
            changes=reading.session_type_changes(body),
            actor=asking,
        )
        return shown([changed], asking)[0]

    @api.post(
        "/api/admin/session-types",
        summary="Add a session type (its builder, or admin)",
        responses={201: answers.SessionType},
    )
    def add_session_type(body: schemas.SessionTypeBody) -> tuple[Json, int]:
        builder_id, asking = own(body.builderId)
        given = reading.session_type_changes(body)
        added = core.add_session_type(
            builder_id=builder_id, actor=asking, key=idempotency_key(), **given
        )
        return shown([added], asking)[0], 201

    return api


def _zone(body: schemas.BuilderBody) -> str:
    if body.timezone is None:
        raise InvalidRequest("Give the builder's 'timezone', such as Europe/Berlin.")
    return body.timezone
