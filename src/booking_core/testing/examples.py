"""Valid domain objects with sensible defaults.

Every function takes keyword changes for what a test cares about. The world stands still at `NOW`,
a Monday morning; the builder works in Berlin, Monday to Friday from nine to five.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from booking_core.domain.account import Account
from booking_core.domain.booking import Booking, CalendarEvent, Flow
from booking_core.domain.builder import Builder
from booking_core.domain.calendar_binding import CalendarBinding
from booking_core.domain.claims import Claim, Occupancy
from booking_core.domain.contact import Client, Contact
from booking_core.domain.credential import Credential, CredentialKind, digest
from booking_core.domain.ids import (
    BookingId,
    BuilderId,
    CalendarTag,
    ClientId,
    CredentialId,
    SessionTypeId,
)
from booking_core.domain.money import Money
from booking_core.domain.payment import Attempt, Payment, PaymentAction
from booking_core.domain.schedule import DayRange, Schedule
from booking_core.domain.session_type import SessionType
from booking_core.domain.time import Slot
from booking_core.domain.transitions import BookingState

#: Monday, 2026-03-02, 08:00 in UTC: 09:00 in Berlin.
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
#: What a paid example costs.
PRICE = Money(5_000, "EUR")

_HOUR = timedelta(hours=1)


def a_schedule(**changes: Any) -> Schedule:
    """Berlin, Monday to Friday, 09:00 to 17:00."""
    week = {day: (DayRange.parse("09:00", "17:00"),) for day in range(5)}
    return Schedule(**{"timezone": "Europe/Berlin", "weekly": week} | changes)


def a_builder(**changes: Any) -> Builder:
    """Ada, `bld_1`; another id makes another slug."""
    builder_id = changes.get("id", "bld_1")
    defaults: dict[str, Any] = {
        "id": BuilderId(builder_id),
        "name": "Ada Byron",
        "slug": f"ada-{builder_id}".replace("_", "-").lower(),
        "email": "ada@example.org",
        "schedule": a_schedule(),
    }
    return Builder(**defaults | changes)


def a_session_type(**changes: Any) -> SessionType:
    """An hour with Ada, free, `typ_1`; another id makes another slug."""
    session_type_id = changes.get("id", "typ_1")
    defaults: dict[str, Any] = {
        "id": SessionTypeId(session_type_id),
        "builder_id": BuilderId("bld_1"),
        "title": "An hour of advice",
        "slug": f"advice-{session_type_id}".replace("_", "-").lower(),
        "duration": _HOUR,
    }
    return SessionType(**defaults | changes)


def a_contact(**changes: Any) -> Contact:
    """Grace, in New York."""
    defaults: dict[str, Any] = {"name": "Grace Murray", "email": "grace@example.org"}
    return Contact(**defaults | {"timezone": "America/New_York"} | changes)


def an_account(**changes: Any) -> Account:
    """Grace's, `acc_1`, of whom nothing is proved."""
    defaults: dict[str, Any] = {"id": ClientId("acc_1"), "contact": a_contact(), "created_at": NOW}
    return Account(**defaults | changes)


def a_credential(**changes: Any) -> Credential:
    """A session of Grace's, `crd_1`, for an hour; another id makes another digest."""
    credential_id = changes.get("id", "crd_1")
    defaults: dict[str, Any] = {
        "id": CredentialId(credential_id),
        "kind": CredentialKind.SESSION,
        "digest": digest(credential_id),
        "account_id": ClientId("acc_1"),
        "created_at": NOW,
        "expires_at": NOW + _HOUR,
    }
    return Credential(**defaults | changes)


def a_binding(**changes: Any) -> CalendarBinding:
    """Ada's own account at a calendar provider."""
    defaults: dict[str, Any] = {
        "builder_id": BuilderId("bld_1"),
        "account": "https://calendar.test/users/ada",
        "token": "the token of Ada's account",
        "bound_at": NOW,
    }
    return CalendarBinding(**defaults | changes)


def a_slot(day: int = 1, hour: int = 10, minutes: int = 60, minute: int = 0) -> Slot:
    """A slot `day` days after `NOW`'s date, at `hour` o'clock in UTC."""
    start = NOW.replace(hour=hour, minute=minute) + timedelta(days=day)
    return Slot(start, start + timedelta(minutes=minutes))


def an_attempt(number: int = 1, **changes: Any) -> Attempt:
    """A checkout attempt that ends half an hour after `NOW`."""
    defaults: dict[str, Any] = {
        "number": number,
        "key": f"bkg_1:checkout:{number}",
        "expires_at": NOW + _HOUR / 2,
        "price": PRICE,
        "title": "An hour of advice",
        "email": "grace@example.org",
        "language": "en",
        "return_url": "https://booking.test/bookings/bkg_1",
    }
    return Attempt(**defaults | changes)


def an_event(number: int | str = 1, account: str = "memory") -> CalendarEvent:
    """A provider's reference to an event."""
    uri = f"https://calendar.test/events/{number}"
    return CalendarEvent(account, f"event_{number}", uri, f"{uri}/invitees/1")


def an_occupancy(session_type: SessionType, timezone: str = "Europe/Berlin") -> Occupancy:
    """What a booking of that session type takes of its builder's time."""
    return Occupancy(
        timezone=timezone,
        buffer_before=session_type.buffer_before,
        buffer_after=session_type.buffer_after,
        capacity=session_type.capacity,
        daily_limit=session_type.daily_limit,
    )


def a_claim(session_type: SessionType, slot: Slot, booking_id: str, **changes: Any) -> Claim:
    """One place in the time of the session type's builder."""
    defaults: dict[str, Any] = {
        "booking_id": BookingId(booking_id),
        "builder_id": session_type.builder_id,
        "session_type_id": session_type.id,
        "slot": slot,
        "occupancy": an_occupancy(session_type),
    }
    return Claim(**defaults | changes)


def a_new_booking(session_type: SessionType | None = None, **changes: Any) -> Booking:
    """A booking that has not begun, `bkg_1`, by an anonymous client; another id makes another tag."""
    session_type = session_type or a_session_type()
    booking_id = changes.get("id", "bkg_1")
    defaults: dict[str, Any] = {
        "id": BookingId(booking_id),
        "builder_id": session_type.builder_id,
        "session_type_id": session_type.id,
        "client": Client(a_contact()),
        "flow": Flow.DIRECT,
        "payment": Payment.of(session_type.price),
        "terms": session_type.cancellation_policy,
        "occupancy": an_occupancy(session_type),
        "tag": CalendarTag(f"tag_{booking_id}"),
        "calendar_ref": session_type.calendar_ref,
        "created_at": NOW,
    }
    return Booking(**defaults | changes)


def a_booking(
    state: BookingState = BookingState.HELD,
    *,
    session_type: SessionType | None = None,
    slot: Slot | None = None,
    **changes: Any,
) -> Booking:
    """A booking that came to `state` the usual way, its events told and its work done.

    A payment that the way passes was authorised and, once the booking is confirmed, captured.
    The payment states need a price: without a session type they get one of `PRICE`.
    """
    if session_type is None:
        paid = state is BookingState.AWAITING_PAYMENT
        session_type = a_session_type(price=PRICE) if paid else a_session_type()
    if state is BookingState.AWAITING_SCHEDULING:
        changes = {"flow": Flow.LINK} | changes
    booking = a_new_booking(session_type, **changes)
    for step in _WAYS[state]:
        step(booking, slot or a_slot())
    booking.events.clear()
    booking.unsettled.clear()
    return booking


def a_paid_booking(state: BookingState = BookingState.CONFIRMED, **changes: Any) -> Booking:
    """A booking of `PRICE` in `state`."""
    return a_booking(state, **{"session_type": a_session_type(price=PRICE)} | changes)


def _attempt_of(booking: Booking) -> Attempt:
    return an_attempt(key=f"{booking.id}:checkout:1")


def _hold(booking: Booking, slot: Slot) -> None:
    booking.hold(slot, until=NOW + timedelta(minutes=15))


def _begin_payment(booking: Booking, slot: Slot) -> None:
    _hold(booking, slot)
    booking.start_payment(_attempt_of(booking), now=NOW)


def _offer_link(booking: Booking, slot: Slot) -> None:
    until = NOW + timedelta(hours=24)
    if not booking.payment.required:
        booking.offer_link(until=until)
        return
    booking.offer_link(until=until, attempt=_attempt_of(booking))
    booking.payment_secured(1, PaymentAction.AUTHORISE, link_until=until)


def _accept(booking: Booking, slot: Slot) -> None:
    if booking.payment.required:
        _begin_payment(booking, slot)
        booking.payment_secured(1, PaymentAction.AUTHORISE)
    else:
        _hold(booking, slot)
        booking.confirm(now=NOW)


def _confirm(booking: Booking, slot: Slot) -> None:
    booking.calendar_booked(an_event(1 if booking.id == "bkg_1" else booking.id))
    if booking.payment.required:
        booking.payment = booking.payment.after(PaymentAction.PAY)


_Step = Callable[[Booking, Slot], object]
_CONFIRMED: tuple[_Step, ...] = (_accept, _confirm)
_WAYS: dict[BookingState, tuple[_Step, ...]] = {
    BookingState.NEW: (),
    BookingState.HELD: (_hold,),
    BookingState.AWAITING_PAYMENT: (_begin_payment,),
    BookingState.AWAITING_SCHEDULING: (_offer_link,),
    BookingState.CONFIRMING: (_accept,),
    BookingState.CONFIRMED: _CONFIRMED,
    BookingState.COMPLETED: (*_CONFIRMED, lambda b, slot: b.complete(now=slot.end)),
    BookingState.NO_SHOW: (*_CONFIRMED, lambda b, slot: b.mark_no_show(now=slot.end)),
    BookingState.CANCELLED: (*_CONFIRMED, lambda b, _: b.cancel()),
    BookingState.EXPIRED: (_hold, lambda b, _: b.expire(now=NOW + _HOUR)),
    BookingState.FAILED: (_accept, lambda b, _: b.calendar_refused()),
}
