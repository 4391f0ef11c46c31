"""Bookings in PostgreSQL or SQLite."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.sql.engine import jobs_schema, open_engine
from adapters.sql.migrate import current, downgrade, pending, upgrade
from adapters.sql.unit_of_work import SqlStore, SqlUnitOfWork

__all__ = [
    "SqlStore",
    "SqlUnitOfWork",
    "build",
    "current",
    "downgrade",
    "jobs_schema",
    "open_engine",
    "pending",
    "upgrade",
]


def build(*, settings: Mapping[str, str]) -> SqlStore:
    """The store that `DATABASE_URL` names; its tables are made by `upgrade`."""
    return SqlStore(open_engine(settings["DATABASE_URL"]))
