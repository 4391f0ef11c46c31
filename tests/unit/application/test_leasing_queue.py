"""Clocks that are set, or differ, where jobs are leased, and what is logged of those that fail."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.memory import MemoryClock, MemoryStore
from booking_core import BookingId, Job, LeasingQueue, ProviderFailed, Topic
from booking_core.testing.examples import NOW

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock(NOW)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def queue(store: MemoryStore, clock: MemoryClock) -> LeasingQueue:
    return LeasingQueue(store, clock)


def put(queue: LeasingQueue, key: str, booking: str = "bkg_1") -> None:
    with queue.unit_of_work() as uow:
        uow.outbox.put(
            Job(
                topic=Topic.SETTLE_MONEY,
                booking_id=BookingId(booking),
                key=key,
                due_at=queue.clock.now(),
            )
        )
        uow.commit()


def test_a_clock_that_is_set_back_delays_jobs_and_loses_none(
    queue: LeasingQueue, clock: MemoryClock
) -> None:
    done: list[str] = []
    put(queue, "key_1")
    put(queue, "key_2")
    clock.advance(-HOUR)
    assert queue.work(lambda job: done.append(job.key)) == 0
    put(queue, "key_2")
    put(queue, "key_3")
    queue.work(lambda job: done.append(job.key))
    assert done == ["key_2", "key_3"]
    clock.advance(HOUR)
    queue.work(lambda job: done.append(job.key))
    assert done == ["key_2", "key_3", "key_1"]
    assert queue.waiting() == 0


def test_a_clock_that_is_set_forward_loses_no_job(queue: LeasingQueue, clock: MemoryClock) -> None:
    done: list[str] = []
    put(queue, "key_1")

    def handler(job: Job) -> None:
        clock.advance(24 * HOUR)
        done.append(job.key)

    assert queue.work(handler) == 1
    assert done == ["key_1"]
    assert queue.waiting() == 0


def test_workers_whose_clocks_differ_by_less_than_a_lease_do_no_job_twice(
    queue: LeasingQueue, store: MemoryStore
) -> None:
    other = LeasingQueue(store, MemoryClock(NOW + 4 * MINUTE))
    done: list[str] = []
    put(queue, "key_1")
    put(queue, "key_2")

    def handler(job: Job) -> None:
        assert other.work(lambda job: done.append(f"{job.key} of another")) == 0
        done.append(job.key)

    queue.work(handler)
    assert done == ["key_1", "key_2"]


def test_no_lease_runs_out_while_other_jobs_are_being_done(
    queue: LeasingQueue, store: MemoryStore, clock: MemoryClock
) -> None:
    other = LeasingQueue(store, clock)
    done: list[str] = []
    for number in range(1, 5):
        put(queue, f"key_{number}", f"bkg_{number}")

    def slow(job: Job) -> None:
        clock.advance(4 * MINUTE)
        done.append(job.key)

    def handler(job: Job) -> None:
        slow(job)
        if job.key == "key_2":
            assert other.work(slow, limit=1) == 1

    queue.work(handler)
    assert sorted(done) == [f"key_{number}" for number in range(1, 5)]


@pytest.mark.parametrize(("retryable", "end"), [(False, "was given up"), (True, "failed")])
def test_what_a_provider_refuses_is_logged_in_one_line(
    queue: LeasingQueue, caplog: pytest.LogCaptureFixture, retryable: bool, end: str
) -> None:
    def refuse(_: Job) -> None:
        raise ProviderFailed("The mail server refused the mail (550).", retryable=retryable)

    put(queue, "key_1")
    queue.work(refuse)
    assert caplog.messages == [f"job key_1 {end}: The mail server refused the mail (550)."]
    assert "Traceback" not in caplog.text
    assert [dead.error for dead in queue.dead()] == (
        [] if retryable else ["The mail server refused the mail (550)."]
    )


def test_a_fault_of_ours_is_logged_with_where_it_is(
    queue: LeasingQueue, caplog: pytest.LogCaptureFixture
) -> None:
    put(queue, "key_1")
    queue.work(lambda job: print(1 / 0))
    assert caplog.messages == ["job key_1 failed: ZeroDivisionError"]
    assert "Traceback" in caplog.text
