"""Migrated databases, and jobs that wait in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine

from adapters.sql import open_engine


@pytest.fixture
def opened() -> Iterator[Callable[[str], Engine]]:
    """Call it with a URL for the engine of that database."""
    engines: list[Engine] = []

    def open_(url: str) -> Engine:
        engines.append(open_engine(url))
        return engines[-1]

    yield open_
    for engine in engines:
        engine.dispose()


@pytest.fixture
def engine(opened: Callable[[str], Engine], migrated_postgresql: str) -> Engine:
    """That of a PostgreSQL database."""
    return opened(migrated_postgresql)
