from __future__ import annotations

from booking_core.application.repeats import IdempotencyKey
from booking_core.application.run_booking import BuilderCommand
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.errors import WrongState
from booking_core.domain.ids import BookingId
from booking_core.domain.money import Money
from booking_core.domain.payment import PaymentAction


class RefundBooking(BuilderCommand):
    """The builder gives money back out of goodwill, whatever the terms say (D4).

    Money that a provider took goes back by a job. What was paid at the meeting the builder gives back
    itself, and then records it (`record_returned_on_site`).
    """

    def __call__(
        self,
        *,
        booking_id: BookingId,
        amount: int,
        actor: Actor,
        key: IdempotencyKey | str | None = None,
    ) -> Booking:
        """Gives `amount` back, in minor units of the price's currency.

        Raises:
            NotFound: no such booking, or not for this caller.
            InvalidRequest: more than is left of what was taken, or an amount that cannot be paid out.
            WrongState: no money was taken, the bank decides about it, or a refund is still on its way.
            KeyReused, KeyInProgress: the key stands for another amount, or for a request that runs.
        """

        def give_back(booking: Booking) -> None:
            price = booking.payment.price
            if price is None:
                raise WrongState(PaymentAction.OWE_BACK, booking.payment.status)
            booking.refund(Money(amount, price.currency))

        return self.run(
            give_back,
            name="refund",
            booking_id=booking_id,
            actor=actor,
            key=key,
            asked=amount,
        )
