"""Bringing a session type up to date with the provider's event type behind it (A6).

The provider says what it knows: title, description, length, seats, questions, place, and whether it
can be booked. All else is ours. An attribute that was edited here since the last sync stays as it is,
but for the length, which the provider books as it is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from attrs import evolve, frozen

from booking_core.domain.checks import invalid
from booking_core.domain.contact import one_line
from booking_core.domain.event_type import EventType
from booking_core.domain.ids import BuilderId, SessionTypeId
from booking_core.domain.session_type import CalendarRef, SessionType
from booking_core.domain.texts import printable

#: What it books as it is there, whatever is said here.
_THEIRS = frozenset({"duration"})


@frozen
class Synced:
    """The session type as it should be, what changed of it, and what differs and was kept."""

    session_type: SessionType
    changed: tuple[str, ...]
    kept: tuple[str, ...]


def taken_over(offered: EventType, *, id: SessionTypeId, builder_id: BuilderId) -> SessionType:
    """A new session type; free and open to everybody until its builder says otherwise."""
    values = _values(offered)
    return SessionType(
        id=id, builder_id=builder_id, calendar_ref=_ref(offered), synced=_marks(values), **values
    )


def synced(session_type: SessionType, offered: EventType) -> Synced:
    """The session type brought up to date."""
    values = _values(offered)
    differs = [name for name, value in values.items() if getattr(session_type, name) != value]
    kept = tuple(name for name in differs if _edited(session_type, name))
    changed = tuple(name for name in differs if name not in kept)
    updated = evolve(
        session_type,
        calendar_ref=_ref(offered),
        synced={**session_type.synced, **_marks(values)}
        | {name: session_type.synced[name] for name in kept},
        **{name: values[name] for name in changed},
    )
    return Synced(updated, changed, kept)


def check_same_length(before: SessionType, after: SessionType) -> None:
    """Raises InvalidRequest where the length of an event type was changed here.

    The provider books no other, so it is changed there.
    """
    same_type = before.calendar_ref is not None and before.calendar_ref == after.calendar_ref
    if same_type and before.duration != after.duration:
        message = "The length belongs to the calendar provider: change it there, then sync."
        raise invalid("/durationMinutes", message)


def withdrawn(session_type: SessionType) -> SessionType:
    """The provider has no such event type any more."""
    return evolve(
        session_type, active=False, synced={**session_type.synced, "active": _mark(False)}
    )


def _ref(offered: EventType) -> CalendarRef:
    return CalendarRef(offered.id, offered.uri)


def _values(offered: EventType) -> dict[str, Any]:
    """What the provider says, by the attributes of a session type."""
    seats = {} if offered.capacity is None else {"capacity": offered.capacity}
    return {
        **seats,
        "title": one_line(offered.name),
        "description": printable(offered.description),
        "duration": timedelta(minutes=offered.duration_minutes),
        "questions": offered.questions,
        "location": offered.location,
        "active": offered.active,
    }


def _edited(session_type: SessionType, name: str) -> bool:
    """Whether it was changed here since the provider last said it, and may be."""
    if name in _THEIRS:
        return False
    last = session_type.synced.get(name)
    return last is not None and last != _mark(getattr(session_type, name))


def _marks(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: _mark(value) for name, value in values.items()}


def _mark(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]
