from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from booking_core.application.repeats import IdempotencyKey, scoped
from booking_core.domain.actor import Actor
from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class AnswerOnce:
    """Gives a repeat under the same key the first answer, where that is plain JSON (C9).

    For what may be done twice and is only to be told once; bookings have their keys in the
    transaction of the change.
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
        with self.unit_of_work() as uow:
            stored = uow.inbox.open(key=scope, now=self.clock.now())
        if stored is not None:
            return stored
        found = answer()
        with self.unit_of_work() as uow:
            stored = uow.inbox.open(key=scope, now=self.clock.now())
            if stored is None:
                uow.inbox.answer(key=scope, answer=found)
                uow.commit()
        return found if stored is None else stored
