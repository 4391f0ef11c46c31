"""The adapters in memory keep the promises of their ports."""

from collections.abc import Callable, Sequence

import pytest

from adapters.memory import (
    MemoryCalendar,
    MemoryClock,
    MemoryIds,
    MemoryMailer,
    MemoryPayments,
    MemoryStore,
)
from booking_core import Attempt, UnitOfWorkFactory
from booking_core.testing.contracts import (
    AccountRepositoryContract,
    BookingRepositoryContract,
    CalendarBindingRepositoryContract,
    CalendarContract,
    CatalogueContract,
    CredentialRepositoryContract,
    IdFactoryContract,
    InboxContract,
    MailerContract,
    OpeningsContract,
    OutboxContract,
    PaymentGatewayContract,
    SlotClaimsContract,
    TrailContract,
    UnitOfWorkContract,
)
from booking_core.testing.examples import NOW


@pytest.fixture
def unit_of_work() -> UnitOfWorkFactory:
    return MemoryStore()


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


class TestMailer(MailerContract):
    @pytest.fixture
    def mailer(self) -> MemoryMailer:
        return MemoryMailer()

    @pytest.fixture
    def delivered(self, mailer: MemoryMailer) -> Callable[[], Sequence[str]]:
        return lambda: [mail.subject for mail in mailer.sent]


class TestIds(IdFactoryContract):
    @pytest.fixture
    def ids(self) -> MemoryIds:
        return MemoryIds()


class TestCalendar(CalendarContract):
    @pytest.fixture
    def calendar(self) -> MemoryCalendar:
        return MemoryCalendar(MemoryClock(NOW))

    @pytest.fixture
    def provider_side(self, calendar: MemoryCalendar) -> MemoryCalendar:
        return calendar


class TestPayments(PaymentGatewayContract):
    @pytest.fixture
    def gateway(self) -> MemoryPayments:
        return MemoryPayments(MemoryClock(NOW))

    @pytest.fixture
    def client(self, gateway: MemoryPayments) -> "ClientInMemory":
        return ClientInMemory(gateway)


class ClientInMemory:
    def __init__(self, gateway: MemoryPayments) -> None:
        self._gateway = gateway

    def pay(self, attempt: Attempt) -> None:
        self._gateway.pay(attempt.key)

    def authorise(self, attempt: Attempt) -> None:
        self._gateway.authorise(attempt.key)
