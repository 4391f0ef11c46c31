"""Times as people type and read them: in a zone, with or without an offset."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from booking_core import FieldError, InvalidRequest, TimeWindow, midnight, zone

#: How many days of open slots are shown where no end is asked for.
SHOWN = timedelta(days=7)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DAY = timedelta(days=1)
_YEARS = range(1900, 9000)  # so that some weeks before or after are a time as well


def moment(text: str, timezone: str) -> datetime:
    """From RFC 3339, or from a time on the clock of `timezone`. Raises InvalidRequest."""
    when = _read(text, timezone)
    if when is None:
        raise InvalidRequest(
            f"'{text}' is not a time; write 2026-11-23T10:00, or with an offset "
            "2026-11-23T10:00:00+01:00."
        )
    return when


def instant(text: str, pointer: str) -> datetime:
    """From RFC 3339; without an offset it names no instant. Raises InvalidRequest."""
    when = _read(text, None)
    if when is None:
        raise _wrong(pointer, "Give a time with an offset, such as 2026-11-23T10:00:00+01:00.")
    return when


def _read(text: str, timezone: str | None) -> datetime | None:
    try:
        read = datetime.fromisoformat(text)
        if read.tzinfo is None and timezone is not None:
            read = read.replace(tzinfo=zone(timezone))
        if read.tzinfo is not None and read.year in _YEARS:
            return read.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    return None


def window(first: str | None, last: str | None, timezone: str) -> TimeWindow:
    """From now for a week, where nothing is said; a last date is included."""
    start = edge(first, timezone) or datetime.now(UTC)
    end = edge(last, timezone, after=True) or start + SHOWN
    if end <= start:
        raise InvalidRequest("'to' must lie after 'from'.")
    return TimeWindow(start, end)


def edge(text: str | None, timezone: str, *, after: bool = False) -> datetime | None:
    """One end of a range as it is typed; a date is its first instant, or with `after` its end."""
    if not text:
        return None
    if not _DATE.fullmatch(text):
        return moment(text, timezone)
    when = _midnight(text, timezone, after)
    if when is None:
        raise InvalidRequest(f"'{text}' is not a date; write 2026-11-23.")
    return when


def bound(text: str, timezone: str, pointer: str, *, after: bool = False) -> datetime:
    """One end of a range in JSON or in an address: a date, or a time with an offset."""
    if "T" in text.upper():
        return instant(text, pointer)
    when = _midnight(text, timezone, after)
    if when is None:
        raise _wrong(pointer, "Give a date such as 2026-11-23, or a time with an offset.")
    return when


def _midnight(text: str, timezone: str, after: bool) -> datetime | None:
    """The first instant of the date, or with `after` of the next one; None where it is no date."""
    day = typed_date(text)
    return None if day is None else midnight(day + _DAY if after else day, timezone)


def typed_date(text: str) -> date | None:
    """The date `2026-11-23`; None where it is none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _DATE.fullmatch(text) and day.year in _YEARS else None


def _wrong(pointer: str, detail: str) -> InvalidRequest:
    return InvalidRequest(detail, [FieldError(pointer, detail)])


def rfc3339(when: datetime) -> str:
    """In UTC with a `Z`, as the API writes it."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day(when: datetime, timezone: str) -> str:
    return _day(when.astimezone(zone(timezone)))


def clock(when: datetime, timezone: str) -> str:
    """`10:30`; with its offset where the clock shows the same time twice."""
    local = when.astimezone(zone(timezone))
    return f"{local:%H:%M}{offset_if_twice(local)}"


def offset_if_twice(local: datetime) -> str:
    """`+02:00` where its zone's clock shows that time twice, else nothing."""
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return local.isoformat()[-6:] if twice else ""


def day_and_clock(when: datetime, timezone: str) -> str:
    return f"{day(when, timezone)} {clock(when, timezone)}"


def span(window: TimeWindow, timezone: str) -> str:
    """`Mon 23 Nov 2026 10:00–10:30`, with both dates where they differ."""
    begins, ends = day(window.start, timezone), day(window.end, timezone)
    last = clock(window.end, timezone)
    return f"{day_and_clock(window.start, timezone)}–{last if begins == ends else f'{ends} {last}'}"


def typed(when: datetime, timezone: str) -> str:
    """The time as it can be typed again: `2026-11-23T10:30+01:00`."""
    return when.astimezone(zone(timezone)).isoformat(timespec="minutes")


def _day(local: datetime) -> str:
    return f"{local:%a} {local.day:>2} {local:%b %Y}"
