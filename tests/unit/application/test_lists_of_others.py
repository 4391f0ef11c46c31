"""Who asks for somebody else's bookings is told nothing."""

import pytest

from adapters.memory import MemoryCalendar, MemoryClock, MemoryMailer, MemoryStore
from booking_core import Actor, BookingCore, BookingFilter, BuilderId, Client, ClientId
from booking_core.testing.contracts.stored import put_booking, put_catalogue
from booking_core.testing.examples import (
    NOW,
    a_booking,
    a_builder,
    a_contact,
    a_session_type,
)


@pytest.fixture
def core() -> BookingCore:
    """With a booking of builder `bld_1` and client `cli_1`, and one of `bld_2` and `cli_2`."""
    store, clock = MemoryStore(), MemoryClock(NOW)
    for number in ("1", "2"):
        offer = a_session_type(id=f"typ_{number}", builder_id=BuilderId(f"bld_{number}"))
        put_catalogue(store, offer, builders=(a_builder(id=f"bld_{number}"),))
        client = Client(a_contact(), ClientId(f"cli_{number}"))
        put_booking(store, a_booking(id=f"bkg_{number}", session_type=offer, client=client))
    return BookingCore.assemble(
        unit_of_work=store, calendar=MemoryCalendar(clock), mailer=MemoryMailer(), clock=clock
    )


def listed(core: BookingCore, actor: Actor, **criteria: str) -> list[str]:
    page = core.list_bookings(criteria=BookingFilter(**criteria), actor=actor)
    return [booking.id for booking in page.bookings]


def test_a_builder_who_asks_for_anothers_bookings_gets_none(core: BookingCore) -> None:
    builder = Actor.builder(BuilderId("bld_1"))
    assert listed(core, builder) == listed(core, builder, builder_id="bld_1") == ["bkg_1"]
    assert listed(core, builder, builder_id="bld_2") == []


def test_an_operator_may_ask_for_anybodys(core: BookingCore) -> None:
    assert listed(core, Actor.admin(), builder_id="bld_2", client_id="cli_2") == ["bkg_2"]
