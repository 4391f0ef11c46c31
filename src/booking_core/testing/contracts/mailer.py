"""What handing over a mail promises."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from booking_core.ports.mailer import Attachment, Mail, Mailer

_INVITATION = Attachment(
    name="invite.ics", content_type="text/calendar", content=b"BEGIN:VCALENDAR"
)


def _mail(key: str) -> Mail:
    return Mail(
        key=key,
        to="grace@example.org",
        subject="Your hour with Åse",
        text="See you then \N{HOT BEVERAGE}",
        html="<p>See you then</p>",
        attachments=(_INVITATION,),
    )


class MailerContract:
    """Needs `mailer`, and `delivered`: answers the subjects that arrived so far, in order."""

    def test_a_mail_arrives(self, mailer: Mailer, delivered: Callable[[], Sequence[str]]) -> None:
        mailer.send(mail=_mail("mail_1"))
        assert list(delivered()) == ["Your hour with Åse"]

    def test_every_mail_arrives(
        self, mailer: Mailer, delivered: Callable[[], Sequence[str]]
    ) -> None:
        for number in range(3):
            mailer.send(mail=_mail(f"mail_{number}"))
        assert len(delivered()) == 3

    def test_it_can_be_asked_whether_it_works(
        self, mailer: Mailer, delivered: Callable[[], Sequence[str]]
    ) -> None:
        assert mailer.health().ok
        assert list(delivered()) == []
