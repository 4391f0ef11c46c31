from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

from attrs import evolve
from flask import Blueprint

from adapters.simulated_payments.books import Books, Entry
from adapters.simulated_payments.moves import MOVES
from adapters.simulated_payments.pages import PATH, pages
from booking_core import (
    Attempt,
    BookingId,
    Checkout,
    CheckoutState,
    Clock,
    Dispute,
    Health,
    PaymentGateway,
    ProviderFailed,
    Standing,
)

_S = CheckoutState
_AUTHORISATION = timedelta(days=7)  # what banks grant for cards
_TAKEN_BACK = (Dispute.OPEN, Dispute.LOST)


class SimulatedPayments(PaymentGateway):
    """The provider's side that the service talks to, and the client's and the bank's side (`play`)."""

    on_site = False

    def __init__(self, books: Books, clock: Clock, public_url: str) -> None:
        self._books, self._clock, self._public_url = books, clock, public_url

    @property
    def pages(self) -> Blueprint:
        """The checkout page, for the web door to serve."""
        return pages(self)

    @property
    def shortest_deadline(self) -> timedelta:
        return timedelta(minutes=1)

    def request(self, *, booking_id: BookingId, attempt: Attempt) -> Checkout:
        entry = self._books.add(
            Entry(
                id=f"sim_{secrets.token_hex(8)}",
                key=attempt.key,
                booking_id=booking_id,
                price=attempt.price,
                title=attempt.title,
                email=attempt.email,
                return_url=attempt.return_url,
                turned_back_url=attempt.turned_back_url,
                ends_at=max(attempt.expires_at, self._clock.now() + self.shortest_deadline),
            )
        )
        return Checkout(entry.id, f"{self._public_url}{PATH}/{entry.id}")

    def expire(self, *, attempt: Attempt) -> Standing:
        return self._when(attempt, _S.OPEN, lambda entry: evolve(entry, state=_S.EXPIRED))

    def capture(self, *, attempt: Attempt, amount: int, key: str) -> Standing:
        if amount > attempt.price.amount:
            raise _refusal("More cannot be captured than was authorised.")
        return self._when(
            attempt, _S.AUTHORISED, lambda entry: evolve(entry, state=_S.PAID, captured=amount)
        )

    def void(self, *, attempt: Attempt, key: str) -> Standing:
        return self._when(attempt, _S.AUTHORISED, lambda entry: evolve(entry, state=_S.VOIDED))

    def refund(self, *, attempt: Attempt, amount: int, key: str) -> Standing:
        def give_back(entry: Entry) -> Entry:
            if key in entry.refunds:
                return entry
            if entry.dispute in _TAKEN_BACK:
                raise _refusal("The payment is disputed; nothing can be given back.")
            if amount > entry.captured - sum(entry.refunds.values()):
                raise _refusal("More cannot be given back than was captured.")
            return evolve(entry, refunds={**entry.refunds, key: amount})

        return self._change(attempt, give_back)

    def standing(self, *, attempt: Attempt) -> Standing:
        entry = self._books.find(attempt.checkout_id or "")
        return entry.at(self._clock.now()).standing() if entry else _unknown()

    def health(self) -> Health:
        return Health(ok=True, detail="simulated, no money is taken")

    # ---- the client's and the bank's side ----------------------------------------------------------

    def shown(self, checkout_id: str) -> Entry | None:
        entry = self._books.find(checkout_id)
        return entry.at(self._clock.now()) if entry else None

    def play(self, checkout_id: str, move: str) -> Entry | None:
        """Makes a move of `MOVES` if it is possible now; None when there is no such checkout."""
        now = self._clock.now()

        def change(entry: Entry) -> Entry:
            current = entry.at(now)
            possible, changed = MOVES[move]
            if not possible(current):
                return current
            moved = changed(current)
            authorised = moved.state is _S.AUTHORISED and current.state is not _S.AUTHORISED
            return evolve(moved, ends_at=now + _AUTHORISATION) if authorised else moved

        return self._books.change(checkout_id, change)

    # ---- inside ------------------------------------------------------------------------------------

    def _when(
        self, attempt: Attempt, needed: CheckoutState, change: Callable[[Entry], Entry]
    ) -> Standing:
        """Changes a checkout that is `needed`; any other one stays as it is."""
        return self._change(
            attempt, lambda entry: change(entry) if entry.state is needed else entry
        )

    def _change(self, attempt: Attempt, change: Callable[[Entry], Entry]) -> Standing:
        now = self._clock.now()
        entry = self._books.change(attempt.checkout_id or "", lambda each: change(each.at(now)))
        return entry.standing() if entry else _unknown()


def _unknown() -> Standing:
    return Standing(state=_S.UNKNOWN)


def _refusal(message: str) -> ProviderFailed:
    return ProviderFailed(message, retryable=False)
