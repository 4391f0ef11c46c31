from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from booking_core.domain.actor import Role
from booking_core.domain.credential import Credential, CredentialKind
from booking_core.domain.ids import ClientId, CredentialId


class CredentialRepository(Protocol):
    """What we keep of the secrets that we gave out."""

    @abstractmethod
    def add(self, credential: Credential) -> None:
        """Keeps a new one."""

    @abstractmethod
    def get(self, credential_id: CredentialId) -> Credential:
        """Raises NotFound."""

    @abstractmethod
    def by_digest(self, *, kind: CredentialKind, digest: str) -> Credential | None:
        """The one of that kind with that digest, whether or not it still opens anything."""

    @abstractmethod
    def spend(self, credential_id: CredentialId, *, now: datetime) -> bool:
        """Spends it; False, and nothing done, when it is spent or expired already, or is not there.

        Of any number of callers at once one is answered True.
        """

    @abstractmethod
    def open_links(self, *, email: str, now: datetime) -> int:
        """How many sign-in links to that address can still be used; A to Z in either case."""

    @abstractmethod
    def keys(
        self, *, role: Role | None = None, actor_id: str | None = None
    ) -> Sequence[Credential]:
        """The API keys, revoked ones too, the oldest first; with a role only those of that actor."""

    @abstractmethod
    def of(
        self, *, account_id: ClientId | None = None, email: str | None = None
    ) -> Sequence[Credential]:
        """Sessions and keys of an account, links to an address, ended ones too, in order of their ids."""

    @abstractmethod
    def remove_of(self, *, account_id: ClientId | None = None, email: str | None = None) -> int:
        """Forgets the sessions and keys of an account and the links to an address; how many."""

    @abstractmethod
    def hand_over(self, account_id: ClientId, *, to: ClientId) -> None:
        """Makes the sessions and keys of one account those of another.

        A key that acts for the one as an admin acts for the other.
        """

    @abstractmethod
    def forget(self, *, before: datetime, limit: int = 1000) -> int:
        """Forgets some of those that expired or were spent before then; how many."""
