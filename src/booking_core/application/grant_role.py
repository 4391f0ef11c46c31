from __future__ import annotations

from attrs import evolve, frozen

from booking_core.application.people import People
from booking_core.application.repeats import IdempotencyKey, Repeats, scoped
from booking_core.domain.account import Account
from booking_core.domain.actor import Actor, Role
from booking_core.domain.checks import invalid
from booking_core.domain.contact import Contact
from booking_core.domain.ids import BuilderId, ClientId
from booking_core.domain.policies import check_may_give_role
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class GrantRole:
    """An operator makes somebody an admin, or the person who is a builder (J1)."""

    people: People
    repeats: Repeats

    def __call__(
        self,
        *,
        role: Role,
        actor: Actor,
        account_id: ClientId | None = None,
        email: str | None = None,
        builder_id: BuilderId | None = None,
        key: IdempotencyKey | str | None = None,
    ) -> Account:
        """The account, named by its id or by its e-mail address, with that role.

        For an address that nobody has the account is made; its owner has the role once it signs in
        and proves the address. `builder_id` is who a builder is. A repeat under the same `key` grants
        nothing and gets the account as it is now.

        Raises:
            NotFound: no such account or builder (any more), or the caller is no operator.
            NotAllowed: for those who come with a key.
            InvalidRequest: another role, a builder without `builder_id`, no account named.
            KeyReused, KeyInProgress: the key stands for another request, or for one that runs.
        """
        check_may_give_role(actor, role)
        if (account_id is None) == (email is None):
            raise invalid("/account", "Name one account, by its id or by its e-mail address.")

        said = (role, email, builder_id)
        asked = scoped(key, f"grant role:{account_id}", actor, asked=said)

        def grant(uow: UnitOfWork) -> Account:
            known = self.repeats.added(uow, asked)
            if known is not None:
                return uow.accounts.get(ClientId(known))
            account = self._account(uow, account_id, email)
            self.repeats.remember(uow, asked, account.id)
            granted = _with(uow, account, role, builder_id)
            if granted == account:
                return account
            given = builder_id if role is Role.BUILDER else None
            self.people.tell_of_role(uow, "role granted", account, given, by=actor)
            return uow.accounts.save(granted)

        return self.people.once(grant)

    def _account(self, uow: UnitOfWork, account_id: ClientId | None, email: str | None) -> Account:
        if account_id is not None:
            return uow.accounts.get(account_id)
        return self.people.of_address(uow, Contact.unnamed(str(email)))


def _with(uow: UnitOfWork, account: Account, role: Role, builder_id: BuilderId | None) -> Account:
    if role is Role.ADMIN:
        return evolve(account, is_admin=True)
    if builder_id is None:
        raise invalid("/builderId", "Say which builder it is.")
    return evolve(account, builder_id=uow.builders.get(builder_id).id)
