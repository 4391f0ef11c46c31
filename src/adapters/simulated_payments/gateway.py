from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta

from attrs import evolve
from flask import Blueprint

from adapters.simulated_payments.books import Books, Entry
from adapters.simulated_payments.moves import MOVES
from adapters.simulated_payments.notices import Posting, verified
from adapters.simulated_payments.pages import PATH, pages
from booking_core import (
    Attempt,
    BookingError,
    BookingId,
    Checkout,
    CheckoutState,
    Clock,
    Health,
    PaymentGateway,
    PaymentNotice,
    PaymentNoticeReader,
    ProviderFailed,
    Standing,
)

_S = CheckoutState
_AUTHORISATION = timedelta(days=7)  # what banks grant for cards

#: Takes a notice by its `body` and `headers`.
Hear = Callable[..., object]

_log = logging.getLogger("booking.simulated_payments")


class SimulatedPayments(PaymentGateway, PaymentNoticeReader):
    """The provider's side that the service talks to, and the client's and the bank's side (`play`)."""

    on_site = False

    def __init__(self, books: Books, clock: Clock, public_url: str) -> None:
        self._books, self._clock, self._public_url = books, clock, public_url
        self._key = secrets.token_bytes(32)  # what it posts never leaves this process

    def pages(self, hear: Hear) -> Blueprint:
        """The checkout page, for the web door to serve; what happens there is posted to `hear`."""
        return pages(self, hear)

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
            if key in entry.refunds or key in entry.sent_back:
                return entry
            if entry.taken_back:
                raise _refusal("The payment is disputed; nothing can be given back.")
            if amount > entry.left:
                raise _refusal("More cannot be given back than was captured.")
            return evolve(entry, refunds={**entry.refunds, key: amount})

        return self._change(attempt, give_back)

    def standing(self, *, attempt: Attempt) -> Standing:
        entry = self._books.find(attempt.checkout_id or "")
        return entry.at(self._clock.now()).standing() if entry else _unknown()

    def health(self) -> Health:
        return Health(ok=True, detail="simulated, no money is taken")

    # ---- notices -----------------------------------------------------------------------------------

    def read(self, *, body: bytes, headers: Mapping[str, str]) -> PaymentNotice | None:
        return verified(body, headers, self._key).notice()

    def missed(self, *, since: datetime) -> Iterator[PaymentNotice]:
        for posting in self._books.not_taken():
            notice = posting.notice()
            if notice is not None and posting.at >= since:
                yield notice

    def deliver(self, hear: Hear) -> None:
        """Posts what nobody has taken yet; what cannot be taken now is posted again next time."""
        for posting in self._books.not_taken():
            body, headers = posting.signed(self._key)
            try:
                hear(body=body, headers=headers)
            except BookingError as failed:
                _log.warning("notice %s was not taken: %s", posting.id, failed.message)
            else:
                self._books.taken(posting)

    # ---- the client's and the bank's side ----------------------------------------------------------

    def shown(self, checkout_id: str) -> Entry | None:
        entry = self._books.find(checkout_id)
        return entry.at(self._clock.now()) if entry else None

    def play(self, checkout_id: str, move: str) -> Entry | None:
        """Makes a move of `MOVES` if it is possible now; None when there is no such checkout."""
        now, entry = self._clock.now(), self._books.find(checkout_id)
        if entry is None:
            return None

        def change(entry: Entry) -> Entry | None:
            current = entry.at(now)
            possible, changed = MOVES[move]
            if not possible(current):
                return None
            moved = changed(current)
            authorised = moved.state is _S.AUTHORISED and current.state is not _S.AUTHORISED
            return evolve(moved, ends_at=now + _AUTHORISATION) if authorised else moved

        posting = Posting(f"note_{secrets.token_hex(8)}", entry.booking_id, move, now)
        self._books.change(checkout_id, change, posting)
        return self.shown(checkout_id)

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
