"""SQLite and PostgreSQL keep the promises of the ports; so does the built-in calendar on them."""

import pytest

from adapters.local_calendar import LocalCalendar
from adapters.memory import MemoryClock
from adapters.sql import SqlStore
from booking_core import UnitOfWorkFactory
from booking_core.testing.contracts import (
    AccountRepositoryContract,
    BookingRepositoryContract,
    CalendarBindingRepositoryContract,
    CatalogueContract,
    CredentialRepositoryContract,
    InboxContract,
    OpeningsContract,
    OpenSlotsContract,
    OutboxContract,
    SlotClaimsContract,
    TrailContract,
    UnitOfWorkContract,
)
from booking_core.testing.examples import NOW


@pytest.fixture
def unit_of_work(store: SqlStore) -> UnitOfWorkFactory:
    return store


class TestUnitOfWork(UnitOfWorkContract): ...


class TestCatalogue(CatalogueContract): ...


class TestBookings(BookingRepositoryContract): ...


class TestAccounts(AccountRepositoryContract): ...


class TestCredentials(CredentialRepositoryContract): ...


class TestCalendarBindings(CalendarBindingRepositoryContract): ...


class TestClaims(SlotClaimsContract): ...


class TestInbox(InboxContract): ...


class TestOutbox(OutboxContract): ...


class TestTrail(TrailContract): ...


class TestOpenings(OpeningsContract): ...


class TestBuiltInCalendar(OpenSlotsContract):
    @pytest.fixture
    def calendar(self, unit_of_work: UnitOfWorkFactory) -> LocalCalendar:
        return LocalCalendar(unit_of_work, MemoryClock(NOW), "http://localhost")
