from __future__ import annotations

from collections.abc import Sequence

from booking_core import Opening, Openings

from .tables import Session


class MemoryOpenings(Openings):
    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, openings: Sequence[Opening]) -> None:
        self._session.changing().openings.update({each.session_type_id: each for each in openings})

    def all(self) -> Sequence[Opening]:
        return list(self._session.tables.openings.values())
