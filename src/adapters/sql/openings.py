from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen
from sqlalchemy import Executable, select
from sqlalchemy.dialects import postgresql, sqlite

from adapters.sql import tables
from adapters.sql.transaction import Transaction
from booking_core import Opening, Openings, SessionTypeId

_SEEN = ("next_start", "seen_at")
_ON_POSTGRESQL, _ON_SQLITE = postgresql.insert(tables.openings), sqlite.insert(tables.openings)
_UPSERTS: dict[str, Executable] = {
    "postgresql": _ON_POSTGRESQL.on_conflict_do_update(
        index_elements=["session_type_id"],
        set_={name: _ON_POSTGRESQL.excluded[name] for name in _SEEN},
    ),
    "sqlite": _ON_SQLITE.on_conflict_do_update(
        index_elements=["session_type_id"],
        set_={name: _ON_SQLITE.excluded[name] for name in _SEEN},
    ),
}


@frozen
class SqlOpenings(Openings):
    _transaction: Transaction

    def put(self, openings: Sequence[Opening]) -> None:
        values = [
            {
                "session_type_id": each.session_type_id,
                "next_start": each.next_start,
                "seen_at": each.seen_at,
            }
            for each in openings
        ]
        if values:
            self._transaction.write(_UPSERTS[self._transaction.dialect], values)

    def all(self) -> Sequence[Opening]:
        return [
            Opening(
                session_type_id=SessionTypeId(row.session_type_id),
                next_start=row.next_start,
                seen_at=row.seen_at,
            )
            for row in self._transaction.rows(select(tables.openings))
        ]
