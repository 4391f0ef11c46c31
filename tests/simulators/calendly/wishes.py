"""A wish to be booked, and the check of the body that carries it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from attrs import frozen

from tests.simulators.calendly.records import TRACKING, EventType
from tests.simulators.calendly.refusals import IS_MISSING, Detail, invalid
from tests.simulators.calendly.shapes import JSON


@frozen
class Wish:
    event_type: EventType
    start: datetime
    email: str
    name: str
    first_name: str | None
    last_name: str | None
    timezone: str | None
    text_reminder_number: str | None
    location: JSON | None
    answers: list[JSON]
    tracking: dict[str, str | None]
    guests: list[str]


def instant_of(text: object) -> datetime | None:
    """UTC with a Z, with or without decimals; whether an offset is taken is not known."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def is_phone(text: str) -> bool:
    return re.fullmatch(r"\+\d[\d ().-]{5,}\d", text) is not None


def is_email(text: str) -> bool:
    return re.fullmatch(r"[^@\s]+@[^@\s]+", text) is not None


def _host(email: object) -> str:
    return str(email).partition("@")[2]


def check_body(body: Any, throw_away_domains: tuple[str, ...]) -> None:
    """Everything that can be seen without the event type; unknown fields are let through."""
    if not isinstance(body, dict):
        raise invalid()
    details = [
        *_missing(body, "", "event_type", "start_time", "invitee"),
        *_invitee(body.get("invitee"), throw_away_domains),
        *_tracking(body.get("tracking")),
        *_answers(body.get("questions_and_answers")),
        *_guests(body.get("event_guests")),
        *_location(body.get("location")),
    ]
    details += _not_text(body, "", "event_type")
    if "start_time" in body and instant_of(body["start_time"]) is None:
        details.append(Detail("start_time", "must be a UTC time"))
    if details:
        raise invalid(*details)


def wish_of(body: JSON, event_type: EventType, start: datetime) -> Wish:
    """A body that was checked."""
    person, tracking = body["invitee"], body.get("tracking") or {}
    first, last = person.get("first_name"), person.get("last_name")
    return Wish(
        event_type=event_type,
        start=start,
        email=person["email"],
        name=person.get("name") or " ".join(filter(None, (first, last))),
        first_name=first,
        last_name=last,
        timezone=person["timezone"],
        text_reminder_number=person.get("text_reminder_number"),
        location=body.get("location"),
        answers=[
            {key: each[key] for key in ("question", "answer", "position")}
            for each in body.get("questions_and_answers") or []
        ],
        tracking={key: tracking.get(key) for key in TRACKING},
        guests=list(body.get("event_guests") or []),
    )


def _missing(body: JSON, prefix: str, *names: str) -> list[Detail]:
    return [Detail(f"{prefix}{each}", IS_MISSING) for each in names if body.get(each) is None]


def _not_text(body: JSON, prefix: str, *names: str) -> list[Detail]:
    return [
        Detail(f"{prefix}{each}", "must be a string")
        for each in names
        if body.get(each) is not None and not isinstance(body[each], str)
    ]


def _invitee(person: Any, throw_away_domains: tuple[str, ...]) -> list[Detail]:
    if person is None:
        return []
    if not isinstance(person, dict):
        return [Detail("invitee", "must be an object")]
    details = [
        *_missing(person, "invitee.", "email", "timezone"),
        *_not_text(person, "invitee.", "name", "first_name", "last_name", "text_reminder_number"),
    ]
    if not person.get("name") and not person.get("first_name"):
        details.append(Detail("invitee", "name or first_name is missing"))
    email, zone = person.get("email"), person.get("timezone")
    if email is not None and (not is_email(str(email)) or _host(email) in throw_away_domains):
        details.append(Detail("invitee.email", "is invalid"))
    if zone is not None and not _is_zone(zone):
        details.append(Detail("invitee.timezone", "is invalid"))
    return details


def _is_zone(name: object) -> bool:
    try:
        ZoneInfo(str(name))
    except (KeyError, ValueError, OSError):  # OSError: a directory of zones
        return False
    return True


def _tracking(tracking: Any) -> list[Detail]:
    """All or nothing: null is fine, a key that is not there is not."""
    if tracking is None:
        return []
    if not isinstance(tracking, dict):
        return [Detail("tracking", "must be an object")]
    missing = [Detail(f"tracking.{each}", IS_MISSING) for each in TRACKING if each not in tracking]
    return missing + _not_text(tracking, "tracking.", *TRACKING)


def _answers(answers: Any) -> list[Detail]:
    if answers is None:
        return []
    if not isinstance(answers, list) or not all(isinstance(each, dict) for each in answers):
        return [Detail("questions_and_answers", "must be an array")]
    return [
        detail
        for place, each in enumerate(answers)
        for detail in _answer(each, f"questions_and_answers[{place}].")
    ]


def _answer(given: JSON, prefix: str) -> list[Detail]:
    missing = _missing(given, prefix, "question", "answer", "position")
    return missing + _not_text(given, prefix, "question", "answer")


def _guests(guests: Any) -> list[Detail]:
    if guests is None:
        return []
    if not isinstance(guests, list) or not all(isinstance(each, str) for each in guests):
        return [Detail("event_guests", "must be an array of strings")]
    if len(guests) > 10:
        return [Detail("event_guests", "must have at most 10 items")]
    return [
        Detail(f"event_guests[{place}]", "is invalid")
        for place, each in enumerate(guests)
        if not is_email(each)
    ]


def _location(location: Any) -> list[Detail]:
    if location is None:
        return []
    if not isinstance(location, dict):
        return [Detail("location", "must be an object")]
    missing = _missing(location, "location.", "kind")
    return missing + _not_text(location, "location.", "kind", "location")
