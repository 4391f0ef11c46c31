"""A builder's hours as fields of a form: what is typed, row by row, and the schedule that it means.

What lies in the past is not among the fields, and stays as it is. All times are on the clock of the
form's zone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import Self, TypeVar

from attrs import evolve, frozen
from werkzeug.datastructures import MultiDict

from booking_core import (
    DayRange,
    FieldError,
    InvalidRequest,
    Schedule,
    TimeOff,
    TimeWindow,
    UnknownTimezone,
    midnight,
    zone,
)
from entrypoints import times
from entrypoints.web.words import N_

#: With the few others that a form has they stay below what a request may have.
MOST_FIELDS = 900
WEEK = tuple(f"day-{weekday}" for weekday in range(7))
_LONGEST_REASON = 300
_DATE_BLOCK = re.compile(r"date-\d{1,4}", re.ASCII)
_OVERLAP = re.compile(r"/(weekly|overrides)/([^/]+)/(\d+)")
_DAY = timedelta(days=1)
_ABSENCE = ("first", "begins", "last", "ends", "reason")

Hours = tuple[str, str]
_T = TypeVar("_T")
_BLANK: Hours = ("", "")
_USUAL: Hours = ("09:00", "17:00")


@frozen
class Absence:
    """Time off; a day without a time of its own begins or ends with midnight, the last one included."""

    first: str = ""
    begins: str = ""
    last: str = ""
    ends: str = ""
    reason: str = ""

    @property
    def blank(self) -> bool:
        return self == Absence()


@frozen
class ScheduleForm:
    """What the fields hold.

    `hours` are by block: `day-0` (Monday) to `day-6`, and `date-0` and so on, whose dates are in
    `dates`. A block without hours is closed.
    """

    timezone: str
    hours: Mapping[str, tuple[Hours, ...]]
    dates: Mapping[str, str]
    away: tuple[Absence, ...]

    @classmethod
    def of(cls, schedule: Schedule, now: datetime) -> Self:
        """The fields of what is to come."""
        coming = [day for day in schedule.overrides if not _is_past(day, schedule, now)]
        dates = {f"date-{place}": day for place, day in enumerate(coming)}
        ranges = {block: schedule.weekly.get(day, ()) for day, block in enumerate(WEEK)}
        ranges |= {block: schedule.overrides[day] for block, day in dates.items()}
        return cls(
            schedule.timezone,
            {block: tuple(map(_typed, each)) for block, each in ranges.items()},
            {block: day.isoformat() for block, day in dates.items()},
            tuple(
                _absence(off, schedule.timezone)
                for off in schedule.time_off
                if off.window.end > now
            ),
        )

    @classmethod
    def read(cls, given: MultiDict[str, str]) -> Self:
        """What was sent, as it was typed."""
        dates = sorted(filter(_DATE_BLOCK.fullmatch, given), key=lambda name: int(name[5:]))
        away = zip_longest(*(_texts(given, f"away-{name}") for name in _ABSENCE), fillvalue="")
        return cls(
            given.get("timezone", "").strip(),
            {block: _hours(given, block) for block in (*WEEK, *dates)},
            {block: given[block].strip() for block in dates},
            tuple(Absence(*each) for each in away),
        )

    def says(self) -> dict[str | Absence, object]:
        """All of it by what it is about: the time zone, a weekday, a date, an absence."""
        said: dict[str | Absence, object] = {"timezone": self.timezone}
        said |= {block: self.hours[block] for block in WEEK}
        said |= {day: self.hours[block] for block, day in self.dates.items()}
        return said | dict.fromkeys(self.away, True)

    # ---- rows that come and go -------------------------------------------------------------------

    def edited(self, step: str) -> Self:
        """With a row more or less: `add day-0`, `remove day-0 1`, `remove date-2`, `add away`, …"""
        match step.split():
            case ["add", "date"]:
                return self._with_dates([*self._dated(), ("", ())])
            case ["remove", block] if block in self.dates:
                gone = list(self.dates).index(block)
                return self._with_dates(_without(self._dated(), str(gone)))
            case ["add", "away"]:
                return evolve(self, away=(*self.away, Absence()))
            case ["remove", "away", place]:
                return evolve(self, away=_without(self.away, place))
            case ["add", block] if block in self.hours:
                hours = self.hours[block]
                return self._with_hours(block, (*hours, _BLANK if hours else _USUAL))
            case ["remove", block, place] if block in self.hours:
                return self._with_hours(block, _without(self.hours[block], place))
        return self

    def in_order(self) -> Self:
        """Without blank rows, and sorted, as the schedule will be."""
        hours = {
            block: tuple(sorted(each for each in rows if each != _BLANK))
            for block, rows in self.hours.items()
        }
        tidy = evolve(self, hours=hours)
        away = sorted((each for each in self.away if not each.blank), key=lambda each: each.first)
        dated = sorted(each for each in tidy._dated() if each != ("", ()))
        return evolve(tidy._with_dates(dated), away=tuple(away))

    @property
    def fields(self) -> int:
        """How many there are."""
        ranges = sum(map(len, self.hours.values()))
        return 1 + 2 * ranges + len(self.dates) + len(_ABSENCE) * len(self.away)

    @property
    def full(self) -> bool:
        """No row can be added."""
        return self.fields + len(_ABSENCE) > MOST_FIELDS

    def _dated(self) -> list[tuple[str, tuple[Hours, ...]]]:
        return [(day, self.hours[block]) for block, day in self.dates.items()]

    def _with_dates(self, dated: Iterable[tuple[str, tuple[Hours, ...]]]) -> Self:
        blocks = {f"date-{place}": each for place, each in enumerate(dated)}
        week = {block: self.hours[block] for block in WEEK}
        return evolve(
            self,
            dates={block: day for block, (day, _) in blocks.items()},
            hours=week | {block: hours for block, (_, hours) in blocks.items()},
        )

    def _with_hours(self, block: str, rows: tuple[Hours, ...]) -> Self:
        return evolve(self, hours={**self.hours, block: rows})

    # ---- what it means ---------------------------------------------------------------------------

    def schedule(self, kept: Schedule, now: datetime) -> Schedule:
        """The schedule; of `kept` what lies in the past.

        Raises:
            InvalidRequest: with the id of each wrong field. The form has to be `in_order`.
        """
        wrong: list[FieldError] = []
        timezone = self._zone(wrong)
        ranges = {block: self._ranges(block, wrong) for block in self.hours}
        dates = self._dates(wrong)
        away = [
            _time_off(each, f"away-{place}", timezone, wrong)
            for place, each in enumerate(self.away)
        ]
        if wrong:
            raise _invalid(wrong)
        typed = [each for each in away if each is not None]
        over = [each for each in kept.time_off if each.window.end <= now and each not in typed]
        past = {day: each for day, each in kept.overrides.items() if _is_past(day, kept, now)}
        try:
            return Schedule(
                timezone,
                {day: ranges[block] for day, block in enumerate(WEEK)},
                past | {day: ranges[block] for block, day in dates.items()},
                (*over, *typed),
            )
        except InvalidRequest as refused:
            raise _invalid([self._placed(each) for each in refused.errors]) from refused

    def _zone(self, wrong: list[FieldError]) -> str:
        try:
            zone(self.timezone)
        except UnknownTimezone as unknown:
            wrong.append(FieldError("timezone", unknown.message))
            return "UTC"
        return self.timezone

    def _ranges(self, block: str, wrong: list[FieldError]) -> list[DayRange]:
        found = []
        for place, (start, end) in enumerate(self.hours[block]):
            try:
                found.append(DayRange.parse(start, end, f"{block}-{place}"))
            except InvalidRequest as refused:
                places = [each.pointer.replace("/", "-") for each in refused.errors]
                wrong += [FieldError(each, _NO_CLOCK) for each in places]
        return found

    def _dates(self, wrong: list[FieldError]) -> dict[str, date]:
        found: dict[str, date] = {}
        for block, text in self.dates.items():
            day = times.typed_date(text)
            if day is None:
                wrong.append(FieldError(block, _NO_DATE))
            elif day in found.values():
                wrong.append(FieldError(block, _SAME_DATE))
            else:
                found[block] = day
        return found

    def _placed(self, error: FieldError) -> FieldError:
        """What the core says of a range, at the field of its start."""
        match = _OVERLAP.fullmatch(error.pointer)
        if match is None:
            return error
        part, day, place = match.groups()
        blocks = {text: block for block, text in self.dates.items()}
        block = WEEK[int(day)] if part == "weekly" else blocks[day]
        return FieldError(f"{block}-{place}-start", _OVERLAPPING)


_NO_CLOCK = N_("Give a time such as 09:00.")
_OVERLAPPING = N_("These hours overlap others of the same day.")
_NO_DATE = N_("Give a date.")
_SAME_DATE = N_("This date is there already; put all of its hours into one place.")
_NOT_AFTER = N_("The end must lie after the start.")
_TOO_LONG = N_("Write at most 300 characters.")
_WRONG = N_("Some of it cannot be kept as it stands; nothing was saved.")


def _invalid(wrong: Sequence[FieldError]) -> InvalidRequest:
    return InvalidRequest(_WRONG, wrong)


def _is_past(day: date, schedule: Schedule, now: datetime) -> bool:
    return day < now.astimezone(zone(schedule.timezone)).date()


# ---- rows ----------------------------------------------------------------------------------------


def _typed(hours: DayRange) -> Hours:
    start, end = hours.texts()
    return start, "00:00" if end == "24:00" else end  # which a field for a time cannot hold


def _hours(given: MultiDict[str, str], block: str) -> tuple[Hours, ...]:
    starts, ends = (_texts(given, f"{block}-{edge}") for edge in ("start", "end"))
    return tuple(zip_longest(starts, ends, fillvalue=""))


def _texts(given: MultiDict[str, str], name: str) -> list[str]:
    return [each.strip() for each in given.getlist(name)]


def _without(rows: Sequence[_T], place: str) -> tuple[_T, ...]:
    return tuple(each for number, each in enumerate(rows) if str(number) != place)


def _absence(off: TimeOff, timezone: str) -> Absence:
    start, end = (each.astimezone(zone(timezone)) for each in (off.window.start, off.window.end))
    whole_days = midnight(end.date(), timezone) == end
    return Absence(
        start.date().isoformat(),
        "" if midnight(start.date(), timezone) == start else _clock(start),
        (end.date() - _DAY if whole_days else end.date()).isoformat(),
        "" if whole_days else _clock(end),
        off.reason,
    )


def _clock(local: datetime) -> str:
    """As short as it can be and still name the instant, with the offset where the clock goes back."""
    return f"{local.time().isoformat().removesuffix(':00')}{times.offset_if_twice(local)}"


def _time_off(row: Absence, field: str, timezone: str, wrong: list[FieldError]) -> TimeOff | None:
    def edge(name: str, day: str, clock: str, *, after: bool) -> datetime | None:
        typed = times.typed_date(day)
        if typed is None:
            wrong.append(FieldError(f"{field}-{name}", _NO_DATE))
            return None
        try:
            return times.edge(f"{day}T{clock}" if clock else day, timezone, after=after)
        except InvalidRequest:
            clocks = {"first": "begins", "last": "ends"}
            wrong.append(FieldError(f"{field}-{clocks[name]}", _NO_CLOCK))
            return None

    start = edge("first", row.first, row.begins, after=False)
    end = edge("last", row.last or row.first, row.ends, after=True)
    if start is None or end is None:
        return None
    if end <= start:
        wrong.append(FieldError(f"{field}-last", _NOT_AFTER))
        return None
    if len(row.reason) > _LONGEST_REASON:
        wrong.append(FieldError(f"{field}-reason", _TOO_LONG))
        return None
    try:
        return TimeOff(TimeWindow(start, end), row.reason)
    except InvalidRequest as refused:
        wrong.append(FieldError(f"{field}-reason", refused.message))
        return None
