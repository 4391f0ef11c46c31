from __future__ import annotations

from attrs import frozen

from booking_core.application.people import People
from booking_core.domain.actor import Actor
from booking_core.domain.credential import Credential
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import CredentialId
from booking_core.domain.policies import check_in_person
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class RevokeApiKey:
    """Makes an API key worthless, from the next call on (J2)."""

    people: People

    def __call__(self, *, key_id: CredentialId, actor: Actor) -> Credential:
        """The key as it is then; one that was revoked before stays as it is.

        Raises:
            NotFound: no such key, or not this caller's.
            NotAllowed: for those who come with a key.
        """

        def revoke(uow: UnitOfWork) -> Credential:
            key = uow.credentials.get(key_id)
            if not _owns(actor, key):
                raise NotFound("credential")
            check_in_person(actor)
            self.people.revoke_key(uow, key, by=actor)
            return uow.credentials.get(key.id)

        return self.people.once(revoke)


def _owns(actor: Actor, key: Credential) -> bool:
    if key.grant is None:
        return False
    return actor.is_operator or (actor.role, actor.id) == (key.grant.role, key.grant.id)
