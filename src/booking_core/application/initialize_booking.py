from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from booking_core.application.cashier import Cashier
from booking_core.application.offer_link import OfferLink
from booking_core.application.place_booking import BookingPlacer, Wish
from booking_core.application.repeats import IdempotencyKey, promised, scoped
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking, Flow
from booking_core.domain.contact import Contact
from booking_core.domain.ids import PathwayId, SessionTypeId
from booking_core.domain.policies import link_deadline
from booking_core.ports.calendar import SchedulingLink
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class Initialized:
    """A booking that waits for its slot, and where the client chooses it.

    Where a price is due the link comes only after the money: the booking is AWAITING_PAYMENT, and
    the address of the checkout is on its last attempt. It comes later, too, where the provider does
    not answer.
    """

    booking: Booking
    link: SchedulingLink | None


@frozen
class InitializeBooking:
    """Begins a booking before a slot is chosen (C2); anonymous callers say how to reach them."""

    placer: BookingPlacer
    cashier: Cashier
    offer_link: OfferLink

    def __call__(
        self,
        *,
        session_type_id: SessionTypeId,
        actor: Actor,
        contact: Contact | None = None,
        guests: Sequence[str] | None = None,
        pathway: PathwayId | None = None,
        key: IdempotencyKey | str | None = None,
        remote_address: str | None = None,
    ) -> Initialized:
        """Raises as `confirm_booking`, except for the slot."""
        wish = Wish(
            session_type_id=session_type_id,
            actor=actor,
            contact=contact,
            guests=guests,
            pathway=pathway,
            remote_address=remote_address,
        )

        def begin(uow: UnitOfWork) -> Booking:
            offer = self.placer.offer(uow, wish)
            booking = self.placer.new(offer, wish, Flow.LINK, answered=False)
            if booking.payment.required and not self.cashier.on_site:
                attempt = self.cashier.attempt(booking, offer)
                booking.offer_link(until=attempt.expires_at, attempt=attempt)
                self.cashier.watch(uow, booking)
            else:
                until = link_deadline(self.placer.keeper.clock.now())
                booking.offer_link(until=until, pay_on_site=True)
            self.placer.holds.check(uow, booking, actor)
            return booking

        begun = self.placer.keeper.once(
            begin, key=scoped(key, "initialize", actor, contact.email if contact else None, wish)
        )
        booking = promised(begun, self.cashier.opened(begun))
        return Initialized(booking, self.offer_link.when_answered(booking))
