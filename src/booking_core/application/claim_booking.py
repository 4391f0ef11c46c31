from __future__ import annotations

from attrs import frozen

from booking_core.application.keep import Keeper
from booking_core.application.repeats import IdempotencyKey, scoped
from booking_core.domain.actor import Actor, Role
from booking_core.domain.booking import Booking
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import BookingId, ClientId
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class ClaimBooking:
    """Makes an anonymous booking that of the client whose proved address it has (C6)."""

    keeper: Keeper

    def __call__(
        self, *, booking_id: BookingId, actor: Actor, key: IdempotencyKey | str | None = None
    ) -> Booking:
        """The booking, the client's own from now on; its mail links go on working.

        One that is the client's already is answered as it is.

        Raises:
            NotFound: no such booking, or the caller is no client who has proved its address.
            KeyReused, KeyInProgress: the key stands for another request, or for one that runs.
        """
        with self.keeper.unit_of_work(write=False) as uow:
            booking = _claimable(uow, booking_id, actor)
        if booking.client.known:
            return booking

        def claim(uow: UnitOfWork) -> Booking:
            booking = _claimable(uow, booking_id, actor)
            if not booking.client.known:
                booking.by = actor.name
                booking.claim(ClientId(str(actor.id)))
            return booking

        return self.keeper.once(claim, key=scoped(key, f"claim:{booking_id}", actor))


def _claimable(uow: UnitOfWork, booking_id: BookingId, actor: Actor) -> Booking:
    booking = uow.bookings.get(booking_id)
    if actor.role is Role.CLIENT and booking.client.known and booking.client.id == actor.id:
        return booking
    if booking.client.known or booking.client.contact.address != proved_address(uow, actor):
        raise NotFound("booking")
    return booking


def proved_address(uow: UnitOfWork, actor: Actor) -> str | None:
    """The address of the client's account. What a credential only says of it proves nothing."""
    if actor.role is not Role.CLIENT:
        return None
    try:
        account = uow.accounts.get(ClientId(str(actor.id)))
    except NotFound:
        return None
    return account.address if account.email_proved else None
