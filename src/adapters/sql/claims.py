"""Who has which place in a builder's time.

The database is the judge: a constraint (PostgreSQL) or a trigger (SQLite) keeps the blocked
intervals of a builder apart. A lost race is a row that was not inserted, never an error: with a
plain INSERT the losers wait for each other until the deadlock detector ends them, which was seen
to take eleven seconds.

Locks are taken in one order everywhere: bookings by id, then session types, then claims. To drop
a claim before the new one is there would break it, so that is done only where the two overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from attrs import frozen
from sqlalchemy import (
    Executable,
    Row,
    Select,
    Table,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from adapters.sql.busy import find_busy
from adapters.sql.errors import refuse_overlap
from adapters.sql.tables import builders, claims, seats, session_types
from adapters.sql.transaction import Transaction
from adapters.sql.types import Instant
from booking_core import BookingId, BuilderId, Busy, Claim, SlotClaims, TimeWindow

# A meeting may vanish, and come again, between looking for it and beginning it.
_TRIES = 3

_PLACE = ("session_type_id", "starts_at", "ends_at", "blocked_from", "blocked_to", "booking_id")


def _given(*names: str) -> list[Any]:
    return [bindparam(name, type_=claims.c[name].type) for name in names]


_NEW = (
    ["builder_number", *_PLACE, "held_until"],
    select(builders.c.number, *_given(*_PLACE, "held_until")).where(
        builders.c.id == bindparam("builder_id")
    ),
)
#: Answers with the new claim's id, or with nothing when the place is taken.
_BEGIN: dict[str, Executable] = {
    # The constraint is named, so that whatever else has to be unique is still an error.
    "postgresql": postgresql.insert(claims)
    .from_select(*_NEW)
    .on_conflict_do_nothing(constraint="claims_no_overlap")
    .returning(claims.c.id),
    "sqlite": sqlite.insert(claims).from_select(*_NEW).returning(claims.c.id),
}


def _own(holder: Table) -> Select[Any]:
    """What a booking claims: alone by `claims`, in meetings by its `seats`."""
    place = [claims.c[name] for name in ("session_type_id", "starts_at", "ends_at", "booking_id")]
    terms = [holder.c[name] for name in ("blocked_from", "blocked_to", "held_until")]
    return select(claims.c.id, *place, *terms).where(holder.c.booking_id == bindparam("booking"))


_OWN = union_all(_own(claims), _own(seats).where(seats.c.claim_id == claims.c.id))
_MEETING = (
    select(claims.c.id, claims.c.blocked_from, claims.c.blocked_to)
    .join(builders, builders.c.number == claims.c.builder_number)
    .where(
        builders.c.id == bindparam("builder_id"),
        claims.c.session_type_id == bindparam("session_type_id"),
        claims.c.starts_at == bindparam("starts_at"),
        claims.c.ends_at == bindparam("ends_at"),
        claims.c.booking_id.is_(None),
    )
    .with_for_update(of=claims)
)
_SEATS_TAKEN = select(func.count()).where(seats.c.claim_id == bindparam("claim"))
_MEETINGS_OF_OTHERS = select(func.count()).where(
    claims.c.session_type_id == bindparam("session_type_id"),
    claims.c.starts_at >= bindparam("from", type_=Instant()),
    claims.c.starts_at < bindparam("to", type_=Instant()),
    or_(
        claims.c.booking_id != bindparam("booking"),
        exists().where(seats.c.claim_id == claims.c.id, seats.c.booking_id != bindparam("booking")),
    ),
)
_LOCK = select(claims.c.id).where(claims.c.id == bindparam("claim")).with_for_update()
_RELEASE = delete(claims).where(claims.c.id == bindparam("claim"))
_STAND_UP = delete(seats).where(
    seats.c.claim_id == bindparam("claim"), seats.c.booking_id == bindparam("booking")
)
_RELEASE_EMPTY = _RELEASE.where(~exists().where(seats.c.claim_id == claims.c.id))
_WIDEN = update(claims).where(claims.c.id == bindparam("claim"))
_OF_THE_MEETING = seats.c.claim_id == claims.c.id
_FIRST = select(func.min(seats.c.blocked_from)).where(_OF_THE_MEETING).scalar_subquery()
_LAST = select(func.max(seats.c.blocked_to)).where(_OF_THE_MEETING).scalar_subquery()
_NARROW = (
    update(claims)
    .where(
        claims.c.id == bindparam("claim"),
        or_(claims.c.blocked_from < _FIRST, claims.c.blocked_to > _LAST),
    )
    .values(blocked_from=_FIRST, blocked_to=_LAST)
)
_HOLD_CLAIM = update(claims).where(claims.c.id == bindparam("claim"))
_HOLD_SEAT = update(seats).where(
    seats.c.claim_id == bindparam("claim"), seats.c.booking_id == bindparam("booking")
)


@frozen
class SqlClaims(SlotClaims):
    _transaction: Transaction

    def keep(self, *, booking_id: BookingId, claims: Sequence[Claim]) -> bool:
        own = {_place_of_row(row): row for row in self._own(booking_id)}
        wanted = {_place_of_claim(claim): claim for claim in claims}
        missing = [claim for place, claim in wanted.items() if place not in own]
        old = [row for place, row in own.items() if place not in wanted]
        if (missing or old) and not self._exchange(booking_id, old, missing):
            return False
        for place in own.keys() & wanted.keys():
            self._hold_until(own[place], booking_id, wanted[place].held_until)
        return True

    def busy(
        self,
        *,
        builder_id: BuilderId,
        window: TimeWindow,
        now: datetime,
        ignoring: BookingId | None = None,
    ) -> Sequence[Busy]:
        return find_busy(
            self._transaction, builder_id=builder_id, window=window, now=now, ignoring=ignoring
        )

    def _own(self, booking_id: BookingId) -> Sequence[Row[Any]]:
        if booking_id in self._transaction.added:
            self._transaction.added.remove(booking_id)
            return ()
        return self._transaction.rows(_OWN, {"booking": booking_id})

    def _hold_until(self, row: Row[Any], booking_id: BookingId, until: datetime | None) -> None:
        if row.held_until == until:
            return
        held, values = _HOLD_CLAIM, {"claim": row.id, "held_until": until}
        if row.booking_id is None:
            held, values = _HOLD_SEAT, values | {"booking": booking_id}
        self._transaction.write(held, values)

    def _exchange(
        self, booking_id: BookingId, old: Sequence[Row[Any]], missing: Sequence[Claim]
    ) -> bool:
        in_the_way = [row for row in old if any(_overlap(row, claim) for claim in missing)]
        self._lock_limited(missing)
        self._drop(booking_id, in_the_way)
        if not all(map(self._take, missing)):
            return False
        self._drop(booking_id, [row for row in old if row not in in_the_way])
        return True

    # ---- taking ----------------------------------------------------------------------------------

    def _lock_limited(self, missing: Iterable[Claim]) -> None:
        """One at a time where meetings are counted, or two could each be the last of a day."""
        limited = {claim.session_type_id for claim in missing if claim.occupancy.daily_limit}
        if limited:
            locked = select(session_types.c.id).where(session_types.c.id.in_(limited))
            locked = locked.order_by(session_types.c.id).with_for_update(key_share=True)
            self._transaction.rows(locked)

    def _take(self, claim: Claim) -> bool:
        if claim.occupancy.capacity > 1:
            return self._take_seat(claim)
        return self._may_begin(claim) and self._begin(claim, claim.booking_id) is not None

    def _take_seat(self, claim: Claim) -> bool:
        for _ in range(_TRIES):
            meeting = self._transaction.first(_MEETING, _values(claim))
            if meeting is not None:
                return self._join(meeting, claim)
            if not self._may_begin(claim):
                return False
            begun = self._begin(claim, None)
            if begun is not None:
                self._sit_down(begun, claim)
                return True
        return False

    def _begin(self, claim: Claim, owner: BookingId | None) -> int | None:
        # Who sits in a meeting says how long, not the meeting.
        held_until = claim.held_until if owner else None
        values = _values(claim) | {"booking_id": owner, "held_until": held_until}
        statement = _BEGIN[self._transaction.dialect]
        return self._transaction.write(statement, values).scalar_one_or_none()

    def _join(self, meeting: Row[Any], claim: Claim) -> bool:
        taken = self._transaction.rows(_SEATS_TAKEN, {"claim": meeting.id})[0][0]
        if taken >= claim.occupancy.capacity or not self._widen(meeting, claim):
            return False
        self._sit_down(meeting.id, claim)
        return True

    def _widen(self, meeting: Row[Any], claim: Claim) -> bool:
        """Makes room for wider buffers than the meeting has; False when a neighbour is there."""
        first = min(meeting.blocked_from, claim.blocked.start)
        last = max(meeting.blocked_to, claim.blocked.end)
        if (first, last) == (meeting.blocked_from, meeting.blocked_to):
            return True
        values = {"claim": meeting.id, "blocked_from": first, "blocked_to": last}
        try:
            with self._transaction.savepoint():
                self._transaction.write(_WIDEN, values)
        except IntegrityError as error:
            refuse_overlap(error)
            return False
        return True

    def _sit_down(self, meeting: int, claim: Claim) -> None:
        seat = {
            "claim_id": meeting,
            "booking_id": claim.booking_id,
            "held_until": claim.held_until,
            "blocked_from": claim.blocked.start,
            "blocked_to": claim.blocked.end,
        }
        self._transaction.write(insert(seats), seat)

    def _may_begin(self, claim: Claim) -> bool:
        """Whether the day has room for one more meeting; the booking's own ones do not count."""
        limit = claim.occupancy.daily_limit
        if limit is None:
            return True
        day = {"from": claim.day.start, "to": claim.day.end}
        values = {"session_type_id": claim.session_type_id, "booking": claim.booking_id}
        return bool(self._transaction.rows(_MEETINGS_OF_OTHERS, values | day)[0][0] < limit)

    # ---- dropping --------------------------------------------------------------------------------

    def _drop(self, booking_id: BookingId, rows: Sequence[Row[Any]]) -> None:
        for row in sorted(rows, key=lambda row: row.id):
            if row.booking_id is None:
                self._stand_up(row.id, booking_id)
            else:
                self._transaction.write(_RELEASE, {"claim": row.id})

    def _stand_up(self, meeting: int, booking_id: BookingId) -> None:
        """The last one to leave ends the meeting; the lock tells who is the last."""
        self._transaction.rows(_LOCK, {"claim": meeting})
        self._transaction.write(_STAND_UP, {"claim": meeting, "booking": booking_id})
        self._transaction.write(_RELEASE_EMPTY, {"claim": meeting})
        self._transaction.write(_NARROW, {"claim": meeting})


def _values(claim: Claim) -> dict[str, Any]:
    return {
        "builder_id": claim.builder_id,
        "session_type_id": claim.session_type_id,
        "starts_at": claim.slot.start,
        "ends_at": claim.slot.end,
        "blocked_from": claim.blocked.start,
        "blocked_to": claim.blocked.end,
    }


def _place_of_claim(claim: Claim) -> tuple[Any, ...]:
    """What makes two claims of one booking the same."""
    slot, blocked = claim.slot, claim.blocked
    times = (slot.start, slot.end, blocked.start, blocked.end)
    return (claim.session_type_id, *times, claim.occupancy.capacity > 1)


def _place_of_row(row: Row[Any]) -> tuple[Any, ...]:
    times = (row.starts_at, row.ends_at, row.blocked_from, row.blocked_to)
    return (row.session_type_id, *times, row.booking_id is None)


def _overlap(row: Row[Any], claim: Claim) -> bool:
    return bool(row.blocked_from < claim.blocked.end and claim.blocked.start < row.blocked_to)
