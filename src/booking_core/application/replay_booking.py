from __future__ import annotations

from attrs import evolve, frozen

from booking_core.application.access import Access
from booking_core.application.keep import Keeper, settle_job
from booking_core.application.witness import of_booking
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking, Settle
from booking_core.domain.ids import BookingId
from booking_core.domain.trail import TrailKind
from booking_core.ports.job_queue import JobQueue
from booking_core.ports.outbox import DeadJob


@frozen
class Replay:
    """What was begun anew: so many jobs that had been given up, and what is settled again."""

    restarted: int
    settles: tuple[Settle, ...]


@frozen
class ReplayBooking:
    """Tries again what failed of one booking, for its builder and for operators.

    Its jobs that were given up are restarted, and calendar and money are settled now, whatever they
    waited for. Where nothing is left to do, doing that changes nothing.
    """

    keeper: Keeper
    access: Access
    jobs: JobQueue

    def __call__(self, *, booking_id: BookingId, actor: Actor) -> Replay:
        """The work itself is done by jobs. Raises NotFound."""
        with self.keeper.unit_of_work(write=False) as uow:
            booking = self.access.run_booking(uow, booking_id, actor)
        restarted = restart_given_up(self.jobs, booking)
        settles = self._settles(booking)
        now = self.keeper.clock.now()
        entry = of_booking(booking, TrailKind.CHANGE, "replayed", at=now, restarted=restarted)
        with self.keeper.unit_of_work() as uow:
            for what in settles:
                uow.outbox.put(settle_job(booking, what, now))
            uow.trail.add([evolve(entry, by=actor.name)])
            uow.commit()
        return Replay(restarted, settles)

    def _settles(self, booking: Booking) -> tuple[Settle, ...]:
        """What there is a provider for."""
        provided = not self.keeper.calendar.in_database
        paid = bool(booking.payment.attempts)
        return (Settle.CALENDAR,) * provided + (Settle.MONEY,) * paid


def given_up(jobs: JobQueue, booking: Booking) -> list[DeadJob]:
    """The booking's jobs that were given up; one that reads its event is known by the event."""
    names = {booking.id, booking.event.place if booking.event else booking.id}
    return [each for each in jobs.dead() if each.job.booking_id in names]


def restart_given_up(jobs: JobQueue, booking: Booking) -> int:
    """How many of them begin anew."""
    return sum(jobs.restart(each.id) for each in given_up(jobs, booking))
