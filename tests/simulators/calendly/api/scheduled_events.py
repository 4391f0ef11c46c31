"""Meetings: the list, one of them, and its cancellation."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulators.calendly.api.asking import (
    choice_of,
    concerns,
    may_ask_for_all,
    organization_named,
    time_of,
    user_named,
)
from tests.simulators.calendly.api.door import Answer, Caller, Door
from tests.simulators.calendly.moves import cancel_by_host
from tests.simulators.calendly.paging import page_of
from tests.simulators.calendly.records import Event
from tests.simulators.calendly.refusals import (
    ALSO_ORGANIZATION,
    IN_THE_PAST,
    NOT_CANCEL_EVENT,
    NOT_IN_ORGANIZATION,
    NOT_THIS_RESOURCE,
    NOT_VIEW_EVENT,
    invalid,
    missing,
    not_found,
    permission_denied,
)
from tests.simulators.calendly.shapes import event_shape
from tests.simulators.calendly.world import World

READ, WRITE = "scheduled_events:read", "scheduled_events:write"


def mount(door: Door) -> None:
    world = door.world

    @door.on("GET", "/scheduled_events", READ)
    def events(caller: Caller) -> Answer:
        found, pagination = page_of(
            _asked_for(world, caller), "/scheduled_events", caller.query, world.switches
        )
        return {"collection": [event_shape(each) for each in found], "pagination": pagination}, 200

    @door.on("GET", "/scheduled_events/<uuid>", READ)
    def event(caller: Caller, uuid: str) -> Answer:
        return {"resource": event_shape(event_seen(world, caller, uuid))}, 200

    @door.on("POST", "/scheduled_events/<uuid>/cancellation", WRITE)
    def cancel(caller: Caller, uuid: str) -> Answer:
        found = event_seen(world, caller, uuid, otherwise=NOT_CANCEL_EVENT)
        reason = caller.body.get("reason") if isinstance(caller.body, dict) else None
        if reason is not None and (not world.switches.cancel_reason or len(str(reason)) > 10_000):
            raise invalid()
        if found.status == "active" and found.start <= world.clock.now():
            raise permission_denied(IN_THE_PAST)
        done = cancel_by_host(world, found, caller.user, reason)
        shape = {
            "canceled_by": done.canceled_by,
            "reason": done.reason,
            "canceler_type": done.canceler_type,
        }
        return {"resource": shape}, 201


def event_seen(world: World, caller: Caller, uuid: str, otherwise: str = NOT_VIEW_EVENT) -> Event:
    found = world.books.events.get(uuid)
    if found is None:
        raise not_found()
    if not concerns(caller.user, found):
        raise permission_denied(otherwise)
    return found


def _asked_for(world: World, caller: Caller) -> list[Event]:
    query = caller.query
    wanted = _whose(world, caller)
    status = choice_of(query, "status", "active", "canceled")
    email = query.get("invitee_email")
    low, high = time_of(query, "min_start_time"), time_of(query, "max_start_time")
    found = [
        each
        for each in world.books.events.values()
        if wanted(each)
        and status in (None, each.status)
        and (email is None or email in [one.email for one in each.invitees])
        # "after this time", "prior to this time": the edges are out
        and (low is None or each.start > low)
        and (high is None or each.start < high)
    ]
    way = choice_of(query, "sort", "start_time:asc", "start_time:desc")
    return sorted(found, key=lambda each: each.start, reverse=way == "start_time:desc")


def _whose(world: World, caller: Caller) -> Callable[[Event], bool]:
    query, me = caller.query, caller.user
    organization = (
        organization_named(world, query["organization"]) if "organization" in query else None
    )
    if "user" in query:
        user = user_named(world, query["user"])
        if user is not me:
            if organization is None:
                raise permission_denied(ALSO_ORGANIZATION)
            may_ask_for_all(me, organization)
            if user.organization is not organization:
                raise permission_denied(NOT_IN_ORGANIZATION)
        return lambda event: user in event.hosts
    if organization is not None:
        may_ask_for_all(me, organization)
        return lambda event: event.type.owner.organization is organization
    if "group" in query:
        raise permission_denied(NOT_THIS_RESOURCE)  # nobody has groups here
    raise missing("user", "organization", "group")
