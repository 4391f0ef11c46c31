from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from attrs import frozen

from booking_core.application.catalogue import Offer
from booking_core.application.changes import added
from booking_core.domain.actor import Actor
from booking_core.domain.errors import NotFound
from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@frozen
class SeedCatalogue:
    """Adds builders and session types that are not there yet; what is there stays as it is (A2)."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, *, offers: Sequence[Offer]) -> int:
        """How many session types were added. Repeating it adds nothing."""
        with self.unit_of_work() as uow:
            count = sum(_add(uow, offer, self.clock.now()) for offer in offers)
            uow.commit()
        return count


def _add(uow: UnitOfWork, offer: Offer, now: datetime) -> bool:
    try:
        uow.builders.get_to_change(offer.builder.id)
    except NotFound:
        uow.builders.save(offer.builder)
        uow.trail.add([added(offer.builder, actor=Actor.system(), now=now)])
    try:
        uow.session_types.get_to_change(offer.session_type.id)
    except NotFound:
        uow.session_types.save(offer.session_type)
        uow.trail.add([added(offer.session_type, actor=Actor.system(), now=now)])
        return True
    return False
