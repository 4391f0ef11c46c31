from __future__ import annotations

from datetime import datetime

from attrs import evolve, frozen

from booking_core.application.catalogue import Catalogue, Offer
from booking_core.application.letters import still_true
from booking_core.application.witness import Witness
from booking_core.domain.booking import Booking
from booking_core.domain.manage_token import ManageKey
from booking_core.domain.money import Money
from booking_core.domain.trail import Subject, SubjectKind, TrailEntry, TrailKind
from booking_core.ports.calendar_files import CalendarFiles, CalendarMethod
from booking_core.ports.clock import Clock
from booking_core.ports.mail_writer import Letter, LetterKind, MailWriter, Reader
from booking_core.ports.mailer import Attachment, Mailer
from booking_core.ports.outbox import Job
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class SendMail:
    """Writes and sends the mail of one job, from what the booking is now and never from a step.

    Sent once: every try of a job has the same key. A mail that is overtaken is not sent, and neither is
    a reminder of what has begun.
    """

    unit_of_work: UnitOfWorkFactory
    catalogue: Catalogue
    writer: MailWriter
    calendar_files: CalendarFiles | None
    mailer: Mailer
    manage_key: ManageKey
    public_url: str
    clock: Clock
    witness: Witness

    def __call__(self, *, job: Job) -> None:
        """Raises ProviderFailed when the mail server did not take it."""
        with self.unit_of_work(write=False) as uow:
            booking = uow.bookings.get(job.booking_id)
            offer = self.catalogue.read(uow).offer(booking.session_type_id)
        kind, reader, place, detail = _read_subject(job.subject)
        if not still_true(kind, booking):
            return
        if reader is not Reader.BUILDER and booking.client.contact.is_erased:
            return
        if kind is LetterKind.REMINDER and not self._to_come(
            booking, datetime.fromisoformat(detail)
        ):
            return
        letter = self._letter(booking, offer, kind, reader, job.key)
        if reader is Reader.GUEST:
            letter = evolve(letter, guest=booking.details.guests[place])
        if kind in (LetterKind.REFUNDED, LetterKind.HANDED_BACK):
            letter = evolve(letter, refund=_money(booking, detail))
        if kind in _ENDINGS:
            letter = evolve(letter, back_before=_money(booking, detail))
        if kind is LetterKind.MOVED:
            letter = evolve(letter, was=_left(booking, detail))
        mail = evolve(self.writer.write(letter=letter), attachments=self._attachments(letter))
        with self.witness.watching(booking, TrailKind.MAIL, kind.value, reader=reader.value):
            self.mailer.send(mail=mail)

    def _to_come(self, booking: Booking, start: datetime) -> bool:
        """The session that the reminder was written down for is neither moved nor begun."""
        return booking.slot is not None and self.clock.now() < booking.slot.start == start

    def about(
        self, booking: Booking, offer: Offer, *, kind: LetterKind, key: str, place: str
    ) -> None:
        """Writes to the builder about what is no booking of ours. Raises ProviderFailed."""
        letter = self._letter(booking, offer, kind, Reader.BUILDER, f"mail:{kind}:{key}")
        entry = TrailEntry(
            at=self.clock.now(),
            subject=Subject(SubjectKind.CALENDAR_EVENT, place),
            kind=TrailKind.MAIL,
            name=kind.value,
            builder_id=offer.builder.id,
            detail={"reader": Reader.BUILDER.value},
        )
        with self.witness.writing(entry):
            self.mailer.send(mail=self.writer.write(letter=letter))

    def _attachments(self, letter: Letter) -> tuple[Attachment, ...]:
        """The entry for the reader's calendar, when this mail changes it."""
        method = _METHODS.get(letter.kind)
        if method is None or self.calendar_files is None or letter.booking.slot is None:
            return ()
        return (
            self.calendar_files.write(
                booking=letter.booking,
                session_type=letter.session_type,
                builder=letter.builder,
                method=method,
                reader=letter.reader,
                at=self.clock.now(),
                guest=letter.guest,
            ),
        )

    def _letter(
        self, booking: Booking, offer: Offer, kind: LetterKind, reader: Reader, key: str
    ) -> Letter:
        contact, builder = booking.client.contact, offer.builder
        clients_side = reader is not Reader.BUILDER
        language = contact.language if clients_side else None
        return Letter(
            key=key,
            kind=kind,
            reader=reader,
            booking=booking,
            session_type=offer.session_type,
            builder=builder,
            language=language or builder.language,
            timezone=(clients_side and contact.timezone) or builder.timezone,
            manage_url=self._url(booking, reader),
            changeable=booking.state.live and booking.client_may_change(self.clock.now()),
        )

    def _url(self, booking: Booking, reader: Reader) -> str:
        if reader is Reader.GUEST:
            return ""
        url = f"{self.public_url}/bookings/{booking.id}"
        if reader is Reader.BUILDER:
            return url
        # Behind the number sign, so that it reaches no server log.
        return f"{url}#token={self.manage_key.token(booking.id, booking.token_version)}"


_METHODS = {
    LetterKind.BOOKED: CalendarMethod.REQUEST,
    LetterKind.JOIN_LINK: CalendarMethod.REQUEST,
    LetterKind.MOVED: CalendarMethod.REQUEST,
    LetterKind.CANCELLED: CalendarMethod.CANCEL,
}

_ENDINGS = (
    LetterKind.CANCELLED,
    LetterKind.CALLED_OFF,
    LetterKind.FAILED,
    LetterKind.LINK_UNUSED,
    LetterKind.DISPUTE_ENDED,
)


def subject(kind: LetterKind, reader: Reader, place: int = 0, detail: str = "") -> str:
    """What the job of a mail is about; it names nobody.

    `place` is which of the booking's guests reads it, from nought. `detail` is the start that a reminder
    is for, the one that a move left, or how much went back: by the refund that it tells of, or before
    the booking, or the dispute about it, ended.
    """
    who = f"{reader.value} {place}" if reader is Reader.GUEST else reader.value
    return "|".join(filter(None, [kind.value, who, detail]))


def _read_subject(text: str) -> tuple[LetterKind, Reader, int, str]:
    kind, who, *details = text.split("|")
    reader, _, place = who.partition(" ")
    return LetterKind(kind), Reader(reader), int(place or 0), "".join(details)


def _left(booking: Booking, start: str) -> datetime | None:
    """The old start; None when it is the present one again by now."""
    was = datetime.fromisoformat(start) if start else None
    return None if booking.slot is not None and booking.slot.start == was else was


def _money(booking: Booking, amount: str) -> Money | None:
    price = booking.payment.price
    return Money(int(amount), price.currency) if price and amount else None
