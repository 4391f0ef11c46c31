"""Records as they are on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.simulators.calendly.records import (
    Cancellation,
    Event,
    EventType,
    Invitee,
    NoShow,
    Place,
    Question,
    Subscription,
    User,
)

JSON = dict[str, Any]

_READ_AS = {"zoom_conference": "zoom", "gotomeeting_conference": "gotomeeting"}
CONFERENCES = (
    "zoom_conference",
    "google_conference",
    "gotomeeting_conference",
    "microsoft_teams_conference",
    "webex_conference",
)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def text_of(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _text_or_none(time: datetime | None) -> str | None:
    return text_of(time) if time else None


def _stamps(created: datetime, updated: datetime) -> JSON:
    return {"created_at": text_of(created), "updated_at": text_of(updated)}


def user_shape(user: User, pages: str) -> JSON:
    return {
        "uri": user.uri,
        "name": user.name,
        "slug": user.slug,
        "email": user.email,
        "scheduling_url": f"{pages}/{user.slug}",
        "timezone": user.timezone,
        "avatar_url": None,
        "locale": user.locale,
        "current_organization": user.organization.uri,
        **_stamps(user.created_at, user.created_at),
    }


def membership_shape(user: User, uri: str, pages: str) -> JSON:
    person = user_shape(user, pages)
    del person["current_organization"]
    return {
        "uri": uri,
        "role": user.role,
        "user": person,
        "organization": user.organization.uri,
        **_stamps(user.created_at, user.created_at),
    }


def schedule_shape(user: User, uri: str) -> JSON:
    rules = [
        {
            "type": "wday",
            "wday": name,
            "intervals": [{"from": a, "to": b} for a, b in user.hours.get(day, ())],
        }
        for day, name in enumerate(DAYS)
    ]
    return {
        "uri": uri,
        "default": True,
        "name": "Working hours",
        "user": user.uri,
        "timezone": user.timezone,
        "rules": rules,
    }


def event_type_shape(event_type: EventType, pages: str) -> JSON:
    pooled = event_type.pooling is not None
    return {
        "uri": event_type.uri,
        "name": event_type.name,
        "slug": event_type.slug,
        "active": event_type.active,
        "secret": event_type.secret,
        "admin_managed": False,
        "is_paid": event_type.price is not None,
        "duration": event_type.duration,
        "duration_options": None,
        "kind": event_type.kind,
        "pooling_type": event_type.pooling,
        "type": event_type.type,
        "booking_method": event_type.booking_method,
        "color": "#0069ff",
        "locale": event_type.owner.locale,
        "position": event_type.position,
        "internal_note": None,
        "description_plain": event_type.description,
        "description_html": event_type.description and f"<p>{event_type.description}</p>",
        "scheduling_url": f"{pages}/{event_type.owner.slug}/{event_type.slug}",
        "locations": [_offered(each) for each in event_type.places] or None,
        "custom_questions": [_question(n, each) for n, each in enumerate(event_type.questions)],
        "profile": {
            "type": "Team" if pooled else "User",
            "name": event_type.owner.name,
            "owner": event_type.owner.uri,
        },
        "deleted_at": _text_or_none(event_type.deleted_at),
        **_stamps(event_type.created_at, event_type.updated_at),
    }


def _offered(place: Place) -> JSON:
    optional = {
        "location": place.location,
        "additional_info": place.additional_info,
        "phone_number": place.phone_number,
    }
    return {"kind": place.kind} | {name: value for name, value in optional.items() if value}


def _question(position: int, question: Question) -> JSON:
    return {
        "name": question.name,
        "type": question.kind,
        "position": position,
        "enabled": question.enabled,
        "required": question.required,
        "answer_choices": list(question.answer_choices),
        "include_other": question.include_other,
    }


def event_shape(event: Event) -> JSON:
    shape: JSON = {
        "uri": event.uri,
        "name": event.type.name,
        "meeting_notes_plain": None,
        "meeting_notes_html": None,
        "status": event.status,
        "start_time": text_of(event.start),
        "end_time": text_of(event.end),
        "event_type": event.type.uri,
        "location": _location(event),
        "invitees_counter": {
            "total": len(event.invitees),
            "active": len(event.active_invitees),
            "limit": event.type.limit,
        },
        "event_memberships": [_event_host(event, each) for each in event.hosts],
        "event_guests": [
            {"email": each, **_stamps(event.created_at, event.created_at)} for each in event.guests
        ],
        "calendar_event": None,
        **_stamps(event.created_at, event.updated_at),
    }
    if event.cancellation:
        shape["cancellation"] = cancellation_shape(event.cancellation)
    return shape


def _event_host(event: Event, host: User) -> JSON:
    return {
        "user": host.uri,
        "user_email": host.email,
        "user_name": host.name,
        "buffered_start_time": text_of(event.blocked[0]),
        "buffered_end_time": text_of(event.blocked[1]),
    }


def _location(event: Event) -> JSON | None:
    """Written with `kind`, read with `type`."""
    place = event.place
    if place is None:
        return None
    kind = _READ_AS.get(place.kind, place.kind)
    if place.kind in CONFERENCES:
        status = "pushed" if event.join_url else "initiated"
        return {"type": kind, "status": status, "join_url": event.join_url, "data": None}
    info = {"additional_info": place.additional_info} if place.additional_info else {}
    return {"type": kind, "location": place.location or place.phone_number} | info


def cancellation_shape(cancellation: Cancellation) -> JSON:
    return {
        "canceled_by": cancellation.canceled_by,
        "reason": cancellation.reason,
        "canceler_type": cancellation.canceler_type,
        "created_at": text_of(cancellation.created_at),
    }


def invitee_shape(invitee: Invitee, pages: str) -> JSON:
    old, new = invitee.old_invitee, invitee.new_invitee
    shape: JSON = {
        "uri": invitee.uri,
        "event": invitee.event.uri,
        "email": invitee.email,
        "name": invitee.name,
        "first_name": invitee.first_name,
        "last_name": invitee.last_name,
        "status": invitee.status,
        "timezone": invitee.timezone,
        "questions_and_answers": invitee.answers,
        "tracking": invitee.tracking,
        "text_reminder_number": invitee.text_reminder_number,
        "rescheduled": invitee.rescheduled,
        "old_invitee": old.uri if old else None,
        "new_invitee": new.uri if new else None,
        "cancel_url": f"{pages}/cancellations/{invitee.id}",
        "reschedule_url": f"{pages}/reschedulings/{invitee.id}",
        "routing_form_submission": None,
        "payment": _payment(invitee),
        "no_show": _no_show(invitee.no_show),
        "reconfirmation": None,
        "scheduling_method": invitee.scheduling_method,
        "invitee_scheduled_by": invitee.scheduled_by.uri if invitee.scheduled_by else None,
        **_stamps(invitee.created_at, invitee.updated_at),
    }
    if invitee.cancellation:
        shape["cancellation"] = cancellation_shape(invitee.cancellation)
    return shape


def _payment(invitee: Invitee) -> JSON | None:
    if not invitee.paid:
        return None
    return {
        "external_id": f"ch_{invitee.id[:8]}",
        "provider": "stripe",
        "amount": invitee.event.type.price,
        "currency": invitee.event.type.currency,
        "terms": None,
        "successful": True,
    }


def _no_show(no_show: NoShow | None) -> JSON | None:
    if no_show is None:
        return None
    return {"uri": no_show.uri, "created_at": text_of(no_show.created_at)}


def no_show_shape(no_show: NoShow) -> JSON:
    return {
        "uri": no_show.uri,
        "invitee": no_show.invitee.uri,
        "created_at": text_of(no_show.created_at),
    }


def subscription_shape(subscription: Subscription) -> JSON:
    return {
        "uri": subscription.uri,
        "callback_url": subscription.url,
        "retry_started_at": _text_or_none(subscription.retry_started_at),
        "state": subscription.state,
        "events": subscription.events,
        "scope": subscription.scope,
        "organization": subscription.organization.uri,
        "user": subscription.user.uri if subscription.user else None,
        "group": None,
        "creator": subscription.creator.uri,
        **_stamps(subscription.created_at, subscription.updated_at),
    }
