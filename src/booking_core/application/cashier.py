"""Sending a client to pay; the part that confirming, initializing and paying again share."""

from __future__ import annotations

from attrs import frozen

from booking_core.application.catalogue import Offer
from booking_core.application.keep import Keeper
from booking_core.application.settle_money import SettleMoney, look_job
from booking_core.domain.booking import Booking
from booking_core.domain.errors import PaymentsUnavailable, ProviderFailed, WrongState
from booking_core.domain.payment import Attempt, PaymentStatus
from booking_core.domain.policies import checkout_deadline
from booking_core.domain.transitions import Action, BookingState
from booking_core.ports.payments import PaymentGateway
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@frozen
class Cashier:
    """Writes a checkout attempt down in the booking's transaction, and asks for it after the commit."""

    unit_of_work: UnitOfWorkFactory
    payments: PaymentGateway | None
    settle_money: SettleMoney
    keeper: Keeper
    public_url: str

    @property
    def on_site(self) -> bool:
        """The client pays at the meeting. Raises PaymentsUnavailable."""
        return self._gateway().on_site

    def attempt(self, booking: Booking, offer: Offer) -> Attempt:
        """The next attempt, whole: what the provider is asked for never changes after this.

        Raises:
            WrongState: it is paid at the meeting.
        """
        if self.on_site:
            raise WrongState(Action.START_PAYMENT, "paid at the meeting")
        contact, price = booking.client.contact, booking.payment.price
        if price is None:
            raise PaymentsUnavailable("Nothing is to be paid for this booking.")
        number = len(booking.payment.attempts) + 1
        shortest = self._gateway().shortest_deadline
        return Attempt(
            number=number,
            key=f"{booking.id}:checkout:{number}",
            expires_at=checkout_deadline(self.keeper.clock.now(), shortest),
            price=price,
            title=offer.session_type.title,
            email=contact.email,
            language=(contact.language or offer.builder.language).value,
            return_url=f"{self.public_url}/bookings/{booking.id}",
        )

    def begin(self, uow: UnitOfWork, booking: Booking, offer: Offer) -> None:
        """Starts a payment; a job looks after it from now on, whatever becomes of us."""
        now = self.keeper.clock.now()
        booking.start_payment(self.attempt(booking, offer), now=now)
        self.watch(uow, booking)

    def watch(self, uow: UnitOfWork, booking: Booking) -> None:
        """Writes the first look at the money down."""
        uow.outbox.put(look_job(booking, self.keeper.clock.now()))

    def opened(self, booking: Booking) -> Booking:
        """The booking once its checkout has an address, as far as the provider answers.

        Raises:
            PaymentsUnavailable: the provider refuses the checkout for good; the slot is free again.
        """
        payment = booking.payment
        if payment.status is not PaymentStatus.REQUESTED or payment.checkout_url:
            return booking
        asked = self.settle_money.at_once(booking)
        if not asked.payment.attempts[-1].refused:
            return asked
        raise PaymentsUnavailable(
            "The payment provider refused this checkout, so nothing was booked; ask the builder."
        )

    def ended_attempt(self, booking: Booking) -> int | None:
        """The number of the last attempt when nobody can pay it any more, as far as we are told."""
        if booking.state is not BookingState.AWAITING_PAYMENT:
            return None
        last = booking.payment.attempts[-1]
        if last.refused:
            return last.number
        try:
            closed = self._gateway().standing(attempt=last).state.closed
        except ProviderFailed:
            return None
        return last.number if closed else None

    def _gateway(self) -> PaymentGateway:
        if self.payments is None:
            raise PaymentsUnavailable("This session costs money, and no payments are set up.")
        return self.payments
