"""What the mails of a booking tell, in the order in which things happened to it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from booking_core import Actor
from booking_core.testing.examples import a_slot
from tests.unit.application.paying import Shop

AT_FIVE, AT_SEVEN, AT_NINE = (a_slot(day=3, hour=hour) for hour in (10, 12, 14))  # in New York

HOUR = timedelta(hours=1)


@pytest.fixture(params=["memory", "local"])
def free(request: pytest.FixtureRequest) -> Shop:
    """Whose sessions cost nothing."""
    return Shop.open(calendar=request.param, price=None)


def told(shop: Shop, headline: str, address: str = "grace@example.org") -> list[str]:
    """The mails to that address under that headline."""
    mails = shop.mailer.sent_to(address)
    return [mail.text for mail in mails if mail.subject.startswith(headline)]


def test_a_move_is_told_with_the_time_that_it_was(free: Shop) -> None:
    booking = free.confirm(AT_FIVE)
    for slot in (AT_SEVEN, AT_NINE):
        free.core.reschedule_booking(booking_id=booking.id, slot=slot, actor=Actor.system())
        free.work()
    first, second = told(free, "Moved")
    assert "2026, 07:00 to 08:00" in first
    assert "Was: Thursday, 5 March 2026, 05:00 (America/New_York" in first
    assert "2026, 09:00 to 10:00" in second
    assert "Was: Thursday, 5 March 2026, 07:00 (America/New_York" in second
    builder = told(free, "Moved", "ada@example.org")
    assert ["Was: Thursday, 5 March 2026" in text for text in builder] == [True, True]


def test_who_is_told_late_that_all_is_as_it_was_is_not_told_of_another_time(free: Shop) -> None:
    booking = free.confirm(AT_FIVE)
    free.work()
    free.mailer.break_next("send", times=4)
    for slot in (AT_SEVEN, AT_FIVE):
        free.core.reschedule_booking(booking_id=booking.id, slot=slot, actor=Actor.system())
        free.work()
    free.work(HOUR)
    back, there = told(free, "Moved")
    assert "Was:" not in back
    assert "Was: Thursday, 5 March 2026, 07:00" in there
