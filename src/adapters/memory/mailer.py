from __future__ import annotations

from booking_core import Health, Mail, Mailer

from .faults import Faulty


class MemoryMailer(Faulty, Mailer):
    """Keeps the mails in `sent`, in order, one for each key, as readers notice them.

    `arrived` has every mail that came, again where it came again. `break_next("send")` makes it fail.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Mail] = []
        self.arrived: list[Mail] = []

    def send(self, *, mail: Mail) -> None:
        with self._call("send"):
            self.arrived.append(mail)
            if all(mail.key != taken.key for taken in self.sent):
                self.sent.append(mail)

    def health(self) -> Health:
        return Health(True, "Mail is kept in memory.")

    def sent_to(self, address: str) -> list[Mail]:
        return [mail for mail in self.sent if mail.to == address]
