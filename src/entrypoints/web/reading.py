"""From the form of a request to the values of the core."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel

from booking_core import (
    Answer,
    CancellationPolicy,
    Category,
    Contact,
    FieldError,
    InvalidRequest,
    Language,
    Location,
    LocationKind,
    Money,
    PathwayId,
    Question,
    QuestionKind,
    RefundStep,
    Schedule,
    SchedulingMode,
    Slot,
    TimeWindow,
    check_guests,
)
from entrypoints import schedules, times
from entrypoints.web import schemas

_E = TypeVar("_E")
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")  # of a column that counts


def slot(given: schemas.TimeSlot) -> Slot:
    """The wanted slot. Raises InvalidRequest."""
    start = times.instant(given.startTime, "/timeSlot/startTime")
    end = times.instant(given.endTime, "/timeSlot/endTime")
    if end <= start:
        detail = "The end must lie after the start."
        raise InvalidRequest(detail, [FieldError("/timeSlot/endTime", detail)])
    return Slot(start, end)


def window(query: schemas.SlotsQuery, timezone: str, now: datetime) -> TimeWindow:
    """The range of a query: instants are half-open, a date as `to` is included."""
    start = _edge(query.from_, timezone, "/from") or now
    end = _edge(query.to, timezone, "/to", after=True) or start + times.SHOWN
    if end <= start:
        detail = "'to' must lie after 'from'."
        raise InvalidRequest(detail, [FieldError("/to", detail)])
    return TimeWindow(start, end)


def _edge(text: str | None, timezone: str, pointer: str, *, after: bool = False) -> datetime | None:
    if text is None:
        return None
    # An unescaped plus sign arrives as a blank.
    return times.bound(text.replace(" ", "+"), timezone, pointer, after=after)


def edge(
    text: str | None, timezone: str | None, pointer: str, *, after: bool = False
) -> datetime | None:
    """One end of an open range; a date is its first instant, or with `after` the next date's."""
    return _edge(text, timezone or "UTC", pointer, after=after)


def number(text: str | None, pointer: str) -> int | None:
    """A cursor that is a number. Raises InvalidRequest."""
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        detail = "No page ends there; give the cursor that the page before named, unchanged."
        raise InvalidRequest(detail, [FieldError(pointer, detail)])
    return int(text)


def schedule(given: schemas.ScheduleBody, below: str = "") -> Schedule:
    """The hours of a body that has them at the pointer `below`. Raises InvalidRequest."""
    try:
        return schedules.read_schedule(given.model_dump(mode="json"))
    except InvalidRequest as wrong:
        wrong.errors = tuple(FieldError(below + each.pointer, each.detail) for each in wrong.errors)
        raise


def contact(given: schemas.ClientDetails | None) -> Contact | None:
    """The client; without a word about its language it reads what its browser asks for.

    Raises InvalidRequest, with what is wrong with the guests as well.
    """
    if given is None:
        return None
    spoken = Language(given.language) if given.language else language()
    try:
        return Contact(given.name, given.email, given.timezone, spoken)
    except InvalidRequest as wrong:
        besides = _wrong_guests(given)
        if not besides:
            raise
        raise InvalidRequest(wrong.message, [*wrong.errors, *besides]) from wrong


def _wrong_guests(given: schemas.ClientDetails) -> Sequence[FieldError]:
    try:
        check_guests(given.guests or (), given.email)
    except InvalidRequest as wrong:
        return wrong.errors
    return ()


def guests(given: schemas.ClientDetails | None) -> list[str] | None:
    """Who comes along; None where nothing is said about that."""
    return None if given is None else given.guests


def language() -> Language | None:
    """What the caller's browser asks for, as far as we speak it."""
    best = request.accept_languages.best_match(list(Language))
    return Language(best) if best else None


def answers(given: list[schemas.AnswerBody]) -> list[Answer]:
    return [
        Answer(each.questionId, tuple(each.value) if isinstance(each.value, list) else each.value)
        for each in given
    ]


def pathway(text: str | None) -> PathwayId | None:
    return PathwayId(text) if text else None


def choice(kind: Callable[[str], _E], text: str, pointer: str) -> _E:
    """A member of an enumeration. Raises InvalidRequest with the choices."""
    try:
        return kind(text)
    except ValueError:
        detail = f"Choose one of {', '.join(kind)}."  # type: ignore[arg-type]  # of an enumeration
        raise InvalidRequest(detail, [FieldError(pointer, detail)]) from None


def category(text: str | None) -> Category | None:
    return choice(Category, text, "/category") if text else None


def minutes(number: int) -> timedelta:
    try:
        return timedelta(minutes=number)
    except OverflowError:
        raise InvalidRequest("That is too many minutes.") from None


def session_type_changes(given: schemas.SessionTypeChanges) -> dict[str, Any]:
    """The named fields as attributes of a session type."""
    return _changes(given, _SESSION_TYPE)


def builder_changes(given: schemas.BuilderChanges) -> dict[str, Any]:
    """The named fields as attributes of a builder."""
    return _changes(given, _BUILDER)


_Reader = tuple[str, Callable[[Any], Any]]


def _changes(given: BaseModel, readers: Mapping[str, _Reader]) -> dict[str, Any]:
    named = given.model_fields_set & readers.keys()
    values = {name: getattr(given, name) for name in named}
    found: dict[str, Any] = {}
    for name, value in values.items():
        attribute, read = readers[name]
        if attribute == "":
            found |= read(value)
        elif value is None and name not in _NULLABLE:
            detail = "Leave the field out to keep it; it cannot be null."
            raise InvalidRequest(detail, [FieldError(f"/{name}", detail)])
        else:
            found[attribute] = None if value is None else read(value)
    return found


def _same(value: Any) -> Any:
    return value


def _policy(given: schemas.PolicyBody) -> CancellationPolicy:
    if given.refunds is None:
        return CancellationPolicy(minutes(given.changeNotice))
    steps = tuple(RefundStep(minutes(each.notice), each.percent) for each in given.refunds)
    return CancellationPolicy(minutes(given.changeNotice), steps)


def _questions(given: list[schemas.QuestionBody]) -> tuple[Question, ...]:
    return tuple(
        Question(
            each.id,
            each.prompt,
            choice(QuestionKind, each.kind, f"/questions/{place}/kind"),
            each.required,
            tuple(each.choices),
        )
        for place, each in enumerate(given)
    )


def _buffers(given: schemas.BuffersBody | None) -> dict[str, timedelta]:
    given = given or schemas.BuffersBody()
    return {"buffer_before": minutes(given.before), "buffer_after": minutes(given.after)}


_NULLABLE = {"price", "slotStep", "dailyLimit", "photoUrl"}
_SESSION_TYPE: Mapping[str, _Reader] = {
    "title": ("title", _same),
    "slug": ("slug", _same),
    "description": ("description", _same),
    "category": ("category", lambda text: choice(Category, text, "/category")),
    "pathways": ("pathways", lambda ids: tuple(PathwayId(each) for each in ids)),
    "requiresAuth": ("requires_auth", _same),
    "durationMinutes": ("duration", minutes),
    "slotStep": ("slot_step", minutes),
    "price": ("price", lambda money: Money(money.amount, money.currency)),
    "capacity": ("capacity", _same),
    "questions": ("questions", _questions),
    "displayOrder": ("display_order", _same),
    "active": ("active", _same),
    "location": (
        "location",
        lambda given: Location(choice(LocationKind, given.kind, "/location/kind"), given.text),
    ),
    "buffers": ("", _buffers),
    "minimumNotice": ("minimum_notice", minutes),
    "horizon": ("horizon", minutes),
    "dailyLimit": ("daily_limit", _same),
    "cancellationPolicy": ("cancellation_policy", _policy),
}
_BUILDER: Mapping[str, _Reader] = {
    "name": ("name", _same),
    "slug": ("slug", _same),
    "email": ("email", _same),
    "headline": ("headline", _same),
    "photoUrl": ("photo_url", _same),
    "language": ("language", lambda text: choice(Language, text, "/language")),
    "reminders": ("reminders", lambda offsets: tuple(minutes(each) for each in offsets)),
    "clientAccounts": ("client_accounts", _same),
    "schedulingMode": (
        "scheduling_mode",
        lambda text: choice(SchedulingMode, text, "/schedulingMode"),
    ),
    "embedSites": ("embed_sites", tuple),
    "active": ("active", _same),
    "schedule": ("schedule", lambda given: schedule(given, "/schedule")),
}
