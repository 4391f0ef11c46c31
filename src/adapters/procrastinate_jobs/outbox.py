from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import frozen
from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import Connection

from booking_core import BookingId, Clock, Job, Outbox, Topic

#: The tasks. A job waits as `LATER` until it is due; then it becomes a `DO`.
DO, LATER = "booking.do", "booking.later"

# Never opened: it only says how a job is deferred on a connection of ours.
_APP = App(connector=SyncPsycopgConnector())


@frozen
class ProcrastinateOutbox(Outbox):
    """Defers jobs inside the transaction of a SQLAlchemy connection."""

    connection: Connection
    clock: Clock

    def put(self, job: Job) -> None:
        self.put_try(job, attempt=1)

    def put_try(self, job: Job, *, attempt: int) -> None:
        """Of two jobs of one booking the later waits for the earlier (`lock`).

        Procrastinate lets a job that is due later hold up those behind it, and one that is tried
        again as well: so only what is due now has the lock.
        """
        due = job.due_at <= self.clock.now()
        how: dict[str, Any] = {"lock": job.booking_id} if due else {"schedule_at": job.due_at}
        deferrer = _APP.configure_task(
            DO if due else LATER,
            queueing_lock=job.key,
            connection=self.connection.connection.driver_connection,
            **how,
        )
        try:
            # A key that waits already is an error, and would spoil the transaction.
            with self.connection.begin_nested():
                deferrer.defer(**to_arguments(job, attempt))
        except AlreadyEnqueued:
            pass


def to_arguments(job: Job, attempt: int) -> dict[str, Any]:
    return {
        "topic": job.topic.value,
        "booking_id": job.booking_id,
        "key": job.key,
        "subject": job.subject,
        "due_at": job.due_at.isoformat(),
        "attempt": attempt,
    }


def to_job(arguments: dict[str, Any]) -> Job:
    return Job(
        topic=Topic(arguments["topic"]),
        booking_id=BookingId(arguments["booking_id"]),
        key=arguments["key"],
        subject=arguments["subject"],
        due_at=datetime.fromisoformat(arguments["due_at"]),
    )
