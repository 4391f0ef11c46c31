"""Who has which place in a builder's time.

The database is the judge: a constraint (PostgreSQL) or a trigger (SQLite) keeps the blocked
intervals of a builder apart. A lost race is a row that was not inserted, never an error: with a
plain INSERT the losers wait for each other until the deadlock detector ends them, which was seen
to take eleven seconds.

Locks are taken in one order everywhere: bookings by id, then the session type, then claims.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from attrs import frozen
from sqlalchemy import (
    Row,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql

from adapters.sql.tables import builders, claims, seats, session_types
from adapters.sql.transaction import Transaction
from booking_core.domain.availability import Busy
from booking_core.domain.claims import Claim
from booking_core.domain.ids import BookingId, BuilderId
from booking_core.domain.time import TimeWindow
from booking_core.ports.claims import SlotClaims

_MINUTE = timedelta(minutes=1)
# A meeting may vanish, and come again, between not being able to begin it and joining it.
_TRIES = 3
_NOBODY = ""


def _parameters(table: Any, *names: str) -> list[Any]:
    return [bindparam(name, type_=table.c[name].type) for name in names]


_PLACE = ("session_type_id", "starts_at", "ends_at", "blocked_from", "blocked_to", "booking_id")
_NEW_CLAIM = select(
    builders.c.number, *_parameters(claims, *_PLACE, "held_until")
).where(builders.c.id == bindparam("builder"))
_COLUMNS = ["builder_number", *_PLACE, "held_until"]
# The constraint is named, so that anything else that has to be unique is still an error.
_BEGIN = {
    "postgresql": postgresql.insert(claims)
    .from_select(_COLUMNS, _NEW_CLAIM)
    .on_conflict_do_nothing(constraint="claims_no_overlap")
    .returning(claims.c.id),
    "sqlite": insert(claims).from_select(_COLUMNS, _NEW_CLAIM).returning(claims.c.id),
}

_OWN = (
    select(
        claims.c.id,
        claims.c.session_type_id,
        claims.c.starts_at,
        claims.c.ends_at,
        claims.c.blocked_from,
        claims.c.blocked_to,
        claims.c.booking_id,
        case((claims.c.booking_id.is_(None), seats.c.held_until), else_=claims.c.held_until).label(
            "held_until"
        ),
    )
    .select_from(
        claims.outerjoin(
            seats,
            and_(seats.c.claim_id == claims.c.id, seats.c.booking_id == bindparam("booking")),
        )
    )
    .where(
        claims.c.id.in_(
            select(claims.c.id)
            .where(claims.c.booking_id == bindparam("booking"))
            .union_all(select(seats.c.claim_id).where(seats.c.booking_id == bindparam("booking")))
        )
    )
)
