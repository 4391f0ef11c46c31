"""What calendar settling decides, rule by rule. The names of the rules are the design's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from booking_core import (
    Booking,
    BookingState,
    CancellationPolicy,
    Flow,
    PaymentStatus,
    RefundStep,
    Role,
    Settle,
    Slot,
    StandingEvent,
)
from booking_core.domain import calendar_steps
from booking_core.domain.calendar_steps import (
    Book,
    CalendarStep,
    GiveUp,
    RecordBooked,
    RecordRescheduled,
    Remove,
    Settled,
    TellNoShow,
    WriteRemovalDown,
)
from booking_core.testing.examples import (
    NOW,
    PRICE,
    a_booking,
    a_new_booking,
    a_session_type,
    a_slot,
    an_attempt,
    an_event,
)

S = BookingState
FIRST, SECOND, THIRD = a_slot(day=1), a_slot(day=2), a_slot(day=3)
UNPLACED = (S.HELD, S.AWAITING_PAYMENT, S.AWAITING_SCHEDULING)
OVER = (S.COMPLETED, S.NO_SHOW)
DEAD = (S.CANCELLED, S.EXPIRED, S.FAILED)


def at(slot: Slot, number: int = 1) -> StandingEvent:
    return StandingEvent(an_event(number), slot)


def cancelled(slot: Slot, was: Slot | None = None) -> StandingEvent:
    return StandingEvent(an_event(), slot, cancelled=True, moved_from=was)


def moved(was: Slot, slot: Slot) -> StandingEvent:
    return StandingEvent(an_event(), slot, moved_from=was)


def in_state(state: BookingState) -> Booking:
    """What the provider has to know of a no-show, it knows."""
    booking = a_booking(state, slot=FIRST)
    booking.no_show_settled()
    return booking


def rescheduling() -> Booking:
    booking = in_state(S.CONFIRMED)
    booking.reschedule(SECOND, booking.occupancy)
    booking.unsettled.clear()
    return booking


def event_first() -> Booking:
    booking = a_new_booking(a_session_type(price=PRICE), flow=Flow.EVENT_FIRST)
    until = NOW + timedelta(hours=1)
    booking.record_event(FIRST, an_event(), until=until, attempt=an_attempt())
    return booking


def hear(booking: Booking, *events: StandingEvent) -> bool:
    return calendar_steps.hear(booking, events, now=NOW)


def next_step(booking: Booking, events: Sequence[StandingEvent]) -> CalendarStep:
    """The next one that reaches the provider, or is recorded of it: removals are written down."""
    step = calendar_steps.next_step(booking, events, now=NOW)
    if isinstance(step, WriteRemovalDown):
        booking.removal_written_down(step.place)
        return next_step(booking, events)
    return step


# ---- what is next ----------------------------------------------------------------------------


@pytest.mark.parametrize("state", [S.CONFIRMING, S.CONFIRMED])
def test_a_session_that_is_promised_is_booked(state: BookingState) -> None:
    assert next_step(in_state(state), []) == Book(FIRST)


def test_an_event_that_stands_is_recorded_and_not_booked_again() -> None:
    step = next_step(in_state(S.CONFIRMING), [at(FIRST)])
    assert step == RecordBooked(an_event())


def test_a_confirmed_session_with_its_event_is_settled() -> None:
    assert next_step(in_state(S.CONFIRMED), [at(FIRST)]) == Settled()


@pytest.mark.parametrize("state", UNPLACED)
def test_nothing_is_booked_before_the_client_has_done_its_part(state: BookingState) -> None:
    assert next_step(in_state(state), []) == Settled()


@pytest.mark.parametrize("state", DEAD)
def test_a_dead_booking_is_settled_once_nothing_of_it_stands(state: BookingState) -> None:
    assert next_step(in_state(state), [cancelled(FIRST)]) == Settled()


@pytest.mark.parametrize("state", DEAD)
@pytest.mark.parametrize("slot", [FIRST, THIRD])
def test_whatever_stands_of_a_dead_booking_is_removed_known_or_not(
    state: BookingState, slot: Slot
) -> None:
    assert next_step(in_state(state), [at(slot)]) == Remove(slot)


@pytest.mark.parametrize("state", OVER)
def test_a_session_that_is_over_is_not_booked_after_it(state: BookingState) -> None:
    assert next_step(in_state(state), []) == Settled()


def test_nothing_is_booked_once_its_time_has_come() -> None:
    def late(booking: Booking, *events: StandingEvent) -> CalendarStep:
        return calendar_steps.next_step(booking, events, now=SECOND.start + timedelta(minutes=1))

    assert late(in_state(S.CONFIRMING)) == GiveUp()
    assert late(in_state(S.CONFIRMING), at(FIRST)) == RecordBooked(an_event())
    assert late(in_state(S.CONFIRMED)) == Settled()
    assert late(rescheduling(), at(FIRST)) == GiveUp()
    assert late(rescheduling(), at(FIRST), at(SECOND, 2)) == RecordRescheduled(an_event(2))


@pytest.mark.parametrize("state", OVER)
def test_the_event_of_a_session_that_is_over_stays_and_any_other_goes(state: BookingState) -> None:
    events = [at(FIRST, 1), at(SECOND, 2)]
    assert next_step(in_state(state), events) == Remove(SECOND)
    assert next_step(in_state(state), events[:1]) == Settled()


def test_a_removal_is_written_down_first_and_is_no_news_after_that() -> None:
    booking = in_state(S.CONFIRMED)
    events = [at(FIRST, 1), at(THIRD, 2)]
    step = calendar_steps.next_step(booking, events, now=NOW)
    assert step == WriteRemovalDown(an_event(2).place)
    booking.removal_written_down(step.place)
    assert calendar_steps.next_step(booking, events, now=NOW) == Remove(THIRD)
    assert not hear(booking, StandingEvent(an_event(2), THIRD, cancelled=True))


def test_what_is_to_be_removed_goes_even_where_an_event_is_expected_again() -> None:
    booking = in_state(S.CONFIRMED)
    booking.removal_written_down(an_event(1).place)
    assert next_step(booking, [at(FIRST, 1)]) == Remove(FIRST)
    assert next_step(booking, []) == Book(FIRST)


def test_the_provider_is_told_of_a_no_show_and_that_it_was_none() -> None:
    booking = in_state(S.CONFIRMED)
    booking.mark_no_show(now=FIRST.end)
    assert Settle.CALENDAR in booking.unsettled
    assert next_step(booking, [at(FIRST)]) == TellNoShow(True)
    booking.no_show_settled()
    assert next_step(booking, [at(FIRST)]) == Settled()
    booking.undo_no_show()
    assert next_step(booking, [at(FIRST)]) == TellNoShow(False)


def test_a_no_show_at_the_provider_is_one_here_and_taken_back_as_well() -> None:
    booking = in_state(S.CONFIRMED)
    missed = StandingEvent(an_event(), FIRST, no_show=True)
    assert not calendar_steps.hear(booking, [missed], now=FIRST.start - timedelta(minutes=1))
    assert calendar_steps.hear(booking, [missed], now=FIRST.end)
    assert booking.state is S.NO_SHOW
    assert next_step(booking, [missed]) == Settled()
    assert calendar_steps.hear(booking, [at(FIRST)], now=FIRST.end)
    assert booking.state is S.COMPLETED


def test_a_joining_link_that_comes_late_is_kept_and_told_once() -> None:
    booking = in_state(S.CONFIRMED)
    linked = StandingEvent(evolve(an_event(), join_url="https://meet.test/1"), FIRST)
    assert hear(booking, linked)
    assert booking.location.text == "https://meet.test/1"
    assert [type(event).__name__ for event in booking.events] == ["JoinLinkArrived"]
    assert not hear(booking, linked)


def test_a_link_that_is_still_being_made_is_looked_for_until_the_session_begins() -> None:
    booking = in_state(S.CONFIRMED)
    pending = [StandingEvent(an_event(), FIRST, link_pending=True)]
    soon = calendar_steps.look_again(booking, pending, now=NOW)
    assert soon == timedelta(seconds=10)
    assert calendar_steps.look_again(booking, pending, now=FIRST.start) is None
    assert calendar_steps.look_again(booking, [at(FIRST)], now=NOW) is None


def test_rule_complete_pend_a_session_that_is_over_wants_its_new_slot_no_more() -> None:
    booking = rescheduling()
    booking.complete(now=FIRST.end)
    assert Settle.CALENDAR in booking.unsettled
    assert next_step(booking, [at(FIRST, 1), at(SECOND, 2)]) == Remove(SECOND)


def test_rule_extra_live_an_event_that_a_live_booking_does_not_expect_is_removed() -> None:
    events = [at(FIRST, 1), at(THIRD, 2)]
    assert next_step(in_state(S.CONFIRMED), events) == Remove(THIRD)


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_events_at_one_slot_the_bookings_own_one_stays(order: int) -> None:
    booking, own, spare = in_state(S.CONFIRMED), at(FIRST, 1), at(FIRST, 2)
    events = [own, spare][::order]
    assert next_step(booking, events) == Remove(FIRST, only=spare.event)
    assert next_step(booking, [own]) == Settled()


def test_of_two_events_at_one_slot_the_first_makes_the_session_before_the_other_goes() -> None:
    booking, events = in_state(S.CONFIRMING), [at(FIRST, 1), at(FIRST, 2)]
    assert next_step(booking, events) == RecordBooked(an_event(1))
    booking.calendar_booked(an_event(1))
    assert next_step(booking, events) == Remove(FIRST, only=an_event(2))


def test_two_events_at_a_slot_that_nobody_wants_are_both_written_down_and_go_at_once() -> None:
    booking, events = in_state(S.CANCELLED), [at(FIRST, 1), at(FIRST, 2)]
    assert next_step(booking, events) == Remove(FIRST)
    assert booking.removed_places == {an_event(1).place, an_event(2).place}


def test_a_reschedule_books_the_new_event_before_the_old_one_goes() -> None:
    booking, old, new = rescheduling(), at(FIRST, 1), at(SECOND, 2)
    assert next_step(booking, [old]) == Book(SECOND)
    assert next_step(booking, [old, new]) == RecordRescheduled(new.event)
    booking.reschedule_booked(new.event)
    assert next_step(booking, [old, new]) == Remove(FIRST)
    assert next_step(booking, [new]) == Settled()


def test_a_reschedule_that_was_refused_leaves_the_old_event() -> None:
    booking = rescheduling()
    booking.reschedule_refused()
    assert next_step(booking, [at(FIRST)]) == Settled()


def test_rule_event_first_what_the_client_placed_stays_while_its_money_is_waited_for() -> None:
    assert next_step(event_first(), [at(FIRST)]) == Settled()


# ---- what is heard ---------------------------------------------------------------------------


def test_the_same_truth_again_is_no_news() -> None:
    booking = in_state(S.CONFIRMED)
    assert not hear(booking, at(FIRST))
    assert (booking.events, booking.unsettled) == ([], set())


def test_a_second_event_at_the_slot_that_somebody_cancels_leaves_the_session() -> None:
    booking = in_state(S.CONFIRMED)
    spare = StandingEvent(an_event(2), FIRST, cancelled=True)
    hear(booking, at(FIRST, 1), spare)
    assert booking.state is S.CONFIRMED
    assert not hear(booking, at(FIRST, 1), spare), "it is news once"


@pytest.mark.parametrize("events", [[at(SECOND)], [moved(FIRST, SECOND)]])
def test_the_event_that_a_client_places_through_its_link_makes_the_session(
    events: Sequence[StandingEvent],
) -> None:
    booking = in_state(S.AWAITING_SCHEDULING)
    assert hear(booking, *events)
    assert (booking.state, booking.slot, booking.deadline) == (S.CONFIRMED, SECOND, None)


def test_an_event_that_was_placed_and_cancelled_again_makes_no_session() -> None:
    booking = in_state(S.AWAITING_SCHEDULING)
    assert not hear(booking, cancelled(SECOND))
    assert booking.state is S.AWAITING_SCHEDULING


def test_the_second_use_of_a_link_makes_no_second_session() -> None:
    booking = in_state(S.AWAITING_SCHEDULING)
    events = [at(SECOND, 1), at(THIRD, 2)]
    hear(booking, *events)
    assert booking.slot == SECOND
    assert next_step(booking, events) == Remove(THIRD)


@pytest.mark.parametrize("state", [S.CONFIRMING, S.CONFIRMED])
def test_rule_facts_live_a_move_at_the_provider_wins(state: BookingState) -> None:
    booking = in_state(state)
    assert hear(booking, moved(FIRST, SECOND))
    assert (booking.state, booking.slot) == (state, SECOND)
    assert not hear(booking, moved(FIRST, SECOND))


@pytest.mark.parametrize("state", [S.CONFIRMING, S.CONFIRMED])
@pytest.mark.parametrize("event", [cancelled(FIRST), cancelled(THIRD, was=FIRST)])
def test_rule_facts_live_a_cancellation_at_the_provider_wins(
    state: BookingState, event: StandingEvent
) -> None:
    booking = in_state(state)
    assert hear(booking, event)
    assert booking.state is S.CANCELLED


def test_rule_facts_live_an_event_that_came_first_is_heard_of_before_its_money() -> None:
    waiting = event_first()
    assert hear(waiting, moved(FIRST, SECOND))
    assert (waiting.state, waiting.slot) == (S.AWAITING_PAYMENT, SECOND)
    assert hear(waiting, StandingEvent(an_event(), SECOND, cancelled=True))
    assert waiting.state is S.CANCELLED


@pytest.mark.parametrize("state", [S.CONFIRMING, S.CONFIRMED, *OVER])
def test_an_event_that_came_back_to_its_slot_is_known_by_its_new_address(
    state: BookingState,
) -> None:
    booking = in_state(state)
    booking.event = an_event(1)
    back = StandingEvent(
        an_event(2), FIRST, moved_from=FIRST, replaces=(an_event(1).place,), by=Role.CLIENT
    )
    assert hear(booking, back)
    assert (booking.state, booking.slot, booking.event) == (state, FIRST, an_event(2))
    assert not hear(booking, back)


def test_a_hold_that_we_placed_hears_nothing_of_events_before_they_are_booked() -> None:
    booking = in_state(S.AWAITING_PAYMENT)
    assert not hear(booking, cancelled(FIRST), moved(FIRST, SECOND))
    assert booking.slot == FIRST


def test_rule_look_first_what_somebody_cancelled_before_we_knew_is_not_booked_again() -> None:
    booking, events = in_state(S.CONFIRMING), [cancelled(FIRST)]
    hear(booking, *events)
    assert next_step(booking, events) == Settled()


def test_rule_look_first_what_somebody_moved_before_we_knew_is_recorded_where_it_stands() -> None:
    booking, events = in_state(S.CONFIRMING), [moved(FIRST, SECOND)]
    hear(booking, *events)
    assert next_step(booking, events) == RecordBooked(an_event())
    assert booking.slot == SECOND


def test_a_new_slot_that_is_cancelled_at_the_provider_ends_the_session() -> None:
    booking = rescheduling()
    assert hear(booking, at(FIRST, 1), StandingEvent(an_event(2), SECOND, cancelled=True))
    assert booking.state is S.CANCELLED


def test_a_move_at_the_provider_beats_a_reschedule_of_ours() -> None:
    booking = rescheduling()
    assert hear(booking, moved(FIRST, THIRD))
    assert (booking.slot, booking.pending_slot) == (THIRD, None)


@pytest.mark.parametrize("state", [*OVER, *DEAD])
def test_a_booking_that_is_over_is_not_changed_by_its_calendar(state: BookingState) -> None:
    booking = in_state(state)
    booking.event = an_event(9)
    assert not hear(booking, at(THIRD), cancelled(FIRST), moved(FIRST, SECOND))
    assert (booking.state, booking.slot) == (state, FIRST)


@pytest.mark.parametrize(("percent", "kept"), [(100, 0), (60, 2_000)])
def test_who_cancelled_before_it_began_missed_nothing_whatever_was_said_since(
    percent: int, kept: int
) -> None:
    terms = CancellationPolicy(refunds=(RefundStep(timedelta(0), percent),))
    paid = a_session_type(price=PRICE, cancellation_policy=terms)
    booking = a_booking(S.NO_SHOW, session_type=paid, slot=FIRST)
    assert hear(booking, evolve(cancelled(FIRST), cancelled_at=NOW))
    assert (booking.state, booking.money_due()) == (S.CANCELLED, kept)


def test_who_moved_before_it_began_is_expected_at_the_new_time_whatever_was_said_since() -> None:
    booking, event = in_state(S.NO_SHOW), evolve(moved(FIRST, SECOND), moved_at=NOW)
    assert hear(booking, event)
    assert (booking.state, booking.slot) == (S.CONFIRMED, SECOND)
    assert next_step(booking, [event]) == Settled()
    in_between = evolve(cancelled(SECOND, was=FIRST), moved_at=NOW, cancelled_at=FIRST.end)
    booking = in_state(S.NO_SHOW)
    assert hear(booking, in_between)
    assert booking.state is S.CANCELLED


@pytest.mark.parametrize("at", [None, FIRST.start])
def test_nothing_that_happens_to_its_event_later_undoes_a_no_show(at: datetime | None) -> None:
    booking = in_state(S.NO_SHOW)
    assert not hear(booking, evolve(cancelled(FIRST), cancelled_at=at))
    assert not hear(booking, evolve(moved(FIRST, SECOND), moved_at=at, no_show=True))
    assert booking.state is S.NO_SHOW


@pytest.mark.parametrize(("percent", "kept"), [(100, 0), (60, 2_000), (0, 5_000)])
def test_who_cancels_at_the_provider_is_the_client_and_the_terms_count(
    percent: int, kept: int
) -> None:
    terms = CancellationPolicy(refunds=(RefundStep(timedelta(0), percent),))
    paid = a_session_type(price=PRICE, cancellation_policy=terms)
    booking = a_booking(S.CONFIRMED, session_type=paid, slot=FIRST)
    hear(booking, cancelled(FIRST))
    assert booking.money_due() == kept
    given_back = PaymentStatus.PAID if kept == PRICE.amount else PaymentStatus.REFUND_DUE
    assert booking.payment.status is given_back


def test_the_terms_count_from_the_slot_that_was_cancelled() -> None:
    two_days = CancellationPolicy(refunds=(RefundStep(timedelta(days=2), 100),))
    paid = a_session_type(price=PRICE, cancellation_policy=two_days)
    booking = a_booking(S.CONFIRMED, session_type=paid, slot=FIRST)
    hear(booking, cancelled(FIRST))
    assert booking.money_due() == PRICE.amount


# ---- all of it together ----------------------------------------------------------------------

_slots = st.integers(1, 4).map(lambda day: a_slot(day=day))
_events = st.lists(
    st.builds(
        StandingEvent,
        st.integers(1, 9).map(an_event),
        _slots,
        cancelled=st.booleans(),
        moved_from=st.none() | _slots,
    ),
    max_size=4,
    unique_by=lambda each: each.event.place,
)
_bookings = st.sampled_from([state for state in S if state is not S.NEW]).map(in_state)


@given(booking=_bookings | st.builds(rescheduling) | st.builds(event_first), events=_events)
def test_whatever_stands_doing_the_next_step_leads_to_a_calendar_that_is_as_expected(
    booking: Booking, events: list[StandingEvent]
) -> None:
    hear(booking, *events)
    for number in range(10, 25):
        match next_step(booking, events):
            case Settled():
                break
            case Book(slot):
                events = [*events, at(slot, number)]
            case Remove() as step:
                events = [each for each in events if not step.takes(each)]
            case RecordBooked(event):
                assert booking.calendar_booked(event)
            case RecordRescheduled(event):
                assert booking.reschedule_booked(event)
            case TellNoShow():
                booking.no_show_settled()
    standing = [each.slot for each in events if not each.cancelled]
    expected = set(booking.expected_slots())
    assert len(standing) == len(set(standing)), "one event a slot"
    assert set(standing) <= expected if booking.state in OVER else set(standing) == expected
    assert booking.state is not S.CONFIRMING
    assert booking.pending_slot is None


# ---- whose cancellation it is ----------------------------------------------------------------------


def test_a_cancellation_of_another_event_is_written_down_and_never_heard_again() -> None:
    booking = a_booking(S.CONFIRMED, slot=FIRST)
    booking.event = an_event(1)
    given_up = StandingEvent(an_event(2), SECOND, cancelled=True)
    assert hear(booking, given_up, at(FIRST))
    assert not hear(booking, given_up, at(FIRST))
    booking.reschedule(SECOND, booking.occupancy)
    assert not hear(booking, given_up, at(FIRST))
    assert booking.state is S.CONFIRMED


def test_while_a_move_is_pending_its_event_is_known_by_the_slot() -> None:
    booking = a_booking(S.CONFIRMED, slot=FIRST)
    booking.event = an_event(1)
    booking.reschedule(SECOND, booking.occupancy)
    assert hear(booking, StandingEvent(an_event(2), SECOND, cancelled=True), at(FIRST))
    assert booking.state is S.CANCELLED


def test_what_the_event_was_moved_to_is_its_own() -> None:
    booking = a_booking(S.CONFIRMED, slot=FIRST)
    booking.event = an_event(1)
    moved = StandingEvent(
        an_event(2), SECOND, True, FIRST, replaces=(an_event(1).place,), by=Role.CLIENT
    )
    assert hear(booking, moved)
    assert booking.state is S.CANCELLED
