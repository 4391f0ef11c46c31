"""Event types in our words, for what is taken over from them (A6)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import count

from attrs import evolve

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
_CALL_ME = "Under which number shall we call you?"
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
        questions=_questions(offered),
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


def _questions(offered: OfferedType) -> tuple[Question, ...]:
    """Calendly's own page asks for the number to call beside its form, so one is asked for here."""
    form = [_question(*each) for each in with_ids(offered.questions)]
    numbers = [each for each in form if each.kind is QuestionKind.INTERNATIONAL_PHONE]
    calls = bool(offered.places) and offered.places[0].kind == "outbound_call"
    if not calls or any(each.required for each in numbers):
        return tuple(form)
    if numbers:
        return tuple(evolve(each, required=True) if each is numbers[0] else each for each in form)
    taken = {each.id for each in form}
    free = next(each for each in _number_ids() if each not in taken)
    return (*form, Question(free, _CALL_ME, QuestionKind.INTERNATIONAL_PHONE, required=True))


def _number_ids() -> Iterator[str]:
    yield "phone"
    yield from (f"phone-{number}" for number in count(2))


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
        case "outbound_call":
            return Location(LocationKind.PHONE)
        case "inbound_call" if number := one_line(place.phone_number):
            return Location(LocationKind.PHONE, number)
    return Location(LocationKind.PROVIDER, one_line(place.location))
