"""Who may cancel until when, and what goes back: by the terms that were agreed (C7, D4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking_core import (
    Actor,
    Booking,
    BookingState,
    CancellationPolicy,
    NotFound,
    RefundStep,
    Refused,
    Role,
    TermsForbid,
    costs_of_cancelling,
)
from booking_core.testing.examples import a_session_type, a_slot
from tests.unit.application.paying import BUILDER, Shop, key_of

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
TERMS = CancellationPolicy(
    change_notice=2 * HOUR,
    refunds=(RefundStep(48 * HOUR, 100), RefundStep(24 * HOUR, 50), RefundStep(2 * HOUR, 10)),
)
SLOT = a_slot(day=4)


@pytest.fixture
def shop() -> Shop:
    return Shop.open(cancellation_policy=TERMS)


@pytest.fixture
def booking(shop: Shop) -> Booking:
    booking = shop.confirm(SLOT)
    shop.payments.pay(key_of(booking))
    shop.comes_back(booking)
    shop.work()
    return booking


def at(shop: Shop, before: timedelta) -> None:
    shop.clock.advance(SLOT.start - before - shop.clock.now())


@pytest.mark.parametrize(
    ("before", "returned"),
    [
        (72 * HOUR, 5_000),
        (48 * HOUR, 5_000),
        (48 * HOUR - SECOND, 2_500),
        (24 * HOUR, 2_500),
        (24 * HOUR - SECOND, 500),
        (2 * HOUR, 500),
    ],
)
def test_the_client_gets_back_what_the_notice_says(
    shop: Shop, booking: Booking, before: timedelta, returned: int
) -> None:
    at(shop, before)
    shop.cancel(booking)
    shop.work()
    assert shop.now(booking).payment.returned == returned
    assert shop.held() == 5_000 - returned


def test_who_agreed_to_what_it_costs_pays_no_more_than_that(shop: Shop, booking: Booking) -> None:
    at(shop, 48 * HOUR)
    were = costs_of_cancelling(shop.now(booking), now=shop.core.clock.now())
    shop.clock.advance(SECOND)
    agreed = {"booking_id": booking.id, "actor": shop.client(booking), "costs_were": were}
    with pytest.raises(Refused, match="nothing is cancelled yet"):
        shop.core.cancel_booking(**agreed)
    assert shop.now(booking).state is BookingState.CONFIRMED
    agreed["costs_were"] = costs_of_cancelling(shop.now(booking), now=shop.core.clock.now())
    shop.core.cancel_booking(**agreed)
    shop.work()
    assert shop.now(booking).payment.returned == 2_500


def test_who_agreed_while_nothing_was_paid_does_not_cancel_what_is_paid(shop: Shop) -> None:
    booking = shop.confirm(SLOT)
    were = costs_of_cancelling(shop.now(booking), now=shop.core.clock.now())
    shop.payments.pay(key_of(booking))
    shop.comes_back(booking)
    with pytest.raises(Refused, match="nothing is cancelled yet"):
        shop.core.cancel_booking(booking_id=booking.id, actor=shop.client(booking), costs_were=were)


@pytest.mark.parametrize("before", [2 * HOUR - SECOND, timedelta(0), -HOUR])
def test_after_the_notice_only_the_builders_side_may_cancel(
    shop: Shop, booking: Booking, before: timedelta
) -> None:
    at(shop, before)
    with pytest.raises(TermsForbid):
        shop.cancel(booking)
    shop.cancel(booking, BUILDER)
    shop.work()
    assert shop.held() == 0


def test_the_terms_are_those_of_the_time_of_booking(shop: Shop, booking: Booking) -> None:
    shop.core.change_session_type(
        session_type_id=a_session_type().id,
        changes={"cancellation_policy": CancellationPolicy(refunds=(RefundStep(0 * HOUR, 0),))},
        actor=BUILDER,
    )
    shop.cancel(booking)
    shop.work()
    assert shop.held() == 0


@pytest.mark.parametrize(
    "stranger", [Actor.anonymous(), Actor(Role.CLIENT, "other"), Actor(Role.BUILDER, "other")]
)
def test_a_stranger_does_not_even_learn_that_there_is_a_booking(
    shop: Shop, booking: Booking, stranger: Actor
) -> None:
    with pytest.raises(NotFound):
        shop.cancel(booking, stranger)
    assert shop.now(booking).state is BookingState.CONFIRMED


def test_before_it_is_confirmed_everything_goes_back_whatever_the_terms_say() -> None:
    nothing_back = CancellationPolicy(change_notice=96 * HOUR, refunds=(RefundStep(0 * HOUR, 0),))
    shop = Shop.open(cancellation_policy=nothing_back)
    booking = shop.confirm(SLOT)
    shop.payments.pay(key_of(booking))
    shop.cancel(booking)
    shop.work()
    assert shop.held() == 0


def test_moving_first_is_no_way_around_the_terms(shop: Shop, booking: Booking) -> None:
    at(shop, 30 * HOUR)
    later = a_slot(day=10)
    shop.core.reschedule_booking(booking_id=booking.id, slot=later, actor=shop.client(booking))
    shop.cancel(booking)
    shop.work()
    assert shop.now(booking).payment.returned == 2_500


def test_a_move_that_the_builder_made_costs_the_client_nothing(
    shop: Shop, booking: Booking
) -> None:
    at(shop, 30 * HOUR)
    shop.core.reschedule_booking(booking_id=booking.id, slot=a_slot(day=10), actor=BUILDER)
    shop.cancel(booking)
    shop.work()
    assert shop.now(booking).payment.returned == 5_000


def test_who_cancelled_at_the_provider_in_time_loses_nothing_when_we_hear_of_it_late(
    shop: Shop, booking: Booking
) -> None:
    at(shop, 50 * HOUR)
    event = shop.now(booking).event
    shop.calendar.cancel(event)
    shop.clock.set(SLOT.end)
    shop.core.settle_calendar(booking_id=booking.id)
    shop.work()
    assert shop.now(booking).payment.returned == 5_000
