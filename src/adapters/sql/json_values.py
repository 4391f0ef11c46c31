"""What is kept in JSON columns, where nothing has to be searched by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from adapters.sql.types import as_text
from booking_core import CancellationPolicy, Location, Occupancy, RefundStep, TimeWindow


def seconds(duration: timedelta) -> float:
    return duration.total_seconds()


def from_window(window: TimeWindow) -> tuple[str, str]:
    return as_text(window.start), as_text(window.end)


def to_window(start: str, end: str) -> TimeWindow:
    return TimeWindow(datetime.fromisoformat(start), datetime.fromisoformat(end))


def from_location(location: Location) -> dict[str, str]:
    return {"kind": location.kind.value, "text": location.text}


def to_location(stored: dict[str, str]) -> Location:
    return Location(stored["kind"], stored["text"])


def from_terms(terms: CancellationPolicy) -> dict[str, Any]:
    return {
        "change_notice": seconds(terms.change_notice),
        "refunds": [[seconds(step.notice), step.percent] for step in terms.refunds],
    }


def to_terms(stored: dict[str, Any]) -> CancellationPolicy:
    return CancellationPolicy(
        timedelta(seconds=stored["change_notice"]),
        [RefundStep(timedelta(seconds=notice), percent) for notice, percent in stored["refunds"]],
    )


def from_occupancy(occupancy: Occupancy) -> dict[str, Any]:
    return {
        "timezone": occupancy.timezone,
        "buffer_before": seconds(occupancy.buffer_before),
        "buffer_after": seconds(occupancy.buffer_after),
        "capacity": occupancy.capacity,
        "daily_limit": occupancy.daily_limit,
        "notice": seconds(occupancy.notice),
    }


def to_occupancy(stored: dict[str, Any]) -> Occupancy:
    return Occupancy(
        timezone=stored["timezone"],
        buffer_before=timedelta(seconds=stored["buffer_before"]),
        buffer_after=timedelta(seconds=stored["buffer_after"]),
        capacity=stored["capacity"],
        daily_limit=stored["daily_limit"],
        notice=timedelta(seconds=stored.get("notice", 0)),
    )
