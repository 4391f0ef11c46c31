"""Bookings in PostgreSQL or SQLite."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.sql.engine import jobs_schema, open_engine
from adapters.sql.migrate import current, downgrade, pending, upgrade
from adapters.sql.sealed import Seal
from adapters.sql.unit_of_work import SqlStore, SqlUnitOfWork

__all__ = [
    "Seal",
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
    """The store that `DATABASE_URL` names, sealed with `SECRET_KEY`; its tables are made by `upgrade`."""
    return SqlStore(open_engine(settings["DATABASE_URL"]), seal=Seal(settings["SECRET_KEY"]))
