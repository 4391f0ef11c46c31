from __future__ import annotations

from collections import Counter
from threading import Lock

from booking_core import IdFactory


class MemoryIds(IdFactory):
    """Ids that count up, for each kind by itself: `bkg_000001`, `bkg_000002`, `tag_000001`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._given: Counter[str] = Counter()

    def new(self, kind: str) -> str:
        with self._lock:
            self._given[kind] += 1
            return f"{kind}_{self._given[kind]:06}"
