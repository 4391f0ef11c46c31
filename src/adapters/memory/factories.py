"""What the entry points call: memory adapters chosen by settings, for trying things out."""

from __future__ import annotations

from collections.abc import Mapping

from booking_core import Clock, UnitOfWorkFactory

from .calendar import MemoryCalendar
from .mailer import MemoryMailer
from .payments import MemoryPayments
from .store import MemoryStore


def build_store(*, settings: Mapping[str, str]) -> MemoryStore:
    return MemoryStore()


def build_calendar(
    *, settings: Mapping[str, str], unit_of_work: UnitOfWorkFactory, clock: Clock
) -> MemoryCalendar:
    return MemoryCalendar(clock)


def build_mailer(
    *, settings: Mapping[str, str], unit_of_work: UnitOfWorkFactory, clock: Clock
) -> MemoryMailer:
    return MemoryMailer()


def build_payments(
    *, settings: Mapping[str, str], unit_of_work: UnitOfWorkFactory, clock: Clock
) -> MemoryPayments:
    return MemoryPayments(clock)
