"""What is open, what is busy, and the hours behind it."""

from __future__ import annotations

from datetime import datetime

from tests.simulators.calendly.api.asking import (
    event_type_named,
    may_ask_about,
    required,
    user_named,
    window,
)
from tests.simulators.calendly.api.door import Answer, Caller, Door
from tests.simulators.calendly.records import Event, EventType, Interval, User
from tests.simulators.calendly.refusals import calendar_unreachable, not_found, permission_denied
from tests.simulators.calendly.shapes import JSON, schedule_shape, text_of
from tests.simulators.calendly.slots import OpenSlot, open_slots
from tests.simulators.calendly.uris import API
from tests.simulators.calendly.world import World

_BUSY_DAYS = 7


def _available_times_scope(world: World) -> str:
    return world.switches.available_times_scope


def mount(door: Door) -> None:
    world = door.world

    @door.on("GET", "/event_type_available_times", _available_times_scope)
    def available_times(caller: Caller) -> Answer:
        required(caller.query, "event_type", "start_time", "end_time")
        now = world.clock.now()
        start, end = window(caller, now, world.switches.window_days, future=True)
        event_type = event_type_named(world, caller.query["event_type"])
        if event_type.owner.organization is not caller.user.organization:
            raise permission_denied()
        found = open_slots(world.books, event_type, now, start, end)
        return {"collection": [_open(world, event_type, each) for each in found]}, 200

    @door.on("GET", "/user_busy_times", "availability:read")
    def busy_times(caller: Caller) -> Answer:
        required(caller.query, "user", "start_time", "end_time")
        user = user_named(world, caller.query["user"])
        may_ask_about(caller.user, user)
        start, end = window(caller, world.clock.now(), _BUSY_DAYS, future=False)
        if user.calendar_broken:
            raise calendar_unreachable()
        rows = [*_booked(world, user), *(_external(each) for each in user.busy)]
        inside = [each for each in rows if each[0] < end and start < each[1]]
        inside.sort(key=lambda each: each[0])
        return {"collection": [row for _, _, row in inside]}, 200

    @door.on("GET", "/user_availability_schedules", "availability:read")
    def schedules(caller: Caller) -> Answer:
        required(caller.query, "user")
        user = user_named(world, caller.query["user"])
        may_ask_about(caller.user, user)
        return {"collection": [_schedule(user)]}, 200

    @door.on("GET", "/user_availability_schedules/<uuid>", "availability:read")
    def schedule(caller: Caller, uuid: str) -> Answer:
        people = world.books.users.values()
        user = next((each for each in people if each.schedule_id == uuid), None)
        if user is None:
            raise not_found()
        may_ask_about(caller.user, user)
        return {"resource": _schedule(user)}, 200


def _open(world: World, event_type: EventType, slot: OpenSlot) -> JSON:
    start = text_of(slot.start)
    short = start.replace(".000000", "")
    page = f"{world.pages}/{event_type.owner.slug}/{event_type.slug}"
    return {
        "status": "available",
        "invitees_remaining": slot.remaining,
        "start_time": start if world.switches.slot_decimals else short,
        "scheduling_url": f"{page}/{short}?month={start[:7]}&date={start[:10]}",
    }


_Row = tuple[datetime, datetime, JSON]


def _booked(world: World, user: User) -> list[_Row]:
    return [_calendly(each) for each in world.books.events_of(user, "active")]


def _calendly(event: Event) -> _Row:
    row = {
        "type": "calendly",
        "start_time": text_of(event.start),
        "end_time": text_of(event.end),
        "buffered_start_time": text_of(event.blocked[0]),
        "buffered_end_time": text_of(event.blocked[1]),
        "event": {"uri": event.uri},
    }
    return event.start, event.end, row


def _external(busy: Interval) -> _Row:
    start, end = busy
    row = {"type": "external", "start_time": text_of(start), "end_time": text_of(end)}
    return start, end, row


def _schedule(user: User) -> JSON:
    return schedule_shape(user, f"{API}/user_availability_schedules/{user.schedule_id}")
