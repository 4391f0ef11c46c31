"""Which times of an offer are open, and which of them a page that asks for a time shows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from attrs import frozen

from booking_core import Actor, BookingCore, FoundSlots, Offer, Slot, TimeWindow
from entrypoints.web.asked import Asked
from entrypoints.web.month import Month, month_after, month_before, month_of, span

_MINUTE = timedelta(minutes=1)
_NEAR = 4  # alternatives to a time that is gone


@frozen
class Choice:
    """A month with one of its days.

    `next_start` is the next opening where that day has none, None where there is none within the
    horizon; `near` are the times nearest to one that is gone.
    """

    month: Month
    day: date | None
    next_start: datetime | None
    previous: date | None
    following: date | None
    near: list[datetime]

    @property
    def starts(self) -> tuple[datetime, ...]:
        return self.month.starts.get(self.day, ()) if self.day else ()


@frozen
class Openings:
    """Asks for the open times of an offer as `viewer`. All of it raises ProviderFailed."""

    core: BookingCore
    offer: Offer
    viewer: Actor
    now: datetime

    @property
    def last(self) -> datetime:
        """The end of what can be booked by now."""
        return self.now + self.offer.session_type.horizon

    def has(self, slot: Slot) -> bool:
        return slot in [each.slot for each in self._found(TimeWindow(slot.start, slot.end)).slots]

    def choice(self, asked: Asked, alternatives: Iterable[Slot]) -> Choice:
        """The month that is asked for; one that has openings, where none was."""
        month = self._month(asked.shown_month(self.now), asked)
        earliest = asked.earliest(self.now)
        if asked.leads_on and not month.first_open(earliest):
            first = self._next_start(span(month.first, asked.timezone).end)
            first = first or self._next_start(self.now)
            if first:
                earliest = asked.date_of(first)
                month = self._month(month_of(earliest), asked)
        day = asked.day or month.first_open(earliest)
        return self._choice(asked, month, day, alternatives)

    def _choice(
        self, asked: Asked, month: Month, day: date | None, alternatives: Iterable[Slot]
    ) -> Choice:
        near, last = [each.start for each in alternatives], asked.date_of(self.last)
        return Choice(
            month,
            day,
            None if day in month.starts else self._next_after(asked, month, day),
            min(month_before(month.first), month_of(last))
            if month.first > asked.date_of(self.now)
            else None,
            month_after(month.first) if month_after(month.first) <= last else None,
            month.nearest(asked.gone.start, near, _NEAR) if asked.gone else [],
        )

    def _next_after(self, asked: Asked, month: Month, day: date | None) -> datetime | None:
        here = month.first_open(day) if day else None
        if here:
            return month.starts[here][0]
        return self._next_start(span(month.first, asked.timezone).end)

    def _month(self, month: date, asked: Asked) -> Month:
        whole = span(month, asked.timezone)
        # A slot that begins on the last evening may end in the next month.
        end = whole.end + self.offer.session_type.duration
        first = max(whole.start, self.now)
        if not first < whole.end or self.last < first:
            return Month(month, {})
        found = self._found(TimeWindow(first, end))
        return Month.of(month, asked.timezone, (each.slot.start for each in found.slots))

    def _next_start(self, after: datetime) -> datetime | None:
        after = max(after, self.now)
        if self.last < after:
            return None
        return self._found(TimeWindow(after - _MINUTE, after)).next_start

    def _found(self, window: TimeWindow) -> FoundSlots:
        return self.core.find_slots(
            session_type_id=self.offer.session_type.id, window=window, actor=self.viewer
        )
