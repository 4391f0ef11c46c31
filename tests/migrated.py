"""Databases that have the tables already: copies of one that was migrated once in each test process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copy
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.postgres import PostgresServer


def _migrate(url: str) -> None:
    from adapters.sql import open_engine, upgrade  # in the tests that want it alone

    engine = open_engine(url)
    upgrade(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("migrated") / "booking.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def migrated_template(postgres: PostgresServer) -> Iterator[str]:
    with postgres.database() as url:
        _migrate(url)
        yield url


@pytest.fixture
def migrated_sqlite(tmp_path: Path, migrated_file: Path) -> str:
    """The URL of a new database."""
    return f"sqlite:///{copy(migrated_file, tmp_path / 'booking.db')}"


@pytest.fixture
def migrated_postgresql(fresh_postgres: Callable[..., str], migrated_template: str) -> str:
    """The URL of a new database."""
    return fresh_postgres(template=migrated_template)
