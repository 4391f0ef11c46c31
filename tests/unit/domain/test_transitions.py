"""Every (state, action) pair: it moves as the table says, is refused by name, or is no news."""

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from itertools import product

import pytest
from attrs import evolve

from booking_core import (
    EVENTS,
    STEPS,
    TRANSITIONS,
    Action,
    Booking,
    BookingState,
    Flow,
    HoldExpired,
    Payment,
    PaymentAction,
    PaymentStatus,
    Slot,
    WrongState,
)
from booking_core.testing.examples import (
    NOW,
    PRICE,
    a_booking,
    a_new_booking,
    a_paid_booking,
    a_session_type,
    a_slot,
    an_attempt,
    an_event,
)

LATER = NOW + timedelta(days=30)
S, A = BookingState, Action


def _slot(booking: Booking) -> Slot:
    return booking.slot or a_slot()


def _reschedule(booking: Booking) -> object:
    return booking.reschedule(a_slot(day=2), booking.occupancy)


#: How each command is given, with arguments that nothing but the state can object to.
COMMANDS: dict[Action, Callable[[Booking], object]] = {
    A.HOLD: lambda b: b.hold(a_slot(), until=NOW),
    A.OFFER_LINK: lambda b: b.offer_link(until=NOW, attempt=an_attempt()),
    A.RECORD_EVENT: lambda b: b.record_event(a_slot(), an_event(), until=NOW, attempt=an_attempt()),
    A.START_PAYMENT: lambda b: b.start_payment(an_attempt(2), now=NOW),
    A.CONFIRM: lambda b: b.confirm(_slot(b), now=NOW),
    A.EXPIRE: lambda b: b.expire(now=LATER, checkouts_closed=True),
    A.CANCEL: lambda b: b.cancel(),
    A.RESCHEDULE: _reschedule,
    A.COMPLETE: lambda b: b.complete(now=LATER),
    A.MARK_NO_SHOW: lambda b: b.mark_no_show(now=LATER),
    A.UNDO_NO_SHOW: lambda b: b.undo_no_show(),
    A.RECORD_PAID_ON_SITE: lambda b: b.record_paid_on_site(),
    A.RECORD_RETURNED_ON_SITE: lambda b: b.record_returned_on_site(),
}

FACTS: dict[Action, Callable[[Booking], bool]] = {
    A.PAYMENT_SECURED: lambda b: b.payment_secured(1, PaymentAction.PAY, link_until=LATER),
    A.PAYMENT_PROCESSING: lambda b: b.payment_processing(until=LATER),
    A.PAYMENT_FAILED: lambda b: b.payment_failed(),
    A.CAPTURE_REFUSED: lambda b: b.capture_refused(),
    A.CALENDAR_BOOKED: lambda b: b.calendar_booked(an_event()),
    A.CALENDAR_REFUSED: lambda b: b.calendar_refused(),
    A.LINK_NEEDED: lambda b: b.link_needed(until=LATER),
    A.RESCHEDULE_BOOKED: lambda b: b.reschedule_booked(an_event(2)),
    A.RESCHEDULE_REFUSED: lambda b: b.reschedule_refused(),
    A.EVENT_CREATED: lambda b: b.event_created(_slot(b), an_event()),
    A.EVENT_MOVED: lambda b: b.event_moved(_slot(b), a_slot(day=3), an_event(3)),
    A.EVENT_CANCELLED: lambda b: b.event_cancelled(_slot(b)),
}


def _in(state: BookingState, action: Action) -> Booking:
    """A booking in `state` whose payment and flow allow the action, where the state does."""
    if action is A.RECORD_PAID_ON_SITE:
        return evolve(a_booking(state), payment=Payment.of(PRICE))
    if action is A.RECORD_RETURNED_ON_SITE:
        owing = evolve(Payment.of(PRICE), status=PaymentStatus.REFUND_DUE, to_keep=0)
        return evolve(a_booking(state), payment=owing)
    if (state, action) == (S.HELD, A.START_PAYMENT):
        return a_paid_booking(state)
    if state is S.AWAITING_PAYMENT and action in (A.EVENT_MOVED, A.EVENT_CANCELLED):
        return _event_first()
    if (state, action) == (S.CONFIRMED, A.CAPTURE_REFUSED):
        booking = a_paid_booking(state)
        booking.payment = evolve(booking.payment, status=PaymentStatus.AUTHORISED)
        return booking
    booking = a_booking(state)
    if action in (A.RESCHEDULE_BOOKED, A.RESCHEDULE_REFUSED) and state is S.CONFIRMED:
        _reschedule(booking)
        booking.events.clear()
    return booking


def _event_first() -> Booking:
    session_type = a_session_type(price=PRICE)
    booking = a_new_booking(session_type, flow=Flow.EVENT_FIRST)
    booking.record_event(a_slot(), an_event(), until=NOW, attempt=an_attempt())
    booking.events.clear()
    return booking


def _told(booking: Booking) -> list[type]:
    return [type(event) for event in booking.events]


def test_every_action_is_a_command_or_a_fact() -> None:
    assert COMMANDS.keys() | FACTS.keys() == set(Action)
    assert not COMMANDS.keys() & FACTS.keys()


@pytest.mark.parametrize(("state", "action"), list(product(BookingState, COMMANDS)))
def test_a_command_moves_as_the_table_says_or_is_refused_by_name(
    state: BookingState, action: Action
) -> None:
    booking = _in(state, action)
    before = deepcopy(booking)
    choices = TRANSITIONS.get((state, action), ())
    if choices:
        COMMANDS[action](booking)
        assert booking.state in choices
        (told,) = _told(booking)
        assert issubclass(told, EVENTS[action])
        return
    with pytest.raises((WrongState, HoldExpired)) as refused:
        COMMANDS[action](booking)
    if isinstance(refused.value, WrongState):
        assert (refused.value.action, refused.value.state) == (action, state)
    assert (booking, booking.events) == (before, [])


@pytest.mark.parametrize(("state", "action"), list(product(BookingState, FACTS)))
def test_a_fact_moves_as_the_table_says_or_is_no_news(state: BookingState, action: Action) -> None:
    booking = _in(state, action)
    before = deepcopy(booking)
    choices = TRANSITIONS.get((state, action), ())
    news = FACTS[action](booking)
    if choices:
        assert news
        assert booking.state in choices
        (told,) = _told(booking)
        assert issubclass(told, EVENTS[action])
    else:
        # It may wake settling, which looks again; the record itself stays.
        assert (booking, booking.events) == (before, [])


@pytest.mark.parametrize(("state", "action"), [pair for pair in TRANSITIONS if pair[1] in FACTS])
def test_the_same_fact_again_is_no_news(state: BookingState, action: Action) -> None:
    booking = _in(state, action)
    FACTS[action](booking)
    booking.events.clear()
    before = deepcopy(booking)
    assert not FACTS[action](booking)
    assert (booking, booking.events) == (before, [])


@pytest.mark.parametrize("action", [A.OFFER_LINK, A.RECORD_EVENT])
@pytest.mark.parametrize("paid", [False, True])
def test_a_link_and_an_event_wait_for_the_money_where_there_is_a_price(
    action: Action, paid: bool
) -> None:
    booking = a_new_booking(a_session_type(price=PRICE if paid else None))
    COMMANDS[action](booking)
    assert (booking.state is S.AWAITING_PAYMENT) is paid


def test_a_hold_that_ended_is_refused_as_such() -> None:
    for command in (COMMANDS[A.CONFIRM], COMMANDS[A.START_PAYMENT]):
        with pytest.raises(HoldExpired):
            command(a_booking(S.EXPIRED))


def test_every_state_but_the_first_is_reached_and_final_ones_stay() -> None:
    reached = {to for choices in TRANSITIONS.values() for to in choices}
    assert set(BookingState) - reached == {S.NEW}
    moved_on = {state for (state, _), choices in TRANSITIONS.items() if set(choices) - {state}}
    assert set(BookingState) - moved_on == {S.COMPLETED, S.CANCELLED, S.EXPIRED, S.FAILED}


def test_live_states_are_those_that_can_be_cancelled() -> None:
    cancellable = {state for state, action in TRANSITIONS if action is A.CANCEL}
    assert cancellable == {state for state in BookingState if state.live}


def test_every_action_has_an_event_and_every_state_a_step() -> None:
    assert EVENTS.keys() == set(Action)
    assert STEPS.keys() == set(BookingState)


def test_no_state_is_live_and_dead() -> None:
    assert not any(state.live and state.dead for state in BookingState)


@pytest.mark.parametrize("action", [*COMMANDS, PaymentAction.OWE_BACK, PaymentAction.REQUEST])
def test_a_refusal_says_in_words_what_is_not_possible(action: str) -> None:
    told = WrongState(action, PaymentStatus.REFUND_DUE)
    assert told.message.startswith("The booking is waiting for a refund, so it is not possible to ")
    assert told.extensions() == {"action": action, "state": "REFUND_DUE"}
