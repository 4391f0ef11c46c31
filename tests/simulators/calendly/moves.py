"""What happens to a meeting once it is booked. The caller holds the lock."""

from __future__ import annotations

from datetime import datetime

from tests.simulators.calendly.booking import seat, terms_of_move
from tests.simulators.calendly.messages import tell_of_invitee
from tests.simulators.calendly.records import (
    TRACKING,
    Cancellation,
    Event,
    Invitee,
    NoShow,
    User,
)
from tests.simulators.calendly.refusals import ALREADY_CANCELED, Refused, permission_denied
from tests.simulators.calendly.shapes import CONFERENCES
from tests.simulators.calendly.wishes import Wish
from tests.simulators.calendly.world import World


def bring_joining_links(world: World) -> None:
    """The link of a conference comes a while after the booking, and moves `updated_at`."""
    delay, now = world.switches.join_link_after, world.clock.now()
    for event in world.books.events.values() if delay is not None else ():
        waits = event.place and event.place.kind in CONFERENCES and event.join_url is None
        if delay is not None and waits and event.created_at + delay <= now:
            event.join_url = f"https://conference.example/{event.id}"
            event.updated_at = max(event.updated_at, event.created_at + delay)


def cancel_by_host(world: World, event: Event, host: User, reason: str | None) -> Cancellation:
    """The whole event, for all who come."""
    _still_on(event)
    cancellation = Cancellation(host.name, "host", reason, world.clock.now())
    going = event.active_invitees
    for invitee in going:
        _cancel(invitee, cancellation)
    _close(event, cancellation)
    for invitee in going:
        tell_of_invitee(world, "invitee.canceled", invitee)
    return cancellation


def cancel_by_invitee(world: World, invitee: Invitee, reason: str | None) -> None:
    """Their own place; with the last one the event goes."""
    _still_on(invitee)
    _leave(world, invitee, reason)
    tell_of_invitee(world, "invitee.canceled", invitee)


def reschedule(world: World, old: Invitee, start: datetime, reason: str | None) -> Invitee:
    """One invitee is cancelled and another one made, each with a link to the other."""
    _still_on(old)
    wish = Wish(
        event_type=old.event.type,
        start=start,
        email=old.email,
        name=old.name,
        first_name=old.first_name,
        last_name=old.last_name,
        timezone=old.timezone,
        text_reminder_number=old.text_reminder_number,
        location=None,
        answers=[dict(each) for each in old.answers],
        tracking=old.tracking if world.switches.tracking_follows else dict.fromkeys(TRACKING),
        guests=[],
    )
    event = old.event
    alone = event.active_invitees == [old]
    try:
        event.status = "canceled" if alone else event.status  # its own time is no obstacle
        terms = terms_of_move(world, wish, event.place)
    except Refused:
        event.status = "active"
        raise
    _leave(world, old, reason)
    new = seat(world, wish, terms)
    new.old_invitee, old.new_invitee, old.rescheduled = old, new, True
    new.paid = old.paid
    tell_of_invitee(world, "invitee.canceled", old)
    tell_of_invitee(world, "invitee.created", new)
    return new


def mark_no_show(world: World, invitee: Invitee) -> NoShow:
    now = world.clock.now()
    invitee.no_show = NoShow(world.books.new_id(), invitee, now)
    invitee.updated_at = now
    world.books.no_shows[invitee.no_show.id] = invitee.no_show
    tell_of_invitee(world, "invitee_no_show.created", invitee)
    return invitee.no_show


def undo_no_show(world: World, no_show: NoShow) -> None:
    del world.books.no_shows[no_show.id]
    no_show.invitee.no_show = None
    no_show.invitee.updated_at = world.clock.now()
    tell_of_invitee(world, "invitee_no_show.deleted", no_show.invitee)


def _still_on(record: Event | Invitee) -> None:
    if record.status == "canceled":
        raise permission_denied(ALREADY_CANCELED)


def _leave(world: World, invitee: Invitee, reason: str | None) -> None:
    cancellation = Cancellation(invitee.name, "invitee", reason, world.clock.now())
    _cancel(invitee, cancellation)
    event = invitee.event
    event.updated_at = cancellation.created_at
    if not event.active_invitees:
        _close(event, cancellation)


def _cancel(invitee: Invitee, cancellation: Cancellation) -> None:
    invitee.status, invitee.cancellation = "canceled", cancellation
    invitee.updated_at = cancellation.created_at


def _close(event: Event, cancellation: Cancellation) -> None:
    event.status, event.cancellation = "canceled", cancellation
    event.updated_at = cancellation.created_at
