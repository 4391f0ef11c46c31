"""Links that are good for one booking."""

from __future__ import annotations

from tests.simulators.calendly.api.asking import event_type_named, text_in
from tests.simulators.calendly.api.door import Answer, Caller, Door
from tests.simulators.calendly.records import SchedulingLink
from tests.simulators.calendly.refusals import Detail, invalid, permission_denied


def mount(door: Door) -> None:
    world = door.world

    @door.on("POST", "/scheduling_links", "scheduling_links:write")
    def create(caller: Caller) -> Answer:
        owner = text_in(caller.body, "owner")
        if text_in(caller.body, "owner_type") != "EventType":
            raise invalid(Detail("owner_type", "must be one of: EventType"))
        if caller.body.get("max_event_count") != 1:
            raise invalid(Detail("max_event_count", "must be 1"))
        event_type = event_type_named(world, owner, "owner")
        if event_type.owner.organization is not caller.user.organization:
            raise permission_denied()
        short = world.books.new_id()[:13]
        link = SchedulingLink(short, event_type, world.clock.now())
        world.books.links[link.id] = link
        shape = {
            "booking_url": f"{world.pages}/d/{link.id}/{event_type.slug}",
            "owner": event_type.uri,
            "owner_type": "EventType",
        }
        return {"resource": shape}, 201
