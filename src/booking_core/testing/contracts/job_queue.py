"""What every engine for background jobs promises, whatever tables it works on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any, Protocol

import pytest

from booking_core.application.retries import MOST_TRIES
from booking_core.domain.errors import ProviderFailed
from booking_core.domain.ids import BookingId
from booking_core.domain.request_id import REQUEST_ID, serving
from booking_core.ports.clock import Clock
from booking_core.ports.job_queue import JobQueue
from booking_core.ports.outbox import Job, Topic
from booking_core.ports.unit_of_work import UnitOfWorkFactory
from booking_core.testing.contracts.stored import put_booking, put_catalogue
from booking_core.testing.contracts.threads import at_once
from booking_core.testing.examples import a_booking, a_session_type

_HOUR = timedelta(hours=1)
_PATIENCE = 30.0  # seconds


class Time(Protocol):
    """Lets the time of the queue pass, which for an engine with a clock of its own may be a trick."""

    def __call__(self, length: timedelta) -> None: ...


class Handler:
    """Does jobs, and remembers which; fails as often as it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.done: list[str] = []
        self.tried: list[str] = []
        self.failures = list(failures)

    def __call__(self, job: Job) -> None:
        self.tried.append(job.key)
        if self.failures:
            raise self.failures.pop(0)
        self.done.append(job.key)


def _work_off(queue: JobQueue, handler: Callable[[Job], None]) -> None:
    while queue.work(handler):
        pass


@contextmanager
def _working(queue: JobQueue, handler: Callable[[Job], None]) -> Iterator[None]:
    """A worker at work, until the block ends."""
    stop = Event()
    worker = Thread(target=lambda: queue.work_until(handler, stop=stop))
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join(_PATIENCE)
    assert not worker.is_alive()


def _soon(reached: Callable[[], bool]) -> bool:
    """Whether it comes to that; only a failure takes the whole time."""
    until = monotonic() + _PATIENCE
    while not reached() and monotonic() < until:
        sleep(0.01)
    return reached()


class JobQueueContract:
    """Needs `queue`, the `unit_of_work` whose outbox it works off, its `clock`, and `passes`."""

    @pytest.fixture(autouse=True)
    def _bookings(self, unit_of_work: UnitOfWorkFactory) -> None:
        put_catalogue(unit_of_work, a_session_type())
        for number in range(1, 6):
            put_booking(unit_of_work, a_booking(id=f"bkg_{number}"))

    @pytest.fixture
    def put(self, unit_of_work: UnitOfWorkFactory, clock: Clock) -> Callable[..., None]:
        """Puts one job in a transaction of its own."""

        def put(key: str = "key_1", booking: str = "bkg_1", **changes: Any) -> None:
            due_at = clock.now() + changes.pop("after", timedelta(0))
            values = {"topic": Topic.SEND_MAIL, "key": key, "booking_id": BookingId(booking)}
            with unit_of_work() as uow:
                uow.outbox.put(Job(**values | {"due_at": due_at} | changes))
                uow.commit()

        return put

    @pytest.fixture
    def ensure(self, unit_of_work: UnitOfWorkFactory, clock: Clock) -> Callable[[], None]:
        """Makes sure, in a transaction of its own, that one job is there."""

        def ensure() -> None:
            job = Job(
                topic=Topic.SEND_MAIL,
                booking_id=BookingId("bkg_1"),
                key="key_1",
                due_at=clock.now(),
            )
            with unit_of_work() as uow:
                uow.outbox.ensure(job)
                uow.commit()

        return ensure

    # ---- at least once ---------------------------------------------------------------------------

    def test_a_job_is_done_as_it_was_put_and_then_forgotten(
        self, queue: JobQueue, put: Callable[..., None]
    ) -> None:
        seen: list[Job] = []
        put(subject="booked|client")
        assert queue.work(seen.append) == 1
        assert (seen[0].key, seen[0].subject) == ("key_1", "booked|client")
        assert (seen[0].topic, seen[0].booking_id) == (Topic.SEND_MAIL, "bkg_1")
        assert queue.work(seen.append) == queue.waiting() == 0

    def test_a_job_is_done_under_the_request_that_wrote_it_and_hands_it_on(
        self, queue: JobQueue, put: Callable[..., None], passes: Time
    ) -> None:
        served: list[tuple[str, str, str]] = []

        def handler(job: Job) -> None:
            before = [key for key, _, _ in served]
            served.append((job.key, job.request_id, REQUEST_ID.get()))
            if job.key == "key_1" and "key_1" not in before:
                raise ProviderFailed("busy")
            if job.key == "key_1":
                put("key_3")

        with serving("req-1"):
            put("key_1")
        put("key_2", "bkg_2")
        _work_off(queue, handler)
        passes(_HOUR)
        _work_off(queue, handler)
        assert REQUEST_ID.get() == ""
        assert sorted(served) == [
            ("key_1", "req-1", "req-1"),
            ("key_1", "req-1", "req-1"),
            ("key_2", "", ""),
            ("key_3", "req-1", "req-1"),
        ]

    def test_what_is_told_of_a_job_names_the_request_that_wrote_it(
        self, queue: JobQueue, put: Callable[..., None]
    ) -> None:
        with serving("req-1"):
            put("key_1")
        assert [each.job.request_id for each in queue.upcoming()] == ["req-1"]
        queue.work(Handler(ProviderFailed("no", retryable=False)))
        (dead,) = queue.dead()
        assert dead.job.request_id == "req-1"

    def test_a_job_of_a_change_that_was_undone_is_never_done(
        self, queue: JobQueue, unit_of_work: UnitOfWorkFactory, clock: Clock
    ) -> None:
        job = Job(topic=Topic.SEND_MAIL, booking_id=BookingId("bkg_1"), key="k", due_at=clock.now())
        with unit_of_work() as uow:
            uow.outbox.put(job)
        assert queue.work(Handler()) == 0

    def test_a_key_that_waits_already_is_done_once_and_spoils_nothing(
        self, queue: JobQueue, unit_of_work: UnitOfWorkFactory, clock: Clock
    ) -> None:
        jobs = [
            Job(topic=Topic.SEND_MAIL, booking_id=BookingId("bkg_1"), key=k, due_at=clock.now())
            for k in ("key_1", "key_1", "key_2")
        ]
        with unit_of_work() as uow:
            for job in jobs:
                uow.outbox.put(job)
            uow.commit()
        handler = Handler()
        while queue.work(handler):
            pass
        assert handler.done == ["key_1", "key_2"]

    def test_what_is_put_while_the_same_is_being_done_is_done_again(
        self, queue: JobQueue, put: Callable[..., None]
    ) -> None:
        seen: list[str] = []

        def handler(job: Job) -> None:
            seen.append(job.key)
            if len(seen) == 1:
                put()

        put()
        while queue.work(handler):
            pass
        assert seen == ["key_1", "key_1"]

    def test_what_is_put_while_the_same_waits_for_its_next_try_is_done_at_once(
        self, queue: JobQueue, put: Callable[..., None], passes: Time
    ) -> None:
        put()
        handler = Handler(*[ProviderFailed("busy", retry_after=24 * _HOUR)] * 2)
        _work_off(queue, handler)
        put()
        _work_off(queue, handler)
        assert handler.tried == ["key_1"] * 2
        put()
        _work_off(queue, handler)
        assert handler.done == ["key_1"]
        passes(100 * _HOUR)
        assert queue.work(handler) == queue.waiting() == 0

    def test_what_is_put_anew_has_all_its_tries_again(
        self, queue: JobQueue, put: Callable[..., None]
    ) -> None:
        handler = Handler(*[ProviderFailed("busy")] * (MOST_TRIES + 1))
        for _ in range(MOST_TRIES + 2):
            put()
            _work_off(queue, handler)
        assert handler.done == ["key_1"]
        assert not queue.dead()

    def test_a_job_that_waits_already_is_never_put_off(
        self, queue: JobQueue, put: Callable[..., None], passes: Time
    ) -> None:
        put("key_1")
        put("key_1", after=_HOUR)
        put("key_2", after=_HOUR)
        put("key_2", after=2 * _HOUR)
        handler = Handler()
        _work_off(queue, handler)
        assert handler.done == ["key_1"]
        passes(_HOUR)
        _work_off(queue, handler)
        assert handler.done == ["key_1", "key_2"]
        assert queue.waiting() == 0

    def test_what_is_ensured_is_there_once(
        self, queue: JobQueue, ensure: Callable[[], None], passes: Time
    ) -> None:
        ensure()
        ensure()
        handler = Handler(ProviderFailed("busy"), ProviderFailed("no", retryable=False))

        def watched(job: Job) -> None:
            ensure()
            handler(job)

        for _ in range(3):
            _work_off(queue, watched)
            ensure()
            passes(_HOUR)
        assert handler.tried == ["key_1"] * 2
        assert len(queue.dead()) == 1
        queue.discard(queue.dead()[0].id)
        ensure()
        _work_off(queue, handler)
        assert handler.done == ["key_1"]

    @pytest.fixture
    def withdraw(self, unit_of_work: UnitOfWorkFactory, clock: Clock) -> Callable[[str], None]:
        """Withdraws, in a transaction of its own, the job of the first booking under that key."""

        def withdraw(key: str) -> None:
            booking_id, due_at = BookingId("bkg_1"), clock.now()
            with unit_of_work() as uow:
                uow.outbox.withdraw(
                    Job(topic=Topic.SEND_MAIL, booking_id=booking_id, key=key, due_at=due_at)
                )
                uow.commit()

        return withdraw

    def test_what_is_withdrawn_is_not_done(
        self,
        queue: JobQueue,
        put: Callable[..., None],
        withdraw: Callable[[str], None],
        passes: Time,
    ) -> None:
        handler = Handler()
        put("key_1")
        put("key_2", after=_HOUR)
        put("key_3", after=_HOUR)
        for key in ("key_1", "key_2", "another"):
            withdraw(key)
        assert [each.job.key for each in queue.upcoming()] == ["key_3"]
        passes(_HOUR)
        _work_off(queue, handler)
        assert handler.done == ["key_3"]

    def test_what_has_begun_or_was_given_up_cannot_be_withdrawn(
        self, queue: JobQueue, put: Callable[..., None], withdraw: Callable[[str], None]
    ) -> None:
        def refuse(job: Job) -> None:
            withdraw(job.key)
            raise ProviderFailed("no", retryable=False)

        put("key_1")
        queue.work(refuse)
        withdraw("key_1")
        assert [each.job.key for each in queue.dead()] == ["key_1"]

    def test_the_mails_of_a_booking_can_be_withdrawn_all_but_one_that_has_begun(
        self, queue: JobQueue, put: Callable[..., None], unit_of_work: UnitOfWorkFactory
    ) -> None:
        withdrawn: list[int] = []

        def withdraw(_: Job) -> None:
            with unit_of_work() as uow:
                withdrawn.append(uow.outbox.withdraw_mails(BookingId("bkg_1")))
                uow.commit()

        put("key_1")
        put("key_2", after=_HOUR)
        put("other", after=_HOUR, topic=Topic.SETTLE_MONEY)
        put("another's", "bkg_2", after=_HOUR)
        queue.work(withdraw, limit=1)
        assert withdrawn == [1]
        assert {each.job.key for each in queue.upcoming()} == {"other", "another's"}

    def test_mails_that_were_given_up_are_withdrawn_too(
        self, queue: JobQueue, put: Callable[..., None], unit_of_work: UnitOfWorkFactory
    ) -> None:
        def refuse(_: Job) -> None:
            raise ProviderFailed("no", retryable=False)

        put("key_1")
        queue.work(refuse)
        with unit_of_work() as uow:
            assert uow.outbox.withdraw_mails(BookingId("bkg_1")) == 1
            uow.commit()
        assert not queue.dead()

    # ---- order -----------------------------------------------------------------------------------

    def test_the_jobs_of_one_booking_are_done_in_order_and_one_at_a_time(
        self, queue: JobQueue, put: Callable[..., None]
    ) -> None:
        for number in range(5):
            put(f"key_{number}")
        handler = Handler()

        def work() -> None:
            while queue.work(handler):
                pass

        at_once([work] * 3)
        work()
        assert handler.done == [f"key_{number}" for number in range(5)]

    def test_a_job_is_not_done_before_it_is_due_and_holds_up_nobody(
        self, queue: JobQueue, put: Callable[..., None], passes: Time
    ) -> None:
        put("key_later", after=_HOUR)
        put("key_now")
        handler = Handler()
        queue.work(handler)
        assert handler.done == ["key_now"]
        assert queue.waiting() == 1
        passes(_HOUR)
        while queue.work(handler):
            pass
        assert handler.done == ["key_now", "key_later"]

    def test_no_more_jobs_are_taken_than_were_asked_for(
        self, queue: JobQueue, put: Callable[..., None]
    ) -> None:
        for number in range(1, 6):
            put(f"key_{number}", f"bkg_{number}")
        handler = Handler()
        assert queue.work(handler, limit=2) == 2
        assert len(handler.done) == 2
        assert queue.work(handler, limit=10) == 3

    # ---- working until it is told to stop --------------------------------------------------------

    def test_who_works_until_told_to_stop_does_what_comes(
        self, queue: JobQueue, put: Callable[..., None]
    ) -> None:
        put("key_1")
        put("key_2")
        handler = Handler()
        with _working(queue, handler):
            assert _soon(lambda: handler.done == ["key_1", "key_2"])
            put("key_3")
            assert _soon(lambda: len(handler.done) == 3)
        put("key_4")
        assert handler.done == ["key_1", "key_2", "key_3"]
        assert queue.waiting() == 1

    def test_who_is_told_to_stop_ends_what_is_begun_and_begins_nothing(
        self, queue: JobQueue, put: Callable[..., None]
    ) -> None:
        for number in range(5):
            put(f"key_{number}")
        release, begun = Event(), Event()
        done: list[str] = []

        def slow(job: Job) -> None:
            begun.set()
            release.wait(30)
            done.append(job.key)

        stop = Event()
        worker = Thread(target=lambda: queue.work_until(slow, stop=stop))
        worker.start()
        assert begun.wait(30)
        stop.set()
        release.set()
        worker.join(30)
        assert done == ["key_0"]
        assert queue.waiting() == 4
        assert not any(each.begun for each in queue.upcoming())

    # ---- failing ---------------------------------------------------------------------------------

    @pytest.mark.parametrize("failure", [ProviderFailed("busy"), ZeroDivisionError()])
    def test_a_job_that_failed_is_tried_again_later_and_holds_up_nobody(
        self, queue: JobQueue, put: Callable[..., None], passes: Time, failure: Exception
    ) -> None:
        put("key_1")
        put("key_2")
        handler = Handler(failure)
        while queue.work(handler):
            pass
        assert (handler.tried, handler.done) == (["key_1", "key_2"], ["key_2"])
        passes(_HOUR)
        while queue.work(handler):
            pass
        assert handler.done == ["key_2", "key_1"]
        assert not queue.dead()

    def test_a_job_that_cannot_succeed_is_dead_and_says_why(
        self, queue: JobQueue, put: Callable[..., None], passes: Time
    ) -> None:
        put(subject="booked|client")
        queue.work(Handler(ProviderFailed("no such address", retryable=False)))
        (dead,) = queue.dead()
        assert (dead.error, dead.attempts) == ("no such address", 1)
        assert (dead.job.key, dead.job.subject) == ("key_1", "booked|client")
        passes(100 * _HOUR)
        assert queue.work(Handler()) == queue.waiting() == 0

    def test_a_job_that_fails_too_often_is_dead(
        self, queue: JobQueue, put: Callable[..., None], passes: Time
    ) -> None:
        put()
        handler = Handler(*[ProviderFailed("busy")] * (MOST_TRIES + 5))
        for _ in range(MOST_TRIES + 2):
            while queue.work(handler):
                pass
            passes(10 * _HOUR)
        assert len(handler.tried) == MOST_TRIES
        (dead,) = queue.dead()
        assert dead.attempts == MOST_TRIES

    def test_a_job_that_waits_says_when_it_is_due_and_why_it_failed(
        self, queue: JobQueue, put: Callable[..., None], clock: Clock
    ) -> None:
        put("key_1", subject="booked|client")
        put("key_2", "bkg_2", after=2 * _HOUR)
        queue.work(Handler(ProviderFailed("busy", retry_after=_HOUR)), limit=1)
        first, second = queue.upcoming()
        assert (first.job.key, first.job.subject) == ("key_1", "booked|client")
        assert (first.attempts, first.error, first.begun) == (1, "busy", False)
        assert _HOUR * 0.9 < first.job.due_at - clock.now() < _HOUR * 1.3
        assert (second.job.key, second.job.booking_id) == ("key_2", "bkg_2")
        assert (second.attempts, second.error, second.begun) == (0, "", False)
        assert len(queue.upcoming(limit=1)) == 1

    def test_the_jobs_of_some_bookings_are_told_the_given_up_ones_too(
        self, queue: JobQueue, put: Callable[..., None]
    ) -> None:
        put("key_1")
        queue.work(Handler(ProviderFailed("no", retryable=False)))
        put("key_2", after=_HOUR)
        put("key_3", "bkg_2", after=_HOUR)
        put("key_4", "bkg_3", after=_HOUR)
        wanted = [BookingId("bkg_1"), BookingId("bkg_2"), BookingId("bkg_none")]
        assert [each.key for each in queue.of_bookings(wanted)] == ["key_1", "key_2", "key_3"]
        assert not queue.of_bookings([])

    def test_a_job_that_is_being_done_is_listed_as_begun(
        self, queue: JobQueue, put: Callable[..., None]
    ) -> None:
        seen: list[bool] = []
        put()
        queue.work(lambda _: seen.extend(each.begun for each in queue.upcoming()))
        assert seen == [True]
        assert not queue.upcoming()

    def test_a_dead_job_can_be_restarted_once(
        self, queue: JobQueue, put: Callable[..., None]
    ) -> None:
        put()
        queue.work(Handler(ProviderFailed("no", retryable=False)))
        (dead,) = queue.dead()
        assert queue.restart(dead.id)
        assert not queue.restart(dead.id)
        assert not queue.dead()
        handler = Handler()
        queue.work(handler)
        assert handler.done == ["key_1"]

    def test_a_dead_job_can_be_forgotten(self, queue: JobQueue, put: Callable[..., None]) -> None:
        put()
        queue.work(Handler(ProviderFailed("no", retryable=False)))
        (dead,) = queue.dead()
        assert queue.discard(dead.id)
        for job_id in (dead.id, "nothing", "9" * 30):
            assert not queue.discard(job_id)
            assert not queue.restart(job_id)
        assert not queue.dead()

    # ---- workers that die ------------------------------------------------------------------------

    def test_a_silent_worker_whose_job_was_put_again_stops_nobody(
        self, queue: JobQueue, put: Callable[..., None], silenced: Callable[[], None]
    ) -> None:
        put()
        release, begun = Event(), Event()

        def stuck(_: Job) -> None:
            begun.set()
            release.wait(30)

        worker = Thread(target=lambda: queue.work(stuck))
        worker.start()
        assert begun.wait(30)
        put()
        put("key_2", "bkg_2")
        silenced()
        handler = Handler()
        while queue.work(handler):
            pass
        release.set()
        worker.join()
        while queue.work(handler):
            pass
        assert set(handler.done) == {"key_1", "key_2"}
        assert not queue.dead()
        assert queue.waiting() == 0

    def test_a_job_whose_worker_fell_silent_is_done_by_another_one(
        self, queue: JobQueue, put: Callable[..., None], silenced: Callable[[], None]
    ) -> None:
        put()
        release, begun = Event(), Event()

        def stuck(_: Job) -> None:
            begun.set()
            release.wait(30)

        worker = Thread(target=lambda: queue.work(stuck))
        worker.start()
        assert begun.wait(30)
        handler = Handler()
        assert queue.work(handler) == 0
        silenced()
        while queue.work(handler):
            pass
        assert handler.done == ["key_1"]
        release.set()  # its late word changes nothing
        worker.join()
        assert queue.work(handler) == queue.waiting() == 0
        assert not queue.dead()
