from __future__ import annotations

from attrs import frozen

from booking_core.application.catalogue import Catalogue
from booking_core.domain.actor import Actor
from booking_core.domain.builder import Builder
from booking_core.domain.errors import NotFound
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ListBuilders:
    """The builders by name: the active ones, or all of them for an operator who asks for all."""

    unit_of_work: UnitOfWorkFactory
    catalogue: Catalogue

    def __call__(self, *, everyone_for: Actor | None = None) -> list[Builder]:
        """`everyone_for` is the operator who wants to see those as well that are not active.

        Raises NotFound when it is none.
        """
        if everyone_for is not None and not everyone_for.is_operator:
            raise NotFound("builder")
        with self.unit_of_work(write=False) as uow:
            found = self.catalogue.read(uow).builders
        return [each for each in found if each.active or everyone_for is not None]
