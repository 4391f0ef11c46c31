from __future__ import annotations

from datetime import datetime

from attrs import frozen

from booking_core.application.catalogue import Catalogue, Offer
from booking_core.domain.actor import Actor
from booking_core.domain.availability import OpenSlots
from booking_core.domain.ids import SessionTypeId
from booking_core.domain.policies import bookable_range, check_may_book
from booking_core.domain.time import TimeWindow
from booking_core.ports.calendar import CalendarProvider
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@frozen
class FoundSlots:
    """The open slots of a range, and the first opening after it within the horizon (B7)."""

    slots: OpenSlots
    next_start: datetime | None


@frozen
class FindSlots:
    """The open slots of a session type that lie wholly inside a range of up to 62 days (B1)."""

    unit_of_work: UnitOfWorkFactory
    catalogue: Catalogue
    calendar: CalendarProvider

    def __call__(
        self, *, session_type_id: SessionTypeId, window: TimeWindow, actor: Actor
    ) -> FoundSlots:
        """Raises RangeTooLong, NotFound, SignInRequired, ProviderFailed."""
        bookable_range(window)
        with self.unit_of_work(write=False) as uow:
            offer = self.catalogue.read(uow).offer(session_type_id)
            check_may_book(offer.session_type, actor)
            if self.calendar.in_database:
                return self._ask(offer, window, uow)
        return self._ask(offer, window, None)

    def _ask(self, offer: Offer, window: TimeWindow, uow: UnitOfWork | None) -> FoundSlots:
        slots = self.calendar.open_slots(
            builder=offer.builder, session_type=offer.session_type, window=window, uow=uow
        )
        next_start = self.calendar.next_start(
            builder=offer.builder, session_type=offer.session_type, after=window.end, uow=uow
        )
        return FoundSlots(slots, next_start)
