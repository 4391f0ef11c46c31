from __future__ import annotations

from datetime import datetime

from attrs import frozen

from booking_core.application.catalogue import Catalogue, Offer
from booking_core.application.letters import still_true
from booking_core.domain.booking import Booking
from booking_core.domain.manage_token import ManageKey
from booking_core.ports.mail_writer import Letter, LetterKind, MailWriter, Reader
from booking_core.ports.mailer import Mailer
from booking_core.ports.outbox import Job
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class SendMail:
    """Writes and sends the mail of one job, from what the booking is now and never from a step.

    Sent once: every try of a job has the same key, and a mail that is overtaken is not sent.
    """

    unit_of_work: UnitOfWorkFactory
    catalogue: Catalogue
    writer: MailWriter
    mailer: Mailer
    manage_key: ManageKey
    public_url: str

    def __call__(self, *, job: Job) -> None:
        """Raises ProviderFailed when the mail server did not take it."""
        with self.unit_of_work(write=False) as uow:
            booking = uow.bookings.get(job.booking_id)
            offer = self.catalogue.read(uow).offer(booking.session_type_id)
        kind, reader, slot_start = _read_subject(job.subject)
        moved_since = slot_start is not None and (
            booking.slot is None or booking.slot.start != slot_start
        )
        if moved_since or not still_true(kind, booking):
            return
        letter = self._letter(booking, offer, kind, reader, job.key)
        self.mailer.send(mail=self.writer.write(letter=letter))

    def _letter(
        self, booking: Booking, offer: Offer, kind: LetterKind, reader: Reader, key: str
    ) -> Letter:
        contact, builder = booking.client.contact, offer.builder
        for_client = reader is Reader.CLIENT
        url = f"{self.public_url}/bookings/{booking.id}"
        if for_client:
            # Behind the number sign, so that it reaches no server log.
            url += f"#token={self.manage_key.token(booking.id, booking.token_version)}"
        language = contact.language if for_client else None
        return Letter(
            key=key,
            kind=kind,
            reader=reader,
            booking=booking,
            session_type=offer.session_type,
            builder=builder,
            language=language or builder.language,
            timezone=contact.timezone if for_client else builder.timezone,
            manage_url=url,
        )


def subject(kind: LetterKind, reader: Reader, slot_start: datetime | None = None) -> str:
    """What the job of a mail is about; a reminder names the start that it reminds of."""
    parts = [kind.value, reader.value]
    return "|".join([*parts, slot_start.isoformat()] if slot_start else parts)


def _read_subject(text: str) -> tuple[LetterKind, Reader, datetime | None]:
    kind, reader, *start = text.split("|")
    return LetterKind(kind), Reader(reader), datetime.fromisoformat(start[0]) if start else None
