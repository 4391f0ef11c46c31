"""A calendar cannot be blocked for free: only so much may wait for its client at once (J3)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from adapters.memory import MemoryPayments
from booking_core import (
    HOLD_LENGTH,
    Actor,
    Booking,
    BookingState,
    HoldLimits,
    TooManyHolds,
)
from booking_core.testing.contracts.threads import at_once
from booking_core.testing.examples import a_contact, a_session_type, a_slot
from tests.unit.application.paying import BUILDER, Shop, key_of

S = BookingState
HERE, THERE = "192.0.2.7", "192.0.2.8"
ROOMY = {"client": 100, "address": 100, "builder": 100}


def shop(price: object = ..., **limits: int) -> Shop:
    changes = {} if price is ... else {"price": price}
    return Shop.open(calendar="local", hold_limits=HoldLimits(**ROOMY | limits), **changes)


def hold(shop: Shop, number: int, *, remote_address: str | None = HERE, **who: Any) -> Booking:
    """The slots of a week, one after the other."""
    who = {"actor": Actor.anonymous(), "contact": a_contact()} | who
    return shop.core.hold_slot(
        session_type_id=a_session_type().id,
        slot=a_slot(day=1 + number // 7, hour=8 + number % 7),
        remote_address=remote_address,
        **who,
    )


def somebody(number: int) -> dict[str, Any]:
    return {"contact": a_contact(email=f"client-{number}@example.org")}


def origins(shop: Shop) -> list[str | None]:
    with shop.store(write=False) as uow:
        return [each.origin for each in uow.bookings.overdue(now=a_slot(day=90).start)]


def test_the_default_lets_one_client_hold_five() -> None:
    open_shop = Shop.open(calendar="local")
    for number in range(5):
        hold(open_shop, number)
    with pytest.raises(TooManyHolds):
        hold(open_shop, 5)


def test_one_client_holds_so_many_however_its_address_is_written() -> None:
    limited = shop(client=2)
    for number, email in enumerate(("grace@example.org", "GRACE@Example.org")):
        hold(limited, number, contact=a_contact(email=email))
    with pytest.raises(TooManyHolds) as refusal:
        hold(limited, 2, remote_address=THERE)
    assert "finish or cancel one of them" in refusal.value.message
    assert "15 minutes" in refusal.value.message
    assert refusal.value.retry_after == HOLD_LENGTH
    hold(limited, 2, **somebody(1))


def test_who_is_signed_in_is_not_kept_from_booking_by_a_stranger_who_gives_the_same_address() -> (
    None
):
    limited = shop(client=1)
    hold(limited, 0)
    grace = Actor.client("acc_1", contact=a_contact())
    hold(limited, 1, actor=grace, contact=None)
    with pytest.raises(TooManyHolds):
        hold(limited, 2, actor=grace, contact=a_contact(email="another@example.org"))


def test_from_one_address_so_many_are_held_whoever_says_to_be_asking() -> None:
    limited = shop(address=2)
    for number in range(2):
        hold(limited, number, **somebody(number))
    with pytest.raises(TooManyHolds, match="internet connection"):
        hold(limited, 2, **somebody(2))
    hold(limited, 2, remote_address=THERE, **somebody(2))
    hold(limited, 3, remote_address=None, **somebody(3))


def test_with_one_builder_so_many_are_held_whoever_asks_from_wherever() -> None:
    limited = shop(builder=2)
    for number in range(2):
        hold(limited, number, remote_address=f"192.0.2.{number}", **somebody(number))
    with pytest.raises(TooManyHolds, match="another builder"):
        hold(limited, 2, remote_address=THERE, **somebody(2))


def test_links_without_a_time_shut_no_builder() -> None:
    limited = shop(builder=1)

    def begin(number: int) -> None:
        limited.core.initialize_booking(
            session_type_id=a_session_type().id, actor=Actor.anonymous(), **somebody(number)
        )

    begin(0)
    begin(1)
    hold(limited, 0, **somebody(2))
    begin(3)
    with pytest.raises(TooManyHolds, match="another builder"):
        hold(limited, 1, **somebody(4))


def test_builders_and_operators_hold_what_they_like_of_their_own_time() -> None:
    limited = shop(client=1, address=1, builder=1)
    for number, actor in enumerate((BUILDER, BUILDER, Actor.system())):
        hold(limited, number, actor=actor)
    with pytest.raises(TooManyHolds):
        hold(limited, 3, actor=Actor.builder("somebody-else"))


def test_what_is_finished_cancelled_or_over_counts_no_more() -> None:
    limited = shop(price=None, client=1)
    for number in range(8):  # free sessions are confirmed at once, and never wait
        booked = limited.confirm(a_slot(day=1 + number // 5, hour=8 + number % 5))
        assert booked.state is S.CONFIRMED
    held = hold(limited, 6)
    with pytest.raises(TooManyHolds):
        hold(limited, 13)
    limited.core.confirm_booking(
        session_type_id=held.session_type_id,
        slot=a_slot(day=1, hour=14),
        actor=limited.client(held),
        booking_id=held.id,
    )
    limited.cancel(hold(limited, 13))
    hold(limited, 13)
    limited.clock.advance(HOLD_LENGTH)
    hold(limited, 12)


def test_unpaid_sessions_and_links_count_as_what_is_held_does() -> None:
    limited = shop(client=2)
    limited.confirm(a_slot(hour=8))
    initialize = partial(
        limited.core.initialize_booking,
        session_type_id=a_session_type().id,
        actor=Actor.anonymous(),
        contact=a_contact(),
    )
    begun = initialize().booking
    assert begun.state is S.AWAITING_PAYMENT
    for one_more in (lambda: limited.confirm(a_slot(hour=9)), initialize):
        with pytest.raises(TooManyHolds):
            one_more()
    assert limited.pays_again(begun).state is S.AWAITING_PAYMENT


@pytest.mark.parametrize("pays", [MemoryPayments.process, MemoryPayments.authorise])
def test_who_has_paid_or_whose_money_is_on_its_way_may_begin_another(
    pays: Callable[[MemoryPayments, str], None],
) -> None:
    limited = shop(client=1)
    for _ in range(2):
        begun = limited.core.initialize_booking(
            session_type_id=a_session_type().id, actor=Actor.anonymous(), contact=a_contact()
        ).booking
        pays(limited.payments, key_of(limited.now(begun)))
        assert limited.comes_back(begun).deadline is not None


def test_who_is_refused_changed_nothing_and_may_use_the_same_key_later() -> None:
    limited = shop(client=1)
    first = hold(limited, 0)
    again = partial(hold, limited, 1, key="once")
    with pytest.raises(TooManyHolds):
        again()
    limited.cancel(first)
    kept = again()
    assert again(remote_address=THERE).id == kept.id


def test_of_the_address_a_digest_is_kept_for_as_long_as_the_booking_waits() -> None:
    waiting = shop(price=None)
    held = hold(waiting, 0)
    assert origins(waiting) == [waiting.core.origin_key.of(HERE)]
    confirmed = waiting.core.confirm_booking(
        session_type_id=held.session_type_id,
        slot=a_slot(hour=8),
        actor=waiting.client(held),
        booking_id=held.id,
    )
    cancelled, lapses = hold(waiting, 1), hold(waiting, 2)
    waiting.cancel(cancelled)
    waiting.clock.advance(HOLD_LENGTH)
    waiting.core.expire_overdue()
    assert [waiting.now(each).origin for each in (confirmed, cancelled, lapses)] == [None] * 3


def test_of_a_burst_no_more_are_held_than_may() -> None:
    limited = Shop.open(calendar="local", hold_limits=HoldLimits(), capacity=64)

    def try_it() -> bool:
        try:
            hold(limited, 0)
        except TooManyHolds:
            return False
        return True

    assert sum(at_once([try_it] * 64)) == 5
