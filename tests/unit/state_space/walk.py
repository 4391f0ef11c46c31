"""Breadth-first through every interleaving of commands, readings, slow or lost calls and refusals.

The booking is the real aggregate, and what a handler does next is said by the real `money_steps`
and `calendar_steps`: one provider call or one record a step, so a crash between a provider's answer
and its record needs no step of its own. A notice, its repeats, its reordering and the poll are one
step: what is true at the provider is read back, now or late. A late reading is dropped when the
booking was changed since, as the application does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterator
from datetime import timedelta
from typing import Any

from attrs import define, evolve, field, frozen

from booking_core import (
    Booking,
    BookingError,
    BookingState,
    Checkout,
    CheckoutState,
    Dispute,
    Flow,
    Money,
    PaymentStatus,
    Settle,
)
from booking_core.domain import calendar_steps, money_steps
from tests.unit.state_space.world import (
    AFTER_THE_START,
    AGREED,
    EVENTS,
    MOVED_TAKES,
    NUMBER,
    PRICE,
    SLOTS,
    Case,
    Pay,
    State,
    World,
    events_of,
    record_of,
    standings_of,
)

S, C, P = BookingState, CheckoutState, PaymentStatus
_TICKS = 3
_FINAL = frozenset({S.CANCELLED, S.EXPIRED, S.FAILED, S.COMPLETED, S.NO_SHOW})
_TAKEN_BACK = {Dispute.OPEN: P.DISPUTED, Dispute.LOST: P.REFUNDED}
_AT_REST = (P.NOT_REQUIRED, P.VOIDED, P.PAID, P.REFUNDED, P.FAILED)

# Promises about what is rare, by name.
FORGOTTEN = "a refund that was sent back is forgotten"
UNTOLD = "nobody is told of a refund that was sent back"
TAKEN_AWAY = "a time that the client had chosen is taken away"

#: What it is called, where it leads, and whether it happens by itself.
Step = tuple[str, State, bool]


@frozen
class Walk:
    """The moves of one case; `deaf` takes the readings away that nobody asked for.

    Without `look_first` a handler acts on the calendar, or ends a link, without having read it.
    """

    case: Case
    deaf: bool = False
    look_first: bool = True

    # ---- our transactions --------------------------------------------------------------------------

    def record(
        self, state: State, change: Callable[[Booking], Any], settles: Settle | None = None
    ) -> State | None:
        """The state once a change of the booking is kept; None when it changes nothing."""
        assert state.booking is not None
        booking = evolve(state.booking, unsettled=set(), events=[])
        if change(booking) is False:
            return None
        return self.kept(state, booking, settles)

    def kept(self, state: State, booking: Booking, settles: Settle | None = None) -> State:
        woken = frozenset(booking.unsettled - ({settles} if settles else set()))
        world = state.world
        if booking.state is S.AWAITING_SCHEDULING and world.links is None:
            world = evolve(world, links=2 if self.case.rich else 1)
        if world.slow and world.slow[0] == "reading" and world.slow[3] != record_of(booking):
            world = evolve(world, slow=None)
        booking.unsettled.clear()
        booking.events.clear()
        return State(booking, state.jobs | woken, world)

    def command(self, state: State, change: Callable[[Booking], Any]) -> State | None:
        """The same for what may be refused by name."""
        try:
            return self.record(state, change)
        except BookingError:
            return None

    # ---- everything that can come next -------------------------------------------------------------

    def steps(self, state: State) -> Iterator[Step]:
        seen = state.key()
        for label, to, by_itself in self._all(state):
            if to is not None and to.key() != seen:
                yield label, to, by_itself

    def _all(self, state: State) -> Iterator[tuple[str, State | None, bool]]:
        yield from self._people(state)
        yield from self._world(state)
        yield from self._slow_one(state)
        if state.booking is None:
            yield from self._first_event(state)
            return
        yield from self._readings(state)
        yield from self._deadline(state)
        if Settle.MONEY in state.jobs or self._looked_after(state):
            yield from self._money(state)
        if Settle.CALENDAR in state.jobs:
            yield from self._calendar(state)

    def _people(self, state: State) -> Iterator[tuple[str, State | None, bool]]:
        booking, world, case = state.booking, state.world, self.case
        if booking is None:
            return
        now, keep = world.now, Money(case.keep, "EUR")
        number = len(booking.payment.attempts) + 1
        if number <= case.attempts and booking.state in (S.HELD, S.AWAITING_PAYMENT) and case.paid:
            attempt = case.attempt(number, world)
            yield (
                "start payment",
                self.command(state, lambda b: b.start_payment(attempt, now=now)),
                False,
            )
        if booking.state is S.HELD and not case.paid:
            yield "confirm", self.command(state, lambda b: b.confirm(now=now)), False
        yield "client cancels", self.command(state, lambda b: b.cancel(keep=keep)), False
        if booking.deadline and not booking.overdue(now) and world.ticks < _TICKS:
            later = evolve(world, ticks=world.ticks + 1)
            yield "deadline passes", evolve(state, world=later), False
        if world.reschedules and booking.slot == SLOTS[0]:
            moved = self.command(state, lambda b: b.reschedule(SLOTS[1], MOVED_TAKES))
            if moved:
                moved = evolve(moved, world=evolve(moved.world, reschedules=0))
            yield "reschedule", moved, False
        yield "complete", self.command(state, lambda b: b.complete(now=AFTER_THE_START)), False
        if case.rich and not case.paid:
            no_show = self.command(state, lambda b: b.mark_no_show(now=AFTER_THE_START))
            yield "no-show", no_show, False
        by_hand = self.command(state, lambda b: b.record_returned_on_site())
        yield "given back by hand", by_hand, False
        if world.goodwill and booking.state is S.CONFIRMED and booking.payment.to_keep == PRICE:
            given = self.command(state, lambda b: b.refund(Money(1, "EUR")))
            if given:
                given = evolve(given, world=evolve(given.world, goodwill=0))
            yield "goodwill", given, False

    def _world(self, state: State) -> Iterator[tuple[str, State | None, bool]]:
        world = state.world

        def at(changed: World) -> State:
            return evolve(state, world=changed)

        for i, pay in enumerate(world.pays):
            if pay.state is C.OPEN:
                yield f"client pays {i}", at(self._paid(world, i)), False
                yield f"checkout {i} runs out", at(world.paid(i, state=C.EXPIRED)), False
            if pay.state is C.PROCESSING:
                yield "bank says yes", at(world.paid(i, state=C.PAID, cap=PRICE)), False
                yield "bank says no", at(world.paid(i, state=C.FAILED)), False
            if pay.state is C.AUTHORISED:
                yield f"authorisation {i} lapses", at(world.paid(i, state=C.LAPSED)), False
            if (
                self.case.aftermath
                and pay.state is C.PAID
                and pay.dispute is Dispute.NONE
                and pay.cap > pay.back
            ):
                yield "client disputes", at(world.paid(i, dispute=Dispute.OPEN)), False
            if world.mishaps and pay.state is C.PAID and pay.dispute is Dispute.NONE:
                yield from self._mishaps(state, i, pay)
            if pay.dispute is Dispute.OPEN:
                yield "dispute won", at(world.paid(i, dispute=Dispute.WON)), False
                yield "dispute lost", at(world.paid(i, dispute=Dispute.LOST)), False
        if world.links:
            x = (
                0
                if self.case.flow is Flow.EVENT_FIRST or world.links == 2 or not self.case.rich
                else 3
            )
            used = evolve(world, cal=world.cal | {x}, links=world.links - 1)
            yield f"client schedules {x}", at(used), False
        if state.booking is None or state.booking.state not in (S.COMPLETED, S.NO_SHOW):
            for x in sorted(world.cal):
                gone = evolve(world, cal=world.cal - {x}, cancelled=world.cancelled | {x})
                yield f"{x} is cancelled at the provider", at(gone), False
                if x in (0, 1) and world.moved is None and self.case.rich:
                    moved = evolve(world, cal=(world.cal - {x}) | {2}, moved=x)
                    yield f"{x} is moved at the provider", at(moved), False

    def _mishaps(self, state: State, i: int, pay: Pay) -> Iterator[tuple[str, State | None, bool]]:
        """Once in a walk: all is given back elsewhere, or no bank takes what we gave back."""
        world = evolve(state.world, mishaps=0)
        ours = frozenset(key for key, _ in pay.refs)
        if pay.cap > pay.back:
            back = world.paid(i, refs=pay.refs | {("elsewhere", pay.cap - pay.back)})
            yield "refunded elsewhere", evolve(state, world=back), False
        if ours:
            sent_back = world.paid(i, refs=frozenset(), failed=ours)
            yield "refunds are sent back", evolve(state, world=sent_back), False

    def _paid(self, world: World, i: int) -> World:
        match self.case.money:
            case "card":
                return world.paid(i, state=C.AUTHORISED)
            case "async":
                return world.paid(i, state=C.PROCESSING)
        return world.paid(i, state=C.PAID, cap=PRICE)

    # ---- readings ----------------------------------------------------------------------------------

    def _first_event(self, state: State) -> Iterator[tuple[str, State | None, bool]]:
        """The client scheduled first: the booking is made from the event."""
        for number in sorted(state.world.cal):
            booking = self.case.new()
            attempt = self.case.attempt(1, state.world) if self.case.paid else None
            until = attempt.expires_at if attempt else state.world.now
            booking.record_event(SLOTS[number], EVENTS[number], until=until, attempt=attempt)
            yield "booking from event", self.kept(state, booking), True

    def _readings(self, state: State) -> Iterator[tuple[str, State | None, bool]]:
        booking, world = state.booking, state.world
        assert booking is not None
        by_itself = not self.deaf
        for kind, told in (("money", standings_of(booking, world)), ("calendar", events_of(world))):
            heard = self._heard(state, kind, told)
            if heard is not None:
                yield f"read back {kind}", heard, by_itself
                if world.slow is None:
                    late = evolve(world, slow=("reading", kind, _frozen(told), record_of(booking)))
                    yield f"reading of {kind} stalls", evolve(state, world=late), False
        for number in sorted(world.cal):
            if SLOTS[number] not in booking.expected_slots() and Settle.CALENDAR not in state.jobs:
                found = self.record(state, lambda b, n=number: b.event_found(SLOTS[n]))
                yield f"finds {number}", found, by_itself

    def _heard(self, state: State, kind: str, told: Any) -> State | None:
        now = state.world.now
        if kind == "money":
            return self.record(state, lambda b: money_steps.hear(b, told, now=now))
        return self.record(state, lambda b: calendar_steps.hear(b, told, now=now))

    def _is_news(self, state: State, kind: str, told: Any) -> bool:
        heard = self._heard(state, kind, told)
        return heard is not None and record_of(heard.booking) != record_of(state.booking)

    # ---- handlers ----------------------------------------------------------------------------------

    def _deadline(self, state: State) -> Iterator[tuple[str, State | None, bool]]:
        booking, now = state.booking, state.world.now
        assert booking is not None
        if booking.overdue(now) and booking.lapses_by_itself:
            if booking.state is not S.AWAITING_SCHEDULING:
                yield "lapses", self.command(state, lambda b: b.expire(now=now)), True
            else:  # the calendar is asked first
                yield "lapses", evolve(state, jobs=state.jobs | {Settle.CALENDAR}), True

    def _looked_after(self, state: State) -> bool:
        """By the jobs that look at a payment until it is made, at what is overdue, and each day."""
        booking = state.booking
        assert booking is not None
        waits = booking.state is S.AWAITING_PAYMENT or booking.overdue(state.world.now)
        failed = {key for pay in state.world.pays for key in pay.failed}
        return (waits and bool(booking.payment.attempts)) or not failed <= {
            *booking.payment.sent_back
        }

    def _money(self, state: State) -> Iterator[tuple[str, State | None, bool]]:
        booking, world = state.booking, state.world
        assert booking is not None
        standings = standings_of(booking, world)
        if self._is_news(state, "money", standings):
            return  # what is read comes first
        step = money_steps.next_step(booking, standings, now=world.now)
        label = f"money: {type(step).__name__}"
        match step:
            case money_steps.AskForCheckout(attempt):
                asked = evolve(state, world=self._call(world, ("ask", attempt.number - 1)))
                checkout = Checkout(f"checkout {attempt.number}", "url")
                opened = self.record(asked, lambda b: b.checkout_opened(attempt.number, checkout))
                yield f"{label}, the answer is lost", asked, False
                yield label, opened, True
                if world.slow is None:
                    late = evolve(world, slow=("ask", attempt.number - 1))
                    yield f"{label} stalls", evolve(state, world=late), False
            case money_steps.CloseCheckout(attempt):
                yield from self._calls(state, label, ("close", attempt.number - 1))
            case money_steps.Capture(attempt, amount):
                yield from self._calls(state, label, ("capture", attempt.number - 1, amount))
            case money_steps.Void(attempt):
                yield from self._calls(state, label, ("void", attempt.number - 1))
            case money_steps.GiveBack(attempt, amount, key):
                yield from self._calls(state, label, ("refund", attempt.number - 1, key, amount))
            case money_steps.WriteRefundDown(total):
                yield label, self.record(state, lambda b: b.refund_owed(total), Settle.MONEY), True
            case money_steps.StrikeOff(totals):
                struck = self.record(state, lambda b: b.refunds_struck_off(totals), Settle.MONEY)
                yield label, struck, True
            case money_steps.RefundFailed():
                yield label, self._sent_back(state, standings), True
            case money_steps.GiveUpCheckout():
                pass  # no checkout is refused here
            case money_steps.GiveUpCapture():
                yield label, self.record(state, lambda b: b.capture_refused(), Settle.MONEY), True
            case money_steps.Expire():
                if self.look_first and booking.state is S.AWAITING_SCHEDULING:
                    told = events_of(world)
                    if self._is_news(state, "calendar", told):
                        yield label, self._heard(state, "calendar", told), True
                        return
                now = world.now
                expired = self.command(state, lambda b: b.expire(now=now, checkouts_closed=True))
                yield label, self._ended(state, expired), True
            case money_steps.Record(status, taken, returned, on_its_way):
                kept = self.record(
                    state,
                    lambda b: b.money_settled(
                        status, taken=taken, returned=returned, on_its_way=on_its_way
                    ),
                )
                done = kept or state
                yield label, evolve(done, jobs=done.jobs - {Settle.MONEY}), True

    def _calendar(self, state: State) -> Iterator[tuple[str, State | None, bool]]:
        booking, world = state.booking, state.world
        assert booking is not None
        events = events_of(world)
        if self.look_first and self._is_news(state, "calendar", events):
            return
        step = calendar_steps.next_step(booking, events, now=world.now)
        label = f"calendar: {type(step).__name__}"
        match step:
            case calendar_steps.Book(slot):
                yield from self._calls(
                    state, label, ("book", NUMBER[slot], self._gone(world, slot))
                )
                refused = self.record(
                    state, lambda b: b.calendar_refused() or b.reschedule_refused()
                )
                yield "calendar refuses", refused, False
                yield "calendar wants a link", self._link_needed(state), False
            case calendar_steps.WriteRemovalDown(place):
                yield label, self.record(state, lambda b: b.removal_written_down(place)), True
            case calendar_steps.TellNoShow(no_show):
                knows = evolve(state, world=evolve(world, no_show=no_show))
                yield f"{label}, the answer is lost", knows, False
                yield label, self.record(knows, lambda b: b.no_show_settled()), True
            case calendar_steps.Lapse():
                now = world.now
                lapsed = self.command(state, lambda b: b.expire(now=now))
                yield label, self._ended(state, lapsed), True
            case calendar_steps.GiveUp():
                pass  # the walk ends long before its sessions begin
            case calendar_steps.Remove(slot, None):
                yield from self._calls(state, label, ("remove", NUMBER[slot]))
            case calendar_steps.RecordBooked(event):
                yield label, self.record(state, lambda b: b.calendar_booked(event)), True
            case calendar_steps.RecordRescheduled(event):
                yield label, self.record(state, lambda b: b.reschedule_booked(event)), True
            case calendar_steps.Settled():
                yield label, evolve(state, jobs=state.jobs - {Settle.CALENDAR}), True

    def _ended(self, before: State, after: State | None) -> State | None:
        """A link is over; nothing may have been placed through it."""
        waited = before.booking is not None and before.booking.state is S.AWAITING_SCHEDULING
        if after is None or not waited or not before.world.cal:
            return after
        return evolve(after, world=evolve(after.world, wrong=TAKEN_AWAY))

    def _sent_back(self, state: State, standings: dict[int, Any]) -> State:
        """A person is told, and the job is given up; a repair begins it anew."""
        taken, returned = money_steps.totals(standings)
        keys = {key for each in standings.values() for key in each.failed_refunds}
        kept = self.record(
            state, lambda b: b.refunds_sent_back(keys, taken=taken, returned=returned)
        )
        done = kept or state
        return evolve(done, jobs=done.jobs - {Settle.MONEY})

    def _link_needed(self, state: State) -> State | None:
        """The account may not be booked directly: the client gets a link that it can use once.

        Walked with one attempt and all money back, as what follows is the link flow's.
        """
        if self.case.flow is not Flow.DIRECT or not self.case.rich or self.case.keep:
            return None
        until = state.world.now + timedelta(hours=1)
        waits = self.record(state, lambda b: b.link_needed(until=until) or b.reschedule_refused())
        if (
            waits is None
            or waits.booking is None
            or waits.booking.state is not S.AWAITING_SCHEDULING
        ):
            return waits
        return evolve(waits, world=evolve(waits.world, links=1))

    def _gone(self, world: World, slot: Any) -> bool:
        """Somebody cancelled or moved it there already."""
        return NUMBER[slot] in world.cancelled or NUMBER[slot] == world.moved

    def _calls(
        self, state: State, label: str, call: tuple[Any, ...]
    ) -> Iterator[tuple[str, State | None, bool]]:
        yield label, evolve(state, world=self._call(state.world, call)), True
        if state.world.slow is None:
            slow = (*call[:2], False) if call[0] == "book" else call
            yield f"{label} stalls", evolve(state, world=evolve(state.world, slow=slow)), False

    def _slow_one(self, state: State) -> Iterator[tuple[str, State | None, bool]]:
        call = state.world.slow
        if call is None:
            return
        without = evolve(state, world=evolve(state.world, slow=None))
        yield "the slow call is lost", without, False
        if call[0] == "reading":
            _, kind, told, _ = call
            told = dict(told) if kind == "money" else list(told)
            yield "the late reading counts", self._heard(without, kind, told), True
        else:
            yield (
                "the slow call lands",
                evolve(without, world=self._call(without.world, call)),
                True,
            )

    def _call(self, world: World, call: tuple[Any, ...]) -> World:
        """A call reaches its provider."""
        kind, i = call[0], call[1]
        if kind == "book":
            wrong = "booked again what somebody cancelled or moved" if call[2] else world.wrong
            return evolve(world, cal=world.cal | {i}, wrong=wrong)
        if kind == "remove":
            return evolve(world, cal=world.cal - {i})
        pay = world.pays[i]
        match kind, pay.state:
            case "ask", C.UNKNOWN:
                return world.paid(i, state=C.OPEN)
            case "close", C.OPEN:
                return world.paid(i, state=C.EXPIRED)
            case "capture", C.AUTHORISED:
                return world.paid(i, state=C.PAID, cap=call[2])
            case "void", C.AUTHORISED:
                return world.paid(i, state=C.VOIDED)
            case "refund", C.PAID if pay.dispute not in (Dispute.OPEN, Dispute.LOST):
                known = call[2] in pay.failed or call[2] in dict(pay.refs)
                if not known and pay.back + call[3] <= pay.cap:
                    return world.paid(i, refs=pay.refs | {(call[2], call[3])})
        return world

    # ---- what must hold ----------------------------------------------------------------------------

    def always(self, state: State) -> Iterator[str]:
        booking, world = state.booking, state.world
        if world.wrong:
            yield world.wrong
        for pay in world.pays:
            if pay.back > pay.cap:
                yield "more refunded than captured"
        if booking is None:
            return
        if booking.state.dead and booking.claims():
            yield "a dead booking holds a claim"
        if booking.state.live:
            claimed = {claim.slot: claim.occupancy for claim in booking.claims()}
            if claimed.keys() != set(booking.slots()):
                yield "a live booking without its claim"
            for slot, agreed in AGREED.items():
                if claimed.get(slot, agreed) != agreed:
                    yield "a slot is claimed with what was agreed for another one"
        if booking.state is S.EXPIRED and any(pay.state is C.OPEN for pay in world.pays):
            yield "slot set free while its checkout can still be paid"

    def quiet(self, state: State) -> Iterator[str]:
        """In states where nothing happens by itself any more."""
        booking, world = state.booking, state.world
        if state.jobs:
            yield "a job is never done"
        if booking is None:
            if world.cal:
                yield "event without a booking"
            return
        expected = {NUMBER[slot] for slot in booking.expected_slots()}
        over = booking.state in (S.COMPLETED, S.NO_SHOW)
        if world.cal - expected if over else world.cal != expected:
            yield "calendar is not as expected"
        if world.cal and booking.state.dead:
            yield "event left on a dead booking"
        if booking.pending_slot is not None:
            yield "pending slot never settled"
        if booking.state is S.CONFIRMING:
            yield "stuck in CONFIRMING"
        waits_for_bank = any(pay.state is C.PROCESSING for pay in world.pays)
        if booking.overdue(world.now) and booking.state.live and not waits_for_bank:
            yield "deadline passed and nothing happened"
        yield from self._quiet_money(booking, world)

    def _quiet_money(self, booking: Booking, world: World) -> Iterator[str]:
        payment = booking.payment
        disputed = any(pay.dispute in (Dispute.OPEN, Dispute.LOST) for pay in world.pays)
        elsewhere = any(key == "elsewhere" for pay in world.pays for key, _ in pay.refs)
        kept = sum(pay.standing().held for pay in world.pays)
        if any(pay.failed for pay in world.pays):
            by_hand = sum(each.by_hand for each in booking.payment.attempts)
            yield from self._quiet_sent_back(booking, world, kept - by_hand)
            return
        won = world.pays[payment.accepted - 1] if payment.accepted else None
        if self.case.paid and booking.state.served and not self._waits(booking):
            if kept < payment.to_keep and not (disputed or elsewhere):
                yield "service without money"
            if kept > payment.to_keep:
                yield "money kept twice or too much"
        if booking.state in (S.COMPLETED, S.NO_SHOW) and won and won.state in (C.LAPSED, C.VOIDED):
            yield "service without money"
        if self.case.paid and booking.state.dead:
            allowed = 0 if booking.state in (S.EXPIRED, S.FAILED) else self.case.keep
            if kept > min(allowed, payment.to_keep):
                yield "money kept and nothing given"
            lost = won is not None and won.state in (C.LAPSED, C.VOIDED)
            given = disputed or elsewhere or lost
            if won is not None and kept < payment.to_keep and not given:
                yield "money given back that the terms keep"
        if booking.state in _FINAL:
            if any(pay.state is C.AUTHORISED for pay in world.pays):
                yield "authorisation left on a dead booking"
            if any(pay.state is C.OPEN for pay in world.pays):
                yield "open checkout left on a dead booking"
            if not disputed and payment.status in (P.REFUND_DUE, P.AUTHORISED, P.REQUESTED, P.DUE):
                yield "payment never settled"
        if booking.state is S.CONFIRMED and payment.status is P.AUTHORISED:
            yield "payment never settled"
        if (
            payment.status is P.PAID
            and won is not None
            and not disputed
            and won.state is not C.PAID
        ):
            yield "payment record is wrong"
        if won is not None and payment.status is not _TAKEN_BACK.get(won.dispute, payment.status):
            yield "payment record is wrong"
        if payment.status is P.DISPUTED and not any(p.dispute is Dispute.OPEN for p in world.pays):
            yield "payment record is wrong"

    def _quiet_sent_back(self, booking: Booking, world: World, kept: int) -> Iterator[str]:
        """What no bank took is left to a person, who was told; all else went back."""
        payment = booking.payment
        due = payment.to_keep if booking.state.served or booking.state.dead else kept
        disputed = any(pay.dispute is Dispute.OPEN for pay in world.pays)
        if kept > due and not disputed and payment.status is not P.REFUND_DUE:
            yield FORGOTTEN
        if kept > due and not disputed and not payment.sent_back:
            yield UNTOLD
        if kept > due + PRICE:
            yield "money kept twice or too much"

    def _waits(self, booking: Booking) -> bool:
        return booking.state in (S.AWAITING_PAYMENT, S.HELD)


def _frozen(told: Any) -> Hashable:
    """What was read, so that it can be part of a state."""
    if isinstance(told, dict):
        return _Told(tuple(told.items()))
    return tuple(told)


@frozen(eq=False)
class _Told:
    """Standings; equal when they say the same."""

    items: tuple[Any, ...]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def _said(self) -> Hashable:
        return tuple(
            (
                number,
                each.state,
                each.captured,
                tuple(sorted(each.refunds.items())),
                each.failed_refunds,
                each.dispute,
            )
            for number, each in self.items
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Told) and self._said() == other._said()

    def __hash__(self) -> int:
        return hash(self._said())


@define
class Found:
    """What a walk came to: how far it went, and for each kind of violation the shortest way there."""

    states: int = 0
    steps: int = 0
    violations: dict[str, list[str]] = field(factory=dict)


def explore(walk: Walk, *, until: str | None = None, limit: int = 2_000_000) -> Found:
    """Every state that can be reached; with `until`, no further than to that violation."""
    start = walk.case.start()
    came: dict[Hashable, tuple[Hashable, str] | None] = {start.key(): None}
    leads: dict[Hashable, list[tuple[Hashable, bool]]] = {}
    quiet, at_rest, slow = set(), set(), set()
    queue, found = deque([start]), Found()

    def way(key: Hashable) -> list[str]:
        taken = []
        while (step := came[key]) is not None:
            key = step[0]
            taken.append(step[1])
        return taken[::-1]

    while queue:
        state = queue.popleft()
        key = state.key()
        steps = [(label, to, to.key(), itself) for label, to, itself in walk.steps(state)]
        found.steps += len(steps)
        leads[key] = [(to_key, itself) for _, _, to_key, itself in steps]
        for wrong in walk.always(state):
            found.violations.setdefault(wrong, way(key))
        if state.world.slow is not None:
            slow.add(key)
        elif not any(itself for *_, itself in steps):
            quiet.add(key)
            for wrong in walk.quiet(state):
                found.violations.setdefault(wrong, way(key))
            if _ended(state):
                at_rest.add(key)
        if until in found.violations:
            break
        for label, to, to_key, _ in steps:
            if to_key not in came:
                came[to_key] = (key, label)
                queue.append(to)
        if len(came) > limit:
            raise AssertionError("the state space is larger than expected")
    found.states = len(came)
    if until not in found.violations:
        rests = _reaching(quiet, leads, by_itself=True)
        ends = _reaching(at_rest, leads, by_itself=False)
        for key in came:
            if key not in rests and key not in slow:
                found.violations.setdefault("does not come to rest by itself", way(key))
            if key not in ends:
                found.violations.setdefault("no end can be reached any more", way(key))
    return found


def _ended(state: State) -> bool:
    booking = state.booking
    if booking is None:
        return not state.world.links
    return booking.state in _FINAL and booking.payment.status in _AT_REST


def _reaching(
    goal: set[Hashable], leads: dict[Hashable, list[tuple[Hashable, bool]]], *, by_itself: bool
) -> set[Hashable]:
    """The states from which the goal can be reached."""
    back: dict[Hashable, list[Hashable]] = {}
    for key, steps in leads.items():
        for to, itself in steps:
            if itself or not by_itself:
                back.setdefault(to, []).append(key)
    good, todo = set(goal), list(goal)
    while todo:
        for key in back.get(todo.pop(), ()):
            if key not in good:
                good.add(key)
                todo.append(key)
    return good
