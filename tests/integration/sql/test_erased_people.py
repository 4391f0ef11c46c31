"""Who was erased is found in no table of any store; before, everything was there to be found (J4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, fields, frozen, has
from sqlalchemy import Engine, inspect, text

from adapters.local_calendar import LocalCalendar
from adapters.memory import MemoryClock, MemoryIds, MemoryMailer, MemoryPayments, MemoryStore
from adapters.procrastinate_jobs import ProcrastinateJobs
from adapters.sql import SqlStore, jobs_schema
from adapters.sql.tables import metadata
from booking_core import (
    Actor,
    Answer,
    Booking,
    BookingCore,
    BookingState,
    Contact,
    Job,
    JobQueue,
    Language,
    PaymentStatus,
    Proof,
    ProviderFailed,
    Question,
    Role,
    Slot,
    Subject,
    SubjectKind,
    TrailFilter,
    TrailKind,
)
from booking_core.testing.examples import (
    NOW,
    PRICE,
    a_builder,
    a_contact,
    a_session_type,
    a_slot,
)

EMAIL = "zerlina@quast.example"
WHO = Contact("Zerlina Quast", EMAIL, "Asia/Kathmandu", Language.GERMAN)
GOAL, NOTES, REASON = "a wooden leg", "please ring thrice", "my aunt Petronella is ill"
GUEST = "bettina@guest.example"
#: What only she can have brought into a table.
HERS = ("zerlina", "quast", "kathmandu", "wooden", "thrice", "petronella", "sub-zq-77", "bettina")
ROOT = Actor.admin("root")


@frozen
class World:
    """A service on some store, and a look into all that it has stored."""

    core: BookingCore
    store: Any
    clock: MemoryClock
    payments: MemoryPayments
    mailer: MemoryMailer
    dump: Callable[[], str]

    def found(self) -> set[str]:
        held = self.dump().casefold()
        return {each for each in HERS if each in held}

    def work(self) -> None:
        while self.core.work_outbox():
            pass

    def now(self, booking: Booking) -> Booking:
        return self.core.show_booking(booking_id=booking.id, actor=ROOT)

    def books(self, slot: Slot, contact: Contact = WHO, actor: Actor | None = None) -> Booking:
        return self.core.confirm_booking(
            session_type_id=a_session_type().id,
            slot=slot,
            actor=actor or Actor.anonymous(),
            contact=contact,
            answers=[Answer("goal", GOAL if contact == WHO else "none")],
            notes=NOTES if contact == WHO else "",
            guests=[GUEST] if contact == WHO else [],
            key=f"key of {slot.start}",
        )

    def pays(self, booking: Booking) -> Booking:
        self.payments.authorise(booking.payment.attempts[-1].key)
        token = self.core.manage_key.token(booking.id, booking.token_version)
        return self.core.look_at_payment(booking_id=booking.id, actor=Actor.anonymous(token))


def _opened(store: Any, dump: Callable[[], str], jobs: Callable[..., JobQueue] | None) -> World:
    clock, mailer = MemoryClock(NOW), MemoryMailer()
    payments = MemoryPayments(clock)
    queue = jobs(clock) if jobs else None
    if isinstance(queue, ProcrastinateJobs):
        store = store.with_outbox(queue.outbox)
    core = BookingCore.assemble(
        unit_of_work=store,
        calendar=LocalCalendar(store, clock, "https://booking.test"),
        payments=payments,
        mailer=mailer,
        jobs=queue,
        clock=clock,
        ids=MemoryIds(),
        secret_key=bytes(32),
        public_url="https://booking.test",
    )
    with store() as uow:
        uow.builders.save(a_builder(client_accounts=True))
        question = Question("goal", "What is your goal?", required=True)
        uow.session_types.save(a_session_type(price=PRICE, questions=(question,)))
        uow.commit()
    return World(core, store, clock, payments, mailer, dump)


@pytest.fixture(params=["memory", "sqlite", "postgresql", "procrastinate"])
def world(request: pytest.FixtureRequest, open_here: Callable[[str], Engine]) -> World:
    if request.param == "memory":
        memory = MemoryStore()
        return _opened(memory, lambda: "\n".join(_texts(vars(memory.committed))), None)
    kind = "sqlite" if request.param == "sqlite" else "postgresql"
    engine = open_here(request.getfixturevalue(f"migrated_{kind}"))
    jobs = None
    if request.param == "procrastinate":
        schema = jobs_schema(engine)
        jobs = lambda clock: ProcrastinateJobs(engine, schema, clock)  # noqa: E731
    return _opened(SqlStore(engine), lambda: _rows(engine), jobs)


def _rows(engine: Engine) -> str:
    """Every value of every table of every schema; JSON as text."""
    found = []
    with engine.connect() as connection:
        own = [
            each
            for each in inspect(connection).get_schema_names()
            if each not in ("information_schema", "pg_catalog")
        ]
        for schema in own:
            for table in inspect(connection).get_table_names(schema):
                rows = connection.execute(text(f'SELECT * FROM "{schema}"."{table}"'))
                found += [str(tuple(row)) for row in rows]
    return "\n".join(found)


def _texts(value: Any) -> Iterator[str]:
    """Every text within a value, also what its `repr` hides."""
    if isinstance(value, str):
        yield str(value)
    elif has(type(value)):
        for each in fields(type(value)):
            yield from _texts(getattr(value, each.name))
    elif isinstance(value, Mapping):
        yield from _texts([*value.keys(), *value.values()])
    elif isinstance(value, list | tuple | set | frozenset):
        for each in value:
            yield from _texts(each)


def _full_life(world: World) -> list[Booking]:
    """She books without an account, signs in by mail and by token, books again, and cancels."""
    held = world.pays(world.books(a_slot(hour=8)))
    world.core.ask_sign_in_link(email=EMAIL)
    world.work()
    mail = next(mail for mail in world.mailer.sent_to(EMAIL) if "/signin#link=" in mail.text)
    secret = mail.text.partition("#link=")[2].split()[0]
    session = world.core.open_session(link_secret=secret)
    actor = world.core.actor_of_session(secret=session.secret)
    proof = Proof(
        issuer="https://id.test", subject="sub-zq-77", email=EMAIL, email_verified=True, name="ZQ"
    )
    assert world.core.actor_of_proof(proof=proof).id == actor.id
    boss = world.core.grant_role(role=Role.ADMIN, email=EMAIL, actor=ROOT, key="k")
    world.core.revoke_role(role=Role.ADMIN, account_id=boss.id, actor=ROOT)
    world.core.ask_sign_in_link(email=EMAIL.upper())
    lost = world.pays(world.books(a_slot(hour=10), actor=actor))
    world.core.cancel_booking(booking_id=lost.id, actor=actor, reason=REASON)
    world.core.settle_money(booking_id=lost.id)
    world.core.jobs.work(_refuse, limit=1)
    left = world.books(a_slot(hour=12))  # a checkout that nobody pays
    world.clock.advance(timedelta(days=3))
    world.core.settle_money(booking_id=left.id)
    world.core.complete_booking(booking_id=held.id, actor=ROOT)
    return [world.now(each) for each in (held, lost, left)]


def _refuse(_: Job) -> None:
    raise ProviderFailed("the mail server knows no such address", retryable=False)


def test_nothing_of_a_person_is_found_once_it_was_erased(world: World) -> None:
    before = _full_life(world)
    other = world.books(a_slot(day=4, hour=9), a_contact())
    assert world.found() == set(HERS)

    erased = world.core.erase_client(email=EMAIL.title(), actor=ROOT)
    assert world.found() == set()
    assert (erased.account, erased.bookings) == (True, 3)
    assert erased.credentials >= 3  # two links and a session
    assert {each.booking_id for each in erased.left} == {each.id for each in before}
    assert world.now(other).client.contact == a_contact()

    world.work()
    world.core.settle_unsettled()
    world.work()
    assert world.found() == set()


def test_what_was_booked_and_paid_stays(world: World) -> None:
    before = _full_life(world)
    world.core.erase_client(email=EMAIL, actor=ROOT)
    for was in before:
        now = world.now(was)
        assert (now.id, now.state, now.slot, now.created_at) == (
            was.id,
            was.state,
            was.slot,
            was.created_at,
        )
        for name in ("price", "status", "to_keep", "accepted", "refunds", "taken", "returned"):
            assert getattr(now.payment, name) == getattr(was.payment, name)
        assert [each.checkout_id for each in now.payment.attempts] == [
            each.checkout_id for each in was.payment.attempts
        ]
        assert now.client.contact.name == "Erased"
        assert not world.core.manage_key.opens(
            world.core.manage_key.token(was.id, was.token_version), now.id, now.token_version
        )
    states = [each.state for each in before]
    assert states == [BookingState.COMPLETED, BookingState.CANCELLED, BookingState.EXPIRED]
    assert before[1].payment.status is PaymentStatus.REFUNDED


def test_the_trail_tells_of_it_once_and_of_nobody(world: World) -> None:
    _full_life(world)
    (account,) = world.core.list_accounts(actor=ROOT).accounts
    for _ in range(2):
        world.core.erase_client(account_id=account.id, actor=ROOT)
    with world.store(write=False) as uow:
        subject = Subject(SubjectKind.CLIENT, account.id)
        entry, *before = uow.trail.find(TrailFilter(subject=subject))
    assert "client erased" not in {each.name for each in before}
    assert (entry.kind, entry.name, entry.by) == (TrailKind.CHANGE, "client erased", "admin:root")
    assert entry.detail["bookings"] == 3
    again = world.core.erase_client(email=EMAIL, actor=ROOT)
    assert (again.account, again.bookings, again.credentials, again.left) == (False, 0, 0, [])


def test_money_that_goes_back_later_needs_no_person(world: World) -> None:
    held, *_ = _full_life(world)
    world.core.erase_client(email=EMAIL, actor=ROOT)
    world.work()
    sent = len(world.mailer.sent_to(EMAIL))
    world.core.refund_booking(booking_id=held.id, amount=1_000, actor=ROOT)
    world.work()
    assert world.now(held).payment.returned == 1_000
    assert len(world.mailer.sent_to(EMAIL)) == sent
    assert not [mail for mail in world.mailer.sent if mail.to.endswith(".invalid")]


def test_everything_is_in_the_export_and_no_secret_is(world: World) -> None:
    before = _full_life(world)
    found = world.core.export_client(email=EMAIL, actor=ROOT)
    assert found.account is not None
    assert {each.subject for each in found.account.sign_ins} == {"sub-zq-77"}
    assert [each.id for each in found.bookings] == sorted(each.id for each in before)
    assert {each.kind.value for each in found.credentials} == {"sign in link", "session"}
    ids = {found.account.id, *(each.id for each in before)}
    assert {each.subject.id for each in found.trail} == ids
    by_id = world.core.export_client(account_id=found.account.id, actor=ROOT)
    told = {each.number for each in found.trail}
    assert [each.name for each in by_id.trail if each.number not in told] == ["client exported"]
    assert evolve(by_id, trail=found.trail) == found


def test_the_document_says_of_every_table_what_it_holds() -> None:
    told = (Path(__file__).parents[3] / "docs/privacy.md").read_text()
    untold = [name for name in metadata.tables if f"`{name}`" not in told]
    assert untold == []
