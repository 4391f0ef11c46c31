"""What a thousand clients, their banks and a builder do, at random; and what was agreed with each."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from attrs import define, field

from booking_core import (
    SERVED,
    Actor,
    Booking,
    BookingError,
    BookingFilter,
    BookingId,
    BookingState,
    CancellationPolicy,
    CheckoutState,
    Dispute,
    PaymentStatus,
    ProviderFailed,
    RefundStep,
    Role,
    Slot,
)
from booking_core.testing.examples import PRICE, a_builder, a_contact, a_session_type
from tests.unit.application.paying import BUILDER, Shop, key_of
from tests.unit.application.unreliable import Post

_T = TypeVar("_T")
S = BookingState
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MOST_BOOKINGS = 5_000

WHOLE, HALF = 5 * DAY, 1 * DAY
TERMS = CancellationPolicy(refunds=(RefundStep(WHOLE, 100), RefundStep(HALF, 50)))


def kept_by_terms(notice: timedelta) -> int:
    """What the client pays who cancels so long before the start; counted anew, to compare."""
    return 0 if notice >= WHOLE else PRICE.amount // 2 if notice >= HALF else PRICE.amount


@define
class Agreed:
    """What the test knows of a booking: `kept` by the terms, the rest in minor units as well."""

    kept: int | None = None
    gifts: int = 0
    elsewhere: int = 0
    sent_back: int = 0
    disputed: bool = False


@define
class Crowd:
    shop: Shop
    post: Post
    chance: random.Random
    agreed: dict[BookingId, Agreed] = field(factory=dict)

    def of(self, booking: Booking) -> Agreed:
        return self.agreed.setdefault(booking.id, Agreed())

    # ---- time --------------------------------------------------------------------------------------

    def work(self, length: timedelta = timedelta(0)) -> None:
        """The workers; one that loses its database begins anew."""
        end = self.shop.clock.now() + length
        while True:
            self.post.deliver(self.shop.core)
            with suppress(ProviderFailed):
                self.shop.work(max(end - self.shop.clock.now(), timedelta(0)))
                return

    def all(self) -> list[Booking]:
        with self.shop.store(write=False) as uow:
            return list(uow.bookings.find(BookingFilter(limit=MOST_BOOKINGS)))

    def _again(self, act: Callable[[], _T]) -> _T:
        """Who gets no answer asks again, under the same key."""
        for _ in range(50):
            with suppress(ProviderFailed):
                return act()
        raise AssertionError("there is never an answer")

    # ---- booking and paying ------------------------------------------------------------------------

    def book(self, number: int) -> None:
        """Some by a link that they get after paying; who is refused gives up."""
        with suppress(BookingError, ValueError):
            begun = self._link(number) if self.chance.random() < 0.25 else self._slot(number)
            self._pay(begun)
            if begun.slot is None:
                self._use_link(begun)
            self._change_of_mind(self.shop.now(begun))

    def _slot(self, number: int) -> Booking:
        slot, contact = self._some_time(), a_contact(email=f"client{number}@example.org")
        return self._again(lambda: self.shop.confirm(slot, contact=contact, key=f"key {number}"))

    def _link(self, number: int) -> Booking:
        return self._again(
            lambda: self.shop.core.initialize_booking(
                session_type_id=a_session_type().id,
                actor=Actor.anonymous(),
                contact=a_contact(email=f"client{number}@example.org"),
                key=f"key {number}",
            )
        ).booking

    def _some_time(self) -> Slot:
        start = (self.shop.clock.now() + HOUR).replace(minute=0, second=0, microsecond=0)
        start += timedelta(hours=self.chance.randrange(24 * 20))
        return Slot(start, start + HOUR)

    def _pay(self, booking: Booking) -> None:
        payments = self.shop.payments
        if self.chance.random() < 0.1:
            booking = self.shop.pays_again(booking)
        key = key_of(booking)
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

    def _later(self, move: Callable[[], object]) -> None:
        self.work(self.chance.randrange(4) * MINUTE)
        move()

    def _use_link(self, booking: Booking) -> None:
        """At once, later, or never; there or here; nobody tells us of what is placed there."""
        self._later(lambda: None)
        if self.shop.now(booking).state is not S.AWAITING_SCHEDULING:
            return
        match self.chance.randrange(4):
            case 0:
                return
            case 1:
                self._again(
                    lambda: self.shop.core.confirm_booking(
                        session_type_id=a_session_type().id,
                        slot=self._some_time(),
                        actor=self.shop.client(booking),
                        booking_id=booking.id,
                    )
                )
            case _:
                self.shop.calendar.place(
                    builder=a_builder(),
                    session_type=a_session_type(),
                    slot=self._some_time(),
                    tag=booking.tag,
                )
                if self.chance.random() < 0.5:
                    self.shop.core.settle_calendar.when_answered(booking)

    # ---- and after that ----------------------------------------------------------------------------

    def _change_of_mind(self, booking: Booking) -> None:
        key = key_of(booking)
        match self.chance.randrange(14):
            case 0 | 1:
                self.cancel(booking, self.shop.client(booking))
            case 2:
                self.cancel(booking, BUILDER)
            case 3 | 4:
                self.work(MINUTE)
                self.cancel(self.shop.now(booking), self.shop.client(booking))
            case 5:
                self.shop.core.reschedule_booking(
                    booking_id=booking.id, slot=self._some_time(), actor=BUILDER
                )
            case 6:
                self.of(booking).elsewhere += 1
                self.shop.payments.refund_elsewhere(key, 1)
            case 7 if booking.event is not None:
                self._cancel_there(booking)
            case 8:
                self.work(5 * MINUTE)
                self.dispute(self.shop.now(booking))

    def cancel(self, booking: Booking, actor: Actor) -> None:
        """Only who has it confirmed pays anything for that."""
        kept = 0
        if booking.state is S.CONFIRMED and booking.slot and actor != BUILDER:
            kept = kept_by_terms(booking.slot.start - self.shop.clock.now())
        self._again(
            lambda: self.shop.core.cancel_booking(booking_id=booking.id, actor=actor, key="cancel")
        )
        self.of(booking).kept = kept

    def _cancel_there(self, booking: Booking) -> None:
        if booking.state is not S.CONFIRMED or booking.event is None or booking.slot is None:
            return
        by = self.chance.choice([Role.CLIENT, Role.BUILDER])
        self.shop.calendar.cancel(booking.event, by)
        notice = booking.slot.start - self.shop.clock.now()
        self.of(booking).kept = kept_by_terms(notice) if by is Role.CLIENT else 0
        self.shop.core.settle_calendar.when_answered(booking)

    def dispute(self, booking: Booking) -> None:
        """Some are never decided."""
        key = key_of(booking)
        if booking.payment.status is not PaymentStatus.PAID or self._holds(key) <= 0:
            return
        if self.of(booking).disputed:
            return
        self.shop.payments.dispute(key)
        self.of(booking).disputed = True
        if self.chance.random() < 0.3:
            self._cancel_while_disputed(booking)
        if self.chance.random() < 0.7:
            won = self.chance.random() < 0.5
            self._later(lambda: self.shop.payments.end_dispute(key, won=won))

    def _cancel_while_disputed(self, booking: Booking) -> None:
        self.work(MINUTE)
        if self.shop.now(booking).state is S.CONFIRMED:
            self.cancel(self.shop.now(booking), BUILDER)

    # ---- what the builder and the banks do afterwards ------------------------------------------------

    def goodwill(self, booking: Booking) -> None:
        most = booking.payment.refundable
        if booking.state not in SERVED or self.of(booking) != Agreed() or most < 2:
            return
        amount = self.chance.choice([1, most // 2, most])
        with suppress(BookingError):
            self._again(
                lambda: self.shop.core.refund_booking(
                    booking_id=booking.id, amount=amount, actor=BUILDER, key="goodwill"
                )
            )
            self.of(booking).gifts += amount

    def send_back(self, booking: Booking) -> None:
        """A bank takes none of the refunds of a booking that we have told the client of."""
        for attempt in booking.payment.attempts:
            standing = self.shop.payments.checkouts().get(attempt.key)
            if standing is None or standing.state is not CheckoutState.PAID:
                continue
            told = booking.payment.returned == standing.refunded and not self.of(booking).elsewhere
            if standing.dispute is Dispute.NONE and standing.refunded and told:
                self.of(booking).sent_back += standing.refunded
                self.shop.payments.send_back_refunds(attempt.key)
                return

    def read_the_mail(self, booking: Booking) -> None:
        """The builder reads that a refund was not taken, and gives the money back otherwise."""
        if not booking.payment.sent_back or not booking.payment.owed:
            return
        with suppress(BookingError, ValueError):
            if self.chance.random() < 0.5:
                self._again(
                    lambda: self.shop.core.record_returned_on_site(
                        booking_id=booking.id, actor=BUILDER, key="by hand"
                    )
                )
            else:
                failed = next(
                    each
                    for each in booking.payment.attempts
                    if self.shop.payments.checkouts()[each.key].failed_refunds
                )
                self.shop.payments.refund_elsewhere(failed.key, booking.payment.owed)

    def _holds(self, key: str) -> int:
        found = self.shop.payments.checkouts().get(key)
        return found.held if found else 0
