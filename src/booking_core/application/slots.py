"""Asking the calendar, and turning its no into an answer that helps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

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
from booking_core.domain.time import Slot, TimeWindow, zone
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
        self,
        offer: Callable[[UnitOfWork], Offer],
        slot: Slot,
        *,
        ignoring: BookingId | None = None,
    ) -> None:
        """What is asked before the transaction: a calendar that is not in our database.

        Raises as `offer`, which is what is to be booked, and as `check_within`.
        """
        if self.times.calendar.in_database:
            return

        def ask(found: Offer, _: UnitOfWork | None) -> None:
            self._check_form(found, slot)
            self._ask(found, slot, None, ignoring)

        self.times.asking(offer, ask)

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
        reason, message = _PUBLIC_REASONS.get(codes[0], _TAKEN)
        raise SlotUnavailable(reason, message.format(last=self._last_date(offer)))

    def _last_date(self, offer: Offer) -> date:
        """The last date, on the builder's calendar, on which a session may start by now."""
        last = self.times.clock.now() + offer.session_type.horizon
        return last.astimezone(zone(offer.builder.timezone)).date()

    def with_alternatives(
        self, session_type_id: SessionTypeId, slot: Slot, refused: SlotUnavailable
    ) -> SlotUnavailable:
        """The refusal with open slots, nearest first: the next ones, or else the last ones before."""

        def near(offer: Offer, uow: UnitOfWork | None) -> tuple[Slot, ...]:
            return self._next_slots(offer, slot, uow) or self._last_slots(offer, slot, uow)

        try:
            open_ = self.times.asking(
                lambda uow: self.catalogue.read(uow).offer(session_type_id), near
            )
        except ProviderFailed:  # the answer is no all the same
            open_ = ()
        return SlotUnavailable(refused.reason, refused.message, open_)

    def lost(self, session_type_id: SessionTypeId, slot: Slot) -> SlotUnavailable:
        """What the caller is told when the provider gave the slot to somebody else meanwhile."""
        taken = SlotUnavailable("busy", "The calendar did not take this time; choose another one.")
        told = self.with_alternatives(session_type_id, slot, taken)
        # The provider may go on listing what it does not give.
        others = tuple(each for each in told.alternatives if not each.overlaps(slot))
        return SlotUnavailable(told.reason, told.message, others)

    def _next_slots(self, offer: Offer, slot: Slot, uow: UnitOfWork | None) -> tuple[Slot, ...]:
        first = self.times.next_start(offer, max(slot.start, self.times.clock.now()), uow)
        if first is None:
            return ()
        found = self.times.slots(offer, TimeWindow(first, first + _SEARCH), uow)
        return tuple(each.slot for each in found[:ALTERNATIVES])

    def _last_slots(self, offer: Offer, slot: Slot, uow: UnitOfWork | None) -> tuple[Slot, ...]:
        """The last open ones before `slot`, searched for from there back to now."""
        now, session_type = self.times.clock.now(), offer.session_type
        end = min(slot.start, now + session_type.horizon + session_type.duration)
        while now < end:
            window = TimeWindow(max(now, end - _SEARCH), end)
            found = self.times.slots(offer, window, uow)
            if found:
                return tuple(each.slot for each in found[: -ALTERNATIVES - 1 : -1])
            end = window.start
        return ()


_TAKEN = ("busy", "This time is taken; choose another one.")
_NOT_OFFERED = ("not_offered", "The builder is not available then; choose another time.")

# What a client may know: never whose time it is, nor why the builder is away.
_PUBLIC_REASONS = {
    "notice": ("notice", "This time is too soon to be booked; choose a later one."),
    "horizon": ("horizon", "This time is too far ahead; times can be booked until {last}."),
    "closed_day": _NOT_OFFERED,
    "override": _NOT_OFFERED,
    "outside_hours": _NOT_OFFERED,
    "time_off": _NOT_OFFERED,
    "daily_limit": ("daily_limit", "This day is fully booked; choose another one."),
    "full": ("full", "All seats of this session are taken; choose another time."),
}
