"""Feeds the availability engine from the schedule and the claims in our database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from booking_core import (
    Booking,
    BookingId,
    Builder,
    Busy,
    CalendarEvent,
    CalendarProvider,
    Clock,
    EventRecord,
    EventType,
    Explanation,
    Health,
    NotFound,
    OpenSlots,
    SchedulingLink,
    SessionType,
    Slot,
    StandingEvent,
    TimeWindow,
    UnitOfWork,
    UnitOfWorkFactory,
    explain,
    local_day,
    next_start,
    open_slots,
)


@frozen
class LocalCalendar(CalendarProvider):
    """A calendar that needs no provider; claims in our database are its truth."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    public_url: str
    in_database = True

    def open_slots(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        window: TimeWindow,
        uow: UnitOfWork | None = None,
    ) -> OpenSlots:
        busy = self._busy(builder, session_type, window, uow)
        return open_slots(builder.schedule, session_type.rules, busy, window, self.clock.now())

    def next_start(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        after: datetime,
        uow: UnitOfWork | None = None,
    ) -> datetime | None:
        now = self.clock.now()
        end = now + session_type.horizon + session_type.duration
        if end <= after:
            return None
        after = max(after, now)  # what lies behind is a builder's whole history
        busy = self._busy(builder, session_type, TimeWindow(after, end), uow)
        return next_start(builder.schedule, session_type.rules, busy, after, now)

    def explain(
        self,
        *,
        builder: Builder,
        session_type: SessionType,
        start: datetime,
        ignoring: BookingId | None = None,
        uow: UnitOfWork | None = None,
    ) -> Explanation:
        window = TimeWindow(start, start + session_type.duration)
        busy = self._busy(builder, session_type, window, uow, ignoring)
        return explain(builder.schedule, session_type.rules, busy, start, self.clock.now())

    def _busy(
        self,
        builder: Builder,
        session_type: SessionType,
        window: TimeWindow,
        uow: UnitOfWork | None,
        ignoring: BookingId | None = None,
    ) -> Sequence[Busy]:
        """What is claimed near `window`: around it by the buffers, and on its whole local days."""
        if uow is None:
            with self.unit_of_work(write=False) as own:
                return self._busy(builder, session_type, window, own, ignoring)
        near = window.widened(session_type.buffer_before, session_type.buffer_after)
        if session_type.daily_limit is not None:
            first = local_day(window.start, builder.timezone).start
            last = local_day(window.end, builder.timezone).end
            near = TimeWindow(min(near.start, first), max(near.end, last))
        return uow.claims.busy(
            builder_id=builder.id, window=near, now=self.clock.now(), ignoring=ignoring
        )

    def scheduling_link(
        self, *, builder: Builder, session_type: SessionType, booking: Booking | None
    ) -> SchedulingLink:
        """Our own page, on which the holder of the booking chooses the slot."""
        if booking is None:
            return SchedulingLink(f"{self.public_url}/b/{builder.slug}/{session_type.slug}")
        page = f"{self.public_url}/bookings/{booking.id}/schedule"
        return SchedulingLink(page, booking.deadline)

    # The claims of a booking are its event: what follows has nothing left to do.

    def ensure_booked(self, *, booking: Booking, slot: Slot) -> CalendarEvent:
        return CalendarEvent(account="local", event_id=booking.id, event_uri=f"local:{booking.id}")

    def ensure_absent(
        self, *, booking: Booking, slot: Slot, only: CalendarEvent | None = None
    ) -> None:
        return None

    def events(self, *, booking: Booking) -> Sequence[StandingEvent]:
        return ()

    def find(self, *, event_uri: str, invitee_uri: str | None = None) -> EventRecord:
        raise NotFound("event in the calendar")

    def records(self, *, builder: Builder, window: TimeWindow) -> Sequence[EventRecord]:
        return ()

    def event_types(self, *, builder: Builder) -> Sequence[EventType]:
        return ()

    def mark_no_show(self, *, booking: Booking) -> None:
        return None

    def undo_no_show(self, *, booking: Booking) -> None:
        return None

    def health(self) -> Health:
        return Health(True, "The built-in calendar needs no provider.")
