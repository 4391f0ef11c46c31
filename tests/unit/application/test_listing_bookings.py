"""Whose bookings a caller is listed, and how many at once."""

from __future__ import annotations

from typing import Any

import pytest

from booking_core import (
    MOST_BOOKINGS,
    Actor,
    BookingFilter,
    InvalidRequest,
    SignInRequired,
)
from booking_core.testing.examples import a_slot
from tests.unit.application.paying import BUILDER, Shop

ADMIN = Actor.admin()
ANA, BEN = Actor.client("ana"), Actor.client("ben")


@pytest.fixture
def shop() -> Shop:
    shop = Shop.open(calendar="local", price=None)
    for hour, actor in enumerate((ANA, ANA, BEN), start=9):
        shop.confirm(a_slot(hour=hour), actor=actor)
    return shop


def clients(shop: Shop, actor: Actor, **criteria: Any) -> list[str | None]:
    page = shop.core.list_bookings(criteria=BookingFilter(**criteria), actor=actor)
    return [booking.client.id for booking in page.bookings]


def test_a_client_is_listed_its_own_bookings_whatever_it_asks_for(shop: Shop) -> None:
    assert clients(shop, ANA) == clients(shop, ANA, client_id="ben") == ["ana", "ana"]
    assert clients(shop, BEN) == ["ben"]


def test_a_builder_and_an_operator_are_listed_all_of_theirs(shop: Shop) -> None:
    assert len(clients(shop, BUILDER)) == len(clients(shop, ADMIN)) == 3
    assert clients(shop, Actor.builder("bld_2"), builder_id=BUILDER.id) == []


def test_who_is_not_signed_in_is_listed_nothing(shop: Shop) -> None:
    with pytest.raises(SignInRequired):
        clients(shop, Actor.anonymous())


def test_a_page_says_where_the_next_one_begins(shop: Shop) -> None:
    first = shop.core.list_bookings(criteria=BookingFilter(limit=2), actor=ADMIN)
    assert len(first.bookings) == 2
    second = shop.core.list_bookings(criteria=BookingFilter(after=first.next), actor=ADMIN)
    assert (len(second.bookings), second.next) == (1, None)


@pytest.mark.parametrize("limit", [0, -1, MOST_BOOKINGS + 1, 2.5, True])
def test_a_page_that_nobody_can_be_given_is_refused(limit: Any) -> None:
    with pytest.raises(InvalidRequest) as refused:
        BookingFilter(limit=limit)
    assert [error.pointer for error in refused.value.errors] == ["/limit"]


def test_the_longest_page_can_be_asked_for(shop: Shop) -> None:
    assert len(clients(shop, ADMIN, limit=MOST_BOOKINGS)) == 3
