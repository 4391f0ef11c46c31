from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from adapters.sql import SqlStore, open_engine


@pytest.fixture
def open_here() -> Iterator[Callable[[str], Engine]]:
    """Opens engines and closes them after the test."""
    opened: list[Engine] = []

    def open_one(url: str) -> Engine:
        opened.append(open_engine(url))
        return opened[-1]

    yield open_one
    for engine in opened:
        engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/booking.db"
    return request.getfixturevalue("fresh_postgres")()


@pytest.fixture
def empty(empty_url: str, open_here: Callable[[str], Engine]) -> Engine:
    return open_here(empty_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, open_here: Callable[[str], Engine]) -> Engine:
    """An engine of each kind, with the tables."""
    return open_here(request.getfixturevalue(f"migrated_{request.param}"))


@pytest.fixture
def store(engine: Engine) -> SqlStore:
    return SqlStore(engine)


@pytest.fixture
def postgres_store(migrated_postgresql: str, open_here: Callable[[str], Engine]) -> SqlStore:
    return SqlStore(open_here(migrated_postgresql))


@pytest.fixture
def sqlite_store(migrated_sqlite: str, open_here: Callable[[str], Engine]) -> SqlStore:
    return SqlStore(open_here(migrated_sqlite))
