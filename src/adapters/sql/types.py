"""Column types that mean the same on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

#: Compared byte by byte on both databases, so that the order of ids never depends on a locale.
Id = Text().with_variant(Text(collation="C"), "postgresql")
#: SQLite counts rows by itself only in a column that is called INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")
#: A null in Python is NULL in the database, and not the JSON word.
Json = JSON(none_as_null=True)


class Instant(TypeDecorator[datetime]):
    """An aware `datetime` in UTC; on SQLite text of one width, which sorts as the instants do."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(27))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return as_text(value)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[str | None], datetime | None] | None:
        # PostgreSQL's driver answers in the session's zone, and that is UTC (see `engine`). No
        # function at all is called for its values: a search for slots reads hundreds of them.
        return _from_text if dialect.name == "sqlite" else None


def _from_text(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored)


def as_text(moment: datetime) -> str:
    """`2026-03-29T08:00:00.000000Z`, always 27 characters."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"
