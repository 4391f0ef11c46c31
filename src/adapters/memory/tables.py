from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from attrs import evolve, frozen

from booking_core import (
    Account,
    Booking,
    BookingId,
    Builder,
    BuilderId,
    CalendarBinding,
    Claim,
    ClientId,
    Credential,
    CredentialId,
    InboxKey,
    Job,
    Opening,
    SessionType,
    SessionTypeId,
    TrailEntry,
)


@frozen
class JobEntry:
    """A job as it is stored; `attempt` is that of its last lease, 0 before the first."""

    job: Job
    attempt: int = 0
    lease_until: datetime | None = None
    dead: bool = False
    error: str = ""

    def leased(self, now: datetime) -> bool:
        return self.lease_until is not None and now < self.lease_until


@frozen
class Answered:
    key: InboxKey
    answer: dict[str, Any]
    opened_at: datetime


class Tables:
    """All that is stored. The values are never changed in place, so a shallow copy is a whole one."""

    def __init__(self) -> None:
        self.builders: dict[BuilderId, Builder] = {}
        self.session_types: dict[SessionTypeId, SessionType] = {}
        self.bookings: dict[BookingId, Booking] = {}
        self.claims: dict[BookingId, tuple[Claim, ...]] = {}
        self.answers: dict[tuple[str, str], Answered] = {}
        self.accounts: dict[ClientId, Account] = {}
        self.credentials: dict[CredentialId, Credential] = {}
        self.calendar_bindings: dict[BuilderId, CalendarBinding] = {}
        self.openings: dict[SessionTypeId, Opening] = {}
        self.jobs: dict[str, JobEntry] = {}
        self.catalogue_version = 0
        self.jobs_put = 0
        self.trail: list[TrailEntry] = []  # shared by all copies; see MemoryTrail
        self.trail_length = 0

    def copy(self) -> Tables:
        other = Tables()
        for name, value in vars(self).items():
            setattr(other, name, value.copy() if isinstance(value, dict) else value)
        return other


class Session(Protocol):
    """What the repositories need of a unit of work."""

    tables: Tables

    def changing(self) -> Tables: ...


def apart(booking: Booking) -> Booking:
    """A copy that shares nothing that can be changed, with neither events nor work to do."""
    return evolve(booking, unsettled=set(), events=[])
