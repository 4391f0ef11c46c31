from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from secrets import token_hex
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import TimeoutError as PoolTimeout

from adapters.sql import migrate
from adapters.sql.accounts import SqlAccounts
from adapters.sql.bookings import SqlBookings
from adapters.sql.builders import SqlBuilders
from adapters.sql.calendar_bindings import SqlCalendarBindings
from adapters.sql.claims import SqlClaims
from adapters.sql.credentials import SqlCredentials
from adapters.sql.errors import unanswered
from adapters.sql.inbox import SqlInbox
from adapters.sql.openings import SqlOpenings
from adapters.sql.outbox import SqlOutbox
from adapters.sql.sealed import Seal
from adapters.sql.session_types import SqlSessionTypes
from adapters.sql.trail import SqlTrail
from adapters.sql.transaction import Transaction
from booking_core import Outbox, UnitOfWork, UnitOfWorkFactory

_NOW = text("SELECT clock_timestamp()")
OutboxOn = Callable[[Connection], Outbox]


class SqlStore(UnitOfWorkFactory):
    """Everything that is kept in one SQL database.

    `outbox` makes the outbox of a connection, where jobs are another engine's; without it they are
    kept in a table of ours. `seal` encrypts what builders entrusted to us; without it, with a key
    that only this process has.
    """

    def __init__(
        self, engine: Engine, outbox: OutboxOn | None = None, seal: Seal | None = None
    ) -> None:
        self.engine, self._outbox = engine, outbox
        self._seal = seal or Seal(token_hex(32))
        self._reading = engine.execution_options(**_reading(engine))

    def __call__(self, *, write: bool = True) -> SqlUnitOfWork:
        engine = self.engine if write else self._reading
        return SqlUnitOfWork(engine, self._seal, writing=write, outbox=self._outbox)

    def with_outbox(self, outbox: OutboxOn) -> SqlStore:
        """The same store with another outbox."""
        return SqlStore(self.engine, outbox, self._seal)

    def upgrade(self) -> None:
        """Brings the schema up to date."""
        migrate.upgrade(self.engine)

    def downgrade(self) -> None:
        """Takes the schema away, with everything in it."""
        migrate.downgrade(self.engine)

    def pending(self) -> tuple[str, ...]:
        """The migrations that are missing, in order."""
        return migrate.pending(self.engine)

    def clock(self) -> datetime | None:
        """What time it is on the database's own clock; SQLite has ours."""
        if self.engine.dialect.name != "postgresql":
            return None
        with self.engine.connect() as connection:
            now: datetime = connection.execute(_NOW).scalar_one()
            return now

    def close(self) -> None:
        self.engine.dispose()


def _reading(engine: Engine) -> dict[str, Any]:
    # READ COMMITTED gives each statement a view of its own, so for reading a transaction would add
    # nothing but two more round trips.
    if engine.dialect.name == "postgresql":
        return {"isolation_level": "AUTOCOMMIT"}
    return {"writing": False}


class SqlUnitOfWork(UnitOfWork):
    """One transaction on one connection. Errors of the database come out as the core's."""

    def __init__(
        self, engine: Engine, seal: Seal, *, writing: bool, outbox: OutboxOn | None = None
    ) -> None:
        self._engine, self._seal = engine, seal
        self._writing, self._outbox = writing, outbox

    def __enter__(self) -> Self:
        self._connection = _connect(self._engine)
        transaction = self._transaction = Transaction(self._connection, self._writing)
        self.builders = SqlBuilders(transaction)
        self.session_types = SqlSessionTypes(transaction)
        self.bookings = SqlBookings(transaction)
        self.claims = SqlClaims(transaction)
        self.inbox = SqlInbox(transaction)
        self.accounts = SqlAccounts(transaction)
        self.credentials = SqlCredentials(transaction)
        self.calendar_bindings = SqlCalendarBindings(transaction, self._seal)
        self.trail = SqlTrail(transaction)
        self.openings = SqlOpenings(transaction)
        self.outbox: Outbox = (
            self._outbox(self._connection) if self._outbox else SqlOutbox(transaction)
        )
        return self

    def commit(self) -> None:
        self._transaction.must_write()
        self._connection.commit()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()


def _connect(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except PoolTimeout as error:
        raise unanswered() from error
