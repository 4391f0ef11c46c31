"""Whose account it is: found by what was proved, and by nothing else (J2, C6)."""

from __future__ import annotations

from typing import Any

import pytest

from booking_core import (
    Account,
    Actor,
    Booking,
    BookingCore,
    BookingFilter,
    Builder,
    BuilderId,
    ClientId,
    Contact,
    InvalidRequest,
    KeyReused,
    Language,
    NotFound,
    Offer,
    Proof,
    Role,
    SignIn,
)
from booking_core.testing.examples import (
    NOW,
    a_builder,
    a_contact,
    a_schedule,
    a_session_type,
    a_slot,
)
from tests.unit.application.paying import Shop

EMAIL = a_contact().email
ADMIN = Actor.admin("root")


@pytest.fixture
def shop() -> Shop:
    return Shop.open(price=None, calendar="local")


def _proof(subject: str = "s-1", **changes: Any) -> Proof:
    said = {"issuer": "https://id.test", "email": EMAIL, "name": "Grace Murray"}
    return Proof(subject=subject, **said | changes)


def _enter(shop: Shop, proof: Proof) -> Actor:
    return shop.core.actor_of_proof(proof=proof)


def _by_mail(shop: Shop, email: str = EMAIL) -> Actor:
    shop.core.ask_sign_in_link(email=email)
    shop.work()
    mails = [mail for mail in shop.mailer.sent_to(email) if "/signin#link=" in mail.text]
    secret = mails[-1].text.partition("#link=")[2].split()[0]
    session = shop.core.open_session(link_secret=secret)
    return shop.core.actor_of_session(secret=session.secret)


def _accounts(core: BookingCore) -> list[Account]:
    return core.list_accounts(actor=ADMIN).accounts


def _owner(shop: Shop, booking: Booking) -> str | None:
    return shop.now(booking).client.id


# ---- tokens of an identity provider -------------------------------------------------------------


def test_the_first_token_makes_the_account_and_the_next_one_finds_it(shop: Shop) -> None:
    first, again = (
        _enter(shop, _proof(timezone="Europe/Rome", language="de-AT")) for _ in range(2)
    )
    assert first == again
    assert first.role is Role.CLIENT
    (account,) = _accounts(shop.core)
    assert account.sign_ins == {SignIn("https://id.test", "s-1")}
    contact = a_contact(timezone="Europe/Rome", language=Language.GERMAN)
    assert (account.id, account.contact, account.version) == (first.id, contact, 1)


def test_the_same_subject_of_another_issuer_is_somebody_else(shop: Shop) -> None:
    one = _enter(shop, _proof())
    other = _enter(shop, _proof(issuer="https://other.test"))
    assert one.id != other.id


def test_a_proved_address_joins_the_account_that_holds_it(shop: Shop) -> None:
    actor = _by_mail(shop)
    assert _enter(shop, _proof(email=EMAIL.upper(), email_verified=True)).id == actor.id
    assert _enter(shop, _proof("s-2", email_verified=True)).id == actor.id
    assert len(_accounts(shop.core)) == 1


def test_an_unproved_address_never_joins_an_account(shop: Shop) -> None:
    booking = shop.confirm()
    owner = _by_mail(shop)
    stranger = _enter(shop, _proof(email_verified=False))
    assert stranger.id != owner.id
    with pytest.raises(NotFound):
        shop.core.show_booking(booking_id=booking.id, actor=stranger)


def test_who_names_an_address_first_gets_nothing_of_its_owner(shop: Shop) -> None:
    stranger = _enter(shop, _proof(email_verified=False))
    owner = _by_mail(shop)
    friend = _enter(shop, _proof("s-2", email_verified=True))
    assert owner.id == friend.id != stranger.id
    assert _enter(shop, _proof(email_verified=False)).id == stranger.id
    booking = shop.confirm()
    with pytest.raises(NotFound):
        shop.core.claim_booking(booking_id=booking.id, actor=stranger)


def test_who_proves_the_address_later_stays_the_same_person(shop: Shop) -> None:
    before = _enter(shop, _proof(email=None))
    anonymous, own = shop.confirm(), shop.confirm(a_slot(hour=13), actor=before)
    after = _enter(shop, _proof(email_verified=True))
    assert after.id == before.id
    assert _owner(shop, anonymous) == _owner(shop, own) == before.id
    (account,) = _accounts(shop.core)
    assert account.email_proved


def test_who_proves_an_address_that_has_an_account_brings_all_that_is_its_own(shop: Shop) -> None:
    before = _enter(shop, _proof())
    own = shop.confirm(actor=before)
    holder = _by_mail(shop)
    shop.core.grant_role(role=Role.ADMIN, account_id=ClientId(str(before.id)), actor=ADMIN)
    after = _enter(shop, _proof(email_verified=True))
    assert (after.id, after.role) == (holder.id, Role.ADMIN)
    assert _owner(shop, own) == holder.id
    (account,) = _accounts(shop.core)
    assert account.sign_ins == {SignIn("https://id.test", "s-1")}


def test_another_address_of_the_same_person_at_the_provider_changes_nothing(shop: Shop) -> None:
    actor = _enter(shop, _proof(email_verified=True))
    other = _by_mail(shop, "ann@example.org")
    again = _enter(shop, _proof(email="ann@example.org", email_verified=True))
    assert again.id == actor.id != other.id


@pytest.mark.parametrize(
    ("said", "name", "timezone"),
    [
        ({"name": None}, EMAIL, None),
        ({"name": "x" * 300}, EMAIL, None),
        ({"timezone": "Mars/Base", "language": "tlh"}, "Grace Murray", None),
    ],
)
def test_claims_that_cannot_be_used_are_left_out(
    shop: Shop, said: dict[str, Any], name: str, timezone: str | None
) -> None:
    contact = _enter(shop, _proof(**said)).contact
    assert contact == a_contact(name=name, timezone=timezone)


@pytest.mark.parametrize("email", [None, "nobody"])
def test_without_a_usable_address_there_is_no_contact_and_nothing_is_proved(
    shop: Shop, email: str | None
) -> None:
    actor = _enter(shop, _proof(email=email, email_verified=True))
    assert actor.contact is None
    (account,) = _accounts(shop.core)
    assert not account.email_proved


# ---- roles --------------------------------------------------------------------------------------


def test_an_admin_comes_before_a_builder_and_a_builder_before_a_client(shop: Shop) -> None:
    def role() -> tuple[Role, str | None]:
        actor = _by_mail(shop)
        assert actor.contact is not None
        return actor.role, actor.id

    account = ClientId(str(_by_mail(shop).id))
    change = {"account_id": account, "actor": ADMIN}
    grant, revoke = shop.core.grant_role, shop.core.revoke_role
    assert role() == (Role.CLIENT, account)
    grant(role=Role.BUILDER, builder_id=a_builder().id, **change)
    assert role() == (Role.BUILDER, a_builder().id)
    grant(role=Role.ADMIN, **change)
    assert role() == (Role.ADMIN, account)
    revoke(role=Role.ADMIN, **change)
    assert role() == (Role.BUILDER, a_builder().id)
    revoke(role=Role.BUILDER, **change)
    assert role() == (Role.CLIENT, account)


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        (None, Role.ADMIN),
        ({Role.ADMIN}, Role.ADMIN),
        ({Role.BUILDER}, Role.BUILDER),
        (set(), Role.CLIENT),
    ],
)
def test_roles_come_from_a_trusted_claim_or_else_from_us(
    roles: set[Role] | None, expected: Role
) -> None:
    account = Account(
        id=ClientId("cli_1"),
        builder_id=BuilderId("bld_1"),
        is_admin=True,
        created_at=Shop.open().clock.now(),
    )
    assert account.actor(roles).role is expected


def test_which_builder_somebody_is_a_claim_cannot_say(shop: Shop) -> None:
    actor = _enter(shop, _proof(roles=frozenset({Role.BUILDER})))
    assert actor.role is Role.CLIENT
    admin = _enter(shop, _proof(roles=frozenset({Role.ADMIN})))
    assert (admin.role, admin.id) == (Role.ADMIN, actor.id)
    (account,) = _accounts(shop.core)
    assert not account.is_admin


def test_the_builder_that_is_added_signs_in_as_that_builder(shop: Shop) -> None:
    client = _by_mail(shop, "bob@example.org")
    eve, bob = _add_builder(shop, "eve"), _add_builder(shop, "bob")
    for builder in (eve, bob):
        actor = _by_mail(shop, builder.email)
        assert (actor.role, actor.id) == (Role.BUILDER, builder.id)
    assert len(_accounts(shop.core)) == 2
    assert {each.id: each.builder_id for each in _accounts(shop.core)}[str(client.id)] == bob.id


def test_nobody_is_added_whose_address_signs_in_another_builder(shop: Shop) -> None:
    first = _add_builder(shop, "eve")
    with pytest.raises(InvalidRequest, match="eve signs in with this address") as refused:
        _add_builder(shop, "eve", name="Eve again")
    assert [each.pointer for each in refused.value.errors] == ["/email"]
    builders = shop.core.list_builders(everyone_for=ADMIN)
    assert "Eve again" not in [each.name for each in builders]
    assert _by_mail(shop, first.email).id == first.id


def test_an_admin_who_is_added_as_a_builder_stays_an_admin(shop: Shop) -> None:
    shop.core.grant_role(role=Role.ADMIN, email="eve@example.org", actor=ADMIN)
    builder = _add_builder(shop, "eve")
    assert _by_mail(shop, builder.email).role is Role.ADMIN


def _add_builder(shop: Shop, mailbox: str, **more: Any) -> Builder:
    said: dict[str, Any] = {"name": mailbox, "email": f"{mailbox}@example.org"} | more
    said["schedule"] = a_schedule()
    once, again = (shop.core.add_builder(actor=ADMIN, key=said["name"], **said) for _ in range(2))
    assert once.id == again.id
    return once


# ---- bookings -----------------------------------------------------------------------------------


def test_signing_in_claims_the_anonymous_bookings_of_the_address(shop: Shop) -> None:
    mine = [shop.confirm(), shop.confirm(a_slot(hour=13))]
    other = shop.confirm(a_slot(hour=15), contact=a_contact(email="ann@example.org"))
    token = shop.client(mine[0])
    actor = _by_mail(shop)
    found = shop.core.list_bookings(criteria=BookingFilter(), actor=actor).bookings
    assert {each.id for each in found} == {each.id for each in mine}
    assert _owner(shop, other) is None
    shown = shop.core.show_booking(booking_id=mine[0].id, actor=token)
    assert shown.client.contact == mine[0].client.contact


def test_a_later_booking_is_claimed_by_the_owner_of_its_address(shop: Shop) -> None:
    actor = _by_mail(shop)
    assert shop.core.list_claimable(actor=actor) == []
    booking = shop.confirm()
    with pytest.raises(NotFound):
        shop.core.show_booking(booking_id=booking.id, actor=actor)
    assert [each.id for each in shop.core.list_claimable(actor=actor)] == [booking.id]
    for _ in range(2):
        claimed = shop.core.claim_booking(booking_id=booking.id, actor=actor, key="k")
        assert claimed.client.id == actor.id
    assert shop.core.claim_booking(booking_id=booking.id, actor=actor).version == claimed.version
    assert _owner(shop, booking) == actor.id
    assert shop.core.list_claimable(actor=actor) == []
    assert shop.cancel(booking, actor).state == "CANCELLED"


def test_nobody_else_claims_a_booking(shop: Shop) -> None:
    booking = shop.confirm()
    taken = shop.confirm(a_slot(hour=13), actor=_by_mail(shop, "ann@example.org"))
    impostor = Actor.client("cli_nobody", a_contact())
    for stranger in (
        Actor.anonymous(),
        shop.client(booking),
        impostor,
        _by_mail(shop, "bob@example.org"),
        _enter(shop, _proof(email_verified=False)),
        Actor.builder(a_builder().id),
        ADMIN,
    ):
        for each in (booking, taken):
            with pytest.raises(NotFound):
                shop.core.claim_booking(booking_id=each.id, actor=stranger)
    assert _owner(shop, booking) is None


def test_what_another_client_booked_under_my_address_is_the_other_clients(shop: Shop) -> None:
    other = _by_mail(shop, "ann@example.org")
    booking = shop.confirm(actor=other, contact=a_contact())
    me = _by_mail(shop)
    with pytest.raises(NotFound):
        shop.core.claim_booking(booking_id=booking.id, actor=me)
    assert _owner(shop, booking) == other.id


def test_only_a_client_claims_even_where_the_address_is_its_own(shop: Shop) -> None:
    account = ClientId(str(_by_mail(shop).id))
    shop.core.grant_role(role=Role.ADMIN, account_id=account, actor=ADMIN)
    booking = shop.confirm()
    admin = Actor.admin(account)
    with pytest.raises(NotFound):
        shop.core.claim_booking(booking_id=booking.id, actor=admin)


def test_a_known_client_needs_no_account_of_its_own_address(shop: Shop) -> None:
    with shop.store() as uow:
        uow.builders.save(a_builder(client_accounts=True))
        uow.commit()
    shop.confirm(actor=Actor.client("cli_of_a_token", a_contact()))
    assert _accounts(shop.core) == []


@pytest.mark.parametrize("wanted", [True, False])
def test_a_booking_makes_an_account_where_the_builder_wants_that(shop: Shop, wanted: bool) -> None:
    with shop.store() as uow:
        uow.builders.save(a_builder(client_accounts=wanted))
        uow.commit()
    booking = shop.confirm()
    shop.confirm(a_slot(hour=13))
    found = [(each.contact, each.email_proved) for each in _accounts(shop.core)]
    assert found == ([(Contact.unnamed(EMAIL), False)] if wanted else [])
    assert _owner(shop, booking) is None
    actor = _by_mail(shop)
    assert _owner(shop, booking) == actor.id
    assert len(_accounts(shop.core)) == 1


@pytest.mark.parametrize("made_before", [True, False])
def test_nobody_is_called_by_what_a_stranger_said(shop: Shop, made_before: bool) -> None:
    lie = a_contact(name="Stupid Cow", timezone="Asia/Kathmandu")
    with shop.store() as uow:
        uow.builders.save(a_builder(client_accounts=True))
        if made_before:
            uow.accounts.save(Account(id=ClientId("cli_9"), contact=lie, created_at=NOW))
        uow.commit()
    shop.confirm(contact=lie)
    assert _by_mail(shop).contact == Contact.unnamed(EMAIL)


def test_a_builder_is_called_as_an_operator_said(shop: Shop) -> None:
    builder = _add_builder(shop, "eve", name="Eve Ng")
    actor = _by_mail(shop, builder.email)
    assert actor.contact is not None
    assert (actor.contact.name, actor.contact.timezone) == ("Eve Ng", builder.timezone)


def test_a_hold_makes_no_account(shop: Shop) -> None:
    with shop.store() as uow:
        uow.builders.save(a_builder(client_accounts=True))
        uow.commit()
    shop.core.initialize_booking(
        session_type_id=shop.stored_type().id, contact=a_contact(), actor=Actor.anonymous()
    )
    assert _accounts(shop.core) == []


# ---- for operators ------------------------------------------------------------------------------


def test_a_role_can_wait_for_the_owner_of_an_address(shop: Shop) -> None:
    once, again = (
        shop.core.grant_role(role=Role.ADMIN, email=EMAIL, actor=Actor.system()) for _ in range(2)
    )
    assert once.is_admin
    assert again == once
    assert _enter(shop, _proof(email_verified=False)).role is Role.CLIENT
    assert _enter(shop, _proof("s-2", email_verified=True)).role is Role.ADMIN


@pytest.mark.parametrize(
    "asked",
    [
        {"role": Role.CLIENT, "email": EMAIL},
        {"role": Role.BUILDER, "email": EMAIL},
        {"role": Role.ADMIN},
        {"role": Role.ADMIN, "email": EMAIL, "account_id": "cli_1"},
        {"role": Role.ADMIN, "email": "nobody"},
    ],
)
def test_a_role_that_cannot_be_given_is_refused(shop: Shop, asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        shop.core.grant_role(actor=ADMIN, **asked)
    assert _accounts(shop.core) == []


def test_a_role_is_given_to_an_account_and_for_a_builder_that_are_there(shop: Shop) -> None:
    core, nobody = shop.core, ClientId("cli_9")
    with pytest.raises(NotFound):
        core.grant_role(role=Role.ADMIN, account_id=nobody, actor=ADMIN)
    with pytest.raises(NotFound):
        core.revoke_role(role=Role.ADMIN, account_id=nobody, actor=ADMIN)
    unknown = BuilderId("bld_9")
    with pytest.raises(NotFound):
        core.grant_role(role=Role.BUILDER, email=EMAIL, builder_id=unknown, actor=ADMIN)
    with pytest.raises(InvalidRequest):
        core.revoke_role(role=Role.CLIENT, account_id=nobody, actor=ADMIN)


@pytest.mark.parametrize("actor", [Actor.anonymous(), Actor.client("c"), Actor.builder("bld_1")])
def test_people_are_for_operators(shop: Shop, actor: Actor) -> None:
    account = ClientId(str(_by_mail(shop).id))
    for forbidden in (
        lambda: shop.core.list_accounts(actor=actor),
        lambda: shop.core.grant_role(role=Role.ADMIN, account_id=account, actor=actor),
        lambda: shop.core.revoke_role(role=Role.ADMIN, account_id=account, actor=actor),
    ):
        with pytest.raises(NotFound):
            forbidden()
    assert not _accounts(shop.core)[0].is_admin


def test_accounts_are_listed_a_page_at_a_time(shop: Shop) -> None:
    for name in ("a", "b", "c"):
        _by_mail(shop, f"{name}@example.org")
    first = shop.core.list_accounts(actor=ADMIN, limit=2)
    rest = shop.core.list_accounts(actor=ADMIN, after=first.next, limit=2)
    assert [len(first.accounts), len(rest.accounts), rest.next] == [2, 1, None]
    with pytest.raises(InvalidRequest):
        shop.core.list_accounts(actor=ADMIN, limit=0)


def test_a_builder_of_the_catalogue_that_is_seeded_signs_in_and_sees_its_bookings(
    shop: Shop,
) -> None:
    bea = a_builder(id="bld_9", slug="bea", email="bea@example.org")
    talk = a_session_type(id="st_9", slug="talk", builder_id=bea.id)
    for _ in range(2):
        shop.core.seed_catalogue(offers=[Offer(talk, bea)])
    booking = shop.core.confirm_booking(
        session_type_id=talk.id, slot=a_slot(), contact=a_contact(), actor=Actor.anonymous()
    )
    actor = _by_mail(shop, "bea@example.org")
    assert (actor.role, actor.id) == (Role.BUILDER, bea.id)
    seen = shop.core.list_bookings(criteria=BookingFilter(), actor=actor).bookings
    assert [each.id for each in seen] == [booking.id]


def test_seeding_again_gives_no_role_back_that_was_taken(shop: Shop) -> None:
    bea = a_builder(id="bld_9", slug="bea", email="bea@example.org")
    offers = [Offer(a_session_type(id="st_9", slug="talk", builder_id=bea.id), bea)]
    shop.core.seed_catalogue(offers=offers)
    (account,) = _accounts(shop.core)
    shop.core.revoke_role(account_id=account.id, role=Role.BUILDER, actor=ADMIN)
    shop.core.seed_catalogue(offers=offers)
    assert _by_mail(shop, "bea@example.org").role is Role.CLIENT


def test_a_repeated_grant_does_not_give_back_what_was_taken_away(shop: Shop) -> None:
    def grant(**said: Any) -> Account:
        return shop.core.grant_role(
            **{"role": Role.ADMIN, "email": EMAIL, "actor": ADMIN, "key": "k"} | said
        )

    account = grant()
    assert grant() == account
    shop.core.revoke_role(account_id=account.id, role=Role.ADMIN, actor=ADMIN)
    assert not grant().is_admin
    with pytest.raises(KeyReused):
        grant(email="other@example.org")
