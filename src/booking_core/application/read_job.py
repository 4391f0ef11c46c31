from __future__ import annotations

from datetime import datetime

from booking_core.domain.ids import BookingId
from booking_core.ports.outbox import Job, Topic


def read_job(event_uri: str, invitee_uri: str | None, now: datetime) -> Job:
    """To read that event back; its jobs are done one after the other, as those of a booking are."""
    place = invitee_uri or event_uri
    return Job(
        topic=Topic.READ_EVENT,
        booking_id=BookingId(place),
        key=f"event:{place}",
        subject=" ".join(filter(None, (event_uri, invitee_uri))),
        due_at=now,
    )
