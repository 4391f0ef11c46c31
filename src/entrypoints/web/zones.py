"""Time zones to choose from, by name or by place."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from booking_core import UnknownTimezone, zone

_AREAS = (
    "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe",
    "Indian", "Pacific",
)  # fmt: skip


@cache
def places() -> list[str]:
    """To choose from; other zones that are no place can still be typed."""
    return ["UTC", *sorted(name for name in available_timezones() if name.startswith(_AREAS))]


def named(text: str) -> str:
    """The zone of that name or place: `America/New_York`, or `new york`. Raises UnknownTimezone."""
    try:
        zone(text)
    except UnknownTimezone:
        found = _by_place().get(_plain(text))
        if found is None:
            raise
        return found
    return text


@cache
def _by_place() -> dict[str, str]:
    """By the last part of the name; zones that share one are old and new names of the same."""
    by_city = {_plain(name.rpartition("/")[2]): name for name in places()}
    return by_city | {_plain(name): name for name in places()}


def _plain(text: str) -> str:
    return " ".join(text.replace("_", " ").lower().split())
