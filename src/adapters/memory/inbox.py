from __future__ import annotations

from copy import deepcopy
from datetime import datetime
from typing import Any

from booking_core import Inbox, InboxKey, KeyReused

from .tables import Answered, Session


class MemoryInbox(Inbox):
    """The lock of the unit of work makes a repeat wait; answers are kept for ever."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def open(self, *, key: InboxKey, now: datetime) -> dict[str, Any] | None:
        found = self._session.changing().answers.get((key.scope, key.value))
        if found is None:
            return None
        if found.key.fingerprint != key.fingerprint:
            raise KeyReused
        return deepcopy(found.answer)

    def answer(self, *, key: InboxKey, answer: dict[str, Any]) -> None:
        answers = self._session.changing().answers
        answers[key.scope, key.value] = Answered(key, deepcopy(answer))
