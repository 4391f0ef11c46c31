from __future__ import annotations

from abc import abstractmethod
from types import TracebackType
from typing import Protocol, Self

from booking_core.ports.accounts import AccountRepository
from booking_core.ports.calendar_accounts import CalendarBindingRepository
from booking_core.ports.claims import SlotClaims
from booking_core.ports.credentials import CredentialRepository
from booking_core.ports.inbox import Inbox
from booking_core.ports.openings import Openings
from booking_core.ports.outbox import Outbox
from booking_core.ports.repositories import (
    BookingRepository,
    BuilderRepository,
    SessionTypeRepository,
)
from booking_core.ports.trail import Trail


class UnitOfWork(Protocol):
    """One transaction: a context manager that rolls back unless it was committed."""

    builders: BuilderRepository
    session_types: SessionTypeRepository
    bookings: BookingRepository
    claims: SlotClaims
    inbox: Inbox
    outbox: Outbox
    accounts: AccountRepository
    credentials: CredentialRepository
    calendar_bindings: CalendarBindingRepository
    trail: Trail
    openings: Openings

    @abstractmethod
    def commit(self) -> None:
        """Makes everything so far permanent. Raises StaleBooking when another writer was in the way."""

    @abstractmethod
    def __enter__(self) -> Self: ...

    @abstractmethod
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


class UnitOfWorkFactory(Protocol):
    """Begins units of work."""

    @abstractmethod
    def __call__(self, *, write: bool = True) -> UnitOfWork:
        """A new unit of work; with `write=False` for reading only."""
