from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol, runtime_checkable

from attrs import frozen

from booking_core.domain.ids import BookingId


@frozen
class PaymentNotice:
    """A hint from the payment provider that something happened to the money of a booking.

    `message_id` tells repeats; the payment is always read back and never believed from the notice.
    """

    message_id: str
    booking_id: BookingId


@runtime_checkable
class PaymentNoticeReader(Protocol):
    """Verifies and translates what a payment provider posts to us."""

    @abstractmethod
    def read(self, *, body: bytes, headers: Mapping[str, str]) -> PaymentNotice | None:
        """The notice, or None when it is of a kind that does not concern us.

        Raises:
            UntrustedNotice: signature, age or form do not prove that the provider sent it.
            ProviderFailed: the provider has to be asked whose money it is, and does not answer; it
                will send the notice again.
        """

    @abstractmethod
    def missed(self, *, since: datetime) -> Iterable[PaymentNotice]:
        """What the provider could not deliver to us since then, oldest first."""
