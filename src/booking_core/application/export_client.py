from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen

from booking_core.application.held_data import held_data
from booking_core.domain.account import Account
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.credential import Credential
from booking_core.domain.ids import BookingId, ClientId
from booking_core.domain.policies import check_may_run_people
from booking_core.domain.trail import Subject, SubjectKind, TrailEntry
from booking_core.ports.job_queue import JobQueue
from booking_core.ports.outbox import Job, Topic
from booking_core.ports.trail import MOST_ENTRIES, TrailFilter
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

_MOST_JOBS = 100_000


@frozen(kw_only=True)
class ClientExport:
    """All that is held about one person; of credentials what they are, and never their secrets.

    `mails` are those that were not sent yet, or were given up; `trail` is what happened to the
    bookings, oldest first.
    """

    account: Account | None
    credentials: Sequence[Credential]
    bookings: Sequence[Booking]
    mails: Sequence[Job]
    trail: Sequence[TrailEntry]


@frozen
class ExportClient:
    """Everything that is held about one person, for operators, who hand it to the person (J4)."""

    unit_of_work: UnitOfWorkFactory
    jobs: JobQueue

    def __call__(
        self, *, actor: Actor, account_id: ClientId | None = None, email: str | None = None
    ) -> ClientExport:
        """What is held about the person named by account or by address; that may be nothing.

        Raises:
            NotFound: the caller is no operator.
            NotAllowed: for those who come with a key.
            InvalidRequest: not exactly one of both was given, or it is no address.
        """
        check_may_run_people(actor)
        with self.unit_of_work(write=False) as uow:
            held = held_data(uow, account_id=account_id, email=email)
            found = uow.credentials.of(account_id=held.account_id, email=held.email)
            trail = [entry for booking in held.bookings for entry in _trail(uow, booking.id)]
        return ClientExport(
            account=held.account,
            credentials=found,
            bookings=held.bookings,
            mails=self._mails({booking.id for booking in held.bookings}),
            trail=trail,
        )

    def _mails(self, bookings: set[BookingId]) -> list[Job]:
        jobs = [each.job for each in self.jobs.upcoming(limit=_MOST_JOBS)]
        jobs += [each.job for each in self.jobs.dead()]
        return [job for job in jobs if job.topic is Topic.SEND_MAIL and job.booking_id in bookings]


def _trail(uow: UnitOfWork, booking_id: BookingId) -> Iterator[TrailEntry]:
    subject, last = Subject(SubjectKind.BOOKING, booking_id), None
    while True:
        found = uow.trail.find(
            TrailFilter(subject=subject, after=last, oldest_first=True, limit=MOST_ENTRIES)
        )
        yield from found
        if len(found) < MOST_ENTRIES:
            return
        last = found[-1].number
