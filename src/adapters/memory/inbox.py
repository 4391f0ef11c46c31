from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from typing import Any

from booking_core import Inbox, InboxKey, KeyReused

from .tables import Answered, Session


class MemoryInbox(Inbox):
    """The lock of the unit of work makes a repeat wait."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._opened: dict[InboxKey, datetime] = {}

    def open(self, *, key: InboxKey, now: datetime) -> dict[str, Any] | None:
        found = self._session.changing().answers.get((key.scope, key.value))
        if found is None:
            self._opened[key] = now
            return None
        if found.key.fingerprint != key.fingerprint:
            raise KeyReused
        self._opened[key] = found.opened_at
        return deepcopy(found.answer)

    def answer(self, *, key: InboxKey, answer: dict[str, Any]) -> None:
        answers = self._session.changing().answers
        answers[key.scope, key.value] = Answered(key, deepcopy(answer), self._opened[key])

    def forget(self, *, before: datetime, limit: int = 1000) -> int:
        answers = self._session.changing().answers
        old = [name for name, each in answers.items() if each.opened_at < before]
        old.sort(key=lambda name: answers[name].opened_at)
        for name in old[:limit]:
            del answers[name]
        return len(old[:limit])
