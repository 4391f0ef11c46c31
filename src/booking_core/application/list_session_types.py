from __future__ import annotations

from attrs import frozen

from booking_core.application.catalogue import Catalogue, Offer
from booking_core.domain.actor import Actor
from booking_core.domain.errors import NotFound
from booking_core.domain.policies import owns_catalogue
from booking_core.domain.session_type import SessionType
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ListSessionTypes:
    """The session types of one builder that the viewer is shown; the builder sees all (A4, A5)."""

    unit_of_work: UnitOfWorkFactory
    catalogue: Catalogue

    def __call__(self, *, builder: str, actor: Actor) -> list[SessionType]:
        """`builder` is an id or a slug. Raises NotFound."""
        with self.unit_of_work(write=False) as uow:
            snapshot = self.catalogue.read(uow)
        found = snapshot.builder(builder)
        owner = owns_catalogue(actor, found.id)
        if not found.active and not owner:
            raise NotFound("builder")
        return [
            each
            for each in snapshot.session_types_of(found.id)
            if owner or self.catalogue.hidden_because(Offer(each, found), actor) is None
        ]
