from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import Protocol

from booking_core.domain.ids import BookingId
from booking_core.domain.payment import Attempt, Checkout, Standing
from booking_core.ports.health import Health


class PaymentGateway(Protocol):
    """The judge of whether money was taken.

    Every method may raise `ProviderFailed`. Where that is retryable the outcome is unknown, and the
    same call is repeated with the same key; where it is not, nothing happened and a person has to
    look. Amounts are minor units of the attempt's price, which comes from the catalogue only (D5).

    `on_site` says that the money is taken at the meeting: such a gateway is never called.
    """

    on_site: bool

    @property
    @abstractmethod
    def shortest_deadline(self) -> timedelta:
        """The shortest life that the provider gives a checkout, a margin for its clock included."""

    @abstractmethod
    def request(self, *, booking_id: BookingId, attempt: Attempt) -> Checkout:
        """The checkout of `attempt`; the same one for the same key.

        Raises:
            CheckoutRefused: there is no checkout under that key, and there never will be one.
        """

    @abstractmethod
    def expire(self, *, attempt: Attempt) -> Standing:
        """Closes an open checkout; answers how it stands then (it may have been paid meanwhile)."""

    @abstractmethod
    def capture(self, *, attempt: Attempt, amount: int, key: str) -> Standing:
        """Takes `amount` of what is authorised and releases the rest; otherwise changes nothing.

        Raises:
            CaptureRefused: the money is still authorised, and will never be taken.
        """

    @abstractmethod
    def void(self, *, attempt: Attempt, key: str) -> Standing:
        """Releases what is authorised; otherwise changes nothing."""

    @abstractmethod
    def refund(self, *, attempt: Attempt, amount: int, key: str) -> Standing:
        """Gives `amount` back, once for each key, however much later it is asked again.

        Raises:
            ProviderFailed: not retryable when more would go back than was taken, or while the
                payment is disputed.
        """

    @abstractmethod
    def standing(self, *, attempt: Attempt) -> Standing:
        """How the attempt stands now; UNKNOWN for one whose checkout we do not know."""

    @abstractmethod
    def health(self) -> Health:
        """Whether the provider can be used with the credentials that we have."""
