from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from attrs import field, frozen

from booking_core.domain.errors import FieldError, InvalidRequest
from booking_core.domain.ids import BuilderId
from booking_core.domain.trail import Subject, TrailEntry

#: The most entries that one call answers.
MOST_ENTRIES = 1_000


@frozen(kw_only=True)
class TrailFilter:
    """Which entries: all conditions hold together.

    `since` is the earliest time. `after` is the cursor: the number of the last entry of the page
    before. `limit` is a number from 1 to `MOST_ENTRIES`.
    """

    subject: Subject | None = None
    builder_id: BuilderId | None = None
    by: str | None = None
    since: datetime | None = None
    after: int | None = None
    oldest_first: bool = False
    limit: int = field(default=50)

    @limit.validator
    def _answerable(self, _: object, limit: int) -> None:
        if type(limit) is not int or not 1 <= limit <= MOST_ENTRIES:
            message = f"The limit is a whole number from 1 to {MOST_ENTRIES}."
            raise InvalidRequest(message, [FieldError("/limit", message)])


class Trail(Protocol):
    """Remembers what happened, in the transaction of the change. Nothing is ever changed or taken away."""

    @abstractmethod
    def add(self, entries: Sequence[TrailEntry]) -> None:
        """Writes the entries down, in their order; their `number` is given by the store."""

    @abstractmethod
    def find(self, criteria: TrailFilter) -> Sequence[TrailEntry]:
        """The newest first, or the oldest; at most `limit` of them, each with its number."""
