"""Migrated databases, and jobs that wait in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from adapters.sql import open_engine, upgrade


@pytest.fixture
def opened() -> Iterator[Callable[[str], Engine]]:
    """Call it with a URL for the engine of that database, migrated."""
    engines: list[Engine] = []

    def open_(url: str) -> Engine:
        engines.append(open_engine(url))
        upgrade(engines[-1])
        return engines[-1]

    yield open_
    for engine in engines:
        engine.dispose()


@pytest.fixture
def engine(opened: Callable[[str], Engine], fresh_postgres: Callable[[], str]) -> Engine:
    """That of a PostgreSQL database."""
    return opened(fresh_postgres())
