"""What the databases complain about comes out in the core's words, and without theirs."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from threading import Event, Thread

import pytest
from attrs import evolve
from sqlalchemy import Engine, create_engine, text

from adapters.sql import SqlStore, open_engine
from booking_core import (
    InboxKey,
    InvalidRequest,
    KeyInProgress,
    NotFound,
    ProviderFailed,
    StaleBooking,
)
from booking_core.testing.examples import NOW, a_booking, a_builder, a_session_type

KEY = InboxKey("confirm:me", "key-1", "body")


@pytest.fixture
def booked(postgres_store: SqlStore) -> SqlStore:
    """With one booking, `bkg_1`."""
    with postgres_store() as uow:
        uow.builders.save(a_builder())
        uow.session_types.save(a_session_type())
        uow.bookings.save(a_booking())
        uow.commit()
    return postgres_store


def _holding(store: SqlStore, work: Callable[..., object]) -> tuple[Thread, Event]:
    """Does `work` in a transaction that stays open until the event is set."""
    begun, release = Event(), Event()

    def hold() -> None:
        with store() as uow:
            work(uow)
            begun.set()
            release.wait(30)
            uow.commit()

    thread = Thread(target=hold)
    thread.start()
    assert begun.wait(10)
    return thread, release


def test_who_waits_too_long_for_a_row_is_told_to_retry(booked: SqlStore) -> None:
    thread, release = _holding(booked, lambda uow: uow.bookings.save(uow.bookings.get("bkg_1")))
    with booked(write=False) as reading:
        booking = reading.bookings.get("bkg_1")
    begun = time.monotonic()
    with pytest.raises(StaleBooking) as stale, booked() as uow:
        uow.bookings.save(booking)
    assert 2.5 < time.monotonic() - begun < 5
    assert "lock" not in stale.value.message
    release.set()
    thread.join()


def test_a_key_that_is_worked_on_for_too_long_is_in_progress(booked: SqlStore) -> None:
    thread, release = _holding(booked, lambda uow: uow.inbox.open(key=KEY, now=NOW))
    with pytest.raises(KeyInProgress), booked() as uow:
        uow.inbox.open(key=KEY, now=NOW)
    release.set()
    thread.join()


def test_a_deadlock_is_a_stale_booking_for_one_of_the_two(booked: SqlStore) -> None:
    other = a_booking(id="bkg_2")
    with booked() as uow:
        uow.bookings.save(other)
        uow.commit()
    outcomes: list[object] = []

    def save_both(first: str, second: str, here: Event, there: Event) -> None:
        try:
            with booked() as uow:
                uow.bookings.save(uow.bookings.get(first))
                here.set()
                there.wait(5)
                uow.bookings.save(uow.bookings.get(second))
                uow.commit()
            outcomes.append("saved")
        except StaleBooking as error:
            outcomes.append(type(error.__cause__).__name__)

    one, two = Event(), Event()
    threads = [
        Thread(target=save_both, args=("bkg_1", "bkg_2", one, two)),
        Thread(target=save_both, args=("bkg_2", "bkg_1", two, one)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "DeadlockDetected" in outcomes


def test_a_killed_connection_is_a_provider_that_failed_and_the_next_one_works(
    booked: SqlStore,
) -> None:
    with booked() as uow:
        uow.bookings.get("bkg_1")
        _kill_others(booked)
        with pytest.raises(ProviderFailed) as failed:
            uow.bookings.get("bkg_1")
    assert failed.value.retryable
    assert failed.value.message == "The database does not answer."
    with booked(write=False) as uow:
        assert uow.bookings.get("bkg_1").id == "bkg_1"


def test_a_connection_that_dies_before_the_commit_is_no_success(booked: SqlStore) -> None:
    with booked() as uow:
        uow.bookings.save(a_booking(id="bkg_2"))
        _kill_others(booked)
        with pytest.raises(ProviderFailed):
            uow.commit()
    with booked(write=False) as uow, pytest.raises(NotFound):
        uow.bookings.get("bkg_2")


def _kill_others(store: SqlStore) -> None:
    outside = create_engine(store.engine.url)
    with outside.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    outside.dispose()


def test_a_server_that_is_not_there_is_a_provider_that_failed() -> None:
    store = SqlStore(open_engine("postgresql://nobody:secret@127.0.0.1:1/none"))
    with pytest.raises(ProviderFailed) as failed, store() as uow:
        uow.bookings.get("bkg_1")
    assert "secret" not in failed.value.message


def test_a_file_that_cannot_be_opened_is_a_provider_that_failed(tmp_path) -> None:
    store = SqlStore(open_engine(f"sqlite:///{tmp_path}"))
    with pytest.raises(ProviderFailed), store() as uow:
        uow.bookings.get("bkg_1")


def test_a_locked_sqlite_file_is_a_stale_booking(sqlite_store: SqlStore) -> None:
    with sqlite_store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
    other = sqlite3.connect(sqlite_store.engine.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StaleBooking), sqlite_store() as uow:
        uow.session_types.version()
    other.close()


def test_text_that_cannot_be_stored_is_an_invalid_request(booked: SqlStore) -> None:
    builder = evolve(a_builder(), calendar_account="one\0two")
    with pytest.raises(InvalidRequest), booked() as uow:
        uow.builders.save(builder)


@pytest.mark.parametrize("headline", ["\ud800"])
def test_text_that_is_no_text_is_an_invalid_request(store: SqlStore, headline: str) -> None:
    with pytest.raises(InvalidRequest), store() as uow:
        uow.builders.save(evolve(a_builder(), headline=headline))


def test_a_unit_of_work_for_reading_writes_nothing(store: SqlStore) -> None:
    with pytest.raises(RuntimeError), store(write=False) as uow:
        uow.builders.save(a_builder())
    with pytest.raises(RuntimeError), store(write=False) as uow:
        uow.commit()


def test_who_gets_no_connection_in_time_hears_that_the_database_does_not_answer(
    postgres_store: SqlStore, open_here: Callable[[str], Engine]
) -> None:
    engine = open_here(postgres_store.engine.url.render_as_string(hide_password=False))
    engine.pool._timeout = 0.1
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(engine.connect())
        with pytest.raises(ProviderFailed):
            stack.enter_context(SqlStore(engine)())


def test_a_duplicate_is_stale(store: SqlStore) -> None:
    with store() as uow:
        uow.builders.save(a_builder())
        uow.session_types.save(a_session_type())
        uow.bookings.save(a_booking())
        uow.commit()
    with pytest.raises(StaleBooking), store() as uow:
        uow.bookings.save(a_booking())
    later = NOW + timedelta(days=1)
    with store() as uow:
        assert [booking.id for booking in uow.bookings.overdue(now=later)] == ["bkg_1"]
