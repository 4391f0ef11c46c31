"""Four worker processes, hundreds of jobs, one worker killed in the midst of a job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from attrs import frozen
from sqlalchemy import Engine, Row, text

from adapters.procrastinate_jobs import ProcrastinateJobs
from adapters.sql import SqlStore, jobs_schema
from booking_core import BookingId, Job, SystemClock, Topic

pytestmark = pytest.mark.storm

ROOT = Path(__file__).parents[3]
WORKERS, BOOKINGS, EACH = 4, 30, 10
PATIENCE = 90.0  # seconds

LOG = """
CREATE TABLE log (
    id bigserial PRIMARY KEY, key text, booking text, worker int,
    begun timestamptz, ended timestamptz
)
"""


@frozen
class Storm:
    engine: Engine
    queue: ProcrastinateJobs
    workers: list[subprocess.Popen[bytes]]

    def start(self) -> None:
        url = self.engine.url.render_as_string(hide_password=False)
        self.workers.append(
            subprocess.Popen(
                [sys.executable, Path(__file__).with_name("busy_worker.py"), url],
                env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )

    def put(self, numbers: range) -> None:
        """The jobs with these numbers of every booking; every seventh fails at first."""
        clock = SystemClock()
        store = SqlStore(self.engine, self.queue.outbox)
        for number in numbers:
            for booking in range(BOOKINGS):
                fails = (number + booking) % 7 == 0
                with store() as uow:
                    uow.outbox.put(
                        Job(
                            topic=Topic.SETTLE_MONEY,
                            booking_id=BookingId(f"bkg_{booking}"),
                            key=key(booking, number),
                            subject="fails at first" if fails else "",
                            due_at=clock.now(),
                        )
                    )
                    uow.commit()

    def rows(self, query: str) -> list[Row[Any]]:
        with self.engine.begin() as connection:
            return list(connection.execute(text(query)))

    def count(self, query: str) -> int:
        return int(self.rows(f"SELECT count(*) FROM {query}")[0][0])

    def kill_in_the_midst_of_a_job(self, worker: subprocess.Popen[bytes]) -> None:
        """Held still, so that the job that it has in hand cannot end before the kill."""
        until = monotonic() + PATIENCE
        while monotonic() < until:
            worker.send_signal(signal.SIGSTOP)
            if self.count(f"log WHERE worker = {worker.pid} AND ended IS NULL"):
                break
            worker.send_signal(signal.SIGCONT)
            sleep(0.01)
        worker.kill()
        worker.wait()

    def hurry(self) -> None:
        """What waits for its next try need not wait in a test."""
        with self.engine.begin() as connection:
            connection.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now()"))


def key(booking: int, number: int) -> str:
    return f"key_{booking}_{number}"


@pytest.fixture
def storm(engine: Engine) -> Iterator[Storm]:
    with engine.begin() as connection:
        connection.execute(text(LOG))
    queue = ProcrastinateJobs(engine, jobs_schema(engine), SystemClock())
    storm = Storm(engine, queue, [])
    yield storm
    for worker in storm.workers:
        worker.kill()
        worker.wait()


def until(reached: Callable[[], bool], meanwhile: Callable[[], None] = lambda: None) -> None:
    end = monotonic() + PATIENCE
    while not reached():
        assert monotonic() < end, "it does not come to that"
        meanwhile()
        sleep(0.1)


@pytest.mark.timeout(240)
def test_each_job_is_done_in_its_order_and_one_at_a_time_whoever_dies(storm: Storm) -> None:
    storm.put(range(EACH // 2))
    for _ in range(WORKERS):
        storm.start()
    until(lambda: storm.count("log") > BOOKINGS)
    storm.put(range(EACH // 2, EACH))
    storm.kill_in_the_midst_of_a_job(storm.workers[0])
    assert storm.queue.waiting() > 0, "the storm was over before the kill"
    until(lambda: storm.queue.waiting() == 0, storm.hurry)
    for worker in storm.workers[1:]:
        worker.send_signal(signal.SIGTERM)
    assert [worker.wait(20) for worker in storm.workers[1:]] == [0] * (WORKERS - 1)

    assert not storm.queue.dead()
    begun: dict[str, list[str]] = defaultdict(list)
    tries: dict[str, list[Row[Any]]] = defaultdict(list)
    for each in storm.rows("SELECT * FROM log ORDER BY begun"):
        tries[each.key].append(each)
        if len(tries[each.key]) == 1:
            begun[each.booking].append(each.key)
    for booking in range(BOOKINGS):
        assert begun[f"bkg_{booking}"] == [key(booking, number) for number in range(EACH)]
    assert len({each[0].worker for each in tries.values()}) == WORKERS
    assert all(any(each.ended for each in of_key) for of_key in tries.values())
    # Those that fail at first are tried twice, those that the dead worker had in hand as well.
    failing = sum((n + b) % 7 == 0 for n in range(EACH) for b in range(BOOKINGS))
    lost = storm.count("log WHERE ended IS NULL")
    assert lost >= 1
    # A worker that the machine keeps waiting is taken for dead now and then: at least once, not once.
    assert storm.count("log") <= BOOKINGS * EACH + failing + lost + WORKERS

    together = storm.rows(
        "SELECT one.key, other.key FROM log AS one JOIN log AS other"
        " ON one.booking = other.booking AND one.id < other.id"
        " AND one.begun < other.ended AND other.begun < one.ended"
    )
    assert together == []
