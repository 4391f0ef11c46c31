from __future__ import annotations

from attrs import frozen

from booking_core.domain.actor import Actor
from booking_core.domain.credential import CredentialKind, digest
from booking_core.domain.errors import InvalidCredentials, NotFound
from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ActorOfApiKey:
    """Whom an API key acts for, within its scopes; it ends with the account of who made it (J2)."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, *, secret: str) -> Actor:
        """Raises InvalidCredentials when there is no such key, or it is revoked or has expired."""
        with self.unit_of_work(write=False) as uow:
            key = uow.credentials.by_digest(kind=CredentialKind.API_KEY, digest=digest(secret))
            if key is None or key.grant is None or not key.usable(self.clock.now()):
                raise _ended()
            if key.account_id is not None:
                try:
                    uow.accounts.get(key.account_id)
                except NotFound:
                    raise _ended() from None
        return key.grant.actor


def _ended() -> InvalidCredentials:
    return InvalidCredentials("The API key is not valid (any more); make a new one.")
