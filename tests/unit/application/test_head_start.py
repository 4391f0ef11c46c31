"""One booking is placed at the calendar by one at a time: first by its caller, else by the job."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from adapters.memory import MemoryCalendar, MemoryClock, MemoryPayments
from booking_core import Attempt, Booking, BookingState, CalendarEvent, ProviderFailed, Standing
from booking_core.testing.examples import NOW, a_slot
from tests.unit.application.paying import Shop

ONE, LATER = a_slot(), a_slot(hour=13)
LONG = timedelta(seconds=30)


class Died(BaseException):
    """The process that serves the caller is gone."""


class Watched(MemoryCalendar):
    """Tells the test when an event is asked for."""

    def __init__(self, clock: MemoryClock) -> None:
        super().__init__(clock)
        self.asked: list[Booking] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def ensure_booked(self, **asked: Any) -> CalendarEvent:
        self.asked.append(asked["booking"])
        self.meanwhile()
        return super().ensure_booked(**asked)


class Overtaking(MemoryPayments):
    """Something happens while it is asked how a payment stands."""

    meanwhile: Callable[[], object] | None = None

    def standing(self, *, attempt: Attempt) -> Standing:
        standing, meanwhile = super().standing(attempt=attempt), self.meanwhile
        self.meanwhile = None
        if meanwhile:
            meanwhile()
        return standing


def open_shop(**changes: Any) -> Shop:
    clock = MemoryClock(NOW)
    return Shop.open(clock=clock, calendar=Watched(clock), **changes)


def confirm(shop: Shop) -> Booking:
    return shop.confirm(ONE)


def move(shop: Shop) -> Booking:
    (booking,) = shop.calendar.asked
    return shop.core.reschedule_booking(
        booking_id=booking.id, slot=LATER, actor=shop.client(booking)
    )


def comes_back(shop: Shop) -> Booking:
    booking = shop.confirm(ONE)
    shop.payments.authorise(booking.payment.attempts[-1].key)
    return shop.comes_back(booking)


@pytest.fixture(params=[confirm, move, comes_back], ids=lambda door: door.__name__)
def door(request: pytest.FixtureRequest) -> tuple[Shop, Callable[[Shop], Booking]]:
    shop = open_shop(**{} if request.param is comes_back else {"price": None})
    if request.param is move:
        shop.confirm(ONE)
    return shop, request.param


def test_the_job_is_not_begun_while_the_caller_is_at_it(
    door: tuple[Shop, Callable[[Shop], Booking]],
) -> None:
    shop, ask = door
    before = len(shop.calendar.asked)
    shop.calendar.meanwhile = shop.work
    booking = ask(shop)
    assert (booking.state, booking.pending_slot) == (BookingState.CONFIRMED, None)
    assert len(shop.calendar.asked) == before + 1


def test_what_a_caller_left_who_died_is_done_by_the_job(
    door: tuple[Shop, Callable[[Shop], Booking]],
) -> None:
    shop, ask = door

    def die() -> None:
        shop.calendar.meanwhile = lambda: None
        raise Died

    shop.calendar.meanwhile = die
    with pytest.raises(Died):
        ask(shop)
    shop.work(LONG - timedelta(seconds=1))
    left = shop.now(shop.calendar.asked[-1])
    assert left.state is BookingState.CONFIRMING or left.pending_slot == LATER
    shop.work(timedelta(seconds=1))
    done = shop.now(left)
    assert (done.state, done.pending_slot) == (BookingState.CONFIRMED, None)
    assert [each.slot for each in shop.calendar.standing()] == [done.slot]


def test_the_job_takes_over_at_once_from_a_caller_whom_the_provider_did_not_answer(
    door: tuple[Shop, Callable[[Shop], Booking]],
) -> None:
    shop, ask = door
    shop.calendar.break_next("ensure_booked", error=ProviderFailed("It does not answer."))
    booking = ask(shop)
    assert booking.state is BookingState.CONFIRMING or booking.pending_slot == LATER
    shop.work()
    assert (shop.now(booking).state, shop.now(booking).pending_slot) == (
        BookingState.CONFIRMED,
        None,
    )


def test_a_repeat_leaves_the_calendar_to_the_first_call() -> None:
    shop = open_shop(price=None)
    again: list[Booking] = []
    shop.calendar.meanwhile = lambda: again.append(shop.confirm(ONE, key="k"))
    booking = shop.confirm(ONE, key="k")
    assert [(each.id, each.state) for each in again] == [(booking.id, BookingState.CONFIRMING)]
    assert len(shop.calendar.asked) == 1


def test_what_a_notice_found_paid_is_placed_by_its_job_and_not_by_the_client_who_comes_back() -> (
    None
):
    clock = MemoryClock(NOW)
    payments = Overtaking(clock)
    shop = open_shop(payments=payments)
    booking = shop.confirm(ONE)
    payments.authorise(booking.payment.attempts[-1].key)
    payments.meanwhile = lambda: shop.core.settle_money(booking_id=booking.id)
    assert shop.comes_back(booking).state is BookingState.CONFIRMING
    assert not shop.calendar.asked
    shop.work()
    assert shop.now(booking).state is BookingState.CONFIRMED
    assert len(shop.calendar.asked) == 1
