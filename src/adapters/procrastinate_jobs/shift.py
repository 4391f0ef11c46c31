from __future__ import annotations

import asyncio
from collections.abc import Iterable
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any

from procrastinate import App, JobContext, RetryStrategy
from procrastinate.connector import BaseAsyncConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, JobInserted, Notification, Status
from procrastinate.manager import JobManager, NotificationCallback

from adapters.procrastinate_jobs.outbox import DO, LATER, to_job
from booking_core import JobHandler, serving

if TYPE_CHECKING:
    from adapters.procrastinate_jobs.queue import ProcrastinateJobs

SIDE_BY_SIDE = 4  # jobs of different bookings, in threads
_LOOK = 1.0  # seconds between looks for what has become due; what is put is told by the database
_BLINK = 0.1  # seconds until a word to stop is heard
_BEATS = 15  # before a worker that beats no more counts as dead


class Shift:
    """Procrastinate's worker around one handler: for some jobs, or until it is told to stop."""

    def __init__(
        self,
        queue: ProcrastinateJobs,
        handler: JobHandler,
        *,
        limit: int | None = None,
        stop: Event | None = None,
    ) -> None:
        self._queue, self._handler, self._stop = queue, handler, stop
        connector = queue.connector()
        self._app = App(connector=connector)
        self._desk = _Desk(connector, limit, stop)
        self._told = False
        self._app.job_manager = self._desk
        self._app.task(name=DO, pass_context=True)(self._do)
        # It only moves a job on, so what stops it is the database, and that passes.
        self._app.task(name=LATER, retry=RetryStrategy(wait=10))(self._later)

    async def run(self) -> int:
        """How many jobs were taken."""
        async with self._app.open_async():
            await asyncio.to_thread(self._queue.rescue)
            working = asyncio.create_task(self._work())
            try:
                await self._watch(working)
            finally:
                self._end(working)
                await asyncio.wait([working])
            if not working.cancelled():
                working.result()
        if self._desk.failed is not None:
            raise self._desk.failed
        return self._desk.taken

    async def _work(self) -> None:
        await self._app.run_worker_async(
            wait=self._stop is not None,
            listen_notify=self._stop is not None,
            fetch_job_polling_interval=_LOOK,
            concurrency=SIDE_BY_SIDE,
            install_signal_handlers=False,
            delete_jobs="successful",
            update_heartbeat_interval=self._queue.dead_after / _BEATS,
            stalled_worker_timeout=self._queue.dead_after,
        )

    async def _watch(self, working: asyncio.Task[None]) -> None:
        """Until it has ended. Told to stop, Procrastinate beats no more, even with jobs in hand."""
        beaten = monotonic()
        while not working.done():
            await asyncio.wait([working], timeout=_BLINK)
            if self._desk.closed:
                self._end(working)
            if monotonic() - beaten > self._queue.dead_after / _BEATS:
                await self._desk.beat()
                await asyncio.to_thread(self._queue.rescue)
                beaten = monotonic()

    def _end(self, working: asyncio.Task[None]) -> None:
        """Lets it end what is in hand; told a second time it would cut that off."""
        if not self._told:
            self._told = working.cancel()

    def _do(self, context: JobContext, /, **arguments: Any) -> None:
        job = to_job(arguments)
        with serving(job.request_id):
            try:
                self._handler(job)
            except Exception as failed:
                if self._queue.tried(int(context.job.id or 0), arguments, failed):
                    self._desk.given_up.add(
                        context.job.id
                    )  # raised, it would be logged with a traceback

    def _later(self, **arguments: Any) -> None:
        self._queue.put_now(arguments)


class _Desk(JobManager):
    """Where the worker takes its jobs and brings them back.

    It gives no more than `limit`, and none after `stop`. A job that is brought back may free others
    of its booking, so the worker is told to look again; Procrastinate tells it only of new ones.
    It forgets what it is told while it looks, so a look that found nothing is then done again.

    One that could not be brought back would stay with its worker for as long as that lives. So it
    closes then, and the job goes to whoever comes next.
    """

    def __init__(
        self, connector: BaseAsyncConnector, limit: int | None, stop: Event | None
    ) -> None:
        super().__init__(connector)
        self.taken = 0
        self.failed: ConnectorException | None = None
        self.given_up: set[int | None] = set()
        self._limit, self._stop = limit, stop
        self._worker_id: int | None = None
        self._look: NotificationCallback | None = None
        self._words = 0

    @property
    def closed(self) -> bool:
        return self.failed is not None or (self._stop is not None and self._stop.is_set())

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        self._worker_id = worker_id
        heard, job = -1, None
        while job is None and heard < self._words and not self.closed and self.taken != self._limit:
            heard = self._words
            job = await super().fetch_job(queues=queues, worker_id=worker_id)
        self.taken += job is not None
        return job

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Keeps what was given up, and says nothing of a job that went to another worker meanwhile."""
        if job.id in self.given_up:
            self.given_up.discard(job.id)
            status, delete_job = Status.FAILED, False
        try:
            held = await self.list_jobs_async(id=job.id, status="doing", worker_id=job.worker_id)
            if held:
                await super().finish_job(job, status, delete_job)
        except ConnectorException as failed:
            self.failed = failed
            raise
        if self._look is not None:
            news = JobInserted(type="job_inserted", job_id=job.id or 0)
            await self._look(channel="", notification=news)

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        async def hear(*, channel: str, notification: Notification) -> None:
            self._words += 1
            await on_notification(channel=channel, notification=notification)

        self._look = hear
        await super().listen_for_jobs(on_notification=hear, queues=queues)

    async def beat(self) -> None:
        if self._worker_id is not None:
            await self.update_heartbeat(self._worker_id)
