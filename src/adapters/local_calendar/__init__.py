"""The built-in calendar: a builder's schedule, and our own bookings as the busy time (B3)."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.local_calendar.calendar import LocalCalendar
from booking_core import Clock, UnitOfWorkFactory

__all__ = ["LocalCalendar", "build"]


def build(
    *, settings: Mapping[str, str], unit_of_work: UnitOfWorkFactory, clock: Clock
) -> LocalCalendar:
    return LocalCalendar(unit_of_work, clock, settings["PUBLIC_URL"])
