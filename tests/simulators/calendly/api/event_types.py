"""Event types: the list and one of them."""

from __future__ import annotations

from operator import attrgetter

from tests.simulators.calendly.api.asking import (
    choice_of,
    event_type_named,
    may_ask_about,
    may_ask_for_all,
    organization_named,
    tri_state,
    user_named,
)
from tests.simulators.calendly.api.door import Answer, Caller, Door
from tests.simulators.calendly.paging import page_of
from tests.simulators.calendly.records import EventType
from tests.simulators.calendly.refusals import missing, permission_denied
from tests.simulators.calendly.shapes import event_type_shape
from tests.simulators.calendly.world import World

_SORTS = [
    f"{each}:{way}"
    for each in ("name", "position", "created_at", "updated_at")
    for way in ("asc", "desc")
]


def mount(door: Door) -> None:
    world = door.world

    @door.on("GET", "/event_types", "event_types:read")
    def event_types(caller: Caller) -> Answer:
        found, pagination = page_of(
            _sorted(_asked_for(world, caller), caller), "/event_types", caller.query, world.switches
        )
        collection = [event_type_shape(each, world.pages) for each in found]
        return {"collection": collection, "pagination": pagination}, 200

    @door.on("GET", "/event_types/<uuid>", "event_types:read")
    def event_type(caller: Caller, uuid: str) -> Answer:
        found = event_type_named(world, f"/event_types/{uuid}")
        if found.owner.organization is not caller.user.organization:
            raise permission_denied()
        return {"resource": event_type_shape(found, world.pages)}, 200


def _asked_for(world: World, caller: Caller) -> list[EventType]:
    query = caller.query
    known = [each for each in world.books.event_types.values() if each.deleted_at is None]
    if "user" in query:
        user = user_named(world, query["user"])
        may_ask_about(caller.user, user)
        known = [each for each in known if user is each.owner or user in each.hosts]
    elif "organization" in query:
        organization = organization_named(world, query["organization"])
        may_ask_for_all(caller.user, organization)
        known = [each for each in known if each.owner.organization is organization]
    else:
        raise missing("user", "organization")
    active, managed = tri_state(query, "active"), tri_state(query, "admin_managed")
    return [each for each in known if active in (None, each.active) and managed is not True]


def _sorted(found: list[EventType], caller: Caller) -> list[EventType]:
    field, way = (choice_of(caller.query, "sort", *_SORTS) or "name:asc").split(":")
    return sorted(found, key=attrgetter(field), reverse=way == "desc")
