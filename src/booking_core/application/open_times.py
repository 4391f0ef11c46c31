"""What is open with a builder, whichever calendar is the judge of it.

A calendar in our own database reads the claims itself, in the caller's transaction. Any other one is
asked outside of transactions and knows nothing of what we only hold for somebody, so that is taken
off its answers here (B5).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from attrs import frozen

from booking_core.application.catalogue import Offer
from booking_core.domain.availability import Busy, OpenSlots, unclaimed
from booking_core.domain.explanation import Explanation, Reason
from booking_core.domain.ids import BookingId
from booking_core.domain.time import TimeWindow
from booking_core.ports.calendar import CalendarProvider
from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

_STRETCH = timedelta(days=14)
_T = TypeVar("_T")


@frozen
class OpenTimes:
    """The answers of the calendar, less what our own bookings claim."""

    unit_of_work: UnitOfWorkFactory
    calendar: CalendarProvider
    clock: Clock

    def asking(
        self,
        offer: Callable[[UnitOfWork], Offer],
        then: Callable[[Offer, UnitOfWork | None], _T],
    ) -> _T:
        """`then` with the offer that is read first: in one transaction where the calendar allows it."""
        with self.unit_of_work(write=False) as uow:
            found = offer(uow)
            if self.calendar.in_database:
                return then(found, uow)
        return then(found, None)

    def slots(self, offer: Offer, window: TimeWindow, uow: UnitOfWork | None) -> OpenSlots:
        """The open slots that lie wholly inside `window`. Raises ProviderFailed."""
        found = self.calendar.open_slots(
            builder=offer.builder, session_type=offer.session_type, window=window, uow=uow
        )
        if self.calendar.in_database or not found:
            return found
        return unclaimed(found, offer.session_type.rules, self._claimed(offer, window))

    def next_start(self, offer: Offer, after: datetime, uow: UnitOfWork | None) -> datetime | None:
        """The first opening at or after `after` within the horizon (B7). Raises ProviderFailed."""
        while True:
            first = self.calendar.next_start(
                builder=offer.builder, session_type=offer.session_type, after=after, uow=uow
            )
            if first is None or self.calendar.in_database:
                return first
            after = first + _STRETCH
            found = self.slots(offer, TimeWindow(first, after + offer.session_type.duration), uow)
            if found:
                return found[0].slot.start

    def explain(
        self,
        offer: Offer,
        start: datetime,
        uow: UnitOfWork | None,
        *,
        ignoring: BookingId | None = None,
    ) -> Explanation:
        """Why `start` is not open, once `ignoring` gives its place up. Raises ProviderFailed."""
        found = self.calendar.explain(
            builder=offer.builder,
            session_type=offer.session_type,
            start=start,
            ignoring=ignoring,
            uow=uow,
        )
        if self.calendar.in_database or not found.is_open:
            return found
        rules = offer.session_type.rules
        window = TimeWindow(found.start, found.start + offer.session_type.duration)
        claimed = self._claimed(offer, window, ignoring)
        if unclaimed(OpenSlots.at({found.start: found.seats}, rules), rules, claimed):
            return found
        held = ", ".join(busy.what for busy in claimed)
        return Explanation(found.start, (Reason("busy", f"Taken by {held}."),), 0)

    def _claimed(
        self, offer: Offer, window: TimeWindow, ignoring: BookingId | None = None
    ) -> Sequence[Busy]:
        rules = offer.session_type
        with self.unit_of_work(write=False) as uow:
            return uow.claims.busy(
                builder_id=offer.builder.id,
                window=window.widened(rules.buffer_before, rules.buffer_after),
                now=self.clock.now(),
                ignoring=ignoring,
            )
