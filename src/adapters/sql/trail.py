from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen
from sqlalchemy import Row, Select, insert, select

from adapters.sql.tables import trail
from adapters.sql.transaction import Transaction
from booking_core import (
    BuilderId,
    Outcome,
    Subject,
    SubjectKind,
    Trail,
    TrailEntry,
    TrailFilter,
    TrailKind,
)

_INSERT = insert(trail)


@frozen
class SqlTrail(Trail):
    _transaction: Transaction

    def add(self, entries: Sequence[TrailEntry]) -> None:
        if entries:
            self._transaction.write(_INSERT, [_from_entry(each) for each in entries])

    def find(self, criteria: TrailFilter) -> Sequence[TrailEntry]:
        return [_to_entry(row) for row in self._transaction.rows(_matching(criteria))]


def _matching(criteria: TrailFilter) -> Select[Any]:
    query = select(trail).limit(criteria.limit)
    query = query.order_by(trail.c.id if criteria.oldest_first else trail.c.id.desc())
    if criteria.subject is not None:
        query = query.where(
            trail.c.subject_kind == criteria.subject.kind.value,
            trail.c.subject_id == criteria.subject.id,
        )
    if criteria.builder_id is not None:
        query = query.where(trail.c.builder_id == criteria.builder_id)
    if criteria.by is not None:
        query = query.where(trail.c.actor == criteria.by)
    if criteria.since is not None:
        query = query.where(trail.c.happened_at >= criteria.since)
    if criteria.after is not None:
        last = criteria.after
        query = query.where(trail.c.id > last if criteria.oldest_first else trail.c.id < last)
    return query


def _from_entry(entry: TrailEntry) -> dict[str, Any]:
    return {
        "happened_at": entry.at,
        "subject_kind": entry.subject.kind.value,
        "subject_id": entry.subject.id,
        "builder_id": entry.builder_id,
        "kind": entry.kind.value,
        "name": entry.name,
        "actor": entry.by,
        "outcome": entry.outcome.value,
        "detail": dict(entry.detail),
    }


def _to_entry(row: Row[Any]) -> TrailEntry:
    return TrailEntry(
        number=row.id,
        at=row.happened_at,
        subject=Subject(SubjectKind(row.subject_kind), row.subject_id),
        builder_id=None if row.builder_id is None else BuilderId(row.builder_id),
        kind=TrailKind(row.kind),
        name=row.name,
        by=row.actor,
        outcome=Outcome(row.outcome),
        detail=row.detail,
    )
