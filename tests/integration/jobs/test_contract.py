"""One suite for every engine that does background jobs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from attrs import frozen
from sqlalchemy import Engine, text

from adapters.memory import MemoryClock, MemoryStore
from adapters.procrastinate_jobs import ProcrastinateJobs
from adapters.sql import SqlStore, jobs_schema
from booking_core import Clock, JobQueue, LeasingQueue, SystemClock, UnitOfWorkFactory
from booking_core.testing.contracts import JobQueueContract
from booking_core.testing.examples import NOW


@frozen
class Shop:
    """A queue with what it needs, and how its time passes."""

    unit_of_work: UnitOfWorkFactory
    queue: JobQueue
    clock: Clock
    passes: Callable[[timedelta], None]
    silenced: Callable[[], None]


def leasing(store: UnitOfWorkFactory) -> Shop:
    clock = MemoryClock(NOW)
    queue = LeasingQueue(store, clock)
    return Shop(store, queue, clock, clock.advance, lambda: clock.advance(timedelta(minutes=6)))


def procrastinating(engine: Engine) -> Shop:
    """Its time is the database's, so what passes is put off the jobs."""
    clock = SystemClock()
    # So patient that no worker's heart beats by itself within a test.
    queue = ProcrastinateJobs(engine, jobs_schema(engine), clock, timedelta(minutes=59))

    def execute(statement: str, **values: object) -> None:
        with engine.begin() as connection:
            connection.execute(text(statement), values)

    return Shop(
        SqlStore(engine, queue.outbox),
        queue,
        clock,
        lambda length: execute(
            "UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - CAST(:by AS interval)",
            by=length,
        ),
        lambda: execute(
            "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'"
        ),
    )


@pytest.fixture(params=["memory", "sqlite", "postgresql", "procrastinate"])
def shop(request: pytest.FixtureRequest, opened: Callable[[str], Engine]) -> Shop:
    if request.param == "memory":
        return leasing(MemoryStore())
    if request.param == "sqlite":
        return leasing(SqlStore(opened(request.getfixturevalue("migrated_sqlite"))))
    engine = opened(request.getfixturevalue("migrated_postgresql"))
    return leasing(SqlStore(engine)) if request.param == "postgresql" else procrastinating(engine)


class TestJobQueues(JobQueueContract):
    @pytest.fixture
    def unit_of_work(self, shop: Shop) -> UnitOfWorkFactory:
        return shop.unit_of_work

    @pytest.fixture
    def queue(self, shop: Shop) -> JobQueue:
        return shop.queue

    @pytest.fixture
    def clock(self, shop: Shop) -> Clock:
        return shop.clock

    @pytest.fixture
    def passes(self, shop: Shop) -> Callable[[timedelta], None]:
        return shop.passes

    @pytest.fixture
    def silenced(self, shop: Shop) -> Callable[[], None]:
        return shop.silenced
