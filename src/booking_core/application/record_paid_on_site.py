from __future__ import annotations

from booking_core.application.repeats import IdempotencyKey
from booking_core.application.run_booking import BuilderCommand
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.ids import BookingId


class RecordPaidOnSite(BuilderCommand):
    """The builder says that it was paid at the meeting (D6)."""

    def __call__(
        self, *, booking_id: BookingId, actor: Actor, key: IdempotencyKey | str | None = None
    ) -> Booking:
        """Raises NotFound, WrongState."""
        return self.run(
            lambda booking: booking.record_paid_on_site(),
            name="paid",
            booking_id=booking_id,
            actor=actor,
            key=key,
        )
