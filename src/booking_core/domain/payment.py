"""The money of one booking: its machine, its checkout attempts and its ledger of refunds.

The states say what we last knew; the amounts say what should be true. `to_keep` is the amount that
the builder may keep, and settling money steers the provider towards it. That is why a cancellation
with a partial refund is a number here and not a state (rule keep_amount of the design).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from attrs import evolve, frozen

from booking_core.domain.errors import WrongState
from booking_core.domain.money import Money


class PaymentStatus(StrEnum):
    """What we last knew of the money."""

    NOT_REQUIRED = "NOT_REQUIRED"
    DUE = "DUE"
    REQUESTED = "REQUESTED"
    PROCESSING = "PROCESSING"
    AUTHORISED = "AUTHORISED"
    PAID = "PAID"
    FAILED = "FAILED"
    VOIDED = "VOIDED"
    REFUND_DUE = "REFUND_DUE"
    REFUNDED = "REFUNDED"
    DISPUTED = "DISPUTED"


class PaymentAction(StrEnum):
    """What can happen to the money."""

    REQUEST = "request a checkout"
    PROCESS = "completed, money on its way"
    AUTHORISE = "authorised"
    PAY = "paid"
    FAIL = "failed for good"
    DROP = "no longer wanted"
    OWE_BACK = "has to go back"
    REFUND = "gone back"
    DISPUTE = "disputed"
    WIN = "dispute won"
    LOSE = "dispute lost"


_S, _A = PaymentStatus, PaymentAction

#: (status, action) -> the statuses that it may lead to. Anything else is refused by name.
PAYMENT_TRANSITIONS: Mapping[tuple[PaymentStatus, PaymentAction], tuple[PaymentStatus, ...]] = (
    MappingProxyType(
        {
            (_S.DUE, _A.REQUEST): (_S.REQUESTED,),
            (_S.DUE, _A.PAY): (_S.PAID,),  # on site, recorded by the builder
            (_S.DUE, _A.DROP): (_S.VOIDED,),
            (_S.REQUESTED, _A.REQUEST): (_S.REQUESTED,),
            (_S.REQUESTED, _A.PROCESS): (_S.PROCESSING,),
            (_S.REQUESTED, _A.AUTHORISE): (_S.AUTHORISED,),
            (_S.REQUESTED, _A.PAY): (_S.PAID,),
            (_S.REQUESTED, _A.FAIL): (_S.FAILED,),
            (_S.REQUESTED, _A.DROP): (_S.VOIDED,),
            (_S.PROCESSING, _A.REQUEST): (_S.REQUESTED,),
            (_S.PROCESSING, _A.AUTHORISE): (_S.AUTHORISED,),
            (_S.PROCESSING, _A.PAY): (_S.PAID,),
            (_S.PROCESSING, _A.FAIL): (_S.FAILED,),
            (_S.PROCESSING, _A.DROP): (_S.VOIDED,),
            (_S.AUTHORISED, _A.PAY): (_S.PAID,),
            (_S.AUTHORISED, _A.DROP): (_S.VOIDED,),
            (_S.AUTHORISED, _A.DISPUTE): (_S.DISPUTED,),  # heard before its capture was recorded
            (_S.AUTHORISED, _A.LOSE): (_S.REFUNDED,),
            (_S.PAID, _A.OWE_BACK): (_S.REFUND_DUE,),
            (_S.PAID, _A.REFUND): (_S.REFUNDED,),
            (_S.PAID, _A.DISPUTE): (_S.DISPUTED,),
            (_S.PAID, _A.LOSE): (_S.REFUNDED,),
            (_S.FAILED, _A.AUTHORISE): (_S.VOIDED,),
            (_S.FAILED, _A.PAY): (_S.REFUND_DUE,),
            (_S.FAILED, _A.DISPUTE): (_S.DISPUTED,),
            (_S.FAILED, _A.LOSE): (_S.REFUNDED,),
            (_S.VOIDED, _A.AUTHORISE): (_S.VOIDED,),
            (_S.VOIDED, _A.PAY): (_S.REFUND_DUE,),
            (_S.VOIDED, _A.REFUND): (_S.REFUNDED,),
            (_S.VOIDED, _A.DISPUTE): (_S.DISPUTED,),
            (_S.VOIDED, _A.LOSE): (_S.REFUNDED,),
            (_S.REFUND_DUE, _A.PAY): (_S.PAID,),  # the provider shows that what is kept is right
            (_S.REFUND_DUE, _A.REFUND): (_S.REFUNDED,),
            (_S.REFUND_DUE, _A.DISPUTE): (_S.DISPUTED,),
            (_S.REFUND_DUE, _A.LOSE): (_S.REFUNDED,),
            (_S.REFUNDED, _A.AUTHORISE): (_S.VOIDED,),
            (_S.REFUNDED, _A.OWE_BACK): (_S.REFUND_DUE,),
            (_S.REFUNDED, _A.DISPUTE): (_S.DISPUTED,),
            (_S.DISPUTED, _A.WIN): (_S.PAID, _S.REFUND_DUE),
            (_S.DISPUTED, _A.LOSE): (_S.REFUNDED,),
        }
    )
)


@frozen
class Attempt:
    """One checkout. `key` and `expires_at` are written down before the provider is asked."""

    number: int
    key: str
    expires_at: datetime
    checkout_id: str | None = None
    checkout_url: str | None = None


@frozen(kw_only=True)
class Payment:
    """The money owed or taken for one booking.

    `to_keep` is in minor units of the price's currency. `accepted` is the number of the attempt
    whose money counts. `refunds` are the running totals that were asked back, in order: the n-th
    refund is the n-th total less the one before it (rule refund_ledger).
    """

    price: Money | None = None
    status: PaymentStatus = PaymentStatus.NOT_REQUIRED
    to_keep: int = 0
    attempts: tuple[Attempt, ...] = ()
    accepted: int | None = None
    refunds: tuple[int, ...] = ()

    @classmethod
    def of(cls, price: Money | None) -> Payment:
        if price is None:
            return cls()
        return cls(price=price, status=PaymentStatus.DUE, to_keep=price.amount)

    @property
    def required(self) -> bool:
        return self.price is not None

    def after(self, action: PaymentAction, to: PaymentStatus | None = None) -> Payment:
        """The payment once `action` has happened; `to` chooses where the table leaves a choice.

        Raises:
            WrongState: the table has no such row.
        """
        choices = PAYMENT_TRANSITIONS.get((self.status, action), ())
        if not choices or (to is not None and to not in choices):
            raise WrongState(action, self.status)
        return evolve(self, status=choices[0] if to is None else to)

    def attempted(self, attempt: Attempt) -> Payment:
        """With one more checkout attempt, written down before the provider is asked."""
        return evolve(self.after(PaymentAction.REQUEST), attempts=(*self.attempts, attempt))

    def ended(self, keep: int) -> Payment:
        """The payment when its booking ends and at most `keep` minor units may be kept."""
        target = min(self.to_keep, keep)
        less = target < self.to_keep
        kept = evolve(self, to_keep=target)
        match self.status:
            case PaymentStatus.DUE | PaymentStatus.REQUESTED | PaymentStatus.PROCESSING:
                return kept.after(PaymentAction.DROP)
            case PaymentStatus.AUTHORISED if target == 0:
                return kept.after(PaymentAction.DROP)
            case PaymentStatus.PAID | PaymentStatus.REFUNDED if less:
                return kept.after(PaymentAction.OWE_BACK)
        return kept
