"""Whether one more booking may wait for its client (J3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from math import ceil

from attrs import frozen

from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.errors import TooManyHolds
from booking_core.domain.holds import HoldLimits, OriginKey
from booking_core.domain.policies import owns_catalogue
from booking_core.ports.clock import Clock
from booking_core.ports.repositories import OpenHolds
from booking_core.ports.unit_of_work import UnitOfWork

_MINUTE, _HOURS = timedelta(minutes=1), timedelta(hours=2)


@frozen
class HoldJudge:
    """Counts what waits for its client; builders and operators may hold what they like of their own."""

    limits: HoldLimits
    key: OriginKey
    clock: Clock

    def origin(self, remote_address: str | None) -> str | None:
        """What a booking keeps of the address that it was asked for from."""
        return self.key.of(remote_address) if remote_address else None

    def check(self, uow: UnitOfWork, booking: Booking, actor: Actor) -> None:
        """Raises TooManyHolds where a booking that has just begun would be one too many.

        What is confirmed at once does not wait, and is not counted.
        """
        waits = booking.version == 0 and booking.deadline is not None
        if not waits or owns_catalogue(actor, booking.builder_id):
            return
        now = self.clock.now()
        for holds, most, whose in self._counted(uow, booking, now):
            if holds.number >= most:
                raise _too_many(holds, whose, now)

    def _counted(
        self, uow: UnitOfWork, booking: Booking, now: datetime
    ) -> Iterator[tuple[OpenHolds, int, str]]:
        """Always in this order, because the first two wait for others who count the same."""
        count, limits = partial(uow.bookings.open_holds, now=now), self.limits
        yield count(client=booking.client), limits.client, _YOURS
        if booking.origin is not None:
            yield count(origin=booking.origin), limits.address, _FROM_HERE
        if booking.slot is not None:  # a link without a time keeps it from nobody
            yield count(builder_id=booking.builder_id), limits.builder, _OF_ALL


def _too_many(holds: OpenHolds, whose: str, now: datetime) -> TooManyHolds:
    left = max(timedelta(seconds=1), (holds.first_end or now) - now)
    return TooManyHolds(
        f"{whose} or try again in {_words(left)}, when the first of them ends.", left
    )


def _words(left: timedelta) -> str:
    name, unit = ("hour", timedelta(hours=1)) if left > _HOURS else ("minute", _MINUTE)
    number = ceil(left / unit)
    return f"{number} {name}{'s' * (number > 1)}"


_YOURS = "Too many of your bookings wait to be finished: finish or cancel one of them,"
_FROM_HERE = (
    "Too many bookings that were begun at your internet connection wait to be finished: finish or "
    "cancel one of them,"
)
_OF_ALL = "Too many bookings with this builder wait to be finished: choose another builder,"
