from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from enum import StrEnum

from attrs import define, evolve, field, frozen

from booking_core.application.access import managed_builders
from booking_core.application.create_booking import CreateBooking
from booking_core.application.join_event import EventJoiner
from booking_core.application.settle_calendar import SettleCalendar
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.builder import Builder
from booking_core.domain.errors import BookingError, ProviderFailed
from booking_core.domain.event_record import EventRecord
from booking_core.domain.ids import BookingId, BuilderId
from booking_core.domain.policies import hidden_because
from booking_core.domain.time import Slot, TimeWindow
from booking_core.domain.transitions import LIVE, SERVED
from booking_core.ports.calendar import CalendarProvider
from booking_core.ports.repositories import BookingFilter
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_PAGE = 200


class DifferenceKind(StrEnum):
    """In which way our books and the provider's differ."""

    MISSING_EVENT = "missing event"  # a booking that stands without one
    MISSED_CHANGE = "missed change"  # moved or cancelled there, and we did not hear of it
    STRAY_EVENT = "stray event"  # of a booking that does not expect it
    MISSED_EVENT = "missed event"  # placed there by a client, and there is no booking of it
    UNMATCHED = "unmatched"  # placed there by a client who may not book it


@frozen(kw_only=True)
class Difference:
    """One difference; `mended` says whether it is gone, `error` why it is not."""

    kind: DifferenceKind
    booking_id: BookingId | None = None
    event_uri: str | None = None
    mended: bool = False
    error: str = ""


@define
class RepairReport:
    """What was compared, and what differed."""

    bookings: int = 0
    events: int = 0
    differences: list[Difference] = field(factory=list)


#: Told how far it is: done, and of how many.
Progress = Callable[[int, int], object]


@frozen
class RepairCalendar:
    """Compares our bookings with the provider's events, and mends what lost notices left behind (E5)."""

    unit_of_work: UnitOfWorkFactory
    calendar: CalendarProvider
    joiner: EventJoiner
    create: CreateBooking
    settle_calendar: SettleCalendar

    def __call__(
        self,
        *,
        window: TimeWindow,
        actor: Actor,
        builder_id: BuilderId | None = None,
        dry_run: bool = False,
        progress: Progress = lambda done, of: None,
    ) -> RepairReport:
        """Everything that starts within `window`. Raises NotFound, ProviderFailed."""
        report, found = RepairReport(), []
        with self.unit_of_work(write=False) as uow:
            builders = managed_builders(uow, actor, builder_id)
        for builder in builders:
            found += list(self._differences(builder, window, report))
        for done, (difference, record) in enumerate(found):
            progress(done, len(found))
            report.differences.append(difference if dry_run else self._mend(difference, record))
        progress(len(found), len(found))
        return report

    def _now(self) -> datetime:
        return self.settle_calendar.keeper.clock.now()

    # ---- comparing -------------------------------------------------------------------------------

    def _differences(
        self, builder: Builder, window: TimeWindow, report: RepairReport
    ) -> Iterator[tuple[Difference, EventRecord | None]]:
        records = self.calendar.records(builder=builder, window=window)
        bookings = {each.id: each for each in self._bookings(builder, window)}
        standing: dict[BookingId, list[EventRecord]] = {each: [] for each in bookings}
        report.events += len(records)
        for record, booking in self._joined(records):
            if booking is None:
                yield from self._without_booking(record)
                continue
            bookings[booking.id] = booking
            standing.setdefault(booking.id, []).append(record)
        report.bookings += len(bookings)
        for booking in bookings.values():
            kind = _compare(booking, standing[booking.id], window, self._now())
            if kind is not None:
                yield Difference(kind=kind, booking_id=booking.id), None

    def _bookings(self, builder: Builder, window: TimeWindow) -> Iterator[Booking]:
        """Those that expect an event within the window."""
        criteria = BookingFilter(
            builder_id=builder.id,
            states=tuple(LIVE | SERVED),
            starts_from=window.start,
            starts_before=window.end,
            limit=_PAGE,
        )
        while True:
            with self.unit_of_work(write=False) as uow:
                page = uow.bookings.find(criteria)
            yield from (each for each in page if each.expected_slots())
            if len(page) < _PAGE:
                return
            criteria = evolve(criteria, after=page[-1].id)

    def _joined(self, records: Sequence[EventRecord]) -> list[tuple[EventRecord, Booking | None]]:
        with self.unit_of_work(write=False) as uow:
            return [(record, self.joiner.find(uow, record)) for record in records]

    def _without_booking(
        self, record: EventRecord
    ) -> Iterator[tuple[Difference, EventRecord | None]]:
        """Ours when it is of one of our session types; all else is the builder's own affair."""
        offer = None if record.cancelled else self.create.offered(record)
        if offer is None:
            return
        # Of its client nothing else is known.
        hidden = hidden_because(offer.session_type, offer.builder, Actor.anonymous())
        kind = DifferenceKind.UNMATCHED if hidden else DifferenceKind.MISSED_EVENT
        yield Difference(kind=kind, event_uri=record.event.event_uri), record

    # ---- mending ---------------------------------------------------------------------------------

    def _mend(self, difference: Difference, record: EventRecord | None) -> Difference:
        if difference.kind is DifferenceKind.UNMATCHED:
            return difference
        try:
            if record is not None:
                booking = self.create.from_record(record, actor=Actor.anonymous())
                return evolve(difference, booking_id=booking.id, mended=True)
            if difference.booking_id is not None:
                self.settle_calendar(booking_id=difference.booking_id)
        except BookingError as failed:
            if isinstance(failed, ProviderFailed) and failed.retryable and failed.retry_after:
                raise
            return evolve(difference, error=failed.message)
        return evolve(difference, mended=True)


def _compare(
    booking: Booking, records: Sequence[EventRecord], window: TimeWindow, now: datetime
) -> DifferenceKind | None:
    """What has begun is over: it can neither be booked nor removed any more."""
    standing = {each.slot for each in records if not each.cancelled}
    expected = {
        slot for slot in booking.expected_slots() if window.start <= slot.start < window.end
    }
    if expected and any(_changed(booking, each) for each in records):
        return DifferenceKind.MISSED_CHANGE
    missing, stray = (_to_come(each, now) for each in (expected - standing, standing - expected))
    if missing:
        return DifferenceKind.MISSED_CHANGE if standing else DifferenceKind.MISSING_EVENT
    return DifferenceKind.STRAY_EVENT if stray else None


def _to_come(slots: Iterable[Slot], now: datetime) -> bool:
    return any(now < slot.start for slot in slots)


def _changed(booking: Booking, record: EventRecord) -> bool:
    """The very event that the booking stands by was cancelled, or another one took its place."""
    known = booking.event.place if booking.event else ""
    if record.cancelled and record.event.place == known:
        return True
    return known in record.replaces
