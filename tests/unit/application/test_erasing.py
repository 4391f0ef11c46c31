"""Who may be erased, by whom, and what is left of the booking (J4)."""

from __future__ import annotations

import pytest
from attrs import evolve

from booking_core import (
    Actor,
    BookingState,
    Checkout,
    Client,
    ClientId,
    ClientNeeded,
    InvalidRequest,
    NotAllowed,
    NotFound,
    OwnReason,
    PaymentStatus,
    Proof,
    Role,
    Scope,
    Subject,
    SubjectKind,
    TrailEntry,
    TrailFilter,
    TrailKind,
    WrongState,
)
from booking_core.testing.contracts.stored import put_booking
from booking_core.testing.examples import NOW, a_booking, a_contact, a_paid_booking, an_attempt
from tests.unit.application.paying import Shop, key_of

EMAIL = a_contact().email
ROOT = Actor.admin("root")


@pytest.fixture
def shop() -> Shop:
    return Shop.open()


def an_open_checkout() -> Checkout:
    return Checkout("chk_1", "https://pay.test/chk_1")


def a_proof(**said: object) -> Proof:
    return Proof(issuer="https://id.test", subject="s-1", email=EMAIL, name="Grace", **said)


def _newest() -> TrailFilter:
    return TrailFilter(limit=1)


def _refused(shop: Shop, **named: str) -> str:
    with pytest.raises(ClientNeeded) as refused:
        shop.core.erase_client(actor=ROOT, **named or {"email": EMAIL})
    (reason,) = refused.value.reasons
    assert reason in refused.value.message
    return reason


def test_only_operators_in_person_export_and_erase(shop: Shop) -> None:
    key = Actor(Role.ADMIN, "root", scopes=frozenset(Scope))
    for use_case in (shop.core.export_client, shop.core.erase_client):
        for actor in (Actor.anonymous(), Actor.client("c"), Actor.builder("bld_1")):
            with pytest.raises(NotFound):
                use_case(email=EMAIL, actor=actor)
        with pytest.raises(NotAllowed):
            use_case(email=EMAIL, actor=key)


def test_one_person_is_named(shop: Shop) -> None:
    for named in ({}, {"email": EMAIL, "account_id": ClientId("acc_1")}, {"email": "nobody"}):
        with pytest.raises(InvalidRequest):
            shop.core.erase_client(actor=ROOT, **named)


def test_of_whom_nothing_is_held_nothing_is_erased(shop: Shop) -> None:
    for named in ({"email": EMAIL}, {"account_id": ClientId("acc_1")}):
        erased = shop.core.erase_client(actor=ROOT, **named)
        assert (erased.account, erased.bookings, erased.credentials) == (False, 0, 0)
        found = shop.core.export_client(actor=ROOT, **named)
        assert found.account is None
        assert [*found.bookings, *found.credentials, *found.mails, *found.trail] == []


def test_a_live_booking_has_to_be_ended_first(shop: Shop) -> None:
    booking = shop.confirm()
    assert booking.id in _refused(shop)
    assert shop.now(booking).client.contact == a_contact()
    shop.cancel(booking, ROOT)
    shop.work()
    assert shop.core.erase_client(email=EMAIL, actor=ROOT).bookings == 1


def test_money_that_is_on_its_way_has_to_arrive_first(shop: Shop) -> None:
    booking = shop.confirm()
    shop.payments.authorise(key_of(booking))
    shop.comes_back(booking)
    shop.work()
    shop.cancel(booking, ROOT)
    assert shop.now(booking).payment.status is PaymentStatus.REFUND_DUE
    assert "refund due" in _refused(shop)
    shop.work()
    assert shop.core.erase_client(email=EMAIL, actor=ROOT).bookings == 1


def test_money_that_a_bank_has_not_answered_for_has_to_arrive_or_fail_first(shop: Shop) -> None:
    booking = shop.confirm()
    shop.payments.process(key_of(booking))
    shop.comes_back(booking)
    shop.cancel(booking)
    shop.work()
    assert "is on its way" in _refused(shop)
    shop.payments.decline(key_of(booking))
    shop.core.settle_money(booking_id=booking.id)
    assert shop.core.erase_client(email=EMAIL, actor=ROOT).bookings == 1


def test_a_dispute_has_to_end_first(shop: Shop) -> None:
    booking = a_paid_booking(BookingState.COMPLETED)
    booking.payment = evolve(booking.payment, accepted=1)
    booking.checkout_opened(1, an_open_checkout())
    booking.disputed(1)
    put_booking(shop.store, booking)
    assert "disputed" in _refused(shop)


def test_a_checkout_that_we_have_not_heard_of_has_to_be_closed_first() -> None:
    booking = a_booking(BookingState.AWAITING_PAYMENT)
    booking.cancel()
    assert booking.needs_client
    booking.checkout_refused(1)
    assert not booking.needs_client


def test_who_has_a_role_has_to_lose_it_first(shop: Shop) -> None:
    boss = shop.core.grant_role(role=Role.ADMIN, email=EMAIL, actor=ROOT)
    assert "is an admin" in _refused(shop, account_id=boss.id)
    shop.core.revoke_role(account_id=boss.id, role=Role.ADMIN, actor=ROOT)
    shop.core.grant_role(role=Role.BUILDER, email=EMAIL, builder_id="bld_1", actor=ROOT)
    assert "is a builder" in _refused(shop)


def test_bookings_under_an_id_that_is_no_accounts_are_erased_too(shop: Shop) -> None:
    mine = a_booking(BookingState.CANCELLED, client=Client(a_contact(), ClientId(EMAIL)))
    put_booking(shop.store, mine)
    assert shop.core.erase_client(account_id=ClientId(EMAIL), actor=ROOT).bookings == 1
    assert shop.now(mine).client.id is None
    (entry, *_) = shop.core.list_trail(criteria=_newest(), actor=ROOT).entries
    assert str(entry.subject) == "client:anonymous"


def test_what_an_account_says_and_nobody_proved_names_nobody_elses_bookings(shop: Shop) -> None:
    theirs = put_booking(shop.store, a_booking(BookingState.CANCELLED))
    liar = shop.core.actor_of_proof(proof=a_proof(email_verified=False))
    assert shop.core.export_client(account_id=ClientId(str(liar.id)), actor=ROOT).bookings == []
    assert shop.core.erase_client(account_id=ClientId(str(liar.id)), actor=ROOT).bookings == 0
    assert shop.now(theirs).client.contact == a_contact()


def test_accounts_that_may_be_the_same_persons_are_named_and_left(shop: Shop) -> None:
    liar = shop.core.actor_of_proof(proof=a_proof(email_verified=False))
    other = Client(a_contact(), ClientId("cli_other"))
    put_booking(shop.store, a_booking(BookingState.CANCELLED, client=other))
    expected = tuple(sorted(["cli_other", str(liar.id)]))
    assert shop.core.export_client(email=EMAIL, actor=ROOT).others == expected
    erased = shop.core.erase_client(email=EMAIL.upper(), actor=ROOT)
    assert (erased.account, erased.bookings, erased.others) == (False, 1, expected)
    assert shop.core.erase_client(email=EMAIL, actor=ROOT).others == (liar.id,)
    assert shop.core.erase_client(account_id=ClientId(str(liar.id)), actor=ROOT).others == ()
    assert shop.core.erase_client(email=EMAIL, actor=ROOT).others == ()


def test_the_owner_of_an_address_is_not_told_who_else_says_it(shop: Shop) -> None:
    shop.core.actor_of_proof(proof=a_proof(email_verified=False))
    owner = shop.core.actor_of_proof(
        proof=Proof(issuer="https://id.test", subject="s-2", email=EMAIL, email_verified=True)
    )
    assert shop.core.export_client.own(actor=owner).others == ()


def test_what_a_person_did_and_its_keys_are_in_its_export(shop: Shop) -> None:
    client = shop.core.actor_of_proof(proof=a_proof(email_verified=True))
    account = ClientId(str(client.id))
    booking = shop.confirm(actor=client)
    shop.core.grant_role(role=Role.ADMIN, account_id=account, actor=ROOT)
    admin = shop.core.actor_of_proof(proof=a_proof(email_verified=True))
    key = shop.core.add_api_key(name="Grace's till", scopes=[Scope.READ], actor=admin).credential
    other = shop.core.add_api_key(name="Root's", scopes=[Scope.READ], actor=ROOT).credential
    elsewhere = TrailEntry(
        at=NOW,
        subject=Subject(SubjectKind.BOOKING, "of_another"),
        kind=TrailKind.EVENT,
        name="BookingMoved",
        by=client.name,
    )
    with shop.store() as uow:
        uow.trail.add([elsewhere])
        uow.commit()
    found = shop.core.export_client(account_id=account, actor=ROOT)
    assert [each.grant.name for each in found.credentials if each.grant] == ["Grace's till"]
    told = {str(each.subject) for each in found.trail}
    assert told == {
        f"client:{account}",
        f"booking:{booking.id}",
        f"api_key:{key.id}",
        "booking:of_another",
    }
    assert f"api_key:{other.id}" not in told
    numbers = [each.number for each in found.trail]
    assert numbers == sorted(set(numbers))


def test_what_the_calendar_provider_holds_is_named() -> None:
    shop = Shop.open(price=None)
    booking = shop.confirm()
    shop.work()
    event = shop.now(booking).event
    assert event is not None
    shop.cancel(booking, ROOT)
    shop.work()
    (left,) = shop.core.erase_client(email=EMAIL, actor=ROOT).left
    assert (left.booking_id, left.checkouts) == (booking.id, ())
    assert {event.event_uri, event.place} <= set(left.calendar)


def test_waiting_mails_are_taken_back() -> None:
    shop = Shop.open(price=None, calendar="local")
    shop.cancel(shop.confirm(), ROOT)
    waiting = [job for job in shop.store.jobs if job.topic == "send mail"]
    assert waiting
    exported = shop.core.export_client(email=EMAIL, actor=ROOT)
    assert list(exported.mails) == waiting
    assert shop.core.erase_client(email=EMAIL, actor=ROOT).mails == len(waiting)
    shop.work()
    assert shop.mailer.sent_to(EMAIL) == []


def test_only_what_was_agreed_is_left_of_a_booking() -> None:
    booking = a_paid_booking(BookingState.COMPLETED)
    booking.checkout_opened(1, an_open_checkout())
    assert booking.event is not None
    booking.event = evolve(booking.event, join_url="https://video.test/grace")
    booking.cancel_reason = "I am ill"
    place, version = booking.event.place, booking.token_version
    booking.erase_client()
    assert booking.event.place == place
    assert booking.event.join_url is None
    assert not booking.join_link_known("https://video.test/grace")
    assert (booking.cancel_reason, booking.token_version) == ("", version + 1)
    assert booking.token_handed_over
    (attempt,) = booking.payment.attempts
    expected = an_attempt(email=booking.client.contact.email, language="", checkout_id="chk_1")
    assert attempt == expected
    assert not booking.events


def test_why_we_ended_it_ourselves_stays() -> None:
    booking = a_booking(BookingState.CANCELLED)
    booking.cancel_reason = OwnReason.CAPTURE_REFUSED.value
    booking.erase_client()
    assert booking.cancel_reason == OwnReason.CAPTURE_REFUSED


def test_the_client_of_a_live_booking_cannot_be_erased() -> None:
    booking = a_booking(BookingState.CONFIRMED)
    with pytest.raises(WrongState):
        booking.erase_client()
