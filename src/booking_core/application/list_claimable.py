from __future__ import annotations

from attrs import frozen

from booking_core.application.claim_booking import proved_address
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class ListClaimable:
    """The anonymous bookings of a client's proved address, which `claim_booking` makes its own (C6)."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, *, actor: Actor) -> list[Booking]:
        """In the order of their ids; none for whoever is no client or has proved no address."""
        with self.unit_of_work(write=False) as uow:
            address = proved_address(uow, actor)
            return list(uow.bookings.unclaimed(address)) if address else []
