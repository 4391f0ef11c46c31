"""The suite for calendars finds the faults that it is there for."""

from __future__ import annotations

from inspect import signature
from typing import Any

import pytest

from adapters.memory import MemoryCalendar, MemoryClock
from booking_core import BookingState
from booking_core.testing.contracts import CalendarContract
from booking_core.testing.examples import NOW, a_booking, a_builder, a_session_type, a_slot


class BooksOverOthers(MemoryCalendar):
    def _check_free(self, wanted: Any) -> None: ...


class NeverIgnores(MemoryCalendar):
    def explain(self, *, ignoring: Any = None, **asked: Any) -> Any:
        return super().explain(**asked)


class IgnoresEverybody(MemoryCalendar):
    def explain(self, *, ignoring: Any = None, **asked: Any) -> Any:
        return super().explain(**asked, ignoring=ignoring and a_booking().id)


class HidesMoved(MemoryCalendar):
    def events(self, **asked: Any) -> Any:
        return [each for each in super().events(**asked) if each.moved_from is None]


class TellsTheLastMoveOnly(MemoryCalendar):
    def events(self, **asked: Any) -> Any:
        return super().events(**asked)[-1:]


class HidesCancelled(MemoryCalendar):
    def events(self, **asked: Any) -> Any:
        return [each for each in super().events(**asked) if not each.cancelled]


class RemovesAllAlike(MemoryCalendar):
    def ensure_absent(self, *, booking: Any, slot: Any, only: Any = None) -> None:
        super().ensure_absent(booking=booking, slot=slot)


class RemovesWhatWasMoved(MemoryCalendar):
    def ensure_absent(self, *, booking: Any, slot: Any, only: Any = None) -> None:
        for event in self.events(booking=booking):
            super().ensure_absent(booking=booking, slot=event.slot)


class NeverHearsOfNoShows(MemoryCalendar):
    def mark_no_show(self, *, booking: Any) -> None:
        pass


class NeverTakesNoShowsBack(MemoryCalendar):
    def undo_no_show(self, *, booking: Any) -> None:
        pass


NO_SHOW = "test_a_no_show_can_be_told_and_taken_back_twice"
MOVED = "test_a_moved_event_is_told_once_for_each_slot_that_it_left"


@pytest.mark.parametrize(
    ("faulty", "promise"),
    [
        (BooksOverOthers, "test_a_slot_that_another_booking_has_is_refused"),
        (NeverIgnores, "test_a_slot_is_open_to_the_booking_that_would_give_it_up"),
        (IgnoresEverybody, "test_a_slot_is_open_to_the_booking_that_would_give_it_up"),
        (HidesMoved, MOVED),
        (TellsTheLastMoveOnly, MOVED),
        (
            RemovesWhatWasMoved,
            "test_a_moved_event_stands_until_it_is_removed_from_where_it_is_now",
        ),
        (RemovesAllAlike, "test_of_several_events_only_the_one_that_is_named_is_removed"),
        (NeverHearsOfNoShows, NO_SHOW),
        (NeverTakesNoShowsBack, NO_SHOW),
        (HidesCancelled, "test_a_cancelled_event_is_told_and_its_slot_is_free_for_others"),
    ],
)
def test_a_faulty_calendar_does_not_pass(faulty: type[MemoryCalendar], promise: str) -> None:
    def look(calendar: MemoryCalendar) -> None:
        given: dict[str, Any] = {
            "calendar": calendar,
            "provider_side": calendar,
            "builder": a_builder(),
            "session_type": a_session_type(),
            "booking": a_booking(BookingState.CONFIRMING, slot=a_slot()),
        }
        test = getattr(CalendarContract(), promise)
        test(**{name: given[name] for name in signature(test).parameters})

    look(MemoryCalendar(MemoryClock(NOW)))
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        look(faulty(MemoryClock(NOW)))
