"""The visitor's own booking at a time that is therefore not open (ADR 16)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import chain

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

_MADE = "bookings"
_REMEMBERED = 5


def remember(booking: Booking) -> None:
    """As the last one that was made with this browser; its id opens nothing."""
    session[_MADE] = [*session.get(_MADE, []), booking.id][-_REMEMBERED:]


def booked_by(core: BookingCore, viewer: Actor, offer: Offer, slot: Slot) -> Booking | None:
    """With which the viewer, or whoever used this browser last, keeps that time."""
    own = chain(_made_here(core), _of_client(core, viewer, offer))
    return next((each for each in own if _of_type(each, offer) and keeps(each, slot)), None)


def keeps(booking: Booking, slot: Slot) -> bool:
    """Whether it takes that time, or is about to be moved there."""
    return booking.state.live and slot in (booking.slot, booking.pending_slot)


def _of_type(booking: Booking, offer: Offer) -> bool:
    return booking.session_type_id == offer.session_type.id


def _made_here(core: BookingCore) -> Iterator[Booking]:
    for made in session.get(_MADE, []):
        with suppress(NotFound):
            yield core.show_booking(booking_id=BookingId(made), actor=Actor.system())


def _of_client(core: BookingCore, viewer: Actor, offer: Offer) -> list[Booking]:
    if viewer.role is not Role.CLIENT:
        return []
    criteria = BookingFilter(session_type_id=offer.session_type.id, states=tuple(LIVE))
    return core.list_bookings(criteria=criteria, actor=viewer).bookings
