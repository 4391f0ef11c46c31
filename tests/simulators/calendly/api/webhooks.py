"""Webhook subscriptions: made, listed, read, deleted, never changed; and a sample of the data."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.simulators.calendly.api.asking import (
    choice_of,
    may_ask_about,
    may_ask_for_all,
    organization_named,
    required,
    text_in,
    user_named,
)
from tests.simulators.calendly.api.door import Answer, Caller, Door
from tests.simulators.calendly.messages import SCOPES_OF, envelope, read_scope_of
from tests.simulators.calendly.paging import page_of
from tests.simulators.calendly.records import Organization, Subscription, User
from tests.simulators.calendly.refusals import (
    IS_MISSING,
    NOT_THIS_RESOURCE,
    PAID_WEBHOOKS,
    Detail,
    already_exists,
    insufficient_scope,
    invalid,
    not_found,
    permission_denied,
)
from tests.simulators.calendly.samples import sample_payload
from tests.simulators.calendly.shapes import subscription_shape
from tests.simulators.calendly.world import World

_SCOPES = ("organization", "user", "group")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def mount(door: Door) -> None:
    world = door.world

    @door.on("POST", "/webhook_subscriptions", "webhooks:write", paid_only=PAID_WEBHOOKS)
    def create(caller: Caller) -> Answer:
        return {"resource": subscription_shape(_subscribe(world, caller))}, 201

    @door.on("GET", "/webhook_subscriptions", "webhooks:read")
    def subscriptions(caller: Caller) -> Answer:
        required(caller.query, "organization", "scope")
        found, pagination = page_of(
            _asked_for(world, caller), "/webhook_subscriptions", caller.query, world.switches
        )
        collection = [subscription_shape(each) for each in found]
        return {"collection": collection, "pagination": pagination}, 200

    @door.on("GET", "/webhook_subscriptions/<uuid>", "webhooks:read")
    def subscription(caller: Caller, uuid: str) -> Answer:
        return {"resource": subscription_shape(_one(world, caller, uuid))}, 200

    @door.on("DELETE", "/webhook_subscriptions/<uuid>", "webhooks:write")
    def delete(caller: Caller, uuid: str) -> Answer:
        gone = _one(world, caller, uuid)
        gone.state = "disabled"  # what is still on its way stays undelivered
        del world.books.subscriptions[gone.id]
        return None, 204

    @door.on("GET", "/sample_webhook_data", "webhooks:read")
    def sample(caller: Caller) -> Answer:
        required(caller.query, "event", "organization", "scope")
        event = choice_of(caller.query, "event", *SCOPES_OF) or ""
        _whose(world, caller.user, caller.query)
        return envelope(world, event, caller.user, sample_payload(event, caller.user)), 200


def _subscribe(world: World, caller: Caller) -> Subscription:
    body = caller.body
    url, events = text_in(body, "url"), _events(body)
    scope = text_in(body, "scope")
    text_in(body, "organization")
    organization, user = _whose(world, caller.user, body)
    _check_url(url)
    _check_events(caller, events, scope)
    for each in world.books.subscriptions.values():
        whole = world.switches.hooks_unique_by == "url"
        if each.url == url and (whole or (each.scope, each.user) == (scope, user)):
            raise already_exists("Hook with this url already exists")
    now = world.clock.now()
    subscription = Subscription(
        id=world.books.new_id(),
        url=url,
        events=events,
        organization=organization,
        scope=scope,  # type: ignore[arg-type]  # checked by _whose
        user=user,
        creator=caller.user,
        signing_key=caller.token.app_signing_key or body.get("signing_key"),
        created_at=now,
        updated_at=now,
    )
    world.books.subscriptions[subscription.id] = subscription
    return subscription


def _events(body: Any) -> list[str]:
    events = body.get("events") if isinstance(body, dict) else None
    if not isinstance(events, list) or not events:
        raise invalid(Detail("events", IS_MISSING))
    if unknown := [each for each in events if each not in list(SCOPES_OF)]:
        raise invalid(Detail("events", f"{unknown[0]} is not an event"))
    return events


def _check_url(url: str) -> None:
    """HTTPS, as there; this machine is let through, or nothing could be tried out."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        raise invalid(Detail("url", "must be an HTTPS URL"))


def _check_events(caller: Caller, events: list[str], scope: str) -> None:
    for event in events:
        if scope not in SCOPES_OF[event]:
            raise invalid(Detail("events", f"{event} is not available for the scope {scope}"))
    needed = sorted({read_scope_of(each) for each in events})
    if lacking := [each for each in needed if not caller.token.allows(each)]:
        raise insufficient_scope(*lacking)


def _whose(world: World, me: User, asked: Any) -> tuple[Organization, User | None]:
    """The organization and the user that a subscription, or a list of them, is about."""
    scope = choice_of(asked, "scope", *_SCOPES)
    organization = organization_named(world, asked.get("organization"))
    if organization is not me.organization:
        raise permission_denied(NOT_THIS_RESOURCE)
    if scope == "organization":
        may_ask_for_all(me, organization)
        return organization, None
    required(asked, scope or "scope")
    if scope == "group":
        raise permission_denied(NOT_THIS_RESOURCE)  # nobody has groups here
    user = user_named(world, asked["user"])
    may_ask_about(me, user)
    return organization, user


def _asked_for(world: World, caller: Caller) -> list[Subscription]:
    organization, user = _whose(world, caller.user, caller.query)
    scope = caller.query["scope"]
    found = [
        each
        for each in world.books.subscriptions.values()
        if each.organization is organization and each.scope == scope and user in (None, each.user)
    ]
    way = choice_of(caller.query, "sort", "created_at:asc", "created_at:desc")
    return found[::-1] if way == "created_at:desc" else found


def _one(world: World, caller: Caller, uuid: str) -> Subscription:
    found = world.books.subscriptions.get(uuid)
    if found is None:
        raise not_found()
    me = caller.user
    mine = found.creator is me or found.user is me or me.governs
    if found.organization is not me.organization or not mine:
        raise permission_denied(NOT_THIS_RESOURCE)
    return found
