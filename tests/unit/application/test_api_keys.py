"""Keys by which machines act for a builder or an admin (J2)."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from booking_core import (
    Actor,
    BuilderId,
    ClientId,
    CredentialId,
    InvalidCredentials,
    InvalidRequest,
    KeyReused,
    NewCredential,
    NotAllowed,
    NotFound,
    Proof,
    Role,
    Scope,
)
from booking_core.testing.examples import NOW, a_builder, a_schedule
from tests.unit.application.paying import Shop

ADA, EVE, ADMIN = Actor.builder("bld_1"), Actor.builder("bld_2"), Actor.admin("root")
READ = frozenset({Scope.READ})


@pytest.fixture
def shop() -> Shop:
    shop = Shop.open(price=None)
    with shop.store() as uow:
        uow.builders.save(a_builder(id="bld_2"))
        uow.commit()
    return shop


def _add(shop: Shop, actor: Actor = ADA, **changes: Any) -> NewCredential:
    said: dict[str, Any] = {"name": "A script", "scopes": [Scope.READ]}
    return shop.core.add_api_key(actor=actor, **said | changes)


def _opens(shop: Shop, key: NewCredential) -> bool:
    try:
        shop.core.actor_of_api_key(secret=key.secret)
    except InvalidCredentials:
        return False
    return True


@pytest.mark.parametrize(
    ("owner", "builder_id", "expected"),
    [
        (ADA, None, ADA),
        (ADA, "bld_1", ADA),
        (ADMIN, "bld_2", EVE),
        (ADMIN, None, ADMIN),
        (Actor.system(), None, Actor.admin()),
    ],
)
def test_a_key_acts_for_its_owner_within_its_scopes(
    shop: Shop, owner: Actor, builder_id: BuilderId | None, expected: Actor
) -> None:
    key = _add(shop, owner, builder_id=builder_id, scopes=["read", Scope.BOOKINGS])
    assert re.fullmatch(r"bk_[A-Za-z0-9_-]{43}", key.secret)
    actor = shop.core.actor_of_api_key(secret=key.secret)
    assert (actor.role, actor.id) == (expected.role, expected.id)
    assert [scope for scope in Scope if actor.within(scope)] == [Scope.READ, Scope.BOOKINGS]
    assert all(expected.within(scope) for scope in Scope)


def test_a_key_is_shown_once_and_kept_as_a_digest(shop: Shop) -> None:
    key = _add(shop)
    (listed,) = shop.core.list_api_keys(actor=ADA)
    assert listed == key.credential
    assert listed.grant is not None
    assert (listed.grant.name, listed.grant.scopes) == ("A script", READ)
    kept = str(vars(shop.store.committed)["credentials"])
    assert key.secret not in f"{kept} {listed.digest} {key!r}"
    assert listed.digest not in repr(listed)


def test_a_repeat_under_a_key_makes_no_other_one_and_shows_no_secret(shop: Shop) -> None:
    end = NOW + timedelta(hours=1)
    first = _add(shop, key="k", expires_at=end)
    shop.clock.advance(timedelta(hours=2))
    again = _add(shop, key="k", expires_at=end)
    assert (again.credential, again.secret) == (first.credential, "")
    assert shop.core.list_api_keys(actor=ADMIN) == [first.credential]
    with pytest.raises(KeyReused):
        _add(shop, key="k", name="Another")
    assert _add(shop, EVE, key="k").secret
    assert _add(shop, ADMIN, key="k").secret
    assert _add(shop, ADMIN, key="k", builder_id=ADA_ID).secret


def test_a_revoked_key_fails_at_once_and_no_other_does(shop: Shop) -> None:
    key, other = _add(shop), _add(shop)
    revoked = shop.core.revoke_api_key(key_id=key.credential.id, actor=ADA)
    assert revoked.spent_at == NOW
    assert not _opens(shop, key)
    assert _opens(shop, other)
    shop.clock.advance(timedelta(days=1))
    again = shop.core.revoke_api_key(key_id=key.credential.id, actor=ADMIN)
    assert again == revoked
    assert [each.spent_at for each in shop.core.list_api_keys(actor=ADA)] == [NOW, None]


def test_a_key_expires(shop: Shop) -> None:
    key = _add(shop, expires_at=NOW + timedelta(days=1))
    shop.clock.advance(timedelta(hours=23))
    assert _opens(shop, key)
    shop.clock.advance(timedelta(hours=1))
    assert not _opens(shop, key)


def test_a_builder_sees_and_revokes_its_own_keys_only(shop: Shop) -> None:
    mine, theirs, admins = _add(shop), _add(shop, EVE), _add(shop, ADMIN)
    assert shop.core.list_api_keys(actor=ADA) == [mine.credential]
    assert len(shop.core.list_api_keys(actor=ADMIN)) == 3
    for key in (theirs, admins):
        with pytest.raises(NotFound):
            shop.core.revoke_api_key(key_id=key.credential.id, actor=ADA)
        assert _opens(shop, key)


def test_neither_a_session_nor_nothing_is_revoked_as_a_key(shop: Shop) -> None:
    shop.core.ask_sign_in_link(email="grace@example.org")
    (link,) = shop.store.committed.credentials
    for key_id in (link, CredentialId("key_9")):
        with pytest.raises(NotFound):
            shop.core.revoke_api_key(key_id=key_id, actor=ADMIN)


@pytest.mark.parametrize("actor", [Actor.anonymous(), Actor.client("cli_1"), EVE])
def test_keys_are_for_builders_each_its_own_and_for_admins(shop: Shop, actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        _add(shop, actor, builder_id="bld_1")
    if actor is not EVE:
        with pytest.raises(NotAllowed):
            shop.core.list_api_keys(actor=actor)


def test_a_key_makes_no_keys_revokes_none_and_gives_no_roles(shop: Shop) -> None:
    everything = list(Scope)
    builders, admins = _add(shop, scopes=everything), _add(shop, ADMIN, scopes=everything)
    core = shop.core
    for key in (builders, admins):
        machine = core.actor_of_api_key(secret=key.secret)
        with pytest.raises(NotAllowed):
            _add(shop, machine)
        with pytest.raises(NotAllowed):
            core.revoke_api_key(key_id=builders.credential.id, actor=machine)
    with pytest.raises(NotAllowed):
        core.grant_role(role=Role.ADMIN, email="eve@example.org", actor=machine)
    with pytest.raises(NotAllowed):
        core.revoke_role(role=Role.ADMIN, account_id=ClientId("cli_1"), actor=machine)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\nb"},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"expires_at": NOW},
    ],
)
def test_a_key_that_makes_no_sense_is_refused(shop: Shop, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        _add(shop, **wrong)
    assert shop.core.list_api_keys(actor=ADMIN) == []


def test_no_key_is_made_for_a_builder_that_is_not_there(shop: Shop) -> None:
    with pytest.raises(NotFound):
        _add(shop, ADMIN, builder_id="bld_9")


@pytest.mark.parametrize("role", [Role.ADMIN, Role.BUILDER])
def test_with_the_role_the_keys_of_the_role_end(shop: Shop, role: Role) -> None:
    core = shop.core
    for each in (Role.BUILDER, Role.ADMIN):
        account = core.grant_role(
            role=each, email="ada@example.org", builder_id=ADA_ID, actor=ADMIN
        )
    keys = {
        Role.BUILDER: _add(shop),
        Role.ADMIN: _add(shop, Actor.admin(account.id)),
    }
    other = _add(shop, EVE)
    core.revoke_role(account_id=account.id, role=role, actor=ADMIN)
    core.revoke_role(account_id=account.id, role=role, actor=ADMIN)
    assert {each for each, key in keys.items() if not _opens(shop, key)} == {role}
    assert _opens(shop, other)


ADA_ID = BuilderId("bld_1")


# ---- keys end with the person --------------------------------------------------------------------

EMAIL, SYSTEM = "ada@example.org", Actor.system()
CLAIMED = frozenset({Role.ADMIN})


def _signs_in(shop: Shop, subject: str = "ada", **said: Any) -> Actor:
    said = {"email": EMAIL, "email_verified": True} | said
    return shop.core.actor_of_proof(proof=Proof(issuer="https://id.test", subject=subject, **said))


def _with_role(shop: Shop, role: Role = Role.ADMIN) -> Actor:
    shop.core.grant_role(role=role, email=EMAIL, builder_id=ADA_ID, actor=ADMIN)
    return _signs_in(shop)


def _account(shop: Shop) -> ClientId:
    """The only one."""
    (account,) = shop.core.list_accounts(actor=SYSTEM).accounts
    return account.id


def test_a_key_ends_with_the_role_that_an_identity_provider_said(shop: Shop) -> None:
    claimed = _signs_in(shop, roles=CLAIMED)
    own, builders = _add(shop, claimed), _add(shop, claimed, builder_id=ADA_ID)
    shop.core.revoke_role(account_id=_account(shop), role=Role.ADMIN, actor=ADMIN)
    assert not _opens(shop, own)
    assert not _opens(shop, builders)


def test_with_the_role_of_an_admin_end_the_keys_that_it_made_of_builders_but_not_its_own(
    shop: Shop,
) -> None:
    mine = _add(shop, _with_role(shop, Role.BUILDER))
    admin = _with_role(shop)
    of_eve, by_eve = _add(shop, admin, builder_id=EVE.id), _add(shop, EVE)
    shop.core.revoke_role(account_id=_account(shop), role=Role.ADMIN, actor=ADMIN)
    assert [_opens(shop, key) for key in (mine, of_eve, by_eve)] == [True, False, True]


def test_who_is_a_builder_no_more_and_an_admin_still_keeps_the_keys_made_as_one(
    shop: Shop,
) -> None:
    mine = _add(shop, _with_role(shop, Role.BUILDER))
    admin = _with_role(shop)
    own, of_eve = _add(shop, admin), _add(shop, admin, builder_id=EVE.id)
    shop.core.revoke_role(account_id=_account(shop), role=Role.BUILDER, actor=ADMIN)
    assert [_opens(shop, key) for key in (mine, own, of_eve)] == [False, True, True]


@pytest.mark.parametrize("claimed", [True, False])
def test_with_a_person_its_keys_are_erased(shop: Shop, claimed: bool) -> None:
    admin = _signs_in(shop, roles=CLAIMED) if claimed else _with_role(shop)
    key, other = _add(shop, admin), _add(shop, ADMIN)
    if not claimed:
        shop.core.revoke_role(account_id=_account(shop), role=Role.ADMIN, actor=ADMIN)
    erased = shop.core.erase_client(account_id=_account(shop), actor=ADMIN)
    assert erased.credentials == 1
    assert not _opens(shop, key)
    assert shop.core.list_api_keys(actor=ADMIN) == [other.credential]


def test_a_key_whose_maker_is_no_more_opens_nothing(shop: Shop) -> None:
    key = _add(shop, _with_role(shop))
    shop.store.committed.accounts.clear()
    assert not _opens(shop, key)


def test_keys_of_accounts_that_are_joined_act_for_the_one_that_is_left(shop: Shop) -> None:
    unproved = _signs_in(shop, email_verified=False, roles=CLAIMED)
    admins, builders = _add(shop, unproved), _add(shop, unproved, builder_id=ADA_ID)
    holder = _signs_in(shop, "ada elsewhere")
    joined = _signs_in(shop)
    assert joined.id == holder.id != unproved.id
    acting = shop.core.actor_of_api_key(secret=admins.secret)
    assert (acting.role, acting.id) == (Role.ADMIN, holder.id)
    assert _opens(shop, builders)
    shop.core.revoke_role(account_id=_account(shop), role=Role.ADMIN, actor=ADMIN)
    assert not _opens(shop, admins)
    assert not _opens(shop, builders)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.BUILDER])
def test_who_lost_the_role_since_it_signed_in_makes_no_key(shop: Shop, role: Role) -> None:
    actor = _with_role(shop, role)
    shop.core.revoke_role(account_id=_account(shop), role=role, actor=ADMIN)
    for builder_id in (None, ADA_ID):
        with pytest.raises(NotAllowed):
            _add(shop, actor, builder_id=builder_id)
    assert shop.core.list_api_keys(actor=ADMIN) == []


def test_who_was_erased_since_it_signed_in_makes_no_key(shop: Shop) -> None:
    actor = _signs_in(shop, roles=CLAIMED)
    shop.core.erase_client(account_id=_account(shop), actor=ADMIN)
    with pytest.raises(NotAllowed):
        _add(shop, actor)


def test_a_key_that_adds_a_builder_gives_nobody_a_role(shop: Shop) -> None:
    client = _signs_in(shop)
    key = _add(shop, ADMIN, scopes=[Scope.CATALOGUE])
    machine = shop.core.actor_of_api_key(secret=key.secret)
    said: dict[str, Any] = {"name": "Ada", "email": EMAIL, "schedule": a_schedule()}
    by_key = shop.core.add_builder(actor=machine, **said)
    assert _signs_in(shop) == client
    assert shop.core.show_builder(name=by_key.id, actor=SYSTEM) == by_key
    assert len(shop.core.list_accounts(actor=SYSTEM).accounts) == 1
    in_person = shop.core.add_builder(actor=ADMIN, **said | {"name": "Ada again"})
    assert (_signs_in(shop).role, _signs_in(shop).id) == (Role.BUILDER, in_person.id)
