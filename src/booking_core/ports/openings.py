from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Protocol

from booking_core.domain.opening import Opening


class Openings(Protocol):
    """Keeps the last known opening of each session type, so that a page waits for no calendar."""

    @abstractmethod
    def put(self, openings: Sequence[Opening]) -> None:
        """Keeps these in the place of what was known of the same session types. Idempotent."""

    @abstractmethod
    def all(self) -> Sequence[Opening]:
        """What is known, in no order; nothing of a session type that nobody looked at yet."""
