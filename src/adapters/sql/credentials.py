from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from attrs import frozen
from sqlalchemy import Row, bindparam, delete, func, insert, or_, select, update

from adapters.sql.tables import credentials
from adapters.sql.transaction import Transaction
from adapters.sql.types import Instant
from booking_core import (
    ClientId,
    Credential,
    CredentialId,
    CredentialKind,
    CredentialRepository,
    Grant,
    NotFound,
    Role,
    Scope,
    address_of,
)

_now = bindparam("now", type_=Instant())
_before = bindparam("before", type_=Instant())
_OPEN = (
    credentials.c.spent_at.is_(None),
    or_(credentials.c.expires_at.is_(None), credentials.c.expires_at > _now),
)
_BY_ID = select(credentials).where(credentials.c.id == bindparam("wanted"))
_BY_DIGEST = select(credentials).where(
    credentials.c.digest == bindparam("of_digest"), credentials.c.kind == bindparam("of_kind")
)
_SPEND = (
    update(credentials).where(credentials.c.id == bindparam("wanted"), *_OPEN).values(spent_at=_now)
)
_OPEN_LINKS = (
    select(func.count())
    .select_from(credentials)
    .where(
        credentials.c.address == bindparam("sent_to"),
        credentials.c.kind == CredentialKind.SIGN_IN_LINK.value,
        *_OPEN,
    )
)
_KEYS = (
    select(credentials)
    .where(credentials.c.role.is_not(None), credentials.c.kind == CredentialKind.API_KEY.value)
    .order_by(credentials.c.created_at, credentials.c.id)
)
_OF = or_(
    credentials.c.account_id == bindparam("of_account"),
    credentials.c.address == bindparam("sent_to"),
)
_FOUND = select(credentials).where(_OF).order_by(credentials.c.id)
_REMOVE = delete(credentials).where(_OF)
_ACTS_ON = (
    update(credentials)
    .where(
        credentials.c.account_id == bindparam("of_account"),
        credentials.c.actor_id == bindparam("of_account"),
        credentials.c.role == Role.ADMIN.value,
    )
    .values(actor_id=bindparam("heir"))
)
_HAND_OVER = (
    update(credentials)
    .where(credentials.c.account_id == bindparam("of_account"))
    .values(account_id=bindparam("heir"))
)
_OLD = (
    select(credentials.c.id)
    .where(or_(credentials.c.expires_at < _before, credentials.c.spent_at < _before))
    .limit(bindparam("at_most"))
    .with_for_update(skip_locked=True)
)
_FORGET = delete(credentials).where(credentials.c.id.in_(_OLD))


@frozen
class SqlCredentials(CredentialRepository):
    _transaction: Transaction

    def add(self, credential: Credential) -> None:
        self._transaction.write(insert(credentials), from_credential(credential))

    def get(self, credential_id: CredentialId) -> Credential:
        row = self._transaction.first(_BY_ID, {"wanted": credential_id})
        if row is None:
            raise NotFound("credential")
        return to_credential(row)

    def by_digest(self, *, kind: CredentialKind, digest: str) -> Credential | None:
        row = self._transaction.first(_BY_DIGEST, {"of_digest": digest, "of_kind": kind.value})
        return None if row is None else to_credential(row)

    def spend(self, credential_id: CredentialId, *, now: datetime) -> bool:
        spent = self._transaction.write(_SPEND, {"wanted": credential_id, "now": now})
        return spent.rowcount == 1

    def open_links(self, *, email: str, now: datetime) -> int:
        values = {"sent_to": address_of(email), "now": now}
        return int(self._transaction.rows(_OPEN_LINKS, values)[0][0])

    def keys(
        self, *, role: Role | None = None, actor_id: str | None = None
    ) -> Sequence[Credential]:
        query = _KEYS
        if role is not None:
            query = query.where(
                credentials.c.role == role.value, credentials.c.actor_id == actor_id
            )
        return [to_credential(row) for row in self._transaction.rows(query)]

    def of(
        self, *, account_id: ClientId | None = None, email: str | None = None
    ) -> Sequence[Credential]:
        rows = self._transaction.rows(_FOUND, _whose(account_id, email))
        return [to_credential(row) for row in rows]

    def remove_of(self, *, account_id: ClientId | None = None, email: str | None = None) -> int:
        return self._transaction.write(_REMOVE, _whose(account_id, email)).rowcount

    def hand_over(self, account_id: ClientId, *, to: ClientId) -> None:
        for change in (_ACTS_ON, _HAND_OVER):
            self._transaction.write(change, {"of_account": account_id, "heir": to})

    def forget(self, *, before: datetime, limit: int = 1000) -> int:
        return self._transaction.write(_FORGET, {"before": before, "at_most": limit}).rowcount


def _whose(account_id: ClientId | None, email: str | None) -> dict[str, str | None]:
    return {"of_account": account_id, "sent_to": None if email is None else address_of(email)}


# ---- rows ----------------------------------------------------------------------------------------


def from_credential(credential: Credential) -> dict[str, Any]:
    email, grant = credential.email, credential.grant
    return {
        "id": credential.id,
        "kind": credential.kind.value,
        "digest": credential.digest,
        "email": email,
        "address": None if email is None else address_of(email),
        "account_id": credential.account_id,
        "role": grant.role.value if grant else None,
        "actor_id": grant.id if grant else None,
        "scopes": sorted(grant.scopes) if grant else None,
        "name": grant.name if grant else None,
        "created_at": credential.created_at,
        "expires_at": credential.expires_at,
        "spent_at": credential.spent_at,
    }


def to_credential(row: Row[Any]) -> Credential:
    return Credential(
        id=row.id,
        kind=CredentialKind(row.kind),
        digest=row.digest,
        email=row.email,
        account_id=row.account_id,
        grant=_to_grant(row),
        created_at=row.created_at,
        expires_at=row.expires_at,
        spent_at=row.spent_at,
    )


def _to_grant(row: Row[Any]) -> Grant | None:
    if row.role is None:
        return None
    scopes = frozenset(Scope(each) for each in row.scopes)
    return Grant(role=Role(row.role), id=row.actor_id, scopes=scopes, name=row.name)
