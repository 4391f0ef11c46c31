from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from attrs import field, frozen

from booking_core.domain.ids import BookingId
from booking_core.domain.request_id import REQUEST_ID


class Topic(StrEnum):
    """What there is to do for a booking. It says what to make true, never how (DESIGN §3)."""

    SETTLE_CALENDAR = "settle calendar"
    SETTLE_MONEY = "settle money"
    SEND_MAIL = "send mail"
    SEND_SIGN_IN_LINK = "send sign-in link"  # its `booking_id` is the credential's id
    READ_EVENT = "read event"  # whose booking it is, if anybody's, is found out by the job
    UNREADABLE = "unreadable"  # nobody puts it; its row is another version's, as told in `subject`


@frozen(kw_only=True)
class Job:
    """One piece of work; `key` makes it unique among the jobs that wait and that nobody has leased.

    `request_id` is that of the request, or of the job, in which it was written.
    """

    topic: Topic
    booking_id: BookingId
    key: str
    subject: str = ""
    due_at: datetime
    request_id: str = field(factory=REQUEST_ID.get)


#: The topics that a job can be begun anew with.
READABLE = frozenset(Topic) - {Topic.UNREADABLE}


def stored_job(
    *, topic: str, booking_id: str, key: str, subject: str, due_at: datetime, request_id: str
) -> Job:
    """A job as it was stored; one whose topic nobody knows here is `UNREADABLE`, and no error."""
    known = topic in READABLE
    return Job(
        topic=Topic(topic) if known else Topic.UNREADABLE,
        booking_id=BookingId(booking_id),
        key=key,
        subject=subject if known else " ".join([topic, subject]).strip(),
        due_at=due_at,
        request_id=request_id,
    )


@frozen(kw_only=True)
class LeasedJob:
    """A job that this worker may do until `lease_until`; `attempt` counts from 1."""

    id: str
    job: Job
    attempt: int
    lease_until: datetime


class Outbox(Protocol):
    """Work that is written down in the transaction of the change, and done after it by a `JobQueue`."""

    @abstractmethod
    def put(self, job: Job) -> None:
        """Writes the job down, unless one with its key waits already that is due no later.

        One that waits for a later time gives way: what is put is news, so it is not held back by
        the pause after a failure, and its tries are counted anew.
        """

    @abstractmethod
    def ensure(self, job: Job) -> None:
        """Writes the job down, unless one with its key waits, is being done, or was given up.

        For what looks again and again whether there is something to do.
        """

    @abstractmethod
    def withdraw(self, job: Job) -> None:
        """Forgets what waits under the job's key; what has begun, or was given up, stays."""

    @abstractmethod
    def withdraw_mails(self, booking_id: BookingId) -> int:
        """Forgets the booking's mails that wait or were given up, whatever their keys; how many.

        What has begun stays.
        """


@frozen(kw_only=True)
class WaitingJob:
    """A job that is not done yet; `error` says why the last of its `attempts` failed, if any did.

    `begun` is whether somebody is working on it.
    """

    id: str
    job: Job
    attempts: int
    error: str
    begun: bool


@frozen(kw_only=True)
class DeadJob:
    """A job that was given up; `error` says why the last of its `attempts` failed."""

    id: str
    job: Job
    attempts: int
    error: str


@runtime_checkable
class LeasedOutbox(Outbox, Protocol):
    """An outbox that gives its jobs out for a while; what `LeasingQueue` works off."""

    @abstractmethod
    def lease(self, *, now: datetime, length: timedelta, limit: int = 10) -> tuple[LeasedJob, ...]:
        """Takes due jobs that nobody holds; of one booking only the oldest."""

    @abstractmethod
    def done(self, leased: LeasedJob) -> bool:
        """Forgets the job; False, and nothing done, when the lease is no longer ours."""

    @abstractmethod
    def failed(self, leased: LeasedJob, *, error: str, retry_at: datetime | None) -> bool:
        """Puts the job back until `retry_at`, or among the dead ones when that is None."""

    @abstractmethod
    def waiting(self) -> int:
        """How many jobs are not dead."""

    @abstractmethod
    def upcoming(self, *, limit: int = 100) -> tuple[WaitingJob, ...]:
        """The jobs that are not dead, the one that is due first at first."""

    @abstractmethod
    def dead(self) -> tuple[DeadJob, ...]:
        """The dead jobs, oldest first."""

    @abstractmethod
    def of_bookings(self, booking_ids: Collection[BookingId]) -> tuple[Job, ...]:
        """The jobs of those bookings, dead ones too, oldest first."""

    @abstractmethod
    def restart(self, job_id: str, *, now: datetime) -> bool:
        """Makes a dead job due, its attempts counted anew; False when there is no such one.

        One that is unreadable stays as it is, for the version that can read it: False.
        Where one with its key waits already, that one will do and the dead one is forgotten.
        """

    @abstractmethod
    def discard(self, job_id: str) -> bool:
        """Forgets a dead job; False when there is no such one."""
