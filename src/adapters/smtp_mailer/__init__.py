"""Mail over SMTP (F3): `SMTP_URL` says where, `MAIL_FROM` who sends."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.smtp_mailer.mailer import SmtpMailer
from adapters.smtp_mailer.server import Server, read_sender
from booking_core import Clock, UnitOfWorkFactory

__all__ = ["Server", "SmtpMailer", "build"]


def build(
    *, settings: Mapping[str, str], unit_of_work: UnitOfWorkFactory, clock: Clock
) -> SmtpMailer:
    """Raises ValueError when a setting is missing or cannot be used."""
    server = Server.read(settings.get("SMTP_URL", ""))
    return SmtpMailer(server, read_sender(settings.get("MAIL_FROM", "")), clock)
