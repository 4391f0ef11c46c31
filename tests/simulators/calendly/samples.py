"""The payloads of /sample_webhook_data: made up, and about nobody in the books."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.simulators.calendly.messages import invitee_payload, read_scope_of
from tests.simulators.calendly.records import TRACKING, Event, EventType, Invitee, User
from tests.simulators.calendly.shapes import JSON, event_type_shape
from tests.simulators.calendly.world import World

_CREATED = datetime(2026, 10, 20, 8, tzinfo=UTC)


def sample_payload(event: str, user: User) -> JSON:
    """In full for the families that are simulated; of the others only that they are objects."""
    world, invitee = World(), _invitee(user)
    family = read_scope_of(event)
    if family == "scheduled_events:read":
        return invitee_payload(world, event, invitee)
    if family == "event_types:read":
        return event_type_shape(invitee.event.type, world.pages)
    return {}


def _invitee(user: User) -> Invitee:
    event_type = EventType(
        id="sample",
        name="Sample meeting",
        slug="sample",
        owner=user,
        hosts=[user],
        created_at=_CREATED,
        updated_at=_CREATED,
        position=0,
    )
    start = _CREATED + timedelta(days=14)
    event = Event(
        id="sample",
        type=event_type,
        hosts=[user],
        start=start,
        end=start + event_type.length,
        created_at=_CREATED,
        updated_at=_CREATED,
        place=None,
    )
    invitee = Invitee(
        id="sample",
        event=event,
        email="ana@example.test",
        name="Ana Example",
        first_name=None,
        last_name=None,
        timezone="Europe/Lisbon",
        created_at=_CREATED,
        updated_at=_CREATED,
        answers=[],
        tracking=dict.fromkeys(TRACKING),
    )
    event.invitees.append(invitee)
    return invitee
