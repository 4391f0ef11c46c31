from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from booking_core.application.access import Access
from booking_core.application.list_trail import page
from booking_core.application.replay_booking import given_up
from booking_core.domain.actor import Actor
from booking_core.domain.ids import BookingId
from booking_core.domain.trail import Subject, SubjectKind, TrailEntry
from booking_core.ports.job_queue import JobQueue
from booking_core.ports.outbox import DeadJob
from booking_core.ports.trail import TrailFilter
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class Timeline:
    """One page of what happened to a booking, oldest first; `next` is the cursor of the page after it.

    `given_up` is what is not tried again by itself; `replay_booking` begins it anew.
    """

    entries: Sequence[TrailEntry]
    next: int | None
    given_up: Sequence[DeadJob]


@frozen
class ShowTimeline:
    """Everything that happened to one booking, for its builder and for operators."""

    unit_of_work: UnitOfWorkFactory
    access: Access
    jobs: JobQueue

    def __call__(
        self, *, booking_id: BookingId, actor: Actor, after: int | None = None, limit: int = 200
    ) -> Timeline:
        """Raises NotFound, for the client of the booking too; InvalidRequest for the limit."""
        subject = Subject(SubjectKind.BOOKING, booking_id)
        criteria = TrailFilter(subject=subject, after=after, limit=limit, oldest_first=True)
        with self.unit_of_work(write=False) as uow:
            booking = self.access.run_booking(uow, booking_id, actor)
            found = page(uow, criteria)
        return Timeline(found.entries, found.next, given_up(self.jobs, booking))
