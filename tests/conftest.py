"""What holds for every test: where sockets may go, what may be logged, and the PostgreSQL fixtures."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from entrypoints import logs

pytest_plugins = [
    "tests.leaks",
    "tests.migrated",
    "tests.postgres",
    "tests.schemas",
    "tests.templates",
]

UNIT = Path(__file__).parent / "unit"
LOOPBACK = ["127.0.0.1", "::1", "localhost"]


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(UNIT):
            item.add_marker(pytest.mark.disable_socket)
        else:
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))
        if item.get_closest_marker("storm"):
            item.add_marker(pytest.mark.xdist_group("storm"))


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """Each test starts with the logs of a service; a command that it runs sets them up anew."""
    logging.getLogger().setLevel(logging.WARNING)
    for chatty in logs.CHATTY:
        logging.getLogger(chatty).setLevel(logging.NOTSET)
    structlog.configure(**logs.structured())
    yield
    structlog.reset_defaults()
