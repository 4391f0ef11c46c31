from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from attrs import define, field
from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import Connection, text

from booking_core import BookingId, Clock, Job, Outbox, Topic, stored_job

#: The tasks. A job waits as `LATER` until it is due; then it becomes a `DO`.
DO, LATER = "booking.do", "booking.later"

# Never opened: it only says how a job is deferred on a connection of ours.
_APP = App(connector=SyncPsycopgConnector())


@define
class ProcrastinateOutbox(Outbox):
    """Defers jobs inside the transaction of a SQLAlchemy connection."""

    connection: Connection
    clock: Clock
    _ahead: timedelta | None = field(default=None, init=False)

    def put(self, job: Job) -> None:
        self.put_try(job, attempt=1)

    def ensure(self, job: Job) -> None:
        if not self.connection.execute(_THERE, {"key": job.key}).scalar_one():
            self.put(job)

    def withdraw(self, job: Job) -> None:
        self.connection.execute(_WITHDRAW, {"key": job.key})

    def withdraw_mails(self, booking_id: BookingId) -> int:
        mails = {"booking": booking_id, "topic": Topic.SEND_MAIL.value}
        return self.connection.execute(_WITHDRAW_MAILS, mails).rowcount

    def put_try(self, job: Job, *, attempt: int, error: str = "") -> None:
        """`error` is why the try before it failed."""
        arguments = to_arguments(job, attempt, error)
        delay = job.due_at - self.clock.now()
        if not self._deferred(arguments, delay):
            later = {"key": job.key, "due": self._by_database(job.due_at)}
            if self.connection.execute(_GIVE_WAY, later).rowcount:
                self._deferred(arguments, delay)

    def _deferred(self, arguments: dict[str, Any], delay: timedelta) -> bool:
        """Whether nothing waited under its key. Of two jobs of one booking the later waits (`lock`).

        Procrastinate lets a job that is due later hold up those behind it, and one that is tried
        again as well: so only what is due now has the lock.
        """
        how: dict[str, Any] = {"lock": arguments["booking_id"]}
        if delay > timedelta(0):
            how = {"schedule_at": self._by_database(datetime.fromisoformat(arguments["due_at"]))}
        deferrer = _APP.configure_task(
            LATER if delay > timedelta(0) else DO,
            queueing_lock=arguments["key"],
            connection=self.connection.connection.driver_connection,
            **how,
        )
        try:
            # A key that waits already is an error, and would spoil the transaction.
            with self.connection.begin_nested():
                deferrer.defer(**arguments)
        except AlreadyEnqueued:
            return False
        return True

    def _by_database(self, moment: datetime) -> datetime:
        """That moment on the database's clock, which is the one that jobs become due by.

        Were it ahead of ours, each pause would be shorter, and the tries used up at once.
        """
        if self._ahead is None:
            ours = self.clock.now()
            self._ahead = self.connection.execute(_NOW).scalar_one() - ours
        return moment + self._ahead


def to_arguments(job: Job, attempt: int, error: str) -> dict[str, Any]:
    return {
        "topic": job.topic.value,
        "booking_id": job.booking_id,
        "key": job.key,
        "subject": job.subject,
        "due_at": job.due_at.isoformat(),
        "request_id": job.request_id,
        "attempt": attempt,
        "error": error,
    }


def to_job(arguments: dict[str, Any]) -> Job:
    return stored_job(
        topic=arguments["topic"],
        booking_id=arguments["booking_id"],
        key=arguments["key"],
        subject=arguments["subject"],
        due_at=datetime.fromisoformat(arguments["due_at"]),
        request_id=arguments.get("request_id", ""),  # those of before have none
    )


_NOW = text("SELECT clock_timestamp()")
_GIVE_WAY = text(
    "DELETE FROM procrastinate_jobs"
    " WHERE queueing_lock = :key AND status = 'todo' AND scheduled_at > :due"
)
_WITHDRAW = text("DELETE FROM procrastinate_jobs WHERE queueing_lock = :key AND status = 'todo'")
_WITHDRAW_MAILS = text(
    "DELETE FROM procrastinate_jobs WHERE status <> 'doing'"
    " AND args ->> 'booking_id' = :booking AND args ->> 'topic' = :topic"
)
# Most often it waits, and for that there is an index.
_THERE = text(
    "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = :key AND status = 'todo')"
    " OR EXISTS (SELECT FROM procrastinate_jobs WHERE queueing_lock = :key"
    " AND status NOT IN ('todo', 'succeeded'))"
)
