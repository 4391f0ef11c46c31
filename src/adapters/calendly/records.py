"""What Calendly answers, as far as it concerns us. Unknown fields are let through, missing ones too
where something can be said without them; a record without what it is about raises Unreadable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Self

from attrs import frozen

from adapters.calendly.refusals import Unreadable
from adapters.calendly.uris import id_in, place_in

JSON = Mapping[str, Any]

TRACKING = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_content",
    "utm_term",
    "salesforce_uuid",
)
#: As they are written; `zoom` and `gotomeeting` are how two of them are read.
CONFERENCES = frozenset(
    {
        "zoom_conference",
        "zoom",
        "google_conference",
        "gotomeeting_conference",
        "gotomeeting",
        "microsoft_teams_conference",
        "webex_conference",
    }
)


@contextmanager
def _reading(what: str) -> Iterator[None]:
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as wrong:
        raise Unreadable(what) from wrong


def instant_of(text: Any) -> datetime:
    """Raises ValueError, TypeError."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _uri(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _id(uri: Any, kind: str) -> str:
    found = id_in(uri, kind)
    if found is None:
        raise ValueError(f"no URI of {kind}")
    return found


@frozen
class User:
    uri: str
    name: str
    slug: str
    email: str
    scheduling_url: str
    organization: str

    @classmethod
    def read(cls, shape: JSON) -> Self:
        with _reading("a user"):
            _id(shape["uri"], "users")
            return cls(
                shape["uri"],
                _text(shape.get("name")),
                _text(shape.get("slug")),
                _text(shape.get("email")),
                _text(shape.get("scheduling_url")),
                shape["current_organization"],
            )


@frozen
class AskedQuestion:
    """A question of an event type's form."""

    name: str
    kind: str
    position: int
    required: bool
    choices: tuple[str, ...]
    other_allowed: bool

    @property
    def is_phone(self) -> bool:
        return self.kind == "phone_number"

    @classmethod
    def read(cls, shape: JSON) -> Self:
        return cls(
            shape["name"],
            shape["type"],
            int(shape["position"]),
            bool(shape.get("required")),
            tuple(map(str, shape.get("answer_choices") or ())),
            bool(shape.get("include_other")),
        )


@frozen
class OfferedPlace:
    """A location that an event type offers, in the words of the write side."""

    kind: str
    location: str = ""
    phone_number: str = ""

    @classmethod
    def read(cls, shape: JSON) -> Self:
        return cls(shape["kind"], _text(shape.get("location")), _text(shape.get("phone_number")))


@frozen(kw_only=True)
class OfferedType:
    """An event type."""

    uri: str
    id: str
    name: str
    minutes: int
    active: bool
    group: bool
    round_robin: bool
    #: to be booked by anybody, again and again: no poll, and no one-off
    lasting: bool
    secret: bool
    paid: bool
    scheduling_url: str
    description: str
    questions: tuple[AskedQuestion, ...]
    places: tuple[OfferedPlace, ...]

    @classmethod
    def read(cls, shape: JSON) -> Self:
        with _reading("an event type"):
            asked = (each for each in shape.get("custom_questions") or () if each.get("enabled", 1))
            return cls(
                uri=shape["uri"],
                id=_id(shape["uri"], "event_types"),
                name=_text(shape.get("name")),
                minutes=int(shape["duration"]),
                active=bool(shape["active"]) and not shape.get("deleted_at"),
                group=shape.get("kind") == "group",
                round_robin=shape.get("pooling_type") == "round_robin",
                lasting=shape.get("booking_method") != "poll"
                and shape.get("type") != "AdhocEventType",
                secret=bool(shape.get("secret")),
                paid=bool(shape.get("is_paid")),
                scheduling_url=_text(shape.get("scheduling_url")),
                description=_text(shape.get("description_plain")),
                questions=tuple(map(AskedQuestion.read, asked)),
                places=tuple(map(OfferedPlace.read, shape.get("locations") or ())),
            )


@frozen
class AvailableTime:
    start: datetime
    seats: int

    @classmethod
    def read(cls, shape: JSON) -> Self:
        with _reading("an available time"):
            return cls(instant_of(shape["start_time"]), int(shape.get("invitees_remaining", 1)))


@frozen
class BusyTime:
    """`external` ones come from the calendars that Calendly checks for conflicts."""

    start: datetime
    end: datetime
    external: bool

    @classmethod
    def read(cls, shape: JSON) -> Self:
        with _reading("a busy time"):
            start, end = (instant_of(shape[name]) for name in ("start_time", "end_time"))
            return cls(start, end, shape.get("type") == "external")


@frozen(kw_only=True)
class ScheduledEvent:
    """A meeting. `hosts` are the URIs of those who hold it."""

    uri: str
    id: str
    event_type_uri: str
    start: datetime
    end: datetime
    created_at: datetime
    canceled: bool
    group: bool
    limit: int | None
    hosts: tuple[str, ...]
    guests: tuple[str, ...]
    join_url: str | None
    link_pending: bool
    canceled_at: datetime | None
    canceler: str

    @classmethod
    def read(cls, shape: JSON) -> Self:
        with _reading("a scheduled event"):
            counter, place = shape.get("invitees_counter") or {}, shape.get("location") or {}
            return cls(
                uri=shape["uri"],
                id=_id(shape["uri"], "scheduled_events"),
                event_type_uri=_text(shape.get("event_type")),
                start=instant_of(shape["start_time"]),
                end=instant_of(shape["end_time"]),
                created_at=instant_of(shape["created_at"]),
                canceled=shape["status"] == "canceled",
                group=int(counter.get("limit", 2)) > 1,
                limit=int(counter["limit"]) if "limit" in counter else None,
                hosts=tuple(each["user"] for each in shape.get("event_memberships") or ()),
                guests=tuple(_text(each.get("email")) for each in shape.get("event_guests") or ()),
                join_url=_join_url(place),
                link_pending=_link_pending(place),
                canceled_at=_canceled_at(shape.get("cancellation")),
                canceler=_text((shape.get("cancellation") or {}).get("canceler_type")),
            )


def _join_url(place: JSON) -> str | None:
    return _page(_uri(place.get("join_url")) or _text(place.get("location")))


def _page(url: str) -> str | None:
    """Of a browser's page, and nothing that runs when it is clicked."""
    return url if url.startswith(("https://", "http://")) else None


def _link_pending(place: JSON) -> bool:
    waits = place.get("type") in CONFERENCES and not place.get("join_url")
    return waits and place.get("status") not in ("pushed", "failed")


def _canceled_at(cancellation: JSON | None) -> datetime | None:
    """Older answers do not say it."""
    at = (cancellation or {}).get("created_at")
    return instant_of(at) if at else None


@frozen(kw_only=True)
class Invitee:
    """One client's place in an event."""

    uri: str
    id: str
    event_id: str
    event_uri: str
    email: str
    name: str
    timezone: str
    canceled: bool
    rescheduled: bool
    old: str | None
    new: str | None
    answers: tuple[tuple[str, str], ...]
    tracking: Mapping[str, str]
    cancel_url: str
    reschedule_url: str | None
    no_show_uri: str | None
    canceled_at: datetime | None
    canceler: str

    @classmethod
    def read(cls, shape: JSON) -> Self:
        with _reading("an invitee"):
            place = place_in(shape["uri"])
            if place is None:
                raise ValueError("no URI of an invitee")
            names = (_text(shape.get(name)) for name in ("first_name", "last_name"))
            email = _text(shape.get("email"))
            tracking = shape.get("tracking") or {}
            return cls(
                uri=shape["uri"],
                id=place[1],
                event_id=place[0],
                event_uri=shape["event"],
                email=email,
                name=_text(shape.get("name")) or " ".join(filter(None, names)),
                timezone=_text(shape.get("timezone")),
                canceled=shape["status"] == "canceled",
                rescheduled=bool(shape.get("rescheduled")),
                old=_uri(shape.get("old_invitee")),
                new=_uri(shape.get("new_invitee")),
                answers=tuple(
                    (_text(each.get("question")), _text(each.get("answer")))
                    for each in shape.get("questions_and_answers") or ()
                ),
                tracking={name: _text(tracking.get(name)) for name in TRACKING},
                cancel_url=_text(shape.get("cancel_url")),
                reschedule_url=_page(_text(shape.get("reschedule_url"))),
                no_show_uri=_uri((shape.get("no_show") or {}).get("uri")),
                canceled_at=_canceled_at(shape.get("cancellation")),
                canceler=_text((shape.get("cancellation") or {}).get("canceler_type")),
            )

    @property
    def tag(self) -> str | None:
        return self.tracking["salesforce_uuid"] or None


@frozen
class WebhookSubscription:
    uri: str
    id: str
    url: str
    active: bool
    kinds: frozenset[str]
    created_at: datetime
    retry_started_at: datetime | None

    @classmethod
    def read(cls, shape: JSON) -> Self:
        with _reading("a webhook subscription"):
            failing = shape.get("retry_started_at")
            return cls(
                shape["uri"],
                _id(shape["uri"], "webhook_subscriptions"),
                shape["callback_url"],
                shape["state"] == "active",
                frozenset(shape["events"]),
                instant_of(shape["created_at"]),
                instant_of(failing) if failing else None,
            )
