from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from booking_core.domain.credential import Credential, LinkKey
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import BookingId, CredentialId
from booking_core.domain.language import Language
from booking_core.domain.policies import SIGN_IN_LINK_LENGTH
from booking_core.ports.clock import Clock
from booking_core.ports.mail_writer import MailWriter, Reader, SignInLetter
from booking_core.ports.mailer import Mailer
from booking_core.ports.outbox import Job, Topic
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_MINUTE = timedelta(minutes=1)


@frozen
class SendSignInLink:
    """Sends the mail with a sign-in link, unless it could not be used any more."""

    unit_of_work: UnitOfWorkFactory
    writer: MailWriter
    mailer: Mailer
    link_key: LinkKey
    public_url: str
    clock: Clock

    def __call__(self, *, job: Job) -> None:
        """Raises ProviderFailed when the mail server did not take it."""
        link = self._link(CredentialId(job.booking_id))
        if link is None or link.email is None or not link.usable(self.clock.now()):
            return
        letter = SignInLetter(
            key=job.key,
            to=link.email,
            language=Language(job.subject.rpartition("|")[2]),
            # Behind the number sign, so that it reaches no server log.
            url=f"{self.public_url}/signin#link={self.link_key.secret_of(link.id)}",
            minutes=SIGN_IN_LINK_LENGTH // _MINUTE,
        )
        self.mailer.send(mail=self.writer.write_sign_in(letter=letter))

    def _link(self, link_id: CredentialId) -> Credential | None:
        with self.unit_of_work(write=False) as uow:
            try:
                return uow.credentials.get(link_id)
            except NotFound:  # forgotten
                return None


def mail_job(link: Credential, language: Language) -> Job:
    """To send the link; the job has neither its secret nor the address."""
    return Job(
        topic=Topic.SEND_SIGN_IN_LINK,
        booking_id=BookingId(link.id),
        key=f"mail:sign in:{link.id}",
        subject=f"sign-in link|{Reader.CLIENT}|{language}",
        due_at=link.created_at,
    )
