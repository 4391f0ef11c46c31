"""Whatever people, providers and time do, and in whatever order: the promises hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
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

from adapters.memory import Fault
from booking_core import (
    Actor,
    Booking,
    BookingError,
    BookingFilter,
    BookingState,
    CancellationPolicy,
    CheckoutState,
    DayRange,
    Dispute,
    RefundStep,
    Schedule,
    Slot,
    SlotUnavailable,
)
from booking_core.domain import money_steps
from booking_core.testing.examples import NOW, PRICE, a_contact, a_session_type
from tests.unit.application.paying import BUILDER, Shop, key_of

S = BookingState
HOUR = timedelta(hours=1)
ALWAYS = Schedule("UTC", {day: (DayRange.parse("00:00", "24:00"),) for day in range(7)})
HALF_BACK = CancellationPolicy(refunds=(RefundStep(timedelta(0), 50),))
CALLS = {
    "payments": ("request", "expire", "capture", "void", "refund", "standing"),
    "calendar": ("ensure_booked", "ensure_absent", "events", "explain"),
    "mailer": ("send",),
}
slots = st.integers(0, 5).map(
    lambda n: Slot(NOW + timedelta(days=20, hours=n), NOW + timedelta(days=20, hours=n + 1))
)
# By its place among the bookings, so that a failing example stays short.
which = st.integers(0, 4)


class Service(RuleBasedStateMachine):
    """A service with one builder, six slots, and providers that do as they like."""

    @initialize(paid=st.booleans())
    def open(self, paid: bool) -> None:
        self.shop = Shop.open(
            schedule=ALWAYS, cancellation_policy=HALF_BACK, price=PRICE if paid else None
        )
        self.booked = 0

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

    @rule(n=which)
    def client_comes_back(self, n: int) -> None:
        self._do(n, self.shop.comes_back)

    @rule(n=which)
    def client_pays_again(self, n: int) -> None:
        self._do(n, self.shop.pays_again)

    @rule(n=which, by_builder=st.booleans())
    def cancel(self, n: int, by_builder: bool) -> None:
        self._do(n, lambda b: self.shop.cancel(b, BUILDER if by_builder else None))

    @rule(n=which, slot=slots)
    def reschedule(self, n: int, slot: Slot) -> None:
        core = self.shop.core
        self._do(n, lambda b: core.reschedule_booking(booking_id=b.id, slot=slot, actor=BUILDER))

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
        taken = [event.slot for event in self.shop.calendar.standing()]
        if booking and booking.event and booking.slot in taken and slot not in self._claimed():
            self.shop.calendar.move(booking.event, slot)

    @rule(n=which)
    def cancelled_at_the_provider(self, n: int) -> None:
        booking = self._booking(n)
        if booking and booking.event and booking.slot in self._standing():
            self.shop.calendar.cancel(booking.event)

    @rule(n=which, times=st.integers(1, 2))
    def notices(self, n: int, times: int) -> None:
        for _ in range(times):
            self._do(n, lambda b: self.shop.core.settle_money(booking_id=b.id))
            self._do(n, lambda b: self.shop.core.settle_calendar(booking_id=b.id))

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
    def no_place_is_promised_twice(self) -> None:
        places = sorted(slot for b in self._all() if b.state.live for slot in set(b.slots()))
        assert all(a.end <= b.start for a, b in pairwise(places))

    @invariant()
    @precondition(lambda self: hasattr(self, "shop"))
    def nobody_gets_more_back_than_was_taken(self) -> None:
        for standing in self.shop.payments.checkouts().values():
            assert standing.refunded <= standing.captured

    @invariant()
    @precondition(lambda self: hasattr(self, "shop"))
    def no_mail_is_sent_twice(self) -> None:
        counted = Counter(mail.key for mail in self.shop.mailer.sent)
        assert all(count == 1 for count in counted.values())

    # ---- and when all has come to rest -------------------------------------------------------------

    def teardown(self) -> None:
        if not hasattr(self, "shop"):
            return
        for provider in CALLS:
            getattr(self.shop, provider)._plans.clear()
        for key, standing in self.shop.payments.checkouts().items():
            if standing.state is CheckoutState.PROCESSING:
                self.shop.payments.decline(key)  # banks answer, in the end
        for _ in range(15):
            self.shop.clock.advance(26 * HOUR)
            self.shop.work()
            for booking in self._all():
                self.shop.core.settle_calendar(booking_id=booking.id)
                self.shop.core.settle_money(booking_id=booking.id)
            self.shop.work()
        self._check_rest()

    def _check_rest(self) -> None:
        checkouts = self.shop.payments.checkouts()
        assert self.shop.core.jobs.dead() == ()
        for booking in self._all():
            assert booking.state is S.CONFIRMED or booking.state.dead, booking.state
            mine = [checkouts[a.key] for a in booking.payment.attempts if a.key in checkouts]
            assert all(
                each.state not in (CheckoutState.OPEN, CheckoutState.AUTHORISED) for each in mine
            )
            if not any(each.dispute in (Dispute.OPEN, Dispute.LOST) for each in mine):
                assert sum(each.held for each in mine) == booking.money_due()
            assert booking.money_due() <= self._allowed(booking)
        expected = sorted(slot for b in self._all() for slot in b.expected_slots())
        assert self._standing() == expected
        assert self.shop.core.jobs.waiting() == 0

    def _allowed(self, booking: Booking) -> int:
        """What the terms leave to the builder at most."""
        price = booking.payment.price.amount if booking.payment.price else 0
        if booking.state is S.CONFIRMED:
            return price
        return price // 2 if booking.state is S.CANCELLED else 0

    # ---- inside ------------------------------------------------------------------------------------

    def _all(self) -> list[Booking]:
        with self.shop.store(write=False) as uow:
            return list(uow.bookings.find(BookingFilter(limit=200)))

    def _booking(self, n: int) -> Booking | None:
        found = self._all()
        return found[n] if n < len(found) else None

    def _standing(self) -> list[Slot]:
        return sorted(event.slot for event in self.shop.calendar.standing())

    def _claimed(self) -> set[Slot]:
        return {slot for b in self._all() if b.state.live for slot in b.slots()}

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


def _settings(examples: int, *phases: Phase) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=25,
        deadline=None,
        derandomize=True,
        phases=phases or tuple(Phase),
        suppress_health_check=list(HealthCheck),
    )


def test_the_promises_hold_whatever_happens() -> None:
    run_state_machine_as_test(Service, settings=_settings(400))


def _no_refunds(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(money_steps, "_refund_down_to", lambda *_: None)


def _never_closed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(money_steps, "_let_go", lambda *_: None)


def _too_much_kept(patch: pytest.MonkeyPatch) -> None:
    real = Booking.cancel
    patch.setattr(Booking, "cancel", lambda self, **more: real(self, **more | {"keep": PRICE}))


def _claims_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Booking, "claims", lambda _: ())


@pytest.mark.parametrize("plant", [_no_refunds, _never_closed, _too_much_kept, _claims_forgotten])
def test_a_planted_bug_is_found(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises((AssertionError, BookingError, BaseExceptionGroup)):
        run_state_machine_as_test(Service, settings=_settings(300, Phase.generate))
