from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

from attrs import evolve, field, frozen

from booking_core import (
    Attempt,
    BookingId,
    Checkout,
    CheckoutState,
    Clock,
    Dispute,
    Health,
    Money,
    PaymentGateway,
    ProviderFailed,
    Standing,
)

from .faults import Faulty

_OPEN, _PROCESSING = CheckoutState.OPEN, CheckoutState.PROCESSING
_AUTHORISED, _PAID = CheckoutState.AUTHORISED, CheckoutState.PAID

_AUTHORISATION_LENGTH = timedelta(days=7)  # what banks grant for cards


@frozen(kw_only=True)
class KeptCheckout:
    """A checkout at the provider; `ends_at` is the end of the checkout, then of its authorisation.

    `refunds` are the amounts given back, by key, in minor units of the price's currency.
    """

    checkout: Checkout
    booking_id: BookingId
    price: Money
    ends_at: datetime
    state: CheckoutState = _OPEN
    captured: int = 0
    refunds: Mapping[str, int] = field(factory=dict)
    pending_refunds: frozenset[str] = frozenset()
    failed_refunds: frozenset[str] = frozenset()
    dispute: Dispute = Dispute.NONE

    @property
    def refunded(self) -> int:
        return sum(self.refunds.values())

    def at(self, now: datetime) -> KeptCheckout:
        """What time has made of it."""
        ends = {_OPEN: CheckoutState.EXPIRED, _AUTHORISED: CheckoutState.LAPSED}
        if now >= self.ends_at and self.state in ends:
            return evolve(self, state=ends[self.state])
        return self

    def standing(self) -> Standing:
        if self.state is not _PAID:
            return Standing(state=self.state)
        return Standing(
            state=self.state,
            captured=self.captured,
            refunds=dict(self.refunds),
            pending_refunds=self.pending_refunds,
            failed_refunds=self.failed_refunds,
            dispute=self.dispute,
        )


class MemoryPayments(Faulty, PaymentGateway):
    """A payment provider that keeps one checkout for each attempt key.

    Tests play the client and the bank, naming a checkout by the attempt's key: `pay`, `pay_late`,
    `authorise`, `process`, `decline`, `run_out`, `lapse`, `dispute`, `end_dispute`, `take_dispute_back`,
    `refund_elsewhere`, `delay_refunds`, `send_back_refunds`. Checkouts also expire, and authorisations
    lapse after seven days, by the clock.
    """

    on_site = False

    def __init__(self, clock: Clock, shortest_deadline: timedelta = timedelta(minutes=30)) -> None:
        super().__init__()
        self._clock, self._shortest = clock, shortest_deadline
        self._lock = RLock()
        self._kept: dict[str, KeptCheckout] = {}

    # ---- the port --------------------------------------------------------------------------------

    @property
    def shortest_deadline(self) -> timedelta:
        return self._shortest

    def request(self, *, booking_id: BookingId, attempt: Attempt) -> Checkout:
        with self._call("request"), self._lock:
            if attempt.key not in self._kept:
                number = f"checkout_{len(self._kept) + 1:06}"
                self._kept[attempt.key] = KeptCheckout(
                    checkout=Checkout(number, f"https://pay.test/{number}"),
                    booking_id=booking_id,
                    price=attempt.price,
                    # A provider grants its shortest life even when less was asked for.
                    ends_at=max(attempt.expires_at, self._clock.now() + self._shortest),
                )
            return self._kept[attempt.key].checkout

    def expire(self, *, attempt: Attempt) -> Standing:
        return self._when(_OPEN, "expire", attempt, state=CheckoutState.EXPIRED)

    def capture(self, *, attempt: Attempt, amount: int, key: str) -> Standing:
        kept = self._now(attempt.key)
        if kept and amount > kept.price.amount:
            raise _refusal("More cannot be captured than was authorised.")
        return self._when(_AUTHORISED, "capture", attempt, state=_PAID, captured=amount)

    def void(self, *, attempt: Attempt, key: str) -> Standing:
        return self._when(_AUTHORISED, "void", attempt, state=CheckoutState.VOIDED)

    def refund(self, *, attempt: Attempt, amount: int, key: str) -> Standing:
        with self._call("refund"), self._lock:
            kept = self._now(attempt.key)
            if kept is None or kept.state is not _PAID:
                raise _refusal("There is no captured money to give back.")
            if key not in kept.refunds and key not in kept.failed_refunds:
                self._give_back(attempt.key, kept, amount, key)
            return self._standing(attempt.key)

    def standing(self, *, attempt: Attempt) -> Standing:
        with self._call("standing"):
            return self._standing(attempt.key)

    def health(self) -> Health:
        return Health(ok=True, detail="payments in memory")

    # ---- the client's and the bank's side --------------------------------------------------------

    def pay(self, key: str) -> None:
        """The client pays, or the money that was on its way arrives."""
        price = self._need(key, _OPEN, _PROCESSING).price
        self._put(key, state=_PAID, captured=price.amount)

    def pay_late(self, key: str) -> None:
        """The client's money arrives although the checkout is over."""
        price = self._need(key, CheckoutState.EXPIRED).price
        self._put(key, state=_PAID, captured=price.amount)

    def authorise(self, key: str) -> None:
        """The client's bank holds the money."""
        self._need(key, _OPEN, _PROCESSING)
        self._put(key, state=_AUTHORISED, ends_at=self._clock.now() + _AUTHORISATION_LENGTH)

    def process(self, key: str) -> None:
        """The client completes the checkout with a method that takes days."""
        self._need(key, _OPEN)
        self._put(key, state=_PROCESSING)

    def decline(self, key: str) -> None:
        """The bank says no for good."""
        self._need(key, _PROCESSING)
        self._put(key, state=CheckoutState.FAILED)

    def run_out(self, key: str) -> None:
        """The checkout's time is over at the provider."""
        self._need(key, _OPEN)
        self._put(key, state=CheckoutState.EXPIRED)

    def lapse(self, key: str) -> None:
        """The bank lets the authorisation go."""
        self._need(key, _AUTHORISED)
        self._put(key, state=CheckoutState.LAPSED)

    def dispute(self, key: str) -> None:
        self._need(key, _PAID)
        self._put(key, dispute=Dispute.OPEN)

    def end_dispute(self, key: str, *, won: bool) -> None:
        self._need(key, _PAID)
        self._put(key, dispute=Dispute.WON if won else Dispute.LOST)

    def take_dispute_back(self, key: str) -> None:
        """The client's bank does not decide about it after all."""
        self._need(key, _PAID)
        self._put(key, dispute=Dispute.NONE)

    def refund_elsewhere(self, key: str, amount: int) -> None:
        """Somebody gives money back at the provider's own pages."""
        kept = self._need(key, _PAID)
        self._give_back(key, kept, amount, f"elsewhere {len(kept.refunds)}")

    def delay_refunds(self, key: str) -> None:
        """What was given back takes days to arrive."""
        kept = self._need(key, _PAID)
        self._put(key, pending_refunds=frozenset(kept.refunds))

    def send_back_refunds(self, key: str) -> None:
        """The client's bank does not take what was given back."""
        kept = self._need(key, _PAID)
        ours = {each for each in kept.refunds if not each.startswith("elsewhere")}
        self._put(
            key,
            refunds={},
            pending_refunds=frozenset(),
            failed_refunds=kept.failed_refunds | ours,
        )

    def checkouts(self) -> dict[str, Standing]:
        """How every checkout stands, by attempt key."""
        with self._lock:
            return {key: self._standing(key) for key in self._kept}

    # ---- inside ----------------------------------------------------------------------------------

    def _now(self, key: str) -> KeptCheckout | None:
        kept = self._kept.get(key)
        return kept.at(self._clock.now()) if kept else None

    def _standing(self, key: str) -> Standing:
        kept = self._now(key)
        return kept.standing() if kept else Standing(state=CheckoutState.UNKNOWN)

    def _need(self, key: str, *states: CheckoutState) -> KeptCheckout:
        kept = self._now(key)
        if kept is None or kept.state not in states:
            raise ValueError(f"That checkout is {self._standing(key).state}.")
        return kept

    def _put(self, key: str, **changes: Any) -> None:
        with self._lock:
            self._kept[key] = evolve(self._kept[key], **changes)

    def _when(
        self, needed: CheckoutState, method: str, attempt: Attempt, /, **changes: Any
    ) -> Standing:
        """Changes a checkout that is `needed`; any other one stays as it is."""
        with self._call(method), self._lock:
            kept = self._now(attempt.key)
            if kept is not None and kept.state is needed:
                self._put(attempt.key, **changes)
            return self._standing(attempt.key)

    def _give_back(self, key: str, kept: KeptCheckout, amount: int, refund_key: str) -> None:
        if kept.dispute in (Dispute.OPEN, Dispute.LOST):
            raise _refusal("The payment is disputed; nothing can be given back.")
        if kept.refunded + amount > kept.captured:
            raise _refusal("More cannot be given back than was captured.")
        self._put(key, refunds={**kept.refunds, refund_key: amount})


def _refusal(message: str) -> ProviderFailed:
    return ProviderFailed(message, retryable=False)
