from __future__ import annotations

from attrs import frozen

from booking_core.application.people import People
from booking_core.domain.credential import CredentialKind, digest
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class CloseSession:
    """Signs somebody out: the secret of the session opens nothing from then on (J2)."""

    people: People

    def __call__(self, *, secret: str) -> None:
        """Nothing happens when it opened nothing already."""
        self.people.once(lambda uow: end_session(self.people, uow, secret))


def end_session(people: People, uow: UnitOfWork, secret: str | None) -> None:
    """Ends the session of that secret in the open transaction, if there is one."""
    if secret is None:
        return
    session = uow.credentials.by_digest(kind=CredentialKind.SESSION, digest=digest(secret))
    if session is None or session.account_id is None:
        return
    if uow.credentials.spend(session.id, now=people.clock.now()):
        people.tell_of_sign(uow, "signed out", session.account_id)
