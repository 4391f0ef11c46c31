"""What the repositories of one unit of work share: a connection, and whether it may write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen
from sqlalchemy import Connection, CursorResult, Executable, NestedTransaction, Row

Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]


@frozen
class Transaction:
    """One connection inside `BEGIN`, or one that only reads.

    `added` are the ids of bookings that were inserted here and cannot have any claims yet.
    """

    connection: Connection
    writing: bool
    added: set[str] = field(factory=set)

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    def rows(self, query: Executable, values: Values | None = None) -> Sequence[Row[Any]]:
        return self.connection.execute(query, values).all()

    def first(self, query: Executable, values: Values | None = None) -> Row[Any] | None:
        return self.connection.execute(query, values).first()

    def write(self, statement: Executable, values: Values | None = None) -> CursorResult[Any]:
        """Executes what changes rows; a unit of work that only reads would lose or leak it."""
        self.must_write()
        return self.connection.execute(statement, values)

    def must_write(self) -> None:
        if not self.writing:
            raise RuntimeError("This unit of work was begun for reading only.")

    def savepoint(self) -> NestedTransaction:
        """A block whose failure undoes only itself."""
        return self.connection.begin_nested()
