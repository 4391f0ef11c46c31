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


def to_come(shop: Shop) -> list[str]:
    """The starts that reminders wait for, once for each reader and offset."""
    subjects = [each.job.subject for each in shop.core.jobs.upcoming()]
    return [subject.split("|")[2] for subject in subjects if subject.startswith("reminder")]


def test_no_reminder_waits_for_a_booking_that_was_cancelled(shop: Shop) -> None:
    booking = shop.confirm(HERE)
    shop.work()
    shop.confirm(THERE)
    shop.work()
    assert len(to_come(shop)) == 8
    shop.cancel(booking)
    assert to_come(shop) == [THERE.start.isoformat()] * 4


def test_no_reminder_waits_for_a_time_that_was_left(shop: Shop) -> None:
    booking = shop.confirm(HERE)
    shop.work()
    for slot in (THERE, HERE, THERE):
        shop.core.reschedule_booking(booking_id=booking.id, slot=slot, actor=Actor.system())
        shop.work()
        assert to_come(shop) == [slot.start.isoformat()] * 4


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
