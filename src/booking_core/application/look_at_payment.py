from __future__ import annotations

from attrs import frozen

from booking_core.application.access import Access
from booking_core.application.settle_calendar import SettleCalendar
from booking_core.application.settle_money import SettleMoney
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.ids import BookingId
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class LookAtPayment:
    """Shows a booking whose client came back from the checkout (C8).

    It asks the provider, as a notice or the poll would; what the client's return claims counts for
    nothing. A provider that does not answer changes nothing: the job goes on. Who pays too late comes
    back to a booking that has ended; its money goes back.
    """

    unit_of_work: UnitOfWorkFactory
    access: Access
    settle_money: SettleMoney
    settle_calendar: SettleCalendar

    def __call__(self, *, booking_id: BookingId, actor: Actor) -> Booking:
        """Raises NotFound."""
        booking = self._read(booking_id, actor)
        if not booking.money_may_come:
            return booking
        settled = self.settle_money.unless_overtaken(booking)
        if settled is None:  # by a notice, say; whoever it was goes on with the calendar
            return self._read(booking_id, actor)
        return self.settle_calendar.at_once(settled)

    def _read(self, booking_id: BookingId, actor: Actor) -> Booking:
        with self.unit_of_work(write=False) as uow:
            return self.access.booking(uow, booking_id, actor)
