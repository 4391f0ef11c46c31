"""What the repositories of one unit of work share: a connection, and whether it may write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen
from sqlalchemy import Connection, CursorResult, Executable, Row

Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]


@frozen
class Transaction:
    """One connection inside `BEGIN`, or one that only reads."""

    connection: Connection
    writing: bool

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    def rows(self, query: Executable, values: Values | None = None) -> Sequence[Row[Any]]:
        return self.connection.execute(query, values).all()

    def first(self, query: Executable, values: Values | None = None) -> Row[Any] | None:
        return self.connection.execute(query, values).first()

    def write(self, statement: Executable, values: Values | None = None) -> CursorResult[Any]:
        """Executes what changes rows; a unit of work that only reads would lose or leak it."""
        if not self.writing:
            raise RuntimeError("This unit of work was begun for reading only.")
        return self.connection.execute(statement, values)
