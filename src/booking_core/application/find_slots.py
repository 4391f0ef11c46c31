from __future__ import annotations

from datetime import datetime

from attrs import frozen

from booking_core.application.catalogue import Catalogue, Offer
from booking_core.application.open_times import OpenTimes
from booking_core.domain.actor import Actor
from booking_core.domain.availability import OpenSlots
from booking_core.domain.ids import SessionTypeId
from booking_core.domain.policies import bookable_range
from booking_core.domain.time import TimeWindow
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class FoundSlots:
    """The open slots of a range, and the first opening after it within the horizon (B7)."""

    slots: OpenSlots
    next_start: datetime | None


@frozen
class FindSlots:
    """The open slots of a session type that lie wholly inside a range of up to 62 days (B1)."""

    catalogue: Catalogue
    times: OpenTimes

    def __call__(
        self, *, session_type_id: SessionTypeId, window: TimeWindow, actor: Actor
    ) -> FoundSlots:
        """Raises RangeTooLong, NotFound, SignInRequired, NotSetUp, ProviderFailed."""
        bookable_range(window)

        def offer(uow: UnitOfWork) -> Offer:
            found = self.catalogue.read(uow).offer(session_type_id)
            self.catalogue.check_may_book(found, actor)
            return found

        def find(offer: Offer, uow: UnitOfWork | None) -> FoundSlots:
            slots = self.times.slots(offer, window, uow)
            return FoundSlots(slots, self.times.next_start(offer, window.end, uow))

        return self.times.asking(offer, find)
