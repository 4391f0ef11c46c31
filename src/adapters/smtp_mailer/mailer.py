from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage, Message
from email.policy import SMTP
from email.utils import format_datetime

from attrs import frozen

from adapters.smtp_mailer.server import Server
from booking_core import Attachment, Clock, Health, Mail, Mailer, ProviderFailed

_LATER = timedelta(minutes=1)  # many servers make strangers wait that long


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
        with _told_as_failures():
            message = self._message(mail)
            session = self.server.connect()
            try:
                _hand_over(session, message)
            finally:
                _leave(session)

    def health(self) -> Health:
        try:
            with _told_as_failures():
                session = self.server.connect()
                session.ehlo_or_helo_if_needed()
                _leave(session)
        except ProviderFailed as failed:
            return Health(False, failed.message)
        return Health(True, f"{self.server.host} takes mail.")

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
        # As an alternative for programs that offer to accept it, as a file for all others.
        for each in mail.attachments:
            if each.content_type.startswith("text/calendar"):
                message.add_alternative(each.content.decode(), subtype="calendar")
                _set_parameters(list(message.iter_parts())[-1], each)
        for each in mail.attachments:
            main, _, sub = each.content_type.partition(";")[0].partition("/")
            message.add_attachment(each.content, maintype=main, subtype=sub, filename=each.name)
            _set_parameters(list(message.iter_attachments())[-1], each)
        return message


def _set_parameters(part: Message, file: Attachment) -> None:
    """All that its type says: `method` is what makes a calendar program act."""
    for parameter in file.content_type.split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        part.set_param(name, value)


class _BeyondAscii(Exception):
    """An address that only a server with SMTPUTF8 takes."""


def _hand_over(session: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        session.send_message(message)
    except smtplib.SMTPNotSupportedError as missing:
        raise _BeyondAscii from missing


def _leave(session: smtplib.SMTP) -> None:
    """The mail is taken or refused by now; how the goodbye goes does not matter."""
    try:
        session.quit()
    except (smtplib.SMTPException, OSError):
        session.close()


@contextmanager
def _told_as_failures() -> Iterator[None]:
    """The one place where the words of SMTP become ours; they may quote addresses, ours do not.

    Only what is the matter with the mail itself is final: a password or a certificate is put right one
    day, and the mails of that time shall not be lost.
    """
    try:
        yield
    except smtplib.SMTPAuthenticationError as refused:
        code = refused.smtp_code
        message = "The mail server refused the user or password in SMTP_URL."
        raise _busy(code) if code < 500 else ProviderFailed(message) from refused
    except smtplib.SMTPConnectError as turned_away:
        raise ProviderFailed("The mail server turns us away.", retry_after=_LATER) from turned_away
    except smtplib.SMTPNotSupportedError as missing:
        message = "The mail server lacks what SMTP_URL asks for (STARTTLS, or a login)."
        raise ProviderFailed(message) from missing
    except smtplib.SMTPRecipientsRefused as refused:
        raise _refused(max(code for code, _ in refused.recipients.values())) from refused
    except smtplib.SMTPDataError as refused:
        raise _refused(refused.smtp_code) from refused
    except smtplib.SMTPResponseException as answer:
        raise _turned_down(answer.smtp_code) from answer
    except ssl.SSLCertVerificationError as untrusted:
        raise ProviderFailed("The certificate of the mail server is not trusted.") from untrusted
    except _BeyondAscii as wrong:
        raise _final("The mail server takes no addresses beyond ASCII.") from wrong
    except ValueError as wrong:
        raise _final("The mail has an address or header that cannot be sent.") from wrong
    except (smtplib.SMTPException, OSError) as broken:
        raise ProviderFailed("The mail server cannot be reached, or broke off.") from broken


def _refused(code: int) -> ProviderFailed:
    """The recipient or the content was."""
    for_good = f"The mail server refused the mail for good ({code})."
    return _busy(code) if code < 500 else _final(for_good)


def _turned_down(code: int) -> ProviderFailed:
    """We were, whatever the mail; an operator may have to mend that."""
    refuses = f"The mail server refuses us or our sender ({code})."
    return _busy(code) if code < 500 else ProviderFailed(refuses)


def _busy(code: int) -> ProviderFailed:
    return ProviderFailed(f"The mail server is busy ({code}).", retry_after=_LATER)


def _final(message: str) -> ProviderFailed:
    return ProviderFailed(message, retryable=False)
