"""Rules that are decisions: how long things last, and who may do what."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from booking_core.domain.actor import Actor, Role
from booking_core.domain.builder import Builder
from booking_core.domain.checks import invalid
from booking_core.domain.errors import (
    NotAllowed,
    NotFound,
    NotSetUp,
    RangeTooLong,
    SignInRequired,
    TermsForbid,
)
from booking_core.domain.manage_token import ManageKey
from booking_core.domain.session_type import SessionType
from booking_core.domain.time import TimeWindow, length_in_english

if TYPE_CHECKING:
    from booking_core.domain.booking import Booking

#: B1: the longest range of slots that one call answers.
LONGEST_RANGE = timedelta(days=62)
#: B5: how long a slot is kept for a client who has not confirmed yet.
HOLD_LENGTH = timedelta(minutes=15)
#: How long a client who was given a scheduling link has to use it.
LINK_LENGTH = timedelta(hours=24)
#: How long a payment that takes days is waited for.
PROCESSING_LENGTH = timedelta(days=14)
#: J2: how long a mailed link can be used to sign in, and how many may be open for one address.
SIGN_IN_LINK_LENGTH = timedelta(minutes=15)
MOST_OPEN_LINKS = 3
#: J2: how long somebody stays signed in.
SESSION_LENGTH = timedelta(days=14)
#: How long after its start a paid session is looked at for what no notice told: disputes, refunds.
LATE_LOOKS_LENGTH = timedelta(days=14)
#: B4: how many open slots are named when the wanted one is refused.
ALTERNATIVES = 5

_NO_EVENT_TYPE = (
    "This session type has no event type at the calendar provider, so it cannot be booked: name one, "
    "or deactivate it; a sync adds those that the provider has."
)


def bookable_range(window: TimeWindow) -> TimeWindow:
    """`window`, when it is short enough to be answered in one call (B1).

    Two hours are granted on top, because 62 local days with a DST overlap are longer.
    """
    if window.length > LONGEST_RANGE + timedelta(hours=2):
        raise RangeTooLong(f"Ask for at most {LONGEST_RANGE.days} days in one call.")
    return window


def hold_deadline(now: datetime) -> datetime:
    """When a hold that begins now ends (B5)."""
    return now + HOLD_LENGTH


def link_deadline(now: datetime) -> datetime:
    """When a scheduling link that is given out now ends."""
    return now + LINK_LENGTH


def checkout_deadline(now: datetime, shortest: timedelta) -> datetime:
    """When a checkout that is opened now ends: a hold at least, and what the provider grants."""
    return now + max(HOLD_LENGTH, shortest)


def processing_deadline(now: datetime, saleable_until: datetime | None) -> datetime:
    """How long money that is on its way is waited for: as long as the time could be sold at most."""
    latest = now + PROCESSING_LENGTH
    return latest if saleable_until is None else max(now, min(latest, saleable_until))


def late_looks_end(start: datetime) -> datetime:
    """Until when the money of a session that starts then is looked at."""
    return start + LATE_LOOKS_LENGTH


# ---- who may ---------------------------------------------------------------------------------


def owns_catalogue(actor: Actor, builder_id: str) -> bool:
    """Whether the actor may change what this builder offers."""
    return actor.is_operator or (actor.role is Role.BUILDER and actor.id == builder_id)


def hidden_because(
    session_type: SessionType, builder: Builder, actor: Actor, *, needs_event_type: bool = False
) -> str | None:
    """Why the actor is not shown that session type of `builder`, or None when it is (A4)."""
    if not session_type.active:
        return "It is not active."
    if not builder.active:
        return "Its builder is not active."
    if needs_event_type and session_type.calendar_ref is None:
        return "It has no event type at the calendar provider."
    if session_type.requires_auth and not actor.signed_in:
        return "It is for signed-in clients, and the viewer is anonymous."
    return None


def check_may_book(
    session_type: SessionType, builder: Builder, actor: Actor, *, needs_event_type: bool = False
) -> None:
    """Raises when the actor may not book that session type; the same rule as for showing it (A4).

    Who can mend a missing event type is told so.
    """
    if not (session_type.active and builder.active):
        raise NotFound("session type")
    if needs_event_type and session_type.calendar_ref is None:
        if not owns_catalogue(actor, builder.id):
            raise NotFound("session type")
        raise NotSetUp(_NO_EVENT_TYPE)
    if session_type.requires_auth and not actor.signed_in:
        raise SignInRequired


def runs(actor: Actor, booking: Booking) -> bool:
    """Whether the actor stands on the builder's side of the booking."""
    return owns_catalogue(actor, booking.builder_id)


def takes_part(actor: Actor, booking: Booking, key: ManageKey) -> bool:
    """Whether the actor may see and change the booking: its client, its builder, an operator."""
    if runs(actor, booking):
        return True
    if actor.role is Role.CLIENT and booking.client.id is not None:
        return actor.id == booking.client.id
    return key.opens(actor.manage_token, booking.id, booking.token_version)


def check_may_run_people(actor: Actor) -> None:
    """Raises NotFound unless the actor says who may do what: an operator, and in person.

    A machine's key gives nobody a role, and makes no keys, or it could be made to outlive itself.
    """
    if not actor.is_operator:
        raise NotFound("account")
    check_in_person(actor)


def check_may_give_role(actor: Actor, role: Role) -> None:
    """As `check_may_run_people`, and InvalidRequest for a role that is not given or taken away."""
    check_may_run_people(actor)
    if role not in (Role.ADMIN, Role.BUILDER):
        raise invalid("/role", f"Choose one of {Role.BUILDER}, {Role.ADMIN}.")


def check_may_bind(actor: Actor, builder_id: str) -> None:
    """Raises NotFound unless the builder is the actor's to manage, and NotAllowed for a key."""
    if not owns_catalogue(actor, builder_id):
        raise NotFound("builder")
    check_in_person(actor)


def check_in_person(actor: Actor) -> None:
    """Raises NotAllowed for a machine's key."""
    if actor.scopes is not None:
        raise NotAllowed("A key cannot do this; sign in.")


def check_may_change(booking: Booking, now: datetime) -> None:
    """Raises TermsForbid when it is too late for the client to cancel or to reschedule (C7)."""
    if booking.slot is None or booking.client_may_change(now):
        return
    if now >= booking.slot.start:
        raise TermsForbid("The session has begun; it can no longer be changed.")
    notice = length_in_english(booking.terms.change_notice)
    raise TermsForbid(f"Changes are possible until {notice} before the start; ask the builder.")
