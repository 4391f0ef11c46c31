"""Tokens that builders entrusted to us, where they lie: nobody reads them without the key."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from adapters.sql import Seal, SqlStore, build
from booking_core import BuilderId
from booking_core.testing.examples import a_binding, a_builder

TOKEN = "eyJraWQiOiIxY2UxZTEzNjE3ZGNm-a-token-of-calendly"
ADA = BuilderId("bld_1")
KEY = "a secret key of thirty-two letters"


def stored(engine: Engine, secret_key: str = KEY) -> SqlStore:
    """A store that holds the token."""
    store = SqlStore(engine, seal=Seal(secret_key))
    with store() as uow:
        uow.builders.save(a_builder())
        uow.calendar_bindings.save(a_binding(token=TOKEN))
        uow.commit()
    return store


def token_in(store: SqlStore) -> str | None:
    with store(write=False) as uow:
        found = uow.calendar_bindings.of_builder(ADA)
    assert found is not None
    assert found.account == a_binding().account
    return found.token


def test_no_column_holds_the_token(engine: Engine) -> None:
    store = stored(engine)
    with engine.connect() as connection:
        row = connection.execute(text("SELECT * FROM calendar_bindings")).one()
    assert TOKEN not in str(row)
    assert token_in(store) == TOKEN


def test_the_bytes_of_the_file_do_not_hold_the_token(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path}/booking.db", "SECRET_KEY": KEY}
    store = build(settings=settings)
    store.upgrade()
    stored(store.engine)
    files = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    assert any(b"https://calendar.test/users/ada" in each for each in files.values())
    assert not any(TOKEN.encode() in each for each in files.values())
    assert token_in(store) == TOKEN, "whoever has the settings reads it"
    store.close()


@pytest.mark.parametrize("other", [KEY.upper(), "another secret key of many letters"])
def test_with_another_secret_key_the_account_is_known_and_the_token_is_not(
    sqlite_store: SqlStore, other: str
) -> None:
    stored(sqlite_store.engine)
    assert token_in(SqlStore(sqlite_store.engine, seal=Seal(other))) is None


def test_what_is_damaged_or_no_seal_at_all_is_not_read(sqlite_store: SqlStore) -> None:
    store = stored(sqlite_store.engine)
    for damaged in ("", "gAAAAA", TOKEN, "Grüße"):
        with sqlite_store.engine.begin() as connection:
            change = text("UPDATE calendar_bindings SET sealed_token = :damaged")
            connection.execute(change, {"damaged": damaged})
        assert token_in(store) is None


def test_the_same_token_never_looks_the_same(sqlite_store: SqlStore) -> None:
    seal = Seal(KEY)
    assert seal.close(TOKEN) != seal.close(TOKEN)
    assert KEY not in repr(seal)
