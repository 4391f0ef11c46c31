"""What makes work that was written down happen at least once, and in order."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from booking_core.domain.ids import BookingId
from booking_core.ports.outbox import DeadJob, Job, LeasedJob, LeasedOutbox, Topic
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from booking_core.testing.contracts.stored import put_booking, put_catalogue
from booking_core.testing.contracts.threads import at_once
from booking_core.testing.examples import NOW, a_booking, a_session_type

_MINUTE = timedelta(minutes=1)
_LEASE = 5 * _MINUTE


def _job(key: str = "key_1", booking: str = "bkg_1", **changes: Any) -> Job:
    defaults: dict[str, Any] = {
        "topic": Topic.SETTLE_CALENDAR,
        "booking_id": BookingId(booking),
        "due_at": NOW,
    }
    return Job(**defaults | {"key": key} | changes)


def leased_outbox(uow: UnitOfWork) -> LeasedOutbox:
    """The outbox, which here is one that gives its jobs out."""
    assert isinstance(uow.outbox, LeasedOutbox)
    return uow.outbox


class OutboxContract:
    """Needs the fixture `unit_of_work`: a factory on an empty store."""

    @pytest.fixture(autouse=True)
    def _bookings(self, unit_of_work: UnitOfWorkFactory) -> None:
        put_catalogue(unit_of_work, a_session_type())
        for number in range(1, 10):
            put_booking(unit_of_work, a_booking(id=f"bkg_{number}"))

    # ---- put -------------------------------------------------------------------------------------

    def test_a_job_comes_back_as_it_was_put(self, unit_of_work: UnitOfWorkFactory) -> None:
        job = _job(
            topic=Topic.SEND_MAIL,
            subject="BookingConfirmed",
            due_at=NOW - _MINUTE,
            request_id="req-1",
        )
        self._put(unit_of_work, job)
        (leased,) = self._lease(unit_of_work)
        assert (leased.job, leased.attempt) == (job, 1)
        assert leased.lease_until == NOW + _LEASE

    def test_a_job_of_a_change_that_was_undone_is_never_done(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        with unit_of_work() as uow:
            uow.outbox.put(_job())
        assert not self._lease(unit_of_work)

    def test_a_job_under_a_key_that_waits_already_changes_nothing(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, _job(), _job(subject="again"))
        self._put(unit_of_work, _job(subject="and again"))
        (leased,) = self._lease(unit_of_work)
        assert leased.job == _job()
        self._done(unit_of_work, leased)
        assert not self._lease(unit_of_work)

    def test_a_job_that_waits_for_later_gives_way_to_one_that_is_due_sooner(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, _job(due_at=NOW + 60 * _MINUTE))
        self._put(unit_of_work, _job(due_at=NOW + _MINUTE))
        assert not self._lease(unit_of_work)
        (leased,) = self._lease(unit_of_work, now=NOW + _MINUTE)
        assert leased.job.due_at == NOW + _MINUTE
        self._done(unit_of_work, leased)
        assert not self._lease(unit_of_work, now=NOW + 120 * _MINUTE)

    def test_a_job_that_waits_already_is_never_put_off(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, _job())
        self._put(unit_of_work, _job(due_at=NOW + 60 * _MINUTE))
        (leased,) = self._lease(unit_of_work)
        self._done(unit_of_work, leased)
        assert not self._lease(unit_of_work, now=NOW + 120 * _MINUTE)

    def test_what_is_put_while_the_same_waits_for_its_next_try_is_done_at_once(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, _job())
        (leased,) = self._lease(unit_of_work)
        self._failed(unit_of_work, leased, retry_at=NOW + 360 * _MINUTE)
        self._put(unit_of_work, _job())
        (again,) = self._lease(unit_of_work)
        assert again.attempt == 1
        assert not self._done(unit_of_work, leased)
        assert self._done(unit_of_work, again)
        assert not self._lease(unit_of_work, now=NOW + 720 * _MINUTE)

    def test_many_who_put_one_waiting_job_sooner_put_one_job(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, _job(due_at=NOW + 60 * _MINUTE))
        at_once([lambda: self._put(unit_of_work, _job())] * 8)
        (leased,) = self._lease(unit_of_work)
        self._done(unit_of_work, leased)
        assert not self._lease(unit_of_work, now=NOW + 120 * _MINUTE)

    def test_what_is_ensured_is_there_once(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._ensure(unit_of_work, _job())
        self._ensure(unit_of_work, _job())
        (leased,) = self._lease(unit_of_work)
        self._ensure(unit_of_work, _job())
        self._failed(unit_of_work, leased, retry_at=NOW + 60 * _MINUTE)
        self._ensure(unit_of_work, _job())
        assert not self._lease(unit_of_work)
        (again,) = self._lease(unit_of_work, now=NOW + 60 * _MINUTE)
        self._failed(unit_of_work, again, retry_at=None)
        self._ensure(unit_of_work, _job())
        assert not self._lease(unit_of_work, now=NOW + 120 * _MINUTE)

    def test_what_was_done_can_be_ensured_again(self, unit_of_work: UnitOfWorkFactory) -> None:
        for _ in range(2):
            self._ensure(unit_of_work, _job())
            (leased,) = self._lease(unit_of_work)
            self._done(unit_of_work, leased)

    def test_what_is_withdrawn_is_not_done(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._put(unit_of_work, _job(), _job("key_2", due_at=NOW + _MINUTE), _job("key_3"))
        self._withdraw(unit_of_work, _job(), _job("key_2"), _job("another"))
        with unit_of_work() as uow:
            assert [each.job.key for each in leased_outbox(uow).upcoming()] == ["key_3"]
        self._put(unit_of_work, _job(subject="again"))
        with unit_of_work() as uow:
            keys = {each.job.key for each in leased_outbox(uow).upcoming()}
        assert keys == {"key_1", "key_3"}

    def test_what_has_begun_or_was_given_up_cannot_be_withdrawn(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, _job())
        (leased,) = self._lease(unit_of_work)
        self._withdraw(unit_of_work, _job())
        assert self._failed(unit_of_work, leased, retry_at=None)
        self._withdraw(unit_of_work, _job())
        with unit_of_work() as uow:
            assert len(leased_outbox(uow).dead()) == 1

    def test_the_mails_of_a_booking_can_be_withdrawn_all_but_one_that_has_begun(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        mail = partial(_job, topic=Topic.SEND_MAIL)
        self._put(unit_of_work, mail("given up"))
        (leased,) = self._lease(unit_of_work)
        assert self._failed(unit_of_work, leased, retry_at=None)
        self._put(unit_of_work, mail("begun"))
        self._lease(unit_of_work)
        self._put(unit_of_work, mail("waits"), mail("later", due_at=NOW + _MINUTE), _job("other"))
        self._put(unit_of_work, mail("another's", "bkg_2"))
        with unit_of_work() as uow:
            assert uow.outbox.withdraw_mails(BookingId("bkg_1")) == 3
            uow.commit()
        with unit_of_work() as uow:
            keys = {each.job.key for each in leased_outbox(uow).upcoming()}
            assert keys == {"begun", "other", "another's"}
            assert not leased_outbox(uow).dead()
            assert uow.outbox.withdraw_mails(BookingId("bkg_1")) == 0

    def test_a_job_that_was_done_can_be_put_again(self, unit_of_work: UnitOfWorkFactory) -> None:
        for _ in range(2):
            self._put(unit_of_work, _job())
            (leased,) = self._lease(unit_of_work)
            assert self._done(unit_of_work, leased)

    def test_what_is_put_while_the_same_is_being_done_is_done_again(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, _job())
        (leased,) = self._lease(unit_of_work)
        self._put(unit_of_work, _job())
        assert self._done(unit_of_work, leased)
        assert len(self._lease(unit_of_work)) == 1

    def test_many_who_put_one_key_at_once_put_one_job(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        at_once([lambda: self._put(unit_of_work, _job())] * 8)
        (leased,) = self._lease(unit_of_work)
        self._done(unit_of_work, leased)
        assert not self._lease(unit_of_work)

    # ---- lease -----------------------------------------------------------------------------------

    def test_a_job_is_not_done_before_it_is_due(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._put(unit_of_work, _job(due_at=NOW + _MINUTE))
        assert not self._lease(unit_of_work)
        assert self._lease(unit_of_work, now=NOW + _MINUTE)

    def test_a_leased_job_is_not_given_to_anybody_else(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, _job())
        assert self._lease(unit_of_work)
        assert not self._lease(unit_of_work, now=NOW + _LEASE - _MINUTE)

    def test_no_more_jobs_are_leased_than_were_asked_for(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, *(_job(f"key_{n}", f"bkg_{n}") for n in range(1, 6)))
        assert len(self._lease(unit_of_work, limit=2)) == 2
        assert len(self._lease(unit_of_work, limit=10)) == 3

    def test_the_jobs_of_one_booking_are_done_one_after_the_other_in_their_order(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        for number in (1, 2, 3):
            self._put(unit_of_work, _job(f"key_{number}"))
        for number in (1, 2, 3):
            (leased,) = self._lease(unit_of_work)
            assert leased.job.key == f"key_{number}"
            assert not self._lease(unit_of_work)
            self._done(unit_of_work, leased)

    def test_a_job_that_is_not_due_does_not_hold_up_those_behind_it(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, _job("key_later", due_at=NOW + 15 * _MINUTE), _job("key_now"))
        assert [leased.job.key for leased in self._lease(unit_of_work)] == ["key_now"]

    def test_of_many_workers_each_job_goes_to_one(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._put(unit_of_work, *(_job(f"key_{n}", f"bkg_{n}") for n in range(1, 10)))
        batches = at_once([lambda: self._lease(unit_of_work, limit=3)] * 8)
        keys = [leased.job.key for batch in batches for leased in batch]
        keys += [leased.job.key for leased in self._lease(unit_of_work)]
        assert sorted(keys) == [f"key_{n}" for n in range(1, 10)]

    def test_of_many_workers_only_one_works_for_a_booking(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, *(_job(f"key_{n}") for n in range(5)))
        batches = at_once([lambda: self._lease(unit_of_work)] * 8)
        assert sum(map(len, batches)) == 1

    # ---- done and failed -------------------------------------------------------------------------

    def test_a_job_that_was_done_does_not_come_again(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._put(unit_of_work, _job())
        (leased,) = self._lease(unit_of_work)
        assert self._done(unit_of_work, leased)
        assert not self._lease(unit_of_work, now=NOW + 2 * _LEASE)

    def test_a_job_whose_worker_died_goes_to_the_next_one(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, _job())
        self._lease(unit_of_work)
        (again,) = self._lease(unit_of_work, now=NOW + _LEASE)
        assert (again.job, again.attempt) == (_job(), 2)

    def test_who_lost_its_lease_changes_nothing(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._put(unit_of_work, _job())
        (late,) = self._lease(unit_of_work)
        (current,) = self._lease(unit_of_work, now=NOW + _LEASE)
        assert not self._done(unit_of_work, late)
        assert not self._failed(unit_of_work, late, retry_at=None)
        assert not self._lease(unit_of_work, now=NOW + _LEASE)
        assert self._done(unit_of_work, current)

    def test_a_job_is_done_or_failed_once(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._put(unit_of_work, _job())
        (leased,) = self._lease(unit_of_work)
        assert self._failed(unit_of_work, leased, retry_at=NOW)
        assert not self._done(unit_of_work, leased)
        assert len(self._lease(unit_of_work)) == 1

    def test_a_failed_job_comes_again_when_it_was_said_to(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, _job())
        (leased,) = self._lease(unit_of_work)
        assert self._failed(unit_of_work, leased, retry_at=NOW + _MINUTE)
        assert not self._lease(unit_of_work, now=NOW)
        (again,) = self._lease(unit_of_work, now=NOW + _MINUTE)
        assert (again.job.key, again.attempt) == ("key_1", 2)

    def test_a_job_that_failed_while_the_same_was_put_is_done_once_more_at_least(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, _job())
        (leased,) = self._lease(unit_of_work)
        self._put(unit_of_work, _job())
        assert self._failed(unit_of_work, leased, retry_at=NOW)
        assert self._lease(unit_of_work)

    def test_a_dead_job_is_not_tried_again(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._put(unit_of_work, _job())
        (leased,) = self._lease(unit_of_work)
        assert self._failed(unit_of_work, leased, retry_at=None)
        assert not self._lease(unit_of_work, now=NOW + timedelta(days=365))

    def test_a_dead_job_stands_in_nobodys_way(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._put(unit_of_work, _job())
        (leased,) = self._lease(unit_of_work)
        self._failed(unit_of_work, leased, retry_at=None)
        self._put(unit_of_work, _job(), _job("key_2"))
        (again,) = self._lease(unit_of_work)
        assert (again.job.key, again.attempt) == ("key_1", 1)

    # ---- what waits ------------------------------------------------------------------------------

    def test_what_waits_is_listed_as_it_comes_due(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._put(unit_of_work, _job("key_1", due_at=NOW + _MINUTE), _job("key_2", "bkg_2"))
        self._put(unit_of_work, _job("key_3", "bkg_3", due_at=NOW - _MINUTE))
        (begun,) = self._lease(unit_of_work, limit=1)
        with unit_of_work() as uow:
            listed = leased_outbox(uow).upcoming()
            assert [each.job.key for each in listed] == ["key_3", "key_2", "key_1"]
            assert [each.begun for each in listed] == [True, False, False]
            assert [each.attempts for each in listed] == [1, 0, 0]
            assert listed[0].id == begun.id
            assert listed[2].job.due_at == NOW + _MINUTE
            assert len(leased_outbox(uow).upcoming(limit=2)) == 2

    def test_what_waits_for_its_next_try_says_why(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._put(unit_of_work, _job())
        (leased,) = self._lease(unit_of_work)
        self._failed(unit_of_work, leased, retry_at=NOW + _MINUTE)
        with unit_of_work() as uow:
            (listed,) = leased_outbox(uow).upcoming()
        assert (listed.attempts, listed.error) == (1, "It did not work.")
        assert (listed.begun, listed.job.due_at) == (False, NOW + _MINUTE)

    def test_dead_jobs_do_not_wait(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._die(unit_of_work)
        with unit_of_work() as uow:
            assert not leased_outbox(uow).upcoming()

    # ---- dead jobs -------------------------------------------------------------------------------

    def test_a_dead_job_says_why_and_can_be_restarted_once(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        dead = self._die(unit_of_work)
        assert (dead.job.key, dead.attempts, dead.error) == ("key_1", 1, "It did not work.")
        with unit_of_work() as uow:
            assert leased_outbox(uow).restart(dead.id, now=NOW)
            assert not leased_outbox(uow).restart(dead.id, now=NOW)
            assert not leased_outbox(uow).dead()
            uow.commit()
        (again,) = self._lease(unit_of_work)
        assert (again.job, again.attempt) == (_job(), 1)

    def test_a_dead_job_can_be_forgotten(self, unit_of_work: UnitOfWorkFactory) -> None:
        dead = self._die(unit_of_work)
        with unit_of_work() as uow:
            assert leased_outbox(uow).discard(dead.id)
            assert not leased_outbox(uow).discard(dead.id)
            uow.commit()
        assert not self._lease(unit_of_work)

    def test_only_a_dead_job_can_be_restarted_or_forgotten(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, _job())
        (leased,) = self._lease(unit_of_work)
        with unit_of_work() as uow:
            for job_id in (leased.id, "nothing", "9" * 30):
                assert not leased_outbox(uow).restart(job_id, now=NOW)
                assert not leased_outbox(uow).discard(job_id)

    def test_a_restarted_job_gives_way_to_the_same_one_that_waits(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        dead = self._die(unit_of_work)
        self._put(unit_of_work, _job())
        with unit_of_work() as uow:
            assert leased_outbox(uow).restart(dead.id, now=NOW)
            assert leased_outbox(uow).waiting() == 1
            assert not leased_outbox(uow).dead()

    def _die(self, unit_of_work: UnitOfWorkFactory) -> DeadJob:
        self._put(unit_of_work, _job())
        (leased,) = self._lease(unit_of_work)
        self._failed(unit_of_work, leased, retry_at=None)
        with unit_of_work() as uow:
            assert leased_outbox(uow).waiting() == 0
            (dead,) = leased_outbox(uow).dead()
            return dead

    # ---- inside ----------------------------------------------------------------------------------

    def _put(self, unit_of_work: UnitOfWorkFactory, *jobs: Job) -> None:
        with unit_of_work() as uow:
            for job in jobs:
                uow.outbox.put(job)
            uow.commit()

    def _ensure(self, unit_of_work: UnitOfWorkFactory, job: Job) -> None:
        with unit_of_work() as uow:
            uow.outbox.ensure(job)
            uow.commit()

    def _withdraw(self, unit_of_work: UnitOfWorkFactory, *jobs: Job) -> None:
        with unit_of_work() as uow:
            for job in jobs:
                uow.outbox.withdraw(job)
            uow.commit()

    def _lease(
        self, unit_of_work: UnitOfWorkFactory, *, now: datetime = NOW, limit: int = 10
    ) -> tuple[LeasedJob, ...]:
        with unit_of_work() as uow:
            leased = leased_outbox(uow).lease(now=now, length=_LEASE, limit=limit)
            uow.commit()
            return leased

    def _done(self, unit_of_work: UnitOfWorkFactory, leased: LeasedJob) -> bool:
        with unit_of_work() as uow:
            done = leased_outbox(uow).done(leased)
            uow.commit()
            return done

    def _failed(
        self, unit_of_work: UnitOfWorkFactory, leased: LeasedJob, *, retry_at: datetime | None
    ) -> bool:
        with unit_of_work() as uow:
            failed = leased_outbox(uow).failed(leased, error="It did not work.", retry_at=retry_at)
            uow.commit()
            return failed
