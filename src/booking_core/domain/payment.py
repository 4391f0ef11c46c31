"""The money of one booking: its machine, its checkout attempts and its ledger of refunds.

The states say what we last knew; the amounts say what should be true. `to_keep` is the amount that
the builder may keep, and settling money steers the provider towards it. That is why a cancellation
with a partial refund is a number here and not a state (rule keep_amount of the design).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from itertools import accumulate, pairwise
from types import MappingProxyType

from attrs import evolve, field, frozen

from booking_core.domain.errors import FieldError, InvalidRequest, WrongState
from booking_core.domain.money import Money, step


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


#: What the provider or a job of ours has to move on from.
UNSETTLED = frozenset(
    {
        PaymentStatus.REQUESTED,
        PaymentStatus.PROCESSING,
        PaymentStatus.AUTHORISED,
        PaymentStatus.REFUND_DUE,
    }
)

#: The client has done its part: the money is taken, held for us, or on its way.
HANDED_OVER = frozenset({PaymentStatus.PROCESSING, PaymentStatus.AUTHORISED, PaymentStatus.PAID})

_UNPAID = frozenset({PaymentStatus.NOT_REQUIRED, PaymentStatus.DUE, PaymentStatus.REQUESTED})


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
            (_S.FAILED, _A.REFUND): (_S.REFUNDED,),  # paid and given back before we heard of it
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
            (_S.REFUNDED, _A.PAY): (_S.PAID,),  # the client's bank sent the refund back
            (_S.REFUNDED, _A.OWE_BACK): (_S.REFUND_DUE,),
            (_S.REFUNDED, _A.DISPUTE): (_S.DISPUTED,),
            (_S.DISPUTED, _A.WIN): (_S.PAID, _S.REFUND_DUE),
            (_S.DISPUTED, _A.LOSE): (_S.REFUNDED,),
        }
    )
)


@frozen(kw_only=True)
class Attempt:
    """One checkout, with everything that it is asked for by.

    It is written down before the provider is asked, so that every repeat under `key` asks for
    exactly the same. `refused`: the provider will never open it, so no money can come through it.
    `by_hand` is what was given back of it outside of the provider, in minor units.
    """

    number: int
    key: str
    expires_at: datetime
    price: Money
    title: str
    email: str
    language: str
    return_url: str
    checkout_id: str | None = None
    checkout_url: str | None = None
    refused: bool = False
    by_hand: int = 0

    def refund_key(self, number: int | None = None) -> str:
        """The key of its refund of that number in the ledger; without one, of all of it at once."""
        return f"{self.key}:refund:{'whole' if number is None else number}"

    @property
    def turned_back_url(self) -> str:
        """Where a client comes back to who leaves the checkout without paying."""
        return f"{self.return_url}?turned-back=1"


class CheckoutState(StrEnum):
    """How one checkout stands at the provider."""

    UNKNOWN = "unknown"  # the provider has no such checkout
    OPEN = "open"
    PROCESSING = "processing"
    AUTHORISED = "authorised"
    LAPSED = "lapsed"
    VOIDED = "voided"
    EXPIRED = "expired"
    FAILED = "failed"
    PAID = "paid"

    @property
    def closed(self) -> bool:
        """No money will come through it any more."""
        return self in _CLOSED


_CLOSED = frozenset(
    {
        CheckoutState.LAPSED,
        CheckoutState.VOIDED,
        CheckoutState.EXPIRED,
        CheckoutState.FAILED,
    }
)


class Dispute(StrEnum):
    """Whether the client took the payment to its bank, and how that ended."""

    NONE = "none"
    OPEN = "open"
    WON = "won"
    LOST = "lost"


@frozen
class Checkout:
    """Where the client pays."""

    id: str
    url: str


@frozen(kw_only=True)
class Standing:
    """The provider's current truth about one attempt; amounts in minor units of its price's currency.

    `refunds` are those given back or on their way, by the key that we asked with, or by the
    provider's own id where somebody else asked; of these `pending_refunds` are on their way.
    `failed_refunds` are the keys of ours whose money could not be given back.
    """

    state: CheckoutState
    captured: int = 0
    refunds: Mapping[str, int] = field(factory=dict)
    pending_refunds: frozenset[str] = frozenset()
    failed_refunds: frozenset[str] = frozenset()
    dispute: Dispute = Dispute.NONE

    @property
    def refunded(self) -> int:
        return sum(self.refunds.values())

    @property
    def held(self) -> int:
        """What the builder holds of it now; nothing while the bank has taken it back."""
        if self.dispute in (Dispute.OPEN, Dispute.LOST):
            return 0
        return self.captured - self.refunded


@frozen(kw_only=True)
class Payment:
    """The money owed or taken for one booking.

    `to_keep` is in minor units of the price's currency. `accepted` is the number of the attempt
    whose money counts. `refunds` are the running totals that were asked back, in order: the n-th
    refund is the n-th total less the one before it (rule refund_ledger); what was sent back and is
    missing no more is struck off. `taken` and `returned` are what all attempts together brought in
    and gave back when the money was last settled, or what was paid and given back at the meeting.
    `sent_back` are the keys of refunds that no bank took. `least_kept` is what a cancellation would
    have cost the client when it last moved the booking. `on_its_way` says that money of a booking that
    has ended may still arrive: its checkout is completed, and the bank has not said yes or no.
    `in_doubt` says that it ended with an open checkout, and nobody has asked since whether it was paid.
    """

    price: Money | None = None
    status: PaymentStatus = PaymentStatus.NOT_REQUIRED
    to_keep: int = 0
    attempts: tuple[Attempt, ...] = ()
    accepted: int | None = None
    refunds: tuple[int, ...] = ()
    taken: int = 0
    returned: int = 0
    least_kept: int = 0
    sent_back: tuple[str, ...] = ()
    on_its_way: bool = False
    in_doubt: bool = False

    @classmethod
    def of(cls, price: Money | None) -> Payment:
        if price is None:
            return cls()
        return cls(price=price, status=PaymentStatus.DUE, to_keep=price.amount)

    @property
    def required(self) -> bool:
        return self.price is not None

    @property
    def checkout_url(self) -> str | None:
        """Where the client can pay now; None when it cannot, or the provider has not said it yet."""
        if self.status is not PaymentStatus.REQUESTED:
            return None
        return self.attempts[-1].checkout_url

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

    @property
    def paid_in(self) -> int:
        """What was taken, in minor units; the price as long as nobody recorded it."""
        return self.taken or (self.price.amount if self.price else 0)

    @property
    def owed(self) -> int:
        """What still has to go back, in minor units, as far as is known."""
        return max(0, self.paid_in - self.returned - self.to_keep)

    @property
    def has_come(self) -> bool:
        """Money is or was on its way, reserved or taken; of a checkout that nobody completed none is."""
        return self.status not in _UNPAID

    @property
    def taken_back(self) -> int:
        """What the bank gave back to the client after a dispute, in minor units."""
        return self.owed if self.status is PaymentStatus.REFUNDED else 0

    @property
    def gone_back(self) -> Money | None:
        """What the client has by now, through refunds or its bank; None while nothing went back."""
        amount = self.returned + self.taken_back
        return Money(amount, self.price.currency) if self.price and amount else None

    @property
    def refundable(self) -> int:
        """What could still be given back, in minor units: what the builder keeps of what was taken."""
        return max(0, min(self.to_keep, self.paid_in - self.returned))

    @property
    def refund_parts(self) -> list[int]:
        """What each refund of the ledger was to give back."""
        return [total - before for before, total in pairwise((0, *self.refunds))]

    def struck_off(self, numbers: Iterable[int], amount: int) -> tuple[int, ...]:
        """The ledger's totals once `amount` of the refunds of these numbers is taken out."""
        parts = self.refund_parts
        for number in numbers:
            less = min(parts[number], amount)
            parts[number] -= less
            amount -= less
        return tuple(accumulate(parts))

    def returned_by_hand(self) -> Payment:
        """With what was sent back, as far as it is owed, given back outside of the provider.

        Of an attempt that does not count that is all of it; of the accepted one, what no bank took.
        """
        after = self
        for attempt in sorted(self.attempts, key=lambda each: each.number == self.accepted):
            after = after._by_hand(attempt)
        return after

    def _by_hand(self, attempt: Attempt) -> Payment:
        parts = self.refund_parts
        numbers = [n for n in range(len(parts)) if attempt.refund_key(n) in self.sent_back]
        whole = attempt.refund_key() in self.sent_back
        missing = attempt.price.amount - attempt.by_hand if whole else 0
        amount = min(self.owed, missing + sum(parts[n] for n in numbers))
        given = evolve(attempt, by_hand=attempt.by_hand + amount)
        return evolve(
            self,
            attempts=tuple(given if each == attempt else each for each in self.attempts),
            refunds=self.struck_off(numbers, amount),
            returned=self.returned + amount,
        )

    def without_client(self, email: str) -> Payment:
        """With `email` in the place of the client's; without its language, and where it was to pay."""
        return evolve(
            self,
            attempts=tuple(
                evolve(each, email=email, language="", checkout_url=None) for each in self.attempts
            ),
        )

    def owing_back(self, amount: Money) -> Payment:
        """The payment once `amount` of what was taken has to go back, whatever the terms say.

        Raises:
            WrongState: nothing was taken, or the bank decides, or a refund is on its way.
            InvalidRequest: for an amount that cannot be given back.
        """
        owing = self.after(PaymentAction.OWE_BACK)
        most = Money(self.refundable, amount.currency)
        if self.price is None or amount.currency != self.price.currency:
            raise _wrong_amount("Give the money back in the currency that it was paid in.")
        if not most.amount:
            raise _wrong_amount("Nothing is left that could be given back.")
        if not 0 < amount.amount <= most.amount:
            raise _wrong_amount(f"Give back more than nothing, and at most {most}.")
        if amount.amount % step(amount.currency):
            raise _wrong_amount(f"In {amount.currency} no amount as fine as that can be paid out.")
        return evolve(owing, to_keep=most.amount - amount.amount)

    def ended(self, keep: int) -> Payment:
        """The payment when its booking ends and at most `keep` minor units may be kept."""
        target = min(self.to_keep, keep)
        less = target < self.to_keep
        kept = evolve(
            self,
            to_keep=target,
            on_its_way=self.status is PaymentStatus.PROCESSING,
            in_doubt=self.status is PaymentStatus.REQUESTED,
        )
        match self.status:
            case PaymentStatus.DUE | PaymentStatus.REQUESTED | PaymentStatus.PROCESSING:
                return kept.after(PaymentAction.DROP)
            case PaymentStatus.AUTHORISED if target == 0:
                return kept.after(PaymentAction.DROP)
            case PaymentStatus.PAID | PaymentStatus.REFUNDED if less and kept.owed:
                return kept.after(PaymentAction.OWE_BACK)
        return kept


def _wrong_amount(message: str) -> InvalidRequest:
    return InvalidRequest(message, [FieldError("/amount", message)])
