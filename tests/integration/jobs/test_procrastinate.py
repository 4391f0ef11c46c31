"""What the workers on PostgreSQL do beyond the contract: clocks, listening, stopping, the database away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from logging import WARNING
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import pytest
from attrs import frozen
from procrastinate.manager import JobManager
from sqlalchemy import Engine, text

from adapters.procrastinate_jobs import ProcrastinateJobs, shift
from adapters.sql import SqlStore, jobs_schema
from booking_core import (
    BookingId,
    Clock,
    Job,
    JobHandler,
    ProviderFailed,
    SystemClock,
    Topic,
)
from booking_core.testing.contracts.threads import at_once

pytestmark = pytest.mark.storm

PATIENCE = 120.0  # seconds; what works takes a few, on a busy machine too
HOUR = timedelta(hours=1)


@frozen
class WrongClock(Clock):
    """A machine's clock that is ahead of the database's, or behind."""

    ahead: timedelta

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead


@frozen
class Jobs:
    """A queue with its store, seen by a machine with that clock."""

    engine: Engine
    queue: ProcrastinateJobs
    clock: Clock

    @classmethod
    def of(
        cls, engine: Engine, clock: Clock | None = None, dead_after: timedelta = 10 * HOUR
    ) -> Jobs:
        clock = clock or SystemClock()
        queue = ProcrastinateJobs(engine, jobs_schema(engine), clock, dead_after)
        return cls(engine, queue, clock)

    def put(self, key: str = "key", after: timedelta = timedelta(0), booking: str = "bkg") -> None:
        job = Job(
            topic=Topic.SETTLE_MONEY,
            booking_id=BookingId(booking),
            key=key,
            due_at=self.clock.now() + after,
        )
        with SqlStore(self.engine, self.queue.outbox)() as uow:
            uow.outbox.put(job)
            uow.commit()

    def work_off(self, handler: JobHandler) -> None:
        while self.queue.work(handler):
            pass

    @contextmanager
    def working(self, handler: JobHandler) -> Iterator[Event]:
        """A worker that comes back whatever happens, until the block ends or the event is set."""
        stop = Event()

        def work() -> None:
            while not stop.is_set():
                with suppress(Exception):
                    self.queue.work_until(handler, stop=stop)

        worker = Thread(target=work)
        worker.start()
        try:
            yield stop
        finally:
            stop.set()
            worker.join(PATIENCE)
        assert not worker.is_alive()

    def execute(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(text(statement))

    def passes(self, length: str) -> None:
        self.execute(
            f"UPDATE procrastinate_jobs SET scheduled_at = scheduled_at - interval '{length}'"
        )

    def count(self, table: str) -> int:
        with self.engine.begin() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.fixture
def jobs(engine: Engine) -> Jobs:
    return Jobs.of(engine)


def soon(reached: Callable[[], bool]) -> bool:
    until = monotonic() + PATIENCE
    while not reached() and monotonic() < until:
        sleep(0.01)
    return reached()


# ---- clocks that differ ---------------------------------------------------------------------------


@pytest.fixture(params=[-HOUR, HOUR], ids=["slow", "fast"])
def elsewhere(request: pytest.FixtureRequest, engine: Engine) -> Jobs:
    """As a machine sees it whose clock is an hour off the database's."""
    return Jobs.of(engine, WrongClock(request.param))


def test_what_is_due_is_done_at_once_whatever_the_clock_says(elsewhere: Jobs) -> None:
    done: list[str] = []
    elsewhere.put()
    elsewhere.work_off(lambda job: done.append(job.key))
    assert done == ["key"]


def test_what_is_due_later_waits_as_long_whatever_the_clock_says(elsewhere: Jobs) -> None:
    done: list[str] = []
    elsewhere.put(after=timedelta(minutes=30))
    elsewhere.passes("29 minutes")
    elsewhere.work_off(lambda job: done.append(job.key))
    assert done == []
    elsewhere.passes("1 minute")
    elsewhere.work_off(lambda job: done.append(job.key))
    assert done == ["key"]


def test_the_pause_after_a_failure_is_as_long_whatever_the_clock_says(elsewhere: Jobs) -> None:
    tried: list[str] = []

    def busy(job: Job) -> None:
        tried.append(job.key)
        raise ProviderFailed("busy")

    elsewhere.put()
    elsewhere.work_off(busy)
    assert tried == ["key"]
    elsewhere.passes("13 seconds")
    elsewhere.work_off(busy)
    assert tried == ["key"] * 2


def test_a_job_waits_as_long_for_a_worker_with_another_clock(elsewhere: Jobs, jobs: Jobs) -> None:
    done: list[str] = []
    elsewhere.put(after=timedelta(minutes=30))
    jobs.work_off(lambda job: done.append(job.key))
    assert done == []
    elsewhere.passes("30 minutes")
    jobs.work_off(lambda job: done.append(job.key))
    assert done == ["key"]


def test_a_job_is_put_sooner_by_a_machine_with_another_clock(elsewhere: Jobs, jobs: Jobs) -> None:
    done: list[str] = []
    jobs.put(after=timedelta(minutes=10))
    elsewhere.put()
    jobs.work_off(lambda job: done.append(job.key))
    assert done == ["key"]


# ---- jobs that wait for their time ----------------------------------------------------------------

_REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE 'the disk is full'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON procrastinate_jobs FOR EACH ROW
WHEN (NEW.task_name = 'booking.do') EXECUTE FUNCTION refuse();
"""


def test_a_job_that_cannot_be_moved_on_is_tried_again_until_it_can(jobs: Jobs) -> None:
    done: list[str] = []
    jobs.put(after=HOUR)
    jobs.passes("1 hour")
    jobs.execute(_REFUSE)
    for _ in range(20):
        assert jobs.queue.work(lambda job: done.append(job.key)) == 1
        assert jobs.queue.work(lambda job: done.append(job.key)) == 0
        jobs.passes("11 seconds")
    assert not jobs.queue.dead()
    assert jobs.queue.waiting() == 1
    jobs.execute("DROP TRIGGER refuse ON procrastinate_jobs")
    jobs.work_off(lambda job: done.append(job.key))
    assert done == ["key"]
    assert jobs.queue.waiting() == 0


@pytest.mark.parametrize("status", ["failed", "cancelled", "aborted"])
def test_a_job_that_was_stopped_while_it_waited_is_dead_and_can_be_restarted(
    jobs: Jobs, status: str
) -> None:
    done: list[str] = []
    jobs.put("key_1", after=HOUR)
    jobs.put("key_2", after=HOUR)
    jobs.execute(f"UPDATE procrastinate_jobs SET status = '{status}'")
    first, second = jobs.queue.dead()
    assert (first.job.key, second.job.key) == ("key_1", "key_2")
    assert jobs.queue.restart(first.id)
    assert jobs.queue.discard(second.id)
    assert not jobs.queue.dead()
    jobs.work_off(lambda job: done.append(job.key))
    assert done == ["key_1"]


def test_what_a_provider_refuses_for_good_is_logged_in_one_line(
    jobs: Jobs, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Job) -> None:
        raise ProviderFailed("The mail server refused the mail (550).", retryable=False)

    jobs.put("key_1")
    jobs.work_off(refuse)
    told = "job key_1 was given up: The mail server refused the mail (550)."
    assert [each.getMessage() for each in caplog.records if each.levelno >= WARNING] == [told]
    assert "Traceback" not in caplog.text
    assert [dead.error for dead in jobs.queue.dead()] == ["The mail server refused the mail (550)."]


def test_of_what_was_done_nothing_is_kept(jobs: Jobs) -> None:
    jobs.put("key_1")
    jobs.put("key_2", after=HOUR)
    jobs.put("key_3")
    failures = [ProviderFailed("busy")]

    def handler(_: Job) -> None:
        if failures:
            raise failures.pop()

    jobs.work_off(handler)
    jobs.passes("1 hour")
    jobs.work_off(handler)
    kept = ["procrastinate_jobs", "procrastinate_events", "procrastinate_workers"]
    assert [jobs.count(table) for table in kept] == [0, 0, 0]


# ---- listening ------------------------------------------------------------------------------------


SELDOM = 2 * PATIENCE  # seconds between looks
MANY = 4


def test_what_is_put_is_begun_at_once_and_not_at_the_next_look(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shift, "_LOOK", SELDOM)
    done: list[str] = []

    def each_after_the_other() -> bool:
        if len(done) == put[-1]:
            put.append(put[-1] + 1)
            jobs.put(f"key_{put[-1]}")
        return len(done) >= MANY

    with jobs.working(lambda job: done.append(job.key)):
        assert soon(lambda: listening(jobs))
        put = [0]
        assert soon(each_after_the_other)


def test_the_next_job_of_a_booking_is_begun_as_soon_as_the_one_before_it_is_done(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shift, "_LOOK", SELDOM)
    done: list[str] = []
    release = Event()

    def handler(job: Job) -> None:
        release.wait(PATIENCE)
        done.append(job.key)

    keys = [f"key_{number}" for number in range(6)]
    with jobs.working(handler):
        assert soon(lambda: listening(jobs))
        for key in keys:
            jobs.put(key)
        release.set()
        assert soon(lambda: len(done) == 6)
    assert done == keys


def test_what_is_put_while_the_worker_looks_is_begun_as_well(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shift, "_LOOK", SELDOM)
    done: list[str] = []
    late: list[str] = []
    fetch = JobManager.fetch_job

    async def look(self: JobManager, **which: Any) -> Any:
        found = await fetch(self, **which)
        if done and found is None and not late:
            late.append("key_late")
            await asyncio.to_thread(jobs.put, "key_late")
            await asyncio.sleep(0.5)  # the word of it comes before the answer of this look
        return found

    with jobs.working(lambda job: done.append(job.key)):
        assert soon(lambda: listening(jobs))
        monkeypatch.setattr(JobManager, "fetch_job", look)
        jobs.put("key")
        assert soon(lambda: done == ["key", "key_late"])


def listening(jobs: Jobs) -> bool:
    return jobs.count("pg_stat_activity WHERE query LIKE 'LISTEN%'") > 0


def test_a_worker_goes_on_when_the_database_was_away(engine: Engine) -> None:
    jobs = Jobs.of(engine, dead_after=timedelta(seconds=3))
    done: list[str] = []

    def handler(job: Job) -> None:
        done.append(job.key)
        if len(done) == 1:
            jobs.execute(_CUT_OFF)

    jobs.put("key_1")
    jobs.put("key_2")
    with jobs.working(handler):
        assert soon(lambda: "key_2" in done and not jobs.queue.waiting())
    # Whether the first was done may not have been written down, then it is done again.
    assert done in (["key_1", "key_2"], ["key_1", "key_1", "key_2"])


def test_a_job_whose_end_cannot_be_written_down_is_done_again(jobs: Jobs) -> None:
    done: list[str] = []
    jobs.execute(_KEEP)
    jobs.put("key_1")
    jobs.put("key_2")
    with jobs.working(lambda job: done.append(job.key)):
        assert soon(lambda: done[:2] == ["key_1", "key_1"])
        jobs.execute("DROP TRIGGER keep ON procrastinate_jobs")
        assert soon(lambda: "key_2" in done and not jobs.queue.waiting())
    assert done.index("key_2") == len(done) - 1


_CUT_OFF = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
_KEEP = """
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE 'the disk is full'; END $$;
CREATE TRIGGER keep BEFORE DELETE ON procrastinate_jobs FOR EACH ROW EXECUTE FUNCTION keep();
"""


# ---- workers that are slow, and late --------------------------------------------------------------


def test_a_job_that_takes_long_stays_with_its_worker_even_when_that_is_to_stop(
    engine: Engine,
) -> None:
    jobs = Jobs.of(engine, dead_after=timedelta(seconds=1.5))
    release, begun = Event(), Event()
    done: list[str] = []

    def slow(job: Job) -> None:
        begun.set()
        release.wait(PATIENCE)
        done.append(job.key)

    jobs.put()
    with jobs.working(slow) as stop:
        assert begun.wait(PATIENCE)
        stop.set()
        until = monotonic() + 4
        while monotonic() < until:
            assert jobs.queue.work(lambda job: done.append(f"{job.key} of another")) == 0
            sleep(0.2)
        release.set()
    assert done == ["key"]
    assert jobs.queue.waiting() == 0


def test_many_who_find_the_jobs_of_a_dead_worker_do_each_once(jobs: Jobs) -> None:
    keys = [f"key_{number}" for number in range(5)]
    done: list[str] = []
    for key in keys:
        jobs.put(key, booking=f"bkg_{key}")
    jobs.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    jobs.put("key_0", booking="bkg_key_0")
    at_once([lambda: jobs.work_off(lambda job: done.append(job.key))] * 6)
    assert sorted(done) == keys
    assert jobs.queue.waiting() == 0


def test_the_late_word_of_a_worker_frees_no_booking_that_another_works_for(jobs: Jobs) -> None:
    first_begun, first_go, second_begun, second_go = Event(), Event(), Event(), Event()
    done: list[str] = []

    def first(job: Job) -> None:
        first_begun.set()
        first_go.wait(PATIENCE)

    def second(job: Job) -> None:
        second_begun.set()
        second_go.wait(PATIENCE)
        done.append(job.key)

    jobs.put("key_1")
    jobs.put("key_2")
    late = Thread(target=lambda: jobs.queue.work(first, limit=1))
    late.start()
    assert first_begun.wait(PATIENCE)
    jobs.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 day'")
    current = Thread(target=lambda: jobs.queue.work(second, limit=1))
    current.start()
    assert second_begun.wait(PATIENCE)
    first_go.set()
    late.join(PATIENCE)
    assert jobs.queue.work(lambda job: done.append(f"{job.key} too early")) == 0
    second_go.set()
    current.join(PATIENCE)
    jobs.work_off(lambda job: done.append(job.key))
    assert done == ["key_1", "key_2"]
