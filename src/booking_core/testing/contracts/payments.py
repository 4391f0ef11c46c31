"""What the judge of taken money promises."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol
from urllib.parse import urlsplit

import pytest
from attrs import evolve

from booking_core.domain.booking import Booking
from booking_core.domain.errors import ProviderFailed
from booking_core.domain.payment import Attempt, CheckoutState, Dispute
from booking_core.domain.transitions import BookingState
from booking_core.ports.payments import PaymentGateway
from booking_core.testing.examples import PRICE, a_paid_booking

_WHOLE, _HALF = PRICE.amount, PRICE.amount // 2


class PayingClient(Protocol):
    """Plays the client at the provider's checkout page."""

    def pay(self, attempt: Attempt) -> None:
        """Pays at once."""

    def authorise(self, attempt: Attempt) -> None:
        """Lets the bank hold the money, to be captured later."""


class CheckoutContract:
    """The part that needs nobody to pay. Needs `gateway`.

    A subclass may give another `booking` when its provider wants other keys or deadlines.
    """

    @pytest.fixture
    def booking(self) -> Booking:
        """A booking that waits for its payment of `PRICE`, with one attempt."""
        return a_paid_booking(BookingState.AWAITING_PAYMENT)

    @pytest.fixture
    def attempt(self, gateway: PaymentGateway, booking: Booking) -> Attempt:
        """Its attempt, with an open checkout."""
        return _opened(gateway, booking)

    def test_checkouts_have_a_shortest_life(self, gateway: PaymentGateway) -> None:
        assert gateway.shortest_deadline > timedelta(0)

    # ---- a checkout ------------------------------------------------------------------------------

    def test_an_attempt_that_was_never_asked_for_is_unknown(
        self, gateway: PaymentGateway, booking: Booking
    ) -> None:
        never = booking.payment.attempts[0]
        assert gateway.standing(attempt=never).state is CheckoutState.UNKNOWN

    def test_a_checkout_is_open_and_has_an_address(
        self, gateway: PaymentGateway, booking: Booking
    ) -> None:
        attempt = _opened(gateway, booking)
        assert urlsplit(attempt.checkout_url).scheme in ("https", "http")
        standing = gateway.standing(attempt=attempt)
        assert standing.state is CheckoutState.OPEN
        assert not standing.captured

    def test_the_same_attempt_has_the_same_checkout(
        self, gateway: PaymentGateway, booking: Booking
    ) -> None:
        assert _opened(gateway, booking) == _opened(gateway, booking)

    def test_an_expired_checkout_stays_expired(
        self, gateway: PaymentGateway, attempt: Attempt
    ) -> None:
        for _ in range(2):
            assert gateway.expire(attempt=attempt).state is CheckoutState.EXPIRED
        assert gateway.standing(attempt=attempt).state is CheckoutState.EXPIRED

    def test_an_attempt_that_got_lost_is_closed_by_asking_again_and_expiring(
        self, gateway: PaymentGateway, booking: Booking
    ) -> None:
        _opened(gateway, booking)
        standing = gateway.expire(attempt=_opened(gateway, booking))
        assert standing.state is CheckoutState.EXPIRED
        standing = gateway.standing(attempt=_opened(gateway, booking))
        assert standing.state is CheckoutState.EXPIRED


class PaymentGatewayContract(CheckoutContract):
    """All of it. Needs `gateway`, and `client` to play the one who pays at it."""

    def test_a_checkout_that_was_paid_meanwhile_is_not_expired_but_paid(
        self, gateway: PaymentGateway, attempt: Attempt, client: PayingClient
    ) -> None:
        client.pay(attempt)
        assert gateway.expire(attempt=attempt).state is CheckoutState.PAID

    # ---- money that is held at the bank ----------------------------------------------------------

    def test_authorised_money_is_not_taken(
        self, gateway: PaymentGateway, attempt: Attempt, client: PayingClient
    ) -> None:
        client.authorise(attempt)
        standing = gateway.standing(attempt=attempt)
        assert standing.state is CheckoutState.AUTHORISED
        assert not standing.captured

    def test_authorised_money_is_captured_once(
        self, gateway: PaymentGateway, attempt: Attempt, client: PayingClient
    ) -> None:
        client.authorise(attempt)
        for _ in range(2):
            standing = gateway.capture(attempt=attempt, amount=_WHOLE, key="capture-1")
            assert (standing.state, standing.captured) == (CheckoutState.PAID, _WHOLE)

    def test_a_part_of_what_is_authorised_can_be_captured(
        self, gateway: PaymentGateway, attempt: Attempt, client: PayingClient
    ) -> None:
        client.authorise(attempt)
        assert gateway.capture(attempt=attempt, amount=_HALF, key="capture-1").captured == _HALF

    def test_authorised_money_can_be_released_twice(
        self, gateway: PaymentGateway, attempt: Attempt, client: PayingClient
    ) -> None:
        client.authorise(attempt)
        for _ in range(2):
            standing = gateway.void(attempt=attempt, key="void-1")
            assert standing.state is CheckoutState.VOIDED

    # ---- money that was taken --------------------------------------------------------------------

    def test_paid_money_is_captured_whole_and_nothing_is_given_back_or_disputed(
        self, gateway: PaymentGateway, attempt: Attempt, client: PayingClient
    ) -> None:
        client.pay(attempt)
        standing = gateway.standing(attempt=attempt)
        assert (standing.state, standing.captured) == (CheckoutState.PAID, _WHOLE)
        assert standing.dispute is Dispute.NONE
        assert standing.refunded == 0

    def test_a_refund_is_given_once_for_each_key(
        self, gateway: PaymentGateway, attempt: Attempt, client: PayingClient
    ) -> None:
        client.pay(attempt)
        for _ in range(2):
            gateway.refund(attempt=attempt, amount=_HALF, key="refund-1")
        assert gateway.standing(attempt=attempt).refunded == _HALF
        standing = gateway.refund(attempt=attempt, amount=_HALF, key="refund-2")
        assert (standing.refunded, standing.captured) == (_WHOLE, _WHOLE)

    def test_never_more_is_given_back_than_was_taken(
        self, gateway: PaymentGateway, attempt: Attempt, client: PayingClient
    ) -> None:
        client.pay(attempt)
        gateway.refund(attempt=attempt, amount=_HALF, key="refund-1")
        with pytest.raises(ProviderFailed) as refused:
            gateway.refund(attempt=attempt, amount=_WHOLE, key="refund-2")
        assert not refused.value.retryable
        assert gateway.standing(attempt=attempt).refunded == _HALF


def _opened(gateway: PaymentGateway, booking: Booking) -> Attempt:
    """The booking's attempt, once the provider has said where its checkout is."""
    [attempt] = booking.payment.attempts
    checkout = gateway.request(booking_id=booking.id, attempt=attempt)
    return evolve(attempt, checkout_id=checkout.id, checkout_url=checkout.url)
