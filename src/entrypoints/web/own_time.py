"""The visitor's own booking at a time that is therefore not open (ADR 16)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from flask import session

from booking_core import (
    LIVE,
    Actor,
    Booking,
    BookingCore,
    BookingFilter,
    BookingId,
    NotFound,
    Offer,
    Role,
    Slot,
)

_LAST = "booking"
_MOMENT = timedelta(minutes=1)


def remember(booking: Booking) -> None:
    """As the last one that was made with this browser; its id opens nothing."""
    session[_LAST] = booking.id


def booked_by(core: BookingCore, viewer: Actor, offer: Offer, slot: Slot) -> Booking | None:
    """With which the viewer, or whoever used this browser last, keeps that time."""
    own = [*_made_here(core, offer), *_of_client(core, viewer, offer, slot)]
    return next((each for each in own if keeps(each, slot)), None)


def keeps(booking: Booking, slot: Slot) -> bool:
    """Whether it takes that time, or is about to be moved there."""
    return booking.state.live and slot in (booking.slot, booking.pending_slot)


def _made_here(core: BookingCore, offer: Offer) -> Iterator[Booking]:
    if _LAST not in session:
        return
    try:
        last = core.show_booking(booking_id=BookingId(session[_LAST]), actor=Actor.system())
    except NotFound:
        return
    if last.session_type_id == offer.session_type.id:
        yield last


def _of_client(core: BookingCore, viewer: Actor, offer: Offer, slot: Slot) -> list[Booking]:
    if viewer.role is not Role.CLIENT:
        return []
    criteria = BookingFilter(
        session_type_id=offer.session_type.id,
        states=tuple(LIVE),
        starts_from=slot.start,
        starts_before=slot.start + _MOMENT,
    )
    return core.list_bookings(criteria=criteria, actor=viewer).bookings
