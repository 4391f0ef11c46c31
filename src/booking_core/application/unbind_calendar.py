from __future__ import annotations

from attrs import frozen

from booking_core.application.changes import of_calendar
from booking_core.domain.actor import Actor
from booking_core.domain.ids import BuilderId
from booking_core.domain.policies import check_may_bind
from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class UnbindCalendar:
    """Forgets the token of a builder's own calendar account (E1).

    The account stays the builder's, and bookings stay as they are: what is done about them is asked
    with the service's own token from then on, and fails where that may not.
    """

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, *, builder_id: BuilderId, actor: Actor) -> bool:
        """Whether there was one.

        Raises:
            NotFound: no such builder, or not this caller's.
            NotAllowed: for those who come with a key.
        """
        check_may_bind(actor, builder_id)
        with self.unit_of_work() as uow:
            builder = uow.builders.get_to_change(builder_id)
            binding = uow.calendar_bindings.of_builder(builder_id)
            if binding is None:
                return False
            uow.calendar_bindings.remove(builder_id)
            now, account = self.clock.now(), binding.account
            uow.trail.add([of_calendar("calendar unbound", builder, account, actor=actor, now=now)])
            uow.commit()
        return True
