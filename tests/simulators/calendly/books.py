"""What this Calendly believes."""

from __future__ import annotations

import random
import uuid
from datetime import datetime

from attrs import define, field

from tests.simulators.calendly.records import (
    Event,
    EventType,
    Invitee,
    NoShow,
    Organization,
    SchedulingLink,
    Status,
    Subscription,
    Token,
    User,
)


@define
class Books:
    """All records by id, oldest first."""

    organizations: dict[str, Organization] = field(factory=dict)
    users: dict[str, User] = field(factory=dict)
    tokens: dict[str, Token] = field(factory=dict)
    event_types: dict[str, EventType] = field(factory=dict)
    events: dict[str, Event] = field(factory=dict)
    invitees: dict[str, Invitee] = field(factory=dict)
    no_shows: dict[str, NoShow] = field(factory=dict)
    subscriptions: dict[str, Subscription] = field(factory=dict)
    links: dict[str, SchedulingLink] = field(factory=dict)
    _dice: random.Random = field(factory=lambda: random.Random(4711))

    def new_id(self) -> str:
        return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))

    def events_of(self, user: User, status: Status | None = None) -> list[Event]:
        return [
            each
            for each in self.events.values()
            if user in each.hosts and status in (None, each.status)
        ]

    def to_join(self, event_type: EventType, start: datetime) -> Event | None:
        """The active meeting of a group that begins then."""
        if event_type.kind != "group":
            return None
        return next(
            (
                each
                for each in self.events.values()
                if each.type is event_type and each.start == start and each.status == "active"
            ),
            None,
        )
