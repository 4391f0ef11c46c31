"""A thousand paid bookings, with every tenth call to any provider going wrong in every way."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from adapters.memory import Fault, MemoryCalendar, MemoryClock, MemoryMailer, MemoryPayments
from booking_core import (
    SERVED,
    Booking,
    BookingError,
    BookingFilter,
    BookingState,
    CancellationPolicy,
    CheckoutState,
    DayRange,
    Dispute,
    Mail,
    PaymentStatus,
    ProviderFailed,
    RefundStep,
    Schedule,
    Slot,
)
from booking_core.testing.examples import NOW, a_contact
from tests.unit.application.paying import BUILDER, Shop, key_of

BOOKINGS = 1_000
DAY_AND_NIGHT = Schedule("UTC", {day: (DayRange.parse("00:00", "24:00"),) for day in range(7)})
RATE = 0.1
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Unreliable:
    """Every tenth call gets lost on its way there or back, as long as there is trouble."""

    chance: random.Random
    trouble = True

    @contextmanager
    def _call(self, method: str) -> Iterator[None]:
        fault = self.chance.choice(list(Fault)) if self._fails() else None
        asked = self.chance.choice([None, timedelta(seconds=20), MINUTE])
        if fault is Fault.LOST_CALL:
            raise ProviderFailed("lost", retry_after=asked)
        yield
        if fault is Fault.LOST_ANSWER:
            raise ProviderFailed("its answer is lost", retry_after=asked)

    def _fails(self) -> bool:
        return self.trouble and self.chance.random() < RATE


class Payments(Unreliable, MemoryPayments): ...


class Calendar(Unreliable, MemoryCalendar): ...


class Mailer(Unreliable, MemoryMailer):
    """Counts the calls that failed, by the key of the mail."""

    def __init__(self) -> None:
        super().__init__()
        self.failed: Counter[str] = Counter()

    def send(self, *, mail: Mail) -> None:
        try:
            super().send(mail=mail)
        except ProviderFailed:
            self.failed[mail.key] += 1
            raise


class Client:
    """What the clients, their banks and the builder do, at random."""

    def __init__(self, shop: Shop, chance: random.Random) -> None:
        self.shop, self.chance = shop, chance

    def book(self, number: int) -> None:
        slot = self._slot()
        contact = a_contact(email=f"client{number}@example.org")
        try:
            booking = self.shop.confirm(slot, contact=contact, key=f"key {number}")
        except BookingError:  # refused, or the calendar did not answer: the client gives up
            return
        with suppress(BookingError, ValueError):
            self._go_on(booking)

    def _slot(self) -> Slot:
        start = (self.shop.clock.now() + HOUR).replace(minute=0, second=0, microsecond=0)
        start += timedelta(hours=self.chance.randrange(24 * 20))
        return Slot(start, start + timedelta(hours=1))

    def _go_on(self, booking: Booking) -> None:
        payments, key = self.shop.payments, key_of(booking)
        if self.chance.random() < 0.1:
            self.shop.pays_again(booking)
        match self.chance.randrange(10):
            case 0:
                return  # closes the page
            case 1 | 2:
                payments.pay(key)
            case 3:
                payments.process(key)
                self._later(lambda: payments.pay(key))
            case 4:
                payments.process(key)
                self._later(lambda: payments.decline(key))
            case 5:
                payments.authorise(key)
                payments.lapse(key)
            case _:
                payments.authorise(key)
        if self.chance.random() < 0.5:
            self.shop.comes_back(booking)
        self._change_of_mind(booking, key)

    def _change_of_mind(self, booking: Booking, key: str) -> None:
        match self.chance.randrange(12):
            case 0:
                self.shop.cancel(booking)
            case 1:
                self.shop.cancel(booking, BUILDER)
            case 2:
                self.shop.work(MINUTE)
                self.shop.cancel(booking)
            case 3:
                self.shop.core.reschedule_booking(
                    booking_id=booking.id, slot=self._slot(), actor=BUILDER
                )
            case 4:
                self.shop.payments.dispute(key)
                won = self.chance.random() < 0.5
                self._later(lambda: self.shop.payments.end_dispute(key, won=won))
                self._notice(booking)
            case 5:
                self.shop.payments.refund_elsewhere(key, 1)
            case 6 if self.shop.now(booking).event is not None:
                self.shop.calendar.cancel(self.shop.now(booking).event)
                self.shop.core.settle_calendar(booking_id=booking.id)

    def _later(self, move: Callable[[], Any]) -> None:
        self.shop.work(self.chance.randrange(4) * MINUTE)
        move()

    def _notice(self, booking: Booking) -> None:
        """The provider tells us; sometimes twice, sometimes late."""
        for _ in range(self.chance.randrange(3)):
            with suppress(ProviderFailed):
                self.shop.core.settle_money(booking_id=booking.id)


@pytest.fixture(scope="module", params=[1, 2])
def after(request: pytest.FixtureRequest) -> Shop:
    """The shop when all is over and every job was done."""
    chance, clock = random.Random(request.param), MemoryClock(NOW)
    Unreliable.chance, Unreliable.trouble = chance, True
    shop = Shop.open(
        clock=clock,
        payments=Payments(clock),
        calendar=Calendar(clock),
        mailer=Mailer(),
        schedule=DAY_AND_NIGHT,
        cancellation_policy=CancellationPolicy(refunds=(RefundStep(timedelta(0), 50),)),
    )
    client = Client(shop, chance)
    for number in range(BOOKINGS):
        client.book(number)
        if number % 10 == 0:
            shop.work(MINUTE)
    for _ in range(2 * 24 * 6):
        clock.advance(10 * MINUTE)
        shop.work()
    Unreliable.trouble = False
    for _ in range(3 * 24):
        clock.advance(timedelta(hours=1))
        shop.work()
    return shop


def all_of(shop: Shop) -> list[Booking]:
    with shop.store(write=False) as uow:
        return list(uow.bookings.find(BookingFilter(limit=10 * BOOKINGS)))


def test_the_thousand_were_worth_it(after: Shop) -> None:
    """Every way to end was taken, by some dozens of bookings at least."""
    ends = Counter(booking.state for booking in all_of(after))
    assert sum(ends.values()) > BOOKINGS / 2
    for state in (BookingState.CONFIRMED, BookingState.CANCELLED, BookingState.EXPIRED):
        assert ends[state] > 30, ends
    statuses = Counter(booking.payment.status for booking in all_of(after))
    for status in (PaymentStatus.PAID, PaymentStatus.REFUNDED, PaymentStatus.VOIDED):
        assert statuses[status] > 10, statuses


def test_no_hold_is_left(after: Shop) -> None:
    waiting = [b.id for b in all_of(after) if b.state.live and b.state not in SERVED]
    assert waiting == []
    waiting = after.core.jobs.upcoming(limit=10 * BOOKINGS)
    assert [each for each in waiting if not each.job.key.startswith("late look:")] == []


def test_no_money_is_kept_for_nothing_and_no_service_given_for_nothing(after: Shop) -> None:
    checkouts = after.payments.checkouts()
    for booking in all_of(after):
        standings = [
            checkouts[each.key] for each in booking.payment.attempts if each.key in checkouts
        ]
        if any(each.dispute in (Dispute.OPEN, Dispute.LOST) for each in standings):
            continue
        held = sum(standing.held for standing in standings)
        elsewhere = sum(
            amount
            for standing in standings
            for key, amount in standing.refunds.items()
            if key.startswith("elsewhere")
        )
        due = booking.money_due()
        assert due - elsewhere <= held <= due, (booking.id, booking.state, standings)
        assert not any(
            each.state in (CheckoutState.OPEN, CheckoutState.AUTHORISED) for each in standings
        )


def test_calendar_and_bookings_agree(after: Shop) -> None:
    expected = sorted(slot for b in all_of(after) for slot in b.expected_slots())
    assert sorted(event.slot for event in after.calendar.standing()) == expected


def test_no_two_live_bookings_overlap(after: Shop) -> None:
    slots = sorted(b.slot for b in all_of(after) if b.state.live and b.slot)
    assert all(a.end <= b.start for a, b in pairwise(slots))


def _elsewhere(shop: Shop, booking: Booking) -> int:
    """How many refunds of that booking were not asked for by us."""
    return sum(
        key.startswith(("elsewhere", "whole")) or key.endswith("whole")
        for each in booking.payment.attempts
        if each.key in shop.payments.checkouts()
        for key in shop.payments.checkouts()[each.key].refunds
    )


def test_no_mail_comes_twice_and_the_jobs_that_died_can_be_seen(after: Shop) -> None:
    told = Counter((mail.to, mail.subject) for mail in after.mailer.sent if "client" in mail.to)
    returns = {
        booking.client.contact.email: len(booking.payment.refunds) + _elsewhere(after, booking)
        for booking in all_of(after)
    }
    for (to, subject), times in told.items():
        news = returns[to] if subject.startswith("Money") else 1
        assert times <= news, (to, subject)
    assert after.core.jobs.dead() == ()


def test_a_mail_is_handed_over_again_only_after_a_call_that_failed(after: Shop) -> None:
    arrived = Counter(mail.key for mail in after.mailer.arrived)
    assert max(arrived.values()) > 1
    too_often = [key for key, times in arrived.items() if times > 1 + after.mailer.failed[key]]
    assert too_often == []
