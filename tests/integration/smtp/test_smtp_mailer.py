"""Mail through a real SMTP server on this machine."""

from __future__ import annotations

import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from attrs import evolve

from adapters.memory import MemoryClock, MemoryStore
from adapters.smtp_mailer import Server, SmtpMailer, build
from adapters.smtp_mailer.server import read_sender
from booking_core import Attachment, Mail, ProviderFailed
from booking_core.testing.contracts import MailerContract
from booking_core.testing.examples import NOW

MAIL = Mail(
    key="mail:bkg_1:1",
    to="grace@example.org",
    subject="Gebucht: Grüße",
    text="Hallo Grüße\n.\nEnde",
    html="<p>Hallo Grüße</p>",
    reply_to="robin@example.org",
    attachments=(
        Attachment(
            name="invite.ics",
            content_type="text/calendar; method=REQUEST; charset=utf-8",
            content=b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        ),
    ),
)


class Inbox:
    """A mail server's rules, and what it took."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.answers: list[str] = []
        self.refused: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250") or answer == "drop":
            content = envelope.content or b""
            assert isinstance(content, bytes)
            self.taken.append(message_from_bytes(content, policy=policy.default))  # type: ignore[arg-type]
        if answer == "drop":
            server.transport.close()
        return answer


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def serve(inbox: Inbox) -> Iterator[Callable[..., int]]:
    running: list[Controller] = []

    def serve(**options: Any) -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
        controller.start()
        running.append(controller)
        return port

    yield serve
    for controller in running:
        controller.stop()


def mailer(port: int, **changes: Any) -> SmtpMailer:
    server = evolve(Server.read(f"smtp://127.0.0.1:{port}"), **changes)
    return SmtpMailer(server, read_sender("Booking <book@example.org>"), MemoryClock(NOW))


def refused(send: SmtpMailer, mail: Mail = MAIL) -> ProviderFailed:
    with pytest.raises(ProviderFailed) as failed:
        send.send(mail=mail)
    told = str(failed.value)
    assert "grace" not in told
    assert "secret" not in told
    return failed.value


def test_a_mail_arrives_whole(inbox: Inbox, serve: Callable[..., int]) -> None:
    mailer(serve()).send(mail=MAIL)
    [message] = inbox.taken
    assert (message["Subject"], message["To"]) == (MAIL.subject, MAIL.to)
    assert message["From"] == "Booking <book@example.org>"
    assert message["Reply-To"] == "robin@example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    assert text.get_content().strip().splitlines() == MAIL.text.splitlines()
    assert "Grüße" in html.get_content()
    [file] = [part for part in message.iter_attachments() if part.get_filename()]
    assert file.get_content_type() == "text/calendar"
    assert file.get_param("method") == "REQUEST"
    assert file.get_filename() == "invite.ics"


def test_an_invitation_can_be_accepted_and_saved(inbox: Inbox, serve: Callable[..., int]) -> None:
    mailer(serve()).send(mail=MAIL)
    parts = [part for part in inbox.taken[0].walk() if part.get_content_type() == "text/calendar"]
    assert [part.get_content_disposition() for part in parts] == [None, "attachment"]
    assert [part.get_param("method") for part in parts] == ["REQUEST", "REQUEST"]


def test_a_line_break_in_an_address_is_refused_for_good(serve: Callable[..., int]) -> None:
    wrong = evolve(MAIL, reply_to="robin@example.org\r\nBcc: evil@example.org")
    assert not refused(mailer(serve()), wrong).retryable


@pytest.mark.parametrize("greeting", ["554 no service", "421 too many connections"])
def test_a_server_that_turns_us_away_is_tried_again_later(greeting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def greet() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(f"{greeting}\r\n".encode())

        Thread(target=greet, daemon=True).start()
        assert refused(mailer(server.getsockname()[1])).retryable


def test_a_mail_that_is_tried_again_is_the_same_mail(
    inbox: Inbox, serve: Callable[..., int]
) -> None:
    inbox.answers = ["drop"]
    send = mailer(serve())
    assert refused(send).retryable
    send.send(mail=MAIL)
    first, again = inbox.taken
    assert first["Message-ID"] == again["Message-ID"]


def test_a_busy_server_is_tried_again_later(inbox: Inbox, serve: Callable[..., int]) -> None:
    inbox.answers = ["451 try again"]
    send = mailer(serve())
    failed = refused(send)
    assert (failed.retryable, failed.retry_after) == (True, timedelta(minutes=1))
    send.send(mail=MAIL)
    assert len(inbox.taken) == 1


def test_an_unknown_recipient_is_refused_for_good(inbox: Inbox, serve: Callable[..., int]) -> None:
    inbox.refused = {MAIL.to: "550 no such user grace@example.org"}
    assert not refused(mailer(serve())).retryable
    inbox.refused = {MAIL.to: "450 greylisted"}
    assert refused(mailer(serve())).retryable


def test_a_mail_whose_content_is_not_taken_is_refused_for_good(
    inbox: Inbox, serve: Callable[..., int]
) -> None:
    inbox.answers = ["554 looks like spam"]
    assert not refused(mailer(serve())).retryable


def test_an_address_that_the_server_cannot_write_is_refused_for_good(
    serve: Callable[..., int],
) -> None:
    failed = refused(mailer(serve(enable_SMTPUTF8=False)), evolve(MAIL, to="grüße@example.org"))
    assert not failed.retryable
    assert "ASCII" in failed.message


@pytest.mark.parametrize("refused_at", ["EHLO", "MAIL"])
def test_what_is_the_matter_with_us_and_not_with_the_mail_is_tried_again_later(
    inbox: Inbox, serve: Callable[..., int], refused_at: str
) -> None:
    """An operator mends it; until then no mail is lost."""

    async def no(server: Any, session: Any, envelope: Any, name: str) -> str:
        return "550 not from you"

    async def no_more(server: Any, session: Any, envelope: Any, name: str, more: Any) -> Any:
        return "550 not from you" if refused_at == "MAIL" else ["550 not from you"]

    inbox.__dict__ |= {f"handle_{refused_at}": no_more, "handle_HELO": no}
    failed = refused(mailer(serve()))
    assert failed.retryable
    assert "550" in failed.message


def test_a_dead_server_is_tried_again_later() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert refused(mailer(port)).retryable


def test_a_line_break_in_a_subject_adds_no_header(inbox: Inbox, serve: Callable[..., int]) -> None:
    mailer(serve()).send(mail=evolve(MAIL, subject="Hello\r\nBcc: evil@example.org"))
    [message] = inbox.taken
    assert message["Bcc"] is None
    assert message["Subject"] == "Hello Bcc: evil@example.org"


# ---- encryption and signing in -------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    command = (
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout {key} -out {cert} "
        "-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    return key, cert


@pytest.fixture
def secured(
    certificate: tuple[Path, Path], serve: Callable[..., int]
) -> tuple[int, ssl.SSLContext]:
    key, cert = certificate
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)

    def known(_: Any, __: Any, ___: Any, method: str, data: Any) -> AuthResult:
        return AuthResult(
            success=(data.login, data.password) == (b"book", b"secret pass"), handled=False
        )

    port = serve(
        tls_context=context, require_starttls=True, auth_required=True, authenticator=known
    )
    return port, ssl.create_default_context(cafile=str(cert))


def test_a_server_with_starttls_and_a_login_takes_mail(
    inbox: Inbox, secured: tuple[int, ssl.SSLContext]
) -> None:
    port, trust = secured
    server = Server.read(f"smtp://book:secret%20pass@127.0.0.1:{port}?starttls=true")
    mailer(port, **_fields(server) | {"trust": trust}).send(mail=MAIL)
    assert len(inbox.taken) == 1


def _fields(server: Server) -> dict[str, Any]:
    return {"starttls": server.starttls, "user": server.user, "password": server.password}


def test_a_wrong_password_names_the_setting(secured: tuple[int, ssl.SSLContext]) -> None:
    port, trust = secured
    failed = refused(mailer(port, starttls=True, user="book", password="secret", trust=trust))
    assert failed.retryable
    assert "SMTP_URL" in failed.message


def test_nothing_is_said_to_a_server_that_cannot_be_trusted(
    inbox: Inbox, secured: tuple[int, ssl.SSLContext]
) -> None:
    failed = refused(mailer(secured[0], starttls=True, user="book", password="secret"))
    assert failed.retryable
    assert inbox.taken == []


def test_starttls_is_never_left_out_silently(inbox: Inbox, serve: Callable[..., int]) -> None:
    failed = refused(mailer(serve(), starttls=True))
    assert failed.retryable
    assert "STARTTLS" in failed.message
    assert inbox.taken == []


# ---- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "port", "tls", "starttls"),
    [
        ("smtp://mail.example.org", 587, False, True),
        ("smtp://localhost:1025", 1025, False, False),
        ("smtp://mail.example.org:25?starttls=false", 25, False, False),
        ("smtps://u:p@mail.example.org", 465, True, True),
    ],
)
def test_the_url_says_how_the_server_is_spoken_to(
    url: str, port: int, tls: bool, starttls: bool
) -> None:
    server = Server.read(url)
    assert (server.port, server.tls, server.starttls) == (port, tls, starttls)
    assert "p@" not in repr(server)


@pytest.mark.parametrize(
    ("url", "sender", "named"),
    [
        ("", "book@example.org", "SMTP_URL"),
        ("http://mail.example.org", "book@example.org", "SMTP_URL"),
        ("smtp://mail.example.org:mail", "book@example.org", "SMTP_URL"),
        ("smtp://mail.example.org", "", "MAIL_FROM"),
        ("smtp://mail.example.org", "not an address", "MAIL_FROM"),
        ("smtp://mail.example.org", "a@b\r\nBcc: c@d", "MAIL_FROM"),
    ],
)
def test_a_wrong_setting_is_named(url: str, sender: str, named: str) -> None:
    settings = {"SMTP_URL": url, "MAIL_FROM": sender}
    with pytest.raises(ValueError, match=f"^{named}: give"):
        build(settings=settings, unit_of_work=MemoryStore(), clock=MemoryClock(NOW))


def test_a_server_that_cannot_be_used_says_why_without_secrets(serve: Callable[..., int]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        nobody = mailer(free.getsockname()[1]).health()
    without_login = mailer(serve(), user="ada", password="secret").health()
    assert not nobody.ok
    assert "cannot be reached" in nobody.detail
    assert not without_login.ok
    assert "secret" not in without_login.detail


def test_a_server_that_does_not_know_us_is_not_well(serve: Callable[..., int]) -> None:
    def nobody(*_: Any) -> AuthResult:
        return AuthResult(success=False, handled=False)

    port = serve(authenticator=nobody, auth_require_tls=False)
    health = mailer(port, user="ada", password="secret").health()
    assert not health.ok
    assert "user or password" in health.detail


class TestSmtpMailer(MailerContract):
    @pytest.fixture
    def mailer(self, serve: Callable[..., int]) -> SmtpMailer:
        return mailer(serve())

    @pytest.fixture
    def delivered(self, inbox: Inbox) -> Callable[[], list[str]]:
        return lambda: [str(message["Subject"]) for message in inbox.taken]
