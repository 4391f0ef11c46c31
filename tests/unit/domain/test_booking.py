"""What the aggregate promises. The fourteen rules of the design are named in the tests' names."""

from datetime import timedelta

import pytest
from attrs import evolve

from booking_core import (
    Booking,
    BookingState,
    Flow,
    HoldExpired,
    InvalidRequest,
    Money,
    Payment,
    PaymentAction,
    PaymentStatus,
    Settle,
    Slot,
    TimeWindow,
    WrongState,
    events,
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

S, PAY = BookingState, PaymentStatus
MINUTE, LATER = timedelta(minutes=1), NOW + timedelta(days=30)
OLD, NEW = a_slot(day=1), a_slot(day=2)
KEPT = Money(2_000, "EUR")


def _event_first() -> Booking:
    booking = a_new_booking(a_session_type(price=PRICE), flow=Flow.EVENT_FIRST)
    booking.record_event(OLD, an_event(), until=NOW + 60 * MINUTE, attempt=an_attempt())
    return booking


def _authorised(state: BookingState = S.CONFIRMED) -> Booking:
    booking = a_paid_booking(S.CONFIRMING)
    if state is S.CONFIRMED:
        booking.calendar_booked(an_event())
    booking.unsettled.clear()
    return booking


def _rescheduling(**changes: timedelta) -> Booking:
    booking = a_booking(S.CONFIRMED, session_type=a_session_type(**changes), slot=OLD)
    booking.reschedule(NEW, booking.occupancy)
    return booking


# ---- holding and confirming ----------------------------------------------------------------------


def test_a_hold_keeps_its_slot_until_the_deadline() -> None:
    booking = a_booking(S.HELD, slot=OLD)
    (claim,) = booking.claims()
    assert (claim.slot, claim.held_until) == (OLD, booking.deadline)
    assert booking.expected_slots() == ()


def test_a_hold_cannot_be_confirmed_or_paid_after_its_deadline() -> None:
    booking = a_paid_booking(S.HELD)
    with pytest.raises(HoldExpired):
        booking.confirm(now=LATER)
    with pytest.raises(HoldExpired):
        booking.start_payment(an_attempt(), now=LATER)
    assert booking.state is S.HELD


def test_a_price_has_to_be_paid_before_a_confirm_unless_it_is_paid_on_site() -> None:
    with pytest.raises(WrongState):
        a_paid_booking(S.HELD).confirm(now=NOW)
    booking = a_paid_booking(S.HELD)
    booking.confirm(now=NOW, pay_on_site=True)
    assert (booking.state, booking.payment.status) == (S.CONFIRMING, PAY.DUE)


def test_a_confirm_cannot_bring_another_slot_than_the_held_one() -> None:
    booking = a_booking(S.HELD, slot=OLD)
    with pytest.raises(WrongState):
        booking.confirm(NEW, now=NOW)
    booking.confirm(OLD, now=NOW)


def test_a_link_of_our_own_page_brings_its_slot_with_the_confirm() -> None:
    booking = a_booking(S.AWAITING_SCHEDULING)
    with pytest.raises(WrongState):
        booking.confirm(now=NOW)
    booking.confirm(OLD, now=NOW)
    assert (booking.state, booking.slot, booking.deadline) == (S.CONFIRMING, OLD, None)


def test_a_confirmed_free_booking_wants_its_event_and_no_money() -> None:
    booking = a_booking(S.HELD)
    booking.confirm(now=NOW)
    assert booking.expected_slots() == (booking.slot,)
    assert booking.unsettled == {Settle.CALENDAR}
    assert booking.money_due() == 0


def test_a_confirmed_booking_keeps_its_slot_without_a_deadline() -> None:
    (claim,) = a_booking(S.CONFIRMED).claims()
    assert claim.held_until is None


def test_a_hold_whose_checkout_could_still_be_paid_does_not_lapse_by_itself() -> None:
    booking = a_paid_booking(S.AWAITING_PAYMENT)
    (claim,) = booking.claims()
    assert claim.held_until is None
    assert booking.deadline == an_attempt().expires_at


def test_a_checkout_that_was_left_can_be_asked_for_again() -> None:
    booking = a_paid_booking(S.AWAITING_PAYMENT)
    second = an_attempt(2, expires_at=NOW + 45 * MINUTE)
    booking.start_payment(second, now=NOW)
    assert len(booking.payment.attempts) == 2
    assert booking.deadline == second.expires_at


def test_money_on_its_way_gets_a_longer_deadline_once() -> None:
    booking = a_paid_booking(S.AWAITING_PAYMENT)
    assert booking.payment_processing(until=LATER)
    assert not booking.payment_processing(until=LATER + MINUTE)
    assert (booking.payment.status, booking.deadline) == (PAY.PROCESSING, LATER)


def test_money_that_failed_for_good_frees_the_slot() -> None:
    booking = a_paid_booking(S.AWAITING_PAYMENT)
    assert booking.payment_failed()
    assert (booking.state, booking.payment.status) == (S.EXPIRED, PAY.FAILED)
    assert booking.claims() == ()


def test_authorised_money_is_captured_once_the_calendar_stands() -> None:
    booking = a_paid_booking(S.AWAITING_PAYMENT)
    assert booking.payment_secured(1, PaymentAction.AUTHORISE)
    assert booking.money_due() == 0
    assert Settle.MONEY not in booking.unsettled
    booking.calendar_booked(an_event())
    assert booking.money_due() == PRICE.amount
    assert Settle.MONEY in booking.unsettled


def test_a_paid_link_is_given_out_after_the_money() -> None:
    booking = a_new_booking(a_session_type(price=PRICE), flow=Flow.LINK)
    booking.offer_link(until=NOW + 30 * MINUTE, attempt=an_attempt())
    assert booking.payment_secured(1, PaymentAction.AUTHORISE, link_until=LATER)
    assert (booking.state, booking.deadline) == (S.AWAITING_SCHEDULING, LATER)
    assert booking.event_created(OLD, an_event())
    assert (booking.state, booking.slot, booking.deadline) == (S.CONFIRMED, OLD, None)
    assert Settle.MONEY in booking.unsettled


def test_a_refused_calendar_gives_the_money_back() -> None:
    booking = _authorised(S.CONFIRMING)
    assert booking.calendar_refused()
    assert (booking.state, booking.payment.status) == (S.FAILED, PAY.VOIDED)
    paid = a_paid_booking(S.AWAITING_PAYMENT)
    paid.payment_secured(1, PaymentAction.PAY)
    paid.calendar_refused()
    assert (paid.payment.status, paid.money_due()) == (PAY.REFUND_DUE, 0)
    assert Settle.MONEY in paid.unsettled


def test_a_capture_that_fails_for_good_ends_the_booking_and_removes_its_event() -> None:
    booking = _authorised()
    assert booking.capture_refused()
    assert (booking.state, booking.payment.status) == (S.CANCELLED, PAY.VOIDED)
    assert booking.expected_slots() == ()
    assert Settle.CALENDAR in booking.unsettled


def test_money_paid_on_site_is_recorded_once() -> None:
    booking = a_paid_booking(S.HELD)
    booking.confirm(now=NOW, pay_on_site=True)
    booking.calendar_booked()
    booking.record_paid_on_site()
    assert booking.payment.status is PAY.PAID
    with pytest.raises(WrongState):
        booking.record_paid_on_site()


# ---- ending --------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [state for state in S if state.live])
def test_a_dead_booking_claims_nothing_and_expects_no_event(state: BookingState) -> None:
    for booking in (a_booking(state), a_paid_booking(state)):
        booking.cancel(reason="ill")
        assert (booking.claims(), booking.expected_slots()) == ((), ())
        assert (booking.deadline, booking.pending_slot) == (None, None)
        assert booking.cancel_reason == "ill"
        assert Settle.CALENDAR in booking.unsettled


def test_a_completed_booking_leaves_the_calendar_as_it_is() -> None:
    booking = a_booking(S.COMPLETED)
    assert booking.expected_slots() == (booking.slot,)
    assert [claim.slot for claim in booking.claims()] == [booking.slot]


@pytest.mark.parametrize("state", [S.HELD, S.AWAITING_SCHEDULING])
def test_a_hold_expires_at_its_deadline_and_not_before(state: BookingState) -> None:
    booking = a_booking(state)
    assert booking.deadline is not None
    with pytest.raises(WrongState):
        booking.expire(now=booking.deadline - MINUTE)
    booking.expire(now=booking.deadline)
    assert booking.state is S.EXPIRED


def test_rule_keep_amount_a_cancel_writes_down_what_may_be_kept() -> None:
    booking = a_paid_booking(S.CONFIRMED)
    booking.cancel(keep=KEPT)
    assert (booking.payment.status, booking.money_due()) == (PAY.REFUND_DUE, KEPT.amount)


def test_rule_keep_amount_nothing_is_kept_of_a_booking_that_was_never_confirmed() -> None:
    booking = _authorised(S.CONFIRMING)
    booking.cancel(keep=KEPT)
    assert (booking.payment.status, booking.money_due()) == (PAY.VOIDED, 0)


def test_rule_keep_amount_a_part_of_authorised_money_is_still_to_be_captured() -> None:
    booking = _authorised()
    booking.cancel(keep=KEPT)
    assert (booking.payment.status, booking.money_due()) == (PAY.AUTHORISED, KEPT.amount)
    booking.unsettled.clear()
    assert booking.money_taken(1, taken=KEPT.amount)
    assert not booking.money_taken(1, taken=KEPT.amount)
    assert (booking.payment.status, booking.money_due()) == (PAY.PAID, KEPT.amount)
    assert booking.payment.taken == KEPT.amount
    assert not booking.payment_secured(1, PaymentAction.AUTHORISE)


def test_rule_keep_amount_a_goodwill_refund_lowers_it() -> None:
    booking = a_paid_booking(S.CONFIRMED)
    booking.refund(Money(1_000, "EUR"))
    assert (booking.payment.status, booking.money_due()) == (PAY.REFUND_DUE, 4_000)
    booking.money_settled(PAY.REFUNDED, taken=PRICE.amount, returned=1_000)
    with pytest.raises(InvalidRequest):
        booking.refund(Money(4_001, "EUR"))
    booking.refund(Money(4_000, "EUR"))
    assert booking.money_due() == 0


@pytest.mark.parametrize(
    "amount", [Money(0, "EUR"), Money(5_001, "EUR"), Money(1_000, "USD")], ids=str
)
def test_no_refund_is_nothing_more_than_was_taken_or_in_another_currency(amount: Money) -> None:
    booking = a_paid_booking(S.CONFIRMED)
    with pytest.raises(InvalidRequest) as refused:
        booking.refund(amount)
    assert refused.value.errors[0].pointer == "/amount"
    assert booking.payment.status is PAY.PAID


def test_what_went_back_elsewhere_cannot_go_back_again() -> None:
    booking = a_paid_booking(S.CONFIRMED)
    booking.money_settled(PAY.REFUNDED, taken=PRICE.amount, returned=2_000)
    with pytest.raises(InvalidRequest):
        booking.refund(Money(3_001, "EUR"))
    booking.refund(Money(1_000, "EUR"))
    assert booking.money_due() == 2_000
    assert booking.payment.owed == 1_000


def test_rule_late_authorised_an_authorisation_of_a_dead_booking_is_released() -> None:
    booking = a_paid_booking(S.AWAITING_PAYMENT)
    booking.cancel()
    booking.unsettled.clear()
    assert booking.payment_secured(1, PaymentAction.AUTHORISE)
    assert (booking.state, booking.payment.status) == (S.CANCELLED, PAY.VOIDED)
    assert booking.money_due() == 0
    assert booking.unsettled == {Settle.MONEY}


@pytest.mark.parametrize("state", [S.CANCELLED, S.EXPIRED])
def test_money_that_is_found_paid_on_a_dead_booking_has_to_go_back(state: BookingState) -> None:
    booking = a_paid_booking(S.AWAITING_PAYMENT)
    if state is S.EXPIRED:
        booking.expire(now=LATER, checkouts_closed=True)
    else:
        booking.cancel()
    booking.unsettled.clear()
    assert booking.payment_secured(1, PaymentAction.PAY)
    assert (booking.state, booking.payment.status) == (state, PAY.REFUND_DUE)
    assert booking.unsettled == {Settle.MONEY}
    assert not booking.payment_secured(1, PaymentAction.PAY)


def test_money_that_comes_after_it_failed_has_to_go_back() -> None:
    booking = a_paid_booking(S.AWAITING_PAYMENT)
    booking.payment_failed()
    assert booking.payment_secured(1, PaymentAction.PAY)
    assert (booking.state, booking.payment.status) == (S.EXPIRED, PAY.REFUND_DUE)


def test_rule_every_attempt_the_others_are_closed_when_one_is_accepted() -> None:
    booking = a_paid_booking(S.AWAITING_PAYMENT)
    booking.start_payment(an_attempt(2), now=NOW)
    booking.payment_secured(2, PaymentAction.PAY)
    assert booking.payment.accepted == 2
    assert Settle.MONEY in booking.unsettled


def test_rule_every_attempt_a_second_payment_of_a_live_booking_wakes_settling() -> None:
    booking = a_paid_booking(S.CONFIRMED)
    assert not booking.payment_secured(1, PaymentAction.PAY)
    assert booking.payment_secured(2, PaymentAction.PAY)
    assert booking.unsettled == {Settle.MONEY}
    assert (booking.payment.accepted, booking.payment.status) == (1, PAY.PAID)


def test_rule_every_attempt_a_second_payment_of_a_dead_booking_leaves_what_is_kept() -> None:
    booking = a_paid_booking(S.CONFIRMED)
    booking.cancel(keep=KEPT)
    booking.unsettled.clear()
    assert booking.payment_secured(2, PaymentAction.PAY)
    assert booking.unsettled == {Settle.MONEY}
    assert booking.money_due() == KEPT.amount


def test_rule_all_closed_a_slot_is_not_freed_while_a_checkout_could_be_paid() -> None:
    booking = a_paid_booking(S.AWAITING_PAYMENT)
    with pytest.raises(WrongState):
        booking.expire(now=LATER)
    booking.expire(now=LATER, checkouts_closed=True)
    assert (booking.state, booking.payment.status) == (S.EXPIRED, PAY.VOIDED)


# ---- what happens at the calendar provider -------------------------------------------------------


@pytest.mark.parametrize("state", [S.CONFIRMING, S.CONFIRMED])
def test_rule_facts_live_an_event_that_was_moved_moves_the_booking(state: BookingState) -> None:
    booking = a_booking(state, slot=OLD)
    assert booking.event_moved(OLD, NEW, an_event(2))
    assert (booking.state, booking.slot, booking.event) == (state, NEW, an_event(2))
    assert Settle.CALENDAR in booking.unsettled


@pytest.mark.parametrize("state", [S.CONFIRMING, S.CONFIRMED])
def test_rule_facts_live_an_event_that_was_cancelled_cancels_the_booking(
    state: BookingState,
) -> None:
    booking = a_paid_booking(state, slot=OLD)
    assert booking.event_cancelled(OLD, keep=KEPT)
    assert booking.state is S.CANCELLED
    assert booking.money_due() == (KEPT.amount if state is S.CONFIRMED else 0)


def test_rule_facts_live_an_event_that_came_first_is_heard_while_its_payment_is_open() -> None:
    moved, cancelled = _event_first(), _event_first()
    assert moved.event_moved(OLD, NEW, an_event(2))
    assert moved.expected_slots() == (NEW,)
    assert cancelled.event_cancelled(OLD)
    assert cancelled.state is S.CANCELLED


def test_what_happens_to_a_slot_that_is_not_ours_any_more_is_no_news() -> None:
    booking = a_booking(S.CONFIRMED, slot=OLD)
    assert not booking.event_moved(NEW, a_slot(day=3), an_event())
    assert not booking.event_cancelled(NEW)
    assert not a_booking(S.HELD, slot=OLD).event_cancelled(OLD)


def test_rule_extra_live_an_event_that_nobody_expects_wakes_settling_once() -> None:
    for booking in (a_booking(S.CONFIRMED, slot=OLD), a_booking(S.CANCELLED)):
        assert booking.event_found(NEW)
        assert booking.unsettled == {Settle.CALENDAR}
        assert not booking.event_found(NEW)


def test_rule_extra_live_a_link_used_twice_makes_no_second_session() -> None:
    booking = a_booking(S.AWAITING_SCHEDULING)
    booking.event_created(OLD, an_event(1))
    assert booking.unsettled == {Settle.CALENDAR}  # the other may have been placed by now
    booking.unsettled.clear()
    assert booking.event_created(NEW, an_event(2))
    assert booking.slot == OLD
    assert booking.unsettled == {Settle.CALENDAR}


def test_an_event_where_one_is_expected_is_no_news() -> None:
    booking = a_booking(S.CONFIRMED, slot=OLD)
    assert not booking.event_found(OLD)
    assert booking.unsettled == set()


def test_rule_event_first_the_event_is_expected_while_its_payment_is_open() -> None:
    booking = _event_first()
    assert (booking.state, booking.expected_slots()) == (S.AWAITING_PAYMENT, (OLD,))
    assert len(booking.claims()) == 1


def test_rule_event_first_an_unpaid_event_is_removed_at_the_deadline() -> None:
    booking = _event_first()
    booking.expire(now=LATER, checkouts_closed=True)
    assert booking.expected_slots() == ()
    assert Settle.CALENDAR in booking.unsettled


def test_without_an_event_nothing_is_expected_while_a_payment_is_open() -> None:
    assert a_paid_booking(S.AWAITING_PAYMENT).expected_slots() == ()


# ---- a reschedule --------------------------------------------------------------------------------


def test_rule_both_claims_a_pending_reschedule_holds_both_slots() -> None:
    booking = _rescheduling()
    assert [claim.slot for claim in booking.claims()] == [OLD, NEW]
    assert booking.expected_slots() == (OLD, NEW)
    assert booking.state is S.CONFIRMED


@pytest.mark.parametrize(
    ("minute", "buffer"), [(30, timedelta(0)), (60, 15 * MINUTE), (-60, MINUTE), (75, 15 * MINUTE)]
)
def test_rule_both_claims_where_they_or_their_buffers_overlap_they_are_one(
    minute: int, buffer: timedelta
) -> None:
    session_type = a_session_type(buffer_before=5 * MINUTE, buffer_after=buffer)
    booking = a_booking(S.CONFIRMED, session_type=session_type, slot=OLD)
    new = Slot(OLD.start + minute * MINUTE, OLD.end + minute * MINUTE)
    booking.reschedule(new, booking.occupancy)
    (claim,) = booking.claims()
    assert claim.slot == Slot(min(OLD.start, new.start), max(OLD.end, new.end))


def test_rule_both_claims_slots_that_touch_are_two() -> None:
    booking = a_booking(S.CONFIRMED, slot=OLD)
    booking.reschedule(Slot(OLD.end, OLD.end + OLD.length), booking.occupancy)
    assert len(booking.claims()) == 2


def test_a_reschedule_that_the_calendar_took_leaves_the_new_slot_alone() -> None:
    booking = _rescheduling()
    assert booking.reschedule_booked(an_event(2))
    assert (booking.slot, booking.pending_slot, booking.event) == (NEW, None, an_event(2))
    assert booking.expected_slots() == (NEW,)


def test_a_reschedule_that_the_calendar_refused_leaves_the_old_slot_alone() -> None:
    booking = _rescheduling()
    assert booking.reschedule_refused()
    assert (booking.slot, booking.pending_slot, booking.event) == (OLD, None, an_event(1))
    assert [claim.slot for claim in booking.claims()] == [OLD]


@pytest.mark.parametrize(("answer", "stays"), [("booked", NEW), ("refused", OLD), ("moved", NEW)])
def test_each_slot_is_blocked_with_what_was_agreed_for_it(answer: str, stays: Slot) -> None:
    booking = a_booking(S.CONFIRMED, session_type=a_session_type(buffer_after=5 * MINUTE), slot=OLD)
    booking.reschedule(NEW, evolve(booking.occupancy, buffer_after=25 * MINUTE))
    agreed = {OLD: OLD.widened(0 * MINUTE, 5 * MINUTE), NEW: NEW.widened(0 * MINUTE, 25 * MINUTE)}
    assert [claim.blocked for claim in booking.claims()] == [agreed[OLD], agreed[NEW]]
    if answer == "booked":
        booking.reschedule_booked(an_event(2))
    elif answer == "refused":
        booking.reschedule_refused()
    else:
        booking.event_moved(OLD, a_slot(day=3), an_event(3))
        agreed[NEW] = a_slot(day=3).widened(0 * MINUTE, 5 * MINUTE)
    assert [claim.blocked for claim in booking.claims()] == [agreed[stays]]
    assert booking.pending_occupancy is None


def test_two_places_that_overlap_are_blocked_together_with_the_buffers_of_each() -> None:
    booking = a_booking(
        S.CONFIRMED, session_type=a_session_type(buffer_after=90 * MINUTE), slot=OLD
    )
    later = Slot(OLD.start + 30 * MINUTE, OLD.end + 30 * MINUTE)
    booking.reschedule(
        later, evolve(booking.occupancy, buffer_before=45 * MINUTE, buffer_after=0 * MINUTE)
    )
    (claim,) = booking.claims()
    assert claim.slot == Slot(OLD.start, later.end)
    assert claim.blocked == TimeWindow(later.start - 45 * MINUTE, OLD.end + 90 * MINUTE)


def test_a_second_reschedule_waits_for_the_first() -> None:
    booking = _rescheduling()
    with pytest.raises(WrongState):
        booking.reschedule(a_slot(day=3), booking.occupancy)
    assert booking.pending_slot == NEW


def test_an_event_that_was_moved_overtakes_a_pending_reschedule() -> None:
    booking = _rescheduling()
    assert booking.event_moved(OLD, a_slot(day=3), an_event(3))
    assert (booking.slot, booking.pending_slot) == (a_slot(day=3), None)
    assert not booking.reschedule_booked(an_event(2))


def test_a_new_event_that_is_cancelled_before_we_heard_of_it_cancels_the_booking() -> None:
    booking = _rescheduling()
    assert booking.event_cancelled(NEW)
    assert booking.state is S.CANCELLED


# ---- afterwards ----------------------------------------------------------------------------------


def test_a_session_is_not_over_before_its_start() -> None:
    booking = a_booking(S.CONFIRMED, slot=OLD)
    for end in (booking.complete, booking.mark_no_show):
        with pytest.raises(WrongState):
            end(now=OLD.start - MINUTE)
    booking.complete(now=OLD.start)


def test_rule_complete_paid_money_is_captured_before_a_session_is_over() -> None:
    booking = _authorised()
    for end in (booking.complete, booking.mark_no_show):
        with pytest.raises(WrongState):
            end(now=LATER)
    assert booking.state is S.CONFIRMED


def test_rule_complete_paid_money_owed_on_site_is_no_obstacle() -> None:
    booking = a_paid_booking(S.HELD)
    booking.confirm(now=NOW, pay_on_site=True)
    booking.calendar_booked()
    booking.complete(now=LATER)
    booking.record_paid_on_site()
    assert (booking.state, booking.payment.status) == (S.COMPLETED, PAY.PAID)


def test_rule_complete_pend_a_pending_slot_is_dropped_and_the_calendar_settled() -> None:
    for name in ("complete", "mark_no_show"):
        booking = _rescheduling()
        booking.unsettled.clear()
        getattr(booking, name)(now=LATER)
        assert booking.expected_slots() == (OLD,)
        assert booking.unsettled == {Settle.CALENDAR}


def test_a_no_show_can_be_undone() -> None:
    booking = a_booking(S.NO_SHOW)
    booking.undo_no_show()
    assert booking.state is S.COMPLETED


def test_rule_dispute_nothing_is_refunded_while_the_bank_decides() -> None:
    booking = a_paid_booking(S.CONFIRMED)
    assert booking.disputed(1)
    assert not booking.disputed(1)
    with pytest.raises(WrongState):
        booking.refund(KEPT)
    booking.cancel()
    assert booking.payment.status is PAY.DISPUTED


def test_rule_dispute_a_won_one_goes_back_to_what_it_was() -> None:
    booking = a_paid_booking(S.CONFIRMED)
    booking.disputed(1)
    assert booking.dispute_won(more_to_give_back=False)
    assert booking.payment.status is PAY.PAID
    assert not booking.dispute_won(more_to_give_back=False)


def test_rule_dispute_what_was_owed_back_before_is_owed_again() -> None:
    booking = a_paid_booking(S.CONFIRMED)
    booking.disputed(1)
    booking.cancel()
    assert booking.dispute_won(more_to_give_back=True)
    assert booking.payment.status is PAY.REFUND_DUE
    assert Settle.MONEY in booking.unsettled


def test_rule_dispute_a_lost_one_counts_as_refunded() -> None:
    booking = a_paid_booking(S.CONFIRMED)
    booking.disputed(1)
    assert booking.dispute_lost(1)
    assert booking.payment.status is PAY.REFUNDED
    assert [type(event) for event in booking.events] == [
        events.PaymentDisputed,
        events.DisputeEnded,
    ]


@pytest.mark.parametrize("fact", ["disputed", "dispute_lost"])
@pytest.mark.parametrize("status", [PAY.AUTHORISED, PAY.FAILED, PAY.VOIDED, PAY.REFUND_DUE])
def test_rule_dispute_it_is_heard_before_we_knew_that_the_money_was_taken(
    fact: str, status: PaymentStatus
) -> None:
    booking = _authorised()
    booking.payment = evolve(booking.payment, status=status)
    assert getattr(booking, fact)(1)


def test_rule_dispute_one_about_money_that_does_not_count_changes_nothing() -> None:
    booking = a_paid_booking(S.CONFIRMED)
    assert not booking.disputed(2)
    assert not booking.dispute_lost(2)
    assert booking.payment.status is PAY.PAID


# ---- the rest ------------------------------------------------------------------------------------


def test_a_booking_without_a_price_never_owes_money() -> None:
    assert a_booking(S.CONFIRMED).money_due() == 0
    assert a_booking(S.CANCELLED).payment == Payment()


def test_the_terms_and_the_time_a_session_takes_are_those_that_were_agreed() -> None:
    session_type = a_session_type(buffer_after=15 * MINUTE)
    (claim,) = a_booking(S.CONFIRMED, session_type=session_type, slot=OLD).claims()
    assert claim.blocked.end == OLD.end + 15 * MINUTE


def test_revoking_makes_a_new_token_version() -> None:
    booking = a_booking()
    booking.revoke_tokens()
    assert booking.token_version == 2
