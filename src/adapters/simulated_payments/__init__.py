"""A payment provider that takes no money, with a checkout page of its own inside the service (D6).

It behaves as a real one does: it keeps its own books, cards are authorised and captured later, some
methods pay at once and some take days, checkouts expire, authorisations lapse, clients dispute.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from adapters.simulated_payments.books import IN_MEMORY, Books
from adapters.simulated_payments.gateway import SimulatedPayments
from booking_core import Clock, UnitOfWorkFactory

__all__ = ["Books", "SimulatedPayments", "build"]


def build(
    *, settings: Mapping[str, str], unit_of_work: UnitOfWorkFactory, clock: Clock
) -> SimulatedPayments:
    """Its books lie beside the database, because they are not ours."""
    if settings.get("BOOKING_ENV") == "production":
        raise ValueError("the simulated provider takes no money; choose another one.")
    return SimulatedPayments(Books(_path(settings)), clock, settings["PUBLIC_URL"])


def _path(settings: Mapping[str, str]) -> str:
    scheme, _, place = settings["DATABASE_URL"].partition("://")
    if scheme == "memory":
        return IN_MEMORY
    if scheme == "sqlite":
        return f"{place.removeprefix('/')}.payments"
    return str(Path(settings.get("BOOKING_HOME", ""), "var/simulated-payments.db"))
