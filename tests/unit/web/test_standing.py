"""How a booking stands for its client, and the form that books the same once more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from booking_core import Answer, Booking, BookingState, PaymentStatus
from booking_core.testing.examples import NOW, a_booking, a_paid_booking, a_slot
from entrypoints.web.standing import Standing, once_more, standing

LATER = timedelta(days=30)


def to_pay(**payment: Any) -> Booking:
    booking = a_booking(BookingState.AWAITING_PAYMENT)
    [attempt] = booking.payment.attempts
    opened = evolve(attempt, checkout_url="https://pay.test/1")
    booking.payment = evolve(booking.payment, attempts=(opened,), **payment)
    return booking


@pytest.mark.parametrize(
    ("state", "stands", "mood"),
    [
        (BookingState.HELD, Standing.HELD, "waiting"),
        (BookingState.AWAITING_PAYMENT, Standing.NO_CHECKOUT, "waiting"),
        (BookingState.AWAITING_SCHEDULING, Standing.TO_CHOOSE, "waiting"),
        (BookingState.CONFIRMING, Standing.BEING_MADE, "waiting"),
        (BookingState.CONFIRMED, Standing.BOOKED, "good"),
        (BookingState.COMPLETED, Standing.TOOK_PLACE, "good"),
        (BookingState.NO_SHOW, Standing.MISSED, "ended"),
        (BookingState.CANCELLED, Standing.CANCELLED, "ended"),
        (BookingState.EXPIRED, Standing.EXPIRED, "ended"),
        (BookingState.FAILED, Standing.FAILED, "ended"),
    ],
)
def test_each_state_has_its_word(state: BookingState, stands: Standing, mood: str) -> None:
    assert standing(a_booking(state), NOW) is stands
    assert stands.mood == mood


def test_who_can_pay_is_counted_down_until_the_time_is_up() -> None:
    booking = to_pay()
    assert booking.deadline is not None
    assert standing(booking, NOW) is Standing.TO_PAY
    assert Standing.TO_PAY.counts_down
    up = standing(booking, booking.deadline)
    assert up is Standing.TIME_IS_UP
    assert up.changes_soon
    assert not up.counts_down


def test_a_bank_may_take_longer_than_the_deadline() -> None:
    booking = to_pay(status=PaymentStatus.PROCESSING)
    assert standing(booking, NOW + LATER) is Standing.MONEY_COMES


def test_what_the_bank_refused_is_not_called_expired() -> None:
    booking = to_pay(status=PaymentStatus.FAILED)
    booking.state = BookingState.EXPIRED
    assert standing(booking, NOW) is Standing.NOT_PAID


def test_a_confirmed_booking_moves_and_is_over_one_day() -> None:
    booking = a_booking(BookingState.CONFIRMED)
    assert standing(booking, NOW + LATER) is Standing.OVER
    booking.pending_slot = a_slot(day=4)
    assert standing(booking, NOW) is Standing.MOVING


def test_what_was_typed_goes_along_when_the_same_is_booked_once_more() -> None:
    booking = a_paid_booking(BookingState.EXPIRED)
    answers = (Answer("a", "text"), Answer("b", True), Answer("c", False), Answer("d", ("x", "y")))
    booking.details = evolve(
        booking.details, answers=answers, notes="one\ntwo", guests=("x@a.org", "y@a.org")
    )
    assert booking.slot is not None
    form = once_more(booking, NOW)
    assert form[0] == ("start", booking.slot.start.isoformat().replace("+00:00", "Z"))
    assert form[4:] == [
        ("notes", "one\ntwo"),
        ("guests", "x@a.org\ny@a.org"),
        ("answer-a", "text"),
        ("answer-b", "on"),
        ("answer-d", "x"),
        ("answer-d", "y"),
    ]
    assert "start" not in dict(once_more(booking, booking.slot.start))
