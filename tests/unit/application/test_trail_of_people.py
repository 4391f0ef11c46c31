"""Who came, who got which rights from whom, and who saw what is held: all of it is written down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from booking_core import (
    Actor,
    BuilderId,
    ClientId,
    NotAllowed,
    Proof,
    Role,
    Scope,
    SignInRequired,
    Subject,
    SubjectKind,
    TrailEntry,
    TrailFilter,
    TrailKind,
)
from booking_core.testing.examples import a_builder, a_contact, a_slot
from tests.unit.application.paying import BUILDER, Shop

CONTACT = a_contact()
EMAIL = CONTACT.email
ROOT, SYSTEM = Actor.admin("root"), Actor.system()
SUBJECTS: Mapping[str, SubjectKind] = {"cli": SubjectKind.CLIENT, "key": SubjectKind.API_KEY}
#: Detail, by who did it and what it is called.
Told = list[tuple[str, str, dict[str, Any]]]


@pytest.fixture
def shop() -> Shop:
    return Shop.open(price=None, calendar="local")


def sign_in(shop: Shop, replacing: str | None = None) -> tuple[str, ClientId]:
    """By a mailed link; the session's secret, and the account."""
    shop.core.ask_sign_in_link(email=EMAIL)
    shop.work()
    mail = [mail for mail in shop.mailer.sent_to(EMAIL) if "#link=" in mail.text][-1]
    link = mail.text.partition("#link=")[2].split()[0]
    opened = shop.core.open_session(link_secret=link, replacing=replacing)
    return opened.secret, ClientId(str(opened.credential.account_id))


def token(shop: Shop, **said: Any) -> Actor:
    proof = Proof(issuer="https://id.test", subject="s-1", name="Grace Murray", **said)
    return shop.core.actor_of_proof(proof=proof)


def entries(shop: Shop, id: str) -> list[TrailEntry]:
    """What is in the trail of that person or key, oldest first."""
    subject = Subject(SUBJECTS[id[:3]], id)
    criteria = TrailFilter(subject=subject, oldest_first=True)
    found = list(shop.core.list_trail(criteria=criteria, actor=ROOT).entries)
    for said in (EMAIL, *CONTACT.name.split(), "s-1", "Till"):
        assert said not in repr([each.detail for each in found])
    return found


def told(shop: Shop, id: str) -> Told:
    return [(each.by, each.name, dict(each.detail)) for each in entries(shop, id)]


def test_who_signs_in_and_out_is_in_the_trail(shop: Shop) -> None:
    first, ana = sign_in(shop)
    second, _ = sign_in(shop, replacing=first)
    for _ in range(2):
        shop.core.close_session(secret=second)
    by, came = f"client:{ana}", {"way": "mailed link"}
    assert told(shop, ana) == [
        (by, "signed in", came),
        (by, "signed out", {}),
        (by, "signed in", came),
        (by, "signed out", {}),
    ]
    assert {each.kind for each in entries(shop, ana)} == {TrailKind.EVENT}


def test_a_token_is_a_sign_in_the_first_time_and_when_it_proves_the_address(shop: Shop) -> None:
    came = ("signed in", {"way": "identity provider"})
    for _ in range(2):
        ana = str(token(shop, email=EMAIL).id)
    assert [each[1:] for each in told(shop, ana)] == [came]
    for _ in range(2):
        token(shop, email=EMAIL, email_verified=True)
    assert [each[1:] for each in told(shop, ana)] == [came, came]


def test_an_account_that_becomes_part_of_another_one_is_in_the_trail(shop: Shop) -> None:
    before = str(token(shop, email=EMAIL).id)
    _, ana = sign_in(shop)
    token(shop, email=EMAIL, email_verified=True)
    assert (f"client:{ana}", "accounts joined", {"joined": before}) in told(shop, ana)


def test_bookings_that_are_claimed_at_sign_in_are_told_in_their_timelines(shop: Shop) -> None:
    booked = [shop.confirm(a_slot(hour=hour)) for hour in (9, 13)]
    _, ana = sign_in(shop)
    for booking in booked:
        timeline = shop.core.show_timeline(booking_id=booking.id, actor=BUILDER).entries
        claimed = [each for each in timeline if each.name == "BookingClaimed"]
        assert [(each.by, each.builder_id) for each in claimed] == [
            (f"client:{ana}", booking.builder_id)
        ]
        assert claimed[0].detail["state"] == "CONFIRMED"


def test_a_role_that_is_given_and_taken_is_in_the_trail_once(shop: Shop) -> None:
    for _ in range(2):
        account = shop.core.grant_role(role=Role.ADMIN, email=EMAIL, actor=ROOT)
    shop.core.grant_role(
        role=Role.BUILDER, account_id=account.id, builder_id=a_builder().id, actor=SYSTEM
    )
    for role in (Role.ADMIN, Role.ADMIN, Role.BUILDER):
        shop.core.revoke_role(account_id=account.id, role=role, actor=ROOT)
    found = [(each.by, each.name, each.detail["role"]) for each in entries(shop, account.id)]
    assert found == [
        ("admin:root", "role granted", "admin"),
        ("system", "role granted", "builder"),
        ("admin:root", "role revoked", "admin"),
        ("admin:root", "role revoked", "builder"),
    ]
    whose = [each.builder_id for each in entries(shop, account.id)]
    assert whose == [None, a_builder().id, None, a_builder().id]


def test_a_key_that_is_made_and_revoked_is_in_the_trail_once(shop: Shop) -> None:
    scopes = [Scope.READ, Scope.BOOKINGS]
    key = shop.core.add_api_key(name="Till", scopes=scopes, actor=BUILDER).credential.id
    for _ in range(2):
        shop.core.revoke_api_key(key_id=key, actor=ROOT)
    detail = {"role": "builder", "scopes": ["bookings", "read"]}
    assert told(shop, key) == [
        (BUILDER.name, "key made", detail),
        ("admin:root", "key revoked", detail),
    ]
    own = shop.core.list_trail(criteria=TrailFilter(), actor=BUILDER).entries
    assert [each.name for each in own] == ["key revoked", "key made"]


def test_keys_that_end_with_a_role_are_in_the_trail(shop: Shop) -> None:
    account = shop.core.grant_role(role=Role.ADMIN, email=EMAIL, actor=ROOT)
    boss = Actor.admin(account.id)
    key = shop.core.add_api_key(name="Till", scopes=[Scope.READ], actor=boss).credential.id
    shop.core.revoke_role(account_id=account.id, role=Role.ADMIN, actor=ROOT)
    assert [each[:2] for each in told(shop, key)] == [
        (boss.name, "key made"),
        ("admin:root", "key revoked"),
    ]


def test_who_is_let_in_as_a_new_builder_is_in_the_trail(shop: Shop) -> None:
    builder = shop.core.add_builder(
        name="Bea", email="bea@example.org", schedule=a_builder().schedule, actor=ROOT
    )
    (account,) = shop.core.list_accounts(actor=ROOT).accounts
    (entry,) = entries(shop, account.id)
    assert (entry.name, entry.builder_id) == ("role granted", BuilderId(builder.id))


# ---- what is held --------------------------------------------------------------------------------


def test_an_export_is_in_the_trail_and_holds_the_trail_of_the_person(shop: Shop) -> None:
    shop.confirm()
    _, ana = sign_in(shop)
    shop.core.export_client(email=EMAIL, actor=ROOT)
    again = shop.core.export_client(account_id=ana, actor=SYSTEM)
    assert {"signed in", "client exported", "BookingClaimed"} <= {each.name for each in again.trail}
    assert told(shop, ana)[1:] == [
        ("admin:root", "client exported", {"bookings": 1}),
        ("system", "client exported", {"bookings": 1}),
    ]


def test_a_client_exports_what_is_held_about_itself_and_nobody_else_does(shop: Shop) -> None:
    secret, ana = sign_in(shop)
    booking = shop.confirm(a_slot(hour=9), actor=Actor.client(ana, CONTACT))
    exported = shop.core.export_client.own(actor=shop.core.actor_of_session(secret=secret))
    assert exported.account is not None
    assert exported.account.id == ana
    assert [each.id for each in exported.bookings] == [booking.id]
    assert exported.mails
    assert told(shop, ana)[-1] == (f"client:{ana}", "client exported", {"bookings": 1})
    for other in (BUILDER, ROOT, Actor(Role.CLIENT, ana, scopes=frozenset(Scope))):
        with pytest.raises(NotAllowed):
            shop.core.export_client.own(actor=other)
    with pytest.raises(SignInRequired):
        shop.core.export_client.own(actor=Actor.anonymous())


def test_an_erasure_is_in_the_trail(shop: Shop) -> None:
    _, ana = sign_in(shop)
    shop.core.erase_client(email=EMAIL, actor=ROOT)
    detail = {"bookings": 0, "credentials": 2, "mails": 0}
    assert told(shop, ana)[-1] == ("admin:root", "client erased", detail)
