"""Attributes by their names: as those who change the catalogue give them, and as the trail tells it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import fields_dict

from booking_core.domain.actor import Actor
from booking_core.domain.builder import Builder
from booking_core.domain.checks import invalid
from booking_core.domain.errors import FieldError, InvalidRequest, NotFound
from booking_core.domain.ids import BuilderId
from booking_core.domain.session_type import SessionType
from booking_core.domain.trail import Subject, SubjectKind, TrailEntry, TrailKind
from booking_core.ports.unit_of_work import UnitOfWork

# What makes a thing the one that it is, and whose it is, is never changed.
_FIXED = {"id", "builder_id"}


def check_names(kind: type[Builder | SessionType], given: Iterable[str]) -> None:
    """Raises InvalidRequest, which names the field, for what is no attribute or cannot be given."""
    known = fields_dict(kind).keys()
    errors = [
        FieldError(
            _pointer(name), f"'{name}' {'is fixed.' if name in known else 'is no attribute.'}"
        )
        for name in given
        if name in _FIXED or name not in known
    ]
    if errors:
        raise InvalidRequest(" ".join(error.detail for error in errors), errors)


def check_sites(builder: Builder, public_url: str) -> None:
    """Raises InvalidRequest where a site may not embed pages at that address."""
    counting = builder.sites_under(public_url)
    for site in builder.embed_sites:
        if site not in counting:
            raise invalid(
                "/embedSites",
                f"A site that embeds pages of https begins with https:// itself; '{site}' does not.",
            )


def check_slug_free(uow: UnitOfWork, builder: Builder) -> None:
    """Raises InvalidRequest where the slug is another builder's id, which addresses would mean by it."""
    try:
        other = uow.builders.get(BuilderId(builder.slug))
    except NotFound:
        return
    if other.id != builder.id:
        raise invalid("/slug", "Another builder has this slug; choose another one.")


def write_change(
    uow: UnitOfWork,
    before: Builder | SessionType,
    after: Builder | SessionType,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Writes who changed which attributes into the open transaction, if any."""
    names = [
        name for name in fields_dict(type(after)) if getattr(before, name) != getattr(after, name)
    ]
    if names:
        uow.trail.add([changed(after, names, actor=actor, now=now)])


def added(thing: Builder | SessionType, *, actor: Actor, now: datetime) -> TrailEntry:
    """That the actor added it."""
    return _change("added", thing, actor, now)


def changed(
    thing: Builder | SessionType, names: Sequence[str], *, actor: Actor, now: datetime
) -> TrailEntry:
    """That the actor changed these attributes of it."""
    return _change("changed", thing, actor, now, fields=list(names))


def of_calendar(
    what: str, builder: Builder, account: str, *, actor: Actor, now: datetime
) -> TrailEntry:
    """What the actor did about the builder's own calendar account."""
    return _change(what, builder, actor, now, account=account)


def _change(
    what: str, thing: Builder | SessionType, actor: Actor, now: datetime, **detail: object
) -> TrailEntry:
    if isinstance(thing, Builder):
        subject, builder_id = Subject(SubjectKind.BUILDER, thing.id), BuilderId(thing.id)
    else:
        subject, builder_id = Subject(SubjectKind.SESSION_TYPE, thing.id), thing.builder_id
    return TrailEntry(
        at=now,
        subject=subject,
        kind=TrailKind.CHANGE,
        name=what,
        by=actor.name,
        builder_id=builder_id,
        detail=detail,
    )


def _pointer(name: str) -> str:
    first, *more = name.split("_")
    return f"/{first}{''.join(word.capitalize() for word in more)}"
