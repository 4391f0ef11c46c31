"""What the tests send, and what they expect back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.simulators.calendly import EventType

#: a Monday
NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
TEN = datetime(2026, 11, 3, 10, tzinfo=UTC)
HALF_PAST = TEN + timedelta(minutes=30)

Body = dict[str, Any]


def wish(event_type: EventType, start: str = "2026-11-03T10:00:00Z", **more: Any) -> Body:
    """The body of a booking that is all right."""
    invitee = {"name": "Bo Guest", "email": "bo@example.test", "timezone": "Europe/Lisbon"}
    return {"event_type": event_type.uri, "start_time": start, "invitee": invitee} | more


TRACKING = {
    "utm_source": "site",
    "utm_medium": None,
    "utm_campaign": None,
    "utm_content": None,
    "utm_term": None,
    "salesforce_uuid": "order-4711",
}


def refusal(title: str, message: str, *details: Body) -> Body:
    return {"title": title, "message": message} | ({"details": list(details)} if details else {})


def invalid(*details: Body) -> Body:
    return refusal("Invalid Argument", "The supplied parameters are invalid.", *details)


FILLED = {
    "parameter": "event.start_time",
    "message": "That start time has been filled",
    "code": "already_filled",
}
