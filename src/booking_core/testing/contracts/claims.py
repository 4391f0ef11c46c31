"""What keeps two bookings out of one place in a builder's time."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from booking_core.domain.availability import Busy
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import BookingId, BuilderId
from booking_core.domain.session_type import SessionType
from booking_core.domain.time import Slot, TimeWindow
from booking_core.ports.unit_of_work import UnitOfWorkFactory
from booking_core.testing.contracts.stored import book, claim_again, put_catalogue
from booking_core.testing.contracts.threads import at_once
from booking_core.testing.examples import (
    NOW,
    a_booking,
    a_builder,
    a_claim,
    a_session_type,
    a_slot,
)

_MINUTE = timedelta(minutes=1)
_WHOLE = TimeWindow(NOW - timedelta(days=1), NOW + timedelta(days=14))

HOUR = a_session_type(id="typ_hour")
PADDED = a_session_type(id="typ_padded", buffer_before=10 * _MINUTE, buffer_after=20 * _MINUTE)
GROUP = a_session_type(id="typ_group", capacity=3)
TWO_A_DAY = a_session_type(id="typ_limited", daily_limit=2)
GROUP_A_DAY = a_session_type(id="typ_group_limited", capacity=2, daily_limit=1)
OF_SOMEBODY_ELSE = a_session_type(id="typ_other", builder_id=BuilderId("bld_2"))


def _seats(entries: Iterable[Busy]) -> dict[tuple[Any, ...], int]:
    """Seats taken by session type, start and end; entries of one meeting add up."""
    found: dict[tuple[Any, ...], int] = {}
    for entry in entries:
        meeting = (entry.session_type, entry.window.start, entry.window.end)
        found[meeting] = found.get(meeting, 0) + entry.seats_taken
    return found


class SlotClaimsContract:
    """Needs the fixture `unit_of_work`: a factory on an empty store."""

    @pytest.fixture(autouse=True)
    def _catalogue(self, unit_of_work: UnitOfWorkFactory) -> None:
        put_catalogue(
            unit_of_work,
            *(HOUR, PADDED, GROUP, TWO_A_DAY, GROUP_A_DAY, OF_SOMEBODY_ELSE),
            builders=(a_builder(), a_builder(id="bld_2")),
        )

    # ---- one after the other ---------------------------------------------------------------------

    def test_a_free_slot_is_given_and_a_taken_one_refused(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert book(unit_of_work, HOUR, a_slot(), "bkg_1")
        assert not book(unit_of_work, HOUR, a_slot(), "bkg_2")

    @pytest.mark.parametrize(
        "slot",
        [
            a_slot(hour=9, minute=30),
            a_slot(hour=10, minute=30),
            a_slot(hour=9, minutes=180),
            a_slot(hour=10, minute=15, minutes=15),
        ],
    )
    def test_slots_that_overlap_are_refused_whatever_their_start_and_length(
        self, unit_of_work: UnitOfWorkFactory, slot: Slot
    ) -> None:
        assert book(unit_of_work, HOUR, a_slot(hour=10), "bkg_1")
        assert not book(unit_of_work, HOUR, slot, "bkg_2")

    def test_slots_that_touch_live_side_by_side(self, unit_of_work: UnitOfWorkFactory) -> None:
        hours = (10, 9, 11)
        assert all(book(unit_of_work, HOUR, a_slot(hour=h), f"bkg_{h}") for h in hours)

    def test_two_session_types_of_one_builder_take_the_same_time(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert book(unit_of_work, HOUR, a_slot(), "bkg_1")
        assert not book(unit_of_work, GROUP, a_slot(), "bkg_2")

    def test_two_builders_never_get_in_each_others_way(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert book(unit_of_work, HOUR, a_slot(), "bkg_1")
        assert book(unit_of_work, OF_SOMEBODY_ELSE, a_slot(), "bkg_2")

    def test_the_buffers_of_both_neighbours_are_kept_free(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert book(unit_of_work, PADDED, a_slot(hour=10), "bkg_1")
        assert not book(unit_of_work, PADDED, a_slot(hour=11, minute=29), "bkg_2")
        assert book(unit_of_work, PADDED, a_slot(hour=11, minute=30), "bkg_3")
        assert not book(unit_of_work, HOUR, a_slot(hour=8, minute=51), "bkg_4")
        assert book(unit_of_work, HOUR, a_slot(hour=8, minute=50), "bkg_5")

    def test_a_released_slot_can_be_booked_again(self, unit_of_work: UnitOfWorkFactory) -> None:
        assert book(unit_of_work, HOUR, a_slot(), "bkg_1")
        assert claim_again(unit_of_work, "bkg_1")
        assert book(unit_of_work, HOUR, a_slot(), "bkg_2")
        assert not claim_again(unit_of_work, "bkg_1", a_claim(HOUR, a_slot(), "bkg_1"))

    def test_claiming_the_same_again_changes_nothing(self, unit_of_work: UnitOfWorkFactory) -> None:
        assert book(unit_of_work, HOUR, a_slot(), "bkg_1")
        assert claim_again(unit_of_work, "bkg_1", a_claim(HOUR, a_slot(), "bkg_1"))
        assert len(self._busy(unit_of_work)) == 1

    def test_a_refused_claim_leaves_nothing_behind(self, unit_of_work: UnitOfWorkFactory) -> None:
        assert book(unit_of_work, HOUR, a_slot(), "bkg_1")
        assert not book(unit_of_work, HOUR, a_slot(), "bkg_2")
        with unit_of_work(write=False) as uow, pytest.raises(NotFound):
            uow.bookings.get(BookingId("bkg_2"))
        assert self._slots(unit_of_work) == [a_slot()]

    def test_of_two_claims_either_both_are_given_or_none(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert book(unit_of_work, HOUR, a_slot(hour=12), "bkg_1")
        assert book(unit_of_work, HOUR, a_slot(hour=14), "bkg_2")
        both = [a_claim(HOUR, a_slot(hour=hour), "bkg_1") for hour in (10, 14)]
        assert not claim_again(unit_of_work, "bkg_1", *both)
        assert self._slots(unit_of_work) == [a_slot(hour=12), a_slot(hour=14)]

    # ---- a reschedule ----------------------------------------------------------------------------

    def test_a_reschedule_holds_both_slots_and_then_frees_the_old_one(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        old, new = (a_claim(HOUR, a_slot(hour=hour), "bkg_1") for hour in (10, 14))
        assert book(unit_of_work, HOUR, old.slot, "bkg_1")
        assert claim_again(unit_of_work, "bkg_1", old, new)
        assert not book(unit_of_work, HOUR, old.slot, "bkg_2")
        assert not book(unit_of_work, HOUR, new.slot, "bkg_2")
        assert claim_again(unit_of_work, "bkg_1", new)
        assert book(unit_of_work, HOUR, old.slot, "bkg_2")

    def test_a_reschedule_to_a_taken_slot_is_refused_and_the_old_one_stays(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert book(unit_of_work, HOUR, a_slot(hour=10), "bkg_1")
        assert book(unit_of_work, HOUR, a_slot(hour=14), "bkg_2")
        assert not claim_again(unit_of_work, "bkg_1", a_claim(HOUR, a_slot(hour=14), "bkg_1"))
        assert not book(unit_of_work, HOUR, a_slot(hour=10), "bkg_3")

    @pytest.mark.parametrize("session_type", [HOUR, PADDED, GROUP, TWO_A_DAY, GROUP_A_DAY])
    def test_a_reschedule_may_overlap_the_slot_that_it_leaves(
        self, unit_of_work: UnitOfWorkFactory, session_type: SessionType
    ) -> None:
        later = a_slot(hour=10, minute=30)
        assert book(unit_of_work, session_type, a_slot(hour=10), "bkg_1")
        assert claim_again(unit_of_work, "bkg_1", a_claim(session_type, later, "bkg_1"))
        assert self._slots(unit_of_work) == [later]

    def test_a_reschedule_on_a_full_day_is_not_counted_twice(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        old, new = (a_claim(TWO_A_DAY, a_slot(hour=hour), "bkg_1") for hour in (10, 14))
        assert book(unit_of_work, TWO_A_DAY, old.slot, "bkg_1")
        assert book(unit_of_work, TWO_A_DAY, a_slot(hour=12), "bkg_2")
        assert claim_again(unit_of_work, "bkg_1", old, new)
        assert claim_again(unit_of_work, "bkg_1", new)

    def test_the_last_seat_of_a_meeting_can_be_left_for_another_meeting(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert book(unit_of_work, GROUP, a_slot(hour=10), "bkg_1")
        assert book(unit_of_work, GROUP, a_slot(hour=14), "bkg_2")
        assert claim_again(unit_of_work, "bkg_1", a_claim(GROUP, a_slot(hour=14), "bkg_1"))
        assert book(unit_of_work, HOUR, a_slot(hour=10), "bkg_3")

    # ---- seats and daily limits ------------------------------------------------------------------

    def test_a_meeting_has_as_many_seats_as_its_capacity(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        given = [book(unit_of_work, GROUP, a_slot(), f"bkg_{number}") for number in range(5)]
        assert given == [True, True, True, False, False]

    def test_a_seat_that_is_given_up_can_be_taken(self, unit_of_work: UnitOfWorkFactory) -> None:
        for number in range(3):
            assert book(unit_of_work, GROUP, a_slot(), f"bkg_{number}")
        assert claim_again(unit_of_work, "bkg_0")
        assert book(unit_of_work, GROUP, a_slot(), "bkg_3")
        assert not book(unit_of_work, GROUP, a_slot(), "bkg_4")

    def test_a_meeting_is_joined_at_exactly_its_slot_only(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert book(unit_of_work, GROUP, a_slot(hour=10), "bkg_1")
        assert not book(unit_of_work, GROUP, a_slot(hour=10, minute=30), "bkg_2")
        assert not book(unit_of_work, GROUP, a_slot(hour=10, minutes=30), "bkg_3")

    def test_when_everybody_left_the_time_is_free_for_anything(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        for number in range(2):
            assert book(unit_of_work, GROUP, a_slot(), f"bkg_{number}")
        assert claim_again(unit_of_work, "bkg_0")
        assert not book(unit_of_work, HOUR, a_slot(), "bkg_2")
        assert claim_again(unit_of_work, "bkg_1")
        assert book(unit_of_work, HOUR, a_slot(), "bkg_2")

    def test_a_day_has_no_more_meetings_than_its_limit(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        given = [book(unit_of_work, TWO_A_DAY, a_slot(hour=h), f"bkg_{h}") for h in (9, 11, 13)]
        assert given == [True, True, False]
        assert book(unit_of_work, TWO_A_DAY, a_slot(day=2), "bkg_next_day")
        assert book(unit_of_work, HOUR, a_slot(hour=13), "bkg_other_type")

    def test_a_day_is_one_of_the_builders_own_zone(self, unit_of_work: UnitOfWorkFactory) -> None:
        for hour in (10, 12):
            assert book(unit_of_work, TWO_A_DAY, a_slot(hour=hour), f"bkg_{hour}")
        # 23:00 in UTC is midnight in Berlin.
        assert not book(unit_of_work, TWO_A_DAY, a_slot(hour=22), "bkg_22")
        assert book(unit_of_work, TWO_A_DAY, a_slot(hour=23), "bkg_23")

    def test_joining_a_meeting_is_no_new_one(self, unit_of_work: UnitOfWorkFactory) -> None:
        assert book(unit_of_work, GROUP_A_DAY, a_slot(hour=10), "bkg_1")
        assert not book(unit_of_work, GROUP_A_DAY, a_slot(hour=14), "bkg_2")
        assert book(unit_of_work, GROUP_A_DAY, a_slot(hour=10), "bkg_2")

    def test_a_day_has_room_again_when_a_meeting_is_given_up(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        for hour in (10, 12):
            assert book(unit_of_work, TWO_A_DAY, a_slot(hour=hour), f"bkg_{hour}")
        assert claim_again(unit_of_work, "bkg_10")
        assert book(unit_of_work, TWO_A_DAY, a_slot(hour=14), "bkg_14")

    # ---- a session type that was changed meanwhile -------------------------------------------------

    def test_who_booked_alone_stays_alone_when_there_are_more_seats_now(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert book(unit_of_work, evolve(GROUP, capacity=1), a_slot(), "bkg_1")
        assert not book(unit_of_work, GROUP, a_slot(), "bkg_2")
        (entry,) = self._busy(unit_of_work)
        assert entry.solo
        assert claim_again(unit_of_work, "bkg_1")
        assert book(unit_of_work, GROUP, a_slot(), "bkg_2")

    def test_nobody_joins_a_group_under_terms_for_one_alone(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert book(unit_of_work, GROUP, a_slot(), "bkg_1")
        assert not book(unit_of_work, evolve(GROUP, capacity=1), a_slot(), "bkg_2")
        (entry,) = self._busy(unit_of_work)
        assert not entry.solo

    def test_a_seat_is_not_lost_when_there_are_fewer_of_them_now(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        for number in range(3):
            assert book(unit_of_work, GROUP, a_slot(), f"bkg_{number}")
        fewer = evolve(GROUP, capacity=2)
        assert claim_again(unit_of_work, "bkg_0", a_claim(fewer, a_slot(), "bkg_0"))

    def test_a_meeting_keeps_the_widest_buffers_that_somebody_in_it_was_promised(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        wide = evolve(GROUP, buffer_before=10 * _MINUTE, buffer_after=30 * _MINUTE)
        assert book(unit_of_work, GROUP, a_slot(hour=10), "bkg_1")
        assert book(unit_of_work, wide, a_slot(hour=10), "bkg_2")
        (entry,) = self._busy(unit_of_work)
        assert (entry.buffer_before, entry.buffer_after, entry.seats_taken) == (10, 30, 2)
        assert not book(unit_of_work, HOUR, a_slot(hour=11), "bkg_3")
        assert claim_again(unit_of_work, "bkg_2")
        assert book(unit_of_work, HOUR, a_slot(hour=11), "bkg_3")
        (entry, _) = sorted(self._busy(unit_of_work), key=lambda each: each.window)
        assert (entry.buffer_before, entry.buffer_after, entry.seats_taken) == (0, 0, 1)

    def test_nobody_joins_a_meeting_whose_neighbour_is_in_the_way_of_its_buffers(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        wide = evolve(GROUP, buffer_after=30 * _MINUTE)
        assert book(unit_of_work, GROUP, a_slot(hour=10), "bkg_1")
        assert book(unit_of_work, HOUR, a_slot(hour=11), "bkg_2")
        assert not book(unit_of_work, wide, a_slot(hour=10), "bkg_3")
        assert book(unit_of_work, GROUP, a_slot(hour=10), "bkg_4")

    # ---- what is busy ----------------------------------------------------------------------------

    def test_busy_tells_the_slot_its_buffers_and_whose_meeting_it_is(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert book(unit_of_work, PADDED, a_slot(), "bkg_1")
        (entry,) = self._busy(unit_of_work)
        assert entry.window == TimeWindow(a_slot().start, a_slot().end)
        assert (entry.buffer_before, entry.buffer_after) == (10, 20)
        assert (entry.session_type, entry.seats_taken) == (PADDED.id, 1)

    def test_busy_counts_the_seats_of_a_meeting(self, unit_of_work: UnitOfWorkFactory) -> None:
        for number in range(2):
            assert book(unit_of_work, GROUP, a_slot(), f"bkg_{number}")
        meeting = (GROUP.id, a_slot().start, a_slot().end)
        assert _seats(self._busy(unit_of_work)) == {meeting: 2}
        others = self._busy(unit_of_work, ignoring=BookingId("bkg_0"))
        assert _seats(others) == {meeting: 1}

    def test_busy_leaves_out_what_the_window_does_not_touch(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert book(unit_of_work, PADDED, a_slot(hour=10), "bkg_1")
        assert book(unit_of_work, OF_SOMEBODY_ELSE, a_slot(hour=12), "bkg_2")
        before_the_buffer = TimeWindow(a_slot(hour=8).start, a_slot(hour=9, minute=50).start)
        after_the_slot = TimeWindow(a_slot(hour=11, minute=10).start, a_slot(hour=13).start)
        assert not self._busy(unit_of_work, window=before_the_buffer)
        assert len(self._busy(unit_of_work, window=after_the_slot)) == 1

    def test_busy_leaves_out_the_booking_that_is_ignored(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert book(unit_of_work, HOUR, a_slot(hour=10), "bkg_1")
        assert book(unit_of_work, HOUR, a_slot(hour=12), "bkg_2")
        assert len(self._busy(unit_of_work, ignoring=BookingId("bkg_1"))) == 1

    @pytest.mark.parametrize("session_type", [HOUR, GROUP])
    def test_a_claim_that_lapsed_is_not_busy_any_more(
        self, unit_of_work: UnitOfWorkFactory, session_type: SessionType
    ) -> None:
        until = NOW + 15 * _MINUTE
        held = a_claim(session_type, a_slot(), "bkg_1", held_until=until)
        assert book(unit_of_work, session_type, a_slot(), "bkg_1")
        assert claim_again(unit_of_work, "bkg_1", held)
        assert self._busy(unit_of_work, now=until - _MINUTE)
        assert not self._busy(unit_of_work, now=until)

    def test_a_claim_that_was_confirmed_does_not_lapse(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        until = NOW + 15 * _MINUTE
        assert book(unit_of_work, HOUR, a_slot(), "bkg_1")
        held = a_claim(HOUR, a_slot(), "bkg_1", held_until=until)
        assert claim_again(unit_of_work, "bkg_1", held)
        assert claim_again(unit_of_work, "bkg_1", a_claim(HOUR, a_slot(), "bkg_1"))
        assert self._busy(unit_of_work, now=until)

    def test_a_lapsed_claim_is_out_of_the_way_once_its_booking_was_ended(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert book(unit_of_work, HOUR, a_slot(), "bkg_1")
        held = a_claim(HOUR, a_slot(), "bkg_1", held_until=NOW)
        assert claim_again(unit_of_work, "bkg_1", held)
        with unit_of_work() as uow:
            assert uow.claims.keep(booking_id=BookingId("bkg_1"), claims=[])
            uow.bookings.save(a_booking(session_type=HOUR, id="bkg_2"))
            claim = a_claim(HOUR, a_slot(), "bkg_2")
            assert uow.claims.keep(booking_id=claim.booking_id, claims=[claim])
            uow.commit()
        assert self._slots(unit_of_work) == [a_slot()]

    def test_who_asked_for_too_much_may_ask_for_less(self, unit_of_work: UnitOfWorkFactory) -> None:
        assert book(unit_of_work, HOUR, a_slot(hour=9), "bkg_1")
        assert book(unit_of_work, HOUR, a_slot(hour=12), "bkg_2")
        old, free, taken = (a_claim(HOUR, a_slot(hour=at), "bkg_1") for at in (9, 15, 12))
        with unit_of_work() as uow:
            assert not uow.claims.keep(booking_id=old.booking_id, claims=[old, free, taken])
            assert uow.claims.keep(booking_id=old.booking_id, claims=[free])
            uow.commit()
        assert sorted(self._slots(unit_of_work)) == [a_slot(hour=12), a_slot(hour=15)]

    # ---- all at once -----------------------------------------------------------------------------

    def test_of_twelve_who_want_one_slot_one_gets_it(self, unit_of_work: UnitOfWorkFactory) -> None:
        assert self._race(unit_of_work, HOUR, [a_slot()] * 12) == 1

    def test_of_those_who_want_overlapping_slots_one_gets_its_own(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        slots = [a_slot(hour=10, minute=5 * number) for number in range(12)]
        assert self._race(unit_of_work, HOUR, slots) == 1

    def test_of_those_whose_buffers_overlap_one_gets_its_slot(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        slots = [a_slot(hour=10), a_slot(hour=11), a_slot(hour=11, minute=15)] * 3
        granted = self._race(unit_of_work, PADDED, slots)
        assert granted == len(self._slots(unit_of_work)) == 1

    def test_two_session_types_racing_for_one_slot_have_one_winner(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        calls = [
            partial(book, unit_of_work, (HOUR, PADDED)[n % 2], a_slot(), f"bkg_{n}")
            for n in range(10)
        ]
        assert sum(at_once(calls)) == 1

    def test_exactly_as_many_as_there_are_seats_get_one(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        assert self._race(unit_of_work, GROUP, [a_slot()] * 12) == GROUP.capacity

    def test_exactly_as_many_as_the_day_allows_get_a_meeting(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        slots = [a_slot(hour=hour) for hour in range(8, 18)]
        assert self._race(unit_of_work, TWO_A_DAY, slots) == TWO_A_DAY.daily_limit

    def test_all_who_want_slots_that_touch_get_them(self, unit_of_work: UnitOfWorkFactory) -> None:
        slots = [a_slot(hour=hour) for hour in range(8, 16)]
        assert self._race(unit_of_work, HOUR, slots) == len(slots)

    def test_of_many_who_move_to_one_slot_one_gets_there_and_nobody_loses_a_place(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        hours = range(8, 16)
        for hour in hours:
            assert book(unit_of_work, HOUR, a_slot(hour=hour), f"bkg_{hour}")
        target = a_slot(day=2)

        def move(hour: int) -> bool:
            claim = a_claim(HOUR, target, f"bkg_{hour}")
            return claim_again(unit_of_work, f"bkg_{hour}", claim)

        assert sum(at_once([partial(move, h) for h in hours])) == 1
        assert len(self._slots(unit_of_work)) == len(hours)

    # ---- inside ----------------------------------------------------------------------------------

    def _race(
        self, unit_of_work: UnitOfWorkFactory, session_type: SessionType, slots: list[Slot]
    ) -> int:
        """How many of those who want one slot each, all at once, get it."""
        calls = [
            partial(book, unit_of_work, session_type, slot, f"bkg_{n}")
            for n, slot in enumerate(slots)
        ]
        return sum(at_once(calls))

    def _busy(self, unit_of_work: UnitOfWorkFactory, **asked: Any) -> list[Busy]:
        defaults: dict[str, Any] = {"builder_id": a_builder().id, "window": _WHOLE, "now": NOW}
        with unit_of_work(write=False) as uow:
            return list(uow.claims.busy(**defaults | asked))

    def _slots(self, unit_of_work: UnitOfWorkFactory) -> list[Slot]:
        return sorted(Slot(e.window.start, e.window.end) for e in self._busy(unit_of_work))
