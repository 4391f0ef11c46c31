"""What the repository of credentials promises."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

import pytest

from booking_core.domain.actor import Role, Scope
from booking_core.domain.credential import Credential, CredentialKind, Grant
from booking_core.domain.errors import NotFound, StaleBooking
from booking_core.domain.ids import ClientId, CredentialId
from booking_core.ports.unit_of_work import UnitOfWorkFactory
from booking_core.testing.contracts.threads import at_once
from booking_core.testing.examples import NOW, a_credential

_MINUTE, _WEEK = timedelta(minutes=1), timedelta(days=7)
_EMAIL = "Grace@Example.org"
_KEY = CredentialKind.API_KEY


class CredentialRepositoryContract:
    """Needs the fixture `unit_of_work`: a factory on an empty store."""

    @pytest.mark.parametrize(
        "credential",
        [
            a_credential(expires_at=None),
            a_credential(spent_at=NOW),
            a_credential(kind=CredentialKind.SIGN_IN_LINK, account_id=None, email=_EMAIL),
            a_credential(
                kind=_KEY,
                account_id=None,
                grant=Grant(
                    role=Role.BUILDER, id="bld_1", scopes=frozenset(Scope), name="Åse's script"
                ),
            ),
            a_credential(
                kind=_KEY,
                grant=Grant(role=Role.ADMIN, id="acc_1", scopes=frozenset(Scope), name="Nightly"),
            ),
        ],
    )
    def test_a_credential_comes_back_as_it_was_added(
        self, unit_of_work: UnitOfWorkFactory, credential: Credential
    ) -> None:
        _add(unit_of_work, credential)
        with unit_of_work(write=False) as uow:
            assert uow.credentials.get(credential.id) == credential
            found = uow.credentials.by_digest(kind=credential.kind, digest=credential.digest)
            assert found == credential

    def test_one_that_is_not_there_is_not_found(self, unit_of_work: UnitOfWorkFactory) -> None:
        with unit_of_work() as uow:
            assert uow.credentials.by_digest(kind=_KEY, digest="none") is None
            assert not uow.credentials.spend(CredentialId("crd_9"), now=NOW)
            with pytest.raises(NotFound):
                uow.credentials.get(CredentialId("crd_9"))

    def test_a_secret_of_one_kind_is_none_of_another(self, unit_of_work: UnitOfWorkFactory) -> None:
        session = a_credential()
        _add(unit_of_work, session)
        with unit_of_work(write=False) as uow:
            assert uow.credentials.by_digest(kind=_KEY, digest=session.digest) is None

    def test_a_credential_is_spent_once(self, unit_of_work: UnitOfWorkFactory) -> None:
        credential, other = a_credential(), a_credential(id="crd_2")
        _add(unit_of_work, credential, other)
        assert _spend(unit_of_work, credential, NOW + _MINUTE)
        assert not _spend(unit_of_work, credential, NOW + 2 * _MINUTE)
        with unit_of_work(write=False) as uow:
            assert uow.credentials.get(credential.id).spent_at == NOW + _MINUTE
            assert uow.credentials.get(other.id) == other

    def test_what_has_expired_cannot_be_spent_any_more(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        late = a_credential(expires_at=NOW + _MINUTE)
        _add(unit_of_work, late, a_credential(id="crd_2", expires_at=None))
        assert not _spend(unit_of_work, late, NOW + _MINUTE)
        assert _spend(unit_of_work, a_credential(id="crd_2"), NOW + 99 * _WEEK)

    def test_of_twelve_who_spend_it_at_once_one_is_told_that_it_did(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        _add(unit_of_work, a_credential())

        def spend() -> bool:
            try:
                return _spend(unit_of_work, a_credential(), NOW)
            except StaleBooking:  # the database had no time for it
                return False

        assert at_once([spend] * 12).count(True) == 1

    def test_spending_that_is_not_committed_did_not_happen(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        _add(unit_of_work, a_credential())
        with unit_of_work() as uow:
            assert uow.credentials.spend(a_credential().id, now=NOW)
        assert _spend(unit_of_work, a_credential(), NOW)

    def test_only_open_links_to_an_address_are_counted(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        link = partial(a_credential, kind=CredentialKind.SIGN_IN_LINK, account_id=None)
        _add(
            unit_of_work,
            link(id="crd_1", email=_EMAIL),
            link(id="crd_2", email=_EMAIL.lower()),
            link(id="crd_3", email="other@example.org"),
            link(id="crd_4", email=_EMAIL, expires_at=NOW + _MINUTE),
            link(id="crd_5", email=_EMAIL, spent_at=NOW),
            a_credential(id="crd_6", email=_EMAIL),
        )
        with unit_of_work(write=False) as uow:
            assert uow.credentials.open_links(email=_EMAIL, now=NOW) == 3
            assert uow.credentials.open_links(email=_EMAIL, now=NOW + _MINUTE) == 2

    def test_keys_are_listed_the_oldest_first_all_or_those_of_one_actor(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        _add(
            unit_of_work,
            _key("crd_1", Role.BUILDER, "bld_1", NOW + _MINUTE),
            _key("crd_2", Role.BUILDER, "bld_1", NOW),
            _key("crd_3", Role.ADMIN, "bld_1", NOW + 2 * _MINUTE),
            _key("crd_4", Role.ADMIN, None, NOW + 3 * _MINUTE),
            a_credential(id="crd_5"),
        )
        with unit_of_work(write=False) as uow:
            keys = uow.credentials.keys
            assert _ids(keys()) == ["crd_2", "crd_1", "crd_3", "crd_4"]
            assert _ids(keys(role=Role.BUILDER, actor_id="bld_1")) == ["crd_2", "crd_1"]
            assert _ids(keys(role=Role.ADMIN, actor_id=None)) == ["crd_4"]

    def test_what_is_an_accounts_becomes_that_of_another_one(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        mine, heir = ClientId("acc_1"), ClientId("acc_2")
        _add(
            unit_of_work,
            a_credential(),
            _key("crd_2", Role.ADMIN, mine, NOW, account_id=mine),
            _key("crd_3", Role.BUILDER, "bld_1", NOW, account_id=mine),
            _key("crd_4", Role.ADMIN, "acc_3", NOW, account_id=ClientId("acc_3")),
        )
        with unit_of_work() as uow:
            other = uow.credentials.get(CredentialId("crd_4"))
            uow.credentials.hand_over(mine, to=heir)
            uow.commit()
        with unit_of_work(write=False) as uow:
            assert uow.credentials.of(account_id=mine) == []
            assert _ids(uow.credentials.of(account_id=heir)) == ["crd_1", "crd_2", "crd_3"]
            assert _ids(uow.credentials.keys(role=Role.ADMIN, actor_id=heir)) == ["crd_2"]
            assert _ids(uow.credentials.keys(role=Role.BUILDER, actor_id="bld_1")) == ["crd_3"]
            assert uow.credentials.get(other.id) == other

    def test_what_is_an_accounts_and_the_links_to_an_address_can_be_found_and_removed(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        link = a_credential(
            id="crd_2", kind=CredentialKind.SIGN_IN_LINK, account_id=None, email=_EMAIL
        )
        other = a_credential(id="crd_3", account_id=ClientId("acc_2"))
        key = _key("crd_4", Role.BUILDER, "bld_1", NOW, account_id=ClientId("acc_1"))
        _add(unit_of_work, a_credential(), link, other, key)
        with unit_of_work() as uow:
            assert uow.credentials.of() == []
            mine = uow.credentials.of(account_id=ClientId("acc_1"), email=_EMAIL.upper())
            assert _ids(mine) == ["crd_1", "crd_2", "crd_4"]
            assert uow.credentials.remove_of() == 0
            assert (
                uow.credentials.remove_of(account_id=ClientId("acc_1"), email=_EMAIL.upper()) == 3
            )
            assert uow.credentials.get(other.id) == other

    def test_what_ended_before_a_time_is_forgotten_and_nothing_else(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        _add(
            unit_of_work,
            a_credential(id="crd_1", expires_at=NOW),
            a_credential(id="crd_2", expires_at=NOW + _WEEK, spent_at=NOW),
            a_credential(id="crd_3", expires_at=None),
            a_credential(id="crd_4", expires_at=NOW + _WEEK),
        )
        with unit_of_work() as uow:
            assert uow.credentials.forget(before=NOW) == 0
            assert uow.credentials.forget(before=NOW + _MINUTE, limit=1) == 1
            assert uow.credentials.forget(before=NOW + _MINUTE) == 1
            uow.commit()
        with unit_of_work(write=False) as uow:
            for kept in ("crd_3", "crd_4"):
                assert uow.credentials.get(CredentialId(kept)).id == kept


def _key(
    key_id: str,
    role: Role,
    actor_id: str | None,
    created_at: datetime,
    account_id: ClientId | None = None,
) -> Credential:
    grant = Grant(role=role, id=actor_id, scopes=frozenset({Scope.READ}), name="A script")
    return a_credential(
        id=key_id, kind=_KEY, account_id=account_id, grant=grant, created_at=created_at
    )


def _ids(credentials: object) -> list[str]:
    assert isinstance(credentials, list | tuple)
    return [each.id for each in credentials]


def _add(unit_of_work: UnitOfWorkFactory, *credentials: Credential) -> None:
    with unit_of_work() as uow:
        for each in credentials:
            uow.credentials.add(each)
        uow.commit()


def _spend(unit_of_work: UnitOfWorkFactory, credential: Credential, now: datetime) -> bool:
    with unit_of_work() as uow:
        spent = uow.credentials.spend(credential.id, now=now)
        uow.commit()
    return spent
