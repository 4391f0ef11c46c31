"""Fills a store as real use would: a builder, its session types, then bookings, then their claims."""

from __future__ import annotations

from booking_core.domain.booking import Booking
from booking_core.domain.builder import Builder
from booking_core.domain.claims import Claim
from booking_core.domain.session_type import SessionType
from booking_core.domain.time import Slot
from booking_core.ports.unit_of_work import UnitOfWorkFactory
from booking_core.testing.examples import a_booking, a_builder, a_claim


def put_catalogue(
    unit_of_work: UnitOfWorkFactory, *session_types: SessionType, builders: tuple[Builder, ...] = ()
) -> None:
    """Saves builders (Ada when none are given) and session types."""
    with unit_of_work() as uow:
        for builder in builders or (a_builder(),):
            uow.builders.save(builder)
        for session_type in session_types:
            uow.session_types.save(session_type)
        uow.commit()


def put_booking(unit_of_work: UnitOfWorkFactory, booking: Booking) -> Booking:
    """Saves one booking, without its claims."""
    with unit_of_work() as uow:
        uow.bookings.save(booking)
        uow.commit()
    return booking


def book(
    unit_of_work: UnitOfWorkFactory, session_type: SessionType, slot: Slot, booking_id: str
) -> bool:
    """Saves a new booking with its claim, both or nothing; whether it got its place."""
    with unit_of_work() as uow:
        booking = a_booking(session_type=session_type, slot=slot, id=booking_id)
        uow.bookings.save(booking)
        claim = a_claim(session_type, slot, booking_id)
        if not uow.claims.keep(booking_id=booking.id, claims=[claim]):
            return False
        uow.commit()
        return True


def claim_again(unit_of_work: UnitOfWorkFactory, booking_id: str, *claims: Claim) -> bool:
    """Changes what a stored booking claims; whether it got all of it."""
    with unit_of_work() as uow:
        kept = uow.claims.keep(booking_id=a_booking(id=booking_id).id, claims=claims)
        if kept:
            uow.commit()
        return kept
