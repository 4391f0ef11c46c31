from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from booking_core.application.place_booking import BookingPlacer, Wish
from booking_core.application.repeats import IdempotencyKey, scoped
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking, Flow
from booking_core.domain.contact import Contact
from booking_core.domain.ids import PathwayId, SessionTypeId
from booking_core.domain.questions import Answer
from booking_core.domain.time import Slot


@frozen
class HoldSlot:
    """Keeps a slot for a client for a limited time (B5); `confirm_booking` makes it final."""

    placer: BookingPlacer

    def __call__(
        self,
        *,
        session_type_id: SessionTypeId,
        slot: Slot,
        actor: Actor,
        contact: Contact | None = None,
        guests: Sequence[str] | None = None,
        notes: str = "",
        answers: Sequence[Answer] = (),
        pathway: PathwayId | None = None,
        key: IdempotencyKey | str | None = None,
        remote_address: str | None = None,
    ) -> Booking:
        """The booking, HELD until its deadline. Raises as `confirm_booking`."""
        wish = Wish(
            session_type_id=session_type_id,
            actor=actor,
            contact=contact,
            guests=guests,
            notes=notes,
            answers=answers,
            pathway=pathway,
            remote_address=remote_address,
        )
        return self.placer.place(
            wish,
            slot,
            key=scoped(key, "hold", actor, contact.email if contact else None, (wish, slot)),
            read=lambda _, offer: self.placer.new(offer, wish, Flow.DIRECT),
            begin=lambda _, __, booking: self.placer.hold(booking, slot),
        )
