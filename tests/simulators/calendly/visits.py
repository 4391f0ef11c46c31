"""A person at a booking page: what the link opens, and what its form does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit

from attrs import frozen

from tests.simulators.calendly.booking import book_on_page
from tests.simulators.calendly.records import TRACKING, EventType, Invitee, SchedulingLink
from tests.simulators.calendly.refusals import Detail, invalid, missing, not_found
from tests.simulators.calendly.shapes import JSON, text_of
from tests.simulators.calendly.wishes import Wish, instant_of
from tests.simulators.calendly.world import World


@frozen
class Visit:
    event_type: EventType
    link: SchedulingLink | None
    #: the slot that the link names
    start: datetime | None
    #: prefilled fields, tracking, and how the page looks
    query: Mapping[str, str]


def visit(world: World, url: str) -> Visit:
    """`…/d/<code>/<slug>` is good once; `…/<owner>/<slug>[/<start>]` for ever."""
    parts = urlsplit(url)
    path = parts.path.removeprefix(urlsplit(world.pages).path).strip("/").split("/")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if len(path) == 3 and path[0] == "d":
        link = world.books.links.get(path[1])
        if link is None or not link.stands(world.clock.now()):
            raise not_found()
        return Visit(link.event_type, link, None, query)
    event_type = next((each for each in world.books.event_types.values() if _at(each, path)), None)
    if event_type is None or not event_type.active:
        raise not_found()
    return Visit(event_type, None, instant_of(path[2]) if len(path) > 2 else None, query)


def submit(world: World, visit: Visit, form: Mapping[str, str]) -> Invitee:
    """The form is sent; what the link prefills stands where the form says nothing."""
    filled = {**visit.query, **{name: value for name, value in form.items() if value}}
    start = instant_of(filled.get("start_time")) or visit.start
    name = filled.get("name") or " ".join(
        filter(None, (filled.get("first_name"), filled.get("last_name")))
    )
    if start is None:
        raise invalid(Detail("start_time", "is missing"))
    if absent := [
        key for key, value in (("name", name), ("email", filled.get("email"))) if not value
    ]:
        raise missing(*absent)
    wish = Wish(
        event_type=visit.event_type,
        start=start,
        email=filled["email"],
        name=name,
        first_name=filled.get("first_name"),
        last_name=filled.get("last_name"),
        timezone=filled.get("timezone", "UTC"),
        text_reminder_number=filled.get("text_reminder_number"),
        location=_location(visit.event_type, filled),
        answers=_answers(visit.event_type, filled),
        tracking={key: visit.query.get(key) or None for key in TRACKING},
        guests=[each for each in filled.get("guests", "").split(",") if each],
    )
    return book_on_page(world, wish, visit.link)


def details_url(invitee: Invitee) -> str | None:
    """Where the host sends people afterwards; who the event is, it does not tell."""
    event, event_type = invitee.event, invitee.event.type
    if event_type.redirect_url is None:
        return None
    details = {
        "event_type_uuid": event_type.id,
        "event_type_name": event_type.name,
        "event_start_time": text_of(event.start),
        "event_end_time": text_of(event.end),
        "invitee_uuid": invitee.id,
        "invitee_full_name": invitee.name,
        "invitee_email": invitee.email,
    }
    details |= {f"answer_{n}": str(each["answer"]) for n, each in enumerate(invitee.answers, 1)}
    details |= {key: value for key, value in invitee.tracking.items() if value}
    joint = "&" if "?" in event_type.redirect_url else "?"
    return f"{event_type.redirect_url}{joint}{urlencode(details)}"


def _at(event_type: EventType, path: list[str]) -> bool:
    return path[:2] == [event_type.owner.slug, event_type.slug]


def _location(event_type: EventType, filled: Mapping[str, str]) -> JSON | None:
    """The form offers the first location unless another one is chosen."""
    if event_type.pooling == "round_robin" or not event_type.places:
        return None
    first = event_type.places[0]
    kind, text = filled.get("location_kind", first.kind), filled.get("location")
    return {"kind": kind, "location": text or first.location}


def _answers(event_type: EventType, filled: Mapping[str, str]) -> list[JSON]:
    """The page counts its questions from 1, the API from 0."""
    return [
        {"question": each.name, "answer": filled[f"a{n}"], "position": n - 1}
        for n, each in enumerate(event_type.questions, 1)
        if each.enabled and filled.get(f"a{n}")
    ]
