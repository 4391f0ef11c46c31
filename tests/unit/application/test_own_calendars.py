"""A builder brings its own calendar account along: who may, what is written down, and what is not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from adapters.memory import MemoryCalendar, MemoryClock, MemoryMailer, MemoryStore
from booking_core import (
    Actor,
    BookingCore,
    BuilderId,
    CalendarAccount,
    CalendarAccounts,
    FieldError,
    InvalidRequest,
    NotAllowed,
    NotFound,
    NoticeSubscriptions,
    Refused,
    Scope,
    TrailFilter,
)
from booking_core.testing.examples import NOW, a_builder

ADA, EVE = BuilderId("bld_1"), BuilderId("bld_2")
AS_ADA, AS_EVE, ADMIN, SYSTEM = (
    Actor.builder(ADA), Actor.builder(EVE), Actor.admin("root"), Actor.system(),
)  # fmt: skip
TOKEN = "the-token-of-ada-at-the-provider"
ACCOUNT = "https://calendar.test/users/ada"


class Accounts(CalendarAccounts):
    """Ada's account, and whatever else a test adds."""

    def __init__(self) -> None:
        self.known = {TOKEN: CalendarAccount(ACCOUNT, "Ada")}

    def account_of(self, *, token: str) -> CalendarAccount:
        if token not in self.known:
            message = "Give another one."
            raise InvalidRequest(message, [FieldError("/token", message)])
        return self.known[token]

    def notices(self) -> Mapping[BuilderId, NoticeSubscriptions]:
        return {}

    def notices_of(self, builder_id: BuilderId) -> NoticeSubscriptions | None:
        return None


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    with store() as uow:
        for each in (ADA, EVE):
            uow.builders.save(a_builder(id=each, slug=each.replace("_", "-")))
        uow.commit()
    return store


@pytest.fixture
def accounts() -> Accounts:
    return Accounts()


def assembled(store: MemoryStore, accounts: CalendarAccounts | None) -> BookingCore:
    clock = MemoryClock(NOW)
    return BookingCore.assemble(
        unit_of_work=store,
        calendar=MemoryCalendar(clock),
        calendar_accounts=accounts,
        mailer=MemoryMailer(),
        clock=clock,
    )


@pytest.fixture
def core(store: MemoryStore, accounts: Accounts) -> BookingCore:
    return assembled(store, accounts)


@pytest.mark.parametrize("actor", [AS_ADA, ADMIN, SYSTEM], ids=lambda each: each.name)
def test_a_builder_binds_its_own_and_an_admin_anybodys(
    core: BookingCore, store: MemoryStore, actor: Actor
) -> None:
    found = core.bind_calendar(builder_id=ADA, token=TOKEN, actor=actor)
    assert found == CalendarAccount(ACCOUNT, "Ada")
    with store(write=False) as uow:
        assert uow.builders.get(ADA).calendar_account == ACCOUNT
        [entry] = uow.trail.find(TrailFilter(limit=10))
    assert (entry.name, entry.by, entry.builder_id) == ("calendar bound", actor.name, ADA)
    assert entry.detail == {"account": ACCOUNT}
    assert core.unbind_calendar(builder_id=ADA, actor=actor)
    with store(write=False) as uow:
        assert uow.builders.get(ADA).calendar_account == ACCOUNT, "whose it is does not change"
        assert uow.calendar_bindings.of_builder(ADA) is None
        told = uow.trail.find(TrailFilter(limit=10))
    assert [each.name for each in told] == ["calendar unbound", "calendar bound"]
    assert TOKEN not in str(told)


@pytest.mark.parametrize(
    ("actor", "error"),
    [
        (AS_EVE, NotFound),
        (Actor.client("acc_1"), NotFound),
        (Actor.anonymous(), NotFound),
        (Actor(AS_ADA.role, AS_ADA.id, scopes=frozenset(Scope)), NotAllowed),
        (Actor(ADMIN.role, ADMIN.id, scopes=frozenset(Scope)), NotAllowed),
    ],
    ids=["another", "client", "anonymous", "key", "key of an admin"],
)
def test_nobody_else_may(
    core: BookingCore, store: MemoryStore, actor: Actor, error: type[Exception]
) -> None:
    with pytest.raises(error):
        core.bind_calendar(builder_id=ADA, token=TOKEN, actor=actor)
    core.bind_calendar(builder_id=ADA, token=TOKEN, actor=AS_ADA)
    with pytest.raises(error):
        core.unbind_calendar(builder_id=ADA, actor=actor)
    with store(write=False) as uow:
        assert uow.calendar_bindings.of_builder(ADA)


def test_a_builder_that_is_not_there_has_none(core: BookingCore) -> None:
    for use_case in (core.unbind_calendar, lambda **who: core.bind_calendar(token=TOKEN, **who)):
        with pytest.raises(NotFound):
            use_case(builder_id=BuilderId("bld_9"), actor=SYSTEM)


def test_a_calendar_without_accounts_says_so(store: MemoryStore) -> None:
    core = assembled(store, None)
    with pytest.raises(Refused, match="no accounts"):
        core.bind_calendar(builder_id=ADA, token=TOKEN, actor=AS_ADA)


def test_what_was_bound_before_another_calendar_was_chosen_is_named_and_can_be_forgotten(
    core: BookingCore, store: MemoryStore
) -> None:
    core.bind_calendar(builder_id=ADA, token=TOKEN, actor=AS_ADA)
    other = assembled(store, None)
    [checked] = other.check_calendars()
    assert (checked.builder.id, "unbind" in checked.problem) == (ADA, True)
    assert other.unbind_calendar(builder_id=ADA, actor=AS_ADA)
    assert other.check_calendars() == []


def test_a_token_that_is_refused_leaves_everything_as_it_was(
    core: BookingCore, store: MemoryStore
) -> None:
    core.bind_calendar(builder_id=ADA, token=TOKEN, actor=AS_ADA)
    before = store.committed
    for wrong in ("", "x" * 2_001, "another-token"):
        with pytest.raises(InvalidRequest) as refused:
            core.bind_calendar(builder_id=ADA, token=wrong, actor=AS_ADA)
        assert [each.pointer for each in refused.value.errors] == ["/token"]
    assert store.committed is before


def test_another_account_cannot_be_named_while_one_is_bound(core: BookingCore) -> None:
    core.bind_calendar(builder_id=ADA, token=TOKEN, actor=AS_ADA)
    for other in (None, "https://calendar.test/users/eve"):
        with pytest.raises(InvalidRequest, match="unbind"):
            core.change_builder(builder_id=ADA, changes={"calendar_account": other}, actor=SYSTEM)
    core.change_builder(builder_id=ADA, changes={"headline": "New"}, actor=AS_ADA)
    core.unbind_calendar(builder_id=ADA, actor=AS_ADA)
    changed = core.change_builder(builder_id=ADA, changes={"calendar_account": None}, actor=SYSTEM)
    assert changed.calendar_account is None


def test_a_token_that_opens_another_account_by_now_is_found(
    core: BookingCore, accounts: Accounts
) -> None:
    core.bind_calendar(builder_id=ADA, token=TOKEN, actor=AS_ADA)
    assert [each.problem for each in core.check_calendars()] == [""]
    accounts.known[TOKEN] = CalendarAccount("https://calendar.test/users/eve", "Eve")
    assert ["another account" in each.problem for each in core.check_calendars()] == [True]
