"""What a booking takes of its builder's time."""

from __future__ import annotations

from datetime import datetime, timedelta

from attrs import frozen

from booking_core.domain.ids import BookingId, BuilderId, SessionTypeId
from booking_core.domain.time import Slot, TimeWindow, local_day


@frozen
class Occupancy:
    """How much of the builder's time a session takes around its slot, as agreed when booking.

    `timezone` is the builder's zone; the daily limit counts its local days. `notice` is how long
    before its start nobody can book the time any more.
    """

    timezone: str
    buffer_before: timedelta = timedelta(0)
    buffer_after: timedelta = timedelta(0)
    capacity: int = 1
    daily_limit: int | None = None
    notice: timedelta = timedelta(0)


@frozen(kw_only=True)
class Claim:
    """One place in a builder's time that a booking keeps for itself.

    `held_until` is set while the claim lapses by itself: from that instant on it counts for nothing.
    """

    booking_id: BookingId
    builder_id: BuilderId
    session_type_id: SessionTypeId
    slot: Slot
    occupancy: Occupancy
    held_until: datetime | None = None

    @property
    def blocked(self) -> TimeWindow:
        """The slot with its buffers: two of these never overlap for one builder (B6)."""
        return self.slot.widened(self.occupancy.buffer_before, self.occupancy.buffer_after)

    @property
    def day(self) -> TimeWindow:
        """The local day of the builder that the slot starts on."""
        return local_day(self.slot.start, self.occupancy.timezone)

    def lapsed(self, now: datetime) -> bool:
        return self.held_until is not None and self.held_until <= now
