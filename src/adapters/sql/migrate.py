"""Brings a database to the schema that this code works with, and tells whether it is there.

The migrations are part of the package, so that an installed wheel brings its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from adapters.sql.engine import schema_of
from booking_core import NotSetUp

_MIGRATIONS = Path(__file__).parent / "migrations"
# Any number, as long as nobody else takes it for something else in the same database.
_LOCK = 4_726_110_263


def upgrade(engine: Engine, to: str = "head") -> None:
    """Applies what is missing; of several processes that start at once, one does and the rest wait.

    All of it is one transaction: it is done, or nothing is.
    """
    _run(engine, lambda config: command.upgrade(config, to))


def downgrade(engine: Engine, to: str = "base") -> None:
    """Takes migrations back, down to nothing; the data in dropped tables is lost."""
    _run(engine, lambda config: command.downgrade(config, to))


def current(engine: Engine) -> str | None:
    """The last migration that was applied, None for an empty database."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def pending(engine: Engine) -> tuple[str, ...]:
    """The migrations that `upgrade` would apply, in order; none when the database is ready."""
    with engine.connect() as connection:
        applied = _applied(connection)
    missing = _script().iterate_revisions("head", applied or "base")
    return tuple(revision.revision for revision in missing)[::-1]


def _applied(connection: Connection) -> str | None:
    """Raises NotSetUp when it is a migration that this version does not have."""
    applied = MigrationContext.configure(connection).get_current_revision()
    if applied not in {None, *(each.revision for each in _script().walk_revisions())}:
        raise NotSetUp(
            f"The database of DATABASE_URL was set up by another version (migration {applied});"
            " run that version, or name another database."
        )
    return applied


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _run(engine: Engine, migrate: Callable[[Config], None]) -> None:
    with _alone(engine) as connection:
        _applied(connection)
        config = _config()
        config.attributes["connection"] = connection
        migrate(config)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """One transaction that no other migration runs beside; SQLite gives that to every writer."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            # Waiting for another migration takes as long as that takes.
            connection.execute(text("SET LOCAL lock_timeout = '5min'"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            _create_schema(connection, schema_of(engine))
        yield connection


def _create_schema(connection: Connection, schema: str | None) -> None:
    if schema is not None:
        connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
