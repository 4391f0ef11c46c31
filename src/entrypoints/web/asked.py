"""What the page of a session type is asked to show, by its address or by a form that was sent to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from attrs import evolve, frozen
from flask import request

from booking_core import InvalidRequest, Offer, Slot, zone
from entrypoints import times
from entrypoints.web import reading, zones
from entrypoints.web.month import month_of

#: What a form asks to see of the calendar, and not of the booking that it describes.
LOOKING = frozenset({"pick", "day", "month", "from"})


@frozen
class Asked:
    """The zone, and the month, the day or the slot.

    `named` says that the visitor named the zone, `first` is a day from which on to look, and `gone` is
    a chosen slot that is not open.
    """

    timezone: str
    named: bool = False
    month: date | None = None
    day: date | None = None
    first: date | None = None
    start: Slot | None = None
    gone: Slot | None = None

    def shown_month(self, now: datetime) -> date:
        return self.month or month_of(self.day or self.earliest(now))

    def earliest(self, now: datetime) -> date:
        """The day from which on to look for openings."""
        return self.first or self.date_of(self.gone.start if self.gone else now)

    @property
    def leads_on(self) -> bool:
        """Nobody named a month or a day, so the page may show another one that has openings."""
        return not (self.month or self.day or self.first)

    def without_start(self) -> Asked:
        return evolve(self, start=None, gone=self.start)

    def on_its_day(self, moments: Iterable[datetime]) -> bool:
        """Whether all of them are on the day of the slot that is gone."""
        days = {self.date_of(each) for each in moments}
        return self.gone is not None and days <= {self.date_of(self.gone.start)}

    def date_of(self, moment: datetime) -> date:
        return moment.astimezone(zone(self.timezone)).date()


def looks() -> bool:
    """Whether the form only asks to see other times, and books nothing."""
    return not LOOKING.isdisjoint(request.form)


def read(offer: Offer) -> tuple[Asked, InvalidRequest | None]:
    """With what was wrong in the question; that part is then shown as if it was not asked."""
    asked, wrong = Asked(offer.builder.timezone), None
    for part in (_with_zone, _with_typed_zone, _with_month, _with_day, _with_first, _with_start):
        try:
            asked = part(asked, offer)
        except InvalidRequest as invalid:
            wrong = wrong or invalid
    return asked, wrong


def chosen(offer: Offer) -> Slot | None:
    """The slot that is asked for. Raises InvalidRequest."""
    text = _given("pick") or _given("start")
    if not text:
        return None
    start = times.instant(text.replace(" ", "+"), "/start")
    return Slot(start, start + offer.session_type.duration)


def _with_zone(asked: Asked, _: Offer) -> Asked:
    return _within(asked, _given("timezone"))


def _with_typed_zone(asked: Asked, _: Offer) -> Asked:
    return _within(asked, _given("tz"))


def _within(asked: Asked, name: str) -> Asked:
    return evolve(asked, timezone=zones.named(name), named=True) if name else asked


def _with_month(asked: Asked, _: Offer) -> Asked:
    text = _given("month")
    day = _date(asked, f"{text}-01" if text else "", "/month")
    return evolve(asked, month=day and month_of(day))


def _with_day(asked: Asked, _: Offer) -> Asked:
    return evolve(asked, day=_date(asked, _given("day"), "/day"))


def _with_first(asked: Asked, _: Offer) -> Asked:
    return evolve(asked, first=_date(asked, _given("from"), "/from"))


def _with_start(asked: Asked, offer: Offer) -> Asked:
    slot = chosen(offer)
    if slot is None or not looks() or _given("pick"):
        return evolve(asked, start=slot)
    # Another time than the one that is in the form: the page begins where that is.
    return evolve(asked, day=asked.date_of(slot.start)) if asked.leads_on else asked


def _date(asked: Asked, text: str, pointer: str) -> date | None:
    when = reading.edge(text or None, asked.timezone, pointer)
    return when and asked.date_of(when)


def _given(name: str) -> str:
    """A field of the form that was sent, else of the address."""
    fields = request.form if request.method == "POST" else request.args
    return fields.get(name, "")
