"""The one query behind every search for slots, against a plain look at all claims."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.sql import SqlStore
from booking_core import BookingId, Slot, TimeWindow
from booking_core.testing.examples import NOW, a_builder, a_claim, a_session_type

MINUTE = timedelta(minutes=1)
times = st.tuples(st.integers(0, 400), st.integers(1, 90))


def _window(start: int, length: int) -> TimeWindow:
    return TimeWindow(NOW + start * MINUTE, NOW + (start + length) * MINUTE)


@given(st.lists(times, max_size=12), times, st.integers(0, 30), st.integers(0, 30))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_exactly_what_touches_the_window_is_busy(
    store: SqlStore,
    wanted: list[tuple[int, int]],
    asked: tuple[int, int],
    before: int,
    after: int,
) -> None:
    session_type = a_session_type(buffer_before=before * MINUTE, buffer_after=after * MINUTE)
    window = _window(*asked)
    kept = []
    with store() as uow:
        uow.builders.save(a_builder())
        uow.session_types.save(session_type)
        for nth, (start, length) in enumerate(wanted):
            place = _window(start, length)
            claim = a_claim(session_type, Slot(place.start, place.end), f"bkg_{nth}")
            free = not any(claim.blocked.overlaps(other.blocked) for other in kept)
            assert uow.claims.keep(booking_id=BookingId(f"bkg_{nth}"), claims=[claim]) is free
            if free:
                kept.append(claim)
        busy = uow.claims.busy(builder_id=a_builder().id, window=window, now=NOW)
    assert [(each.window.start, each.window.end) for each in busy] == sorted(
        (claim.slot.start, claim.slot.end) for claim in kept if claim.blocked.overlaps(window)
    )
    assert all((each.buffer_before, each.buffer_after) == (before, after) for each in busy)


def test_claims_that_lapsed_or_are_ones_own_are_not_busy(store: SqlStore) -> None:
    solo = a_session_type()
    group = a_session_type(id="typ_2", capacity=3)
    window = TimeWindow(NOW, NOW + timedelta(days=1))
    slots = [Slot(NOW + n * 60 * MINUTE, NOW + (n + 1) * 60 * MINUTE) for n in range(4)]
    later = NOW + 15 * MINUTE
    claims = [
        a_claim(solo, slots[0], "bkg_a", held_until=later),
        a_claim(solo, slots[1], "bkg_b"),
        a_claim(group, slots[2], "bkg_c", held_until=later),
        a_claim(group, slots[2], "bkg_d"),
        a_claim(group, slots[3], "bkg_e", held_until=later),
    ]
    with store() as uow:
        uow.builders.save(a_builder())
        uow.session_types.save(solo)
        uow.session_types.save(group)
        for claim in claims:
            assert uow.claims.keep(booking_id=claim.booking_id, claims=[claim])
        uow.commit()

    def seats(**changes: object) -> list[int]:
        with store(write=False) as uow:
            asked = {"builder_id": a_builder().id, "window": window, "now": NOW} | changes
            return [each.seats_taken for each in uow.claims.busy(**asked)]

    assert seats() == [1, 1, 2, 1]
    assert seats(now=later) == [1, 1]
    assert seats(ignoring=BookingId("bkg_b")) == [1, 2, 1]
    assert seats(ignoring=BookingId("bkg_c")) == [1, 1, 1, 1]
