from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from attrs import frozen

from booking_core.domain.booking import Booking
from booking_core.domain.money import Money
from booking_core.domain.payment import Attempt


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


@frozen
class Standing:
    """The provider's current truth about one attempt; amounts in the price's currency."""

    state: CheckoutState
    captured: Money | None = None
    refunded: Money | None = None
    dispute: Dispute = Dispute.NONE


class PaymentGateway(Protocol):
    """The judge of whether money was taken.

    Every method may raise `ProviderFailed`: the outcome is then unknown and the same call is
    repeated with the same key. Prices come from the catalogue only (D5).
    """

    @property
    @abstractmethod
    def shortest_deadline(self) -> timedelta:
        """The shortest life that the provider gives a checkout, a margin for its clock included."""

    @abstractmethod
    def request(
        self, *, booking: Booking, attempt: Attempt, title: str, return_url: str
    ) -> Checkout:
        """The checkout of `attempt`; the same one for the same key."""

    @abstractmethod
    def expire(self, *, attempt: Attempt) -> Standing:
        """Closes an open checkout; answers how it stands then (it may have been paid meanwhile)."""

    @abstractmethod
    def capture(self, *, attempt: Attempt, amount: Money, key: str) -> Standing:
        """Takes `amount` of what is authorised and releases the rest."""

    @abstractmethod
    def void(self, *, attempt: Attempt, key: str) -> Standing:
        """Releases what is authorised."""

    @abstractmethod
    def refund(self, *, attempt: Attempt, amount: Money, key: str) -> Standing:
        """Gives `amount` back; once for each key."""

    @abstractmethod
    def standing(self, *, attempt: Attempt) -> Standing:
        """How the attempt stands now."""
