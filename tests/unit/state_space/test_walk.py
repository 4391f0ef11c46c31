"""The real booking keeps its invariants in every state, and planted bugs are caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve

from booking_core import (
    Booking,
    BookingState,
    CheckoutState,
    Dispute,
    Flow,
    PaymentStatus,
    Settle,
)
from booking_core.domain import booking as booking_module
from booking_core.domain import calendar_steps, money_steps
from booking_core.domain.calendar_steps import Remove
from tests.unit.state_space.walk import FORGOTTEN, TAKEN_AWAY, UNTOLD, Walk, explore
from tests.unit.state_space.world import PRICE, Case, cases

#: Two in every run; `make statespace` walks all of them.
SHORT = [Case(Flow.DIRECT, "card", PRICE, aftermath=True), Case(Flow.LINK, "card", attempts=2)]


def _name(case: Case) -> str:
    more = "-aftermath" if case.aftermath else ""
    return f"{case.flow}-{case.money}-keep{case.keep}-{case.attempts}{more}"


@pytest.mark.parametrize("case", SHORT, ids=_name)
def test_no_order_of_events_breaks_a_promise(case: Case) -> None:
    found = explore(Walk(case))
    assert found.violations == {}
    assert found.states > 1_000


@pytest.mark.statespace
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("case", [case for case in cases() if case not in SHORT], ids=_name)
def test_no_order_of_events_breaks_a_promise_in_any_configuration(case: Case) -> None:
    assert explore(Walk(case)).violations == {}


# ---- planted bugs: a walk that finds nothing must be able to find something -------------------------
#
# Each plant names the promise that breaks, because a bug that only makes the walk fail somehow
# would prove nothing about the promise.

Patch = pytest.MonkeyPatch
Plant = Callable[[Patch], None]
DIRECT, LINK, FIRST = Flow.DIRECT, Flow.LINK, Flow.EVENT_FIRST
CARD = Case(DIRECT, "card", 1, aftermath=True)
AT_ONCE = Case(DIRECT, "at_once", 1, aftermath=True)
TWO = Case(DIRECT, "card", 1, attempts=2)
TWO_AT_ONCE = Case(DIRECT, "at_once", 1, attempts=2)
RICH = Case(DIRECT, "free")
PAID_LINK = Case(LINK, "card")

BOOKED_AGAIN = "booked again what somebody cancelled or moved"
CAN_STILL_BE_PAID = "slot set free while its checkout can still be paid"
CHECKOUT_LEFT = "open checkout left on a dead booking"
EVENT_LEFT = "event left on a dead booking"
GIVEN_BACK = "money given back that the terms keep"
KEPT_FOR_NOTHING = "money kept and nothing given"
NO_CLAIM = "a live booking without its claim"
NO_MONEY = "service without money"
NO_REST = "does not come to rest by itself"
NOT_AS_EXPECTED = "calendar is not as expected"
PENDING = "pending slot never settled"
UNDONE = "a job is never done"
WRONG_RECORD = "payment record is wrong"


# The rules of the design, each taken away.


def without_keep_amount(patch: Patch) -> None:
    """A cancellation keeps nothing, whatever the terms say."""
    patch.setattr(Booking, "money_due", lambda self: 0 if self.state.dead else self.payment.to_keep)


def without_every_attempt(patch: Patch) -> None:
    """Settling looks at the accepted checkout only, or else at the last one."""
    real = money_steps.next_step

    def step(booking: Booking, standings: Any, *, now: Any) -> Any:
        payment = booking.payment
        number = payment.accepted or len(payment.attempts)
        one = tuple(attempt for attempt in payment.attempts if attempt.number == number)
        return real(evolve(booking, payment=evolve(payment, attempts=one)), standings, now=now)

    patch.setattr(money_steps, "next_step", step)


def without_all_closed(patch: Patch) -> None:
    """A hold expires as soon as its last checkout is known to be closed."""
    real = money_steps.next_step

    def step(booking: Booking, standings: Any, *, now: Any) -> Any:
        waits = booking.state is BookingState.AWAITING_PAYMENT and booking.overdue(now)
        last = standings[len(booking.payment.attempts)].state
        return money_steps.Expire() if waits and last.closed else real(booking, standings, now=now)

    patch.setattr(money_steps, "next_step", step)


def without_tombstone(patch: Patch) -> None:
    """A checkout that we know nothing of is taken for one that does not exist."""
    real = money_steps._let_go

    def let_go(attempt: Any, standing: Any, waits: bool) -> Any:
        unknown = standing.state is CheckoutState.UNKNOWN
        return None if unknown and not waits else real(attempt, standing, waits)

    patch.setattr(money_steps, "_let_go", let_go)
    known = tuple(s for s in money_steps._STILL_TO_COME if s is not CheckoutState.UNKNOWN)
    patch.setattr(money_steps, "_STILL_TO_COME", known)


def without_facts_live(patch: Patch) -> None:
    """Only a confirmed booking hears of its event."""
    confirmed = property(lambda self: self.state is BookingState.CONFIRMED)
    patch.setattr(Booking, "_has_event", confirmed)


def without_look_first(patch: Patch) -> None:
    """Our events are looked up by tag, but only those that stand where we booked them."""
    real = calendar_steps.hear

    def hear(booking: Booking, events: Any, *, now: Any) -> bool:
        untouched = [e for e in events if not e.cancelled and e.moved_from is None]
        return real(booking, untouched, now=now)

    patch.setattr(calendar_steps, "hear", hear)


def without_extra_live(patch: Patch) -> None:
    """Nobody cares for an event that a booking does not expect."""
    patch.setattr(Booking, "event_found", lambda *_: False)


def without_complete_paid(patch: Patch) -> None:
    """A session is over while its money waits to be captured."""
    real = Booking._after_start

    def after_start(self: Booking, action: Any, now: Any) -> None:
        payment = self.payment
        if payment.status is PaymentStatus.AUTHORISED:
            self.payment = evolve(payment, status=PaymentStatus.PAID)
        real(self, action, now)
        self.payment = payment

    patch.setattr(Booking, "_after_start", after_start)


def without_complete_pend(patch: Patch) -> None:
    """A session that is over leaves its reschedule as it is."""
    real = Booking._after_start

    def after_start(self: Booking, action: Any, now: Any) -> None:
        pending = self.pending_slot
        real(self, action, now)
        self.pending_slot = pending
        self.unsettled.discard(Settle.CALENDAR)

    patch.setattr(Booking, "_after_start", after_start)


def without_dispute(patch: Patch) -> None:
    """A dispute is not written down."""
    real = money_steps._status

    def status(booking: Booking, standings: Any) -> Any:
        calm = {n: evolve(each, dispute=Dispute.NONE) for n, each in standings.items()}
        return real(booking, calm)

    patch.setattr(money_steps, "_status", status)
    for fact in ("disputed", "dispute_lost", "dispute_won"):
        patch.setattr(Booking, fact, lambda *_, **__: False)


def without_refund_ledger(patch: Patch) -> None:
    """What has to go back is computed from what the provider shows, under a new key each time."""

    def refund(keep: int, booking: Booking, attempt: Any, standing: Any) -> Any:
        over = standing.held - keep
        key = f"{len(standing.refunds)}: {over}"
        return money_steps.GiveBack(attempt, over, key) if over > 0 else None

    patch.setattr(money_steps, "_refund_down_to", refund)


def without_both_claims(patch: Patch) -> None:
    """While a reschedule is pending only the new slot is claimed."""
    real = Booking.claims
    patch.setattr(Booking, "claims", lambda self: real(self)[-1:])


def without_event_first(patch: Patch) -> None:
    """A booking that waits for its money expects no event, though the client has placed it."""
    real = Booking.expected_slots

    def expected(self: Booking) -> Any:
        return () if self.state is BookingState.AWAITING_PAYMENT else real(self)

    patch.setattr(Booking, "expected_slots", expected)


RULES: list[tuple[Plant, Case, str]] = [
    (without_keep_amount, CARD, GIVEN_BACK),
    (without_every_attempt, TWO, CHECKOUT_LEFT),
    (without_all_closed, TWO, CAN_STILL_BE_PAID),
    (without_tombstone, CARD, CAN_STILL_BE_PAID),
    (without_facts_live, RICH, BOOKED_AGAIN),
    (without_look_first, RICH, BOOKED_AGAIN),
    (without_extra_live, Case(LINK, "free"), NOT_AS_EXPECTED),
    (without_complete_paid, CARD, NO_MONEY),
    (without_complete_pend, RICH, PENDING),
    (without_dispute, AT_ONCE, WRONG_RECORD),
    (without_refund_ledger, AT_ONCE, GIVEN_BACK),
    (without_both_claims, RICH, NO_CLAIM),
    (without_event_first, Case(FIRST, "at_once", 0, aftermath=True), BOOKED_AGAIN),
]


# Mistakes that one could make while all rules are kept by name.


def expire_unasked(patch: Patch) -> None:
    """A hold expires at its deadline without asking the provider."""
    real = money_steps.next_step

    def step(booking: Booking, standings: Any, *, now: Any) -> Any:
        waits = booking.state is BookingState.AWAITING_PAYMENT and booking.overdue(now)
        return money_steps.Expire() if waits else real(booking, standings, now=now)

    patch.setattr(money_steps, "next_step", step)


def refusal_leaves_the_money(patch: Patch) -> None:
    """A refused calendar leaves the payment as it is."""
    real = Booking.calendar_refused

    def refused(self: Booking) -> bool:
        payment, news = self.payment, real(self)
        self.payment = payment
        self.unsettled.discard(Settle.MONEY)
        return news

    patch.setattr(Booking, "calendar_refused", refused)


def late_money_ignored(patch: Patch) -> None:
    """What is paid after the end stays where it is."""
    real = money_steps._let_go

    def let_go(attempt: Any, standing: Any, waits: bool) -> Any:
        return None if standing.state is CheckoutState.PAID else real(attempt, standing, waits)

    patch.setattr(money_steps, "_let_go", let_go)
    patch.setattr(Booking, "_money_for_the_dead", lambda *_: False)


def capture_failure_ignored(patch: Patch) -> None:
    """A capture that failed for good leaves the session."""
    patch.setattr(Booking, "capture_refused", lambda _: False)


def removal_by_record(patch: Patch) -> None:
    """A dead booking removes only the event that it knows, and is told of the other for ever."""
    real = calendar_steps.next_step

    def step(booking: Booking, events: Any, *, now: Any) -> Any:
        found = real(booking, events, now=now)
        unknown = isinstance(found, Remove) and found.slot != booking.slot
        return calendar_steps.Settled() if unknown and booking.state.dead else found

    patch.setattr(calendar_steps, "next_step", step)


def done_before_recorded(patch: Patch) -> None:
    """The calendar's job ends as soon as the event stands, before that is written down."""
    real = calendar_steps.next_step

    def step(booking: Booking, events: Any, *, now: Any) -> Any:
        found = real(booking, events, now=now)
        recorded = isinstance(found, calendar_steps.RecordBooked)
        return calendar_steps.Settled() if recorded else found

    patch.setattr(calendar_steps, "next_step", step)


def refund_while_disputed(patch: Patch) -> None:
    """Refunds are tried while the bank has the money."""
    patch.setattr(money_steps, "_TAKEN_BACK", ())


def expired_keeps_its_event(patch: Patch) -> None:
    """What the client scheduled first stays after the deadline."""
    real = Booking.expected_slots

    def expected(self: Booking) -> Any:
        over = self.state is BookingState.EXPIRED and self.flow is Flow.EVENT_FIRST
        return self.slots() if over else real(self)

    patch.setattr(Booking, "expected_slots", expected)


def too_much_kept(patch: Patch) -> None:
    """A cancellation gives nothing back."""
    patch.setattr(
        Booking, "money_due", lambda self: PRICE if self.state.served or self.state.dead else 0
    )


def old_event_first(patch: Patch) -> None:
    """A reschedule removes the old event before the new one is booked."""
    real = calendar_steps.next_step

    def step(booking: Booking, events: Any, *, now: Any) -> Any:
        standing = [event.slot for event in events if not event.cancelled]
        new, old = booking.pending_slot, booking.slot
        if new is None or new in standing:
            return real(booking, events, now=now)
        return Remove(old) if old is not None and old in standing else calendar_steps.Book(new)

    patch.setattr(calendar_steps, "next_step", step)


def sent_back_is_settled(patch: Patch) -> None:
    """A refund that no bank took is taken for one that was made."""
    real = money_steps.next_step

    def step(booking: Booking, standings: Any, *, now: Any) -> Any:
        found = real(booking, standings, now=now)
        failed = isinstance(found, money_steps.RefundFailed)
        return money_steps._record(booking, standings) if failed else found

    patch.setattr(money_steps, "next_step", step)


def sent_back_untold(patch: Patch) -> None:
    """The job of a refund that no bank took is given up, and nothing is written down."""
    patch.setattr(Booking, "refunds_sent_back", lambda *_, **__: False)


def late_link_unheard(patch: Patch) -> None:
    """What the client placed is no news once the time of its link is over."""
    real = calendar_steps.hear

    def hear(booking: Booking, events: Any, *, now: Any) -> bool:
        late = booking.state is BookingState.AWAITING_SCHEDULING and booking.overdue(now)
        return not late and real(booking, events, now=now)

    patch.setattr(calendar_steps, "hear", hear)


BUGS: list[tuple[Plant, Case, str]] = [
    (expire_unasked, TWO, CAN_STILL_BE_PAID),
    (refusal_leaves_the_money, CARD, "authorisation left on a dead booking"),
    (late_money_ignored, AT_ONCE, KEPT_FOR_NOTHING),
    (capture_failure_ignored, CARD, NO_MONEY),
    (removal_by_record, Case(LINK, "free"), NO_REST),
    (done_before_recorded, RICH, "stuck in CONFIRMING"),
    (refund_while_disputed, AT_ONCE, UNDONE),
    (expired_keeps_its_event, Case(FIRST, "card", 1, attempts=2), EVENT_LEFT),
    (too_much_kept, AT_ONCE, KEPT_FOR_NOTHING),
    (old_event_first, RICH, NOT_AS_EXPECTED),
    (sent_back_is_settled, AT_ONCE, FORGOTTEN),
    (sent_back_untold, AT_ONCE, UNTOLD),
    (late_link_unheard, PAID_LINK, TAKEN_AWAY),
]


#: Found only after tens of thousands of states.
LONG = (removal_by_record, without_refund_ledger)


def _planted(plant: Plant, case: Case, broken: str) -> pytest.ParameterSet:
    marks = [pytest.mark.statespace] if plant in LONG else []
    return pytest.param(plant, case, broken, id=plant.__name__, marks=marks)


@pytest.mark.parametrize(("plant", "case", "broken"), [_planted(*each) for each in RULES + BUGS])
def test_a_planted_bug_breaks_the_promise_that_it_is_about(
    plant: Plant, case: Case, broken: str, monkeypatch: Patch
) -> None:
    plant(monkeypatch)
    assert broken in explore(Walk(case), until=broken).violations


@pytest.mark.statespace
@pytest.mark.parametrize("case", [CARD, TWO], ids=_name)
def test_late_authorised_is_the_one_rule_that_the_others_make_up_for(
    case: Case, monkeypatch: Patch
) -> None:
    """Whatever is authorised after the end is found by every_attempt; the rule keeps the record true."""
    monkeypatch.setattr(booking_module, "_LATE_AUTHORISED", ())
    assert explore(Walk(case)).violations == {}


@pytest.mark.statespace
def test_without_readings_that_nobody_asked_for_money_is_kept_for_nothing() -> None:
    assert KEPT_FOR_NOTHING in explore(Walk(TWO_AT_ONCE, deaf=True)).violations


def test_a_handler_that_does_not_read_first_books_again_what_was_cancelled() -> None:
    walk = Walk(RICH, look_first=False)
    assert BOOKED_AGAIN in explore(walk, until=BOOKED_AGAIN).violations


@pytest.mark.parametrize("case", [PAID_LINK, Case(LINK, "at_once")], ids=_name)
def test_a_deadline_that_does_not_look_first_takes_away_what_a_client_has_paid_for_and_chosen(
    case: Case,
) -> None:
    walk = Walk(case, look_first=False)
    assert TAKEN_AWAY in explore(walk, until=TAKEN_AWAY).violations
