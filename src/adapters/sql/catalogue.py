"""The catalogue's version: one row that every saved builder or session type raises.

Whoever changes the catalogue locks it first, before any other row.
"""

from __future__ import annotations

from sqlalchemy import select, update

from adapters.sql.tables import catalogue
from adapters.sql.transaction import Transaction

_RAISE = update(catalogue).values(version=catalogue.c.version + 1)
_VERSION = select(catalogue.c.version)
_LOCK = _VERSION.with_for_update()


def raise_version(transaction: Transaction) -> None:
    """Also lets one writer of the catalogue in at a time, so that saving needs no retry."""
    transaction.write(_RAISE)


def lock(transaction: Transaction) -> None:
    """What is read from now on stays as it is until the end of the transaction."""
    transaction.must_write()
    transaction.rows(_LOCK)


def version(transaction: Transaction) -> int:
    row = transaction.first(_VERSION)
    return int(row.version) if row else 0
