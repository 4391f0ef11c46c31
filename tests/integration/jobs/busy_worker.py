"""A worker as `booking worker` runs it, whose jobs only write down that they were done.

Usage: busy_worker.py DATABASE_URL
"""

from __future__ import annotations

import os
import random
import signal
import sys
from datetime import timedelta
from threading import Event
from time import sleep
from types import SimpleNamespace
from typing import Any

from sqlalchemy import text

from adapters.procrastinate_jobs import ProcrastinateJobs
from adapters.sql import jobs_schema, open_engine
from booking_core import Job, ProviderFailed, SystemClock
from entrypoints import worker

DEAD_AFTER = timedelta(seconds=5)

_BEGIN = text(
    "INSERT INTO log (key, booking, worker, begun)"
    " VALUES (:key, :booking, :worker, clock_timestamp())"
    " RETURNING id, (SELECT count(*) FROM log AS earlier WHERE earlier.key = :key) AS tries"
)
_END = text("UPDATE log SET ended = clock_timestamp() WHERE id = :id")


def main(url: str) -> None:
    engine = open_engine(url)
    queue = ProcrastinateJobs(engine, jobs_schema(engine), SystemClock(), DEAD_AFTER)

    def handle(job: Job) -> None:
        about = {"key": job.key, "booking": job.booking_id, "worker": os.getpid()}
        with engine.begin() as connection:
            begun = connection.execute(_BEGIN, about).one()
        sleep(random.uniform(0.005, 0.03))  # what a provider takes
        with engine.begin() as connection:
            connection.execute(_END, {"id": begun.id})
        if job.subject == "fails at first" and begun.tries == 0:
            raise ProviderFailed("busy")

    core = SimpleNamespace(
        work_outbox=SimpleNamespace(until=lambda stop: queue.work_until(handle, stop=stop)),
        expire_overdue=lambda: 0,
        settle_unsettled=lambda: 0,
        hear_payment_notice=SimpleNamespace(catch_up=lambda: 0),
        forget_answers=lambda: 0,
        forget_credentials=lambda: 0,
        refresh_openings=lambda: 0,
    )
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    application: Any = SimpleNamespace(core=core, notices=None)
    worker.run(application, stop)
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1])
