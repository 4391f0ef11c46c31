"""The catalogue's version: one row that every saved builder or session type raises."""

from __future__ import annotations

from sqlalchemy import select, update

from adapters.sql.tables import catalogue
from adapters.sql.transaction import Transaction

_RAISE = update(catalogue).values(version=catalogue.c.version + 1)
_VERSION = select(catalogue.c.version)


def raise_version(transaction: Transaction) -> None:
    """Also lets one writer of the catalogue in at a time, so that saving needs no retry."""
    transaction.write(_RAISE)


def version(transaction: Transaction) -> int:
    row = transaction.first(_VERSION)
    return int(row.version) if row else 0
