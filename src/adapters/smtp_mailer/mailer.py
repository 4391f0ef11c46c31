from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from attrs import frozen

from adapters.smtp_mailer.server import Server
from booking_core import Attachment, Clock, Mail, Mailer, ProviderFailed


@frozen
class SmtpMailer(Mailer):
    """Hands each mail to a server in a session of its own.

    A mail that is tried again has the same Message-ID, so a reader's program shows it once even
    when a server took it and its answer was lost.
    """

    server: Server
    sender: Address
    clock: Clock

    def send(self, *, mail: Mail) -> None:
        message = self._message(mail)
        with _told_as_failures():
            session = self.server.connect()
            try:
                session.send_message(message)
            finally:
                _leave(session)

    def _message(self, mail: Mail) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        digest = hashlib.sha256(mail.key.encode()).hexdigest()[:40]
        message["Message-ID"] = f"<{digest}@{self.sender.domain}>"
        message["Date"] = format_datetime(self.clock.now())
        message["From"] = str(self.sender)
        message["To"] = mail.to
        message["Subject"] = " ".join(mail.subject.split())
        message["Auto-Submitted"] = "auto-generated"
        if mail.reply_to:
            message["Reply-To"] = mail.reply_to
        message.set_content(mail.text)
        if mail.html is not None:
            message.add_alternative(mail.html, subtype="html")
        for each in mail.attachments:
            _attach(message, each)
        return message


def _attach(message: EmailMessage, file: Attachment) -> None:
    """With all parameters of its type: `method` is what makes a calendar program act."""
    kind, *parameters = [part.strip() for part in file.content_type.split(";")]
    main, _, sub = kind.partition("/")
    message.add_attachment(file.content, maintype=main, subtype=sub, filename=file.name)
    part = list(message.iter_attachments())[-1]
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        part.set_param(name, value)


def _leave(session: smtplib.SMTP) -> None:
    """The mail is taken or refused by now; how the goodbye goes does not matter."""
    try:
        session.quit()
    except (smtplib.SMTPException, OSError):
        session.close()


@contextmanager
def _told_as_failures() -> Iterator[None]:
    """The one place where the words of SMTP become ours; they may quote addresses, ours do not."""
    try:
        yield
    except smtplib.SMTPAuthenticationError as refused:
        raise _failure("The mail server refused the user or password in SMTP_URL.") from refused
    except smtplib.SMTPNotSupportedError as missing:
        message = "The mail server does not offer what SMTP_URL asks for (STARTTLS, or a login)."
        raise _failure(message) from missing
    except smtplib.SMTPRecipientsRefused as refused:
        codes = [code for code, _ in refused.recipients.values()]
        raise _answered(max(codes)) from refused
    except smtplib.SMTPResponseException as answer:
        raise _answered(answer.smtp_code) from answer
    except ssl.SSLCertVerificationError as untrusted:
        raise _failure("The certificate of the mail server is not trusted.") from untrusted
    except (smtplib.SMTPException, OSError) as broken:
        raise ProviderFailed("The mail server cannot be reached, or broke off.") from broken


def _answered(code: int) -> ProviderFailed:
    if 400 <= code < 500:
        wait = timedelta(minutes=1)  # many servers make strangers wait that long
        return ProviderFailed(f"The mail server is busy ({code}).", retry_after=wait)
    return _failure(f"The mail server refused the mail for good ({code}).")


def _failure(message: str) -> ProviderFailed:
    return ProviderFailed(message, retryable=False)
