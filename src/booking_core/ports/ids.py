from __future__ import annotations

from abc import abstractmethod
from typing import Protocol


class IdFactory(Protocol):
    """Makes identifiers."""

    @abstractmethod
    def new(self, kind: str) -> str:
        """An id that was never given out before, of at most 40 characters; `kind` is a short prefix."""
