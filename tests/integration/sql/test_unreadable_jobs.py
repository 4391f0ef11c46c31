"""A job that another version of the service has put stands in nobody's way."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine, text

from adapters.memory import MemoryClock
from adapters.procrastinate_jobs import ProcrastinateJobs
from adapters.sql import SqlStore, jobs_schema, open_engine, upgrade
from booking_core import (
    BookingId,
    Job,
    JobQueue,
    LeasingQueue,
    ProviderFailed,
    SystemClock,
    Topic,
    UnitOfWorkFactory,
)
from booking_core.testing.examples import NOW


def handle(done: list[str]) -> Callable[[Job], None]:
    def do(job: Job) -> None:
        if job.topic is Topic.UNREADABLE:
            raise ProviderFailed(f"cannot read: {job.subject}", retryable=False)
        done.append(job.key)

    return do


def put(store: UnitOfWorkFactory, clock: MemoryClock | SystemClock) -> None:
    with store() as uow:
        for number in range(3):
            uow.outbox.put(
                Job(
                    topic=Topic.SETTLE_MONEY,
                    booking_id=BookingId(f"bkg_{number}"),
                    key=f"key {number}",
                    due_at=clock.now(),
                )
            )
        uow.commit()


def check(queue: JobQueue, engine: Engine, put_back: str) -> None:
    """The first of the three has a topic that nobody here knows."""
    done: list[str] = []
    assert "tell webhooks" in [each.job.subject for each in queue.upcoming()]
    while queue.work(handle(done)):
        pass
    assert sorted(done) == ["key 1", "key 2"]
    [dead] = queue.dead()
    assert (dead.job.key, dead.job.topic, dead.job.subject) == (
        "key 0",
        Topic.UNREADABLE,
        "tell webhooks",
    )
    assert dead.error.endswith("cannot read: tell webhooks")
    assert not queue.restart(dead.id)
    with engine.begin() as connection:  # a version that knows it
        connection.execute(text(put_back))
    assert queue.restart(dead.id)
    queue.work(handle(done))
    assert sorted(done) == ["key 0", "key 1", "key 2"]


def test_an_unreadable_job_in_the_outbox_is_dead_and_the_others_are_done(engine: Engine) -> None:
    store, clock = SqlStore(engine), MemoryClock(NOW)
    put(store, clock)
    topic = "UPDATE outbox SET topic = '{}' WHERE key = 'key 0'"
    with engine.begin() as connection:
        connection.execute(text(topic.format("tell webhooks")))
    check(LeasingQueue(store, clock), engine, topic.format(Topic.SETTLE_MONEY.value))


def test_an_unreadable_job_of_procrastinate_is_dead_and_the_others_are_done(
    fresh_postgres: Callable[[], str], socket_enabled: None
) -> None:
    engine = open_engine(fresh_postgres())
    upgrade(engine)
    queue = ProcrastinateJobs(engine, jobs_schema(engine), SystemClock())
    put(SqlStore(engine, queue.outbox), SystemClock())
    topic = (
        'UPDATE procrastinate_jobs SET args = args || \'{{"topic": "{}"}}\''
        " WHERE args ->> 'key' = 'key 0'"
    ).format
    with engine.begin() as connection:
        connection.exec_driver_sql(topic("tell webhooks"))
    check(queue, engine, topic(Topic.SETTLE_MONEY.value).replace(":", r"\:"))
    engine.dispose()
