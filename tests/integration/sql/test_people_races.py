"""Those who sign in, claim and revoke at the same moment, in memory and on both databases (J2)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from threading import Event

import pytest
from attrs import evolve

from adapters.local_calendar import LocalCalendar
from adapters.memory import MemoryClock, MemoryMailer, MemoryStore
from adapters.sql import SqlStore
from booking_core import (
    MOST_OPEN_LINKS,
    Actor,
    Booking,
    BookingCore,
    ClientId,
    InvalidCredentials,
    NotAllowed,
    Proof,
    Role,
    Scope,
    StaleBooking,
    UnitOfWorkFactory,
)
from booking_core.testing.contracts.threads import at_once
from booking_core.testing.examples import NOW, a_builder, a_contact, a_session_type, a_slot

pytestmark = pytest.mark.storm

EMAIL = a_contact().email
PROOF = Proof(issuer="https://id.test", subject="s-1", email=EMAIL, email_verified=True)
ROOT = Actor.admin("root")


@pytest.fixture(params=["memory", "sqlite_store", "postgres_store"])
def store(request: pytest.FixtureRequest) -> MemoryStore | SqlStore:
    if request.param == "memory":
        return MemoryStore()
    found: SqlStore = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def mailer() -> MemoryMailer:
    return MemoryMailer()


@pytest.fixture
def core(store: UnitOfWorkFactory, mailer: MemoryMailer) -> BookingCore:
    clock = MemoryClock(NOW)
    with store() as uow:
        uow.builders.save(a_builder(client_accounts=True))
        uow.session_types.save(a_session_type())
        uow.commit()
    return BookingCore.assemble(
        unit_of_work=store,
        calendar=LocalCalendar(store, clock, "https://booking.test"),
        mailer=mailer,
        clock=clock,
        public_url="https://booking.test",
    )


def _links(core: BookingCore, mailer: MemoryMailer) -> list[str]:
    while core.work_outbox():
        pass
    mails = [mail for mail in mailer.sent_to(EMAIL) if "#link=" in mail.text]
    return [mail.text.partition("#link=")[2].split()[0] for mail in mails]


def _ways_in(core: BookingCore, mailer: MemoryMailer) -> list[Callable[[], None]]:
    """A mailed link, and a token of the identity provider."""
    core.ask_sign_in_link(email=EMAIL)
    (link,) = _links(core, mailer)
    return [
        lambda: core.open_session(link_secret=link) and None,
        lambda: core.actor_of_proof(proof=PROOF) and None,
    ]


def _book(core: BookingCore, hour: int) -> Booking:
    return core.confirm_booking(
        session_type_id=a_session_type().id,
        slot=a_slot(hour=hour),
        contact=a_contact(),
        actor=Actor.anonymous(),
    )


@pytest.mark.parametrize("verified", [True, False])
def test_of_twelve_first_requests_at_once_all_are_the_same_person(
    core: BookingCore, verified: bool
) -> None:
    proof = Proof(issuer="https://id.test", subject="s-1", email=EMAIL, email_verified=verified)
    actors = at_once([partial(core.actor_of_proof, proof=proof)] * 12)
    (account,) = core.list_accounts(actor=Actor.admin()).accounts
    assert {actor.id for actor in actors} == {account.id}


def test_a_link_and_a_token_and_bookings_at_once_end_in_one_account(
    core: BookingCore, mailer: MemoryMailer
) -> None:
    at_once(
        [
            *_ways_in(core, mailer),
            *(lambda hour=hour: _book(core, hour) and None for hour in (9, 11, 13)),
        ]
    )
    (account,) = core.list_accounts(actor=Actor.admin()).accounts
    assert account.email_proved


def test_of_twelve_who_open_one_link_at_once_one_is_signed_in(
    core: BookingCore, mailer: MemoryMailer
) -> None:
    core.ask_sign_in_link(email=EMAIL)
    (link,) = _links(core, mailer)

    def open_it() -> bool:
        try:
            core.open_session(link_secret=link)
        except (InvalidCredentials, StaleBooking):
            return False
        return True

    assert at_once([open_it] * 12).count(True) == 1


def test_of_three_links_to_an_address_that_are_opened_at_once_one_signs_in(
    core: BookingCore, mailer: MemoryMailer
) -> None:
    for _ in range(MOST_OPEN_LINKS):
        core.ask_sign_in_link(email=EMAIL)

    def opened(link: str) -> bool:
        try:
            core.open_session(link_secret=link)
        except (InvalidCredentials, StaleBooking):
            return False
        return True

    links = _links(core, mailer)
    assert at_once([partial(opened, link) for link in links]).count(True) == 1


def test_however_many_ask_at_once_no_more_than_three_links_are_open(
    core: BookingCore, mailer: MemoryMailer
) -> None:
    at_once([partial(core.ask_sign_in_link, email=EMAIL)] * 12)
    assert len(set(_links(core, mailer))) == MOST_OPEN_LINKS


def test_of_twelve_repeats_at_once_one_makes_an_api_key_and_is_told_its_secret(
    core: BookingCore,
) -> None:
    add = partial(core.add_api_key, name="Till", scopes=["read"], actor=Actor.admin(), key="k")
    made = at_once([add] * 12)
    (key,) = core.list_api_keys(actor=Actor.admin())
    assert {each.credential.id for each in made} == {key.id}
    (secret,) = [each.secret for each in made if each.secret]
    assert core.actor_of_api_key(secret=secret).role is Role.ADMIN


def test_of_twelve_who_claim_and_change_a_booking_at_once_nothing_is_lost(
    core: BookingCore, mailer: MemoryMailer, store: UnitOfWorkFactory
) -> None:
    actor = core.actor_of_proof(proof=PROOF)
    booking = _book(core, 9)

    def claim(number: int) -> None:
        try:
            if number % 2:
                core.claim_booking(booking_id=booking.id, actor=actor)
            else:
                core.revoke_tokens(booking_id=booking.id, actor=Actor.system())
        except StaleBooking:
            return
        done.append(number)

    done: list[int] = []
    at_once([partial(claim, number) for number in range(12)])
    stored = core.show_booking(booking_id=booking.id, actor=Actor.system())
    assert (stored.client.id == actor.id) == any(number % 2 for number in done)
    assert stored.token_version == 1 + sum(number % 2 == 0 for number in done)


def _claims(core: BookingCore, booking: Booking) -> list[str]:
    """By whom it was claimed, each time."""
    timeline = core.show_timeline(booking_id=booking.id, actor=Actor.system()).entries
    return [each.by for each in timeline if each.name == "BookingClaimed"]


def test_two_sessions_that_claim_one_booking_at_once_are_both_answered_and_one_does_it(
    core: BookingCore, mailer: MemoryMailer
) -> None:
    sessions = []
    for _ in range(2):
        core.ask_sign_in_link(email=EMAIL)
        sessions.append(core.open_session(link_secret=_links(core, mailer)[-1]).secret)
    actors = [core.actor_of_session(secret=secret) for secret in sessions]
    booking = _book(core, 9)
    claimed = at_once(
        [partial(core.claim_booking, booking_id=booking.id, actor=each) for each in actors]
    )
    assert {each.client.id for each in claimed} == {actors[0].id}
    assert _claims(core, booking) == [f"client:{actors[0].id}"]


def test_bookings_are_claimed_once_by_those_who_prove_their_address_at_once(
    core: BookingCore, mailer: MemoryMailer
) -> None:
    booked = [_book(core, hour) for hour in (9, 11)]
    at_once(_ways_in(core, mailer))
    (account,) = core.list_accounts(actor=Actor.admin()).accounts
    for booking in booked:
        assert _claims(core, booking) == [f"client:{account.id}"]


def test_once_a_revocation_is_answered_no_call_with_the_key_passes(core: BookingCore) -> None:
    key = core.add_api_key(name="Till", scopes=[Scope.READ], actor=Actor.builder(a_builder().id))
    answered = Event()

    def use() -> list[tuple[bool, bool]]:
        """For each call, whether it began after the answer, and whether it passed."""
        seen: list[tuple[bool, bool]] = []
        while not seen or not seen[-1][0]:
            late = answered.is_set()
            try:
                core.actor_of_api_key(secret=key.secret)
                seen.append((late, True))
            except InvalidCredentials:
                seen.append((late, False))
        return seen

    def revoke() -> list[tuple[bool, bool]]:
        try:
            core.revoke_api_key(key_id=key.credential.id, actor=Actor.system())
        finally:
            answered.set()
        return []

    seen = {each for calls in at_once([use, use, revoke, use, use]) for each in calls}
    assert (True, False) in seen
    assert (True, True) not in seen


@pytest.mark.parametrize("role", [Role.ADMIN, Role.BUILDER])
def test_whoever_revokes_a_role_while_keys_are_made_and_revoked_no_key_is_left(
    core: BookingCore, role: Role
) -> None:
    account = core.grant_role(role=role, email=EMAIL, builder_id=a_builder().id, actor=ROOT)
    actor = core.actor_of_proof(proof=PROOF)
    keys = [core.add_api_key(name="Till", scopes=[Scope.READ], actor=actor) for _ in range(2)]

    def revoke_role() -> None:
        core.revoke_role(account_id=account.id, role=role, actor=ROOT)
        revoked.append(role)

    def revoke_key() -> None:
        core.revoke_api_key(key_id=keys[0].credential.id, actor=actor)

    def add() -> None:
        keys.append(core.add_api_key(name="Till", scopes=[Scope.READ], actor=actor))

    revoked: list[Role] = []
    at_once([partial(_if_possible, each) for each in (add, revoke_role, add, revoke_key)])
    if not revoked:  # each was in the way of the others
        revoke_role()
    assert [each for each in core.list_api_keys(actor=ROOT) if each.spent_at is None] == []
    for key in keys:
        with pytest.raises(InvalidCredentials):
            core.actor_of_api_key(secret=key.secret)
    _if_possible(add)
    assert len(core.list_api_keys(actor=ROOT)) == len(keys)


def _if_possible(change: Callable[[], None]) -> None:
    with suppress(NotAllowed, StaleBooking):
        change()


@pytest.mark.parametrize("first", ["erased", "made"])
def test_of_one_who_is_erased_while_it_makes_keys_none_is_left(
    core: BookingCore, first: str
) -> None:
    proof = Proof(
        issuer="https://id.test",
        subject="s-1",
        email=EMAIL,
        email_verified=True,
        roles=frozenset({Role.ADMIN}),
    )
    actor = core.actor_of_proof(proof=proof)

    def add() -> None:
        core.add_api_key(name="Till", scopes=[Scope.READ], actor=actor)

    def erase() -> None:
        core.erase_client(account_id=ClientId(str(actor.id)), actor=ROOT)
        erased.append(str(actor.id))

    erased: list[str] = []
    turns = [erase, add] if first == "erased" else [add, erase]
    at_once([partial(_if_possible, each) for each in turns * 2])
    if not erased:  # each was in the way of the others
        erase()
    assert core.list_accounts(actor=ROOT).accounts == []
    assert core.list_api_keys(actor=ROOT) == []


def test_who_is_erased_while_it_signs_in_is_erased_whole_or_somebody_new(core: BookingCore) -> None:
    first = Proof(issuer="https://id.test", subject="s-0", email=EMAIL, email_verified=True)
    account = ClientId(str(core.actor_of_proof(proof=first).id))

    def sign_in(number: int) -> None:
        core.actor_of_proof(proof=evolve(first, subject=f"s-{number}"))

    def erase() -> None:
        core.erase_client(account_id=account, actor=ROOT)

    turns = [partial(sign_in, number) for number in range(1, 5)]
    at_once([partial(_if_possible, each) for each in (*turns[:2], erase, *turns[2:], erase)])
    left = core.list_accounts(actor=ROOT).accounts
    assert {each.address for each in left} <= {EMAIL}
