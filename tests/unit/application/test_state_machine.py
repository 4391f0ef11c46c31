"""Whatever people, providers and time do, and in whatever order: the promises hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from adapters.memory import Fault, MemoryCalendar
from adapters.memory.claims import MemoryClaims
from booking_core import (
    Actor,
    Booking,
    BookingError,
    BookingFilter,
    BookingId,
    BookingState,
    CancellationPolicy,
    DayRange,
    Dispute,
    RefundStep,
    Schedule,
    Settle,
    Slot,
    SlotUnavailable,
    TimeWindow,
)
from booking_core.application.keep import settle_job
from booking_core.domain import calendar_steps, money_steps
from booking_core.domain.events import BookingConfirmed
from booking_core.testing.examples import NOW, PRICE, a_builder, a_contact, a_session_type
from tests.unit.application.paying import BUILDER, Shop, key_of

S = BookingState
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
THE_DAY = NOW + 20 * DAY
ALWAYS = Schedule("UTC", {day: (DayRange.parse("00:00", "24:00"),) for day in range(7)})
HALF_BACK = CancellationPolicy(refunds=(RefundStep(timedelta(0), 50),))
CALLS = {
    "payments": ("request", "expire", "capture", "void", "refund", "standing"),
    "calendar": ("ensure_booked", "ensure_absent", "events", "explain"),
    "mailer": ("send",),
}
slots = st.integers(0, 5).map(lambda n: Slot(THE_DAY + n * HOUR, THE_DAY + (n + 1) * HOUR))
STOOD = (S.CONFIRMED, S.COMPLETED, S.NO_SHOW)
# What a client is told once in the life of a booking at most.
ONCE = ("Booked", "Cancelled", "Could not be booked", "No time was chosen", "Not paid in time")
# By its place among the bookings, so that a failing example stays short.
which = st.integers(0, 4)


# The promises, by name; a planted bug has to break the one that it is about.
BLOCKED = "what is blocked is what bookings that live or were served expect"
NOT_TWICE = "no place is promised twice"
AT_MOST = "nobody gets more back than was taken"
ONE_MAIL = "no mail is sent twice"
QUIET = "everything comes to rest by its jobs alone"
ENDED = "every booking stands or has ended"
PAID_FOR = "no session takes place whose money is missing"
BY_TERMS = "the builder holds what the terms say"
CALENDAR = "the calendar shows what the bookings say"


class Service(RuleBasedStateMachine):
    """A service with one builder, six slots, and providers that do as they like.

    What happens at a provider comes to us as a notice, which is a job. Nothing else is settled by
    hand at the end: time passes, and the jobs are done.
    """

    broken = False

    @initialize(paid=st.booleans())
    def open(self, paid: bool) -> None:
        self.shop = Shop.open(
            schedule=ALWAYS, cancellation_policy=HALF_BACK, price=PRICE if paid else None
        )
        self.booked = 0
        self.elsewhere: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
        self.cancelled_there: set[BookingId] = set()
        self.links: set[BookingId] = set()
        self.lost = 0

    # ---- clients and the builder -------------------------------------------------------------------

    @rule(slot=slots)
    def book(self, slot: Slot) -> None:
        self.booked += 1
        contact = a_contact(email=f"client{self.booked}@example.org")
        with suppress(BookingError):
            self.shop.confirm(slot, contact=contact, key=f"key {self.booked}")

    @rule(slot=slots, move=st.sampled_from(["pay", "authorise"]))
    def book_and_pay(self, slot: Slot, move: str) -> None:
        self.book(slot)
        self._play(0, move)
        self._do(0, self.shop.comes_back)

    @rule(slot=slots)
    def begin_and_book(self, slot: Slot) -> None:
        self.booked += 1
        contact = a_contact(email=f"client{self.booked}@example.org")
        with suppress(BookingError, ValueError):
            begun = self.shop.core.initialize_booking(
                session_type_id=a_session_type().id, actor=Actor.anonymous(), contact=contact
            ).booking
            if begun.payment.attempts:
                self.shop.payments.pay(key_of(begun))
                self.shop.comes_back(begun)
            self.shop.core.confirm_booking(
                session_type_id=a_session_type().id,
                slot=slot,
                actor=self.shop.client(begun),
                booking_id=begun.id,
            )

    @rule(paid=st.booleans())
    def take_a_link(self, paid: bool) -> None:
        """The client will place the event itself; where there is a price, after paying."""
        self.booked += 1
        contact = a_contact(email=f"client{self.booked}@example.org")
        with suppress(BookingError, ValueError):
            begun = self.shop.core.initialize_booking(
                session_type_id=a_session_type().id, actor=Actor.anonymous(), contact=contact
            ).booking
            if paid and begun.payment.attempts:
                self.shop.payments.authorise(key_of(begun))
                self.shop.comes_back(begun)

    @rule(slot=slots, n=which)
    def client_uses_the_link(self, slot: Slot, n: int) -> None:
        """In time or too late, once or again; the provider offers what is free there."""
        linked = [b for b in self._all() if b.id in self.links]
        if linked and self._is_free(slot):
            booking = linked[n % len(linked)]
            self.shop.calendar.place(
                builder=a_builder(), session_type=a_session_type(), slot=slot, tag=booking.tag
            )
            if booking.state is S.AWAITING_SCHEDULING:
                self._hint(booking, Settle.CALENDAR)
            else:
                self._notice(booking, Settle.CALENDAR)

    @rule(n=which, move=st.sampled_from(["pay", "authorise", "process", "run_out"]))
    def at_the_checkout(self, n: int, move: str) -> None:
        self._play(n, move)

    @rule(n=which, move=st.sampled_from(["pay", "decline", "lapse", "dispute"]))
    def at_the_bank(self, n: int, move: str) -> None:
        self._play(n, move)

    @rule(n=which, won=st.booleans())
    def dispute_ends(self, n: int, won: bool) -> None:
        booking = self._booking(n)
        if booking is None or not booking.payment.attempts:
            return
        standing = self.shop.payments.checkouts().get(key_of(booking))
        if standing is not None and standing.dispute is Dispute.OPEN:
            self.shop.payments.end_dispute(key_of(booking), won=won)
            self._hint(booking, Settle.MONEY)

    @rule(n=which, amount=st.sampled_from([1_000, 2_500, 5_000]))
    def refunded_elsewhere(self, n: int, amount: int) -> None:
        """What went back elsewhere, and what we had given back until then, is remembered."""
        booking = self._booking(n)
        if booking is not None and booking.payment.attempts:
            with suppress(ValueError, BookingError):
                key = key_of(booking)
                self.shop.payments.refund_elsewhere(key, amount)
                so_far = self.elsewhere[key][0] + amount
                ours = self.shop.payments.checkouts()[key].refunded - so_far
                self.elsewhere[key] = so_far, ours
                self._hint(booking, Settle.MONEY)

    @rule(n=which)
    def client_comes_back(self, n: int) -> None:
        self._do(n, self.shop.comes_back)

    @rule(n=which)
    def client_pays_again(self, n: int) -> None:
        self._do(n, self.shop.pays_again)

    @rule(n=which, by_builder=st.booleans())
    def cancel(self, n: int, by_builder: bool) -> None:
        self._do(n, lambda b: self.shop.cancel(b, BUILDER if by_builder else None))

    @rule(n=which, slot=slots, by_builder=st.booleans(), answers=st.booleans())
    def reschedule(self, n: int, slot: Slot, by_builder: bool, answers: bool) -> None:
        if not answers:
            self.shop.calendar.break_next("ensure_booked")
        self._do(
            n,
            lambda b: self.shop.core.reschedule_booking(
                booking_id=b.id, slot=slot, actor=BUILDER if by_builder else self.shop.client(b)
            ),
        )

    @rule(n=which, said=st.sampled_from(["complete_booking", "mark_no_show", "undo_no_show"]))
    def builder_says(self, n: int, said: str) -> None:
        self._do(n, lambda b: getattr(self.shop.core, said)(booking_id=b.id, actor=BUILDER))

    @rule(n=which, said=st.sampled_from(["complete_booking", "mark_no_show"]))
    def the_session_takes_place(self, n: int, said: str) -> None:
        booking = self._booking(n)
        if booking is not None and booking.slot is not None:
            self.shop.clock.set(max(self.shop.clock.now(), booking.slot.start))
            self.builder_says(n, said)

    # ---- the providers -----------------------------------------------------------------------------

    @rule(fault=st.sampled_from(Fault), data=st.data(), times=st.integers(1, 3))
    def break_a_provider(self, fault: Fault, data: st.DataObject, times: int) -> None:
        provider = data.draw(st.sampled_from(sorted(CALLS)))
        method = data.draw(st.sampled_from(CALLS[provider]))
        getattr(self.shop, provider).break_next(method, fault, times=times)

    @rule(slot=slots)
    def calendar_refuses(self, slot: Slot) -> None:
        error: Any = SlotUnavailable("busy", "no")
        self.shop.calendar.break_next("ensure_booked", error=error)

    @rule(n=which, slot=slots)
    def moved_at_the_provider(self, n: int, slot: Slot) -> None:
        booking = self._booking(n)
        if booking and booking.event and self._shown(booking) and self._is_free(slot):
            self.shop.calendar.move(booking.event, slot)
            self._notice(booking, Settle.CALENDAR)

    @rule(n=which)
    def cancelled_at_the_provider(self, n: int) -> None:
        booking = self._booking(n)
        if booking and booking.event and self._shown(booking):
            self.shop.calendar.cancel(booking.event)
            self.cancelled_there.add(booking.id)
            self._notice(booking, Settle.CALENDAR)

    @rule(times=st.integers(1, 3))
    def notices_get_lost(self, times: int) -> None:
        """The next ones; those of an event that was moved or cancelled are for the repair."""
        self.lost = times

    @rule(n=which, what=st.sampled_from(Settle))
    def a_notice_of_nothing(self, n: int, what: Settle) -> None:
        self._do(n, lambda b: self._notice(b, what))

    # ---- time --------------------------------------------------------------------------------------

    @rule(length=st.sampled_from([timedelta(0), timedelta(minutes=5), HOUR, 26 * HOUR]))
    def time_passes(self, length: timedelta) -> None:
        self.shop.clock.advance(length)

    @rule()
    def jobs_are_done(self) -> None:
        self.shop.work()

    # ---- what holds at any time --------------------------------------------------------------------

    @invariant()
    @precondition(lambda self: hasattr(self, "shop"))
    def what_holds_at_any_time(self) -> None:
        now = self.shop.clock.now()
        expected = sorted(
            slot
            for booking in self._all()
            if booking.state.live or booking.state.served
            if not (booking.lapses_by_itself and booking.overdue(now))
            for slot in booking.slots()
        )
        self._promise(len(expected) == len(set(expected)), NOT_TWICE)
        self._promise(self._blocked() == expected, BLOCKED)
        for standing in self.shop.payments.checkouts().values():
            self._promise(standing.refunded <= standing.captured, AT_MOST)
        told = Counter(
            (mail.to, headline)
            for mail in self.shop.mailer.sent
            if (headline := mail.subject.partition(":")[0]) in ONCE and "client" in mail.to
        )
        self._promise(all(count <= 1 for count in told.values()), ONE_MAIL)

    # ---- and when all has come to rest -------------------------------------------------------------

    def teardown(self) -> None:
        if self.broken or not hasattr(self, "shop"):
            return
        for provider in CALLS:
            getattr(self.shop, provider)._plans.clear()
        for booking in self._all():
            for attempt in booking.payment.attempts:
                with suppress(ValueError):
                    self.shop.payments.decline(attempt.key)  # banks answer, in the end
        all_is_over = max(self.shop.clock.now(), THE_DAY) + 2 * DAY
        for _ in range(60):
            self.shop.work()
            if self.shop.clock.now() > all_is_over and not self.shop.core.jobs.waiting():
                break
            self.shop.clock.advance(DAY)
        self._check_rest()

    def _check_rest(self) -> None:
        bookings = self._all()
        for booking in bookings:
            self._promise(booking.state in STOOD or booking.state.dead, ENDED)
            self._check_money(booking)
        expected = {slot for b in bookings for slot in b.expected_slots()}
        shown = self._standing()
        self._promise(len(shown) == len(set(shown)) and expected >= set(shown), CALENDAR)
        self._promise({b.slot for b in bookings if b.state is S.CONFIRMED} <= set(shown), CALENDAR)
        self._promise(not self.shop.core.jobs.dead(), QUIET)
        self._promise(not self.shop.core.jobs.waiting(), QUIET)

    def _check_money(self, booking: Booking) -> None:
        due, checkouts = booking.money_due(), self.shop.payments.checkouts()
        self._promise(due <= self._allowed(booking), BY_TERMS)
        unpaid = booking.payment.required and booking.payment.accepted is None
        self._promise(not (unpaid and booking.state in STOOD), PAID_FOR)
        for attempt in booking.payment.attempts:
            standing = checkouts.get(attempt.key)
            if standing is None or standing.dispute in (Dispute.OPEN, Dispute.LOST):
                continue
            keep = due if attempt.number == booking.payment.accepted else 0
            elsewhere, before = self.elsewhere[attempt.key]
            most = max(standing.captured - keep - elsewhere, before)
            self._promise(standing.held <= keep <= standing.captured, BY_TERMS)
            self._promise(standing.held + elsewhere >= keep, PAID_FOR)
            self._promise(standing.refunded - elsewhere <= most, BY_TERMS)

    def _allowed(self, booking: Booking) -> int:
        """What the terms leave to the builder at most; they count when we hear of a cancellation."""
        price = booking.payment.price.amount if booking.payment.price else 0
        if booking.state in STOOD or booking.id in self.cancelled_there:
            return price
        return price // 2 if booking.state is S.CANCELLED else 0

    # ---- inside ------------------------------------------------------------------------------------

    def _promise(self, kept: bool, name: str) -> None:
        self.broken = self.broken or not kept
        assert kept, name

    def _hint(self, booking: Booking, what: Settle) -> None:
        """A notice, unless it gets lost."""
        if self.lost:
            self.lost -= 1
        else:
            self._notice(booking, what)

    def _notice(self, booking: Booking, what: Settle) -> None:
        """What hearing of it comes to: a job, which waits until somebody works."""
        with self.shop.store() as uow:
            uow.outbox.put(settle_job(booking, what, self.shop.clock.now()))
            uow.commit()

    def _all(self) -> list[Booking]:
        with self.shop.store(write=False) as uow:
            found = list(uow.bookings.find(BookingFilter(limit=200)))
        self.links |= {b.id for b in found if b.state is S.AWAITING_SCHEDULING}
        return found

    def _booking(self, n: int) -> Booking | None:
        found = self._all()
        return found[n % len(found)] if found else None

    def _shown(self, booking: Booking) -> bool:
        return any(event.ref == booking.event for event in self.shop.calendar.standing())

    def _standing(self) -> list[Slot]:
        return sorted(event.slot for event in self.shop.calendar.standing())

    def _blocked(self) -> list[Slot]:
        always = TimeWindow(NOW, THE_DAY + 30 * DAY)
        with self.shop.store(write=False) as uow:
            busy = uow.claims.busy(
                builder_id=a_builder().id, window=always, now=self.shop.clock.now()
            )
        return sorted(Slot(each.window.start, each.window.end) for each in busy)

    def _is_free(self, slot: Slot) -> bool:
        """At the provider and with us."""
        return slot not in self._standing() and slot not in self._blocked()

    def _do(self, n: int, act: Callable[[Booking], object]) -> None:
        booking = self._booking(n)
        if booking is not None:
            with suppress(BookingError):
                act(booking)

    def _play(self, n: int, move: str) -> None:
        """What is not possible at the provider now does not happen."""
        booking = self._booking(n)
        if booking is not None and booking.payment.attempts:
            with suppress(ValueError, KeyError):
                getattr(self.shop.payments, move)(key_of(booking))
                self._hint(booking, Settle.MONEY)


def _settings(examples: int, *phases: Phase) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        report_multiple_bugs=False,
        phases=phases or tuple(Phase),
        suppress_health_check=list(HealthCheck),
    )


def test_the_promises_hold_whatever_happens() -> None:
    run_state_machine_as_test(Service, settings=_settings(400))


# ---- planted bugs ------------------------------------------------------------------------------------

Patch = pytest.MonkeyPatch


def no_refunds(patch: Patch) -> None:
    """What was paid stays, however the booking ended."""
    patch.setattr(money_steps, "_refund_down_to", lambda *_: None)


def never_captured(patch: Patch) -> None:
    """What the bank holds for a session that stands is not taken in time."""
    real = money_steps._keep

    def keep(*args: Any) -> Any:
        found = real(*args)
        return None if isinstance(found, money_steps.Capture) else found

    patch.setattr(money_steps, "_keep", keep)


def too_much_kept(patch: Patch) -> None:
    """The builder keeps the whole price when a client cancels."""
    real = Booking.cancel
    patch.setattr(Booking, "cancel", lambda self, **more: real(self, **more | {"keep": PRICE}))


def claims_forgotten(patch: Patch) -> None:
    """Nothing is blocked for a booking."""
    patch.setattr(Booking, "claims", lambda _: ())


def old_slot_given_away(patch: Patch) -> None:
    """While a reschedule is pending only the new slot is blocked."""
    real = Booking.claims
    patch.setattr(Booking, "claims", lambda self: real(self)[-1:])


def events_stay(patch: Patch) -> None:
    """What stands at the provider is never removed."""
    real = calendar_steps.next_step

    def step(booking: Booking, events: Any, *, now: Any) -> Any:
        found = real(booking, events, now=now)
        stays = isinstance(found, calendar_steps.Remove)
        return calendar_steps.Settled() if stays else found

    patch.setattr(calendar_steps, "next_step", step)


def places_for_everybody(patch: Patch) -> None:
    """Whoever asks for a time gets it."""
    patch.setattr(MemoryClaims, "_has_room", lambda *_: True)
    patch.setattr(MemoryCalendar, "_check_free", lambda *_: None)
    patch.setattr(MemoryCalendar, "_busy_of", lambda *_: [])


def told_anew(patch: Patch) -> None:
    """Each time that the money of a session was looked at, it is told as booked."""
    real = Booking.money_settled

    def settled(self: Booking, *args: Any, **more: Any) -> bool:
        if self.state is S.CONFIRMED:
            self.events.append(BookingConfirmed(self.id))
        return real(self, *args, **more) or self.state is S.CONFIRMED

    patch.setattr(Booking, "money_settled", settled)


def waits_for_ever(patch: Patch) -> None:
    """A deadline of a booking that is to be paid ends nothing."""
    patch.setattr(money_steps, "_may_expire", lambda *_: False)


PLANTS = [
    (no_refunds, BY_TERMS),
    (never_captured, BY_TERMS),
    (too_much_kept, BY_TERMS),
    (claims_forgotten, BLOCKED),
    (old_slot_given_away, BLOCKED),
    (events_stay, CALENDAR),
    (places_for_everybody, NOT_TWICE),
    (told_anew, ONE_MAIL),
    (waits_for_ever, ENDED),
]


@pytest.mark.parametrize(("plant", "broken"), PLANTS, ids=[plant.__name__ for plant, _ in PLANTS])
def test_a_planted_bug_breaks_the_promise_that_it_is_about(
    plant: Callable[[Patch], None], broken: str, monkeypatch: Patch
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError, match=broken):
        run_state_machine_as_test(Service, settings=_settings(1_000, Phase.generate))
