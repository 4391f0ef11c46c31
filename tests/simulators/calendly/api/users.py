"""Who am I, and who belongs to the organization."""

from __future__ import annotations

from tests.simulators.calendly.api.asking import (
    may_ask_about,
    may_ask_for_all,
    organization_named,
    user_named,
)
from tests.simulators.calendly.api.door import Answer, Caller, Door
from tests.simulators.calendly.paging import page_of
from tests.simulators.calendly.records import User
from tests.simulators.calendly.refusals import missing, not_found
from tests.simulators.calendly.shapes import JSON, membership_shape, user_shape
from tests.simulators.calendly.uris import API
from tests.simulators.calendly.world import World


def mount(door: Door) -> None:
    world = door.world

    @door.on("GET", "/users/<uuid>", "users:read")
    def user(caller: Caller, uuid: str) -> Answer:
        found = caller.user if uuid == "me" else world.books.users.get(uuid)
        if found is None:
            raise not_found()
        may_ask_about(caller.user, found)
        return {"resource": user_shape(found, world.pages)}, 200

    @door.on("GET", "/organization_memberships", "organizations:read")
    def memberships(caller: Caller) -> Answer:
        found, pagination = page_of(
            _members(world, caller), "/organization_memberships", caller.query, world.switches
        )
        return {"collection": [_membership(world, each) for each in found]} | {
            "pagination": pagination
        }, 200

    @door.on("GET", "/organization_memberships/<uuid>", "organizations:read")
    def membership(caller: Caller, uuid: str) -> Answer:
        people = world.books.users.values()
        found = next((each for each in people if each.membership_id == uuid), None)
        if found is None:
            raise not_found()
        may_ask_about(caller.user, found)
        return {"resource": _membership(world, found)}, 200


def _members(world: World, caller: Caller) -> list[User]:
    query = caller.query
    if "user" in query:
        person = user_named(world, query["user"])
        may_ask_about(caller.user, person)
        return [person]
    if "organization" not in query:
        raise missing("organization")
    organization = organization_named(world, query["organization"])
    may_ask_for_all(caller.user, organization)
    return [
        each
        for each in world.books.users.values()
        if each.organization is organization and query.get("email") in (None, each.email)
    ]


def _membership(world: World, user: User) -> JSON:
    uri = f"{API}/organization_memberships/{user.membership_id}"
    return membership_shape(user, uri, world.pages)
