"""Bookings as iCalendar files (F1)."""

from __future__ import annotations

from adapters.calendar_files.icalendar_files import ICalendarFiles

__all__ = ["ICalendarFiles"]
