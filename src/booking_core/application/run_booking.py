"""What the builder says about a booking: one change, for its builder and for operators only."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from booking_core.application.access import Access
from booking_core.application.keep import Keeper
from booking_core.application.repeats import IdempotencyKey, scoped
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.ids import BookingId
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class BuilderCommand:
    """A use case of the builder's side; each subclass says what it does to the booking."""

    keeper: Keeper
    access: Access

    def run(
        self,
        change: Callable[[Booking], None],
        *,
        name: str,
        booking_id: BookingId,
        actor: Actor,
        key: IdempotencyKey | str | None,
        asked: object = None,
    ) -> Booking:
        """`asked` is what the same key may not ask otherwise. Raises NotFound, WrongState."""

        def changed(uow: UnitOfWork) -> Booking:
            booking = self.access.run_booking(uow, booking_id, actor)
            change(booking)
            return booking

        return self.keeper.once(
            changed, key=scoped(key, f"{name}:{booking_id}", actor, asked=asked)
        )
