"""Event types in our words, for what is taken over from them (A6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from adapters.calendly.records import CONFERENCES, AskedQuestion, OfferedPlace, OfferedType
from booking_core import (
    EventType,
    Location,
    LocationKind,
    Question,
    QuestionKind,
    printable,
)

_KINDS = {
    "text": QuestionKind.LONG_TEXT,
    "phone_number": QuestionKind.INTERNATIONAL_PHONE,  # Calendly takes no other
    "single_select": QuestionKind.SINGLE_CHOICE,
    "multi_select": QuestionKind.MULTIPLE_CHOICE,
}
_CHOOSING = (QuestionKind.SINGLE_CHOICE, QuestionKind.MULTIPLE_CHOICE)


def one_line(text: str) -> str:
    """As we keep it; what Calendly keeps may hold tabs and control characters."""
    return " ".join(printable(text).split())


def event_type_of(offered: OfferedType, seats: int | None) -> EventType:
    """A secret or paid one is not for everybody, or not for nothing: its builder switches it on here.

    Raises InvalidRequest."""
    return EventType(
        uri=offered.uri,
        id=offered.id,
        name=one_line(offered.name),
        duration_minutes=offered.minutes,
        active=offered.active and not (offered.secret or offered.paid),
        scheduling_url=offered.scheduling_url,
        description=offered.description,
        capacity=seats,
        questions=tuple(_question(*each) for each in with_ids(offered.questions)),
        location=_location(offered.places[0]) if offered.places else Location(),
    )


def with_ids(asked: Sequence[AskedQuestion]) -> Iterator[tuple[AskedQuestion, str]]:
    """In the order of the form. Ids come from the text: where a question stands changes nothing."""
    taken: set[str] = set()
    for each in sorted(asked, key=lambda one: one.position):
        if not one_line(each.name):
            continue
        plain = "-".join(re.findall(r"[a-z0-9]+", each.name.lower()))[:40] or "question"
        question_id, number = plain, 2
        while question_id in taken:
            question_id, number = f"{plain}-{number}", number + 1
        taken.add(question_id)
        yield each, question_id


def _question(asked: AskedQuestion, question_id: str) -> Question:
    kind = _KINDS.get(asked.kind, QuestionKind.TEXT)
    choices = tuple(dict.fromkeys(filter(None, map(one_line, asked.choices))))
    if kind in _CHOOSING and (asked.other_allowed or not choices):
        kind = QuestionKind.TEXT  # something else than the choices may be answered
    prompt = printable(asked.name)
    return Question(question_id, prompt, kind, asked.required, choices if kind in _CHOOSING else ())


def _location(place: OfferedPlace) -> Location:
    if place.kind in CONFERENCES:
        return Location(LocationKind.VIDEO)
    match place.kind:
        case "physical":
            return Location(LocationKind.ADDRESS, one_line(place.location))
        case "ask_invitee":
            return Location(LocationKind.ASK_CLIENT)
        case "outbound_call" | "inbound_call":
            return Location(LocationKind.PHONE, one_line(place.phone_number))
    return Location(LocationKind.PROVIDER, one_line(place.location))
