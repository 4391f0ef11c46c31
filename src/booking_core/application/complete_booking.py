from __future__ import annotations

from booking_core.application.repeats import IdempotencyKey
from booking_core.application.run_booking import BuilderCommand
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.ids import BookingId


class CompleteBooking(BuilderCommand):
    """The builder says that the session took place (C7)."""

    def __call__(
        self, *, booking_id: BookingId, actor: Actor, key: IdempotencyKey | str | None = None
    ) -> Booking:
        """Raises NotFound, WrongState."""
        return self.run(
            lambda booking: booking.complete(now=self.keeper.clock.now()),
            name="complete",
            booking_id=booking_id,
            actor=actor,
            key=key,
        )
