from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import frozen
from sqlalchemy import Row, bindparam, delete, exists, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from adapters.sql.tables import WAITING, outbox
from adapters.sql.transaction import Transaction
from adapters.sql.types import Instant
from booking_core import (
    READABLE,
    BookingId,
    DeadJob,
    Job,
    LeasedJob,
    LeasedOutbox,
    Topic,
    WaitingJob,
    stored_job,
)

# Nobody works on it: what is put while the same is being done has to be done again.
_WAITING = text(WAITING)
_PUT = {
    "postgresql": postgresql.insert(outbox).on_conflict_do_nothing(
        index_elements=["key"], index_where=_WAITING
    ),
    "sqlite": sqlite.insert(outbox).on_conflict_do_nothing(
        index_elements=["key"], index_where=_WAITING
    ),
}
_GIVE_WAY = delete(outbox).where(
    outbox.c.key == bindparam("put"),
    outbox.c.due_at > bindparam("sooner", type_=Instant()),
    outbox.c.lease_until.is_(None),
)
_WITHDRAW = delete(outbox).where(outbox.c.key == bindparam("withdrawn"), _WAITING)
_WITHDRAW_MAILS = delete(outbox).where(
    outbox.c.booking_id == bindparam("booking"),
    outbox.c.topic == Topic.SEND_MAIL.value,
    outbox.c.lease_until.is_(None),
)
_THERE = (
    select(outbox.c.id)
    # The index is by booking.
    .where(outbox.c.booking_id == bindparam("booking"), outbox.c.key == bindparam("wanted"))
    .limit(1)
)

_now = bindparam("now", type_=Instant())
_older, _held = outbox.alias("older"), outbox.alias("held")
_older_is_due = exists().where(
    _older.c.booking_id == outbox.c.booking_id,
    _older.c.id < outbox.c.id,
    _older.c.due_at <= _now,
)
_booking_is_worked_on = exists().where(
    _held.c.booking_id == outbox.c.booking_id, _held.c.lease_until > _now
)
_NEXT = (
    select(outbox.c.id)
    .where(
        outbox.c.due_at <= _now,
        # Said again of the row itself, because only that is looked at anew after a lock.
        or_(outbox.c.lease_until.is_(None), outbox.c.lease_until <= _now),
        ~_older_is_due,
        ~_booking_is_worked_on,
    )
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
_LEASE = (
    update(outbox)
    .where(outbox.c.id.in_(_NEXT))
    .values(lease_until=bindparam("until", type_=Instant()), attempt=outbox.c.attempt + 1)
    .returning(*outbox.c)
)
_OURS = (
    outbox.c.id == bindparam("leased"),
    outbox.c.attempt == bindparam("in_attempt"),
    outbox.c.lease_until == bindparam("until", type_=Instant()),
)
_DONE = delete(outbox).where(*_OURS)
_BACK = update(outbox).where(*_OURS).values(lease_until=None)

_ALIVE = outbox.c.due_at.is_not(None)
_WAITING_ONES = select(func.count()).select_from(outbox).where(_ALIVE)
_UPCOMING = (
    select(outbox).where(_ALIVE).order_by(outbox.c.due_at, outbox.c.id).limit(bindparam("at_most"))
)
_DEAD = select(outbox).where(outbox.c.due_at.is_(None)).order_by(outbox.c.id)
_OF_BOOKINGS = (
    select(outbox)
    .where(outbox.c.booking_id.in_(bindparam("bookings", expanding=True)))
    .order_by(outbox.c.id)
)
_DISCARD = (
    delete(outbox)
    .where(outbox.c.id == bindparam("dead"), outbox.c.due_at.is_(None))
    .returning(*outbox.c)
)
_BEGIN_ANEW = _DISCARD.where(outbox.c.topic.in_(sorted(READABLE)))


@frozen
class SqlOutbox(LeasedOutbox):
    _transaction: Transaction

    def put(self, job: Job) -> None:
        if not self._add(job):
            later = {"put": job.key, "sooner": job.due_at}
            if self._transaction.write(_GIVE_WAY, later).rowcount:
                self._add(job)

    def ensure(self, job: Job) -> None:
        wanted = {"booking": job.booking_id, "wanted": job.key}
        if self._transaction.first(_THERE, wanted) is None:
            self._add(job)

    def withdraw(self, job: Job) -> None:
        self._transaction.write(_WITHDRAW, {"withdrawn": job.key})

    def withdraw_mails(self, booking_id: BookingId) -> int:
        return self._transaction.write(_WITHDRAW_MAILS, {"booking": booking_id}).rowcount

    def _add(self, job: Job) -> bool:
        """Whether nothing waited under its key."""
        statement = _PUT[self._transaction.dialect]
        return self._transaction.write(statement, from_job(job)).rowcount == 1

    def lease(self, *, now: datetime, length: timedelta, limit: int = 10) -> tuple[LeasedJob, ...]:
        values = {"now": now, "until": now + length, "at_most": limit}
        rows = self._transaction.write(_LEASE, values).all()
        return tuple(to_leased(row) for row in sorted(rows, key=lambda row: (row.due_at, row.id)))

    def done(self, leased: LeasedJob) -> bool:
        return self._transaction.write(_DONE, _ours(leased)).rowcount == 1

    def failed(self, leased: LeasedJob, *, error: str, retry_at: datetime | None) -> bool:
        values = {"error": error, "due_at": retry_at}
        try:
            with self._transaction.savepoint():
                return self._transaction.write(_BACK, _ours(leased) | values).rowcount == 1
        except IntegrityError:  # the same was put again meanwhile, and that one will do
            return self.done(leased)

    def waiting(self) -> int:
        return int(self._transaction.rows(_WAITING_ONES)[0][0])

    def upcoming(self, *, limit: int = 100) -> tuple[WaitingJob, ...]:
        rows = self._transaction.rows(_UPCOMING, {"at_most": limit})
        return tuple(_to_waiting(row) for row in rows)

    def dead(self) -> tuple[DeadJob, ...]:
        return tuple(_to_dead(row) for row in self._transaction.rows(_DEAD))

    def of_bookings(self, booking_ids: Collection[BookingId]) -> tuple[Job, ...]:
        rows = self._transaction.rows(_OF_BOOKINGS, {"bookings": list(booking_ids)})
        return tuple(_to_job(row, row.due_at or _LONG_AGO) for row in rows)

    def restart(self, job_id: str, *, now: datetime) -> bool:
        row = self._transaction.write(_BEGIN_ANEW, {"dead": _number(job_id)}).first()
        if row is None:
            return False
        self.put(_to_job(row, now))
        return True

    def discard(self, job_id: str) -> bool:
        return self._transaction.write(_DISCARD, {"dead": _number(job_id)}).first() is not None


def _number(job_id: str) -> int:
    """The row's number; one that no row has for what is no number."""
    return int(job_id) if job_id.isdecimal() and len(job_id) < 19 else 0


def _ours(leased: LeasedJob) -> dict[str, Any]:
    return {
        "leased": int(leased.id),
        "in_attempt": leased.attempt,
        "until": leased.lease_until,
    }


# ---- rows ----------------------------------------------------------------------------------------


def from_job(job: Job) -> dict[str, Any]:
    return {
        "topic": job.topic.value,
        "booking_id": job.booking_id,
        "key": job.key,
        "subject": job.subject,
        "due_at": job.due_at,
        "attempt": 0,
        "error": "",
        "request_id": job.request_id,
    }


def to_leased(row: Row[Any]) -> LeasedJob:
    return LeasedJob(
        id=str(row.id),
        job=_to_job(row, row.due_at),
        attempt=row.attempt,
        lease_until=row.lease_until,
    )


def _to_waiting(row: Row[Any]) -> WaitingJob:
    return WaitingJob(
        id=str(row.id),
        job=_to_job(row, row.due_at),
        attempts=row.attempt,
        error=row.error,
        begun=row.lease_until is not None,
    )


def _to_dead(row: Row[Any]) -> DeadJob:
    """A dead job is due no more; what it had been due at is not kept."""
    job = _to_job(row, _LONG_AGO)
    return DeadJob(id=str(row.id), job=job, attempts=row.attempt, error=row.error)


def _to_job(row: Row[Any], due_at: datetime) -> Job:
    return stored_job(
        topic=row.topic,
        booking_id=row.booking_id,
        key=row.key,
        subject=row.subject,
        due_at=due_at,
        request_id=row.request_id,
    )


_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
