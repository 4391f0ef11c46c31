"""The real clock and real ids; the standard library is enough for both."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from booking_core.ports.clock import Clock
from booking_core.ports.ids import IdFactory


class SystemClock(Clock):
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class RandomIds(IdFactory):
    """Ids with 120 random bits; they cannot be guessed, and prove nothing all the same."""

    def new(self, kind: str) -> str:
        return f"{kind}_{secrets.token_hex(15)}"
