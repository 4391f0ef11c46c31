"""What the providers hold, beside the real booking: the state that the walk goes through.

Money is counted in thirds of the price: goodwill returns one, the terms keep three, one or none.
Slots: 0 first, 1 our reschedule, 2 moved at the provider, 3 second use of one link.
"""

from __future__ import annotations

from collections.abc import Hashable
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, frozen

from booking_core import (
    Attempt,
    Booking,
    CalendarEvent,
    CancellationPolicy,
    CheckoutState,
    Dispute,
    Flow,
    Money,
    RefundStep,
    Settle,
    Slot,
    Standing,
    StandingEvent,
)
from booking_core.testing.examples import NOW, a_new_booking, a_session_type, an_occupancy

PRICE = 3
SLOTS = tuple(
    Slot(NOW + timedelta(days=500 + n), NOW + timedelta(days=500 + n, hours=1)) for n in range(4)
)
EVENTS = tuple(CalendarEvent("test", f"event_{n}", f"uri:{n}") for n in range(4))
NUMBER = {slot: number for number, slot in enumerate(SLOTS)}
AFTER_THE_START = SLOTS[3].end

# A reschedule agrees on other buffers than the booking began with.
TAKES = an_occupancy(a_session_type())
MOVED_TAKES = evolve(TAKES, buffer_after=timedelta(minutes=7))
AGREED = {SLOTS[0]: TAKES, SLOTS[1]: MOVED_TAKES}
TICK = timedelta(days=40)  # longer than every deadline
PERCENT_BACK = {0: 100, 1: 67, PRICE: 0}  # of three thirds, rounded down


@frozen
class Pay:
    """One checkout at the provider; `refs` are amounts given back, by key."""

    state: CheckoutState = CheckoutState.UNKNOWN
    cap: int = 0
    refs: frozenset[tuple[str, int]] = frozenset()
    failed: frozenset[str] = frozenset()
    dispute: Dispute = Dispute.NONE

    @property
    def back(self) -> int:
        return sum(amount for _, amount in self.refs)

    def standing(self) -> Standing:
        return Standing(
            state=self.state,
            captured=self.cap,
            refunds=dict(self.refs),
            failed_refunds=self.failed,
            dispute=self.dispute,
        )


@frozen
class World:
    """The providers, the clock, what is still to happen, and one call that is slow."""

    pays: tuple[Pay, ...]
    cal: frozenset[int] = frozenset()
    cancelled: frozenset[int] = frozenset()
    moved: int | None = None
    no_show: bool = False
    links: int | None = None  # how often the client may still use its link; None before it has one
    reschedules: int = 0
    goodwill: int = 0
    mishaps: int = 0  # a refund made elsewhere, or ours sent back by the bank
    ticks: int = 0
    slow: tuple[Any, ...] | None = None
    wrong: str | None = None

    @property
    def now(self) -> datetime:
        return NOW + self.ticks * TICK

    def paid(self, number: int, **changes: Any) -> World:
        pays = list(self.pays)
        pays[number] = evolve(pays[number], **changes)
        return evolve(self, pays=tuple(pays))


@frozen(eq=False)
class State:
    """A booking, the jobs that wait for it, and the world; equal when all that matters is equal."""

    booking: Booking | None
    jobs: frozenset[Settle]
    world: World

    def key(self) -> Hashable:
        return (record_of(self.booking), self.jobs, self.world)


def record_of(booking: Booking | None) -> Hashable:
    """What our database says, without what never changes."""
    if booking is None:
        return None
    payment = booking.payment
    return (
        booking.state,
        payment.status,
        payment.to_keep,
        payment.accepted,
        payment.refunds,
        payment.taken,
        payment.returned,
        payment.sent_back,
        tuple((each.checkout_id is None, each.refused, each.by_hand) for each in payment.attempts),
        booking.slot,
        booking.pending_slot,
        booking.occupancy,
        booking.pending_occupancy,
        booking.deadline,
        booking.event.event_id if booking.event else None,
        booking.flow,
        booking.removed_places,
        booking.no_show_told,
    )


def standings_of(booking: Booking, world: World) -> dict[int, Standing]:
    """As `SettleMoney` reads them: a checkout that we know nothing of cannot be asked for."""
    return {
        each.number: Standing(state=CheckoutState.UNKNOWN)
        if each.checkout_id is None
        else world.pays[each.number - 1].standing()
        for each in booking.payment.attempts
    }


def events_of(world: World) -> list[StandingEvent]:
    """As the port tells them: ours that stand, that were cancelled, and that were moved."""
    found = []
    for number in range(4):
        was = SLOTS[world.moved] if number == 2 and world.moved is not None else None
        left = () if was is None or world.moved is None else (EVENTS[world.moved].place,)
        if number in world.cal:
            found.append(
                StandingEvent(
                    EVENTS[number],
                    SLOTS[number],
                    False,
                    was,
                    no_show=world.no_show,
                    replaces=left,
                )
            )
        elif number in world.cancelled:
            found.append(StandingEvent(EVENTS[number], SLOTS[number], True, was, replaces=left))
    return found


# ---- how a walk begins -----------------------------------------------------------------------


@frozen
class Case:
    """One configuration of the model."""

    flow: Flow
    money: str  # free, card, at_once or async
    keep: int = 0
    attempts: int = 1
    aftermath: bool = False

    @property
    def paid(self) -> bool:
        return self.money != "free"

    @property
    def rich(self) -> bool:
        """Moves and reschedules are walked with one attempt and without disputes."""
        return self.attempts == 1 and not self.aftermath

    def attempt(self, number: int, world: World) -> Attempt:
        return Attempt(
            number=number,
            key=f"a{number}",
            expires_at=world.now + timedelta(minutes=30),
            price=Money(PRICE, "EUR"),
            title="",
            email="",
            language="en",
            return_url="",
        )

    def new(self) -> Booking:
        session_type = a_session_type(
            price=Money(PRICE, "EUR") if self.paid else None,
            cancellation_policy=CancellationPolicy(
                refunds=(RefundStep(timedelta(0), PERCENT_BACK[self.keep]),)
            ),
        )
        return a_new_booking(session_type, flow=self.flow, occupancy=TAKES)

    def start(self) -> State:
        world = World(
            pays=(Pay(),) * self.attempts,
            reschedules=int(self.rich),
            goodwill=int(self.aftermath),
            mishaps=int(self.aftermath),
            links=1 if self.flow is Flow.EVENT_FIRST else None,
        )
        if self.flow is Flow.EVENT_FIRST:
            return State(None, frozenset(), world)
        booking, until = self.new(), NOW + timedelta(hours=1)
        if self.flow is Flow.DIRECT:
            booking.hold(SLOTS[0], until=until)
        else:
            attempt = self.attempt(1, world) if self.paid else None
            booking.offer_link(until=until, attempt=attempt)
            if not self.paid:
                world = evolve(world, links=2 if self.rich else 1)
        return State(booking, frozenset(), world)


def cases() -> list[Case]:
    """Every configuration that the design was checked with."""
    found = []
    for flow in Flow:
        found.append(Case(flow, "free"))
        for money in ("card", "at_once", "async"):
            for keep in (0, 1, PRICE):
                if money == "async" and keep == 1:
                    continue
                found.append(Case(flow, money, keep))
                found.append(Case(flow, money, keep, attempts=2))
                if money != "async":
                    found.append(Case(flow, money, keep, aftermath=True))
    return found
