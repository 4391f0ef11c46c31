"""Races for one place, at the level of the claims; each proves that the set-up can fail."""

from collections.abc import Callable
from copy import copy
from datetime import timedelta
from itertools import pairwise
from threading import Barrier

import pytest
from attrs import evolve
from sqlalchemy import text

from adapters.sql import SqlStore, claims
from adapters.sql.claims import SqlClaims
from booking_core import BookingId, SessionType, Slot, TimeWindow
from booking_core.testing.examples import NOW, a_builder, a_claim, a_session_type
from tests.integration.storm import storm

pytestmark = pytest.mark.storm

THREADS = 24
ROUNDS = 50
TOO_LONG = 5.0  # seconds; a bare INSERT was seen to stall for eleven
MINUTE = timedelta(minutes=1)
UNGUARD = {
    "postgresql": "ALTER TABLE claims DROP CONSTRAINT claims_no_overlap",
    "sqlite": "DROP TRIGGER claims_no_overlap",
}


def _offer(store: SqlStore, **changes: object) -> SessionType:
    session_type = a_session_type(**changes)
    with store() as uow:
        uow.builders.save(a_builder())
        uow.session_types.save(session_type)
        uow.commit()
    return session_type


def _take(
    store: SqlStore, session_type: SessionType, slot: Slot, booking: str
) -> Callable[[], bool]:
    def take() -> bool:
        claim = a_claim(session_type, slot, booking)
        with store() as uow:
            if not uow.claims.keep(booking_id=BookingId(booking), claims=[claim]):
                return False
            uow.commit()
            return True

    return take


def _slot(nth: int, shifted: int = 0) -> Slot:
    start = NOW + timedelta(hours=3 * nth, minutes=shifted)
    return Slot(start, start + timedelta(hours=1))


def _quarter(day: int, nth: int) -> Slot:
    """One of many slots of a day that do not touch."""
    start = NOW + timedelta(days=day, minutes=20 * nth)
    return Slot(start, start + 15 * MINUTE)


def _seats_at(store: SqlStore, slot: Slot) -> int:
    with store(write=False) as uow:
        busy = uow.claims.busy(builder_id=a_builder().id, window=slot, now=NOW)
    return sum(meeting.seats_taken for meeting in busy)


def test_one_of_many_gets_the_slot(store: SqlStore) -> None:
    session_type = _offer(store)
    for nth in range(ROUNDS):
        rush = storm(
            [_take(store, session_type, _slot(nth), f"bkg_{nth}_{n}") for n in range(THREADS)]
        )
        assert rush.errors == []
        assert sum(rush.results) == 1
        assert rush.longest < TOO_LONG
        assert _seats_at(store, _slot(nth)) == 1


def test_slots_that_overlap_partly_never_stand_together(store: SqlStore) -> None:
    session_type = _offer(store, buffer_before=10 * MINUTE, buffer_after=10 * MINUTE)
    for nth in range(ROUNDS // 2):
        slots = [_slot(nth, 15 * n % 60) for n in range(THREADS)]
        rush = storm(
            [_take(store, session_type, slots[n], f"bkg_{nth}_{n}") for n in range(THREADS)]
        )
        assert (rush.errors, sum(rush.results)) == ([], 1)
        assert rush.longest < TOO_LONG


def test_a_meeting_gets_exactly_as_many_as_it_has_seats(store: SqlStore) -> None:
    session_type = _offer(store, capacity=5)
    for nth in range(ROUNDS // 2):
        rush = storm(
            [_take(store, session_type, _slot(nth), f"bkg_{nth}_{n}") for n in range(THREADS)]
        )
        assert (rush.errors, sum(rush.results)) == ([], 5)
        assert rush.longest < TOO_LONG
        assert _seats_at(store, _slot(nth)) == 5


def test_a_day_gets_exactly_its_limit(store: SqlStore) -> None:
    session_type = _offer(store, daily_limit=3, duration=15 * MINUTE)
    for nth in range(ROUNDS // 2):
        rush = storm(
            [_take(store, session_type, _quarter(nth, n), f"bkg_{nth}_{n}") for n in range(THREADS)]
        )
        assert (rush.errors, sum(rush.results)) == ([], 3)
        assert rush.longest < TOO_LONG


def test_a_meeting_that_empties_while_others_join_keeps_count(store: SqlStore) -> None:
    session_type = _offer(store, capacity=3)
    leaving = [BookingId(f"bkg_leaves_{n}") for n in range(3)]

    def leave(booking_id: BookingId) -> bool:
        with store() as uow:
            kept = uow.claims.keep(booking_id=booking_id, claims=[])
            uow.commit()
        return kept

    for nth in range(ROUNDS // 2):
        slot = _slot(nth)
        for booking_id in leaving:
            assert _take(store, session_type, slot, booking_id)()
        joining = [_take(store, session_type, slot, f"bkg_{nth}_{n}") for n in range(9)]
        rush = storm([*joining, *(lambda b=b: leave(b) for b in leaving)])
        assert rush.errors == []
        assert rush.longest < TOO_LONG
        assert _seats_at(store, slot) == sum(rush.results) - len(leaving) <= 3


def test_a_meeting_grows_and_shrinks_with_its_buffers_while_neighbours_race(
    store: SqlStore,
) -> None:
    group = _offer(store, capacity=THREADS)
    alone = _offer(store, id="typ_alone")

    def leave(booking: str) -> Callable[[], bool]:
        def call() -> bool:
            with store() as uow:
                kept = uow.claims.keep(booking_id=BookingId(booking), claims=[])
                uow.commit()
            return kept

        return call

    for nth in range(ROUNDS // 2):
        first, slot, last = (_slot(nth, 60 * hour) for hour in (0, 1, 2))
        wide = [evolve(group, buffer_after=n * 5 * MINUTE) for n in range(4)]
        leaving = [f"bkg_{nth}_leaves_{n}" for n in range(4)]
        for booking, terms in zip(leaving, wide, strict=True):
            assert _take(store, terms, slot, booking)()
        joining = [_take(store, wide[n % 4], slot, f"bkg_{nth}_{n}") for n in range(8)]
        beside = [_take(store, alone, each, f"bkg_{nth}_at_{each.start}") for each in (first, last)]
        rush = storm([*joining, *beside, *map(leave, leaving)])
        assert rush.errors == []
        assert rush.longest < TOO_LONG
        with store(write=False) as uow:
            whole = TimeWindow(first.start, last.end)
            busy = uow.claims.busy(builder_id=group.builder_id, window=whole, now=NOW)
        blocked = sorted(
            each.window.widened(each.buffer_before * MINUTE, each.buffer_after * MINUTE)
            for each in busy
        )
        assert all(before.end <= after.start for before, after in pairwise(blocked))


# ---- the same storms without the guard oversell, or they would prove nothing ---------------------


def test_without_the_guard_the_slot_is_oversold(store: SqlStore) -> None:
    session_type = _offer(store)
    with store.engine.begin() as connection:
        # `ON CONFLICT ON CONSTRAINT` needs a constraint of that name: one that nothing violates.
        connection.execute(text(UNGUARD[store.engine.dialect.name]))
        if store.engine.dialect.name == "postgresql":
            connection.execute(
                text("ALTER TABLE claims ADD CONSTRAINT claims_no_overlap UNIQUE (id)")
            )
    rush = storm([_take(store, session_type, _slot(0), f"bkg_{n}") for n in range(THREADS)])
    assert rush.errors == []
    assert sum(rush.results) == THREADS


def test_without_the_lock_on_the_session_type_a_day_is_overfilled(
    postgres_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_type = _offer(postgres_store, daily_limit=3, duration=15 * MINUTE)
    monkeypatch.setattr(SqlClaims, "_lock_limited", lambda *_: None)
    assert _oversells(
        lambda nth: [
            _take(postgres_store, session_type, _quarter(nth, n), f"bkg_{nth}_{n}")
            for n in range(THREADS)
        ],
        at_most=3,
    )


def test_without_the_lock_on_the_meeting_too_many_sit_down(
    postgres_store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    session_type = _offer(postgres_store, capacity=5)
    unlocked = copy(claims._MEETING)
    unlocked._for_update_arg = None
    monkeypatch.setattr(claims, "_MEETING", unlocked)
    assert _oversells(
        lambda nth: [
            _take(postgres_store, session_type, _slot(nth), f"bkg_{nth}_{n}")
            for n in range(THREADS)
        ],
        at_most=5,
    )


def _oversells(calls: Callable[[int], list[Callable[[], bool]]], *, at_most: int) -> bool:
    return any(sum(storm(calls(nth)).results) > at_most for nth in range(4 * ROUNDS))


def test_looking_first_does_not_help(store: SqlStore) -> None:
    """Everybody who looks before somebody has claimed sees a free slot; the guard decides."""
    session_type = _offer(store)
    barrier = Barrier(THREADS)

    def look_then_take(booking: str) -> Callable[[], tuple[int, bool]]:
        def call() -> tuple[int, bool]:
            seats = _seats_at(store, _slot(0))
            barrier.wait()
            return seats, _take(store, session_type, _slot(0), booking)()

        return call

    rush = storm([look_then_take(f"bkg_{n}") for n in range(THREADS)])
    assert rush.errors == []
    assert [seats for seats, _ in rush.results] == [0] * THREADS
    assert sum(taken for _, taken in rush.results) == 1
