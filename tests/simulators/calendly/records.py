"""What Calendly keeps: plain records, changed in place under the lock of the books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from attrs import define, field

from tests.simulators.calendly.uris import API

Plan = Literal["free", "trial", "standard", "enterprise"]
Role = Literal["owner", "admin", "user"]
Status = Literal["active", "canceled"]
Interval = tuple[datetime, datetime]
#: weekday (Monday is 0) -> ("09:00", "17:00") pairs in the user's zone
WeeklyHours = Mapping[int, Sequence[tuple[str, str]]]

NINE_TO_FIVE: WeeklyHours = {day: [("09:00", "17:00")] for day in range(5)}
TRACKING = (
    "utm_campaign",
    "utm_source",
    "utm_medium",
    "utm_content",
    "utm_term",
    "salesforce_uuid",
)


@define(eq=False)
class Organization:
    id: str
    name: str
    plan: Plan
    created_at: datetime

    @property
    def uri(self) -> str:
        return f"{API}/organizations/{self.id}"


@define(eq=False)
class User:
    id: str
    membership_id: str
    schedule_id: str
    name: str
    email: str
    slug: str
    timezone: str
    organization: Organization
    role: Role
    locale: str
    hours: WeeklyHours
    created_at: datetime
    #: what is in the calendars that Calendly checks for conflicts
    busy: list[Interval] = field(factory=list)
    calendar_broken: bool = False

    @property
    def uri(self) -> str:
        return f"{API}/users/{self.id}"

    @property
    def governs(self) -> bool:
        return self.role in ("owner", "admin")


@define(eq=False)
class Token:
    """A personal access token, or one that an OAuth app got."""

    value: str
    user: User
    #: None: older than scopes, everything is allowed
    scopes: frozenset[str] | None
    expires_at: datetime | None = None
    #: the key of the OAuth app, which signs its webhooks
    app_signing_key: str | None = None

    def allows(self, scope: str) -> bool:
        if self.scopes is None or scope in self.scopes:
            return True
        return scope.endswith(":read") and scope.replace(":read", ":write") in self.scopes


@define(eq=False)
class Question:
    name: str
    kind: str = "string"
    required: bool = False
    enabled: bool = True
    answer_choices: Sequence[str] = ()
    include_other: bool = False


@define(eq=False)
class Place:
    """A location that an event type offers."""

    kind: str
    location: str | None = None
    additional_info: str | None = None
    phone_number: str | None = None


@define(eq=False)
class EventType:
    id: str
    name: str
    slug: str
    owner: User
    hosts: list[User]
    created_at: datetime
    updated_at: datetime
    position: int
    duration: int = 30
    #: minutes between the starts that are offered
    increment: int = 30
    kind: Literal["solo", "group"] = "solo"
    limit: int = 1
    pooling: Literal["round_robin", "collective"] | None = None
    active: bool = True
    secret: bool = False
    #: a one-off is an `AdhocEventType`
    type: Literal["StandardEventType", "AdhocEventType"] = "StandardEventType"
    booking_method: Literal["instant", "poll"] = "instant"
    description: str | None = None
    questions: list[Question] = field(factory=list)
    places: list[Place] = field(factory=list)
    #: these starts and no others, instead of the hosts' weekly hours
    slots: list[datetime] | None = None
    buffer_before: int = 0
    buffer_after: int = 0
    notice: timedelta = timedelta()
    price: float | None = None
    currency: str = "EUR"
    #: where the page sends the guest after the booking, with the details
    redirect_url: str | None = None
    deleted_at: datetime | None = None

    @property
    def uri(self) -> str:
        return f"{API}/event_types/{self.id}"

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.duration)


@define(eq=False)
class Cancellation:
    canceled_by: str
    canceler_type: Literal["host", "invitee"]
    reason: str | None
    created_at: datetime


@define(eq=False)
class NoShow:
    id: str
    invitee: Invitee
    created_at: datetime

    @property
    def uri(self) -> str:
        return f"{API}/invitee_no_shows/{self.id}"


@define(eq=False)
class Event:
    """A meeting at a time; a group's has several invitees."""

    id: str
    type: EventType
    hosts: list[User]
    start: datetime
    end: datetime
    created_at: datetime
    updated_at: datetime
    #: what was chosen, in the words of the write side
    place: Place | None
    status: Status = "active"
    join_url: str | None = None
    guests: list[str] = field(factory=list)
    invitees: list[Invitee] = field(factory=list)
    cancellation: Cancellation | None = None

    @property
    def uri(self) -> str:
        return f"{API}/scheduled_events/{self.id}"

    @property
    def active_invitees(self) -> list[Invitee]:
        return [each for each in self.invitees if each.status == "active"]

    @property
    def blocked(self) -> Interval:
        """Its time with the buffers."""
        before, after = self.type.buffer_before, self.type.buffer_after
        return self.start - timedelta(minutes=before), self.end + timedelta(minutes=after)


@define(eq=False)
class Invitee:
    id: str
    event: Event
    email: str
    name: str
    first_name: str | None
    last_name: str | None
    timezone: str | None
    created_at: datetime
    updated_at: datetime
    answers: list[dict[str, object]]
    tracking: dict[str, str | None]
    text_reminder_number: str | None = None
    status: Status = "active"
    rescheduled: bool = False
    old_invitee: Invitee | None = None
    new_invitee: Invitee | None = None
    cancellation: Cancellation | None = None
    no_show: NoShow | None = None
    paid: bool = False
    scheduling_method: Literal["api"] | None = None
    scheduled_by: User | None = None

    @property
    def uri(self) -> str:
        return f"{self.event.uri}/invitees/{self.id}"


@define(eq=False)
class SchedulingLink:
    """Good for one booking within 90 days."""

    id: str
    event_type: EventType
    created_at: datetime
    used_by: Invitee | None = None

    def stands(self, now: datetime) -> bool:
        return self.used_by is None and now < self.created_at + timedelta(days=90)


@define(eq=False)
class Subscription:
    id: str
    url: str
    events: list[str]
    organization: Organization
    scope: Literal["organization", "user", "group"]
    user: User | None
    creator: User
    signing_key: str | None
    created_at: datetime
    updated_at: datetime
    state: Literal["active", "disabled"] = "active"
    retry_started_at: datetime | None = None

    @property
    def uri(self) -> str:
        return f"{API}/webhook_subscriptions/{self.id}"
