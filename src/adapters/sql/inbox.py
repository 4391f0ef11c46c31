from __future__ import annotations

from datetime import datetime
from typing import Any

from attrs import frozen
from sqlalchemy import bindparam, delete, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from adapters.sql.errors import LOCK_TIMEOUT, sqlstate
from adapters.sql.tables import inbox
from adapters.sql.transaction import Transaction
from adapters.sql.types import Instant
from booking_core import Inbox, InboxKey, KeyInProgress, KeyReused, StaleBooking

_WANTED = (inbox.c.scope == bindparam("in_scope"), inbox.c.value == bindparam("wanted"))
_ARRIVED = {
    "postgresql": postgresql.insert(inbox).on_conflict_do_nothing(),
    "sqlite": sqlite.insert(inbox).on_conflict_do_nothing(),
}
_STORED = select(inbox.c.fingerprint, inbox.c.answer).where(*_WANTED).with_for_update()
_ANSWER = update(inbox).where(*_WANTED)
_OLDEST = (
    select(inbox.c.scope, inbox.c.value)
    .where(inbox.c.received_at < bindparam("before", type_=Instant()))
    .order_by(inbox.c.received_at)
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
_FORGET = delete(inbox).where(tuple_(inbox.c.scope, inbox.c.value).in_(_OLDEST))


@frozen
class SqlInbox(Inbox):
    _transaction: Transaction

    def open(self, *, key: InboxKey, now: datetime) -> dict[str, Any] | None:
        try:
            return None if self._is_new(key, now) else self._answered(key)
        except StaleBooking as error:
            if sqlstate(error.__cause__) == LOCK_TIMEOUT:
                raise KeyInProgress from error
            raise

    def answer(self, *, key: InboxKey, answer: dict[str, Any]) -> None:
        values = {"fingerprint": key.fingerprint, "answer": answer}
        self._transaction.write(_ANSWER, _wanted(key) | values)

    def forget(self, *, before: datetime, limit: int = 1000) -> int:
        return self._transaction.write(_FORGET, {"before": before, "at_most": limit}).rowcount

    def _is_new(self, key: InboxKey, now: datetime) -> bool:
        """Waits for a transaction that has inserted the same key, as a unique index does."""
        values = {
            "scope": key.scope,
            "value": key.value,
            "fingerprint": key.fingerprint,
            "received_at": now,
        }
        return self._transaction.write(_ARRIVED[self._transaction.dialect], values).rowcount == 1

    def _answered(self, key: InboxKey) -> dict[str, Any] | None:
        stored = self._transaction.rows(_STORED, _wanted(key))[0]
        if stored.answer is None:  # opened before, never answered: it is ours now, and locked
            return None
        if stored.fingerprint != key.fingerprint:
            raise KeyReused
        answer: dict[str, Any] = stored.answer
        return answer


def _wanted(key: InboxKey) -> dict[str, str]:
    return {"in_scope": key.scope, "wanted": key.value}
