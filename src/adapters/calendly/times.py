"""Available times over any range, from windows that the account accepts (B1)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from threading import Lock

from adapters.calendly.api import CalendlyApi
from adapters.calendly.records import AvailableTime
from adapters.calendly.refusals import Refusal
from adapters.calendly.side_by_side import side_by_side
from booking_core import Clock, TimeWindow

#: What is asked for as "now" is past when it arrives.
LEAD = timedelta(minutes=1)
FRESH = timedelta(seconds=20)
_WIDE, _NARROW = timedelta(days=31), timedelta(days=7)
_SECOND = timedelta(seconds=1)
_MOST_KEPT = 500

Seats = dict[datetime, int]
_Key = tuple[str, TimeWindow]


class AvailableTimes:
    """Starts and the seats that are left, kept for a moment by event type and window.

    A booking of one event type takes time from the others of its host, so all that is kept goes when
    something is booked, removed or found.
    """

    def __init__(self, api: CalendlyApi, clock: Clock) -> None:
        self._api, self._clock = api, clock
        self._lock = Lock()
        self._kept: dict[_Key, tuple[datetime, Seats]] = {}
        self._widest = _WIDE
        self._generation = 0

    def between(self, event_type_uri: str, window: TimeWindow, *, fresh: bool = False) -> Seats:
        """The starts within the window, ascending. Raises CalendlyError."""
        key, now = (event_type_uri, window), self._clock.now()
        with self._lock:
            generation = self._generation
            at, kept = self._kept.get(key, (now - FRESH, {}))
        if fresh or now - at >= FRESH:
            kept = self._asked(event_type_uri, window, now)
            self._keep(key, now, kept, generation)
        return {start: seats for start, seats in kept.items() if start >= now}

    def forget_start(self, event_type_uri: str, start: datetime) -> None:
        """That start was seen to be taken, so what still offers it is old."""
        with self._lock:
            self._kept = {
                key: (at, seats)
                for key, (at, seats) in self._kept.items()
                if key[0] != event_type_uri or start not in seats
            }

    def forget(self) -> None:
        with self._lock:
            self._generation += 1
            self._kept.clear()

    def _keep(self, key: _Key, now: datetime, found: Seats, generation: int) -> None:
        with self._lock:
            if generation != self._generation:  # asked before something was booked
                return
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = (now, found)

    def _asked(self, event_type_uri: str, window: TimeWindow, now: datetime) -> Seats:
        first = max(window.start, now + LEAD)
        if first >= window.end:
            return {}

        def ask(piece: tuple[datetime, datetime]) -> Sequence[AvailableTime]:
            return self._api.available_times(event_type_uri, *piece)

        pieces = _pieces(first, window.end, self._widest)
        try:
            answers = side_by_side(ask, pieces)
        except Refusal as refused:
            if not _too_wide(refused, pieces[0]):
                raise
            answers = side_by_side(ask, _pieces(first, window.end, _NARROW))
            self._widest = _NARROW
        found = {each.start: each.seats for answer in answers for each in answer}
        return {
            start: found[start] for start in sorted(found) if window.start <= start < window.end
        }


def _pieces(start: datetime, end: datetime, widest: timedelta) -> list[tuple[datetime, datetime]]:
    """Equal parts, none wider than that."""
    start = start.replace(microsecond=0)
    count = -((start - end) // widest)
    step = -((start - end) // count // _SECOND) * _SECOND
    edges = [start + number * step for number in range(count)]
    return list(zip(edges, [*edges[1:], end], strict=True))


def _too_wide(refused: Refusal, piece: tuple[datetime, datetime]) -> bool:
    """Older accounts answer for 7 days only; the refusal need not say where it hurts."""
    told = [each.parameter for each in refused.details]
    about_the_end = not told or any(name.endswith("end_time") for name in told)
    return refused.status == 400 and about_the_end and piece[1] - piece[0] > _NARROW
