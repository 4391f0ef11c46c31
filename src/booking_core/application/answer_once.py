from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen

from booking_core.application.repeats import IdempotencyKey, scoped
from booking_core.domain.actor import Actor
from booking_core.domain.errors import KeyInProgress
from booking_core.ports.clock import Clock
from booking_core.ports.inbox import InboxKey
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_LONGEST = timedelta(minutes=2)  # who takes longer has died
_RUNS_UNTIL = "runs until"


@frozen
class AnswerOnce:
    """Gives a repeat under the same key the first answer, where that is plain JSON and not empty (C9).

    For what calls others, and so cannot be one transaction with its key as a change of a booking is.
    While the first runs, a repeat is refused; what was refused or failed can be asked again.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(
        self,
        answer: Callable[[], dict[str, Any]],
        *,
        action: str,
        actor: Actor,
        key: IdempotencyKey | None,
    ) -> dict[str, Any]:
        """What `answer` says, or said the first time. Raises KeyReused, KeyInProgress."""
        scope = scoped(key, action, actor)
        if scope is None:
            return answer()
        stored = self._begin(scope)
        if stored is not None:
            return stored
        found: dict[str, Any] = {}
        try:
            found = answer()
        finally:
            self._remember(scope, found)
        return found

    def _begin(self, scope: InboxKey) -> dict[str, Any] | None:
        """The first answer; without one it is ours to give."""
        now = self.clock.now()
        with self.unit_of_work() as uow:
            stored = uow.inbox.open(key=scope, now=now)
            if stored and _RUNS_UNTIL not in stored:
                return stored
            if stored and now < datetime.fromisoformat(stored[_RUNS_UNTIL]):
                raise KeyInProgress
            until = (now + _LONGEST).isoformat()
            uow.inbox.answer(key=scope, answer={_RUNS_UNTIL: until})
            uow.commit()
        return None

    def _remember(self, scope: InboxKey, found: dict[str, Any]) -> None:
        with self.unit_of_work() as uow:
            uow.inbox.open(key=scope, now=self.clock.now())
            uow.inbox.answer(key=scope, answer=found)
            uow.commit()
