"""What another schedule would give and take, asked before it is kept."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from attrs import evolve

from booking_core import (
    Actor,
    DayRange,
    NotFound,
    RangeTooLong,
    Schedule,
    StaleSchedule,
    TimeOff,
    TimeWindow,
)
from booking_core.testing.examples import NOW, a_builder, a_schedule, a_session_type, a_slot
from tests.unit.application.paying import BUILDER, Shop

ADA, EVE, ADMIN = BUILDER, Actor.builder("bld_2"), Actor.admin()
WEEK = TimeWindow(NOW, NOW + timedelta(days=7))
TUESDAY = date(2026, 3, 3)
MORNINGS = Schedule("Europe/Berlin", weekly={1: (DayRange.parse("09:00", "11:00"),)})
AWAY = TimeOff(TimeWindow(a_slot(hour=9).start, a_slot(hour=12).end), "Dentist")


@pytest.fixture
def shop() -> Shop:
    return Shop.open(calendar="local", price=None)


def opens(shop: Shop, schedule: Schedule, actor: Actor = ADA) -> list[str]:
    found = shop.core.preview_schedule(
        session_type_id=a_session_type().id, schedule=schedule, window=WEEK, actor=actor
    )
    return [start[:16] for start, *_ in found.slots.rendered()]


def displaced(shop: Shop, schedule: Schedule, actor: Actor = ADA) -> list[str]:
    found = shop.core.list_displaced(builder_id=a_builder().id, schedule=schedule, actor=actor)
    return [each.id for each in found]


def test_a_preview_shows_what_would_be_open_and_changes_nothing(shop: Shop) -> None:
    shop.confirm(a_slot(hour=8))
    assert opens(shop, MORNINGS) == ["2026-03-03T09:00"]
    assert len(opens(shop, a_schedule())) > 30
    kept = shop.core.show_builder(name=a_builder().id, actor=ADA)
    assert kept.schedule == a_schedule()


def test_only_a_builder_itself_and_operators_see_a_preview_and_what_is_displaced(
    shop: Shop,
) -> None:
    assert opens(shop, MORNINGS, ADMIN)
    assert displaced(shop, MORNINGS, ADMIN) == []
    for other in (EVE, Actor.client("ana"), Actor.anonymous()):
        with pytest.raises(NotFound):
            opens(shop, MORNINGS, other)
        with pytest.raises(NotFound):
            displaced(shop, MORNINGS, other)


def test_a_preview_is_no_longer_than_a_search() -> None:
    shop, months = Shop.open(price=None), TimeWindow(NOW, NOW + timedelta(days=70))
    with pytest.raises(RangeTooLong):
        shop.core.preview_schedule(
            session_type_id=a_session_type().id, schedule=MORNINGS, window=months, actor=ADA
        )


def test_sessions_are_displaced_by_time_off_by_a_closed_date_and_by_other_hours(
    shop: Shop,
) -> None:
    late, early = shop.confirm(a_slot(hour=10)), shop.confirm(a_slot(hour=8))
    assert displaced(shop, a_schedule()) == []
    assert displaced(shop, a_schedule(time_off=[AWAY])) == [late.id]
    assert displaced(shop, a_schedule(overrides={TUESDAY: ()})) == [early.id, late.id]
    assert displaced(shop, MORNINGS) == [late.id]
    shop.cancel(late)
    assert displaced(shop, MORNINGS) == []


def test_a_session_that_stood_outside_of_the_hours_already_is_not_listed_again(shop: Shop) -> None:
    shop.confirm(a_slot(hour=10))
    closed = a_schedule(overrides={TUESDAY: ()})
    shop.core.change_builder(builder_id=a_builder().id, changes={"schedule": closed}, actor=ADA)
    assert displaced(shop, closed) == []
    assert displaced(shop, evolve(closed, time_off=[AWAY])) != []


def test_hours_that_somebody_else_changed_meanwhile_are_not_overwritten(shop: Shop) -> None:
    def change(schedule: Schedule, was: Schedule) -> None:
        shop.core.change_builder(
            builder_id=a_builder().id,
            changes={"schedule": schedule},
            actor=ADA,
            schedule_was=was.digest,
        )

    change(MORNINGS, a_schedule())
    with pytest.raises(StaleSchedule):
        change(a_schedule(time_off=[AWAY]), a_schedule())
    kept = shop.core.show_builder(name=a_builder().id, actor=ADA)
    assert kept.schedule == MORNINGS
    change(a_schedule(), MORNINGS)
