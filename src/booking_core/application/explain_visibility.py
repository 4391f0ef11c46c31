from __future__ import annotations

from attrs import frozen

from booking_core.application.catalogue import Catalogue
from booking_core.domain.actor import Actor
from booking_core.domain.ids import SessionTypeId
from booking_core.domain.session_type import SessionType
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class Visibility:
    """Whether a viewer is shown a session type; `reason` says why not."""

    session_type: SessionType
    visible: bool
    reason: str


@frozen
class ExplainVisibility:
    """Why a session type is or is not visible to a viewer (K1); for operators."""

    unit_of_work: UnitOfWorkFactory
    catalogue: Catalogue

    def __call__(self, *, session_type_id: SessionTypeId, viewer: Actor) -> Visibility:
        """Raises NotFound."""
        with self.unit_of_work(write=False) as uow:
            offer = self.catalogue.read(uow).offer(session_type_id)
        reason = self.catalogue.hidden_because(offer, viewer)
        return Visibility(offer.session_type, reason is None, reason or "The viewer is shown it.")
