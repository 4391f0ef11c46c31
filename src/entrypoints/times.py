"""Times as people type and read them: in a zone, with or without an offset."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from booking_core import InvalidRequest, TimeWindow, midnight, zone

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FORTNIGHT = timedelta(days=14)
_DAY = timedelta(days=1)


def moment(text: str, timezone: str) -> datetime:
    """From RFC 3339, or from a time on the clock of `timezone`. Raises InvalidRequest."""
    try:
        read = datetime.fromisoformat(text)
        aware = read if read.tzinfo else read.replace(tzinfo=zone(timezone))
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidRequest(
            f"'{text}' is not a time; write 2026-11-23T10:00, or with an offset "
            "2026-11-23T10:00:00+01:00."
        ) from None


def window(first: str | None, last: str | None, timezone: str) -> TimeWindow:
    """From now for two weeks, where nothing is said; a last date is included."""
    start = _edge(first, timezone) if first else datetime.now(UTC)
    end = _edge(last, timezone, after=True) if last else start + _FORTNIGHT
    if end <= start:
        raise InvalidRequest("'to' must lie after 'from'.")
    return TimeWindow(start, end)


def edge(text: str | None, timezone: str, *, after: bool = False) -> datetime | None:
    return _edge(text, timezone, after=after) if text else None


def _edge(text: str, timezone: str, *, after: bool = False) -> datetime:
    """A date is its first instant, or with `after` the first one of the next date."""
    if not _DATE.fullmatch(text):
        return moment(text, timezone)
    try:
        return midnight(date.fromisoformat(text) + (_DAY if after else timedelta(0)), timezone)
    except (ValueError, OverflowError):
        raise InvalidRequest(f"'{text}' is not a date; write 2026-11-23.") from None


def rfc3339(when: datetime) -> str:
    """In UTC with a `Z`, as the API writes it."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def day(when: datetime, timezone: str) -> str:
    return _day(when.astimezone(zone(timezone)))


def clock(when: datetime, timezone: str) -> str:
    """`10:30`; with its offset where the clock shows the same time twice."""
    local = when.astimezone(zone(timezone))
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M}{local.isoformat()[-6:] if twice else ''}"


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
