from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from booking_core.application.access import managed_builders
from booking_core.application.failure import Failure
from booking_core.domain.actor import Actor
from booking_core.domain.builder import Builder
from booking_core.domain.errors import ProviderFailed
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
        """Each once, also where builders share an account; none that is another builder's.

        Raises:
            NotFound: no such builder, or none that the actor may change.
            ProviderFailed: nobody's event types could be read.
        """
        with self.unit_of_work(write=False) as uow:
            builders = managed_builders(uow, actor, builder_id)
            ours = {each.id for each in builders}
            known = {
                each.calendar_ref.event_type_uri: each
                for each in uow.session_types.all()
                if each.calendar_ref
            }
        offers, _ = event_types_of(self.calendar, builders)
        offered = {each.uri: each for _, types in offers for each in types}
        return [
            ListedEventType(each, known[uri].id if uri in known else None)
            for uri, each in offered.items()
            if uri not in known or known[uri].builder_id in ours
        ]


def event_types_of(
    calendar: CalendarProvider, builders: Sequence[Builder]
) -> tuple[list[tuple[Builder, Sequence[EventType]]], list[Failure]]:
    """What is offered by each, and who could not be asked. Raises ProviderFailed when nobody could."""
    found: list[tuple[Builder, Sequence[EventType]]] = []
    failed: list[Failure] = []
    for builder in builders:
        try:
            found.append((builder, calendar.event_types(builder=builder)))
        except ProviderFailed as failure:
            failed.append(Failure(builder.id, failure.message))
            if len(failed) == len(builders):
                raise
    return found, failed
