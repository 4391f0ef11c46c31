from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock

from attrs import define, field

from booking_core.application.settle_calendar import SettleCalendar
from booking_core.domain.booking import Booking
from booking_core.domain.errors import ProviderFailed
from booking_core.domain.ids import BookingId, BuilderId
from booking_core.domain.transitions import BookingState

_PAUSE = timedelta(seconds=10)
_LONGEST_REST = timedelta(minutes=1)
_MOST_KNOWN = 1_000


@define
class LookAtLink:
    """Looks whether the client has used its link, when its booking is read (C8).

    A notice of that may be late or lost, and not every plan of a provider's has notices. A booking is
    looked at once in ten seconds, and none of a builder while the provider wants us to wait, for a
    minute at most; the job that looks from time to time goes on.
    """

    settle_calendar: SettleCalendar
    _looked: OrderedDict[BookingId, datetime] = field(factory=OrderedDict, init=False)
    _rests_until: dict[BuilderId, datetime] = field(factory=dict, init=False)
    _lock: Lock = field(factory=Lock, init=False)

    def __call__(self, *, booking: Booking) -> Booking:
        """The caller's own booking as it stands then, or as it is where nobody is asked or answers."""
        keeper = self.settle_calendar.keeper
        waits = booking.state is BookingState.AWAITING_SCHEDULING
        if not waits or keeper.calendar.in_database or not self._due(booking, keeper.clock.now()):
            return booking
        try:
            return self.settle_calendar(booking_id=booking.id)
        except ProviderFailed as failed:
            rest = min(failed.retry_after or _PAUSE, _LONGEST_REST)
            with self._lock:
                self._rests_until[booking.builder_id] = keeper.clock.now() + rest
            return booking

    def _due(self, booking: Booking, now: datetime) -> bool:
        with self._lock:
            rests_until = self._rests_until.get(booking.builder_id)
            if rests_until is not None and now < rests_until:
                return False
            last = self._looked.get(booking.id)
            if last is not None and now - last < _PAUSE:
                return False
            self._looked[booking.id] = now
            self._looked.move_to_end(booking.id)
            if len(self._looked) > _MOST_KNOWN:
                self._looked.popitem(last=False)
            return True
