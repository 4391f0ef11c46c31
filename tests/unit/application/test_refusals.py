"""A wish that is refused: for what it says first, then for its slot, with what is open instead."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve

from booking_core import (
    Actor,
    Contact,
    InvalidAnswers,
    InvalidRequest,
    Question,
    Schedule,
    SlotUnavailable,
)
from booking_core.testing.examples import NOW, a_contact, a_slot
from tests.unit.application.paying import Shop


@pytest.fixture(params=["memory", "local"])
def shop(request: pytest.FixtureRequest) -> Shop:
    return Shop.open(calendar=request.param, price=None)


def test_nobody_is_told_of_the_slot_before_what_is_wrong_anyway(shop: Shop) -> None:
    shop.confirm()
    with pytest.raises(InvalidRequest, match="Say who books"):
        shop.confirm(contact=None)
    with pytest.raises(InvalidRequest, match="pathway"):
        shop.confirm(pathway="pivot")
    with pytest.raises(SlotUnavailable):
        shop.confirm()


def test_a_repeat_gets_its_answer_though_nobody_could_book_that_way_any_more(shop: Shop) -> None:
    booked = shop.confirm(key="k1")
    asked = evolve(shop.stored_type(), questions=(Question("why", "Why?", required=True),))
    with shop.store() as uow:
        uow.session_types.save(asked)
        uow.commit()
    assert shop.confirm(key="k1").id == booked.id
    with pytest.raises(InvalidAnswers):
        shop.confirm(slot=a_slot(day=2))


def test_beyond_the_horizon_the_last_open_ones_are_named_the_nearest_first() -> None:
    shop = Shop.open(calendar="local", price=None, horizon=timedelta(days=30))
    far = a_slot(day=90)
    with pytest.raises(SlotUnavailable, match="until 2026-04-01") as refused:
        shop.confirm(far)
    last = NOW + timedelta(days=30)
    nearest = refused.value.alternatives
    assert len(nearest) == 5
    assert last - timedelta(days=2) < nearest[0].start < last
    assert list(nearest) == sorted(nearest, reverse=True)
    shop.confirm(nearest[0])


def test_the_last_open_ones_are_found_behind_weeks_without_any() -> None:
    shop = Shop.open(calendar="local", price=None, horizon=timedelta(days=60))
    builder = shop.core.show_builder(name="bld_1", actor=Actor.system())
    away = {(NOW + timedelta(days=day)).date(): () for day in range(3, 61)}
    shop.core.change_builder(
        builder_id=builder.id,
        changes={"schedule": evolve(builder.schedule, overrides=away)},
        actor=Actor.system(),
    )
    with pytest.raises(SlotUnavailable) as refused:
        shop.confirm(a_slot(day=90))
    assert {each.start.date() for each in refused.value.alternatives} == {
        (NOW + timedelta(days=2)).date()
    }


def test_where_nothing_is_open_at_all_nothing_is_named() -> None:
    shop = Shop.open(calendar="local", price=None, schedule=Schedule("Europe/Berlin"))
    with pytest.raises(SlotUnavailable) as refused:
        shop.confirm(a_slot(day=90))
    assert refused.value.alternatives == ()


def test_a_client_without_a_zone_has_the_builders(shop: Shop) -> None:
    contact = Contact("Bo", "bo@example.org")
    assert contact.timezone is None
    assert shop.confirm(contact=contact).client.contact.timezone == "Europe/Berlin"
    assert shop.confirm(a_slot(day=2), contact=a_contact()).client.contact == a_contact()
