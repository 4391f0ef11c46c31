from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from booking_core.domain.availability import Busy
from booking_core.domain.claims import Claim
from booking_core.domain.ids import BookingId, BuilderId
from booking_core.domain.time import TimeWindow


class SlotClaims(Protocol):
    """Keeps two bookings out of one place in a builder's time, whoever races.

    Blocked intervals (the slot with its buffers) of one builder never overlap. Where the capacity
    is above one, bookings of one session type at exactly the same slot share one place, as long as
    there are seats. Where there is a daily limit, no more meetings of the session type begin on
    one day of the builder; joining a meeting is no new one, and the booking's own other claims are
    not counted.
    """

    @abstractmethod
    def keep(self, *, booking_id: BookingId, claims: Sequence[Claim]) -> bool:
        """Makes `claims` all that the booking claims: adds what is missing, then drops the rest.

        False when somebody else holds a place, no seat is left or the day is full: the unit of
        work must then be left without a commit, unless asking again for less succeeds.
        """

    @abstractmethod
    def busy(
        self,
        *,
        builder_id: BuilderId,
        window: TimeWindow,
        now: datetime,
        ignoring: BookingId | None = None,
    ) -> Sequence[Busy]:
        """What is claimed of the builder's time so that its blocked interval touches `window`.

        Claims that lapsed by `now` are not busy any more, and those of the booking `ignoring`
        are left out. Meetings come with their seats taken.
        """
