"""Many clients at once, through the whole application, on both databases."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from attrs import frozen
from sqlalchemy import text

from adapters.local_calendar import LocalCalendar
from adapters.memory import MemoryClock, MemoryMailer
from adapters.sql import SqlStore
from booking_core import (
    Actor,
    Booking,
    BookingCore,
    BookingFilter,
    BookingState,
    Contact,
    Explanation,
    SessionType,
    Slot,
    SlotUnavailable,
    TimeWindow,
    TooManyHolds,
)
from booking_core.testing.examples import NOW, a_builder, a_session_type, a_slot
from tests.integration.storm import Storm, storm

pytestmark = pytest.mark.storm

CLIENTS = 32
ROUNDS = 20
TOO_LONG = 5.0  # seconds; the guard against lock stalls
MINUTE = timedelta(minutes=1)
UNGUARD = {
    # `ON CONFLICT ON CONSTRAINT` needs a constraint of that name: one that nothing violates.
    "postgresql": [
        "ALTER TABLE claims DROP CONSTRAINT claims_no_overlap",
        "ALTER TABLE claims ADD CONSTRAINT claims_no_overlap UNIQUE (id)",
    ],
    "sqlite": ["DROP TRIGGER claims_no_overlap"],
}


@frozen
class Service:
    """The application on one database, at the examples' instant."""

    core: BookingCore
    store: SqlStore
    clock: MemoryClock

    def offer(self, **changes: object) -> SessionType:
        session_type = a_session_type(**{"horizon": timedelta(days=90)} | changes)
        with self.store() as uow:
            uow.builders.save(a_builder())
            uow.session_types.save(session_type)
            uow.commit()
        return session_type

    def booker(
        self, session_type: SessionType, slot: Slot, client: int, key: str | None = None
    ) -> Callable[[], Booking]:
        contact = Contact(f"Client {client}", f"client{client}@example.org", "Europe/Paris")
        return lambda: self.core.confirm_booking(
            session_type_id=session_type.id,
            slot=slot,
            contact=contact,
            actor=Actor.anonymous(),
            key=key,
        )

    def live(self) -> list[Booking]:
        with self.store(write=False) as uow:
            found = uow.bookings.find(BookingFilter(limit=1000))
        return [booking for booking in found if booking.state.live]


class TooEarly(LocalCalendar):
    """Looked before the others booked: it sees every start as open."""

    def explain(self, *, start: datetime, **_: object) -> Explanation:
        return Explanation(start, (), seats=1)


def _service(store: SqlStore, calendar: type[LocalCalendar]) -> Service:
    clock = MemoryClock(NOW)
    core = BookingCore.assemble(
        unit_of_work=store,
        calendar=calendar(store, clock, "http://localhost"),
        mailer=MemoryMailer(),
        clock=clock,
    )
    return Service(core, store, clock)


@pytest.fixture
def service(store: SqlStore) -> Service:
    return _service(store, LocalCalendar)


@pytest.fixture
def too_early(store: SqlStore) -> Service:
    return _service(store, TooEarly)


def take_the_guard_away(service: Service) -> None:
    with service.store.engine.begin() as connection:
        for statement in UNGUARD[connection.dialect.name]:
            connection.execute(text(statement))


def winners(rush: Storm[Booking]) -> list[Booking]:
    """Those who were booked; all others were refused."""
    assert_nothing_but_refusals(rush)
    assert all(booking.state is BookingState.CONFIRMED for booking in rush.results)
    return rush.results


def assert_nothing_but_refusals(rush: Storm[Booking]) -> None:
    """Who did not succeed was refused by name, and nobody waited for a lock."""
    assert [error for error in rush.errors if not isinstance(error, SlotUnavailable)] == []
    assert rush.longest < TOO_LONG


def assert_no_overlaps(service: Service) -> None:
    """The database is read again: no two live bookings of the builder share a minute."""
    taken = sorted(booking.slot for booking in service.live() if booking.slot)
    assert all(first.end <= second.start for first, second in pairwise(taken))


def test_one_of_32_gets_the_slot_and_the_others_get_open_alternatives(service: Service) -> None:
    session_type = service.offer()
    for nth in range(ROUNDS):
        slot = a_slot(day=_weekday(nth // 4), hour=8 + 2 * (nth % 4))
        rush = storm([service.booker(session_type, slot, n) for n in range(CLIENTS)])
        assert len(winners(rush)) == 1
        for refused in rush.errors:
            assert isinstance(refused, SlotUnavailable)
            assert refused.alternatives
            assert slot not in refused.alternatives
    assert len(service.live()) == ROUNDS
    assert_no_overlaps(service)


def test_overlapping_unequal_starts_never_both_win(service: Service) -> None:
    session_type = service.offer(slot_step=15 * MINUTE)
    for nth in range(ROUNDS):
        day = _weekday(nth)
        slots = [a_slot(day=day, hour=10, minute=15 * (n % 4)) for n in range(CLIENTS)]
        rush = storm([service.booker(session_type, slot, n) for n, slot in enumerate(slots)])
        assert len(winners(rush)) == 1
    assert_no_overlaps(service)


def test_two_session_types_of_one_builder_share_the_builders_time(service: Service) -> None:
    long = service.offer(id="typ_long", duration=60 * MINUTE)
    short = service.offer(id="typ_short", duration=30 * MINUTE)
    for nth in range(ROUNDS):
        day = _weekday(nth)
        calls = [
            service.booker(long, a_slot(day=day, hour=10), n)
            if n % 2
            else service.booker(short, a_slot(day=day, hour=10, minute=30, minutes=30), n)
            for n in range(CLIENTS)
        ]
        assert len(winners(storm(calls))) == 1
    assert_no_overlaps(service)


def test_a_cancelled_slot_is_sold_once_again(service: Service) -> None:
    session_type = service.offer()
    slot = a_slot()
    for _ in range(5):
        booked = winners(storm([service.booker(session_type, slot, n) for n in range(CLIENTS)]))
        assert len(booked) == 1
        service.core.cancel_booking(booking_id=booked[0].id, actor=Actor.system())
    assert service.live() == []


def give_back_in_a_storm(service: Service, session_type: SessionType) -> Storm[Booking]:
    """One gives the slot back while eleven others want it; only the guard keeps them apart."""
    (held,) = winners(storm([service.booker(session_type, a_slot(), 0)]))

    def give_back() -> Booking:
        return service.core.cancel_booking(booking_id=held.id, actor=Actor.system())

    others = [service.booker(session_type, a_slot(), client) for client in range(1, 12)]
    return storm([give_back, *others])


def test_a_storm_while_the_slot_is_given_back_ends_with_one_booking_at_most(
    too_early: Service,
) -> None:
    session_type = too_early.offer()
    for _ in range(ROUNDS):
        rush = give_back_in_a_storm(too_early, session_type)
        assert_nothing_but_refusals(rush)
        given_back, *booked = rush.results
        assert given_back.state is BookingState.CANCELLED
        assert [booking.id for booking in too_early.live()] == [booking.id for booking in booked]
        assert len(booked) <= 1
        for booking in booked:
            too_early.core.cancel_booking(booking_id=booking.id, actor=Actor.system())


def test_without_the_guard_a_slot_that_is_given_back_is_sold_more_than_once(
    too_early: Service,
) -> None:
    """The negative control of the storm above."""
    session_type = too_early.offer()
    take_the_guard_away(too_early)
    give_back_in_a_storm(too_early, session_type)
    assert len(too_early.live()) > 1


def test_a_daily_limit_of_five_admits_exactly_five(service: Service) -> None:
    session_type = service.offer(
        duration=15 * MINUTE, slot_step=15 * MINUTE, daily_limit=5, horizon=timedelta(days=90)
    )
    for nth in range(3):
        first = a_slot(day=_weekday(nth), hour=8, minutes=15)
        slots = [
            Slot(first.start + 15 * MINUTE * n, first.end + 15 * MINUTE * n) for n in range(CLIENTS)
        ]
        rush = storm([service.booker(session_type, slot, n) for n, slot in enumerate(slots)])
        assert len(winners(rush)) == 5


def test_a_session_for_five_admits_exactly_five(service: Service) -> None:
    session_type = service.offer(capacity=5)
    for nth in range(ROUNDS):
        slot = a_slot(day=_weekday(nth))
        rush = storm([service.booker(session_type, slot, n) for n in range(CLIENTS)])
        assert len(winners(rush)) == 5


def test_a_repeat_from_12_threads_books_once_and_all_get_one_answer(service: Service) -> None:
    session_type = service.offer()
    for nth in range(ROUNDS):
        slot = a_slot(day=_weekday(nth))
        rush = storm([service.booker(session_type, slot, 1, f"key-{nth}")] * 12)
        assert len(winners(rush)) == 12
        assert len({(each.id, each.state, each.slot) for each in rush.results}) == 1
    assert len(service.live()) == ROUNDS


def test_overdue_holds_do_not_stand_in_the_way(service: Service) -> None:
    session_type = service.offer()
    contact = Contact("Held", "held@example.org")
    for nth in range(5):
        slot = a_slot(day=_weekday(nth))
        service.core.hold_slot(
            session_type_id=session_type.id, slot=slot, contact=contact, actor=Actor.anonymous()
        )
        service.clock.advance(timedelta(minutes=16))
        found = service.core.find_slots(
            session_type_id=session_type.id,
            window=TimeWindow(slot.start, slot.end),
            actor=Actor.anonymous(),
        )
        assert [each.slot for each in found.slots] == [slot]
        rush = storm([service.booker(session_type, slot, n) for n in range(CLIENTS)])
        assert len(winners(rush)) == 1
    with service.store(write=False) as uow:
        states = Counter(each.state for each in uow.bookings.find(BookingFilter(limit=100)))
    assert states == {BookingState.CONFIRMED: 5, BookingState.EXPIRED: 5}


def test_of_a_burst_of_holds_from_one_client_or_address_no_more_are_kept_than_may(
    service: Service,
) -> None:
    session_type = service.offer()

    def holder(number: int, email: str, address: str) -> Callable[[], Booking]:
        return lambda: service.core.hold_slot(
            session_type_id=session_type.id,
            slot=a_slot(day=_weekday(number // 7), hour=8 + number % 7),
            contact=Contact("Held", email),
            actor=Actor.anonymous(),
            remote_address=address,
        )

    one_client = [holder(n, "held@example.org", f"192.0.2.{n}") for n in range(CLIENTS)]
    one_address = [holder(n, f"{n}@example.org", "192.0.2.99") for n in range(40, 40 + CLIENTS)]
    for calls, kept in ((one_client, 5), (one_address, 20)):
        rush = storm(calls)
        assert len(rush.results) == kept
        assert {type(error) for error in rush.errors} == {TooManyHolds}
        assert rush.longest < TOO_LONG


def test_a_look_that_came_too_early_still_sells_the_slot_once(too_early: Service) -> None:
    session_type = too_early.offer()
    for nth in range(5):
        rush = storm(
            [too_early.booker(session_type, a_slot(_weekday(nth)), n) for n in range(CLIENTS)]
        )
        assert len(winners(rush)) == 1


def test_without_the_guard_the_same_storm_oversells(too_early: Service) -> None:
    """The negative control: the storm above can tell a guarded database from an unguarded one."""
    session_type = too_early.offer()
    take_the_guard_away(too_early)
    rush = storm([too_early.booker(session_type, a_slot(), n) for n in range(CLIENTS)])
    assert len(rush.results) > 1


def _weekday(nth: int) -> int:
    """The number of days from the examples' Monday to the nth working day after it."""
    return nth // 5 * 7 + nth % 5 + 1 if nth % 5 < 4 else nth // 5 * 7 + 7
