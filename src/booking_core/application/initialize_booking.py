from __future__ import annotations

from attrs import frozen

from booking_core.application.place_booking import BookingPlacer, Wish
from booking_core.application.repeats import IdempotencyKey, scoped
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking, Flow
from booking_core.domain.contact import Contact
from booking_core.domain.errors import PaymentsUnavailable
from booking_core.domain.ids import PathwayId, SessionTypeId
from booking_core.domain.policies import link_deadline
from booking_core.ports.calendar import SchedulingLink
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@frozen
class Initialized:
    """A booking that waits for its slot, and where the client chooses it."""

    booking: Booking
    link: SchedulingLink


@frozen
class InitializeBooking:
    """Begins a booking before a slot is chosen (C2); anonymous callers say how to reach them."""

    unit_of_work: UnitOfWorkFactory
    placer: BookingPlacer

    def __call__(
        self,
        *,
        session_type_id: SessionTypeId,
        actor: Actor,
        contact: Contact | None = None,
        pathway: PathwayId | None = None,
        key: IdempotencyKey | str | None = None,
    ) -> Initialized:
        """Raises as `confirm_booking`, except for the slot."""
        wish = Wish(session_type_id=session_type_id, actor=actor, contact=contact, pathway=pathway)

        def begin(uow: UnitOfWork) -> Booking:
            offer = self.placer.offer(uow, wish)
            if offer.session_type.price is not None:
                raise PaymentsUnavailable("This session costs money, and no payments are set up.")
            booking = self.placer.new(offer, wish, Flow.LINK, answered=False)
            booking.offer_link(until=link_deadline(self.placer.keeper.clock.now()))
            return booking

        booking = self.placer.keeper.once(
            begin, key=scoped(key, "initialize", actor, contact.email if contact else None, wish)
        )
        return Initialized(booking, self._link(wish, booking))

    def _link(self, wish: Wish, booking: Booking) -> SchedulingLink:
        with self.unit_of_work(write=False) as uow:
            offer = self.placer.offer(uow, wish)
        return self.placer.keeper.calendar.scheduling_link(
            builder=offer.builder, session_type=offer.session_type, booking=booking
        )
