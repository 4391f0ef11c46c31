from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from adapters.sql import current, downgrade, open_engine, pending, upgrade
from adapters.sql.tables import metadata
from tests.integration.storm import storm

GUARDS = {
    "postgresql": "SELECT conname FROM pg_constraint WHERE contype = 'x'",
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' ORDER BY name",
}
EVERYTHING = {
    "postgresql": "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
    " AND relname NOT LIKE 'alembic_%'",
    "sqlite": "SELECT name FROM sqlite_master WHERE name NOT LIKE '%alembic_%'"
    " AND name <> 'sqlite_sequence'",
}


def _names(engine: Engine, queries: dict[str, str]) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text(queries[engine.dialect.name])).scalars())


def test_an_empty_database_says_what_is_missing(empty: Engine) -> None:
    assert current(empty) is None
    assert pending(empty) == ("0001", "0002")


def test_an_upgraded_database_misses_nothing(engine: Engine) -> None:
    assert current(engine) == "0002"
    assert pending(engine) == ()


def test_upgrading_again_changes_nothing(engine: Engine) -> None:
    upgrade(engine)
    assert pending(engine) == ()


def test_the_migrations_make_the_tables_that_the_code_uses(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": _not_the_guard}
        )
        assert compare_metadata(context, metadata) == []


def _not_the_guard(_: object, name: str | None, kind: str, *__: object) -> bool:
    """The index of the exclusion constraint is the constraint's own."""
    return (kind, name) != ("index", "claims_no_overlap")


def test_the_guard_of_the_claims_is_there(engine: Engine) -> None:
    assert _names(engine, GUARDS)[0] == "claims_no_overlap"


def test_down_leaves_nothing_behind_and_up_works_again(engine: Engine) -> None:
    before = sorted(_names(engine, EVERYTHING))
    downgrade(engine)
    assert _names(engine, EVERYTHING) == []
    assert current(engine) is None
    upgrade(engine)
    assert sorted(_names(engine, EVERYTHING)) == before


def test_services_that_start_at_once_migrate_once(
    empty_url: str, open_here: Callable[[str], Engine]
) -> None:
    engines = [open_here(empty_url) for _ in range(6)]
    outcome = storm([lambda engine=engine: upgrade(engine) for engine in engines])
    assert outcome.errors == []
    assert pending(engines[0]) == ()


def test_the_url_can_name_a_schema(
    fresh_postgres: Callable[[], str], open_here: Callable[[str], Engine]
) -> None:
    url = fresh_postgres()
    separator = "&" if "?" in url else "?"
    upgrade(open_here(f"{url}{separator}schema=bookings_here"))
    tables = inspect(open_here(url)).get_table_names(schema="bookings_here")
    assert "claims" in tables
    assert inspect(open_here(url)).get_table_names() == []


@pytest.mark.parametrize(
    "url",
    [
        "mysql://host/name",
        "not a url with secret",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://user:secret@host/name?schema=a;drop",
        "postgresql://user:secret@host:port/name",
    ],
)
def test_an_unusable_url_is_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"database URL|SQLite") as refused:
        open_engine(url)
    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_name_of_postgresql_means_psycopg_3(scheme: str) -> None:
    engine = open_engine(f"{scheme}://user:secret@host/name?schema=one&sslmode=require")
    assert engine.dialect.driver == "psycopg"
    assert dict(engine.url.query) == {"sslmode": "require"}


def test_a_directory_that_is_missing_is_made(tmp_path, open_here: Callable[[str], Engine]) -> None:
    engine = open_here(f"sqlite:///{tmp_path}/var/deep/booking.db")
    upgrade(engine)
    assert (tmp_path / "var/deep/booking.db").exists()
