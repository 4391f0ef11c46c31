from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from booking_core.domain.actor import Actor, Role
from booking_core.domain.credential import Credential
from booking_core.domain.errors import NotAllowed
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ListApiKeys:
    """A builder's own keys, for an operator all; revoked ones too, the oldest first."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, *, actor: Actor) -> Sequence[Credential]:
        """Raises NotAllowed for clients and anonymous callers."""
        with self.unit_of_work(write=False) as uow:
            if actor.is_operator:
                return uow.credentials.keys()
            if actor.role is Role.BUILDER:
                return uow.credentials.keys(role=actor.role, actor_id=actor.id)
        raise NotAllowed("Keys are for builders, each its own, and for admins.")
