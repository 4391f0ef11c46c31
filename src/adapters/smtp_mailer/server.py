from __future__ import annotations

import smtplib
import ssl
from email.headerregistry import Address
from email.utils import parseaddr
from typing import Self
from urllib.parse import parse_qs, unquote, urlsplit

from attrs import field, frozen

_ADVICE = "SMTP_URL: give smtp://USER:PASSWORD@HOST:587 or smtps://USER:PASSWORD@HOST:465."
_HERE = ("localhost", "127.0.0.1", "::1")
_TIMEOUT = 15.0  # seconds; a mail has a job of its own, so nobody waits for it


@frozen(kw_only=True)
class Server:
    """A mail server and how to speak with it."""

    host: str
    port: int
    tls: bool = False
    starttls: bool = True
    user: str = ""
    password: str = field(default="", repr=False)
    trust: ssl.SSLContext = field(factory=ssl.create_default_context, repr=False, eq=False)

    @classmethod
    def read(cls, url: str) -> Self:
        """From `smtp://` (STARTTLS, unless on this machine or `?starttls=false`) or `smtps://`.

        Raises:
            ValueError: the URL cannot be used; the message does not repeat it.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise ValueError(_ADVICE) from None
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError(_ADVICE)
        wanted = parse_qs(parts.query).get("starttls", [""])[0].lower()
        return cls(
            host=parts.hostname,
            port=port or (465 if parts.scheme == "smtps" else 587),
            tls=parts.scheme == "smtps",
            starttls=wanted != "false" if wanted else parts.hostname not in _HERE,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    def connect(self) -> smtplib.SMTP:
        """A session that is encrypted and signed in, as far as this server is to be."""
        if self.tls:
            session: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=_TIMEOUT, context=self.trust
            )
        else:
            session = smtplib.SMTP(self.host, self.port, timeout=_TIMEOUT)
        try:
            if self.starttls and not self.tls:
                session.starttls(context=self.trust)
            if self.user:
                session.login(self.user, self.password)
        except BaseException:
            session.close()
            raise
        return session


def read_sender(text: str) -> Address:
    """Raises ValueError unless the text is an address such as `Booking <book@example.org>`."""
    name, address = parseaddr(text)
    try:
        sender = Address(display_name=name, addr_spec=address)
    except Exception:
        sender = Address()
    if not (sender.username and sender.domain and text.isprintable()):
        raise ValueError("MAIL_FROM: give the sender, such as Booking <book@example.org>.")
    return sender
