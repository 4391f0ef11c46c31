"""What was agreed when a place was booked holds when its session type is changed: in every store."""

import pytest

from adapters.local_calendar import LocalCalendar
from adapters.memory import MemoryClock, MemoryMailer, MemoryStore
from booking_core import (
    Actor,
    BookingCore,
    Contact,
    SlotUnavailable,
    TimeWindow,
    UnitOfWorkFactory,
)
from booking_core.testing.examples import NOW, a_builder, a_session_type, a_slot

ANYONE = Actor.anonymous()
TYPE = a_session_type().id


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def core(request: pytest.FixtureRequest) -> BookingCore:
    if request.param == "memory":
        store: UnitOfWorkFactory = MemoryStore()
    else:
        store = request.getfixturevalue(f"{request.param}_store")
    with store() as uow:
        uow.builders.save(a_builder())
        uow.session_types.save(a_session_type())
        uow.commit()
    clock = MemoryClock(NOW)
    return BookingCore.assemble(
        unit_of_work=store,
        calendar=LocalCalendar(store, clock, "http://localhost"),
        mailer=MemoryMailer(),
        clock=clock,
    )


def book(core: BookingCore, name: str) -> None:
    contact = Contact(name, f"{name}@example.org")
    core.confirm_booking(session_type_id=TYPE, slot=a_slot(), contact=contact, actor=ANYONE)


def seats(core: BookingCore) -> list[int]:
    """What is offered of that very slot."""
    window = TimeWindow(a_slot().start, a_slot().end)
    found = core.find_slots(session_type_id=TYPE, window=window, actor=ANYONE)
    return [each.seats for each in found.slots]


def change(core: BookingCore, **changes: object) -> None:
    core.change_session_type(session_type_id=TYPE, changes=changes, actor=Actor.admin())


def test_who_booked_a_meeting_alone_is_not_joined_when_there_are_more_seats(
    core: BookingCore,
) -> None:
    book(core, "ana")
    change(core, capacity=5)
    assert seats(core) == []
    with pytest.raises(SlotUnavailable) as refused:
        book(core, "bo")
    assert refused.value.alternatives
    assert a_slot() not in refused.value.alternatives


def test_a_group_is_not_joined_when_its_session_type_became_one_for_one(core: BookingCore) -> None:
    change(core, capacity=5)
    book(core, "ana")
    assert seats(core) == [4]
    change(core, capacity=1)
    assert seats(core) == []
    with pytest.raises(SlotUnavailable):
        book(core, "bo")
