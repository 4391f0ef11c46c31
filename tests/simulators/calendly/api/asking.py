"""Parameters that several routes have: people, organizations, times; and who may see whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from tests.simulators.calendly.api.door import Caller
from tests.simulators.calendly.records import Event, EventType, Organization, User
from tests.simulators.calendly.refusals import (
    IS_MISSING,
    NOT_IN_ORGANIZATION,
    NOT_THIS_RESOURCE,
    Detail,
    invalid,
    missing,
    not_found,
    permission_denied,
)
from tests.simulators.calendly.uris import id_in
from tests.simulators.calendly.wishes import instant_of
from tests.simulators.calendly.world import World

Tri = bool | None


def required(query: Mapping[str, str], *names: str) -> None:
    absent = [each for each in names if not query.get(each)]
    if absent:
        raise missing(*absent)


def user_named(world: World, uri: object, parameter: str = "user") -> User:
    found = world.books.users.get(id_in(uri, "users") or "")
    if found is None:
        raise invalid(Detail(parameter, "is invalid"))
    return found


def organization_named(world: World, uri: object) -> Organization:
    found = world.books.organizations.get(id_in(uri, "organizations") or "")
    if found is None:
        raise invalid(Detail("organization", "is invalid"))
    return found


def event_type_named(world: World, uri: object, parameter: str = "event_type") -> EventType:
    found_id = id_in(uri, "event_types")
    if found_id is None:
        raise invalid(Detail(parameter, "is invalid"))
    found = world.books.event_types.get(found_id)
    if found is None:
        raise not_found()
    return found


def may_ask_about(caller: User, user: User) -> None:
    """Oneself, or, for an admin, anybody in the organization."""
    if user.organization is not caller.organization:
        raise permission_denied(NOT_IN_ORGANIZATION)
    if user is not caller and not caller.governs:
        raise permission_denied(NOT_THIS_RESOURCE)


def may_ask_for_all(caller: User, organization: Organization) -> None:
    if organization is not caller.organization or not caller.governs:
        raise permission_denied(NOT_THIS_RESOURCE)


def concerns(caller: User, event: Event) -> bool:
    """Whether the caller may see and cancel it."""
    ours = event.type.owner.organization is caller.organization
    return ours and (caller in event.hosts or caller.governs)


def window(caller: Caller, now: datetime, days: int, *, future: bool) -> tuple[datetime, datetime]:
    """`start_time` and `end_time`, at most so many days apart."""
    required(caller.query, "start_time", "end_time")
    start, end = (time_of(caller.query, each) for each in ("start_time", "end_time"))
    assert start is not None
    assert end is not None
    if future and start <= now:
        raise invalid(Detail("start_time", "must be in the future"))
    if end <= start:
        raise invalid(Detail("end_time", "must be after start_time"))
    if end - start > timedelta(days=days):
        span = "1 week (7 days)" if days == 7 else f"{days} days"
        raise invalid(Detail("end_time", f"date range can be no greater than {span}"))
    return start, end


def time_of(query: Mapping[str, str], name: str) -> datetime | None:
    if name not in query:
        return None
    found = instant_of(query[name])
    if found is None:
        raise invalid(Detail(name, "must be a UTC time"))
    return found


def choice_of(query: Mapping[str, str], name: str, *choices: str) -> str | None:
    value = query.get(name)
    if value is not None and value not in choices:
        raise invalid(Detail(name, f"must be one of: {', '.join(choices)}"))
    return value


def tri_state(query: Mapping[str, str], name: str) -> Tri:
    value = choice_of(query, name, "true", "false")
    return None if value is None else value == "true"


def text_in(body: object, name: str) -> str:
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str) or not value:
        raise invalid(Detail(name, IS_MISSING))
    return value
