"""An engine for a database URL, set up so that both databases keep the same promises."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url

from adapters.sql.errors import translate

_JOBS = "procrastinate"
# PostgreSQL cuts a name off after 63 bytes; the schema of the jobs is called ours + `_procrastinate`.
_LONGEST_SCHEMA = 63 - len(f"_{_JOBS}")
_SCHEMA = re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{_LONGEST_SCHEMA - 1}}}")
_WAIT_FOR_SQLITE_MS = 5_000
_POSTGRES_SETTINGS = {
    # Who waits longer for a row is told to try again, instead of queueing up behind a stalled one.
    "lock_timeout": "3s",
    "idle_in_transaction_session_timeout": "30s",
    "TimeZone": "UTC",
}


def open_engine(url: str) -> Engine:
    """The engine for `postgresql://…` (also `postgres://…`) or `sqlite:///path/to/file`.

    `?schema=name` puts the tables into that schema of a PostgreSQL database. Nothing is connected
    before the first use.

    Raises:
        ValueError: the URL cannot be used; the message says what to change, without the password.
    """
    try:
        target = make_url(url)
    except Exception:
        raise ValueError("The database URL cannot be read.") from None
    kind = _KINDS.get(target.drivername)
    if kind is None:
        raise ValueError("A database URL begins with postgresql:// or sqlite:///.")
    engine = kind(target)
    event.listen(engine, "handle_error", translate)
    return engine


def schema_of(engine: Engine) -> str | None:
    """The schema that the URL named, if it named one."""
    schema: str | None = engine.get_execution_options().get("schema")
    return schema


def jobs_schema(engine: Engine) -> str:
    """The schema of the job engine's tables, beside ours."""
    return _jobs_schema(schema_of(engine))


def _jobs_schema(ours: str | None) -> str:
    return f"{ours}_{_JOBS}" if ours else _JOBS


# ---- PostgreSQL ----------------------------------------------------------------------------------


def _postgres(url: URL) -> Engine:
    schema = _schema(url)
    ours = f'"{schema}"' if schema else '"$user", public'
    settings = _POSTGRES_SETTINGS | {"search_path": f'{ours}, "{_jobs_schema(schema)}"'}
    url = url.set(drivername="postgresql+psycopg").difference_update_query(["schema"])
    _check_options(url)
    engine = create_engine(
        url,
        isolation_level="READ COMMITTED",
        pool_size=10,
        max_overflow=30,
        pool_timeout=10,
        hide_parameters=True,
        connect_args={} if "connect_timeout" in url.query else {"connect_timeout": 5},
        execution_options={"schema": schema},
    )
    event.listen(engine, "connect", _configuring(settings))
    return engine


def _schema(url: URL) -> str | None:
    schema = url.query.get("schema")
    if schema is not None and not (isinstance(schema, str) and _SCHEMA.fullmatch(schema)):
        raise ValueError(
            "The schema in the database URL is one name of letters, digits and _,"
            f" of at most {_LONGEST_SCHEMA} characters."
        )
    return schema


def _check_options(url: URL) -> None:
    from psycopg.pq import Conninfo  # of the extra `postgres`

    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    unknown = ", ".join(sorted(f'"{name}"' for name in url.query.keys() - known))
    if unknown:
        raise ValueError(f"PostgreSQL knows no such option as the database URL has: {unknown}.")


def _configuring(settings: dict[str, str]) -> Callable[[Any, Any], None]:
    names = ", ".join(f"set_config('{name}', %s, false)" for name in settings)

    def configure(connection: Any, _: object) -> None:
        # Within a transaction the settings would end with its rollback.
        connection.autocommit = True
        connection.execute(f"SELECT {names}", tuple(settings.values()))
        connection.autocommit = False

    return configure


# ---- SQLite --------------------------------------------------------------------------------------


def _sqlite(url: URL) -> Engine:
    if url.database in (None, "", ":memory:"):
        raise ValueError("Name a file for SQLite, for example sqlite:///var/booking.db.")
    directory = Path(str(url.database)).parent
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"The directory {directory} cannot be made: {error.strerror}.") from None
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        pool_size=10,
        max_overflow=30,
        pool_timeout=10,
        hide_parameters=True,
        # The driver shall begin nothing by itself: `_begin` says how.
        connect_args={"isolation_level": None, "timeout": _WAIT_FOR_SQLITE_MS / 1000},
    )
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: Any, _: object) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another one wrote in
    # between, whatever the timeout: so writers queue up at their beginning.
    writing = connection.get_execution_options().get("writing", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


_KINDS: dict[str, Callable[[URL], Engine]] = {
    "postgres": _postgres,
    "postgresql": _postgres,
    "postgresql+psycopg": _postgres,
    "sqlite": _sqlite,
    "sqlite+pysqlite": _sqlite,
}
