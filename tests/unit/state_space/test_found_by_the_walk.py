"""What the walk found once, as a few plain steps each."""

from __future__ import annotations

from datetime import timedelta

from attrs import evolve

from booking_core import (
    Booking,
    BookingState,
    CheckoutState,
    PaymentAction,
    PaymentStatus,
    Settle,
    Standing,
    StandingEvent,
)
from booking_core.domain import calendar_steps, money_steps
from booking_core.testing.examples import (
    NOW,
    a_booking,
    a_paid_booking,
    a_slot,
    an_attempt,
    an_event,
)


def _standing(state: CheckoutState, captured: int = 0, **refunds: int) -> Standing:
    return Standing(state=state, captured=captured, refunds=refunds)


def test_an_event_that_was_moved_before_we_heard_of_it_still_makes_the_booking() -> None:
    waiting = a_booking(BookingState.AWAITING_SCHEDULING)
    moved = StandingEvent(an_event(), a_slot(day=3), moved_from=a_slot(day=2))
    assert calendar_steps.hear(waiting, [moved], now=NOW)
    assert (waiting.state, waiting.slot) == (BookingState.CONFIRMED, a_slot(day=3))


def test_money_for_a_second_checkout_of_a_dead_booking_goes_back_after_the_first_went_back() -> (
    None
):
    booking = _with_two_attempts()
    booking.cancel()
    booking.payment = evolve(booking.payment, status=PaymentStatus.REFUNDED)
    booking.unsettled.clear()
    standings = {
        1: _standing(CheckoutState.PAID, 5_000, whole=5_000),
        2: _standing(CheckoutState.PAID, 5_000),
    }
    money_steps.hear(booking, standings, now=NOW)
    assert Settle.MONEY in booking.unsettled
    step = money_steps.next_step(booking, standings, now=NOW)
    assert isinstance(step, money_steps.GiveBack)
    assert (step.attempt.number, step.amount) == (2, 5_000)


def test_a_link_that_was_paid_twice_lapses_once_the_second_payment_went_back() -> None:
    booking = _with_two_attempts()
    booking.payment_secured(1, PaymentAction.PAY)
    booking.state, booking.deadline = BookingState.AWAITING_SCHEDULING, NOW
    standings = {
        1: _standing(CheckoutState.PAID, 5_000),
        2: _standing(CheckoutState.PAID, 5_000, whole=5_000),
    }
    step = money_steps.next_step(booking, standings, now=NOW + timedelta(days=1))
    assert step == money_steps.Expire()


def _with_two_attempts() -> Booking:
    booking = a_paid_booking(BookingState.AWAITING_PAYMENT)
    booking.start_payment(an_attempt(2), now=NOW)
    for attempt in booking.payment.attempts:
        booking.payment = evolve(
            booking.payment,
            attempts=tuple(
                evolve(each, checkout_id="cs") if each == attempt else each
                for each in booking.payment.attempts
            ),
        )
    booking.events.clear()
    return booking
