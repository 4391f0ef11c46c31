from __future__ import annotations

from booking_core.application.repeats import IdempotencyKey
from booking_core.application.run_booking import BuilderCommand
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.ids import BookingId


class UndoNoShow(BuilderCommand):
    """The builder takes a no-show back: the session took place (C7)."""

    def __call__(
        self, *, booking_id: BookingId, actor: Actor, key: IdempotencyKey | str | None = None
    ) -> Booking:
        """Raises NotFound, WrongState."""
        return self.run(
            Booking.undo_no_show,
            name="undo-no-show",
            booking_id=booking_id,
            actor=actor,
            key=key,
        )
