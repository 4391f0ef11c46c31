"""A refusal says what helps to choose another time, and not why the builder is away."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from booking_core import Actor, Slot, SlotUnavailable, TimeOff, TimeWindow
from booking_core.testing.examples import a_contact, a_schedule, a_session_type, a_slot
from tests.unit.application.paying import BUILDER, Shop

TUESDAY, SUNDAY = a_slot(), a_slot(day=6)
AWAY = TimeOff(TimeWindow(TUESDAY.start, TUESDAY.end), "At the doctor's")
DAY = TUESDAY.start.date()


def refusal(shop: Shop, slot: Slot, actor: Actor | None = None) -> SlotUnavailable:
    with pytest.raises(SlotUnavailable) as refused:
        shop.confirm(slot, actor=actor or Actor.anonymous(), contact=a_contact())
    return refused.value


@pytest.mark.parametrize(
    ("changes", "slot", "code"),
    [
        ({"time_off": (AWAY,)}, TUESDAY, "time_off"),
        ({"overrides": {DAY: ()}}, TUESDAY, "override"),
        ({}, SUNDAY, "closed_day"),
        ({}, a_slot(hour=20), "outside_hours"),
    ],
)
@pytest.mark.parametrize("calendar", ["memory", "local"])
def test_a_client_is_told_that_nothing_is_offered_then_and_the_builder_is_told_why(
    calendar: str, changes: dict[str, Any], slot: Slot, code: str
) -> None:
    shop = Shop.open(calendar=calendar, price=None, schedule=evolve(a_schedule(), **changes))
    told = [refusal(shop, slot, actor) for actor in (Actor.anonymous(), Actor.client("ana"))]
    assert [each.reason for each in told] == ["not_offered"] * 2
    assert {each.message for each in told} == {
        "The builder is not available then; choose another time."
    }
    explained = shop.core.explain_slot(
        session_type_id=a_session_type().id, start=slot.start, actor=BUILDER
    )
    assert [reason.code for reason in explained.reasons] == [code]


@pytest.mark.parametrize("calendar", ["memory", "local"])
def test_room_that_a_buffer_takes_is_taken_like_any_other(calendar: str) -> None:
    quarter = a_session_type().duration / 4
    shop = Shop.open(calendar=calendar, price=None, buffer_after=quarter, slot_step=quarter)
    shop.confirm(a_slot())
    for minute in (0, 15):
        refused = refusal(shop, a_slot(hour=11 if minute == 0 else 10, minute=minute))
        assert (refused.reason, refused.message) == (
            "busy",
            "This time is taken; choose another one.",
        )
