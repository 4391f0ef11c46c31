"""What is claimed of a builder's time: one query, because every search for slots asks it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Row, and_, bindparam, case, func, or_, select

from adapters.sql.tables import builders, claims, seats
from adapters.sql.transaction import Transaction
from adapters.sql.types import Instant
from booking_core import BookingId, BuilderId, Busy, TimeWindow

_MINUTE = timedelta(minutes=1)
_NOBODY = ""

_start, _end, _now = (bindparam(name, type_=Instant()) for name in ("from", "to", "now"))
_ignoring: BindParameter[str] = bindparam("ignoring")
_number = select(builders.c.number).where(builders.c.id == bindparam("builder")).scalar_subquery()

# Claims of one builder never overlap, so only the last one that begins before the window can
# reach into it. That bounds the scan of (builder_number, blocked_from) from below.
_earlier = claims.alias("earlier")
_first = (
    select(func.max(_earlier.c.blocked_from))
    .where(_earlier.c.builder_number == _number, _earlier.c.blocked_from <= _start)
    .scalar_subquery()
)
_live_seats = and_(
    seats.c.claim_id == claims.c.id,
    seats.c.booking_id != _ignoring,
    or_(seats.c.held_until.is_(None), seats.c.held_until > _now),
)
_BUSY = (
    select(
        claims.c.booking_id,
        claims.c.session_type_id,
        claims.c.starts_at,
        claims.c.ends_at,
        func.coalesce(func.min(seats.c.blocked_from), claims.c.blocked_from).label("blocked_from"),
        func.coalesce(func.max(seats.c.blocked_to), claims.c.blocked_to).label("blocked_to"),
        case((claims.c.booking_id.is_(None), func.count(seats.c.claim_id)), else_=1),
    )
    .outerjoin(seats, _live_seats)
    .where(
        claims.c.builder_number == _number,
        claims.c.blocked_from >= func.coalesce(_first, _start, type_=Instant()),
        claims.c.blocked_from < _end,
        claims.c.blocked_to > _start,
        or_(
            claims.c.booking_id.is_(None),
            and_(
                claims.c.booking_id != _ignoring,
                or_(claims.c.held_until.is_(None), claims.c.held_until > _now),
            ),
        ),
    )
    .group_by(claims.c.id)
    .order_by(claims.c.blocked_from)
)


def find_busy(
    transaction: Transaction,
    *,
    builder_id: BuilderId,
    window: TimeWindow,
    now: datetime,
    ignoring: BookingId | None,
) -> Sequence[Busy]:
    values = {
        "builder": builder_id,
        "from": window.start,
        "to": window.end,
        "now": now,
        "ignoring": ignoring or _NOBODY,
    }
    return [_to_busy(row) for row in transaction.rows(_BUSY, values) if _touches(row, window)]


def _touches(row: Row[Any], window: TimeWindow) -> bool:
    """Those who are left out, or whose hold lapsed, leave an empty meeting or a narrower one."""
    *_, blocked_from, blocked_to, seats_taken = tuple(row)
    return bool(seats_taken and blocked_from < window.end and window.start < blocked_to)


def _to_busy(row: Row[Any]) -> Busy:
    booking, session_type, start, end, blocked_from, blocked_to, seats_taken = tuple(row)
    return Busy(
        window=TimeWindow(start, end),
        buffer_before=(start - blocked_from) // _MINUTE,
        buffer_after=(blocked_to - end) // _MINUTE,
        session_type=session_type,
        seats_taken=seats_taken,
        what=f"booking {booking}" if booking else "group session",
        solo=booking is not None,
    )
