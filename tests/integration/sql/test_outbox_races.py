"""Several workers at one outbox."""

from datetime import timedelta

import pytest

from adapters.sql import SqlStore
from booking_core import BookingId, Job, LeasedJob, Topic
from booking_core.testing.examples import NOW
from tests.integration.storm import storm

pytestmark = pytest.mark.storm

LEASE = timedelta(minutes=1)


def _put(store: SqlStore, *jobs: Job) -> None:
    with store() as uow:
        for job in jobs:
            uow.outbox.put(job)
        uow.commit()


def _job(booking: str, key: str) -> Job:
    return Job(topic=Topic.SEND_MAIL, booking_id=BookingId(booking), key=key, due_at=NOW)


def _lease(store: SqlStore, limit: int = 5) -> tuple[LeasedJob, ...]:
    with store() as uow:
        leased = uow.outbox.lease(now=NOW, length=LEASE, limit=limit)
        uow.commit()
    return leased


def test_no_job_is_leased_twice_and_none_is_left(store: SqlStore) -> None:
    _put(store, *(_job(f"bkg_{n}", f"key_{n}") for n in range(40)))
    rush = storm([lambda: _lease(store) for _ in range(12)])
    assert rush.errors == []
    keys = [leased.job.key for result in rush.results for leased in result]
    assert sorted(keys) == sorted(f"key_{n}" for n in range(40))


def test_one_booking_is_worked_on_by_one_worker(store: SqlStore) -> None:
    _put(store, *(_job("bkg_1", f"key_{n}") for n in range(12)))
    rush = storm([lambda: _lease(store) for _ in range(12)])
    assert rush.errors == []
    assert [leased.job.key for result in rush.results for leased in result] == ["key_0"]


def test_one_of_many_puts_the_job_of_a_key(store: SqlStore) -> None:
    rush = storm([lambda: _put(store, _job("bkg_1", "key")) for _ in range(12)])
    assert rush.errors == []
    assert len(_lease(store, limit=50)) == 1


def test_a_job_that_was_put_again_while_it_failed_waits_once(store: SqlStore) -> None:
    _put(store, _job("bkg_1", "key"))
    (leased,) = _lease(store)
    _put(store, _job("bkg_1", "key"))
    with store() as uow:
        assert uow.outbox.failed(leased, error="no answer", retry_at=NOW)
        uow.commit()
    (again,) = _lease(store)
    assert again.id != leased.id
    with store() as uow:
        assert not uow.outbox.done(leased)
        assert uow.outbox.done(again)
        uow.commit()
    assert _lease(store) == ()


def test_a_dead_job_is_kept_and_not_leased_again(store: SqlStore) -> None:
    _put(store, _job("bkg_1", "key"))
    (leased,) = _lease(store)
    with store() as uow:
        assert uow.outbox.failed(leased, error="refused", retry_at=None)
        assert not uow.outbox.done(leased)
        uow.commit()
    assert _lease(store) == ()
    _put(store, _job("bkg_1", "key"))
    assert len(_lease(store)) == 1
