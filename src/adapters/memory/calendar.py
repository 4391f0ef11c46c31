from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import count
from threading import RLock
from typing import Any

from attrs import evolve, frozen

from booking_core import (
    Booking,
    BookingId,
    Builder,
    BuilderId,
    Busy,
    CalendarEvent,
    CalendarProvider,
    CalendarRef,
    CalendarTag,
    Clock,
    Contact,
    EventRecord,
    EventType,
    Explanation,
    Health,
    NotFound,
    OpenSlots,
    Role,
    SchedulingLink,
    SessionType,
    SessionTypeId,
    Slot,
    SlotUnavailable,
    StandingEvent,
    TimeWindow,
    UnitOfWork,
    explain,
    next_start,
    open_slots,
)

from .faults import Faulty

_MINUTE = timedelta(minutes=1)
_SOMEBODY = Contact("Somebody", "somebody@example.org")


@frozen(kw_only=True)
class PlacedEvent:
    """An event at the provider. `was` are the slots that it had before, oldest first."""

    ref: CalendarEvent
    builder_id: BuilderId
    session_type_id: SessionTypeId
    slot: Slot
    capacity: int = 1
    buffer_before: timedelta = timedelta(0)
    buffer_after: timedelta = timedelta(0)
    tag: CalendarTag | None = None
    event_type_uri: str = ""
    contact: Contact | None = None
    marks: tuple[str, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    guests: tuple[str, ...] | None = None
    was: tuple[Slot, ...] = ()
    cancelled: bool = False
    cancelled_at: datetime | None = None
    moved_at: datetime | None = None
    by: Role | None = None
    no_show: bool = False

    @property
    def blocked(self) -> TimeWindow:
        return self.slot.widened(self.buffer_before, self.buffer_after)

    def busy(self) -> Busy:
        return Busy(
            TimeWindow(self.slot.start, self.slot.end),
            self.buffer_before // _MINUTE,
            self.buffer_after // _MINUTE,
            self.session_type_id,
            what=f"event {self.ref.event_id}",
            solo=self.capacity == 1,
        )

    def standing(self) -> tuple[StandingEvent, ...]:
        """As the port tells it: once for each slot that it was moved away from."""
        return tuple(
            StandingEvent(
                self.ref,
                self.slot,
                self.cancelled,
                was,
                self.tag,
                self.no_show,
                cancelled_at=self.cancelled_at,
                moved_at=self.moved_at,
                by=self.by,
                guests=self.guests,
            )
            for was in self.was or (None,)
        )

    def record(self) -> EventRecord:
        return EventRecord(
            event=self.ref,
            event_type_uri=self.event_type_uri,
            slot=self.slot,
            contact=self.contact or _SOMEBODY,
            cancelled=self.cancelled,
            no_show=self.no_show,
            tag=self.tag,
            marks=self.marks,
            answers=self.answers,
            guests=self.guests,
        )


class MemoryCalendar(Faulty, CalendarProvider):
    """A remote calendar provider: it knows its own events and the builder's other entries.

    Open slots come from the builder's schedule and what stands here; what is only in our database
    is unknown to it. Tests play its side: `add_busy`, `place` (a client used a link), `move`,
    `link`, `cancel`, `refuse`, `break_next`. An event that we removed ourselves is gone without a trace.
    """

    in_database = False

    def __init__(self, clock: Clock, account: str = "memory") -> None:
        super().__init__()
        self._clock, self._account = clock, account
        self._lock = RLock()
        self._numbers = count(1)
        self._events: dict[str, PlacedEvent] = {}
        self._busy: dict[BuilderId, list[Busy]] = {}
        self._refused: set[Slot] = set()
        self._bookings: dict[CalendarTag, BookingId] = {}
        self.offers: dict[BuilderId, list[EventType]] = {}
        self.condition = Health(ok=True)

    # ---- the port --------------------------------------------------------------------------------

    def open_slots(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        window: TimeWindow,
        uow: UnitOfWork | None = None,
    ) -> OpenSlots:
        with self._call("open_slots"):
            busy = self._busy_of(builder.id)
            now = self._clock.now()
            return open_slots(builder.schedule, session_type.rules, busy, window, now)

    def next_start(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        after: datetime,
        uow: UnitOfWork | None = None,
    ) -> datetime | None:
        with self._call("next_start"):
            busy = self._busy_of(builder.id)
            return next_start(builder.schedule, session_type.rules, busy, after, self._clock.now())

    def explain(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        start: datetime,
        ignoring: BookingId | None = None,
        uow: UnitOfWork | None = None,
    ) -> Explanation:
        with self._call("explain"):
            busy = self._busy_of(builder.id, ignoring)
            return explain(builder.schedule, session_type.rules, busy, start, self._clock.now())

    def ensure_booked(self, *, booking: Booking, slot: Slot) -> CalendarEvent:
        with self._call("ensure_booked"), self._lock:
            for event in self._of(booking):
                if event.slot == slot and not event.cancelled:
                    return event.ref
            self._bookings[booking.tag] = booking.id
            wanted = self._wanted(booking, slot)
            self._check_free(wanted)
            self._events[wanted.ref.event_uri] = wanted
            return wanted.ref

    def ensure_absent(
        self, *, booking: Booking, slot: Slot, only: CalendarEvent | None = None
    ) -> None:
        with self._call("ensure_absent"), self._lock:
            for event in self._of(booking):
                meant = only is None or only.place == event.ref.place
                if meant and event.slot == slot and not event.cancelled:
                    del self._events[event.ref.event_uri]

    def scheduling_link(
        self, *, builder: Builder, session_type: SessionType, booking: Booking | None
    ) -> SchedulingLink:
        with self._call("scheduling_link"):
            page = f"https://calendar.test/{builder.slug}/{session_type.slug}"
            if booking is None:
                return SchedulingLink(page)
            self._bookings[booking.tag] = booking.id
            return SchedulingLink(f"{page}?tag={booking.tag}", tracking={"tag": booking.tag})

    def events(self, *, booking: Booking) -> Sequence[StandingEvent]:
        with self._call("events"), self._lock:
            return [fact for event in self._of(booking) for fact in event.standing()]

    def find(self, *, event_uri: str, invitee_uri: str | None = None) -> EventRecord:
        with self._call("find"), self._lock:
            found = self._events.get(event_uri)
            if found is None or invitee_uri not in (None, found.ref.invitee_uri):
                raise NotFound("event in the calendar")
            return found.record()

    def records(self, *, builder: Builder, window: TimeWindow) -> Sequence[EventRecord]:
        with self._call("records"), self._lock:
            return [
                event.record()
                for event in self._events.values()
                if event.builder_id == builder.id and window.start <= event.slot.start < window.end
            ]

    def event_types(self, *, builder: Builder) -> Sequence[EventType]:
        with self._call("event_types"):
            return tuple(self.offers.get(builder.id, ()))

    def mark_no_show(self, *, booking: Booking) -> None:
        with self._call("mark_no_show"):
            self._tell_no_show(booking, True)

    def undo_no_show(self, *, booking: Booking) -> None:
        with self._call("undo_no_show"):
            self._tell_no_show(booking, False)

    def health(self) -> Health:
        with self._call("health"):
            return self.condition

    # ---- the provider's side ---------------------------------------------------------------------

    def add_busy(self, builder_id: BuilderId, window: TimeWindow, what: str = "") -> None:
        """An entry of the builder's own calendar."""
        with self._lock:
            entry = Busy(TimeWindow(window.start, window.end), what=what)
            self._busy.setdefault(builder_id, []).append(entry)

    def refuse(self, slot: Slot) -> None:
        """From now on nothing can be booked at `slot`, whatever `open_slots` says."""
        self._refused.add(slot)

    def place(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        slot: Slot,
        tag: CalendarTag | None = None,
        contact: Contact | None = None,
        marks: tuple[str, ...] = (),
        answers: tuple[tuple[str, str], ...] = (),
        guests: tuple[str, ...] | None = None,
    ) -> CalendarEvent:
        """A client books at the provider's own page, with the tag of its link or without any.

        Raises:
            SlotUnavailable: somebody has that time.
        """
        with self._lock:
            event = PlacedEvent(
                ref=self._new_ref(),
                builder_id=builder.id,
                session_type_id=session_type.id,
                slot=slot,
                capacity=session_type.capacity,
                buffer_before=session_type.buffer_before,
                buffer_after=session_type.buffer_after,
                tag=tag,
                event_type_uri=_event_type(session_type.calendar_ref),
                contact=contact,
                marks=marks,
                answers=answers,
                guests=guests,
            )
            self._check_free(event)
            self._events[event.ref.event_uri] = event
            return event.ref

    def move(self, event: CalendarEvent, slot: Slot, by: Role | None = None) -> None:
        """Client or builder moves the event at the provider."""
        was = (*self._events[event.event_uri].was, self._slot(event))
        self._change(event, slot=slot, was=was, by=by, moved_at=self._clock.now())

    def link(self, event: CalendarEvent, join_url: str) -> None:
        """The provider has made the address that the session is joined at."""
        self._change(event, ref=evolve(event, join_url=join_url))

    def cancel(self, event: CalendarEvent, by: Role | None = None) -> None:
        """Client or builder cancels the event at the provider."""
        self._change(event, cancelled=True, by=by, cancelled_at=self._clock.now())

    def standing(self) -> list[PlacedEvent]:
        """What stands in the calendar, all bookings together, by start."""
        with self._lock:
            found = [event for event in self._events.values() if not event.cancelled]
            return sorted(found, key=lambda event: (event.slot.start, event.slot.end))

    # ---- inside ----------------------------------------------------------------------------------

    def _tell_no_show(self, booking: Booking, no_show: bool) -> None:
        with self._lock:
            for event in self._of(booking):
                self._events[event.ref.event_uri] = evolve(event, no_show=no_show)

    def _slot(self, event: CalendarEvent) -> Slot:
        return self._events[event.event_uri].slot

    def _change(self, event: CalendarEvent, **changes: Any) -> None:
        with self._lock:
            found = self._events[event.event_uri]
            self._events[event.event_uri] = evolve(found, **changes)

    def _of(self, booking: Booking) -> list[PlacedEvent]:
        own = booking.event.place if booking.event else None
        tagged = (booking.tag, _event_type(booking.calendar_ref))
        return [
            event
            for event in self._events.values()
            if (event.tag, event.event_type_uri) == tagged or event.ref.place == own
        ]

    def _busy_of(self, builder_id: BuilderId, but: BookingId | None = None) -> list[Busy]:
        with self._lock:
            placed = (
                event.busy()
                for event in self.standing()
                if event.builder_id == builder_id and (but is None or self._booking(event) != but)
            )
            return [*self._busy.get(builder_id, ()), *placed]

    def _booking(self, event: PlacedEvent) -> BookingId | None:
        return self._bookings.get(event.tag) if event.tag else None

    def _wanted(self, booking: Booking, slot: Slot) -> PlacedEvent:
        agreed = booking.occupancy_at(slot)
        return PlacedEvent(
            ref=self._new_ref(),
            builder_id=booking.builder_id,
            session_type_id=booking.session_type_id,
            slot=slot,
            capacity=agreed.capacity,
            buffer_before=agreed.buffer_before,
            buffer_after=agreed.buffer_after,
            tag=booking.tag,
            event_type_uri=_event_type(booking.calendar_ref),
            contact=booking.client.contact,
            guests=booking.details.guests,
        )

    def _new_ref(self) -> CalendarEvent:
        event_id = f"event_{next(self._numbers):06}"
        uri = f"https://calendar.test/events/{event_id}"
        return CalendarEvent(self._account, event_id, uri, f"{uri}/invitees/1")

    def _check_free(self, wanted: PlacedEvent) -> None:
        others = [
            event
            for event in self.standing()
            if event.builder_id == wanted.builder_id
            and (event.tag is None or event.tag != wanted.tag)
        ]
        met = [event for event in others if _one_meeting(wanted, event)]
        blocked = [event.blocked for event in others if not _one_meeting(wanted, event)]
        blocked += [entry.window for entry in self._busy.get(wanted.builder_id, ())]
        if wanted.slot in self._refused or any(map(wanted.blocked.overlaps, blocked)):
            raise SlotUnavailable("busy", "The calendar has something else at that time.")
        if len(met) >= wanted.capacity:
            raise SlotUnavailable("full", "All seats are taken.")


def _event_type(ref: CalendarRef | None) -> str:
    return ref.event_type_uri if ref else ""


def _one_meeting(wanted: PlacedEvent, other: PlacedEvent) -> bool:
    same = (wanted.session_type_id, wanted.slot) == (other.session_type_id, other.slot)
    return same and wanted.capacity > 1 and other.capacity > 1
