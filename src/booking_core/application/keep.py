"""How a change of a booking becomes permanent; written once, used by every use case.

Lock order, the same everywhere: booking rows, then the session type, then claims.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import NoReturn

from attrs import evolve, frozen

from booking_core.application.letters import called_for
from booking_core.application.people import People
from booking_core.application.repeats import as_answer, as_refusal, replayed
from booking_core.application.send_mail import subject
from booking_core.application.witness import of_events
from booking_core.domain import events
from booking_core.domain.booking import Booking, Settle
from booking_core.domain.calendar_steps import look_at_link
from booking_core.domain.contact import Contact
from booking_core.domain.errors import SlotUnavailable, StaleBooking
from booking_core.domain.ids import BuilderId
from booking_core.domain.transitions import BookingState
from booking_core.ports.calendar import CalendarProvider
from booking_core.ports.clock import Clock
from booking_core.ports.inbox import InboxKey
from booking_core.ports.mail_writer import LetterKind, Reader
from booking_core.ports.outbox import Job, Topic
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

_TRIES = 3
_STANDS_ANEW = (events.BookingConfirmed, events.BookingRescheduled)


class Overtaken(Exception):
    """The booking was changed since it was read."""


@frozen
class Keeper:
    """Runs changes of bookings, each in a transaction of its own.

    `head_start` is for callers who settle the calendar themselves right after the commit: for so long
    the job leaves it to them, so that no two ask a provider for the same event.
    """

    unit_of_work: UnitOfWorkFactory
    calendar: CalendarProvider
    clock: Clock
    people: People
    head_start: timedelta = timedelta(0)

    def once(
        self,
        change: Callable[[UnitOfWork], Booking],
        *,
        key: InboxKey | None = None,
        before: Callable[[], None] = lambda: None,
        explain: Callable[[SlotUnavailable], SlotUnavailable] = lambda refused: refused,
    ) -> Booking:
        """Keeps what `change` answers; a repeat under the same key gets the first answer.

        A change that met another writer is tried again from the start. `before` asks what must be
        asked outside of the transaction; `explain` adds to a refusal what can only be read after it.

        Raises:
            StaleBooking: other writers were in the way each time.
        """
        for last in (False,) * (_TRIES - 1) + (True,):
            try:
                if not self.calendar.in_database:
                    answered = self._answered(key)
                    if answered is not None:
                        return answered
                before()
                return self._try(change, key)
            except SlotUnavailable as refused:
                return self._refuse(explain(refused), key)
            except StaleBooking:
                if last:
                    raise
        raise AssertionError  # the last round returns or raises

    def _answered(self, key: InboxKey | None) -> Booking | None:
        """What a repeat gets, before a provider is asked about what is long decided (C9)."""
        if key is None:
            return None
        with self.unit_of_work() as uow:
            stored = uow.inbox.open(key=key, now=self.clock.now())
            return None if stored is None else replayed(uow, stored)

    def _try(self, change: Callable[[UnitOfWork], Booking], key: InboxKey | None) -> Booking:
        with self.unit_of_work() as uow:
            if key is not None:
                stored = uow.inbox.open(key=key, now=self.clock.now())
                if stored is not None:
                    return replayed(uow, stored)
            booking = change(uow)
            self.put(uow, booking)
            if key is not None:
                uow.inbox.answer(key=key, answer=as_answer(booking))
            uow.commit()
            return booking

    def _refuse(self, refused: SlotUnavailable, key: InboxKey | None) -> Booking:
        """Remembers the refusal under its key, if it lasts, unless the key has an answer by now."""
        if key is None or not refused.lasting:
            raise refused
        with self.unit_of_work() as uow:
            stored = uow.inbox.open(key=key, now=self.clock.now())
            if stored is not None:
                return replayed(uow, stored)
            uow.inbox.answer(key=key, answer=as_refusal(refused))
            uow.commit()
        raise refused

    def refuse(self, refused: SlotUnavailable, key: InboxKey | None) -> NoReturn:
        """Raises it, for a repeat under the key as well: a provider said no to what was kept before.

        Kept even where it does not last: else a repeat would be told that it was done.
        """
        if key is not None:
            with self.unit_of_work() as uow:
                uow.inbox.open(key=key, now=self.clock.now())
                uow.inbox.answer(key=key, answer=as_refusal(refused))
                uow.commit()
        raise refused

    def unless_overtaken(
        self, booking: Booking, fact: Callable[[Booking], bool], *, settles: Settle
    ) -> Booking:
        """Keeps what `fact` makes of a booking that was read before a provider was asked, if anything.

        It is tried on a copy first, so nothing is written where there is no news. What is known of
        the provider is as old as the booking that was read, so it counts for nothing once that was
        changed. `settles` is what the caller is about to make right itself.

        Raises:
            Overtaken: it was changed; read again and ask again.
        """

        if not fact(evolve(booking, unsettled=set(), events=[])):
            return booking

        def change(uow: UnitOfWork) -> Booking:
            current = uow.bookings.get(booking.id)
            if current.version != booking.version:
                raise Overtaken
            fact(current)
            current.settled(settles)
            return current

        return self.once(change)

    def put(self, uow: UnitOfWork, booking: Booking) -> None:
        """Writes the booking, its claims, its work and its trail into the open transaction.

        Raises:
            SlotUnavailable: somebody else holds the place; leave without a commit.
            StaleBooking: somebody else saved the booking since it was read.
        """
        self._settle_here(booking)
        if booking.deadline is None:
            booking.origin = None  # it was for counting what waits
        uow.bookings.save(booking)
        self._claim(uow, booking)
        self._write_work_down(uow, booking)

    def _claim(self, uow: UnitOfWork, booking: Booking) -> None:
        """Takes the places of the booking.

        Where the provider holds the event it has judged already, so the session stands there even if
        we keep the time for somebody else, whom the provider will refuse.
        """
        wanted = booking.claims()
        if uow.claims.keep(booking_id=booking.id, claims=wanted):
            return
        placed = booking.event is not None and not self.calendar.in_database
        rest = [claim for claim in wanted if not (placed and claim.slot == booking.slot)]
        if len(rest) == len(wanted) or not uow.claims.keep(booking_id=booking.id, claims=rest):
            raise SlotUnavailable("busy", "This time has just been taken; choose another one.")

    def _settle_here(self, booking: Booking) -> None:
        """Where the calendar is our own database, kept claims are all there is to settle."""
        if not self.calendar.in_database:
            return
        if booking.state is BookingState.CONFIRMING:
            booking.calendar_booked()
        booking.reschedule_booked()
        booking.settled(Settle.CALENDAR)

    def _write_work_down(self, uow: UnitOfWork, booking: Booking) -> None:
        now = self.clock.now()
        for what in sorted(booking.unsettled):
            job = settle_job(booking, what, now)
            if self.head_start and what is Settle.CALENDAR and what in booking.unfinished:
                job = evolve(job, due_at=now + self.head_start)
                uow.outbox.withdraw(job)  # an earlier one would begin in the middle
            uow.outbox.put(job)
        self._watch_link(uow, booking, now)
        for event in booking.events:
            for kind, reader in called_for(event):
                for place in self._readers(booking, reader):
                    job = _mail_job(booking, kind, reader, place, now, _detail(booking, event))
                    uow.outbox.put(job)
        self._remind(uow, booking, now)
        if any(isinstance(event, events.BookingConfirmed) for event in booking.events):
            self._meet(uow, booking)
        if booking.events:
            uow.trail.add(of_events(booking, at=now))
        booking.unsettled.clear()
        booking.events.clear()

    def _watch_link(self, uow: UnitOfWork, booking: Booking, now: datetime) -> None:
        """The client may use its link at any time, and no notice need tell us."""
        waits = booking.state is BookingState.AWAITING_SCHEDULING and bool(booking.events)
        pause = look_at_link(booking, now=now) if waits else None
        if pause is not None and not self.calendar.in_database:
            uow.outbox.put(look_job(booking, now + pause))

    def _meet(self, uow: UnitOfWork, booking: Booking) -> None:
        """Makes the client's account where the builder wants that; the booking stays anonymous (C6).

        Anybody may have booked with that address, so its owner is not called by what was said there.
        """
        if not booking.client.known and uow.builders.get(booking.builder_id).client_accounts:
            self.people.of_address(uow, Contact.unnamed(booking.client.contact.email))

    def _remind(self, uow: UnitOfWork, booking: Booking, now: datetime) -> None:
        """Writes the reminders down that are still to come, and takes back those of a start that is off."""
        for start in _starts_left(booking):
            for job in self._reminders(uow, booking, start):
                uow.outbox.withdraw(job)
        if booking.slot and any(isinstance(event, _STANDS_ANEW) for event in booking.events):
            for job in self._reminders(uow, booking, booking.slot.start):
                if job.due_at > now:
                    uow.outbox.put(job)

    def _reminders(self, uow: UnitOfWork, booking: Booking, start: datetime) -> Iterator[Job]:
        """At the builder's offsets before the start."""
        for offset in uow.builders.get(booking.builder_id).reminders:
            for reader in Reader:
                for place in self._readers(booking, reader):
                    due_at, told = start - offset, start.isoformat()
                    yield _mail_job(booking, LetterKind.REMINDER, reader, place, due_at, told)

    def _readers(self, booking: Booking, reader: Reader) -> range:
        """One mail each, so that a dead address keeps nobody else's back.

        Guests are told by the provider where it holds the event.
        """
        if reader is not Reader.GUEST:
            return range(1)
        return range(len(booking.details.guests) if self.calendar.in_database else 0)

    def put_job(self, job: Job) -> None:
        """Writes a job down by itself: what it is about has been kept already."""
        with self.unit_of_work() as uow:
            uow.outbox.put(job)
            uow.commit()

    def end_overdue(self, uow: UnitOfWork, *, builder_id: BuilderId | None = None) -> int:
        """Ends the holds whose time is over, so that nobody is refused because of them."""
        now = self.clock.now()
        ended = 0
        page = uow.bookings.overdue(now=now, builder_id=builder_id)
        while page:
            ended += sum(self.lapse(uow, booking, now) for booking in page)
            page = uow.bookings.overdue(now=now, builder_id=builder_id, after=page[-1].id)
        return ended

    def lapse(self, uow: UnitOfWork, booking: Booking, now: datetime) -> bool:
        """Ends an overdue booking; False, and nothing done, when the provider has to be asked first."""
        if not booking.lapses_by_itself or self._may_be_scheduled(booking):
            return False
        booking.expire(now=now)
        self.put(uow, booking)
        return True

    def _may_be_scheduled(self, booking: Booking) -> bool:
        """The client may have used its link at the provider without our having heard of that."""
        return booking.state is BookingState.AWAITING_SCHEDULING and not self.calendar.in_database


def settle_job(booking: Booking, what: Settle, now: datetime) -> Job:
    """To settle the calendar or the money of the booking; one of each waits at most."""
    topic = Topic.SETTLE_CALENDAR if what is Settle.CALENDAR else Topic.SETTLE_MONEY
    return Job(topic=topic, booking_id=booking.id, key=f"{what}:{booking.id}", due_at=now)


def look_job(booking: Booking, due_at: datetime) -> Job:
    """To look at the calendar of the booking at that time; one waits for a booking at most."""
    key = f"calendar look:{booking.id}"
    return Job(topic=Topic.SETTLE_CALENDAR, booking_id=booking.id, key=key, due_at=due_at)


def _starts_left(booking: Booking) -> Iterator[datetime]:
    """When the session was to start and, by what has just happened, does not."""
    for event in booking.events:
        match event:
            case events.BookingRescheduled(was=left):
                yield left.start
            case events.BookingCancelled() if booking.slot:
                yield booking.slot.start


def _detail(booking: Booking, event: events.BookingEvent) -> str:
    """What the mail of the event tells, and the booking will not know any more."""
    match event:
        case (
            events.BookingCancelled()
            | events.BookingFailed()
            | events.LinkUnused()
            | events.DisputeEnded()
        ):
            return str(booking.payment.returned)
        case events.MoneyGivenBack(amount=amount):
            return str(amount)
        case events.BookingRescheduled(was=left):
            return left.start.isoformat()
    return ""


def _mail_job(
    booking: Booking,
    kind: LetterKind,
    reader: Reader,
    place: int,
    due_at: datetime,
    detail: str,
) -> Job:
    about = subject(kind, reader, place, detail)
    # A start that the booking left and came back to has the same reminders.
    change = "reminder" if kind is LetterKind.REMINDER else booking.version
    key = f"mail:{booking.id}:{change}:{about}:{due_at.isoformat()}"
    return Job(topic=Topic.SEND_MAIL, booking_id=booking.id, key=key, subject=about, due_at=due_at)
