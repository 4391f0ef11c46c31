from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from attrs import frozen

from booking_core.application.catalogue import Catalogue, Offer
from booking_core.application.open_times import OpenTimes
from booking_core.domain.actor import Actor
from booking_core.domain.errors import BookingError, ProviderFailed
from booking_core.domain.opening import Opening
from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

_FRESH_OF_OURS = timedelta(minutes=5)
_FRESH_OF_A_PROVIDER = timedelta(minutes=15)


@frozen
class RefreshOpenings:
    """Looks when each session type can be booked next, so that pages need not (A8).

    Meant to be called each minute: what was seen within the last 5 minutes, or 15 where a provider has
    to be asked, is left alone. Where the provider fails, what is known stays.
    """

    unit_of_work: UnitOfWorkFactory
    catalogue: Catalogue
    times: OpenTimes
    clock: Clock

    def __call__(self) -> int:
        """How many session types were looked at."""
        seen = 0
        for _, offers in groupby(self._stale(), key=lambda offer: offer.builder.id):
            found = list(self._found(offers))
            with self.unit_of_work() as uow:
                uow.openings.put(found)
                uow.commit()
            seen += len(found)
        return seen

    def _stale(self) -> Sequence[Offer]:
        fresh = _FRESH_OF_OURS if self.times.calendar.in_database else _FRESH_OF_A_PROVIDER
        since = self.clock.now() - fresh
        with self.unit_of_work(write=False) as uow:
            snapshot = self.catalogue.read(uow)
            known = {each.session_type_id for each in uow.openings.all() if each.seen_at > since}
        offers = (Offer(each, snapshot.builder(each.builder_id)) for each in snapshot.session_types)
        return sorted(
            (
                each
                for each in offers
                if each.session_type.id not in known
                and self.catalogue.hidden_because(each, Actor.any_client()) is None
            ),
            key=lambda offer: offer.builder.id,
        )

    def _found(self, offers: Iterator[Offer]) -> Iterator[Opening]:
        for offer in offers:
            now = self.clock.now()
            try:
                start = self._next_start(offer, now)
            except ProviderFailed as failed:
                if failed.retryable:
                    return  # most likely for the builder's other session types as well
                continue
            except BookingError:
                continue
            yield Opening(session_type_id=offer.session_type.id, next_start=start, seen_at=now)

    def _next_start(self, offer: Offer, now: datetime) -> datetime | None:
        def find(found: Offer, uow: UnitOfWork | None) -> datetime | None:
            return self.times.next_start(found, now, uow)

        return self.times.asking(lambda _: offer, find)
