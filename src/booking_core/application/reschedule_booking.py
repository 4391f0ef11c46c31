from __future__ import annotations

from attrs import frozen

from booking_core.application.access import Access
from booking_core.application.catalogue import Catalogue, Offer
from booking_core.application.keep import Keeper
from booking_core.application.move_at_provider import MoveAtProvider
from booking_core.application.place_booking import occupancy
from booking_core.application.repeats import IdempotencyKey, scoped
from booking_core.application.settle_calendar import SettleCalendar
from booking_core.application.slots import SlotJudge
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.errors import FieldError, InvalidRequest, SlotUnavailable
from booking_core.domain.ids import BookingId
from booking_core.domain.policies import check_may_change, runs
from booking_core.domain.time import Slot
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@frozen
class RescheduleBooking:
    """Moves a confirmed booking to another slot; where that is refused the old one stays (C7)."""

    unit_of_work: UnitOfWorkFactory
    keeper: Keeper
    judge: SlotJudge
    access: Access
    catalogue: Catalogue
    settle_calendar: SettleCalendar
    move_at_provider: MoveAtProvider

    def __call__(
        self,
        *,
        booking_id: BookingId,
        slot: Slot,
        actor: Actor,
        key: IdempotencyKey | str | None = None,
    ) -> Booking:
        """Raises NotFound, TermsForbid, WrongState, and for the slot as `confirm_booking`.

        One that only its client can move is refused with the page for that, before anything is
        written.
        """
        with self.unit_of_work(write=False) as uow:
            read = self.access.booking(uow, booking_id, actor)
        session_type_id = read.session_type_id

        def offered(uow: UnitOfWork) -> Offer:
            return self.catalogue.read(uow).offer(session_type_id)

        changed: list[Booking] = []  # empty for a repeat, which the booking may have left behind

        def change(uow: UnitOfWork) -> Booking:
            booking = self.access.booking(uow, booking_id, actor)
            now, least_kept = self.keeper.clock.now(), None
            if not runs(actor, booking):
                check_may_change(booking, now)
                least_kept = booking.kept_by_terms(now)
            offer = offered(uow)
            self.keeper.end_overdue(uow, builder_id=booking.builder_id)
            booking.check_may_reschedule()
            if slot == booking.slot:
                message = "The booking is at that time already; choose another one."
                raise InvalidRequest(message, [FieldError("/timeSlot/startTime", message)])
            self.judge.check_within(uow, offer, slot, ignoring=booking_id)
            booking.reschedule(slot, occupancy(offer), least_kept=least_kept)
            changed[:] = [booking]
            return booking

        def before() -> None:
            self.move_at_provider.check(read, actor)
            self.judge.check_before(offered, slot, ignoring=booking_id)

        def explain(refused: SlotUnavailable) -> SlotUnavailable:
            if refused.reason == "refused":  # and so would be any other time
                return refused
            return self.judge.with_alternatives(session_type_id, slot, refused)

        scope = scoped(key, f"reschedule:{booking_id}", actor, asked=slot)
        booking = self.keeper.once(change, key=scope, before=before, explain=explain)
        ours = bool(changed) and changed[0] is booking
        booking = self.settle_calendar.at_once(booking, ours=ours)
        if ours and booking.pending_slot is None and booking.slot != slot:
            self.keeper.refuse(self._lost(booking, slot), scope)
        return booking

    def _lost(self, booking: Booking, slot: Slot) -> SlotUnavailable:
        """The provider said no to what was kept before; perhaps because it takes no moves of ours."""
        if self.move_at_provider.needed(booking):
            return self.move_at_provider.refusal(booking)
        return self.judge.lost(booking.session_type_id, slot)
