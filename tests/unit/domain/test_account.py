from __future__ import annotations

import pytest
from attrs import evolve

from booking_core import Account, Actor, BuilderId, Proof, Role, Scope, SignIn
from booking_core.testing.examples import a_contact, an_account

ENTERED = frozenset({SignIn("https://id.test", "s-1")})


@pytest.mark.parametrize(
    ("account", "held"),
    [
        (an_account(), True),
        (an_account(sign_ins=ENTERED), False),
        (an_account(sign_ins=ENTERED, email_proved=True), True),
        (an_account(contact=None), False),
    ],
)
def test_an_address_is_held_once_it_is_proved_or_while_nobody_signs_in(
    account: Account, held: bool
) -> None:
    assert account.address == (a_contact().email if held else None)


def test_an_actor_has_the_contact_of_its_account() -> None:
    account = an_account(builder_id=BuilderId("bld_1"))
    for each in (account, evolve(account, is_admin=True), an_account()):
        assert each.actor().contact == a_contact()


def test_what_is_proved_stays_as_it_is() -> None:
    proved = an_account().proved(a_contact(name="Grace"))
    assert proved.contact == a_contact(name="Grace")
    assert proved.proved(a_contact(name="Somebody else")) == proved


def test_nothing_personal_is_shown_by_repr() -> None:
    proof = Proof(issuer="i", subject="secret-subject", email=a_contact().email, name="Grace")
    shown = f"{an_account(sign_ins=ENTERED)!r} {proof!r} {SignIn('i', 'secret-subject')!r}"
    for hidden in ("Grace", a_contact().email, "secret-subject", "s-1"):
        assert hidden not in shown


def test_an_actor_may_do_all_that_its_role_may_unless_its_key_says_less() -> None:
    assert all(Actor.admin().within(scope) for scope in Scope)
    key = Actor(Role.ADMIN, "root", scopes=frozenset({Scope.READ}))
    assert [scope for scope in Scope if key.within(scope)] == [Scope.READ]
    assert not Actor(Role.ADMIN, scopes=frozenset()).within(Scope.READ)
