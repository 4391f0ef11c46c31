"""The terms of a cancellation in the reader's words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from babel.units import format_unit

from booking_core import CancellationPolicy, in_largest_unit


def in_words(terms: CancellationPolicy, words: dict[str, Any], *, paid_online: bool) -> str:
    """What goes back and until when; nothing where a client may cancel up to the start for nothing."""
    told = [_refunds(terms, words)] if paid_online else []
    if terms.change_notice:
        told.append(words["terms"]["change"].format(until=until(terms.change_notice, words)))
    return " ".join(told)


def _refunds(terms: CancellationPolicy, words: dict[str, Any]) -> str:
    own, steps = words["terms"], terms.promised
    if not steps:
        return str(own["nothing"])
    parts = [
        own["all" if each.percent == 100 else "part"].format(
            percent=each.percent, until=until(each.notice, words)
        )
        for each in steps
    ]
    if steps[-1].notice > terms.change_notice:
        parts.append(own["later"])
    return str(own["refunds"].format(steps=", ".join(parts)))


def until(notice: timedelta, words: dict[str, Any]) -> str:
    """The last moment of it, as seen from the start of the session."""
    own: dict[str, str] = words["terms"]
    if not notice:
        return own["start"]
    number, unit = in_largest_unit(notice)
    length = format_unit(number, f"duration-{unit}", "long", locale=words["locale"])
    return own["before"].format(length=length)
