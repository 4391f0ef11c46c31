"""Asking the calendar, and turning its no into an answer that helps."""

from __future__ import annotations

from datetime import timedelta

from attrs import frozen

from booking_core.application.catalogue import Catalogue, Offer
from booking_core.application.open_times import OpenTimes
from booking_core.domain.errors import (
    FieldError,
    ProviderFailed,
    SlotInPast,
    SlotMisaligned,
    SlotUnavailable,
    WrongDuration,
)
from booking_core.domain.ids import BookingId, SessionTypeId
from booking_core.domain.policies import ALTERNATIVES
from booking_core.domain.time import Slot, TimeWindow
from booking_core.ports.unit_of_work import UnitOfWork

_START, _END = "/timeSlot/startTime", "/timeSlot/endTime"
_SEARCH = timedelta(days=14)


@frozen
class SlotJudge:
    """Whether a slot can be booked, and what else is open.

    A calendar in our own database is asked inside the caller's transaction, all others outside.
    """

    catalogue: Catalogue
    times: OpenTimes

    def check_before(
        self, session_type_id: SessionTypeId, slot: Slot, *, ignoring: BookingId | None = None
    ) -> None:
        """What is asked before the transaction: a calendar that is not in our database.

        Raises as `check_within`.
        """

        def ask(offer: Offer, uow: UnitOfWork | None) -> None:
            if uow is None:
                self._check_form(offer, slot)
                self._ask(offer, slot, None, ignoring)

        self.times.asking(lambda uow: self.catalogue.read(uow).offer(session_type_id), ask)

    def check_within(
        self,
        uow: UnitOfWork,
        offer: Offer,
        slot: Slot,
        *,
        ignoring: BookingId | None = None,
        held: bool = False,
    ) -> None:
        """What is asked in the booking's own transaction (B4).

        A slot that is `held` for the booking is its own already, whatever the hours say since (B5).

        Raises:
            SlotInPast, WrongDuration, SlotMisaligned: no session can ever be booked there.
            SlotUnavailable: it is not offered, or no longer.
        """
        self._check_form(offer, slot)
        if self.times.calendar.in_database and not held:
            self._ask(offer, slot, uow, ignoring)

    def _check_form(self, offer: Offer, slot: Slot) -> None:
        if slot.start < self.times.clock.now():
            message = "The slot lies in the past; choose a later one."
            raise SlotInPast(message, [FieldError(_START, message)])
        if slot.length != offer.session_type.duration:
            minutes = offer.session_type.duration // timedelta(minutes=1)
            message = (
                f"The session takes {minutes} minutes; end the slot that long after its start."
            )
            raise WrongDuration(message, [FieldError(_END, message)])

    def _ask(
        self, offer: Offer, slot: Slot, uow: UnitOfWork | None, ignoring: BookingId | None
    ) -> None:
        explanation = self.times.explain(offer, slot.start, uow, ignoring=ignoring)
        if explanation.is_open:
            return
        codes = [reason.code for reason in explanation.reasons]
        if "off_grid" in codes:
            message = "No session starts at that time; choose a start from the list of slots."
            raise SlotMisaligned(message, [FieldError(_START, message)])
        raise SlotUnavailable(codes[0], _PUBLIC_REASONS.get(codes[0], _TAKEN))

    def with_alternatives(
        self, session_type_id: SessionTypeId, slot: Slot, refused: SlotUnavailable
    ) -> SlotUnavailable:
        """The refusal with the next open slots after the wanted one, nearest first."""

        def next_slots(offer: Offer, uow: UnitOfWork | None) -> tuple[Slot, ...]:
            first = self.times.next_start(offer, max(slot.start, self.times.clock.now()), uow)
            if first is None:
                return ()
            found = self.times.slots(offer, TimeWindow(first, first + _SEARCH), uow)
            return tuple(each.slot for each in found[:ALTERNATIVES])

        try:
            open_ = self.times.asking(
                lambda uow: self.catalogue.read(uow).offer(session_type_id), next_slots
            )
        except ProviderFailed:  # the answer is no all the same
            open_ = ()
        return SlotUnavailable(refused.reason, refused.message, open_)


_TAKEN = "This time is taken; choose another one."

# What a client may know: never whose time it is, nor why the builder is away.
_PUBLIC_REASONS = {
    "notice": "This time is too soon to be booked; choose a later one.",
    "horizon": "This time is too far ahead to be booked; choose an earlier one.",
    "closed_day": "The builder is not available then; choose another time.",
    "override": "The builder is not available then; choose another time.",
    "outside_hours": "The builder is not available then; choose another time.",
    "time_off": "The builder is not available then; choose another time.",
    "daily_limit": "This day is fully booked; choose another one.",
    "full": "All seats of this session are taken; choose another time.",
}
