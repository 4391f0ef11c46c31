"""What the judge of taken money promises."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

import pytest

from booking_core.domain.booking import Booking
from booking_core.domain.errors import ProviderFailed
from booking_core.domain.money import Money
from booking_core.domain.payment import Attempt
from booking_core.domain.transitions import BookingState
from booking_core.ports.payments import Checkout, CheckoutState, Dispute, PaymentGateway
from booking_core.testing.examples import PRICE, a_paid_booking

_HALF = Money(PRICE.amount // 2, PRICE.currency)


class PayingClient(Protocol):
    """Plays the client at the provider's checkout page."""

    def pay(self, attempt: Attempt) -> None:
        """Pays at once."""

    def authorise(self, attempt: Attempt) -> None:
        """Lets the bank hold the money, to be captured later."""


class PaymentGatewayContract:
    """Needs `gateway`, and `client` to play the one who pays at it.

    A subclass may give another `booking` when its provider wants other keys or deadlines.
    """

    @pytest.fixture
    def booking(self) -> Booking:
        """A booking that waits for its payment of `PRICE`, with one attempt."""
        return a_paid_booking(BookingState.AWAITING_PAYMENT)

    @pytest.fixture
    def attempt(self, gateway: PaymentGateway, booking: Booking) -> Attempt:
        """Its attempt, with an open checkout."""
        _request(gateway, booking)
        return booking.payment.attempts[0]

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
        checkout = _request(gateway, booking)
        assert checkout.url.startswith("https://")
        standing = gateway.standing(attempt=booking.payment.attempts[0])
        assert standing.state is CheckoutState.OPEN
        assert not standing.captured

    def test_the_same_attempt_has_the_same_checkout(
        self, gateway: PaymentGateway, booking: Booking
    ) -> None:
        assert _request(gateway, booking) == _request(gateway, booking)

    def test_an_expired_checkout_stays_expired(
        self, gateway: PaymentGateway, attempt: Attempt
    ) -> None:
        for _ in range(2):
            assert gateway.expire(attempt=attempt).state is CheckoutState.EXPIRED
        assert gateway.standing(attempt=attempt).state is CheckoutState.EXPIRED

    def test_a_checkout_that_was_paid_meanwhile_is_not_expired_but_paid(
        self, gateway: PaymentGateway, attempt: Attempt, client: PayingClient
    ) -> None:
        client.pay(attempt)
        assert gateway.expire(attempt=attempt).state is CheckoutState.PAID

    def test_an_attempt_that_got_lost_is_closed_by_asking_again_and_expiring(
        self, gateway: PaymentGateway, booking: Booking
    ) -> None:
        _request(gateway, booking)
        standing = gateway.expire(attempt=booking.payment.attempts[0])
        assert standing.state is CheckoutState.EXPIRED
        _request(gateway, booking)
        standing = gateway.standing(attempt=booking.payment.attempts[0])
        assert standing.state is CheckoutState.EXPIRED

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
            standing = gateway.capture(attempt=attempt, amount=PRICE, key="capture-1")
            assert (standing.state, standing.captured) == (CheckoutState.PAID, PRICE)

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
        assert (standing.state, standing.captured) == (CheckoutState.PAID, PRICE)
        assert standing.dispute is Dispute.NONE
        assert standing.refunded is None or standing.refunded.amount == 0

    def test_a_refund_is_given_once_for_each_key(
        self, gateway: PaymentGateway, attempt: Attempt, client: PayingClient
    ) -> None:
        client.pay(attempt)
        for _ in range(2):
            gateway.refund(attempt=attempt, amount=_HALF, key="refund-1")
        assert gateway.standing(attempt=attempt).refunded == _HALF
        standing = gateway.refund(attempt=attempt, amount=_HALF, key="refund-2")
        assert (standing.refunded, standing.captured) == (PRICE, PRICE)

    def test_never_more_is_given_back_than_was_taken(
        self, gateway: PaymentGateway, attempt: Attempt, client: PayingClient
    ) -> None:
        client.pay(attempt)
        gateway.refund(attempt=attempt, amount=_HALF, key="refund-1")
        with pytest.raises(ProviderFailed) as refused:
            gateway.refund(attempt=attempt, amount=PRICE, key="refund-2")
        assert not refused.value.retryable
        assert gateway.standing(attempt=attempt).refunded == _HALF


def _request(gateway: PaymentGateway, booking: Booking) -> Checkout:
    return gateway.request(
        booking=booking,
        attempt=booking.payment.attempts[0],
        title="An hour of advice",
        return_url="https://booking.test/return",
    )
