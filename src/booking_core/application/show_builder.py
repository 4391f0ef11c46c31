from __future__ import annotations

from attrs import frozen

from booking_core.application.catalogue import Catalogue
from booking_core.domain.actor import Actor
from booking_core.domain.builder import Builder
from booking_core.domain.errors import NotFound
from booking_core.domain.policies import owns_catalogue
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ShowBuilder:
    """One builder, by id or slug; an inactive one only to itself and to operators."""

    unit_of_work: UnitOfWorkFactory
    catalogue: Catalogue

    def __call__(self, *, name: str, actor: Actor) -> Builder:
        """Raises NotFound."""
        with self.unit_of_work(write=False) as uow:
            builder = self.catalogue.read(uow).builder(name)
        if not builder.active and not owns_catalogue(actor, builder.id):
            raise NotFound("builder")
        return builder

    def own(self, *, name: str, actor: Actor) -> Builder:
        """The builder for those who may change it. Raises NotFound."""
        builder = self(name=name, actor=actor)
        if not owns_catalogue(actor, builder.id):
            raise NotFound("builder")
        return builder
