"""What the client and the bank can do on the page: when it is possible, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from adapters.simulated_payments.books import Entry
from booking_core import CheckoutState, Dispute

_S = CheckoutState
_ELSEWHERE = "at the provider"
_Move = tuple[Callable[[Entry], bool], Callable[[Entry], Entry]]


def _in(*states: CheckoutState) -> Callable[[Entry], bool]:
    return lambda entry: entry.state in states


def _disputable(*disputes: Dispute) -> Callable[[Entry], bool]:
    return lambda entry: entry.state is _S.PAID and entry.dispute in disputes


def _refunded(entry: Entry, amount: int) -> Entry:
    """By the builder, at the provider's own pages, so under no key of ours."""
    key = f"{_ELSEWHERE} {len(entry.refunds) + 1}"
    return evolve(entry, refunds={**entry.refunds, key: amount})


def _sent_back(entry: Entry) -> Entry:
    """The client's bank does not take the refund that was made last, so its money is here again."""
    *kept, (key, _) = entry.refunds.items()
    ours = () if key.startswith(_ELSEWHERE) else (key,)
    return evolve(entry, refunds=dict(kept), sent_back=(*entry.sent_back, *ours))


def _paid(entry: Entry) -> Entry:
    return evolve(entry, state=_S.PAID, captured=entry.price.amount)


MOVES: dict[str, _Move] = {
    "card": (_in(_S.OPEN), lambda entry: evolve(entry, state=_S.AUTHORISED)),
    "at-once": (_in(_S.OPEN), _paid),
    "transfer": (_in(_S.OPEN), lambda entry: evolve(entry, state=_S.PROCESSING)),
    "decline": (_in(_S.OPEN), lambda entry: evolve(entry, declined=True)),
    "late": (_in(_S.EXPIRED), _paid),
    "bank-yes": (_in(_S.PROCESSING), _paid),
    "bank-no": (_in(_S.PROCESSING), lambda entry: evolve(entry, state=_S.FAILED)),
    "refund": (lambda entry: entry.refundable, lambda entry: _refunded(entry, entry.left)),
    "refund-half": (
        lambda entry: entry.refundable and entry.left > 1,
        lambda entry: _refunded(entry, entry.left // 2),
    ),
    "send-back": (lambda entry: bool(entry.refunds), _sent_back),
    "dispute": (_disputable(Dispute.NONE), lambda entry: evolve(entry, dispute=Dispute.OPEN)),
    "dispute-won": (_disputable(Dispute.OPEN), lambda entry: evolve(entry, dispute=Dispute.WON)),
    "dispute-lost": (_disputable(Dispute.OPEN), lambda entry: evolve(entry, dispute=Dispute.LOST)),
}
