from __future__ import annotations

from attrs import evolve, frozen

from booking_core.application.people import People
from booking_core.domain.account import Account
from booking_core.domain.actor import Actor, Role
from booking_core.domain.checks import invalid
from booking_core.domain.ids import ClientId
from booking_core.domain.policies import check_may_run_people
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class RevokeRole:
    """An operator takes a role away from somebody, and with it the API keys of the role (J1).

    Whoever is signed in has the role no more from the next call on.
    """

    people: People

    def __call__(self, *, account_id: ClientId, role: Role, actor: Actor) -> Account:
        """The account without the role; nothing happens when it had none.

        The keys of a builder end even where another account is that builder as well: who made them
        is not known.

        Raises:
            NotFound: no such account, or the caller is no operator.
            NotAllowed: for those who come with a key.
            InvalidRequest: another role.
        """
        check_may_run_people(actor)
        if role not in (Role.ADMIN, Role.BUILDER):
            raise invalid("/role", f"Choose one of {Role.BUILDER}, {Role.ADMIN}.")

        def revoke(uow: UnitOfWork) -> Account:
            account = uow.accounts.get(account_id)
            is_admin = role is Role.ADMIN
            if not (account.is_admin if is_admin else account.builder_id):
                return account
            owner = account.id if is_admin else account.builder_id
            for key in uow.credentials.keys(role=role, actor_id=owner):
                self.people.revoke_key(uow, key, by=actor)
            builder_id = None if is_admin else account.builder_id
            self.people.tell_of_role(uow, "role revoked", account, builder_id, by=actor)
            without = {"is_admin": False} if is_admin else {"builder_id": None}
            return uow.accounts.save(evolve(account, **without))

        return self.people.once(revoke)
