from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from booking_core.application.catalogue import Offer
from booking_core.application.changes import added
from booking_core.application.people import People
from booking_core.domain.actor import Actor
from booking_core.domain.errors import NotFound
from booking_core.ports.unit_of_work import UnitOfWork

_SEEDER = Actor.system()


@frozen
class SeedCatalogue:
    """Adds builders and session types that are not there yet; what is there stays as it is (A2).

    A builder that is added gets its account, by which the person signs in.
    """

    people: People

    def __call__(self, *, offers: Sequence[Offer]) -> int:
        """How many session types were added. Repeating it adds nothing."""
        return self.people.once(lambda uow: sum(self._add(uow, offer) for offer in offers))

    def _add(self, uow: UnitOfWork, offer: Offer) -> bool:
        now = self.people.clock.now()
        try:
            uow.builders.get_to_change(offer.builder.id)
        except NotFound:
            uow.builders.save(offer.builder)
            uow.trail.add([added(offer.builder, actor=_SEEDER, now=now)])
            self.people.let_in(uow, offer.builder, actor=_SEEDER)
        try:
            uow.session_types.get_to_change(offer.session_type.id)
        except NotFound:
            uow.session_types.save(offer.session_type)
            uow.trail.add([added(offer.session_type, actor=_SEEDER, now=now)])
            return True
        return False
