from __future__ import annotations

from datetime import datetime

from attrs import frozen

from booking_core.application.catalogue import Catalogue, Offer
from booking_core.application.open_times import OpenTimes
from booking_core.domain.actor import Actor
from booking_core.domain.errors import NotFound
from booking_core.domain.explanation import Explanation
from booking_core.domain.ids import SessionTypeId
from booking_core.domain.policies import owns_catalogue
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class ExplainSlot:
    """Why a start is not offered; for the builder and for operators, because it names bookings."""

    catalogue: Catalogue
    times: OpenTimes

    def __call__(
        self, *, session_type_id: SessionTypeId, start: datetime, actor: Actor
    ) -> Explanation:
        """Raises NotFound, ProviderFailed."""

        def offer(uow: UnitOfWork) -> Offer:
            found = self.catalogue.read(uow).offer(session_type_id)
            if not owns_catalogue(actor, found.builder.id):
                raise NotFound("session type")
            return found

        return self.times.asking(offer, lambda o, uow: self.times.explain(o, start, uow))
