from __future__ import annotations

from booking_core.application.repeats import IdempotencyKey
from booking_core.application.run_booking import BuilderCommand
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.ids import BookingId


class RecordReturnedOnSite(BuilderCommand):
    """The builder says that it gave back by hand what it may not keep (D6).

    That is what it took at the meeting, or a refund of the provider's that no bank took.
    """

    def __call__(
        self, *, booking_id: BookingId, actor: Actor, key: IdempotencyKey | str | None = None
    ) -> Booking:
        """Raises NotFound; WrongState where nothing has to go back by hand."""
        return self.run(
            Booking.record_returned_on_site,
            name="returned",
            booking_id=booking_id,
            actor=actor,
            key=key,
        )
