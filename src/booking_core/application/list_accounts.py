from __future__ import annotations

from attrs import frozen

from booking_core.domain.account import Account
from booking_core.domain.actor import Actor
from booking_core.domain.checks import invalid
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import ClientId
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_MOST = 1000


@frozen
class AccountPage:
    """One page of accounts, by their ids; `next` is the cursor of the page after it."""

    accounts: list[Account]
    next: ClientId | None


@frozen
class ListAccounts:
    """The people whom we know, for operators."""

    unit_of_work: UnitOfWorkFactory

    def __call__(
        self, *, actor: Actor, after: ClientId | None = None, limit: int = 50
    ) -> AccountPage:
        """Raises NotFound if no operator; InvalidRequest for a limit other than 1 to 1000."""
        if not actor.is_operator:
            raise NotFound("account")
        if not 1 <= limit <= _MOST:
            raise invalid("/limit", f"The limit is a whole number from 1 to {_MOST}.")
        with self.unit_of_work(write=False) as uow:
            found = list(uow.accounts.all(after=after, limit=limit + 1))
        page = found[:limit]
        return AccountPage(page, page[-1].id if len(found) > len(page) else None)
