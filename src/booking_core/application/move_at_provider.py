from __future__ import annotations

from attrs import frozen

from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.builder import SchedulingMode
from booking_core.domain.errors import ProviderFailed, SlotUnavailable
from booking_core.domain.policies import check_may_change, runs
from booking_core.domain.transitions import BookingState
from booking_core.ports.calendar import CalendarProvider
from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWorkFactory

_MESSAGE = (
    "This booking can only be moved at the builder's calendar page, where its time was chosen; it"
    " stays where it is."
)


@frozen
class MoveAtProvider:
    """Which bookings only their clients can move, at the calendar provider's page, and where (E2).

    That is so where the provider lets nobody but the client place events.
    """

    unit_of_work: UnitOfWorkFactory
    calendar: CalendarProvider
    clock: Clock

    def check(self, booking: Booking, actor: Actor) -> None:
        """Refuses to move it here where only its client can, at the provider's page.

        Raises:
            TermsForbid: nor may it be moved there, so the page is not told.
            SlotUnavailable: as `refusal` says.
        """
        if not self.needed(booking):
            return
        if not runs(actor, booking):
            check_may_change(booking, self.clock.now())
        raise self.refusal(booking)

    def needed(self, booking: Booking) -> bool:
        """Whether a confirmed booking of a builder whose clients are sent to the provider's page."""
        if self.calendar.in_database or booking.state is not BookingState.CONFIRMED:
            return False
        with self.unit_of_work(write=False) as uow:
            mode = uow.builders.get(booking.builder_id).scheduling_mode
        return mode is SchedulingMode.LINK

    def _url(self, booking: Booking) -> str | None:
        """The page where the caller's own booking is moved; None where the provider names none.

        Raises ProviderFailed.
        """
        own = booking.event
        if own is None:
            return None
        found = self.calendar.events(booking=booking)
        return next(
            (each.move_url for each in found if each.is_of(own) and not each.cancelled), None
        )

    def refusal(self, booking: Booking) -> SlotUnavailable:
        """What a caller is told who wants to move it here; without the page while nobody names it."""
        try:
            url = self._url(booking)
        except ProviderFailed:
            return SlotUnavailable("refused", _MESSAGE, lasting=False)
        return SlotUnavailable("refused", _MESSAGE, reschedule_url=url)
