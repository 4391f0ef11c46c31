from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from attrs import define, evolve, field, frozen

from booking_core.application.access import managed_builders
from booking_core.application.create_booking import CreateBooking
from booking_core.application.failure import Failure
from booking_core.application.join_event import EventJoiner
from booking_core.application.read_job import read_job
from booking_core.application.settle_calendar import SettleCalendar
from booking_core.domain import calendar_steps as steps
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.builder import Builder
from booking_core.domain.errors import BookingError, ProviderFailed
from booking_core.domain.event_record import EventRecord
from booking_core.domain.ids import BookingId, BuilderId
from booking_core.domain.policies import hidden_because
from booking_core.domain.time import Slot, TimeWindow
from booking_core.domain.transitions import LIVE, SERVED, BookingState
from booking_core.ports.calendar import CalendarProvider
from booking_core.ports.repositories import BookingFilter
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_PAGE = 200
_DAY = timedelta(days=1)
_TRIES = 5


class DifferenceKind(StrEnum):
    """In which way our books and the provider's differ."""

    MISSING_EVENT = "missing event"  # a booking that stands without one
    MISSED_CHANGE = "missed change"  # moved or cancelled there, and we did not hear of it
    CHOSEN_TIME = "chosen time"  # placed through the link of a booking that waits for its time
    STRAY_EVENT = "stray event"  # of a booking that does not expect it
    MISSED_EVENT = "missed event"  # placed there by a client, and there is no booking of it
    UNMATCHED = "unmatched"  # placed there by a client who may not book it


class Change(StrEnum):
    """What was done at the provider to an event that a booking stands by."""

    MOVED = "moved"
    CANCELLED = "cancelled"
    NO_SHOW = "no-show"  # set, or taken back
    JOIN_LINK = "address to join at"


@frozen(kw_only=True)
class Difference:
    """One difference; `mended` says whether it is gone, `error` why it is not.

    `start` is when the session begins as we have it, or as the event says of which we know nothing;
    `change` what happened at the provider, and `moved_to` where it begins since.
    """

    kind: DifferenceKind
    start: datetime | None = None
    change: Change | None = None
    moved_to: datetime | None = None
    booking_id: BookingId | None = None
    event_uri: str | None = None
    mended: bool = False
    error: str = ""


@define
class RepairReport:
    """What was compared, and what differed; `failed` are those who could not be compared to the end."""

    bookings: int = 0
    events: int = 0
    differences: list[Difference] = field(factory=list)
    failed: list[Failure] = field(factory=list)


#: Told how far it is: done, and of how many.
Progress = Callable[[int, int], object]
#: Waits that long, for a provider that asks for it.
Wait = Callable[[timedelta], object]

_Found = tuple[Difference, EventRecord | None]


@define
class _Run:
    """One repair: what it has seen so far, and what it has told, so that nothing is told twice."""

    dry_run: bool
    report: RepairReport = field(factory=RepairReport)
    places: set[str] = field(factory=set)
    bookings: set[BookingId] = field(factory=set)
    told: set[str] = field(factory=set)  # bookings, and the places of events without one


@frozen
class RepairCalendar:
    """Compares our bookings with the provider's events, and mends what lost notices left behind (E5).

    Day by day, so that a provider's limit in the middle leaves what was done before it.
    """

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
        wait: Wait | None = None,
    ) -> RepairReport:
        """Everything that starts within `window`.

        A provider that asks us to wait is waited for where `wait` is given. One builder's failure does
        not end the others' repair.

        Raises:
            NotFound: no such builder, or none that the actor may change.
            ProviderFailed: nobody's calendar could be compared.
        """
        with self.unit_of_work(write=False) as uow:
            builders = managed_builders(uow, actor, builder_id)
        run, days, failures = _Run(dry_run), list(_days(window)), list[ProviderFailed]()
        for number, builder in enumerate(builders):
            try:
                for day, part in enumerate(days):
                    progress(number * len(days) + day, len(builders) * len(days))
                    self._patiently(builder, part, run, wait)
            except ProviderFailed as failed:
                failures.append(failed)
                run.report.failed.append(Failure(builder.id, failed.message))
        if len(failures) == len(builders):
            raise failures[0]
        progress(len(builders) * len(days), len(builders) * len(days))
        run.report.bookings, run.report.events = len(run.bookings), len(run.places)
        return run.report

    def _patiently(self, builder: Builder, part: TimeWindow, run: _Run, wait: Wait | None) -> None:
        for _ in range(_TRIES):
            try:
                return self._part(builder, part, run)
            except ProviderFailed as failed:
                if wait is None or not failed.retryable or not failed.retry_after:
                    raise
                wait(failed.retry_after)
        return self._part(builder, part, run)

    def _part(self, builder: Builder, part: TimeWindow, run: _Run) -> None:
        for difference, record in list(self._differences(builder, part, run)):
            run.report.differences.append(
                difference if run.dry_run or difference.error else self._mend(difference, record)
            )
            if difference.booking_id is not None:
                run.told.add(difference.booking_id)
            elif record is not None:
                run.told.add(record.event.place)

    def _now(self) -> datetime:
        return self.settle_calendar.keeper.clock.now()

    # ---- comparing -------------------------------------------------------------------------------

    def _differences(self, builder: Builder, window: TimeWindow, run: _Run) -> Iterator[_Found]:
        records = self.calendar.records(builder=builder, window=window)
        bookings = {each.id: each for each in self._bookings(builder, window)}
        standing: dict[BookingId, list[EventRecord]] = {each: [] for each in bookings}
        for record, booking in self._joined(records):
            run.places.add(record.event.place)
            if booking is not None:
                bookings[booking.id] = booking
                standing.setdefault(booking.id, []).append(record)
            elif record.event.place not in run.told:  # builders may share an account
                yield from self._without_booking(record)
        run.bookings |= bookings.keys()
        for booking in bookings.values():
            told = booking.id in run.told
            if not told and _differs(booking, standing[booking.id], window, self._now()):
                yield from self._difference(booking, standing[booking.id])

    def _difference(self, booking: Booking, records: Sequence[EventRecord]) -> Iterator[_Found]:
        """What is the matter with it, by all of its events: they may stand on another day, or in a
        calendar that was not asked for its records, and all may be well.
        """
        if booking.state is BookingState.AWAITING_SCHEDULING:
            placed = next((each for each in records if not each.cancelled), None)
            start = placed.slot.start if placed else None
            kind = DifferenceKind.CHOSEN_TIME
            yield Difference(kind=kind, booking_id=booking.id, start=start), placed
            return
        try:
            found = self._judged(booking)
            if found is not None:
                yield found, None
        except ProviderFailed as failed:
            if failed.retryable:
                raise
            yield evolve(_missed(booking, booking), error=failed.message), None

    def _judged(self, booking: Booking) -> Difference | None:
        events, now = self.calendar.events(booking=booking), self._now()
        tried = evolve(booking, unsettled=set(), events=[])
        missed = _missed(booking, booking)
        if steps.hear(tried, events, now=now):
            return _missed(booking, tried)
        match steps.next_step(tried, events, now=now):
            case steps.Settled():
                return None
            case steps.Book():
                return evolve(missed, kind=DifferenceKind.MISSING_EVENT)
            case steps.Remove() | steps.WriteRemovalDown():
                return evolve(missed, kind=DifferenceKind.STRAY_EVENT)
        return missed

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
        uri, start = record.event.event_uri, record.slot.start
        yield Difference(kind=kind, event_uri=uri, start=start), record

    # ---- mending ---------------------------------------------------------------------------------

    def _mend(self, difference: Difference, record: EventRecord | None) -> Difference:
        try:
            if record is not None and difference.kind is DifferenceKind.UNMATCHED:
                event = record.event  # its builder is told, once
                job = read_job(event.event_uri, event.invitee_uri, self._now())
                self.settle_calendar.keeper.put_job(job)
                return difference
            if record is not None:
                booking = self.create.from_record(record, actor=Actor.anonymous())
                place = booking.event.place if booking.event else None
                mended = place == record.event.place
                return evolve(difference, booking_id=booking.id, mended=mended)
            if difference.booking_id is not None:
                self.settle_calendar(booking_id=difference.booking_id)
        except BookingError as failed:
            if isinstance(failed, ProviderFailed) and failed.retryable:
                raise
            return evolve(difference, error=failed.message)
        return evolve(difference, mended=True)


def _missed(booking: Booking, heard: Booking) -> Difference:
    """What `heard`, which knows all that was done at the provider, has other than the booking."""
    start = booking.slot.start if booking.slot else None
    kind = DifferenceKind.MISSED_CHANGE
    told = Difference(kind=kind, booking_id=booking.id, start=start)
    if heard.state.dead and not booking.state.dead:
        return evolve(told, change=Change.CANCELLED)
    if heard.slot != booking.slot and heard.slot is not None:
        return evolve(told, change=Change.MOVED, moved_to=heard.slot.start)
    if heard.missed is not booking.missed:
        return evolve(told, change=Change.NO_SHOW)
    if heard.location != booking.location:
        return evolve(told, change=Change.JOIN_LINK)
    return told


def _days(window: TimeWindow) -> Iterator[TimeWindow]:
    start = window.start
    while start < window.end:
        end = min(start + _DAY, window.end)
        yield TimeWindow(start, end)
        start = end


def _differs(
    booking: Booking, records: Sequence[EventRecord], window: TimeWindow, now: datetime
) -> bool:
    """As far as these records tell. What has begun is over: it is neither booked nor removed any more."""
    standing = {each.slot for each in records if not each.cancelled}
    expected = {
        slot for slot in booking.expected_slots() if window.start <= slot.start < window.end
    }
    news = any(_changed(booking, each) or _no_show_missed(booking, each) for each in records)
    return (bool(expected) and news) or _to_come(expected ^ standing, now)


def _to_come(slots: Iterable[Slot], now: datetime) -> bool:
    return any(now < slot.start for slot in slots)


def _changed(booking: Booking, record: EventRecord) -> bool:
    """The very event that the booking stands by was cancelled, or another one took its place."""
    known = booking.event.place if booking.event else ""
    if record.cancelled and record.event.place == known:
        return True
    return known in record.replaces


def _no_show_missed(booking: Booking, record: EventRecord) -> bool:
    stands_by = booking.event is not None and booking.event.place == record.event.place
    return stands_by and not record.cancelled and record.no_show is not booking.no_show_told
