from __future__ import annotations

import sys
from typing import TextIO

from attrs import field, frozen

from booking_core import Health, Mail, Mailer, printable

_RULE = "-" * 72


@frozen
class ConsoleMailer(Mailer):
    """Writes each mail to a stream in one piece, as a reader would see it."""

    stream: TextIO = field(factory=lambda: sys.stdout)

    def send(self, *, mail: Mail) -> None:
        attached = [f"Attached: {each.name}" for each in mail.attachments]
        lines = [
            _RULE,
            f"To: {mail.to}",
            f"Subject: {mail.subject}",
            *attached,
            "",
            mail.text,
            _RULE,
        ]
        self.stream.write(printable("\n".join(lines)) + "\n")
        self.stream.flush()

    def health(self) -> Health:
        return Health(True, "Mail is printed here, and sent to nobody.")
