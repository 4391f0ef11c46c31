from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from booking_core import Trail, TrailEntry, TrailFilter

from .tables import Session


class MemoryTrail(Trail):
    """One list that only grows; each snapshot knows how much of it is its own.

    So it is never copied. What a rollback left behind is cut off by the next writer.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, entries: Sequence[TrailEntry]) -> None:
        tables = self._session.changing()
        del tables.trail[tables.trail_length :]
        for entry in entries:
            tables.trail_length += 1
            tables.trail.append(evolve(entry, number=tables.trail_length))

    def find(self, criteria: TrailFilter) -> Sequence[TrailEntry]:
        tables = self._session.tables
        found = [each for each in tables.trail[: tables.trail_length] if _is_one(each, criteria)]
        return (found if criteria.oldest_first else found[::-1])[: criteria.limit]


def _is_one(entry: TrailEntry, criteria: TrailFilter) -> bool:
    last = criteria.after
    past = entry.number > (last or 0) if criteria.oldest_first else entry.number < (last or 2**63)
    return (
        past
        and criteria.subject in (None, entry.subject)
        and criteria.builder_id in (None, entry.builder_id)
        and criteria.by in (None, entry.by)
        and (criteria.since is None or criteria.since <= entry.at)
    )
