from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from booking_core.application.forget_answers import AT_ONCE, all_of
from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWorkFactory

#: How long what opens nothing any more is still there to be looked at.
KEPT = timedelta(days=7)


@frozen
class ForgetCredentials:
    """Forgets links, sessions and keys that expired, were used or were revoked a week ago."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self) -> int:
        """How many were forgotten; some at a time, so that nobody waits for long."""
        return all_of(self._some)

    def _some(self) -> int:
        with self.unit_of_work() as uow:
            count = uow.credentials.forget(before=self.clock.now() - KEPT, limit=AT_ONCE)
            uow.commit()
        return count
