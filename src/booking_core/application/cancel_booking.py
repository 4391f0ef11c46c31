from __future__ import annotations

from datetime import datetime

from attrs import frozen

from booking_core.application.access import Access
from booking_core.application.keep import Keeper
from booking_core.application.repeats import IdempotencyKey, scoped
from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.errors import Refused
from booking_core.domain.ids import BookingId
from booking_core.domain.money import Money
from booking_core.domain.policies import check_may_change, runs
from booking_core.domain.reckoning import costs_of_cancelling
from booking_core.domain.texts import check_text
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class CancelBooking:
    """Cancels a booking under the terms it was made with (C7, D4)."""

    keeper: Keeper
    access: Access

    def __call__(
        self,
        *,
        booking_id: BookingId,
        actor: Actor,
        reason: str = "",
        costs_were: str | None = None,
        key: IdempotencyKey | str | None = None,
    ) -> Booking:
        """With `costs_were` only if it still costs what it did (`costs_of_cancelling`).

        Raises NotFound, InvalidRequest, TermsForbid, WrongState, Refused, KeyReused, KeyInProgress.
        """
        check_text(reason, "/reason")
        with self.keeper.unit_of_work(write=False) as uow:
            self.access.booking(uow, booking_id, actor)  # before a repeat is shown its answer

        def change(uow: UnitOfWork) -> Booking:
            booking = self.access.booking(uow, booking_id, actor)
            now = self.keeper.clock.now()
            keep: Money | None = None
            by_client = not runs(actor, booking)
            if by_client:
                check_may_change(booking, now)
                keep = booking.kept_by_terms(now)
            if costs_were is not None and booking.state.live:
                _check_costs(booking, now, costs_were)
            booking.cancel(keep=keep, reason=reason, by_client=by_client)
            return booking

        return self.keeper.once(
            change, key=scoped(key, f"cancel:{booking_id}", actor, asked=reason)
        )


def _check_costs(booking: Booking, now: datetime, were: str) -> None:
    if costs_of_cancelling(booking, now=now) != were:
        raise Refused(
            "What cancelling means has changed since it was shown to you, so nothing is cancelled "
            "yet. Please look at it again."
        )
