"""Reminders come once for each start, however the booking came to stand there."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from booking_core import Actor
from booking_core.testing.examples import a_builder, a_slot
from tests.unit.application.paying import Shop

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
HERE, THERE = a_slot(day=3), a_slot(day=3, hour=12)


@pytest.fixture(params=["memory", "local"])
def shop(request: pytest.FixtureRequest) -> Shop:
    shop = Shop.open(calendar=request.param, price=None)
    shop.core.change_builder(
        builder_id=a_builder().id, changes={"reminders": (DAY, HOUR)}, actor=Actor.system()
    )
    return shop


def reminders(shop: Shop) -> Counter[tuple[str, str]]:
    """How often each reminder arrived, by its reader and what it says of the time."""
    times = [(mail, mail.text.split("\n")[3]) for mail in shop.mailer.arrived]
    return Counter((mail.to, when) for mail, when in times if "Reminder" in mail.subject)


@pytest.mark.parametrize("moves", [[], [THERE], [THERE, HERE], [THERE, HERE, THERE]])
def test_each_reader_is_reminded_once_for_each_offset(shop: Shop, moves: list[object]) -> None:
    booking = shop.confirm(HERE)
    for slot in moves:
        shop.core.reschedule_booking(booking_id=booking.id, slot=slot, actor=Actor.system())
    shop.work()
    shop.clock.set(HERE.start - DAY - HOUR)
    shop.work(DAY + 4 * HOUR)
    found = reminders(shop)
    assert sorted({to for to, _ in found}) == ["ada@example.org", "grace@example.org"]
    assert list(found.values()) == [2, 2]
