from __future__ import annotations

from attrs import evolve, frozen

from booking_core.application.catalogue import Catalogue, Offer
from booking_core.application.find_slots import FoundSlots
from booking_core.application.open_times import OpenTimes
from booking_core.domain.actor import Actor
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import SessionTypeId
from booking_core.domain.policies import bookable_range, owns_catalogue
from booking_core.domain.schedule import Schedule
from booking_core.domain.time import TimeWindow
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class PreviewSchedule:
    """The slots that would be open if the builder had another schedule; nothing is changed.

    A calendar provider that keeps the hours itself answers the same whatever the schedule says.
    """

    catalogue: Catalogue
    times: OpenTimes

    def __call__(
        self,
        *,
        session_type_id: SessionTypeId,
        schedule: Schedule,
        window: TimeWindow,
        actor: Actor,
    ) -> FoundSlots:
        """Those within a range of up to 62 days, and the first one after it.

        Raises:
            RangeTooLong: the range is longer.
            NotFound: no such session type, or not this caller's.
            ProviderFailed: the calendar did not answer.
        """
        bookable_range(window)

        def offer(uow: UnitOfWork) -> Offer:
            found = self.catalogue.read(uow).offer(session_type_id)
            if not owns_catalogue(actor, found.builder.id):
                raise NotFound("session type")
            return evolve(found, builder=evolve(found.builder, schedule=schedule))

        def find(offer: Offer, uow: UnitOfWork | None) -> FoundSlots:
            slots = self.times.slots(offer, window, uow)
            return FoundSlots(slots, self.times.next_start(offer, window.end, uow))

        return self.times.asking(offer, find)
