from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import evolve, frozen
from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from adapters.sql.errors import refuse_duplicate
from adapters.sql.tables import accounts, sign_ins
from adapters.sql.transaction import Transaction
from booking_core import (
    Account,
    AccountRepository,
    BuilderId,
    ClientId,
    Contact,
    Language,
    NotFound,
    SignIn,
    StaleAccount,
    address_of,
)

_BY_ID = accounts.c.id == bindparam("wanted")
_BY_ADDRESS = accounts.c.address == bindparam("held")
# A database may fold more letters than we do, so what it finds is looked at again.
_SAYING = func.lower(accounts.c.email) == func.lower(bindparam("said"))
_OF_BUILDER = accounts.c.builder_id == bindparam("builder")
_PAST = accounts.c.id > bindparam("last")
_BY_SIGN_IN = accounts.c.id == (
    select(sign_ins.c.account_id)
    .where(
        sign_ins.c.issuer == bindparam("by_issuer"), sign_ins.c.subject == bindparam("as_subject")
    )
    .scalar_subquery()
)
_UPDATE = update(accounts).where(_BY_ID, accounts.c.version == bindparam("read_version"))
_SIGN_INS = select(sign_ins).where(sign_ins.c.account_id.in_(bindparam("ids", expanding=True)))
_NO_SIGN_INS = delete(sign_ins).where(sign_ins.c.account_id == bindparam("of_account"))


@frozen
class SqlAccounts(AccountRepository):
    _transaction: Transaction

    def get(self, account_id: ClientId) -> Account:
        found = self._found(_BY_ID, {"wanted": account_id})
        if not found:
            raise NotFound("account")
        return found[0]

    def by_sign_in(self, sign_in: SignIn) -> Account | None:
        values = {"by_issuer": sign_in.issuer, "as_subject": sign_in.subject}
        return next(iter(self._found(_BY_SIGN_IN, values)), None)

    def by_email(self, email: str) -> Account | None:
        return next(iter(self._found(_BY_ADDRESS, {"held": address_of(email)})), None)

    def saying(self, email: str) -> Sequence[Account]:
        wanted = address_of(email)
        found = self._found(_SAYING, {"said": wanted})
        return [each for each in found if each.contact and each.contact.address == wanted]

    def of_builder(self, builder_id: BuilderId) -> Sequence[Account]:
        return self._found(_OF_BUILDER, {"builder": builder_id})

    def all(self, *, after: ClientId | None = None, limit: int = 50) -> Sequence[Account]:
        return self._found(_PAST, {"last": after or ""}, limit)

    def _found(
        self, condition: ColumnElement[bool], values: Mapping[str, Any], limit: int | None = None
    ) -> list[Account]:
        query = select(accounts).where(condition).order_by(accounts.c.id).limit(limit)
        rows = self._transaction.rows(query, values)
        entered: dict[str, set[SignIn]] = {row.id: set() for row in rows}
        if entered:
            for each in self._transaction.rows(_SIGN_INS, {"ids": list(entered)}):
                entered[each.account_id].add(SignIn(each.issuer, each.subject))
        return [to_account(row, frozenset(entered[row.id])) for row in rows]

    def save(self, account: Account) -> Account:
        saved = evolve(account, version=account.version + 1)
        try:
            self._write(account, from_account(saved))
            self._transaction.write(_NO_SIGN_INS, {"of_account": account.id})
            if account.sign_ins:
                self._transaction.write(insert(sign_ins), _entries(account))
        except IntegrityError as error:
            refuse_duplicate(error, StaleAccount())
        return saved

    def _write(self, account: Account, values: dict[str, Any]) -> None:
        if account.version == 0:
            self._transaction.write(insert(accounts), values)
            return
        self._update(account, values)

    def _update(self, account: Account, values: dict[str, Any]) -> None:
        read = {"wanted": account.id, "read_version": account.version}
        if not self._transaction.write(_UPDATE, values | read).rowcount:
            raise StaleAccount

    def remove(self, account: Account) -> None:
        # Nobody else can save it from here on, so no sign-in comes back before the account goes.
        self._update(account, {"version": account.version + 1})
        self._transaction.write(_NO_SIGN_INS, {"of_account": account.id})
        self._transaction.write(delete(accounts).where(_BY_ID), {"wanted": account.id})


# ---- rows ----------------------------------------------------------------------------------------


def from_account(account: Account) -> dict[str, Any]:
    contact = account.contact
    language = contact.language if contact else None
    return {
        "id": account.id,
        "version": account.version,
        "name": contact.name if contact else None,
        "email": contact.email if contact else None,
        "timezone": contact.timezone if contact else None,
        "language": language.value if language else None,
        "address": account.address,
        "email_proved": account.email_proved,
        "builder_id": account.builder_id,
        "is_admin": account.is_admin,
        "created_at": account.created_at,
    }


def _entries(account: Account) -> list[dict[str, Any]]:
    return [
        {"issuer": each.issuer, "subject": each.subject, "account_id": account.id}
        for each in account.sign_ins
    ]


def to_account(row: Row[Any], entered_by: frozenset[SignIn]) -> Account:
    return Account(
        id=row.id,
        contact=_to_contact(row),
        email_proved=row.email_proved,
        sign_ins=entered_by,
        builder_id=row.builder_id,
        is_admin=row.is_admin,
        created_at=row.created_at,
        version=row.version,
    )


def _to_contact(row: Row[Any]) -> Contact | None:
    if row.email is None:
        return None
    language = Language(row.language) if row.language else None
    return Contact(row.name, row.email, row.timezone, language)
