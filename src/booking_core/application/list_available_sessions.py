from __future__ import annotations

from attrs import frozen

from booking_core.application.catalogue import Catalogue
from booking_core.domain.actor import Actor
from booking_core.domain.session_type import Category, SessionType
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ListAvailableSessions:
    """What the viewer can book across builders, by category, pathway and builder (A5)."""

    unit_of_work: UnitOfWorkFactory
    catalogue: Catalogue

    def __call__(
        self,
        *,
        actor: Actor,
        category: Category | None = None,
        pathway: str | None = None,
        builder: str | None = None,
    ) -> list[SessionType]:
        """`builder` is an id or a slug. Raises NotFound when there is no such builder."""
        with self.unit_of_work(write=False) as uow:
            snapshot = self.catalogue.read(uow)
        wanted = snapshot.builder(builder).id if builder else None
        return [
            each
            for each in snapshot.session_types
            if self.catalogue.hidden_because(snapshot.offer(each.id), actor) is None
            and wanted in (None, each.builder_id)
            and category in (None, each.category)
            and (pathway is None or pathway in each.pathways)
        ]
