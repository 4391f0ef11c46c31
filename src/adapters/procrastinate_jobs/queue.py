from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from attrs import evolve
from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status
from sqlalchemy import Connection, Engine, text

from adapters.procrastinate_jobs.outbox import DO, LATER, ProcrastinateOutbox, to_job
from booking_core import Clock, DeadJob, JobHandler, JobQueue, Outbox, retry_at, told

_SIDE_BY_SIDE = 4  # jobs of different bookings, in threads
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
        self._dead_after = dead_after.total_seconds()

    def outbox(self, connection: Connection) -> Outbox:
        """What puts jobs into the transaction of that connection."""
        return ProcrastinateOutbox(connection, self._clock)

    # ---- work --------------------------------------------------------------------------------------

    def work(self, handler: JobHandler, *, limit: int = 10) -> int:
        """Until nothing is due any more; `limit` is Procrastinate's own business."""
        return asyncio.run(_Round(self, handler).run())

    async def drain(self, app: App) -> None:
        async with app.open_async():
            for stalled in await app.job_manager.get_stalled_jobs(
                seconds_since_heartbeat=self._dead_after
            ):
                await _rescue(app, stalled)
            await app.run_worker_async(
                wait=False,
                concurrency=_SIDE_BY_SIDE,
                listen_notify=False,
                install_signal_handlers=False,
                delete_jobs="successful",
                update_heartbeat_interval=self._dead_after / 3,
                stalled_worker_timeout=self._dead_after,
            )

    def connector(self) -> PsycopgConnector:
        url = self._engine.url.set(drivername="postgresql")
        return PsycopgConnector(
            conninfo=url.render_as_string(hide_password=False),
            kwargs={"options": f"-c search_path={self._schema}"},
            min_size=1,
            max_size=_SIDE_BY_SIDE + 1,
        )

    def tried(self, job_id: int, arguments: dict[str, Any], failed: Exception) -> bool:
        """Puts a job that failed back, or writes down why it is dead; whether it is dead."""
        job, attempt = to_job(arguments), int(arguments["attempt"])
        _log.warning("job %s failed: %s", job.key, told(failed), exc_info=failed)
        again = retry_at(failed, attempt=attempt, now=self._clock.now())
        with self._transaction() as connection:
            if again is not None:
                self._outbox(connection).put_try(evolve(job, due_at=again), attempt=attempt + 1)
            else:
                connection.execute(_SAY_WHY, {"id": job_id, "error": told(failed)})
        return again is None

    def put_now(self, arguments: dict[str, Any]) -> None:
        """A job that has become due."""
        with self._transaction() as connection:
            due = evolve(to_job(arguments), due_at=self._clock.now())
            self._outbox(connection).put_try(due, attempt=int(arguments["attempt"]))

    # ---- what there is -----------------------------------------------------------------------------

    def waiting(self) -> int:
        with self._transaction() as connection:
            return int(connection.execute(_WAITING).scalar_one())

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

    def restart(self, job_id: str) -> bool:
        with self._transaction() as connection:
            row = connection.execute(_DISCARD, {"id": _number(job_id)}).first()
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


async def _rescue(app: App, stalled: Job) -> None:
    """Makes a job of a worker that died due again; where its key waits already, that one will do."""
    try:
        await app.job_manager.retry_job(stalled)
    except UniqueViolation:
        await app.job_manager.finish_job(stalled, status=Status.SUCCEEDED, delete_job=True)


class _Round:
    """One round of work: the tasks of Procrastinate around one handler."""

    def __init__(self, queue: ProcrastinateJobs, handler: JobHandler) -> None:
        self._queue, self._handler = queue, handler
        self._app = App(connector=queue.connector())
        self._app.task(name=DO, pass_context=True)(self._do)
        # It only moves a job on, so what stops it is the database, and that passes.
        self._app.task(name=LATER, retry=RetryStrategy(wait=10))(self._later)
        self._taken = 0

    async def run(self) -> int:
        await self._queue.drain(self._app)
        return self._taken

    def _do(self, context: JobContext, /, **arguments: Any) -> None:
        self._taken += 1
        try:
            self._handler(to_job(arguments))
        except Exception as failed:
            if self._queue.tried(int(context.job.id or 0), arguments, failed):
                raise

    def _later(self, **arguments: Any) -> None:
        self._taken += 1  # so that whoever works until nothing is due comes back for it
        self._queue.put_now(arguments)


def _number(job_id: str) -> int:
    """The row's number; one that no row has for what is no number."""
    return int(job_id) if job_id.isdecimal() and len(job_id) < 19 else 0


_WAITING = text("SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')")
_DEAD = text(
    f"SELECT id, args FROM procrastinate_jobs WHERE status = 'failed' AND task_name = '{DO}'"
    " ORDER BY id"
)
_DISCARD = text(
    f"DELETE FROM procrastinate_jobs WHERE id = :id AND status = 'failed' AND task_name = '{DO}'"
    " RETURNING args"
)
_SAY_WHY = text(
    "UPDATE procrastinate_jobs SET args = args || jsonb_build_object('error', CAST(:error AS text))"
    " WHERE id = :id"
)
