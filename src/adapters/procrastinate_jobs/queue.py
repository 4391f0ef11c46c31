from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from threading import Event
from typing import Any

from attrs import evolve
from procrastinate import PsycopgConnector
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from adapters.procrastinate_jobs.outbox import ProcrastinateOutbox, to_job
from adapters.procrastinate_jobs.shift import SIDE_BY_SIDE, Shift
from booking_core import (
    READABLE,
    BookingId,
    Clock,
    DeadJob,
    Job,
    JobHandler,
    JobQueue,
    Outbox,
    WaitingJob,
    log_failure,
    retry_at,
    told,
)

_DEAD_AFTER = timedelta(seconds=30)  # without a heartbeat of its worker

_log = logging.getLogger("booking.jobs")


class ProcrastinateJobs(JobQueue):
    """Works Procrastinate's tables off; retries and deaths follow the core's policy, not its own.

    `engine` reaches the database with `schema` in its search path. `dead_after` is how long a
    worker may be silent before its jobs go to others.
    """

    def __init__(
        self, engine: Engine, schema: str, clock: Clock, dead_after: timedelta = _DEAD_AFTER
    ) -> None:
        self._engine, self._schema, self._clock = engine, schema, clock
        self.dead_after = dead_after.total_seconds()

    def outbox(self, connection: Connection) -> Outbox:
        """What puts jobs into the transaction of that connection."""
        return ProcrastinateOutbox(connection, self._clock)

    # ---- work --------------------------------------------------------------------------------------

    def work(self, handler: JobHandler, *, limit: int = 10) -> int:
        return asyncio.run(Shift(self, handler, limit=limit).run())

    def work_until(self, handler: JobHandler, *, stop: Event) -> None:
        asyncio.run(Shift(self, handler, stop=stop).run())

    def connector(self) -> PsycopgConnector:
        url = self._engine.url.set(drivername="postgresql")
        return PsycopgConnector(
            conninfo=url.render_as_string(hide_password=False),
            kwargs={"options": f"-c search_path={self._schema}"},
            min_size=1,
            max_size=SIDE_BY_SIDE + 1,
        )

    def tried(self, job_id: int, arguments: dict[str, Any], failed: Exception) -> bool:
        """Puts a job that failed back, or writes down why it is dead; whether it is dead."""
        job, attempt = to_job(arguments), int(arguments["attempt"])
        again = retry_at(failed, attempt=attempt, now=self._clock.now())
        log_failure(_log, job, failed, given_up=again is None)
        with self._transaction() as connection:
            if again is not None:
                self._outbox(connection).put_try(
                    evolve(job, due_at=again), attempt=attempt + 1, error=told(failed)
                )
            else:
                connection.execute(_SAY_WHY, {"id": job_id, "error": told(failed)})
        return again is None

    def put_now(self, arguments: dict[str, Any]) -> None:
        """A job that has become due."""
        with self._transaction() as connection:
            due = evolve(to_job(arguments), due_at=self._clock.now())
            self._outbox(connection).put_try(
                due, attempt=int(arguments["attempt"]), error=arguments.get("error", "")
            )

    def rescue(self) -> None:
        """Makes jobs of workers that died due again; where the key waits already, that one will do.

        The library does it in two steps, and a job that another worker began between them would be
        begun a second time.
        """
        with suppress(IntegrityError), self._transaction() as connection:  # put again just now
            for statement in (_GIVE_WAY, _RESCUE):
                connection.execute(statement, {"silent": self.dead_after})

    # ---- what there is -----------------------------------------------------------------------------

    def waiting(self) -> int:
        with self._transaction() as connection:
            return int(connection.execute(_WAITING).scalar_one())

    def upcoming(self, *, limit: int = 100) -> Sequence[WaitingJob]:
        with self._transaction() as connection:
            return [
                WaitingJob(
                    id=str(row.id),
                    job=to_job(row.args),
                    attempts=row.args["attempt"] - (not row.begun),
                    error=row.args.get("error", ""),
                    begun=row.begun,
                )
                for row in connection.execute(_UPCOMING, {"limit": limit})
            ]

    def dead(self) -> Sequence[DeadJob]:
        with self._transaction() as connection:
            return [
                DeadJob(
                    id=str(row.id),
                    job=to_job(row.args),
                    attempts=row.args["attempt"],
                    error=row.args.get("error", ""),
                )
                for row in connection.execute(_DEAD)
            ]

    def of_bookings(self, booking_ids: Collection[BookingId]) -> Sequence[Job]:
        with self._transaction() as connection:
            rows = connection.execute(_OF_BOOKINGS, {"bookings": list(booking_ids)})
            return [to_job(row.args) for row in rows]

    def restart(self, job_id: str) -> bool:
        with self._transaction() as connection:
            dead = {"id": _number(job_id), "readable": sorted(READABLE)}
            row = connection.execute(_BEGIN_ANEW, dead).first()
            if row is None:
                return False
            due = evolve(to_job(row.args), due_at=self._clock.now())
            self._outbox(connection).put(due)
            return True

    def discard(self, job_id: str) -> bool:
        with self._transaction() as connection:
            return connection.execute(_DISCARD, {"id": _number(job_id)}).first() is not None

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection

    def _outbox(self, connection: Connection) -> ProcrastinateOutbox:
        return ProcrastinateOutbox(connection, self._clock)


def _number(job_id: str) -> int:
    """The row's number; one that no row has for what is no number."""
    return int(job_id) if job_id.isdecimal() and len(job_id) < 19 else 0


_WAITING = text("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
_STALLED = """
    job.status = 'doing' AND (job.worker_id IS NULL OR job.worker_id IN (
        SELECT id FROM procrastinate_workers
        WHERE last_heartbeat < now() - make_interval(secs => :silent)
    ))
"""
_GIVE_WAY = text(
    f"DELETE FROM procrastinate_jobs AS job WHERE {_STALLED} AND EXISTS (SELECT"
    " FROM procrastinate_jobs AS same WHERE same.queueing_lock = job.queueing_lock"
    " AND same.status = 'todo')"
)
_RESCUE = text(
    "UPDATE procrastinate_jobs AS job SET status = 'todo', scheduled_at = now(), worker_id = NULL,"
    f" attempts = attempts + 1 WHERE {_STALLED}"
)
# A job that waits for its time is not begun when it is moved on.
_UPCOMING = text(
    "SELECT id, args, status = 'doing' AND lock IS NOT NULL AS begun FROM procrastinate_jobs"
    " WHERE status IN ('todo', 'doing')"
    " ORDER BY CAST(args ->> 'due_at' AS timestamptz), id LIMIT :limit"
)
# Whatever the library, or somebody with its tools, has stopped: nothing lies there unseen.
_STOPPED = "status NOT IN ('todo', 'doing', 'succeeded')"
_DEAD = text(f"SELECT id, args FROM procrastinate_jobs WHERE {_STOPPED} ORDER BY id")
_OF_BOOKINGS = text(
    "SELECT args FROM procrastinate_jobs WHERE status <> 'succeeded'"
    " AND args ->> 'booking_id' = ANY(:bookings) ORDER BY id"
)
_DISCARD = text(f"DELETE FROM procrastinate_jobs WHERE id = :id AND {_STOPPED} RETURNING args")
_BEGIN_ANEW = text(
    f"DELETE FROM procrastinate_jobs WHERE id = :id AND {_STOPPED}"
    " AND args ->> 'topic' = ANY(:readable) RETURNING args"
)
_SAY_WHY = text(
    "UPDATE procrastinate_jobs SET args = args || jsonb_build_object('error', CAST(:error AS text))"
    " WHERE id = :id"
)
