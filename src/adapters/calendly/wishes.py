"""What a booking asks of Calendly: the body of `POST /invitees`, and what a link is filled in with."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from adapters.calendly.api import text_of
from adapters.calendly.offers import one_line, with_ids
from adapters.calendly.records import (
    CONFERENCES,
    TRACKING,
    AskedQuestion,
    OfferedPlace,
    OfferedType,
)
from booking_core import Answer, Booking, LocationKind, SlotUnavailable

SOURCE = "booking-core"
_PHONE = re.compile(r"\+\d[\d ().-]{5,}\d")
_WITH_TEXT = frozenset({"outbound_call", "ask_invitee", "custom"})
_FITTING = {
    LocationKind.VIDEO: CONFERENCES,
    LocationKind.PHONE: frozenset({"outbound_call", "inbound_call"}),
    LocationKind.ADDRESS: frozenset({"physical"}),
    LocationKind.ASK_CLIENT: frozenset({"ask_invitee"}),
    LocationKind.PROVIDER: frozenset[str](),
}
_log = logging.getLogger("booking.calendly")


def wish_of(booking: Booking, start: datetime, offered: OfferedType) -> dict[str, Any]:
    """Raises SlotUnavailable when the event type asks for what the booking does not have."""
    contact = booking.client.contact
    wish: dict[str, Any] = {
        "event_type": offered.uri,
        "start_time": text_of(start),
        "invitee": {
            "name": contact.name,
            "email": contact.email,
            "timezone": contact.timezone or booking.occupancy.timezone,
        },
        "tracking": tracking_of(booking),
    }
    if location := _location(booking, offered):
        wish["location"] = location
    if answers := answers_to(booking, offered):
        wish["questions_and_answers"] = [
            {"question": asked.name, "answer": answer, "position": asked.position}
            for asked, answer in answers
        ]
    if booking.details.guests:
        wish["event_guests"] = list(booking.details.guests)
    return wish


def tracking_of(booking: Booking) -> dict[str, str | None]:
    """All six fields, because a part of them is refused."""
    ours = {
        "salesforce_uuid": booking.tag,
        "utm_source": SOURCE,
        "utm_content": booking.id,
    }
    return {name: ours.get(name) for name in TRACKING}


# ---- questions -----------------------------------------------------------------------------------


def answers_to(booking: Booking, offered: OfferedType) -> list[tuple[AskedQuestion, str]]:
    """The answers to the questions that are asked there, by their exact text.

    One that Calendly would refuse is left out where it is optional: it would refuse the whole booking.
    """
    form = list(with_ids(offered.questions))
    prompts = {question_id: one_line(asked.name) for asked, question_id in form}
    given = _sorted_out(booking.details.answers, prompts)
    found = []
    for asked, question_id in form:
        prompt = prompts[question_id]
        same = given.get((question_id, prompt)) or given.get(("", prompt))
        text = _text_of(same.pop(0), asked) if same else ""
        if not text:
            continue
        if asked.required or _acceptable(asked, text):
            found.append((asked, text))
        else:
            _log.warning("an answer of booking %s does not fit and is left out", booking.id)
    return found


def _sorted_out(
    answers: Sequence[Answer], prompts: Mapping[str, str]
) -> dict[tuple[str, str], list[Answer]]:
    """By the text that was answered, and by the question's id where the form still has it: several
    questions may read the same."""
    found: dict[tuple[str, str], list[Answer]] = {}
    for answer in answers:
        prompt = one_line(answer.prompt)
        known = answer.question_id if prompts.get(answer.question_id) == prompt else ""
        found.setdefault((known, prompt), []).append(answer)
    return found


def _text_of(answer: Answer, asked: AskedQuestion) -> str:
    match answer.value:
        case bool(yes):
            word = "yes" if yes else "no"
            fitting = (each for each in asked.choices if each.strip().lower() == word)
            return next(fitting, word.capitalize())
        case str(text):
            return _as_offered(text, asked)
        case chosen:
            return "\n".join(_as_offered(each, asked) for each in chosen)


def _as_offered(text: str, asked: AskedQuestion) -> str:
    """A choice to the letter: what we keep of it is free of control characters."""
    same = (each for each in asked.choices if one_line(each) == one_line(text))
    return next(same, text.strip())


def _acceptable(asked: AskedQuestion, text: str) -> bool:
    if asked.is_phone:
        return _PHONE.fullmatch(text) is not None
    if asked.kind in ("single_select", "multi_select") and not asked.other_allowed:
        chosen = text.split("\n") if asked.kind == "multi_select" else [text]
        return set(chosen) <= set(asked.choices)
    return True


# ---- the place -----------------------------------------------------------------------------------


def _location(booking: Booking, offered: OfferedType) -> dict[str, str] | None:
    """One of the places that are offered: of the kind that was agreed if there is one."""
    if offered.round_robin or not offered.places:
        return None
    fitting = _FITTING[booking.details.location.kind]
    ours = one_line(booking.details.location.text)

    def how_far_off(place: OfferedPlace) -> tuple[bool, bool]:
        return place.kind not in fitting, one_line(place.location) != ours

    places = sorted(offered.places, key=how_far_off)
    for place in places:
        text = _place_text(booking, offered, place)
        if text or place.kind not in _WITH_TEXT:
            return {"kind": place.kind} | ({"location": text} if text else {})
    raise SlotUnavailable(
        "refused",
        "The builder's calendar asks where to meet or which number to call, and the booking does not"
        " say it; choose another session or ask the builder.",
    )


def _place_text(booking: Booking, offered: OfferedType, place: OfferedPlace) -> str:
    ours = booking.details.location
    match place.kind:
        case "outbound_call":
            return next(_phones(booking, offered), "")
        case "ask_invitee":
            return ours.text if ours.kind is LocationKind.ASK_CLIENT else ""
        case "custom":
            return place.location or ours.text
        case "physical":
            return place.location
    return ""


def _phones(booking: Booking, offered: OfferedType) -> Iterator[str]:
    """Where the client can be called: what was answered to a question for a number, by the order
    of the form, then anything that is one."""
    asked_for = [text for asked, text in answers_to(booking, offered) if asked.is_phone]
    others = [each.value.strip() for each in booking.details.answers if isinstance(each.value, str)]
    yield from (text for text in (*asked_for, *others) if _PHONE.fullmatch(text))
