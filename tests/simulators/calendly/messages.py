"""What webhooks say: one message for each invitee, sent to every subscription that asked."""

from __future__ import annotations

from tests.simulators.calendly.records import EventType, Invitee, Organization, Subscription, User
from tests.simulators.calendly.shapes import (
    JSON,
    event_shape,
    event_type_shape,
    invitee_shape,
    text_of,
)
from tests.simulators.calendly.world import World

_ANYWHERE = ("organization", "user", "group")
#: event -> the scopes of a subscription that may have it
SCOPES_OF: dict[str, tuple[str, ...]] = {
    "invitee.created": _ANYWHERE,
    "invitee.canceled": _ANYWHERE,
    "invitee_no_show.created": _ANYWHERE,
    "invitee_no_show.deleted": _ANYWHERE,
    "event_type.created": _ANYWHERE,
    "event_type.updated": _ANYWHERE,
    "event_type.deleted": _ANYWHERE,
    "routing_form_submission.created": ("organization",),
    "meeting_recap.created": ("user",),
    "meeting_recap.updated": ("user",),
    "meeting_recap.deleted": ("user",),
    "contact.created": _ANYWHERE,
    "contact.updated": _ANYWHERE,
    "contact.deleted": _ANYWHERE,
}
_READ_SCOPES = {
    "invitee": "scheduled_events:read",
    "invitee_no_show": "scheduled_events:read",
    "event_type": "event_types:read",
    "routing_form_submission": "routing_forms:read",
    "meeting_recap": "meeting_recaps:read",
    "contact": "contacts:read",
}


def read_scope_of(event: str) -> str:
    return _READ_SCOPES[event.split(".")[0]]


def tell_of_invitee(world: World, event: str, invitee: Invitee) -> None:
    payload = invitee_payload(world, event, invitee)
    _tell(world, event, payload, invitee.event.type.owner.organization, invitee.event.hosts)


def tell_of_type(world: World, event: str, event_type: EventType) -> None:
    payload = event_type_shape(event_type, world.pages)
    _tell(world, event, payload, event_type.owner.organization, event_type.hosts)


def invitee_payload(world: World, event: str, invitee: Invitee) -> JSON:
    """The invitee itself, flat, with its event inside."""
    payload = invitee_shape(invitee, world.pages)
    if world.switches.scheduled_event_in_payload:
        payload["scheduled_event"] = event_shape(invitee.event)
        if event == "invitee.canceled" and world.switches.stale_nested_status:
            payload["scheduled_event"]["status"] = "active"
            payload["scheduled_event"].pop("cancellation", None)
    return payload


def envelope(world: World, event: str, creator: User, payload: JSON) -> JSON:
    return {
        "event": event,
        "created_at": text_of(world.clock.now()),
        "created_by": creator.uri,
        "payload": payload,
    }


def _tell(
    world: World, event: str, payload: JSON, organization: Organization, users: list[User]
) -> None:
    for subscription in world.books.subscriptions.values():
        if _wants(subscription, event, organization, users):
            message = envelope(world, event, subscription.creator, payload)
            world.courier.send(subscription, message)


def _wants(
    subscription: Subscription, event: str, organization: Organization, users: list[User]
) -> bool:
    concerned = subscription.scope == "organization" or subscription.user in users
    return (
        subscription.state == "active"
        and event in subscription.events
        and subscription.organization is organization
        and concerned
    )
