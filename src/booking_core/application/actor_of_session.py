from __future__ import annotations

from attrs import frozen

from booking_core.domain.actor import Actor
from booking_core.domain.credential import CredentialKind, digest
from booking_core.domain.errors import InvalidCredentials, NotFound
from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ActorOfSession:
    """Who is signed in by a session, with the roles that the account has now (J2)."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def __call__(self, *, secret: str) -> Actor:
        """Raises InvalidCredentials when there is no such session, or it has ended."""
        with self.unit_of_work(write=False) as uow:
            session = uow.credentials.by_digest(kind=CredentialKind.SESSION, digest=digest(secret))
            if session is None or session.account_id is None:
                raise _ended()
            if not session.usable(self.clock.now()):
                raise _ended()
            try:
                return uow.accounts.get(session.account_id).actor()
            except NotFound:
                raise _ended() from None


def _ended() -> InvalidCredentials:
    return InvalidCredentials("You are signed out; sign in again.")
