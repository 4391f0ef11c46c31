"""Whatever is claimed in whatever order: the databases answer as the adapter in memory does."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import combinations

from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.memory import MemoryStore
from adapters.sql import SqlStore
from booking_core import Claim, SessionType, Slot, TimeWindow, UnitOfWork
from booking_core.testing.examples import NOW, a_builder, a_claim, a_session_type

MINUTE = timedelta(minutes=1)
TYPES = (a_session_type(id="typ_1"), a_session_type(id="typ_2"))
WHOLE = TimeWindow(NOW - timedelta(days=1), NOW + timedelta(days=4))

# What somebody booked under stays agreed when the session type is changed.
agreed = st.builds(
    evolve,
    st.sampled_from(TYPES),
    capacity=st.sampled_from((1, 1, 2, 3)),
    buffer_before=st.sampled_from((0, 10)).map(lambda minutes: minutes * MINUTE),
    buffer_after=st.sampled_from((0, 20, 40)).map(lambda minutes: minutes * MINUTE),
    daily_limit=st.sampled_from((None, None, 1, 2)),
)


def _claim(booking: int, session_type: SessionType, day: int, half_hour: int, held: bool) -> Claim:
    start = NOW + timedelta(days=day, minutes=30 * half_hour)
    slot = Slot(start, start + 60 * MINUTE)
    held_until = NOW + 15 * MINUTE if held else None
    return a_claim(session_type, slot, f"bkg_{booking}", held_until=held_until)


places = st.tuples(agreed, st.integers(0, 1), st.integers(0, 4), st.booleans())
steps = st.tuples(st.integers(0, 5), st.lists(places, max_size=2)).map(
    lambda step: (step[0], [_claim(step[0], *place) for place in step[1]])
)


def _apart(step: tuple[int, Sequence[Claim]]) -> bool:
    """A booking's own claims never overlap: where the slots do, the booking merges them."""
    return not any(a.blocked.overlaps(b.blocked) for a, b in combinations(step[1], 2))


def _begin(store: SqlStore | MemoryStore) -> None:
    with store() as uow:
        uow.builders.save(a_builder())
        for session_type in TYPES:
            uow.session_types.save(session_type)
        uow.commit()


def _do(store: SqlStore | MemoryStore, booking: int, claims: Sequence[Claim]) -> bool:
    with store() as uow:
        kept = uow.claims.keep(booking_id=f"bkg_{booking}", claims=claims)
        if kept:
            uow.commit()
    return kept


def _busy(uow: UnitOfWork, late: int) -> list[tuple[object, ...]]:
    now = NOW + late * MINUTE
    found = uow.claims.busy(builder_id=a_builder().id, window=WHOLE, now=now)
    return sorted(
        (e.window, e.buffer_before, e.buffer_after, e.session_type, e.seats_taken, e.solo)
        for e in found
    )


@given(st.lists(steps.filter(_apart), max_size=14))
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_claims(store: SqlStore, steps: Sequence[tuple[int, Sequence[Claim]]]) -> None:
    memory = MemoryStore()
    for each in (memory, store):
        _begin(each)
    for booking in range(6):
        assert _do(store, booking, [])
    for booking, claims in steps:
        assert _do(store, booking, claims) == _do(memory, booking, claims)
        with store(write=False) as sql_uow, memory(write=False) as memory_uow:
            for late in (0, 20):
                assert _busy(sql_uow, late) == _busy(memory_uow, late)
