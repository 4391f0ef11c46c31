"""A schedule from the JSON in which it is shown; what is wrong is told by its day."""

from __future__ import annotations

import re
from collections.abc import ItemsView, Sequence
from datetime import date
from typing import Any

from booking_core import (
    DayRange,
    FieldError,
    InvalidRequest,
    Schedule,
    TimeOff,
    TimeWindow,
    zone,
)
from entrypoints.times import bound
from entrypoints.views import WEEKDAYS, Json

_DAY = re.compile(r"/(weekly|overrides|timeOff)/([^/]+)(.*)")
_PARTS = ("timezone", "weekly", "overrides", "timeOff")
_HOURS = '{"start": "09:00", "end": "17:00"}'
_ABSENCE = '{"startTime": "2026-12-27", "endTime": "2027-01-02"}'
_LONG_NAMES = {"start": "startTime", "end": "endTime"}
_SCHEDULE = f'{{"timezone": "Europe/Berlin", "weekly": {{"monday": [{_HOURS}]}}}}'


def read_schedule(given: Any) -> Schedule:
    """The schedule that `views.schedule` writes. Raises InvalidRequest, in which days are named."""
    try:
        return _schedule(given)
    except InvalidRequest as wrong:
        errors = [_named(each) for each in wrong.errors]
        if len(errors) == 1:
            wrong.message = errors[0].detail
        wrong.errors = tuple(errors)
        raise


def _schedule(given: Any) -> Schedule:
    timezone = _timezone(given)
    zone(timezone)
    away = _list(given.get("timeOff", []), "/timeOff", _ABSENCE)
    return Schedule(
        timezone=timezone,
        weekly={_weekday(day): _read("weekly", day, each) for day, each in _days(given, "weekly")},
        overrides={
            _date(day): _read("overrides", day, each) for day, each in _days(given, "overrides")
        },
        time_off=tuple(_time_off(place, each, timezone) for place, each in enumerate(away)),
    )


def _timezone(given: Any) -> str:
    if not isinstance(given, dict):
        raise _wrong("", f"A schedule is an object, such as {_SCHEDULE}.")
    _check_names(given, _PARTS, "", "a schedule")
    match given.get("timezone"):
        case str(name):
            return name
        case None:
            raise _wrong("/timezone", "'timezone' is missing; give one such as Europe/Berlin.")
    raise _wrong("/timezone", "'timezone' must be text, such as Europe/Berlin.")


def _days(given: Json, name: str) -> ItemsView[str, Any]:
    days = by_date(given.get(name, {})) if name == "overrides" else given.get(name, {})
    if not isinstance(days, dict):
        raise _wrong(f"/{name}", f"'{name}' must be an object that has the hours of each day.")
    return days.items()


def by_date(given: Any) -> Any:
    """Overrides as an object; a list of `{date, hours}` says the same."""
    try:
        return {each["date"]: each["hours"] for each in given}
    except (TypeError, KeyError):
        return given


def _weekday(name: str) -> int:
    if name not in WEEKDAYS:
        raise _wrong("/weekly", f"'{name}' is no weekday; write {', '.join(WEEKDAYS)}.")
    return WEEKDAYS.index(name)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _wrong("/overrides", f"'{text}' is no date; write 2026-12-24.") from None


def _read(part: str, day: str, ranges: Any) -> tuple[DayRange, ...]:
    found = []
    for place, each in enumerate(_list(ranges, f"/{part}/{day}", _HOURS)):
        pointer = f"/{part}/{day}/{place}"
        start, end = _texts(each, ("start", "end"), pointer, f"hours such as {_HOURS}")
        _check_names(each, ("start", "end"), pointer, "hours")
        found.append(DayRange.parse(start, end, pointer))
    return tuple(found)


def _time_off(place: int, given: Any, timezone: str) -> TimeOff:
    """An absence by instants, or by dates of which the last one is included."""
    pointer = f"/timeOff/{place}"
    if isinstance(given, dict):
        given = {_LONG_NAMES.get(name, name): each for name, each in given.items()}
    first, last = _texts(given, ("startTime", "endTime"), pointer, _ABSENCE)
    _check_names(given, ("startTime", "endTime", "reason"), pointer, "time off")
    start = bound(first, timezone, f"{pointer}/startTime")
    end = bound(last, timezone, f"{pointer}/endTime", after=True)
    if end <= start:
        raise _wrong(f"{pointer}/endTime", "The end must lie after the start.")
    reason = given.get("reason", "")
    if not isinstance(reason, str):
        raise _wrong(f"{pointer}/reason", "'reason' must be text.")
    return TimeOff(TimeWindow(start, end), reason)


def _check_names(given: Json, known: Sequence[str], pointer: str, what: str) -> None:
    """A misspelt field must not look like a success."""
    for name in given:
        if name not in known:
            there = ", ".join(known)
            raise _wrong(f"{pointer}/{name}", f"There is no '{name}' in {what}; it has {there}.")


def _list(given: Any, pointer: str, example: str) -> list[Any]:
    if not isinstance(given, list):
        raise _wrong(pointer, f"give a list, such as [{example}], or [] for none.")
    return given


def _texts(given: Any, names: Sequence[str], pointer: str, example: str) -> list[str]:
    found = [given.get(name) for name in names] if isinstance(given, dict) else []
    texts = [each for each in found if isinstance(each, str)]
    if len(texts) < len(names):
        raise _wrong(pointer, f"give {example}.")
    return texts


def _wrong(pointer: str, detail: str) -> InvalidRequest:
    return InvalidRequest(detail, [FieldError(pointer, detail)])


def _named(error: FieldError) -> FieldError:
    """With the day that it is about in front; the core counts the weekdays."""
    found = _DAY.fullmatch(error.pointer)
    if found is None:
        return error
    part, day, rest = found.groups()
    day = WEEKDAYS[int(day)] if part == "weekly" and day.isdigit() else day
    where = "time off" if part == "timeOff" else day
    return FieldError(f"/{part}/{day}{rest}", f"{where}: {error.detail}")
