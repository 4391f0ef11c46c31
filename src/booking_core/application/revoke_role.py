from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve, frozen

from booking_core.application.people import People
from booking_core.domain.account import Account
from booking_core.domain.actor import Actor, Role
from booking_core.domain.checks import invalid
from booking_core.domain.credential import Credential, Grant
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import ClientId
from booking_core.domain.policies import check_may_give_role
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class RevokeRole:
    """An operator takes a role away from somebody, and with it the API keys of the role (J1).

    Whoever is signed in has the role no more from the next call on.
    """

    people: People

    def __call__(
        self,
        *,
        role: Role,
        actor: Actor,
        account_id: ClientId | None = None,
        email: str | None = None,
    ) -> Account:
        """The account, named by its id or by its e-mail address, without the role.

        Where it had none, only keys end.

        An identity provider may have said the role, so there can be keys without it. The keys of a
        builder end even where another account is that builder as well: each of them may hold them all.

        Raises:
            NotFound: no such account, or the caller is no operator.
            NotAllowed: for those who come with a key.
            InvalidRequest: another role, no account named.
        """
        check_may_give_role(actor, role)

        def revoke(uow: UnitOfWork) -> Account:
            account = _named(uow, account_id, email)
            is_admin = role is Role.ADMIN
            for key in _keys(uow, account, role):
                self.people.revoke_key(uow, key, by=actor)
            if not (account.is_admin if is_admin else account.builder_id):
                return account
            builder_id = None if is_admin else account.builder_id
            self.people.tell_of_role(uow, "role revoked", account, builder_id, by=actor)
            without = {"is_admin": False} if is_admin else {"builder_id": None}
            return uow.accounts.save(evolve(account, **without))

        return self.people.once(revoke)


def _named(uow: UnitOfWork, account_id: ClientId | None, email: str | None) -> Account:
    if account_id is not None:
        return uow.accounts.get(account_id)
    if email is None:
        raise invalid("/account", "Name one account, by its id or by its e-mail address.")
    found = uow.accounts.by_email(email)
    if found is None:
        raise NotFound("account")
    return found


def _keys(uow: UnitOfWork, account: Account, role: Role) -> Iterator[Credential]:
    """Those that act for who the account is by that role, and those that the person made by it."""
    owner = account.id if role is Role.ADMIN else account.builder_id
    if owner is not None:
        yield from uow.credentials.keys(role=role, actor_id=owner)
    for key in uow.credentials.of(account_id=account.id):
        if key.grant is not None and _made_by(role, key.grant, account):
            yield key


def _made_by(role: Role, grant: Grant, account: Account) -> bool:
    """An admin makes keys of any builder; its own as a builder belong to that role."""
    is_own = grant.role is Role.BUILDER and grant.id == account.builder_id
    if role is Role.ADMIN:
        return not is_own
    return is_own or (grant.role is Role.BUILDER and not account.is_admin)
