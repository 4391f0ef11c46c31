from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from booking_core.application.changes import check_names, write_change
from booking_core.domain.actor import Actor
from booking_core.domain.catalogue_sync import check_same_length
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import SessionTypeId
from booking_core.domain.policies import owns_catalogue
from booking_core.domain.session_type import SessionType, with_category
from booking_core.ports.calendar import CalendarProvider
from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ChangeSessionType:
    """A builder or an admin edits a session type; bookings made before keep their terms."""

    unit_of_work: UnitOfWorkFactory
    calendar: CalendarProvider
    clock: Clock

    def __call__(
        self, *, session_type_id: SessionTypeId, changes: Mapping[str, Any], actor: Actor
    ) -> SessionType:
        """`changes` maps attributes of `SessionType` to new values.

        What is of the category free and gets a price becomes specialized, unless a category is given.

        Raises:
            NotFound: no such session type, or not this caller's.
            InvalidRequest: a value that is not valid, `id` or `builder_id`, or no attribute at all;
                the category free for what costs money; or another duration than that of the event
                type at a provider.
        """
        with self.unit_of_work() as uow:
            before = uow.session_types.get_to_change(session_type_id)
            if not owns_catalogue(actor, before.builder_id):
                raise NotFound("session type")
            check_names(SessionType, changes)
            session_type = evolve(before, **with_category(changes, before))
            if not self.calendar.in_database:
                check_same_length(before, session_type)
            uow.session_types.save(session_type)
            write_change(uow, before, session_type, actor=actor, now=self.clock.now())
            uow.commit()
        return session_type
