"""What the provider's calendar says about a booking, and the one next thing to do about it.

Both are decided here without any I/O, as for the money (`money_steps`): `hear` applies what was
moved, cancelled or placed at the provider, `next_step` compares what stands with what should.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from attrs import frozen

from booking_core.domain.actor import Role
from booking_core.domain.booking import Booking, CalendarEvent
from booking_core.domain.ids import CalendarTag
from booking_core.domain.policies import LINK_LENGTH
from booking_core.domain.time import Slot
from booking_core.domain.transitions import BookingState


@frozen
class StandingEvent:
    """An event as the provider holds it now.

    `replaces` are the addresses of the client's places that it was moved from. `cancelled_at` and
    `moved_at` are when it was cancelled or left `moved_from`, and `by` says whether the client or
    the builder did that, where the provider tells; `link_pending`, that the address to join at is
    still being made. `move_url` is the provider's page where its client takes another time. `guests`
    are the addresses of those who come along; None where it is not told whose they are.
    """

    event: CalendarEvent
    slot: Slot
    cancelled: bool = False
    moved_from: Slot | None = None
    tag: CalendarTag | None = None
    no_show: bool = False
    link_pending: bool = False
    cancelled_at: datetime | None = None
    moved_at: datetime | None = None
    by: Role | None = None
    replaces: tuple[str, ...] = ()
    move_url: str | None = None
    guests: tuple[str, ...] | None = None

    def is_of(self, known: CalendarEvent) -> bool:
        """It is that event, or what that was moved to; who is in it need not have been known."""
        return known.place in (self.event.place, self.event.event_uri, *self.replaces)


@frozen
class Book:
    """An event has to stand at that slot."""

    slot: Slot


@frozen
class WriteRemovalDown:
    """That event is about to be taken away; whoever reads that it is cancelled has to know by whom."""

    place: str


@frozen
class Remove:
    """No event of the booking may stand at that slot, or not that one of several."""

    slot: Slot
    only: CalendarEvent | None = None

    def takes(self, event: StandingEvent) -> bool:
        """Whether that one goes."""
        one = self.only is None or self.only.place == event.event.place
        return one and self.slot == event.slot


@frozen
class RecordBooked:
    """The event that the booking waited for stands."""

    event: CalendarEvent


@frozen
class RecordRescheduled:
    """The event at the new slot stands."""

    event: CalendarEvent


@frozen
class TellNoShow:
    """The provider has to know that the client did not come, or that it had come after all."""

    no_show: bool


@frozen
class GiveUp:
    """The time for which an event is missing has come; nothing is booked into the past."""


@frozen
class Lapse:
    """The link's time is over, and nothing was placed through it (rule look_first)."""


@frozen
class Settled:
    """The calendar is as the booking says."""


CalendarStep = (
    Book
    | WriteRemovalDown
    | Remove
    | RecordBooked
    | RecordRescheduled
    | TellNoShow
    | GiveUp
    | Lapse
    | Settled
)


def hear(booking: Booking, events: Sequence[StandingEvent], *, now: datetime) -> bool:
    """Applies what happened at the provider, which wins; whether any of it was news.

    Before anything is booked: what somebody cancelled or moved there is never booked again
    (rules facts_live and look_first).
    """
    taken = {event.slot for event in events if not event.cancelled}
    heard = [_hear_one(booking, event, taken, now) for event in events]
    return any(heard)


def _hear_one(
    booking: Booking, event: StandingEvent, taken: Collection[Slot], now: datetime
) -> bool:
    if event.event.place in booking.removed_places:
        return False
    if event.cancelled:
        return _in_time(booking, event) and _hear_cancelled(booking, event, taken, now)
    if booking.state is BookingState.AWAITING_SCHEDULING:
        return booking.event_created(event.slot, event.event, event.guests)  # moved since, or not
    moved = _in_time(booking, event) and _hear_moved(booking, event, now)
    replaced = _hear_replaced(booking, event)
    return _hear_details(booking, event, now) or moved or replaced


def _in_time(booking: Booking, event: StandingEvent) -> bool:
    """Whether it can be news: who had moved or cancelled before the session began missed nothing,
    though the builder has said so since. What happens to the event of a no-show later is none."""
    if not booking.missed:
        return True
    if booking.slot is None or booking.client.contact.is_erased:
        return False
    left_at = event.moved_at if event.moved_from == booking.slot else event.cancelled_at
    return left_at is not None and left_at < booking.slot.start


def _hear_moved(booking: Booking, event: StandingEvent, now: datetime) -> bool:
    """A move is no way around the terms, wherever the client makes it."""
    if event.moved_from is None:
        return False
    by_client = event.by is Role.CLIENT
    least_kept = booking.kept_by_terms(event.moved_at or now) if by_client else None
    return booking.event_moved(event.moved_from, event.slot, event.event, least_kept=least_kept)


def _hear_cancelled(
    booking: Booking, event: StandingEvent, taken: Collection[Slot], now: datetime
) -> bool:
    """That the booking's own event is cancelled; what the builder cancels costs the client nothing.

    Where its own is not known yet, it is the one at its slot, unless another one stands there. Any
    other was given up before the booking had its own, and never is news again.
    """
    was = [slot for slot in booking.slots() if slot in (event.slot, event.moved_from)]
    if booking.event is None:
        was = [slot for slot in was if slot not in taken]
    elif not event.is_of(booking.event):
        if booking.pending_slot is None:
            return booking.state.live and booking.removal_written_down(event.event.place)
        was = [slot for slot in was if slot == booking.pending_slot and slot not in taken]
    keep = None if event.by is Role.BUILDER else booking.kept_by_terms(event.cancelled_at or now)
    return any(booking.event_cancelled(slot, keep=keep) for slot in was)


def _hear_replaced(booking: Booking, event: StandingEvent) -> bool:
    """The client left the slot and came back, or took the same one again: that is a new place there."""
    own = booking.event is not None and booking.event.place in event.replaces
    return own and event.slot == booking.slot and booking.event_replaced(event.event)


def _hear_details(booking: Booking, event: StandingEvent, now: datetime) -> bool:
    """What the provider says of the very event that the booking stands by."""
    if booking.event is None or booking.event.place != event.event.place:
        return False
    linked = event.event.join_url is not None and booking.join_link_known(event.event.join_url)
    return booking.no_show_heard(event.no_show, now=now) or linked


def next_step(booking: Booking, events: Sequence[StandingEvent], *, now: datetime) -> CalendarStep:
    """The first thing that is not as it should be."""
    standing = [event for event in events if not event.cancelled]
    expected, kept = booking.expected_slots(), _kept(booking, standing)
    for event in standing:
        if event.event.place not in booking.removed_places:
            continue
        if event.slot not in kept:  # even where one is expected again by now
            return Remove(event.slot)
        if event.slot in expected:
            return Remove(event.slot, only=event.event)
    over = booking.state in (BookingState.COMPLETED, BookingState.NO_SHOW)
    for slot in () if over else expected:
        if slot in kept:
            continue
        if slot.start >= now:
            return Book(slot)
        if booking.state is BookingState.CONFIRMING or slot == booking.pending_slot:
            return GiveUp()
    if booking.state is BookingState.CONFIRMING and booking.slot in kept:
        return RecordBooked(kept[booking.slot])
    if booking.pending_slot in kept:
        return RecordRescheduled(kept[booking.pending_slot])
    for event in standing:
        place = event.event.place
        one_too_many = event.slot not in expected or place != kept[event.slot].place
        if one_too_many and place not in booking.removed_places:
            return WriteRemovalDown(place)
    if booking.slot in kept and booking.no_show_told is not booking.missed:
        return TellNoShow(booking.missed)
    waits = booking.state is BookingState.AWAITING_SCHEDULING
    if waits and booking.lapses_by_itself and booking.overdue(now):
        return Lapse()
    return Settled()


def _kept(booking: Booking, standing: Sequence[StandingEvent]) -> dict[Slot, CalendarEvent]:
    """One event a slot: the booking's own, or else the first that we do not take away."""
    kept: dict[Slot, CalendarEvent] = {}
    for each in standing:
        if each.event.place in booking.removed_places:
            continue
        own = booking.event is not None and booking.event.place == each.event.place
        if each.slot not in kept or own:
            kept[each.slot] = each.event
    return kept


def look_again(
    booking: Booking, events: Sequence[StandingEvent], *, now: datetime
) -> timedelta | None:
    """How soon the provider has to be asked again, or never: it is still making the address to join
    at, or the client may have used its link without our having heard of that.
    """
    if booking.state is BookingState.AWAITING_SCHEDULING:
        return look_at_link(booking, now=now)
    pending = any(event.link_pending for event in events if not event.cancelled)
    if not pending or booking.slot is None or now >= booking.slot.start:
        return None
    return min(max((now - booking.created_at) / 4, _SOONEST), _LATEST)


def look_at_link(booking: Booking, *, now: datetime) -> timedelta | None:
    """How soon it is looked whether the client has used its link: the longer it is open, the less often."""
    if booking.deadline is None or booking.overdue(now):
        return None
    open_for = now - (booking.deadline - LINK_LENGTH)
    return min(max(open_for / 2, _LINK_SOONEST), _LINK_LATEST)


_SOONEST, _LATEST = timedelta(seconds=10), timedelta(hours=1)
_LINK_SOONEST, _LINK_LATEST = timedelta(minutes=1), timedelta(minutes=30)
