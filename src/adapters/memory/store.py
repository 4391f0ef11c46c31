"""The database in memory: one lock for writers, snapshots for readers.

What is committed is never changed in place. The first change of a unit of work copies the tables,
and the commit puts the copy in the place of the original; so readers need no lock and see
committed state only, and a rollback is to do nothing.
"""

from __future__ import annotations

from threading import Lock, get_ident
from types import TracebackType
from typing import Self

from booking_core import (
    AccountRepository,
    BookingRepository,
    BuilderRepository,
    CalendarBindingRepository,
    CredentialRepository,
    Inbox,
    Job,
    Openings,
    Outbox,
    SessionTypeRepository,
    SlotClaims,
    Trail,
    UnitOfWork,
    UnitOfWorkFactory,
)

from .calendar_bindings import MemoryCalendarBindings
from .claims import MemoryClaims
from .inbox import MemoryInbox
from .openings import MemoryOpenings
from .outbox import MemoryOutbox
from .people import MemoryAccounts, MemoryCredentials
from .repositories import MemoryBookings, MemoryBuilders, MemorySessionTypes
from .tables import Tables
from .trail import MemoryTrail


class MemoryStore(UnitOfWorkFactory):
    """Begins units of work; safe from any number of threads.

    A second writing unit of work in the thread that already has one is refused, where a
    database would wait for ever.
    """

    def __init__(self) -> None:
        self.committed = Tables()
        self._lock = Lock()
        self._writer: int | None = None

    def __call__(self, *, write: bool = True) -> MemoryUnitOfWork:
        return MemoryUnitOfWork(self, write)

    # There is no schema to look after, and nothing to close.

    def upgrade(self) -> None:
        return None

    def downgrade(self) -> None:
        return None

    def pending(self) -> None:
        return None

    def clock(self) -> None:
        return None

    def close(self) -> None:
        return None

    def lock(self) -> None:
        if self._writer == get_ident():
            raise RuntimeError("This thread already has a unit of work for writing.")
        self._lock.acquire()
        self._writer = get_ident()

    def unlock(self) -> None:
        self._writer = None
        self._lock.release()

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The jobs that are not done yet, in the order in which they were put; for tests."""
        return tuple(entry.job for entry in self.committed.jobs.values() if not entry.dead)

    @property
    def dead_jobs(self) -> tuple[tuple[Job, str], ...]:
        """The jobs that were given up, each with its last error; for tests."""
        return tuple((e.job, e.error) for e in self.committed.jobs.values() if e.dead)


class MemoryUnitOfWork(UnitOfWork):
    def __init__(self, store: MemoryStore, write: bool) -> None:
        self._store, self._write = store, write
        self.tables = store.committed
        self.builders: BuilderRepository = MemoryBuilders(self)
        self.session_types: SessionTypeRepository = MemorySessionTypes(self)
        self.bookings: BookingRepository = MemoryBookings(self)
        self.claims: SlotClaims = MemoryClaims(self)
        self.inbox: Inbox = MemoryInbox(self)
        self.outbox: Outbox = MemoryOutbox(self)
        self.accounts: AccountRepository = MemoryAccounts(self)
        self.credentials: CredentialRepository = MemoryCredentials(self)
        self.calendar_bindings: CalendarBindingRepository = MemoryCalendarBindings(self)
        self.trail: Trail = MemoryTrail(self)
        self.openings: Openings = MemoryOpenings(self)

    def changing(self) -> Tables:
        """The tables, to be changed: a copy as soon as somebody asks."""
        if not self._write:
            raise RuntimeError("This unit of work is for reading only.")
        if self.tables is self._store.committed:
            self.tables = self.tables.copy()
        return self.tables

    def commit(self) -> None:
        if not self._write:
            raise RuntimeError("This unit of work is for reading only.")
        self._store.committed = self.tables

    def __enter__(self) -> Self:
        if self._write:
            self._store.lock()
        self.tables = self._store.committed
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._write:
            self._store.unlock()
