from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen
from sqlalchemy import Row, bindparam, delete, insert, select, update

from adapters.sql.sealed import Seal
from adapters.sql.tables import calendar_bindings
from adapters.sql.transaction import Transaction
from booking_core import BuilderId, CalendarBinding, CalendarBindingRepository

_OF_BUILDER = calendar_bindings.c.builder_id == bindparam("of_builder")
_BY_BUILDER = select(calendar_bindings).where(_OF_BUILDER)
_ALL = select(calendar_bindings).order_by(calendar_bindings.c.builder_id)
_UPDATE = update(calendar_bindings).where(_OF_BUILDER)
_REMOVE = delete(calendar_bindings).where(_OF_BUILDER)


@frozen
class SqlCalendarBindings(CalendarBindingRepository):
    _transaction: Transaction
    _seal: Seal

    def of_builder(self, builder_id: BuilderId) -> CalendarBinding | None:
        row = self._transaction.first(_BY_BUILDER, {"of_builder": builder_id})
        return None if row is None else self._opened(row)

    def all(self) -> Sequence[CalendarBinding]:
        return [self._opened(row) for row in self._transaction.rows(_ALL)]

    def save(self, binding: CalendarBinding) -> None:
        values = {
            "builder_id": binding.builder_id,
            "account": binding.account,
            "sealed_token": self._seal.close(binding.token) if binding.token else "",
            "bound_at": binding.bound_at,
        }
        changed = self._transaction.write(_UPDATE, values | {"of_builder": binding.builder_id})
        if not changed.rowcount:
            self._transaction.write(insert(calendar_bindings), values)

    def remove(self, builder_id: BuilderId) -> None:
        self._transaction.write(_REMOVE, {"of_builder": builder_id})

    def _opened(self, row: Row[Any]) -> CalendarBinding:
        return CalendarBinding(
            builder_id=row.builder_id,
            account=row.account,
            token=self._seal.open(row.sealed_token),
            bound_at=row.bound_at,
        )
