from __future__ import annotations

from attrs import frozen

from booking_core.application.repeats import IdempotencyKey
from booking_core.application.replay_booking import restart_given_up
from booking_core.application.run_booking import BuilderCommand
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.ids import BookingId
from booking_core.ports.job_queue import JobQueue


@frozen
class RecordReturnedOnSite(BuilderCommand):
    """The builder says that it gave back by hand what it may not keep (D6).

    That is what it took at the meeting, or a refund of the provider's that no bank took. Jobs that were
    given up until somebody gives it back find nothing left to do then.
    """

    jobs: JobQueue

    def __call__(
        self, *, booking_id: BookingId, actor: Actor, key: IdempotencyKey | str | None = None
    ) -> Booking:
        """Raises NotFound; WrongState where nothing has to go back by hand."""
        booking = self.run(
            Booking.record_returned_on_site,
            name="returned",
            booking_id=booking_id,
            actor=actor,
            key=key,
        )
        restart_given_up(self.jobs, booking)
        return booking
