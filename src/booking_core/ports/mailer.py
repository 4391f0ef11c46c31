from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from attrs import frozen

from booking_core.ports.health import Health


@frozen(kw_only=True)
class Attachment:
    """A file that goes with a mail."""

    name: str
    content_type: str
    content: bytes


@frozen(kw_only=True)
class Mail:
    """One message. `key` is the same for every try of the same mail, so that it is sent once.

    `reply_to` is where an answer goes, when not back to the service.
    """

    key: str
    to: str
    subject: str
    text: str
    html: str | None = None
    reply_to: str | None = None
    attachments: tuple[Attachment, ...] = ()


class Mailer(Protocol):
    """Hands mail to a mail server."""

    @abstractmethod
    def send(self, *, mail: Mail) -> None:
        """Returns once the server has taken the mail.

        Raises:
            ProviderFailed: it has not; `retryable` says whether trying later can help.
        """

    @abstractmethod
    def health(self) -> Health:
        """Whether the mail server can be used with the credentials that we have; sends nothing."""
