from __future__ import annotations

from attrs import frozen

from booking_core.application.create_booking import CreateBooking
from booking_core.application.send_mail import SendMail
from booking_core.application.witness import Witness, of_booking, of_place
from booking_core.domain.actor import Actor
from booking_core.domain.errors import InvalidRequest, NotAllowed, NotFound, ProviderFailed
from booking_core.domain.event_record import EventRecord
from booking_core.domain.trail import TrailEntry, TrailKind
from booking_core.ports.calendar import CalendarProvider
from booking_core.ports.inbox import InboxKey
from booking_core.ports.mail_writer import LetterKind
from booking_core.ports.outbox import Job


@frozen
class ReadEvent:
    """Reads an event back that a notice named, and settles, joins or makes its booking (E4)."""

    calendar: CalendarProvider
    create: CreateBooking
    send_mail: SendMail
    witness: Witness

    def __call__(self, *, job: Job) -> None:
        """Raises ProviderFailed when the provider did not answer."""
        event_uri, _, invitee_uri = job.subject.partition(" ")
        try:
            record = self.calendar.find(event_uri=event_uri, invitee_uri=invitee_uri or None)
        except (NotFound, InvalidRequest):  # of another account, or of another provider
            return
        except ProviderFailed as failed:
            self.witness.write(self._read(job).failed(failed))
            raise
        try:
            booking = self.create.from_record(record, actor=Actor.anonymous())
        except (NotFound, NotAllowed, InvalidRequest) as refused:
            self.witness.write(self._read(job).failed(refused))
            self._tell(record, job)
        else:
            at = self.witness.clock.now()
            self.witness.write(of_booking(booking, TrailKind.NOTICE, "read event", at=at))

    def _read(self, job: Job) -> TrailEntry:
        """That the event was read, of its booking as far as that is known already."""
        with self.witness.unit_of_work(write=False) as uow:
            at = self.witness.clock.now()
            return of_place(uow, job.booking_id, TrailKind.NOTICE, "read event", at=at)

    def _tell(self, record: EventRecord, job: Job) -> None:
        """An event that may not be booked stays where it is; its builder hears of it, once (C3)."""
        offer = self.create.offered(record)
        if offer is None or record.cancelled:  # no business of ours, or over already
            return
        if self._was_told(record, told=False):
            return
        booking = self.create.placer.unbooked(offer, record.contact)
        booking.slot = record.slot
        self.send_mail.about(
            booking, offer, kind=LetterKind.UNMATCHED, key=job.key, place=job.booking_id
        )
        self._was_told(record, told=True)

    def _was_told(self, record: EventRecord, *, told: bool) -> bool:
        """Whether it was before; with `told` it is from now on, for as long as the inbox remembers."""
        keeper = self.create.placer.keeper
        key = InboxKey("unmatched event", record.event.place, "")
        with keeper.unit_of_work() as uow:
            if uow.inbox.open(key=key, now=keeper.clock.now()) is not None:
                return True
            if told:
                uow.inbox.answer(key=key, answer={})
                uow.commit()
        return False
