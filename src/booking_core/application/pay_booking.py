from __future__ import annotations

from attrs import frozen

from booking_core.application.access import Access
from booking_core.application.cashier import Cashier
from booking_core.application.catalogue import Catalogue
from booking_core.application.repeats import IdempotencyKey, scoped
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.errors import HoldExpired, ProviderFailed
from booking_core.domain.ids import BookingId
from booking_core.domain.transitions import BookingState
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class PayBooking:
    """Sends the client to pay, or to pay again after it turned back (D2).

    The provider is looked at first, so a payment that nobody told us of is found here. A checkout
    that is still open is answered again; a new attempt is made only once the last one is closed.
    """

    access: Access
    catalogue: Catalogue
    cashier: Cashier

    def __call__(
        self, *, booking_id: BookingId, actor: Actor, key: IdempotencyKey | str | None = None
    ) -> Booking:
        """The booking; where the client pays is on its last attempt.

        Raises:
            NotFound: no such booking, or not for this caller.
            HoldExpired: the time to pay is over.
            WrongState: nothing is to be paid online, or it is paid at the meeting.
            PaymentsUnavailable: no payments are set up, or the provider refused the checkout.
        """
        with self.cashier.unit_of_work(write=False) as uow:
            seen = self.access.booking(uow, booking_id, actor)
        ended = self._ended_attempt(seen)

        def change(uow: UnitOfWork) -> Booking:
            booking = self.access.booking(uow, booking_id, actor)
            if booking.state in _PAID or self._still_open(booking, ended):
                return booking
            offer = self.catalogue.read(uow).offer(booking.session_type_id)
            self.cashier.begin(uow, booking, offer)
            return booking

        booking = self.cashier.keeper.once(change, key=scoped(key, f"pay:{booking_id}", actor))
        return self.cashier.opened(booking)

    def _ended_attempt(self, seen: Booking) -> int | None:
        """A provider that does not answer is waited for once, and nothing new is begun meanwhile."""
        if seen.state is not BookingState.AWAITING_PAYMENT:
            return None
        try:
            return self.cashier.ended_attempt(self.cashier.settle_money(booking_id=seen.id))
        except ProviderFailed:
            return None

    def _still_open(self, booking: Booking, ended: int | None) -> bool:
        """The client can go on where it turned back. Raises HoldExpired."""
        if booking.state is not BookingState.AWAITING_PAYMENT:
            return False
        if booking.overdue(self.cashier.keeper.clock.now()):
            raise HoldExpired
        return booking.payment.attempts[-1].number != ended


_PAID = (BookingState.CONFIRMING, BookingState.CONFIRMED)
