from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from attrs import evolve

from booking_core import (
    Account,
    AccountRepository,
    BuilderId,
    ClientId,
    Credential,
    CredentialId,
    CredentialKind,
    CredentialRepository,
    NotFound,
    Role,
    SignIn,
    StaleAccount,
    address_of,
)

from .tables import Session


class MemoryAccounts(AccountRepository):
    def __init__(self, session: Session) -> None:
        self._session = session

    def get(self, account_id: ClientId) -> Account:
        try:
            return self._session.tables.accounts[account_id]
        except KeyError:
            raise NotFound("account") from None

    def by_sign_in(self, sign_in: SignIn) -> Account | None:
        return next((each for each in self._all() if sign_in in each.sign_ins), None)

    def by_email(self, email: str) -> Account | None:
        return next((each for each in self._all() if each.address == address_of(email)), None)

    def saying(self, email: str) -> Sequence[Account]:
        wanted = address_of(email)
        return [each for each in self._all() if each.contact and each.contact.address == wanted]

    def of_builder(self, builder_id: BuilderId) -> Sequence[Account]:
        return [each for each in self._all() if each.builder_id == builder_id]

    def all(self, *, after: ClientId | None = None, limit: int = 50) -> Sequence[Account]:
        return [each for each in self._all() if after is None or each.id > after][:limit]

    def _all(self) -> list[Account]:
        return sorted(self._session.tables.accounts.values(), key=lambda each: each.id)

    def save(self, account: Account) -> Account:
        stored = self._session.tables.accounts.get(account.id)
        if account.version != (stored.version if stored else 0):
            raise StaleAccount
        if any(_collide(account, other) for other in self._all() if other.id != account.id):
            raise StaleAccount
        saved = evolve(account, version=account.version + 1)
        self._session.changing().accounts[account.id] = saved
        return saved

    def remove(self, account: Account) -> None:
        accounts = self._session.changing().accounts
        stored = accounts.get(account.id)
        if stored is None or stored.version != account.version:
            raise StaleAccount
        del accounts[account.id]


def _collide(one: Account, other: Account) -> bool:
    same_address = one.address is not None and one.address == other.address
    return same_address or bool(one.sign_ins & other.sign_ins)


class MemoryCredentials(CredentialRepository):
    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, credential: Credential) -> None:
        self._session.changing().credentials[credential.id] = credential

    def get(self, credential_id: CredentialId) -> Credential:
        try:
            return self._session.tables.credentials[credential_id]
        except KeyError:
            raise NotFound("credential") from None

    def by_digest(self, *, kind: CredentialKind, digest: str) -> Credential | None:
        found = (each for each in self._of(kind) if each.digest == digest)
        return next(found, None)

    def spend(self, credential_id: CredentialId, *, now: datetime) -> bool:
        credentials = self._session.changing().credentials
        found = credentials.get(credential_id)
        if found is None or not found.usable(now):
            return False
        credentials[credential_id] = found.spent(now)
        return True

    def open_links(self, *, email: str, now: datetime) -> int:
        links = self._of(CredentialKind.SIGN_IN_LINK)
        return sum(_sent_to(each, email) and each.usable(now) for each in links)

    def keys(
        self, *, role: Role | None = None, actor_id: str | None = None
    ) -> Sequence[Credential]:
        keys = sorted(self._of(CredentialKind.API_KEY), key=lambda key: (key.created_at, key.id))
        return [key for key in keys if role is None or _is_of(key, role, actor_id)]

    def _of(self, kind: CredentialKind) -> list[Credential]:
        return [each for each in self._session.tables.credentials.values() if each.kind is kind]

    def of(
        self, *, account_id: ClientId | None = None, email: str | None = None
    ) -> Sequence[Credential]:
        found = [
            each
            for each in self._session.tables.credentials.values()
            if (account_id is not None and each.account_id == account_id)
            or (email is not None and _sent_to(each, email))
        ]
        return sorted(found, key=lambda each: each.id)

    def remove_of(self, *, account_id: ClientId | None = None, email: str | None = None) -> int:
        return self._remove(each.id for each in self.of(account_id=account_id, email=email))

    def hand_over(self, account_id: ClientId, *, to: ClientId) -> None:
        for each in self.of(account_id=account_id):
            grant = each.grant
            if grant is not None and (grant.role, grant.id) == (Role.ADMIN, account_id):
                grant = evolve(grant, id=to)
            self.add(evolve(each, account_id=to, grant=grant))

    def forget(self, *, before: datetime, limit: int = 1000) -> int:
        old = [
            each.id
            for each in self._session.tables.credentials.values()
            if any(end is not None and end < before for end in (each.expires_at, each.spent_at))
        ]
        return self._remove(old[:limit])

    def _remove(self, ids: Iterable[CredentialId]) -> int:
        gone = list(ids)
        for each in gone:
            del self._session.changing().credentials[each]
        return len(gone)


def _sent_to(credential: Credential, email: str) -> bool:
    return credential.email is not None and address_of(credential.email) == address_of(email)


def _is_of(key: Credential, role: Role, actor_id: str | None) -> bool:
    return key.grant is not None and (key.grant.role, key.grant.id) == (role, actor_id)
