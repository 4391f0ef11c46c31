from __future__ import annotations

from attrs import frozen

from booking_core.application.access import Access
from booking_core.application.catalogue import Catalogue
from booking_core.domain.actor import Actor
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import BookingId
from booking_core.ports.calendar_files import CalendarFiles, CalendarMethod
from booking_core.ports.clock import Clock
from booking_core.ports.mail_writer import Reader
from booking_core.ports.mailer import Attachment
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class WriteCalendarFile:
    """A booking as a file for the calendar of whoever takes part in it."""

    unit_of_work: UnitOfWorkFactory
    access: Access
    catalogue: Catalogue
    files: CalendarFiles | None
    clock: Clock

    def __call__(self, *, booking_id: BookingId, actor: Actor) -> Attachment:
        """Raises NotFound, also when the booking stands at no time."""
        with self.unit_of_work(write=False) as uow:
            booking = self.access.booking(uow, booking_id, actor)
            offer = self.catalogue.read(uow).offer(booking.session_type_id)
        if self.files is None or booking.slot is None or not booking.state.served:
            raise NotFound("calendar file")
        return self.files.write(
            booking=booking,
            session_type=offer.session_type,
            builder=offer.builder,
            method=CalendarMethod.PUBLISH,
            reader=Reader.CLIENT,
            at=self.clock.now(),
        )
