from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from attrs import frozen

from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWorkFactory

#: How long a request can be repeated under its key, and a provider's notice is known again.
REMEMBERED = timedelta(days=7)
AT_ONCE = 1000


@frozen
class ForgetAnswers:
    """Forgets answers that nobody repeats the question of any more; the booking itself stays."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self) -> int:
        """How many were forgotten; some at a time, so that nobody waits for long."""
        return all_of(self._some)

    def _some(self) -> int:
        with self.unit_of_work() as uow:
            count = uow.inbox.forget(before=self.clock.now() - REMEMBERED, limit=AT_ONCE)
            uow.commit()
        return count


def all_of(some: Callable[[], int]) -> int:
    """Forgets `AT_ONCE` at a time by `some`, until there is nothing left; how many."""
    forgotten = last = some()
    while last == AT_ONCE:
        last = some()
        forgotten += last
    return forgotten
