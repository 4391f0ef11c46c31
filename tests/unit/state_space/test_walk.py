"""The real booking keeps its invariants in every state, and planted bugs are caught."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from booking_core import Booking, BookingState, CheckoutState, Flow, PaymentStatus, Settle
from booking_core.domain import booking as booking_module
from booking_core.domain import calendar_steps, money_steps
from booking_core.domain.calendar_steps import Remove
from tests.unit.state_space.walk import Walk, explore
from tests.unit.state_space.world import PRICE, Case, cases

#: Small enough for every run; `make statespace` walks all of them.
SMALL = [case for case in cases() if not case.paid or not case.rich]


def _name(case: Case) -> str:
    more = "-aftermath" if case.aftermath else ""
    return f"{case.flow}-{case.money}-keep{case.keep}-{case.attempts}{more}"


@pytest.mark.parametrize("case", SMALL, ids=_name)
def test_no_order_of_events_breaks_a_promise(case: Case) -> None:
    found = explore(Walk(case))
    assert found.violations == {}
    assert found.states > 1_000


@pytest.mark.statespace
@pytest.mark.timeout(600)
@pytest.mark.parametrize("case", [case for case in cases() if case not in SMALL], ids=_name)
def test_no_order_of_events_breaks_a_promise_in_the_large_ones(case: Case) -> None:
    assert explore(Walk(case)).violations == {}


# ---- planted bugs: a walk that finds nothing must be able to find something -------------------------

Patch = pytest.MonkeyPatch
DIRECT, LINK, FIRST = Flow.DIRECT, Flow.LINK, Flow.EVENT_FIRST
CARD = Case(DIRECT, "card", 1, aftermath=True)
AT_ONCE = Case(DIRECT, "at_once", 1, aftermath=True)
TWO = Case(DIRECT, "card", 1, attempts=2)
TWO_AT_ONCE = Case(DIRECT, "at_once", 1, attempts=2)
RICH = Case(DIRECT, "free")


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


def refund_without_ledger(patch: Patch) -> None:
    """What has to go back is computed from what the provider shows, under a new key each time."""

    def refund(keep: int, booking: Booking, attempt: Any, standing: Any) -> Any:
        over = standing.held - keep
        key = f"{len(standing.refunds)}: {over}"
        return money_steps.GiveBack(attempt, over, key) if over > 0 else None

    patch.setattr(money_steps, "_refund_down_to", refund)


def capture_failure_ignored(patch: Patch) -> None:
    """A capture that failed for good leaves the session."""
    patch.setattr(Booking, "capture_refused", lambda _: False)


def removal_by_record(patch: Patch) -> None:
    """A dead booking removes only the event that it knows."""
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


def old_slot_given_away(patch: Patch) -> None:
    """While a reschedule is pending only the new slot is claimed (without both_claims)."""
    real = booking_module._merged
    patch.setattr(booking_module, "_merged", lambda slots, *more: real(slots[-1:], *more))


def deaf_while_confirming(patch: Patch) -> None:
    """Only a confirmed booking hears of its event (without facts_live)."""
    confirmed = property(lambda self: self.state is BookingState.CONFIRMED)
    patch.setattr(Booking, "_has_event", confirmed)


def completed_before_capture(patch: Patch) -> None:
    """A session is over while its money waits to be captured (without complete_paid)."""

    def after_start(self: Booking, action: Any, now: Any) -> None:
        self._move(action)

    patch.setattr(Booking, "_after_start", after_start)


def only_the_last_attempt(patch: Patch) -> None:
    """Settling looks at one checkout only (without every_attempt)."""
    patch.setattr(money_steps, "_let_go", lambda *_: None)


def amount_forgotten(patch: Patch) -> None:
    """A cancellation keeps nothing, whatever the terms say (without keep_amount)."""
    patch.setattr(Booking, "money_due", lambda self: 0 if self.state.dead else self.payment.to_keep)


def too_much_kept(patch: Patch) -> None:
    """A cancellation gives nothing back."""
    patch.setattr(
        Booking, "money_due", lambda self: PRICE if self.state.served or self.state.dead else 0
    )


def unexpected_events_stay(patch: Patch) -> None:
    """Nobody cares for an event that a booking does not expect (without extra_live)."""
    patch.setattr(Booking, "event_found", lambda *_: False)


def old_event_first(patch: Patch) -> None:
    """A reschedule removes the old event before the new one is booked."""
    real = calendar_steps.next_step

    def step(booking: Booking, events: Any, *, now: Any) -> Any:
        standing = [event.slot for event in events if not event.cancelled]
        if booking.pending_slot and booking.slot in standing and len(standing) == 1:
            return Remove(booking.slot)
        found = real(booking, events, now=now)
        old = isinstance(found, calendar_steps.Book) and found.slot == booking.slot
        return calendar_steps.Settled() if old and booking.event else found

    patch.setattr(calendar_steps, "next_step", step)


def disputes_unheard(patch: Patch) -> None:
    """A dispute is not written down (without dispute)."""
    patch.setattr(Booking, "disputed", lambda *_: False)
    patch.setattr(money_steps, "_status", lambda booking, _: PaymentStatus.PAID)


BUGS: list[tuple[Callable[[Patch], None], Case]] = [
    (expire_unasked, TWO),
    (refusal_leaves_the_money, CARD),
    (late_money_ignored, AT_ONCE),
    (refund_without_ledger, AT_ONCE),
    (capture_failure_ignored, CARD),
    (removal_by_record, Case(LINK, "free")),
    (done_before_recorded, RICH),
    (refund_while_disputed, AT_ONCE),
    (expired_keeps_its_event, Case(FIRST, "card", 1, attempts=2)),
    (old_slot_given_away, RICH),
    (deaf_while_confirming, RICH),
    (completed_before_capture, CARD),
    (only_the_last_attempt, TWO),
    (amount_forgotten, CARD),
    (too_much_kept, AT_ONCE),
    (unexpected_events_stay, Case(LINK, "free")),
    (old_event_first, RICH),
    (disputes_unheard, AT_ONCE),
]


@pytest.mark.parametrize(("plant", "case"), BUGS, ids=[bug.__name__ for bug, _ in BUGS])
def test_a_planted_bug_is_caught(
    plant: Callable[[Patch], None], case: Case, monkeypatch: Patch
) -> None:
    plant(monkeypatch)
    assert explore(Walk(case), first=True).violations


def test_without_readings_that_nobody_asked_for_it_does_not_come_to_rest() -> None:
    assert explore(Walk(Case(DIRECT, "at_once", 1, attempts=2), deaf=True)).violations


def test_without_looking_first_what_was_cancelled_is_booked_again() -> None:
    assert explore(Walk(RICH, look_first=False), first=True).violations
