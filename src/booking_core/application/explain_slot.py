from __future__ import annotations

from datetime import datetime

from attrs import frozen

from booking_core.application.catalogue import Catalogue, Offer
from booking_core.domain.actor import Actor
from booking_core.domain.errors import NotFound
from booking_core.domain.explanation import Explanation
from booking_core.domain.ids import SessionTypeId
from booking_core.domain.policies import owns_catalogue
from booking_core.ports.calendar import CalendarProvider
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@frozen
class ExplainSlot:
    """Why a start is not offered; for the builder and for operators, because it names bookings."""

    unit_of_work: UnitOfWorkFactory
    catalogue: Catalogue
    calendar: CalendarProvider

    def __call__(
        self, *, session_type_id: SessionTypeId, start: datetime, actor: Actor
    ) -> Explanation:
        """Raises NotFound, ProviderFailed."""
        with self.unit_of_work(write=False) as uow:
            offer = self.catalogue.read(uow).offer(session_type_id)
            if not owns_catalogue(actor, offer.builder.id):
                raise NotFound("session type")
            if self.calendar.in_database:
                return self._ask(offer, start, uow)
        return self._ask(offer, start, None)

    def _ask(self, offer: Offer, start: datetime, uow: UnitOfWork | None) -> Explanation:
        return self.calendar.explain(
            builder=offer.builder, session_type=offer.session_type, start=start, uow=uow
        )
