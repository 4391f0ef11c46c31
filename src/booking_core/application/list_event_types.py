from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from booking_core.application.access import managed_builders
from booking_core.domain.actor import Actor
from booking_core.domain.event_type import EventType
from booking_core.domain.ids import BuilderId, SessionTypeId
from booking_core.ports.calendar import CalendarProvider
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ListedEventType:
    """What the calendar provider offers, and what stands for it in our catalogue."""

    event_type: EventType
    session_type_id: SessionTypeId | None


@frozen
class ListEventTypes:
    """The event types at the calendar provider, for builders and operators (A6)."""

    unit_of_work: UnitOfWorkFactory
    calendar: CalendarProvider

    def __call__(
        self, *, actor: Actor, builder_id: BuilderId | None = None
    ) -> Sequence[ListedEventType]:
        """Each once, also where builders share an account. Raises NotFound, ProviderFailed."""
        with self.unit_of_work(write=False) as uow:
            builders = managed_builders(uow, actor, builder_id)
            ours = {each.id for each in builders}
            known = {
                each.calendar_ref.event_type_uri: each.id
                for each in uow.session_types.all()
                if each.calendar_ref and each.builder_id in ours
            }
        offered = {
            each.uri: each
            for builder in builders
            for each in self.calendar.event_types(builder=builder)
        }
        return [ListedEventType(each, known.get(each.uri)) for each in offered.values()]
