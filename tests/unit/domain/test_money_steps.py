"""What money settling decides, rule by rule. The names of the rules are the design's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from booking_core import (
    Booking,
    BookingState,
    Checkout,
    CheckoutState,
    Dispute,
    Flow,
    Money,
    PaymentAction,
    PaymentStatus,
    Settle,
    Standing,
)
from booking_core.domain import money_steps
from booking_core.domain.money_steps import (
    AskForCheckout,
    Capture,
    CloseCheckout,
    Expire,
    GiveBack,
    GiveUpCapture,
    GiveUpCheckout,
    MoneyStep,
    Record,
    RefundFailed,
    StrikeOff,
    Void,
    WriteRefundDown,
)
from booking_core.testing.examples import (
    NOW,
    PRICE,
    a_new_booking,
    a_paid_booking,
    a_session_type,
    an_attempt,
)

S, C, P = BookingState, CheckoutState, PaymentStatus
ALL, HALF = PRICE.amount, Money(2_500, "EUR")
LATER = NOW + timedelta(hours=2)
DEAD = (S.CANCELLED, S.EXPIRED, S.FAILED)
CLOSED = (C.LAPSED, C.VOIDED, C.EXPIRED, C.FAILED)


def stands(state: CheckoutState, **refunds: int) -> Standing:
    """A checkout as the provider shows it; `n1=500`: 500 went back under the key of refund 1."""
    named = {key.replace("n", "bkg_1:checkout:1:refund:"): n for key, n in refunds.items()}
    return Standing(state=state, captured=ALL if state is C.PAID else 0, refunds=named)


def disputed(how: Dispute) -> Standing:
    return Standing(state=C.PAID, captured=ALL, dispute=how)


def waiting(attempts: int = 1) -> Booking:
    booking = a_paid_booking(S.AWAITING_PAYMENT)
    for number in range(2, attempts + 1):
        booking.start_payment(an_attempt(number), now=NOW)
    booking.events.clear()
    return booking


def ended(state: BookingState, attempts: int = 1) -> Booking:
    """A booking that ended before it was paid."""
    booking = waiting(attempts)
    if state is S.CANCELLED:
        booking.cancel()
    elif state is S.EXPIRED:
        booking.expire(now=LATER, checkouts_closed=True)
    else:
        booking.payment_secured(1, PaymentAction.PAY)
        booking.calendar_refused()
    booking.unsettled.clear()
    return booking


def paid(keep: int = ALL, *totals: int) -> Booking:
    """A confirmed booking, and the running totals of its refunds that were written down."""
    booking = a_paid_booking()
    accepted = evolve(booking.payment, accepted=1, to_keep=keep, refunds=totals)
    booking.payment = accepted
    return booking


def authorised(state: BookingState = S.CONFIRMED) -> Booking:
    booking = a_paid_booking(S.CONFIRMING)
    if state is not S.CONFIRMING:
        booking.calendar_booked()
    booking.unsettled.clear()
    return booking


def next_step(booking: Booking, *standings: Standing, late: bool = False) -> MoneyStep:
    by_number = dict(enumerate(standings, start=1))
    return money_steps.next_step(booking, by_number, now=LATER if late else NOW)


def hear(booking: Booking, *standings: Standing) -> bool:
    return money_steps.hear(booking, dict(enumerate(standings, start=1)), now=NOW)


def refund_key(number: int) -> str:
    return f"bkg_1:checkout:1:refund:{number}"


# ---- while the client may pay ----------------------------------------------------------------


def test_a_checkout_that_we_know_nothing_of_is_asked_for_with_the_key_of_its_attempt() -> None:
    booking = waiting()
    assert next_step(booking, stands(C.UNKNOWN)) == AskForCheckout(an_attempt())


@pytest.mark.parametrize("state", [C.OPEN, C.PROCESSING, *CLOSED])
def test_before_the_deadline_every_checkout_is_left_to_the_client(state: CheckoutState) -> None:
    assert next_step(waiting(), stands(state)) == Record(P.REQUESTED, 0, 0)


def test_after_the_deadline_an_open_checkout_is_closed_before_the_slot_is_set_free() -> None:
    assert next_step(waiting(), stands(C.OPEN), late=True) == CloseCheckout(an_attempt())


@pytest.mark.parametrize("state", CLOSED)
def test_a_hold_expires_once_its_checkout_is_known_to_be_closed(state: CheckoutState) -> None:
    assert next_step(waiting(), stands(state), late=True) == Expire()


def test_rule_tombstone_a_checkout_that_nobody_knows_is_asked_for_and_then_closed() -> None:
    booking = waiting()
    assert next_step(booking, stands(C.UNKNOWN), late=True) == AskForCheckout(an_attempt())
    booking.checkout_opened(1, Checkout("cs_1", "https://pay.test/cs_1"))
    assert isinstance(next_step(booking, stands(C.OPEN), late=True), CloseCheckout)
    assert next_step(booking, stands(C.EXPIRED), late=True) == Expire()


def test_rule_tombstone_a_checkout_that_will_never_open_needs_no_closing() -> None:
    booking = waiting()
    booking.checkout_refused(1)
    assert next_step(booking, stands(C.UNKNOWN), late=True) == GiveUpCheckout()


def test_a_checkout_that_will_never_open_is_waited_for_as_long_as_another_can_be_paid() -> None:
    booking = waiting(2)
    booking.checkout_refused(2)
    assert next_step(booking, stands(C.OPEN), stands(C.UNKNOWN)) == Record(P.REQUESTED, 0, 0)
    assert next_step(booking, stands(C.EXPIRED), stands(C.UNKNOWN)) == GiveUpCheckout()


@pytest.mark.parametrize("other", [C.UNKNOWN, C.OPEN, C.PROCESSING])
@pytest.mark.parametrize("first", [True, False])
def test_rule_all_closed_no_attempt_may_be_left_that_money_could_come_through(
    other: CheckoutState, first: bool
) -> None:
    both = [stands(other), stands(C.EXPIRED)]
    standings = both if first else both[::-1]
    assert next_step(waiting(2), *standings, late=True) != Expire()
    assert next_step(waiting(2), stands(C.EXPIRED), stands(C.FAILED), late=True) == Expire()


def test_money_on_its_way_keeps_the_slot_past_the_deadline() -> None:
    step = next_step(waiting(), stands(C.PROCESSING), late=True)
    assert step == Record(P.REQUESTED, 0, 0)


def test_a_link_that_was_paid_for_and_never_used_lapses_and_its_money_is_released() -> None:
    session_type = a_session_type(price=PRICE)
    booking = a_new_booking(session_type, flow=Flow.LINK)
    booking.offer_link(until=NOW, attempt=an_attempt())
    hear(booking, stands(C.AUTHORISED))
    booking.deadline = NOW
    assert next_step(booking, stands(C.AUTHORISED)) == Expire()
    booking.expire(now=NOW, checkouts_closed=True)
    assert isinstance(next_step(booking, stands(C.AUTHORISED)), Void)


# ---- the accepted attempt --------------------------------------------------------------------


def test_nothing_is_captured_before_the_calendar_stands() -> None:
    step = next_step(authorised(S.CONFIRMING), stands(C.AUTHORISED))
    assert step == Record(P.AUTHORISED, 0, 0)


def test_authorised_money_is_captured_once_the_session_stands() -> None:
    booking = authorised()
    assert next_step(booking, stands(C.AUTHORISED)) == Capture(booking.payment.attempts[0], ALL)


@pytest.mark.parametrize(("kept", "amount"), [(None, 0), (HALF, 2_500), (PRICE, ALL)])
def test_rule_keep_amount_a_cancelled_authorisation_is_taken_as_far_as_the_terms_keep(
    kept: Money | None, amount: int
) -> None:
    booking = authorised()
    booking.cancel(keep=kept)
    attempt = booking.payment.attempts[0]
    step = next_step(booking, stands(C.AUTHORISED))
    assert step == (Capture(attempt, amount) if amount else Void(attempt))


@pytest.mark.parametrize("state", CLOSED)
def test_an_authorisation_that_is_gone_is_given_up(state: CheckoutState) -> None:
    assert next_step(authorised(), stands(state)) == GiveUpCapture()


def test_what_was_given_up_once_is_not_given_up_again() -> None:
    booking = authorised()
    booking.capture_refused()
    assert next_step(booking, stands(C.LAPSED)) == Record(P.VOIDED, 0, 0)


def test_captured_money_that_may_be_kept_is_recorded() -> None:
    assert next_step(paid(), stands(C.PAID)) == Record(P.PAID, ALL, 0)


# ---- giving back -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("totals", "shown", "expected"),
    [
        ((), {}, WriteRefundDown(3_000)),
        ((3_000,), {}, (3_000, 0)),
        ((3_000,), {"n0": 3_000}, None),
        ((1_000,), {"n0": 1_000}, WriteRefundDown(3_000)),
        ((1_000, 3_000), {"n0": 1_000}, (2_000, 1)),
        ((1_000, 3_000), {}, (1_000, 0)),
        ((1_000, 3_000), {"n0": 1_000, "n1": 2_000}, None),
    ],
)
def test_rule_refund_ledger_each_refund_is_numbered_and_written_down_before_it_is_asked_for(
    totals: tuple[int, ...],
    shown: Mapping[str, int],
    expected: WriteRefundDown | tuple[int, int] | None,
) -> None:
    booking = paid(2_000, *totals)
    step: MoneyStep = Record(P.REFUNDED, ALL, 3_000)
    if isinstance(expected, WriteRefundDown):
        step = expected
    elif expected:
        amount, number = expected
        step = GiveBack(booking.payment.attempts[0], amount, refund_key(number))
    assert next_step(booking, stands(C.PAID, **shown)) == step


@pytest.mark.parametrize(
    ("totals", "shown", "step"),
    [
        ((), {"elsewhere": 1_000}, WriteRefundDown(2_000)),
        ((), {"elsewhere": 3_000}, None),
        ((), {"elsewhere": 5_000}, None),
        ((1_000,), {"n0": 1_000, "elsewhere": 500}, WriteRefundDown(2_500)),
        ((3_000,), {"n0": 2_000, "elsewhere": 500}, WriteRefundDown(3_500)),
    ],
)
def test_what_somebody_gave_back_elsewhere_counts_as_given_back(
    totals: tuple[int, ...], shown: Mapping[str, int], step: WriteRefundDown | None
) -> None:
    booking = paid(2_000, *totals)
    expected = step or Record(P.REFUNDED, ALL, sum(shown.values()))
    assert next_step(booking, stands(C.PAID, **shown)) == expected


@pytest.mark.parametrize(("elsewhere", "amount"), [(1_000, 2_000), (2_900, 100), (3_000, 0)])
def test_a_refund_that_is_written_down_is_asked_for_only_as_far_as_it_is_still_missing(
    elsewhere: int, amount: int
) -> None:
    booking = paid(2_000, 3_000)
    step = next_step(booking, stands(C.PAID, elsewhere=elsewhere))
    if amount:
        assert step == GiveBack(booking.payment.attempts[0], amount, refund_key(0))
    else:
        assert step == Record(P.REFUNDED, ALL, elsewhere)


def test_a_refund_that_the_bank_sent_back_is_left_to_a_person() -> None:
    booking = paid(2_000, 3_000)
    failed = evolve(stands(C.PAID), failed_refunds=frozenset({refund_key(0)}))
    assert next_step(booking, failed) == RefundFailed()


@pytest.mark.parametrize(
    ("totals", "shown", "step"),
    [
        ((3_000,), {}, RefundFailed()),
        ((1_000,), {}, WriteRefundDown(3_000)),
        ((1_000, 3_000), {"n1": 2_000}, RefundFailed()),
        ((3_000,), {"elsewhere": 1_000}, StrikeOff((2_000,))),
        ((2_000,), {"elsewhere": 1_000}, RefundFailed()),
        ((3_000,), {"elsewhere": 4_000}, StrikeOff((0,))),
        ((0,), {"elsewhere": 3_000}, Record(P.REFUNDED, ALL, 3_000)),
        ((1_000, 3_000), {"n1": 2_000, "elsewhere": 1_000}, StrikeOff((0, 2_000))),
        ((0, 2_000), {"n1": 2_000, "elsewhere": 500}, WriteRefundDown(2_500)),
    ],
)
def test_a_refund_that_was_sent_back_counts_for_as_much_of_it_as_is_still_missing(
    totals: tuple[int, ...], shown: Mapping[str, int], step: MoneyStep
) -> None:
    failed = evolve(stands(C.PAID, **shown), failed_refunds=frozenset({refund_key(0)}))
    assert next_step(paid(2_000, *totals), failed) == step


def test_what_was_sent_back_of_one_attempt_stands_in_the_way_of_no_other() -> None:
    booking = waiting(2)
    booking.payment_secured(2, PaymentAction.PAY)
    booking.calendar_refused()
    first, second = booking.payment.attempts
    failed = evolve(stands(C.PAID), failed_refunds=frozenset({first.refund_key()}))
    booking.refund_owed(ALL)
    assert next_step(booking, failed, stands(C.PAID)) == GiveBack(second, ALL, second.refund_key(0))
    back = evolve(stands(C.PAID), refunds={second.refund_key(0): ALL})
    assert next_step(booking, failed, back) == RefundFailed()


@pytest.mark.parametrize(
    ("how", "status"), [(Dispute.OPEN, P.DISPUTED), (Dispute.LOST, P.REFUNDED)]
)
def test_rule_dispute_nothing_is_given_back_while_the_bank_has_the_money(
    how: Dispute, status: PaymentStatus
) -> None:
    assert next_step(paid(0), disputed(how)) == Record(status, ALL, 0)


def test_rule_dispute_after_it_was_won_what_has_to_go_back_goes_back() -> None:
    assert next_step(paid(0), disputed(Dispute.WON)) == WriteRefundDown(ALL)


# ---- all other attempts ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (C.UNKNOWN, AskForCheckout),
        (C.OPEN, CloseCheckout),
        (C.AUTHORISED, Void),
        (C.PAID, GiveBack),
        (C.PROCESSING, Record),
        *((closed, Record) for closed in CLOSED),
    ],
)
@pytest.mark.parametrize("dead", [S.CANCELLED, S.EXPIRED])
def test_rule_late_authorised_and_all_else_that_comes_to_a_dead_booking_is_undone(
    state: CheckoutState, step: type[MoneyStep], dead: BookingState
) -> None:
    assert isinstance(next_step(ended(dead), stands(state)), step)


@pytest.mark.parametrize(
    ("state", "step"),
    [
        (C.UNKNOWN, AskForCheckout),
        (C.OPEN, CloseCheckout),
        (C.AUTHORISED, Void),
        (C.PAID, GiveBack),
    ],
)
@pytest.mark.parametrize("accepted", [1, 2])
def test_rule_every_attempt_all_but_the_accepted_one_are_undone_while_the_session_stands(
    state: CheckoutState, step: type[MoneyStep], accepted: int
) -> None:
    booking = waiting(2)
    booking.payment_secured(accepted, PaymentAction.PAY)
    booking.calendar_booked()
    standings = [stands(state), stands(state)]
    standings[accepted - 1] = stands(C.PAID)
    found = next_step(booking, *standings)
    assert isinstance(found, step)
    assert found.attempt.number == 3 - accepted  # type: ignore[union-attr]


def test_a_second_payment_goes_back_whole_under_a_key_of_its_own() -> None:
    booking = waiting(2)
    booking.payment_secured(1, PaymentAction.PAY)
    second = booking.payment.attempts[1]
    step = next_step(booking, stands(C.PAID), stands(C.PAID))
    assert step == GiveBack(second, ALL, f"{second.key}:refund:whole")


@pytest.mark.parametrize("how", [Dispute.OPEN, Dispute.LOST])
def test_rule_dispute_of_another_attempt_waits_for_the_bank_as_well(how: Dispute) -> None:
    assert isinstance(next_step(ended(S.CANCELLED), disputed(how)), Record)


# ---- what is heard ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("standing", "state", "status"),
    [
        (stands(C.UNKNOWN), S.AWAITING_PAYMENT, P.REQUESTED),
        (stands(C.OPEN), S.AWAITING_PAYMENT, P.REQUESTED),
        (stands(C.EXPIRED), S.AWAITING_PAYMENT, P.REQUESTED),
        (stands(C.PROCESSING), S.AWAITING_PAYMENT, P.PROCESSING),
        (stands(C.AUTHORISED), S.CONFIRMING, P.AUTHORISED),
        (stands(C.PAID), S.CONFIRMING, P.PAID),
        (stands(C.FAILED), S.EXPIRED, P.FAILED),
    ],
)
def test_what_a_waiting_booking_hears_of_its_checkout(
    standing: Standing, state: BookingState, status: PaymentStatus
) -> None:
    booking = waiting()
    before = booking.state, booking.payment.status
    assert hear(booking, standing) == (before != (state, status))
    assert (booking.state, booking.payment.status) == (state, status)


@pytest.mark.parametrize(
    "gone", [disputed(Dispute.OPEN), disputed(Dispute.LOST), stands(C.PAID, elsewhere=ALL)]
)
def test_money_that_is_gone_as_soon_as_we_hear_of_it_is_as_good_as_a_no_of_the_bank(
    gone: Standing,
) -> None:
    booking = waiting(2)
    assert not hear(booking, gone, stands(C.OPEN))
    assert hear(booking, gone, stands(C.EXPIRED))
    assert (booking.state, booking.payment.status) == (S.EXPIRED, P.FAILED)
    assert not booking.claims()


@pytest.mark.parametrize("other", [C.UNKNOWN, C.OPEN, C.PROCESSING])
def test_a_no_of_the_bank_is_not_the_end_while_another_checkout_can_be_paid(
    other: CheckoutState,
) -> None:
    booking = waiting(2)
    hear(booking, stands(C.FAILED), stands(other))
    assert booking.state is S.AWAITING_PAYMENT


def test_a_no_of_the_bank_is_the_end_when_all_checkouts_are_closed() -> None:
    booking = waiting(2)
    assert hear(booking, stands(C.FAILED), stands(C.EXPIRED))
    assert booking.state is S.EXPIRED


@pytest.mark.parametrize("dead", DEAD)
@pytest.mark.parametrize("state", [C.AUTHORISED, C.PAID])
def test_late_money_on_a_dead_booking_wakes_settling_and_brings_nothing_back_to_life(
    dead: BookingState, state: CheckoutState
) -> None:
    booking = ended(dead, attempts=2)
    assert hear(booking, stands(C.EXPIRED), stands(state))
    assert (booking.state, booking.unsettled) == (dead, {Settle.MONEY})
    assert booking.money_due() == 0


def test_late_money_that_went_back_already_is_no_news() -> None:
    booking = ended(S.EXPIRED)
    assert not hear(booking, stands(C.PAID, whole=ALL))


@pytest.mark.parametrize(
    ("how", "status"), [(Dispute.OPEN, P.DISPUTED), (Dispute.LOST, P.REFUNDED)]
)
def test_rule_dispute_is_written_down_once(how: Dispute, status: PaymentStatus) -> None:
    booking = paid()
    assert hear(booking, disputed(how))
    assert booking.payment.status is status
    assert not hear(booking, disputed(how))


@pytest.mark.parametrize(("keep", "status"), [(ALL, P.PAID), (2_000, P.REFUND_DUE)])
def test_rule_dispute_won_the_money_is_ours_again_and_what_is_owed_goes_back(
    keep: int, status: PaymentStatus
) -> None:
    booking = paid(keep)
    hear(booking, disputed(Dispute.OPEN))
    assert hear(booking, disputed(Dispute.WON))
    assert (booking.payment.status, booking.unsettled) == (status, {Settle.MONEY})


# ---- when to look again ----------------------------------------------------------------------


def test_nobody_is_asked_again_once_nothing_moves_without_us() -> None:
    for booking in (paid(), ended(S.CANCELLED)):
        assert money_steps.look_again(booking, {1: stands(C.PAID)}, now=NOW) is None


@pytest.mark.parametrize(
    ("age", "pause"),
    [
        (timedelta(0), timedelta(seconds=5)),
        (timedelta(minutes=8), timedelta(minutes=2)),
        (timedelta(days=9), timedelta(hours=1)),
    ],
)
def test_a_payment_that_waits_is_looked_at_less_and_less_often(
    age: timedelta, pause: timedelta
) -> None:
    booking = evolve(waiting(), deadline=None)
    assert money_steps.look_again(booking, {1: stands(C.OPEN)}, now=NOW + age) == pause


def test_the_deadline_itself_is_a_time_to_look() -> None:
    booking, second = waiting(), timedelta(seconds=1)
    assert booking.deadline is not None
    again = money_steps.look_again(booking, {1: stands(C.OPEN)}, now=booking.deadline - second)
    assert again == second


# ---- all of it together ----------------------------------------------------------------------


@given(
    keep=st.integers(0, ALL),
    later=st.integers(0, ALL),
    elsewhere=st.lists(st.integers(0, 2_000), max_size=6),
)
def test_whatever_goes_back_elsewhere_in_between_no_more_of_ours_goes_back_than_has_to(
    keep: int, later: int, elsewhere: list[int]
) -> None:
    """The amount to be kept sinks once; at every step somebody may refund at the provider."""
    booking, shown = paid(keep), stands(C.PAID)
    for amounts in (elsewhere[:3], elsewhere[3:]):
        while not isinstance(step := next_step(booking, shown), Record):
            if isinstance(step, WriteRefundDown):
                booking.refund_owed(step.total)
            if amounts and (amount := min(amounts.pop(), shown.held)):
                name = f"elsewhere {len(shown.refunds)}"
                shown = evolve(shown, refunds={**shown.refunds, name: amount})
            elif isinstance(step, GiveBack):
                assert step.key not in shown.refunds
                assert 0 < step.amount <= shown.held - booking.money_due()
                shown = evolve(shown, refunds={**shown.refunds, step.key: step.amount})
        assert shown.held <= booking.money_due()
        booking.payment = evolve(booking.payment, to_keep=min(keep, later))
