"""Days, times, lengths and money as the page's language and region write them."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Literal

from babel.dates import format_date, format_skeleton, format_time, format_timedelta
from babel.numbers import format_currency
from babel.units import format_unit
from flask import Flask

from booking_core import Money, Slot, with_decimals, zone
from entrypoints import times
from entrypoints.web.words import locale

_MINUTE = timedelta(minutes=1)
_YEAR = re.compile(r"\W*y+$")  # at the end of a pattern


def add(app: Flask) -> None:
    """Gives them to the templates of `app`."""
    for filter_ in (
        ago,
        clock,
        date_name,
        day,
        initials,
        iso_day,
        length,
        local,
        money,
        month_name,
        short,
        short_day,
        span,
        times.rfc3339,
    ):
        app.add_template_filter(filter_)
    app.add_template_global(first_weekday)
    app.add_template_global(weekdays)


def local(when: datetime, timezone: str) -> str:
    """Friday, 20 November 2026, 13:30."""
    return f"{day(when, timezone)}, {clock(when, timezone)}"


def day(when: datetime, timezone: str) -> str:
    """Friday, 20 November 2026."""
    return format_date(when.astimezone(zone(timezone)), "full", locale())


def clock(when: datetime, timezone: str) -> str:
    """13:30, or 1:30 PM; with its offset where the clock shows the same time twice."""
    here = when.astimezone(zone(timezone))
    return f"{format_time(here, 'short', locale=locale())}{times.offset_if_twice(here)}"


def span(slot: Slot, timezone: str) -> str:
    """Friday, 20 November 2026, 13:30–14:00; with both days where they differ."""
    one_day = day(slot.start, timezone) == day(slot.end, timezone)
    end = clock(slot.end, timezone) if one_day else f" {local(slot.end, timezone)}"
    return f"{local(slot.start, timezone)}{'–' if one_day else ' –'}{end}"


def short(when: datetime, timezone: str) -> str:
    """Fri 20 Nov, 13:30."""
    here = when.astimezone(zone(timezone))
    return f"{short_day(here)}, {clock(when, timezone)}"


def short_day(day: date) -> str:
    """Fri 20 Nov."""
    return format_skeleton("MMMEd", day, locale=locale())


def ago(when: datetime, now: datetime) -> str:
    """5 minutes ago."""
    passed = min(when - now, -_MINUTE)
    return format_timedelta(passed, granularity="minute", add_direction=True, locale=locale())


def date_name(date: date) -> str:
    """Friday, 20 November."""
    whole = locale().date_formats["full"].pattern
    return format_date(date, _YEAR.sub("", whole), locale())


def month_name(month: date) -> str:
    """November 2026."""
    return format_skeleton("yMMMM", month, locale=locale())


def weekdays() -> list[tuple[str, str]]:
    """As (Mon, Monday), from the day on with which a week begins."""
    short, whole = locale().days["stand-alone"]["abbreviated"], weekday_names()
    days = [(first_weekday() + place) % 7 for place in range(7)]
    return [(short[day], whole[day]) for day in days]


def weekday_names() -> list[str]:
    """Monday to Sunday, wherever a week begins."""
    names = locale().days["stand-alone"]["wide"]
    return [names[weekday] for weekday in range(7)]


def first_weekday() -> int:
    """0 is Monday."""
    begins: int = locale().first_week_day
    return begins


def iso_day(when: datetime, timezone: str) -> str:
    """2026-11-20, as a field for a date wants it."""
    return when.astimezone(zone(timezone)).date().isoformat()


def length(time: timedelta, width: Literal["long", "short"] = "long") -> str:
    """30 minutes; short: 30 min."""
    return format_unit(time // _MINUTE, "duration-minute", width, locale=locale())


def money(amount: Money) -> str:
    here = locale()
    pattern = with_decimals(here.currency_formats["standard"].pattern, amount.currency)
    return format_currency(amount.decimal(), amount.currency, pattern, here, currency_digits=False)


def initials(name: str) -> str:
    """RD of Robin Demo, for where no picture is."""
    words = name.split()
    return "".join(each[0] for each in words[:1] + words[1:][-1:]).upper()
