"""What the judge of free slots promises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Protocol

import pytest
from attrs import evolve

from booking_core.domain.booking import Booking, CalendarEvent
from booking_core.domain.builder import Builder
from booking_core.domain.errors import SlotUnavailable
from booking_core.domain.session_type import SessionType
from booking_core.domain.time import Slot, TimeWindow
from booking_core.domain.transitions import BookingState
from booking_core.ports.calendar import CalendarProvider
from booking_core.testing.examples import NOW, a_booking, a_builder, a_session_type

_WEEK = timedelta(days=7)


class ProviderSide(Protocol):
    """Plays client or builder at the provider's own pages."""

    def move(self, event: CalendarEvent, slot: Slot) -> object:
        """Moves the event to another open slot."""

    def cancel(self, event: CalendarEvent) -> object:
        """Cancels the event."""


class OpenSlotsContract:
    """What a calendar answers about open slots.

    Needs `calendar`, which offers something of `session_type` in the week after `now`. A subclass
    may give other `builder`, `session_type` and `now` than those of the examples.
    """

    @pytest.fixture
    def builder(self) -> Builder:
        return a_builder()

    @pytest.fixture
    def session_type(self) -> SessionType:
        return a_session_type()

    @pytest.fixture
    def now(self) -> datetime:
        """The calendar's present."""
        return NOW

    def test_open_slots_lie_in_the_window_and_come_in_order(
        self,
        calendar: CalendarProvider,
        builder: Builder,
        session_type: SessionType,
        now: datetime,
    ) -> None:
        window = TimeWindow(now, now + _WEEK)
        found = [
            each.slot
            for each in calendar.open_slots(
                builder=builder, session_type=session_type, window=window
            )
        ]
        assert found
        assert all(window.contains(slot) for slot in found)
        assert all(slot.length == session_type.duration for slot in found)
        assert all(before.start < after.start for before, after in pairwise(found))

    def test_a_slot_that_sticks_out_of_the_window_is_not_answered(
        self,
        calendar: CalendarProvider,
        builder: Builder,
        session_type: SessionType,
        now: datetime,
    ) -> None:
        first = _first(calendar, builder, session_type, now)
        short = TimeWindow(first.start, first.end - timedelta(minutes=1))
        exact = TimeWindow(first.start, first.end)
        assert not calendar.open_slots(builder=builder, session_type=session_type, window=short)
        assert calendar.open_slots(builder=builder, session_type=session_type, window=exact)

    def test_the_next_start_is_the_first_open_slot(
        self,
        calendar: CalendarProvider,
        builder: Builder,
        session_type: SessionType,
        now: datetime,
    ) -> None:
        first = _first(calendar, builder, session_type, now)
        found = calendar.next_start(builder=builder, session_type=session_type, after=now)
        assert found == first.start

    def test_beyond_the_horizon_nothing_starts(
        self,
        calendar: CalendarProvider,
        builder: Builder,
        session_type: SessionType,
        now: datetime,
    ) -> None:
        beyond = now + session_type.horizon + timedelta(days=1)
        assert calendar.next_start(builder=builder, session_type=session_type, after=beyond) is None

    def test_an_open_slot_is_explained_as_open_and_one_in_the_past_is_not(
        self,
        calendar: CalendarProvider,
        builder: Builder,
        session_type: SessionType,
        now: datetime,
    ) -> None:
        start = _first(calendar, builder, session_type, now).start
        then = calendar.explain(builder=builder, session_type=session_type, start=start)
        past = calendar.explain(builder=builder, session_type=session_type, start=now - _WEEK)
        assert then.is_open
        assert not past.is_open

    def test_it_can_be_asked_whether_it_works(self, calendar: CalendarProvider) -> None:
        assert calendar.health().ok


class CalendarContract(OpenSlotsContract):
    """What a calendar that is not in our own database promises besides.

    Needs `calendar` as before, with at least three open slots that do not overlap, and
    `provider_side` to play those who change events without us.
    """

    @pytest.fixture
    def booking(
        self,
        calendar: CalendarProvider,
        builder: Builder,
        session_type: SessionType,
        now: datetime,
    ) -> Booking:
        """A booking that waits for its event."""
        slot = _first(calendar, builder, session_type, now)
        return a_booking(BookingState.CONFIRMING, session_type=session_type, slot=slot)

    def test_a_booked_event_stands_and_is_found_by_its_tag(
        self, calendar: CalendarProvider, booking: Booking
    ) -> None:
        slot = _slot(booking)
        event = calendar.ensure_booked(booking=booking, slot=slot)
        (found,) = calendar.events(booking=booking)
        assert (found.event.event_uri, found.slot) == (event.event_uri, slot)
        assert not found.cancelled
        assert found.moved_from is None

    def test_booking_twice_makes_one_event(
        self, calendar: CalendarProvider, booking: Booking
    ) -> None:
        first, second = (
            calendar.ensure_booked(booking=booking, slot=_slot(booking)) for _ in range(2)
        )
        assert first.event_uri == second.event_uri
        assert len(calendar.events(booking=booking)) == 1

    def test_a_slot_that_another_booking_has_is_refused(
        self, calendar: CalendarProvider, session_type: SessionType, booking: Booking
    ) -> None:
        slot = _slot(booking)
        kept = calendar.ensure_booked(booking=booking, slot=slot)
        other = _another(session_type, slot)
        for _ in range(2):
            with pytest.raises(SlotUnavailable):
                calendar.ensure_booked(booking=other, slot=slot)
        assert not _standing(calendar, other)
        assert [each.event_uri for each in _standing(calendar, booking)] == [kept.event_uri]

    def test_a_slot_is_open_to_the_booking_that_would_give_it_up(
        self,
        calendar: CalendarProvider,
        builder: Builder,
        session_type: SessionType,
        booking: Booking,
    ) -> None:
        slot = _slot(booking)
        calendar.ensure_booked(booking=booking, slot=slot)
        asked: dict[str, Any] = {
            "builder": builder,
            "session_type": session_type,
            "start": slot.start,
        }
        other = _another(session_type, slot)
        assert not calendar.explain(**asked).is_open
        assert not calendar.explain(**asked, ignoring=other.id).is_open
        assert calendar.explain(**asked, ignoring=booking.id).is_open

    def test_a_booked_slot_is_not_offered_any_more(
        self,
        calendar: CalendarProvider,
        builder: Builder,
        session_type: SessionType,
        booking: Booking,
    ) -> None:
        slot = _slot(booking)
        calendar.ensure_booked(booking=booking, slot=slot)
        window = TimeWindow(slot.start, slot.end)
        assert not calendar.open_slots(builder=builder, session_type=session_type, window=window)

    def test_an_event_that_was_removed_stands_no_more_and_its_slot_is_open_again(
        self,
        calendar: CalendarProvider,
        builder: Builder,
        session_type: SessionType,
        booking: Booking,
    ) -> None:
        slot = _slot(booking)
        calendar.ensure_booked(booking=booking, slot=slot)
        for _ in range(2):
            calendar.ensure_absent(booking=booking, slot=slot)
        assert not _standing(calendar, booking)
        explained = calendar.explain(builder=builder, session_type=session_type, start=slot.start)
        assert explained.is_open

    def test_removing_what_never_stood_is_harmless(
        self, calendar: CalendarProvider, booking: Booking
    ) -> None:
        calendar.ensure_absent(booking=booking, slot=_slot(booking))
        assert not _standing(calendar, booking)

    def test_a_slot_that_was_given_up_can_be_booked_again(
        self, calendar: CalendarProvider, booking: Booking
    ) -> None:
        slot = _slot(booking)
        calendar.ensure_booked(booking=booking, slot=slot)
        calendar.ensure_absent(booking=booking, slot=slot)
        event = calendar.ensure_booked(booking=booking, slot=slot)
        assert [each.event_uri for each in _standing(calendar, booking)] == [event.event_uri]

    def test_removing_one_slot_leaves_the_other_one(
        self,
        calendar: CalendarProvider,
        builder: Builder,
        session_type: SessionType,
        booking: Booking,
    ) -> None:
        old = _slot(booking)
        new = _first(calendar, builder, session_type, old.end)
        calendar.ensure_booked(booking=booking, slot=old)
        kept = calendar.ensure_booked(booking=booking, slot=new)
        calendar.ensure_absent(booking=booking, slot=old)
        assert [each.event_uri for each in _standing(calendar, booking)] == [kept.event_uri]

    def test_of_several_events_only_the_one_that_is_named_is_removed(
        self, calendar: CalendarProvider, booking: Booking
    ) -> None:
        slot = _slot(booking)
        kept = calendar.ensure_booked(booking=booking, slot=slot)
        spare = CalendarEvent(kept.account, "spare", f"{kept.event_uri}-spare")
        calendar.ensure_absent(booking=booking, slot=slot, only=spare)
        assert [each.place for each in _standing(calendar, booking)] == [kept.place]
        calendar.ensure_absent(booking=booking, slot=slot, only=kept)
        assert not _standing(calendar, booking)

    # ---- what is changed at the provider ---------------------------------------------------------

    def test_a_moved_event_is_told_once_for_each_slot_that_it_left(
        self,
        calendar: CalendarProvider,
        builder: Builder,
        session_type: SessionType,
        booking: Booking,
        provider_side: ProviderSide,
    ) -> None:
        old = _slot(booking)
        new = _first(calendar, builder, session_type, old.end)
        provider_side.move(calendar.ensure_booked(booking=booking, slot=old), new)
        (found,) = calendar.events(booking=booking)
        assert (found.moved_from, found.slot, found.cancelled) == (old, new, False)
        last = _first(calendar, builder, session_type, new.end)
        provider_side.move(found.event, last)
        told = [(each.moved_from, each.slot) for each in calendar.events(booking=booking)]
        assert sorted(told, key=lambda each: each[0] or last) == [(old, last), (new, last)]

    def test_a_moved_event_takes_its_new_slot_and_no_other_one(
        self,
        calendar: CalendarProvider,
        builder: Builder,
        session_type: SessionType,
        booking: Booking,
        provider_side: ProviderSide,
    ) -> None:
        old = _slot(booking)
        new = _first(calendar, builder, session_type, old.end)
        provider_side.move(calendar.ensure_booked(booking=booking, slot=old), new)
        asked: dict[str, Any] = {"builder": builder, "session_type": session_type}
        assert calendar.explain(**asked, start=old.start).is_open
        assert not calendar.explain(**asked, start=new.start).is_open

    def test_a_moved_event_stands_until_it_is_removed_from_where_it_is_now(
        self,
        calendar: CalendarProvider,
        builder: Builder,
        session_type: SessionType,
        booking: Booking,
        provider_side: ProviderSide,
    ) -> None:
        old = _slot(booking)
        new = _first(calendar, builder, session_type, old.end)
        provider_side.move(calendar.ensure_booked(booking=booking, slot=old), new)
        calendar.ensure_absent(booking=booking, slot=old)
        assert len(_standing(calendar, booking)) == 1
        calendar.ensure_absent(booking=booking, slot=new)
        assert not _standing(calendar, booking)

    def test_a_cancelled_event_is_told_and_its_slot_is_free_for_others(
        self,
        calendar: CalendarProvider,
        session_type: SessionType,
        booking: Booking,
        provider_side: ProviderSide,
    ) -> None:
        slot = _slot(booking)
        provider_side.cancel(calendar.ensure_booked(booking=booking, slot=slot))
        (found,) = calendar.events(booking=booking)
        assert (found.cancelled, found.slot, found.moved_from) == (True, slot, None)
        other = _another(session_type, slot)
        assert calendar.ensure_booked(booking=other, slot=slot) != found.event

    def test_the_guests_of_a_booking_come_to_its_event_and_are_told_back(
        self, calendar: CalendarProvider, booking: Booking
    ) -> None:
        guests = ("bea@example.org", "cy@example.org")
        booking.details = evolve(booking.details, guests=guests)
        event = calendar.ensure_booked(booking=booking, slot=_slot(booking))
        assert [each.guests for each in calendar.events(booking=booking)] == [guests]
        record = calendar.find(event_uri=event.event_uri, invitee_uri=event.invitee_uri)
        assert record.guests == guests

    # ---- besides ---------------------------------------------------------------------------------

    def test_bookings_do_not_see_each_others_events(
        self,
        calendar: CalendarProvider,
        session_type: SessionType,
        booking: Booking,
    ) -> None:
        calendar.ensure_booked(booking=booking, slot=_slot(booking))
        assert not calendar.events(booking=_another(session_type, _slot(booking)))

    def test_a_scheduling_link_is_an_address_of_its_own_booking(
        self,
        calendar: CalendarProvider,
        builder: Builder,
        session_type: SessionType,
    ) -> None:
        links = [
            calendar.scheduling_link(
                builder=builder,
                session_type=session_type,
                booking=a_booking(
                    BookingState.AWAITING_SCHEDULING, session_type=session_type, id=booking_id
                ),
            )
            for booking_id in ("bkg_1", "bkg_2")
        ]
        assert len({link.url for link in links}) == 2
        assert all(link.url.startswith(("https://", "http://")) for link in links)
        for link in links:
            assert all(mark in link.url for mark in link.tracking.values())

    def test_without_a_booking_the_link_is_one_and_the_same_for_everybody(
        self, calendar: CalendarProvider, builder: Builder, session_type: SessionType
    ) -> None:
        links = [
            calendar.scheduling_link(builder=builder, session_type=session_type, booking=None)
            for _ in range(2)
        ]
        assert links[0] == links[1]
        assert links[0].url.startswith(("https://", "http://"))

    def test_a_no_show_can_be_told_and_taken_back_twice(
        self, calendar: CalendarProvider, booking: Booking
    ) -> None:
        event = calendar.ensure_booked(booking=booking, slot=_slot(booking))
        booking.calendar_booked(event)
        for _ in range(2):
            calendar.mark_no_show(booking=booking)
        assert [each.no_show for each in calendar.events(booking=booking)] == [True]
        for _ in range(2):
            calendar.undo_no_show(booking=booking)
        assert [each.no_show for each in calendar.events(booking=booking)] == [False]


def _first(
    calendar: CalendarProvider, builder: Builder, session_type: SessionType, after: datetime
) -> Slot:
    window = TimeWindow(after, after + _WEEK)
    return calendar.open_slots(builder=builder, session_type=session_type, window=window)[0].slot


def _another(session_type: SessionType, slot: Slot) -> Booking:
    """Another booking that waits for its event."""
    return a_booking(BookingState.CONFIRMING, session_type=session_type, slot=slot, id="bkg_other")


def _slot(booking: Booking) -> Slot:
    assert booking.slot is not None
    return booking.slot


def _standing(calendar: CalendarProvider, booking: Booking) -> Sequence[CalendarEvent]:
    return [each.event for each in calendar.events(booking=booking) if not each.cancelled]
