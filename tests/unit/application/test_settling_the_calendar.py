"""A provider that is slow, refuses or loses answers changes no promise."""

from datetime import timedelta
from typing import Any

import pytest
from attrs import frozen

from adapters.memory import Fault, MemoryCalendar, MemoryClock, MemoryMailer, MemoryStore
from booking_core import (
    Actor,
    Booking,
    BookingCore,
    BookingFilter,
    BookingState,
    LinkNeeded,
    Slot,
    SlotUnavailable,
)
from booking_core.testing.examples import NOW, a_builder, a_contact, a_session_type, a_slot


@frozen
class World:
    core: BookingCore
    calendar: MemoryCalendar
    clock: MemoryClock

    def book(self, slot: Slot, **more: Any) -> Booking:
        return self.core.confirm_booking(
            session_type_id=a_session_type().id,
            slot=slot,
            contact=a_contact(),
            actor=Actor.anonymous(),
            **more,
        )

    def work(self) -> None:
        """The job loop, until nothing is due; retries come due as time passes."""
        for _ in range(5):
            while self.core.work_outbox():
                pass
            self.clock.advance(timedelta(minutes=5))

    def now(self, booking: Booking) -> Booking:
        return self.core.show_booking(booking_id=booking.id, actor=Actor.system())

    def stands(self) -> list[Slot]:
        return [event.slot for event in self.calendar.standing()]


@pytest.fixture
def world() -> World:
    clock, store = MemoryClock(NOW), MemoryStore()
    calendar = MemoryCalendar(clock)
    core = BookingCore.assemble(
        unit_of_work=store, calendar=calendar, mailer=MemoryMailer(), clock=clock
    )
    with store() as uow:
        uow.builders.save(a_builder())
        uow.session_types.save(a_session_type())
        uow.commit()
    return World(core, calendar, clock)


def test_a_provider_that_answers_confirms_in_the_same_call(world: World) -> None:
    booking = world.book(a_slot())
    assert booking.state is BookingState.CONFIRMED
    assert booking.event is not None
    assert world.stands() == [a_slot()]


@pytest.mark.parametrize("fault", list(Fault))
def test_a_provider_that_times_out_is_settled_by_the_job_with_one_event(
    world: World, fault: Fault
) -> None:
    world.calendar.break_next("ensure_booked", fault)
    booking = world.book(a_slot())
    assert booking.state is BookingState.CONFIRMING
    world.work()
    assert world.now(booking).state is BookingState.CONFIRMED
    assert world.stands() == [a_slot()]


def test_a_slot_that_the_provider_gives_away_meanwhile_is_refused_for_each_repeat(
    world: World,
) -> None:
    world.calendar.refuse(a_slot())
    for _ in range(2):
        with pytest.raises(SlotUnavailable) as refused:
            world.book(a_slot(), key="k")
        assert refused.value.alternatives[0].start >= a_slot().end
    page = world.core.list_bookings(criteria=BookingFilter(), actor=Actor.system())
    [booking] = page.bookings
    assert booking.state is BookingState.FAILED
    assert booking.claims() == ()
    assert world.stands() == []


def test_a_slot_that_is_taken_at_the_provider_is_refused_with_alternatives(world: World) -> None:
    world.calendar.add_busy(a_builder().id, a_slot())
    with pytest.raises(SlotUnavailable) as refused:
        world.book(a_slot())
    assert refused.value.alternatives[0].start >= a_slot().end


def test_a_move_removes_the_old_event(world: World) -> None:
    booking = world.book(a_slot())
    moved = world.core.reschedule_booking(
        booking_id=booking.id, slot=a_slot(hour=13), actor=Actor.system()
    )
    assert moved.slot == a_slot(hour=13)
    assert world.stands() == [a_slot(hour=13)]


def test_a_move_that_the_provider_refuses_leaves_the_old_slot(world: World) -> None:
    booking = world.book(a_slot())
    world.calendar.refuse(a_slot(hour=13))
    for _ in range(2):
        with pytest.raises(SlotUnavailable) as refused:
            world.core.reschedule_booking(
                booking_id=booking.id, slot=a_slot(hour=13), actor=Actor.system(), key="k"
            )
        assert refused.value.alternatives
    stayed = world.now(booking)
    assert (stayed.slot, stayed.pending_slot) == (a_slot(), None)
    assert world.stands() == [a_slot()]


def test_a_repeat_of_a_move_is_answered_as_before_once_the_booking_has_moved_on(
    world: World,
) -> None:
    booking = world.book(a_slot())
    for hour, key in ((13, "first"), (15, "second"), (13, "first")):
        moved = world.core.reschedule_booking(
            booking_id=booking.id, slot=a_slot(hour=hour), actor=Actor.system(), key=key
        )
    assert moved.id == booking.id
    assert world.now(booking).slot == a_slot(hour=15)


def test_a_move_waits_for_the_end_of_a_limit(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    booking = world.book(a_slot())

    def limited(*_: Any, **__: Any) -> Any:
        raise LinkNeeded("Too many bookings within a minute.", lasting=False)

    monkeypatch.setattr(MemoryCalendar, "ensure_booked", limited)
    moving = world.core.reschedule_booking(
        booking_id=booking.id, slot=a_slot(hour=13), actor=Actor.system()
    )
    assert moving.pending_slot == a_slot(hour=13)
    monkeypatch.undo()
    world.work()
    assert world.now(booking).slot == a_slot(hour=13)


def test_the_answer_tells_how_far_a_provider_came_that_failed_half_way(world: World) -> None:
    booking = world.book(a_slot())
    world.calendar.break_next("ensure_absent", times=9)
    moved = world.core.reschedule_booking(
        booking_id=booking.id, slot=a_slot(hour=13), actor=Actor.system()
    )
    assert moved.slot == world.now(booking).slot == a_slot(hour=13)


def test_a_cancellation_while_the_answer_is_lost_leaves_no_event_that_nobody_owns(
    world: World,
) -> None:
    world.calendar.break_next("ensure_booked", Fault.LOST_ANSWER)
    booking = world.book(a_slot())
    assert world.stands() == [a_slot()]
    world.core.cancel_booking(booking_id=booking.id, actor=Actor.system())
    world.work()
    assert world.now(booking).state is BookingState.CANCELLED
    assert world.stands() == []


def test_what_was_cancelled_at_the_provider_is_cancelled_here_and_not_booked_again(
    world: World,
) -> None:
    booking = world.book(a_slot())
    assert booking.event is not None
    world.calendar.cancel(booking.event)
    world.core.settle_calendar(booking_id=booking.id)
    assert world.now(booking).state is BookingState.CANCELLED
    world.work()
    assert world.stands() == []


def test_what_was_moved_at_the_provider_is_moved_here(world: World) -> None:
    booking = world.book(a_slot())
    assert booking.event is not None
    world.calendar.move(booking.event, a_slot(hour=14))
    world.core.settle_calendar(booking_id=booking.id)
    assert world.now(booking).slot == a_slot(hour=14)
    assert world.stands() == [a_slot(hour=14)]
