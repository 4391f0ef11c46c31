"""What a calendar provider has to offer."""

from __future__ import annotations

from attrs import frozen

from booking_core.domain.questions import Question
from booking_core.domain.session_type import Location


@frozen
class EventType:
    """What a provider calls the thing that can be booked; `capacity` None is not known."""

    uri: str
    id: str
    name: str
    duration_minutes: int
    active: bool
    scheduling_url: str = ""
    description: str = ""
    capacity: int | None = 1
    questions: tuple[Question, ...] = ()
    location: Location = Location()
