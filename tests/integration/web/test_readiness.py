"""Whether requests can be answered is said, and why not, whatever is wrong with the database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.sql import open_engine
from entrypoints.container import Application, assemble
from entrypoints.settings import Settings
from tests.integration.web.conftest import Caller


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "booking.db"


@pytest.fixture
def application(path: Path) -> Iterator[Application]:
    application = assemble(Settings.load({"DATABASE_URL": f"sqlite:///{path}"}))
    yield application
    application.close()


def not_well(anyone: Caller) -> list[str]:
    missing: list[str] = anyone.refused(503, "not_ready", "GET", "/readyz")["missing"]
    return missing


def test_a_service_whose_database_is_there_is_ready(
    anyone: Caller, application: Application
) -> None:
    application.schema.upgrade()
    assert anyone.json("GET", "/readyz") == {"status": "ready"}


def test_a_database_without_tables_is_not_ready(anyone: Caller) -> None:
    assert not_well(anyone) == ["database"]


def test_a_file_that_is_no_database_is_not_ready(anyone: Caller, path: Path) -> None:
    path.write_text("no database " * 1000)
    assert not_well(anyone) == ["database"]
    anyone.refused(503, "provider_failed", "GET", "/api/marketplace/builders")


def test_a_database_of_a_newer_version_is_not_ready(
    anyone: Caller, application: Application, path: Path
) -> None:
    application.schema.upgrade()
    engine = open_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    engine.dispose()
    assert not_well(anyone) == ["database"]
