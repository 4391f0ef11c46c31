"""What the entry points call: memory adapters chosen by settings, for trying things out."""

from __future__ import annotations

from collections.abc import Mapping

from booking_core import Clock, UnitOfWorkFactory

from .calendar import MemoryCalendar
from .mailer import MemoryMailer
from .payments import MemoryPayments
from .store import MemoryStore


def build_store(*, settings: Mapping[str, str]) -> MemoryStore:
    _refuse_production(settings)
    return MemoryStore()


def build_calendar(
    *, settings: Mapping[str, str], unit_of_work: UnitOfWorkFactory, clock: Clock
) -> MemoryCalendar:
    _refuse_production(settings)
    return MemoryCalendar(clock)


def build_mailer(
    *, settings: Mapping[str, str], unit_of_work: UnitOfWorkFactory, clock: Clock
) -> MemoryMailer:
    _refuse_production(settings)
    return MemoryMailer()


def build_payments(
    *, settings: Mapping[str, str], unit_of_work: UnitOfWorkFactory, clock: Clock
) -> MemoryPayments:
    _refuse_production(settings)
    return MemoryPayments(clock)


def _refuse_production(settings: Mapping[str, str]) -> None:
    if settings.get("BOOKING_ENV") == "production":
        raise ValueError("what is in memory is gone with the process; choose another one.")
