from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from booking_core.domain.account import Account, SignIn
from booking_core.domain.ids import BuilderId, ClientId


class AccountRepository(Protocol):
    """The people whom we know."""

    @abstractmethod
    def get(self, account_id: ClientId) -> Account:
        """Raises NotFound."""

    @abstractmethod
    def by_sign_in(self, sign_in: SignIn) -> Account | None:
        """The account that is entered by what an identity provider calls the person."""

    @abstractmethod
    def by_email(self, email: str) -> Account | None:
        """The account that holds that address (`Account.address`); A to Z in either case."""

    @abstractmethod
    def saying(self, email: str) -> Sequence[Account]:
        """The accounts whose contact has that address, held or only said, in the order of their ids."""

    @abstractmethod
    def of_builder(self, builder_id: BuilderId) -> Sequence[Account]:
        """The people who are that builder, in the order of their ids."""

    @abstractmethod
    def all(self, *, after: ClientId | None = None, limit: int = 50) -> Sequence[Account]:
        """The accounts in the order of their ids, those past `after`; at most `limit`."""

    @abstractmethod
    def save(self, account: Account) -> Account:
        """Adds (version 0) or replaces the account; the account with its version raised by one.

        Raises:
            StaleAccount: somebody else saved it since it was read, or another account holds its
                address or one of its sign-ins. Leave the unit of work then.
        """

    @abstractmethod
    def remove(self, account: Account) -> None:
        """Forgets the account and its sign-ins.

        Raises:
            StaleAccount: somebody else saved or removed it since it was read. Leave the unit of work
                then.
        """
