from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from attrs import frozen

from booking_core.application.people import People
from booking_core.application.repeats import IdempotencyKey, Repeats, scoped
from booking_core.domain.actor import Actor, Role, Scope
from booking_core.domain.checks import invalid, member
from booking_core.domain.credential import CredentialKind, Grant, NewCredential, mint
from booking_core.domain.errors import NotAllowed, NotFound
from booking_core.domain.ids import BuilderId, CredentialId
from booking_core.domain.policies import check_in_person
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class AddApiKey:
    """Gives out a key by which a machine acts for a builder or an admin (J2)."""

    people: People
    repeats: Repeats

    def __call__(
        self,
        *,
        name: str,
        scopes: Collection[Scope | str],
        actor: Actor,
        builder_id: BuilderId | None = None,
        expires_at: datetime | None = None,
        key: IdempotencyKey | str | None = None,
    ) -> NewCredential:
        """The key with its secret, which is not shown again.

        A builder makes keys of its own; an operator makes an admin's, or with `builder_id` that
        builder's. `name` is what its owner tells it from others by. A repeat under the same `key`
        makes no other one and gets the one of the first, with an empty secret.

        Raises:
            NotAllowed: for clients and anonymous callers, for those who come with a key, and for those
                who lost the role since they signed in.
            NotFound: no such builder, or not this caller's.
            InvalidRequest: no name, no scopes, or an end that has passed.
            KeyReused, KeyInProgress: the key stands for another request, or for one that runs.
        """
        check_in_person(actor)
        now = self.people.clock.now()
        chosen = frozenset(member(Scope, each, "/scopes") for each in scopes)
        said = (name, sorted(chosen), expires_at)
        asked = scoped(key, f"add api key:{builder_id}", actor, asked=said)

        def add(uow: UnitOfWork) -> NewCredential:
            role, actor_id = _owner(uow, actor, builder_id)
            _check_standing(uow, actor)
            known = self.repeats.added(uow, asked)
            if known is not None:
                return NewCredential(uow.credentials.get(CredentialId(known)), secret="")
            if expires_at is not None and expires_at <= now:
                raise invalid("/expiresAt", "Choose an end that is still to come.")
            new = mint(
                CredentialKind.API_KEY,
                id=CredentialId(self.people.ids.new("key")),
                account_id=actor.account_id,
                grant=Grant(role=role, id=actor_id, scopes=chosen, name=name),
                created_at=now,
                expires_at=expires_at,
            )
            uow.credentials.add(new.credential)
            self.people.tell_of_key(uow, "key made", new.credential, by=actor)
            self.repeats.remember(uow, asked, new.credential.id)
            return new

        return self.people.once(add)


def _owner(uow: UnitOfWork, actor: Actor, builder_id: BuilderId | None) -> tuple[Role, str | None]:
    own = actor.role is Role.BUILDER and builder_id in (None, actor.id)
    if not (own or actor.is_operator):
        raise NotAllowed("Keys are for builders, each its own, and for admins.")
    if own:
        return Role.BUILDER, actor.id
    if builder_id is None:
        return Role.ADMIN, actor.id
    return Role.BUILDER, uow.builders.get(builder_id).id


def _check_standing(uow: UnitOfWork, actor: Actor) -> None:
    """The account is saved, so that a role which is taken away at the same time takes the key too."""
    if actor.account_id is None:
        return
    try:
        account = uow.accounts.get(actor.account_id)
    except NotFound:
        raise NotAllowed(_NO_MORE) from None
    now = account.actor(actor.claimed)
    if (now.role, now.id) != (actor.role, actor.id):
        raise NotAllowed(_NO_MORE)
    uow.accounts.save(account)


_NO_MORE = "You are not that any more; sign in again."
