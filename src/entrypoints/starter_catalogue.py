"""Reads the starter catalogue beside this file."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from booking_core import (
    Builder,
    BuilderId,
    CancellationPolicy,
    DayRange,
    Location,
    Money,
    Offer,
    PathwayId,
    Question,
    RefundStep,
    Schedule,
    SessionType,
    SessionTypeId,
)

_FILE = Path(__file__).with_suffix(".toml")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MINUTES = ("duration", "slot_step", "buffer_before", "buffer_after", "minimum_notice")


def starter_catalogue() -> list[Offer]:
    """The demo builder with its session types, in the order of the file."""
    data = tomllib.loads(_FILE.read_text("utf-8"))
    builder = _builder(**data["builder"])
    return [
        Offer(_session_type(builder, order, **each), builder)
        for order, each in enumerate(data["session_types"])
    ]


def _minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def _builder(
    *, id: str, timezone: str, weekly: dict[str, list[Any]], reminders: list[int], **same: Any
) -> Builder:
    hours = {
        _WEEKDAYS.index(day): tuple(DayRange.parse(*texts) for texts in ranges)
        for day, ranges in weekly.items()
    }
    return Builder(
        id=BuilderId(id),
        schedule=Schedule(timezone, hours),
        reminders=tuple(_minutes(offset) for offset in reminders),
        **same,
    )


def _session_type(builder: Builder, order: int, *, id: str, **given: Any) -> SessionType:
    durations: dict[str, Any] = {
        name: _minutes(given.pop(name)) for name in _MINUTES if name in given
    }
    if "price" in given:
        given["price"] = Money(**given["price"])
    if "cancellation" in given:
        given["cancellation_policy"] = _policy(**given.pop("cancellation"))
    return SessionType(
        id=SessionTypeId(id),
        slug=id,
        builder_id=builder.id,
        display_order=order,
        location=Location(**given.pop("location")),
        pathways=tuple(PathwayId(each) for each in given.pop("pathways", ())),
        questions=tuple(_question(**each) for each in given.pop("questions", ())),
        **durations,
        **given,
    )


def _question(*, choices: Sequence[str] = (), **same: Any) -> Question:
    return Question(choices=tuple(choices), **same)


def _policy(*, change_notice: int, refunds: list[dict[str, int]]) -> CancellationPolicy:
    steps = [RefundStep(_minutes(each["notice"]), each["percent"]) for each in refunds]
    return CancellationPolicy(_minutes(change_notice), tuple(steps))
