from __future__ import annotations

from datetime import timedelta
from typing import NoReturn

from booking_core import (
    Attempt,
    BookingId,
    Checkout,
    Health,
    PaymentGateway,
    ProviderFailed,
    Standing,
)


class OnSitePayments(PaymentGateway):
    """Says that money is taken at the meeting; nothing is ever asked of it.

    Unless a booking was sent to a checkout before payments were changed to this: then a person has
    to look at the provider of that time.
    """

    on_site = True

    @property
    def shortest_deadline(self) -> timedelta:
        return timedelta(0)

    def request(self, *, booking_id: BookingId, attempt: Attempt) -> Checkout:
        _refuse()

    def expire(self, *, attempt: Attempt) -> Standing:
        _refuse()

    def capture(self, *, attempt: Attempt, amount: int, key: str) -> Standing:
        _refuse()

    def void(self, *, attempt: Attempt, key: str) -> Standing:
        _refuse()

    def refund(self, *, attempt: Attempt, amount: int, key: str) -> Standing:
        _refuse()

    def standing(self, *, attempt: Attempt) -> Standing:
        _refuse()

    def health(self) -> Health:
        return Health(ok=True, detail="clients pay at the meeting")


def _refuse() -> NoReturn:
    message = "Payments are taken at the meeting; this checkout is with another provider."
    raise ProviderFailed(message, retryable=False)
