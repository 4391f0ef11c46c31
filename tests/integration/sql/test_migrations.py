from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from procrastinate.schema import SchemaManager
from sqlalchemy import Engine, insert, inspect, select, text

from adapters.sql import (
    current,
    downgrade,
    jobs_schema,
    open_engine,
    pending,
    tables,
    upgrade,
)
from adapters.sql.builders import from_builder
from adapters.sql.claims import _values
from adapters.sql.tables import metadata
from booking_core import NotSetUp
from booking_core.testing.examples import a_builder, a_claim, a_session_type, a_slot
from tests.integration.storm import storm

TEN_MINUTES = timedelta(minutes=10)
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

DESCRIPTION = """
SELECT 'function', p.proname || pg_get_function_identity_arguments(p.oid), p.prosrc
FROM pg_proc p WHERE p.pronamespace = to_regnamespace(%(schema)s)
UNION ALL
SELECT 'column', c.relname || '.' || a.attname, concat_ws(
    ' ', format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid)
)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (a.attrelid, a.attnum)
WHERE c.relnamespace = to_regnamespace(%(schema)s)
    AND c.relkind IN ('r', 'c') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = %(schema)s
UNION ALL
SELECT 'constraint', conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = to_regnamespace(%(schema)s) AND contype <> 'n'
UNION ALL
SELECT 'trigger', t.tgname, pg_get_triggerdef(t.oid)
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = to_regnamespace(%(schema)s) AND NOT t.tgisinternal
UNION ALL
SELECT 'value', t.typname, string_agg(e.enumlabel, ',' ORDER BY e.enumlabel)
FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
WHERE t.typnamespace = to_regnamespace(%(schema)s) GROUP BY t.typname
"""


def _names(engine: Engine, queries: dict[str, str]) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(text(queries[engine.dialect.name])).scalars())


def test_an_empty_database_says_what_is_missing(empty: Engine) -> None:
    assert current(empty) is None
    assert pending(empty) == (
        *("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009"),
        *("0010", "0011", "0012", "0013", "0014"),
    )


def test_an_upgraded_database_misses_nothing(engine: Engine) -> None:
    assert current(engine) == "0014"
    assert pending(engine) == ()


def test_upgrading_again_changes_nothing(engine: Engine) -> None:
    upgrade(engine)
    assert pending(engine) == ()


def test_the_migrations_make_the_tables_that_the_code_uses(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": _ours}
        )
        assert compare_metadata(context, metadata) == []


def _ours(_: object, name: str | None, kind: str, *__: object) -> bool:
    """Not the job engine's tables; and the index of the exclusion constraint is the constraint's."""
    return (kind, name) != ("index", "claims_no_overlap") and "procrastinate" not in (name or "")


def test_the_job_engine_has_the_tables_that_its_library_expects(
    fresh_postgres: Callable[[], str], open_here: Callable[[str], Engine]
) -> None:
    engine = open_here(fresh_postgres())
    upgrade(engine)
    with engine.begin() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute("CREATE SCHEMA expected; SET LOCAL search_path = expected")
        driver.execute(SchemaManager.get_schema())
        ours, theirs = (_described(driver, schema) for schema in ("procrastinate", "expected"))
    assert ours
    assert ours == theirs


def _described(driver: Any, schema: str) -> dict[str, str]:
    """Every function, column, index, constraint and trigger of a schema, by name."""
    driver.execute(f"SET LOCAL search_path = {schema}")
    found = driver.execute(DESCRIPTION, {"schema": schema}).fetchall()
    return {
        f"{kind} {name}": " ".join(text.split()).replace(f"{schema}.", "")
        for kind, name, text in found
    }


def test_the_job_engine_goes_with_the_last_migration(
    fresh_postgres: Callable[[], str], open_here: Callable[[str], Engine]
) -> None:
    engine = open_here(fresh_postgres())
    upgrade(engine)
    downgrade(engine, "0002")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT to_regnamespace('procrastinate')")).scalar() is None
    upgrade(engine)


def test_seats_that_are_there_are_promised_what_their_meeting_blocks(empty: Engine) -> None:
    upgrade(empty, "0005")
    with empty.begin() as connection:
        there = {each["name"] for each in inspect(connection).get_columns("builders")}
        values = {name: each for name, each in from_builder(a_builder()).items() if name in there}
        connection.execute(insert(tables.builders), values)
        meeting = _values(a_claim(a_session_type(buffer_after=TEN_MINUTES), a_slot(), "bkg_1"))
        del meeting["builder_id"]
        claim = connection.execute(
            insert(tables.claims).returning(tables.claims.c.id), meeting | {"builder_number": 1}
        ).scalar_one()
        seat = "INSERT INTO seats (claim_id, booking_id) VALUES (:claim, 'bkg_1')"
        connection.execute(text(seat), {"claim": claim})
    upgrade(empty)
    with empty.connect() as connection:
        seats = connection.execute(select(tables.seats)).one()
    assert seats.blocked_from == a_slot().start
    assert seats.blocked_to == a_slot().end + TEN_MINUTES
    downgrade(empty, "0005")
    assert {each["name"] for each in inspect(empty).get_columns("seats")} == {
        "claim_id", "booking_id", "held_until",
    }  # fmt: skip


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


def test_the_longest_schema_has_room_for_the_jobs_beside_it(
    fresh_postgres: Callable[[], str], open_here: Callable[[str], Engine]
) -> None:
    url, longest = fresh_postgres(), "s" * 49
    engine = open_here(f"{url}{'&' if '?' in url else '?'}schema={longest}")
    upgrade(engine)
    schemas = inspect(engine).get_schema_names()
    assert {longest, jobs_schema(engine)} <= set(schemas)
    downgrade(engine)


def test_a_database_of_a_newer_version_is_left_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    for do in (pending, upgrade, downgrade):
        with pytest.raises(NotSetUp, match="0099"):
            do(engine)
    assert inspect(engine).has_table("claims")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://host/name",
        "not a url with secret",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://user:secret@host/name?schema=a;drop",
        "postgresql://user:secret@host:port/name",
        f"postgresql://user:secret@host/name?schema={'s' * 50}",
        "postgresql://user:secret@host/name?foo=bar",
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
