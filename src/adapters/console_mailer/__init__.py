"""Prints mail instead of sending it, for trying things out on a laptop (F3)."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.console_mailer.mailer import ConsoleMailer
from booking_core import Clock, UnitOfWorkFactory

__all__ = ["ConsoleMailer", "build"]


def build(
    *, settings: Mapping[str, str], unit_of_work: UnitOfWorkFactory, clock: Clock
) -> ConsoleMailer:
    """Raises ValueError in production: each mail has a link that opens the booking."""
    if settings.get("BOOKING_ENV") == "production":
        raise ValueError("mail would be printed and not sent; choose another one.")
    return ConsoleMailer()
