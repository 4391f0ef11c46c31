from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial

from attrs import evolve, frozen

from booking_core.application.changes import write_change
from booking_core.application.keep import Keeper, Overtaken, look_job, settle_job
from booking_core.application.witness import Witness, start_of
from booking_core.domain import calendar_steps as steps
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking, OwnReason, Settle
from booking_core.domain.builder import SchedulingMode
from booking_core.domain.calendar_steps import StandingEvent
from booking_core.domain.errors import LinkNeeded, ProviderFailed, SlotUnavailable
from booking_core.domain.ids import BookingId
from booking_core.domain.policies import link_deadline
from booking_core.domain.time import Slot
from booking_core.domain.trail import TrailKind
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_log = logging.getLogger("booking_core.calendar")
_MOST_STEPS = 30
_LIMIT = timedelta(minutes=1)


@frozen
class SettleCalendar:
    """Makes a provider's calendar match what the booking says; doing it twice is harmless.

    It never orders: it reads what stands, asks the booking what should, and closes the gap one
    provider call or one record at a time. Our own database needs no settling.
    """

    unit_of_work: UnitOfWorkFactory
    keeper: Keeper
    witness: Witness

    def __call__(self, *, booking_id: BookingId) -> Booking:
        """The booking as it stands then. Raises ProviderFailed; NotFound."""
        booking = self._read(booking_id)
        events: list[StandingEvent] | None = None
        if self.keeper.calendar.in_database:
            return booking
        for _ in range(_MOST_STEPS):
            try:
                if events is None:
                    events = list(self.keeper.calendar.events(booking=booking))
                now = self.keeper.clock.now()
                booking = self._record(booking, partial(steps.hear, events=events, now=now))
                step = steps.next_step(booking, events, now=now)
                if isinstance(step, steps.Settled):
                    self._look_again(booking, events)
                    return booking
                booking = self._do(booking, step, events)
            except Overtaken:
                booking, events = self._read(booking_id), None
        raise ProviderFailed("The calendar's answers do not settle; looking again later.")

    def at_once(self, booking: Booking, *, ours: bool = True) -> Booking:
        """One try right after the commit, so that the caller gets its answer; a job goes on.

        It waits for as long as this should take (`Keeper.head_start`). What is not `ours`, because a
        repeat changed nothing, is somebody else's to settle: only looked at.
        """
        if Settle.CALENDAR not in booking.unfinished:
            return booking
        if not ours:
            return self._read(booking.id)
        try:
            return self(booking_id=booking.id)
        except ProviderFailed:
            self.keeper.put_job(settle_job(booking, Settle.CALENDAR, self.keeper.clock.now()))
            return self._read(booking.id)  # it may have come half way

    def when_answered(self, booking: Booking) -> Booking:
        """The booking as the provider's answer leaves it, or as it is where there is none."""
        try:
            return self(booking_id=booking.id)
        except ProviderFailed:
            return self._read(booking.id)  # it may have come half way

    def _do(
        self, booking: Booking, step: steps.CalendarStep, events: list[StandingEvent]
    ) -> Booking:
        """Does it; what it changed at the provider is changed in `events` as well."""
        match step:
            case steps.Book(slot):
                return self._book(booking, slot, events)
            case steps.WriteRemovalDown(place):
                return self._record(booking, lambda b: b.removal_written_down(place))
            case steps.TellNoShow(no_show):
                calendar = self.keeper.calendar
                tell = calendar.mark_no_show if no_show else calendar.undo_no_show
                with self._watching(booking, "no_show" if no_show else "undo_no_show"):
                    tell(booking=booking)
                events[:] = [evolve(each, no_show=no_show) for each in events]
                return self._record(booking, lambda b: b.no_show_settled())
            case steps.Remove(slot, only):
                with self._watching(booking, "remove", slot):
                    self.keeper.calendar.ensure_absent(booking=booking, slot=slot, only=only)
                events[:] = [each for each in events if not step.takes(each)]
            case steps.RecordBooked(event):
                return self._record(booking, lambda b: b.calendar_booked(event))
            case steps.GiveUp():
                return self._refused(booking, OwnReason.CALENDAR_TOO_LATE)
            case steps.Lapse():
                return self._record(booking, self._lapsed)
            case steps.RecordRescheduled(event):
                return self._record(booking, lambda b: b.reschedule_booked(event))
        return booking

    def _lapsed(self, booking: Booking) -> bool:
        booking.expire(now=self.keeper.clock.now())
        return True

    def _book(self, booking: Booking, slot: Slot, events: list[StandingEvent]) -> Booking:
        try:
            with self._watching(booking, "book", slot):
                event = self.keeper.calendar.ensure_booked(booking=booking, slot=slot)
        except SlotUnavailable as refused:
            for_good = refused.reason == "refused"
            why = OwnReason.CALENDAR_REFUSED if for_good else OwnReason.SLOT_TAKEN
            return self._refused(booking, why)
        except LinkNeeded as needed:
            if needed.lasting:
                self._learn_mode(booking)
            elif booking.pending_slot is not None:  # no link can move it; the limit ends
                raise ProviderFailed(needed.message, retry_after=_LIMIT) from needed
            until = link_deadline(self.keeper.clock.now())
            return self._record(
                booking, lambda b: b.link_needed(until=until) or b.reschedule_refused()
            )
        events.append(StandingEvent(event, slot))
        return booking

    def _refused(self, booking: Booking, why: OwnReason) -> Booking:
        """Ends what waits for the calendar; what was booked before stays where it is."""
        _log.warning("booking %s: the calendar said no (%s)", booking.id, why)
        return self._record(booking, lambda b: b.calendar_refused(why) or b.reschedule_refused())

    def _watching(
        self, booking: Booking, call: str, slot: Slot | None = None
    ) -> AbstractContextManager[None]:
        return self.witness.watching(booking, TrailKind.CALENDAR, call, **start_of(slot))

    def _learn_mode(self, booking: Booking) -> None:
        """From now on the builder's clients are sent to the provider at once (E2)."""
        with self.unit_of_work(write=False) as uow:
            known = uow.builders.get(booking.builder_id).scheduling_mode
        if known is not SchedulingMode.DIRECT:
            return
        with self.unit_of_work() as uow:
            builder = uow.builders.get_to_change(booking.builder_id)
            if builder.scheduling_mode is SchedulingMode.DIRECT:
                learnt = evolve(builder, scheduling_mode=SchedulingMode.LINK)
                uow.builders.save(learnt)
                now = self.keeper.clock.now()
                write_change(uow, builder, learnt, actor=Actor.system(), now=now)
                uow.commit()

    def _look_again(self, booking: Booking, events: Sequence[StandingEvent]) -> None:
        """The poll for what comes without a notice: the address to join at, the use of a link."""
        now = self.keeper.clock.now()
        pause = steps.look_again(booking, events, now=now)
        if pause is not None:
            self.keeper.put_job(look_job(booking, now + pause))

    def _read(self, booking_id: BookingId) -> Booking:
        with self.unit_of_work(write=False) as uow:
            return uow.bookings.get(booking_id)

    def _record(self, booking: Booking, fact: Callable[[Booking], bool]) -> Booking:
        """Raises Overtaken when the booking was changed since it was read."""
        return self.keeper.unless_overtaken(booking, fact, settles=Settle.CALENDAR)
