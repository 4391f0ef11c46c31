from __future__ import annotations

from attrs import frozen

from booking_core.application.catalogue import Catalogue
from booking_core.domain.builder import Builder
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ListBuilders:
    """The active builders, by name."""

    unit_of_work: UnitOfWorkFactory
    catalogue: Catalogue

    def __call__(self) -> list[Builder]:
        with self.unit_of_work(write=False) as uow:
            return [each for each in self.catalogue.read(uow).builders if each.active]
