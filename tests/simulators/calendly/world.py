"""Everything that a call can touch, in one place; changed under its lock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from threading import RLock
from typing import Any

from attrs import Factory, define, field, frozen

from tests.simulators.calendly.books import Books
from tests.simulators.calendly.clock import SimulatedClock
from tests.simulators.calendly.courier import Courier
from tests.simulators.calendly.faults import Faults
from tests.simulators.calendly.limits import Limits
from tests.simulators.calendly.oauth import OAuth
from tests.simulators.calendly.switches import Switches


@frozen
class Call:
    """A request as it came, and the status that was answered; None: the connection broke."""

    at: datetime
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    status: int | None


@define
class World:
    clock: SimulatedClock = field(factory=SimulatedClock)
    books: Books = field(factory=Books)
    switches: Switches = field(factory=Switches)
    faults: Faults = field(factory=Faults)
    limits: Limits = field(factory=Limits)
    courier: Courier = Factory(lambda self: Courier(self.clock), takes_self=True)
    oauth: OAuth = Factory(lambda self: OAuth(self.books, self.clock), takes_self=True)
    calls: list[Call] = field(factory=list)
    #: Called with "before" and "after" around each request, while it is unanswered.
    watch: Callable[[str], None] = lambda _: None
    #: where people open links
    pages: str = "https://calendly.com"
    lock: Any = field(factory=RLock)
