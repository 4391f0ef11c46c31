from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from booking_core import (
    BookingId,
    BuilderId,
    Busy,
    Claim,
    SessionTypeId,
    Slot,
    SlotClaims,
    TimeWindow,
)

from .tables import Session


class MemoryClaims(SlotClaims):
    """The lock of the unit of work lets one writer at a time look and then claim."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def keep(self, *, booking_id: BookingId, claims: Sequence[Claim]) -> bool:
        held = {_place(claim) for claim in self._session.tables.claims.get(booking_id, ())}
        if not all(_place(claim) in held or self._has_room(claim) for claim in claims):
            return False
        table = self._session.changing().claims
        table.pop(booking_id, None)
        if claims:
            table[booking_id] = tuple(claims)
        return True

    def busy(
        self,
        *,
        builder_id: BuilderId,
        window: TimeWindow,
        now: datetime,
        ignoring: BookingId | None = None,
    ) -> Sequence[Busy]:
        meetings: dict[tuple[SessionTypeId, Slot], list[Claim]] = {}
        for claim in self._of_builder(builder_id, ignoring):
            if not claim.lapsed(now):
                meetings.setdefault((claim.session_type_id, claim.slot), []).append(claim)
        return [
            _busy(claims)
            for claims in meetings.values()
            if any(claim.blocked.overlaps(window) for claim in claims)
        ]

    def _of_builder(self, builder_id: BuilderId, but: BookingId | None) -> Iterator[Claim]:
        for booking_id, claims in self._session.tables.claims.items():
            if booking_id != but:
                yield from (claim for claim in claims if claim.builder_id == builder_id)

    def _has_room(self, claim: Claim) -> bool:
        others = list(self._of_builder(claim.builder_id, claim.booking_id))
        met = [other for other in others if _one_meeting(claim, other)]
        if any(claim.blocked.overlaps(o.blocked) for o in others if not _one_meeting(claim, o)):
            return False
        if met:
            return len(met) < claim.occupancy.capacity
        return self._day_has_room(claim, others)

    def _day_has_room(self, claim: Claim, others: Sequence[Claim]) -> bool:
        limit = claim.occupancy.daily_limit
        if limit is None:
            return True
        day = claim.day
        meetings = {
            other.slot
            for other in others
            if other.session_type_id == claim.session_type_id
            and day.start <= other.slot.start < day.end
        }
        return len(meetings) < limit


def _one_meeting(claim: Claim, other: Claim) -> bool:
    """Whether the two would sit in one meeting; who booked a meeting for one is joined by nobody."""
    same = (claim.session_type_id, claim.slot) == (other.session_type_id, other.slot)
    return same and _shared(claim) and _shared(other)


def _shared(claim: Claim) -> bool:
    return claim.occupancy.capacity > 1


def _place(claim: Claim) -> tuple[SessionTypeId, Slot, TimeWindow, bool]:
    """What makes two claims of one booking the same: who has it already is not asked again."""
    return claim.session_type_id, claim.slot, claim.blocked, _shared(claim)


def _busy(claims: Sequence[Claim]) -> Busy:
    """One meeting with its seats; the widest buffers that somebody was promised."""
    first = claims[0]
    minute = timedelta(minutes=1)
    return Busy(
        TimeWindow(first.slot.start, first.slot.end),
        max(claim.occupancy.buffer_before for claim in claims) // minute,
        max(claim.occupancy.buffer_after for claim in claims) // minute,
        first.session_type_id,
        len(claims),
        "booking " + ", ".join(claim.booking_id for claim in claims),
        solo=not _shared(first),
    )
