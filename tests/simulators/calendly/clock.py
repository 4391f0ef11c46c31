"""The time that Calendly goes by; a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from attrs import define


@define
class SimulatedClock:
    """Runs with the machine's clock until it is frozen; both kinds can be moved on."""

    frozen: datetime | None = None
    shift: timedelta = timedelta()

    def now(self) -> datetime:
        return (self.frozen or datetime.now(UTC)) + self.shift

    def freeze(self, at: datetime | None = None) -> None:
        self.frozen, self.shift = at or self.now(), timedelta()

    def advance(self, step: timedelta) -> None:
        self.shift += step
