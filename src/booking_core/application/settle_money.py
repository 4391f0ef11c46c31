from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from functools import partial
from typing import Any, NoReturn

from attrs import frozen

from booking_core.application.keep import Keeper, Overtaken
from booking_core.application.witness import Witness
from booking_core.domain import calendar_steps
from booking_core.domain import money_steps as steps
from booking_core.domain.booking import Booking, Settle
from booking_core.domain.errors import (
    CaptureRefused,
    CheckoutRefused,
    PaymentsUnavailable,
    ProviderFailed,
)
from booking_core.domain.ids import BookingId
from booking_core.domain.payment import Attempt, CheckoutState, Standing
from booking_core.domain.trail import TrailKind
from booking_core.domain.transitions import BookingState
from booking_core.ports.outbox import Job, Topic
from booking_core.ports.payments import PaymentGateway
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_MOST_STEPS, _MOST_STARTS = 50, 20


@frozen
class SettleMoney:
    """Makes the payment provider hold what the booking says; doing it twice is harmless.

    It is the one road for a notice, for the client who comes back from the checkout, for the poll
    and for the deadline: read how every attempt stands, apply it, do the one next thing, and again
    until nothing is left. Each step is one provider call or one record.
    """

    unit_of_work: UnitOfWorkFactory
    keeper: Keeper
    payments: PaymentGateway | None
    witness: Witness

    def __call__(self, *, booking_id: BookingId) -> Booking:
        """The booking as it stands then.

        Raises:
            NotFound: no such booking.
            ProviderFailed: the provider has to be asked again later; what is done so far is kept.
        """
        for _ in range(_MOST_STARTS):
            with suppress(Overtaken):
                return self._settled(self._read(booking_id))
        raise _unsettled()

    def at_once(self, booking: Booking) -> Booking:
        """One try right after the commit, so that the caller gets its answer; a job goes on."""
        try:
            return self(booking_id=booking.id)
        except ProviderFailed:
            return booking

    def unless_overtaken(self, booking: Booking) -> Booking | None:
        """One try with the booking as it was read; None where another doer changed it meanwhile."""
        try:
            return self._settled(booking)
        except ProviderFailed:
            return booking
        except Overtaken:
            return None

    def _settled(self, booking: Booking) -> Booking:
        """Raises Overtaken, ProviderFailed."""
        if not booking.payment.attempts:
            return booking  # nobody was ever sent to pay
        standings: dict[int, Standing] = {}
        done: tuple[steps.MoneyStep, dict[int, Standing]] | None = None
        for _ in range(_MOST_STEPS):
            for attempt in booking.payment.attempts:
                if attempt.number not in standings:
                    standings[attempt.number] = self._standing(attempt)
            booking = self._record(
                booking, partial(steps.hear, standings=standings, now=self._now())
            )
            step = steps.next_step(booking, standings, now=self._now())
            if done == (step, standings):
                break
            done = step, dict(standings)
            booking = self._do(booking, step, standings)
            if isinstance(step, steps.Record):
                self._look_again(booking, standings)
                return booking
        raise _unsettled()

    # ---- one step --------------------------------------------------------------------------------

    def _do(
        self, booking: Booking, step: steps.MoneyStep, standings: dict[int, Standing]
    ) -> Booking:
        """Does it; what the provider answered replaces what we knew of that attempt."""
        match step:
            case steps.AskForCheckout(attempt):
                standings.pop(attempt.number)
                return self._ask(booking, attempt)
            case steps.CloseCheckout(attempt):
                with self._watching(booking, "expire", attempt):
                    standings[attempt.number] = self._gateway().expire(attempt=attempt)
            case steps.Capture(attempt, amount):
                return self._capture(booking, attempt, amount, standings)
            case steps.Void(attempt):
                with self._watching(booking, "void", attempt):
                    standings[attempt.number] = self._gateway().void(
                        attempt=attempt, key=f"{attempt.key}:void"
                    )
            case steps.GiveBack(attempt, amount, key):
                with self._watching(booking, "refund", attempt, amount):
                    standings[attempt.number] = self._gateway().refund(
                        attempt=attempt, amount=amount, key=key
                    )
            case steps.RefundFailed():
                self._refund_sent_back(booking, standings)
            case steps.WriteRefundDown(total):
                return self._record(booking, lambda b: b.refund_owed(total))
            case steps.StrikeOff(totals):
                return self._record(booking, lambda b: b.refunds_struck_off(totals))
            case steps.GiveUpCapture():
                return self._record(booking, lambda b: b.capture_refused())
            case steps.GiveUpCheckout():
                return self._record(booking, lambda b: b.checkout_given_up())
            case steps.Expire():
                return self._expire(booking, standings)
            case steps.Record(status, taken, returned, on_its_way):
                return self._record(
                    booking,
                    lambda b: b.money_settled(
                        status, taken=taken, returned=returned, on_its_way=on_its_way
                    ),
                )
        return booking

    def _capture(
        self, booking: Booking, attempt: Attempt, amount: int, standings: dict[int, Standing]
    ) -> Booking:
        try:
            with self._watching(booking, "capture", attempt, amount):
                standings[attempt.number] = self._gateway().capture(
                    attempt=attempt, amount=amount, key=f"{attempt.key}:capture:{amount}"
                )
        except CaptureRefused:
            return self._record(booking, lambda b: b.capture_refused())
        return booking

    def _refund_sent_back(self, booking: Booking, standings: steps.Standings) -> NoReturn:
        """Asking again would get the same answer: the builder is told, and the job is given up."""
        taken, returned = steps.totals(standings)
        keys = steps.sent_back(standings)
        self._record(booking, lambda b: b.refunds_sent_back(keys, taken=taken, returned=returned))
        message = "The provider could not give the money back; give it back by hand."
        raise ProviderFailed(message, retryable=False)

    def _ask(self, booking: Booking, attempt: Attempt) -> Booking:
        try:
            with self._watching(booking, "request", attempt, attempt.price.amount):
                checkout = self._gateway().request(booking_id=booking.id, attempt=attempt)
        except CheckoutRefused:
            return self._record(booking, lambda b: b.checkout_refused(attempt.number))
        return self._record(booking, lambda b: b.checkout_opened(attempt.number, checkout))

    def _watching(
        self, booking: Booking, call: str, attempt: Attempt, amount: int | None = None
    ) -> AbstractContextManager[None]:
        detail: dict[str, Any] = {"attempt": attempt.number, "checkout": attempt.checkout_id}
        if amount is not None:
            detail |= {"amount": amount, "currency": attempt.price.currency}
        return self.witness.watching(booking, TrailKind.PAYMENT, call, **detail)

    def _expire(self, booking: Booking, standings: steps.Standings) -> Booking:
        looked = self._look_first(booking)
        if looked.state is not booking.state:
            return looked
        return self._record(looked, partial(self._expired, standings))

    def _look_first(self, booking: Booking) -> Booking:
        """Who has paid may have placed the event without our having heard of that."""
        calendar = self.keeper.calendar
        if booking.state is not BookingState.AWAITING_SCHEDULING or calendar.in_database:
            return booking
        events = list(calendar.events(booking=booking))
        return self._record(booking, partial(calendar_steps.hear, events=events, now=self._now()))

    def _expired(self, standings: steps.Standings, booking: Booking) -> bool:
        told = steps.told_of_expiry(standings)
        booking.expire(now=self._now(), checkouts_closed=True, told=told)
        return True

    def _standing(self, attempt: Attempt) -> Standing:
        if attempt.checkout_id is None:
            return Standing(state=CheckoutState.UNKNOWN)
        return self._gateway().standing(attempt=attempt)

    def _look_again(self, booking: Booking, standings: steps.Standings) -> None:
        """The poll: it finds what no notice told us, and stops when the provider is done."""
        now = self._now()
        pause = steps.look_again(booking, standings, now=now)
        if pause is not None:
            self.keeper.put_job(look_job(booking, now + pause))
        pause = steps.late_look(booking, standings, now=now)
        if pause is not None:
            self.keeper.put_job(_late_look_job(booking, now + pause))

    # ---- our record ------------------------------------------------------------------------------

    def _read(self, booking_id: BookingId) -> Booking:
        with self.unit_of_work(write=False) as uow:
            return uow.bookings.get(booking_id)

    def _record(self, booking: Booking, fact: Callable[[Booking], bool]) -> Booking:
        """Raises Overtaken when the booking was changed since it was read."""
        return self.keeper.unless_overtaken(booking, fact, settles=Settle.MONEY)

    def _now(self) -> datetime:
        return self.keeper.clock.now()

    def _gateway(self) -> PaymentGateway:
        if self.payments is None:
            raise PaymentsUnavailable("This booking has a payment, and no payments are set up.")
        return self.payments


def _unsettled() -> ProviderFailed:
    return ProviderFailed("The provider's answers do not settle; looking again later.")


def look_job(booking: Booking, due_at: datetime) -> Job:
    """To look at the money of the booking at that time; one waits for a booking at most."""
    return _look(booking, due_at, "look")


def _late_look_job(booking: Booking, due_at: datetime) -> Job:
    """The same of money that was taken; it is not in the way of one that is in a hurry."""
    return _look(booking, due_at, "late look")


def _look(booking: Booking, due_at: datetime, kind: str) -> Job:
    key = f"{kind}:{booking.id}"
    return Job(topic=Topic.SETTLE_MONEY, booking_id=booking.id, key=key, due_at=due_at)
