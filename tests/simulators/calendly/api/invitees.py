"""Those who come: reading them, booking one, and marking who did not."""

from __future__ import annotations

from tests.simulators.calendly.api.asking import choice_of, concerns, text_in
from tests.simulators.calendly.api.door import Answer, Caller, Door
from tests.simulators.calendly.api.scheduled_events import READ, WRITE, event_seen
from tests.simulators.calendly.booking import book_by_api
from tests.simulators.calendly.moves import mark_no_show, undo_no_show
from tests.simulators.calendly.paging import page_of
from tests.simulators.calendly.records import Event, Invitee, NoShow
from tests.simulators.calendly.refusals import (
    NOT_THIS_RESOURCE,
    PAID_SCHEDULING,
    Refused,
    invalid,
    not_found,
    permission_denied,
)
from tests.simulators.calendly.shapes import invitee_shape, no_show_shape
from tests.simulators.calendly.uris import id_in
from tests.simulators.calendly.world import World


def mount(door: Door) -> None:
    world = door.world

    @door.on("GET", "/scheduled_events/<uuid>/invitees", READ)
    def invitees(caller: Caller, uuid: str) -> Answer:
        found, pagination = page_of(
            _asked_for(event_seen(world, caller, uuid), caller),
            f"/scheduled_events/{uuid}/invitees",
            caller.query,
            world.switches,
        )
        collection = [invitee_shape(each, world.pages) for each in found]
        return {"collection": collection, "pagination": pagination}, 200

    @door.on("GET", "/scheduled_events/<uuid>/invitees/<invitee_uuid>", READ)
    def invitee(caller: Caller, uuid: str, invitee_uuid: str) -> Answer:
        event = event_seen(world, caller, uuid)
        found = next((each for each in event.invitees if each.id == invitee_uuid), None)
        if found is None:
            raise not_found()
        return {"resource": invitee_shape(found, world.pages)}, 200

    @door.on("POST", "/invitees", WRITE, paid_only=PAID_SCHEDULING, booking=True)
    def book(caller: Caller) -> Answer:
        booked = book_by_api(world, caller.user, caller.body)
        return {"resource": invitee_shape(booked, world.pages)}, 201

    @door.on("POST", "/invitee_no_shows", WRITE)
    def mark(caller: Caller) -> Answer:
        found = _invitee(world, caller)
        if found.no_show is not None:
            raise _marked_before(world)
        return {"resource": no_show_shape(mark_no_show(world, found))}, 201

    @door.on("GET", "/invitee_no_shows/<uuid>", READ)
    def no_show(caller: Caller, uuid: str) -> Answer:
        return {"resource": no_show_shape(_no_show(world, caller, uuid))}, 200

    @door.on("DELETE", "/invitee_no_shows/<uuid>", WRITE)
    def unmark(caller: Caller, uuid: str) -> Answer:
        undo_no_show(world, _no_show(world, caller, uuid))
        return None, 204


def _asked_for(event: Event, caller: Caller) -> list[Invitee]:
    query = caller.query
    status, email = choice_of(query, "status", "active", "canceled"), query.get("email")
    found = [
        each
        for each in event.invitees
        if status in (None, each.status) and email in (None, each.email)
    ]
    way = choice_of(query, "sort", "created_at:asc", "created_at:desc")
    return found[::-1] if way == "created_at:desc" else found


def _invitee(world: World, caller: Caller) -> Invitee:
    found = world.books.invitees.get(id_in(text_in(caller.body, "invitee"), "invitees") or "")
    if found is None:
        raise not_found()
    if not concerns(caller.user, found.event):
        raise permission_denied(NOT_THIS_RESOURCE)
    return found


def _no_show(world: World, caller: Caller, uuid: str) -> NoShow:
    found = world.books.no_shows.get(uuid)
    if found is None:
        raise not_found()
    if not concerns(caller.user, found.invitee.event):
        raise permission_denied(NOT_THIS_RESOURCE)
    return found


def _marked_before(world: World) -> Refused:
    """Which status it is, nobody has written down."""
    message = "The invitee is already marked as a no show."
    status = world.switches.no_show_again
    return invalid(message=message) if status == 400 else Refused(status, "Already Exists", message)
