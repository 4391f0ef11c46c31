"""What the client and the bank can do on the page: when it is possible, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable

from attrs import evolve

from adapters.simulated_payments.books import Entry
from booking_core import CheckoutState, Dispute

_S = CheckoutState
_Move = tuple[Callable[[Entry], bool], Callable[[Entry], Entry]]


def _in(*states: CheckoutState) -> Callable[[Entry], bool]:
    return lambda entry: entry.state in states


def _disputable(*disputes: Dispute) -> Callable[[Entry], bool]:
    return lambda entry: entry.state is _S.PAID and entry.dispute in disputes


def _refunded(entry: Entry) -> Entry:
    """By the builder, at the provider's own pages, so under no key of ours."""
    return evolve(entry, refunds={**entry.refunds, "at the provider": entry.left})


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
    "refund": (lambda entry: entry.refundable, _refunded),
    "dispute": (_disputable(Dispute.NONE), lambda entry: evolve(entry, dispute=Dispute.OPEN)),
    "dispute-won": (_disputable(Dispute.OPEN), lambda entry: evolve(entry, dispute=Dispute.WON)),
    "dispute-lost": (_disputable(Dispute.OPEN), lambda entry: evolve(entry, dispute=Dispute.LOST)),
}
