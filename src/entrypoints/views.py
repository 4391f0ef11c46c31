"""Domain values as JSON, in the names of the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from booking_core import (
    Account,
    Actor,
    Booking,
    Builder,
    BuilderCard,
    CalendarAccount,
    CancellationPolicy,
    Category,
    ClientExport,
    Contact,
    Credential,
    DayRange,
    DeadJob,
    Difference,
    Erasure,
    Failure,
    FieldError,
    FoundSlots,
    Job,
    LeftAtProviders,
    ListedEventType,
    Location,
    LocationKind,
    Money,
    Offer,
    Question,
    RepairReport,
    Replay,
    Role,
    Schedule,
    SchedulingLink,
    SchedulingMode,
    SessionType,
    Subscription,
    SyncReport,
    Timeline,
    TimeWindow,
    TrailEntry,
    TrailPage,
)
from entrypoints.times import rfc3339

Json = dict[str, Any]
_MINUTE = timedelta(minutes=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def plain(value: Any) -> Any:
    """The extensions of an error: plain values and domain values."""
    match value:
        case TimeWindow():
            return window(value)
        case FieldError():
            return {"pointer": value.pointer, "detail": value.detail}
        case Mapping():
            return {key: plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
    return value


def window(value: TimeWindow) -> Json:
    return {"startTime": rfc3339(value.start), "endTime": rfc3339(value.end)}


def builder(value: Builder, viewer: Actor) -> Json:
    """As the viewer may see it; the e-mail address and the like only itself and an operator."""
    seen: Json = {
        "id": value.id,
        "slug": value.slug,
        "name": value.name,
        "headline": value.headline,
        "photoUrl": value.photo_url,
        "timezone": value.timezone,
        "language": value.language.value,
    }
    if viewer.is_operator or (viewer.role is Role.BUILDER and viewer.id == value.id):
        seen |= {
            "email": value.email,
            "reminders": [offset // _MINUTE for offset in value.reminders],
            "clientAccounts": value.client_accounts,
            "schedulingMode": value.scheduling_mode.value,
            "embedSites": list(value.embed_sites),
            "active": value.active,
        }
    return seen


def calendar_account(value: CalendarAccount) -> Json:
    return {"account": value.uri, "name": value.name}


def card(value: BuilderCard, viewer: Actor) -> Json:
    opening = value.opening
    action = "book" if value.session_types else "sign_in" if value.after_sign_in else None
    return builder(value.builder, viewer) | {
        "nextSlot": opening
        and {
            "startTime": _moment(opening.next_start),
            "sessionTypeId": opening.session_type_id,
            "seenAt": rfc3339(opening.seen_at),
        },
        "badges": [each.value for each in Category if each in value.categories],
        "afterSignIn": sum(value.after_sign_in.values()),
        "callToAction": action,
    }


def session_type(value: SessionType, viewer: Actor, mode: SchedulingMode) -> Json:
    """As the viewer may see it; an operator and its builder see all of it."""
    owner = viewer.is_operator or (viewer.role is Role.BUILDER and viewer.id == value.builder_id)
    seen: Json = {
        "id": value.id,
        "builderId": value.builder_id,
        "slug": value.slug,
        "title": value.title,
        "description": value.description,
        "category": value.category.value,
        "durationMinutes": value.duration // _MINUTE,
        "price": money(value.price),
        "requiresAuth": value.requires_auth,
        "pathways": list(value.pathways),
        "questions": [question(each) for each in value.questions],
        "location": location(value.location, to_come=owner),
        "capacity": value.capacity,
        "schedulingMode": mode.value,
        "cancellationPolicy": policy(value.cancellation_policy),
    }
    if owner:
        seen |= {
            "buffers": {
                "before": value.buffer_before // _MINUTE,
                "after": value.buffer_after // _MINUTE,
            },
            "minimumNotice": value.minimum_notice // _MINUTE,
            "horizon": value.horizon // _MINUTE,
            "slotStep": value.slot_step // _MINUTE if value.slot_step else None,
            "dailyLimit": value.daily_limit,
            "displayOrder": value.display_order,
            "calendlyEventTypeId": value.calendar_ref.event_type_id if value.calendar_ref else None,
            "calendlyEventTypeUri": value.calendar_ref.event_type_uri
            if value.calendar_ref
            else None,
            "active": value.active,
        }
    return seen


def policy(value: CancellationPolicy) -> Json:
    return {
        "changeNotice": value.change_notice // _MINUTE,
        "refunds": [
            {"notice": step.notice // _MINUTE, "percent": step.percent} for step in value.refunds
        ],
    }


def money(value: Money | None) -> Json | None:
    return None if value is None else {"amount": value.amount, "currency": value.currency}


def location(value: Location, *, to_come: bool) -> Json:
    """Links and numbers are for those who come; where a session takes place is no secret."""
    seen: Json = {"kind": value.kind.value}
    if value.text and (to_come or value.kind is LocationKind.ADDRESS):
        seen["text"] = value.text
        if value.kind is LocationKind.VIDEO:
            seen["joinUrl"] = value.text
    return seen


def question(value: Question) -> Json:
    return {
        "id": value.id,
        "prompt": value.prompt,
        "kind": value.kind.value,
        "required": value.required,
        "choices": list(value.choices),
    }


def slots(found: FoundSlots, timezone: str, *, offer: Offer, public_url: str) -> Json:
    """Open slots, each with the address of the page that books it."""
    page = f"{public_url}/b/{offer.builder.slug}/{offer.session_type.slug}"
    # Thousands of slots a year: strings come ready from the search, no model is made of them.
    return {
        "timezone": timezone,
        "slots": [
            {
                "startTime": start,
                "endTime": end,
                "schedulingUrl": f"{page}?start={start}",
                "inviteesRemaining": seats,
            }
            for start, end, seats in found.slots.rendered()
        ],
        "nextStart": _moment(found.next_start),
    }


def booking(value: Booking, *, public_url: str, calendly: bool) -> Json:
    event = value.event if calendly else None
    return {
        "id": value.id,
        "state": value.state.value,
        "step": value.step.value,
        "paymentStatus": value.payment.status.value,
        "price": money(value.payment.price),
        "refunded": money(value.payment.gone_back),
        "deadline": _moment(value.deadline),
        "cancellationPolicy": policy(value.terms),
        "builderId": value.builder_id,
        "sessionTypeId": value.session_type_id,
        "clientId": value.client.id,
        "contact": contact(value.client.contact),
        "startTime": _moment(value.slot.start if value.slot else None),
        "endTime": _moment(value.slot.end if value.slot else None),
        "location": location(value.location, to_come=value.state.served),
        "pathway": value.details.pathway,
        "answers": [
            {"questionId": each.question_id, "prompt": each.prompt, "value": each.value}
            for each in value.details.answers
        ],
        "notes": value.details.notes,
        "guests": list(value.details.guests),
        "calendlyEventId": event and event.event_id,
        "calendlyEventUri": event and event.event_uri,
        "calendlyInviteeUri": event and event.invitee_uri,
        "confirmationUrl": f"{public_url}/bookings/{value.id}",
        "createdAt": rfc3339(value.created_at),
    }


def outline(value: Booking) -> Json:
    """What those learn of a booking who know its event and show nothing for themselves."""
    return {
        "id": value.id,
        "state": value.state.value,
        "startTime": _moment(value.slot.start if value.slot else None),
        "endTime": _moment(value.slot.end if value.slot else None),
    }


def contact(value: Contact) -> Json:
    return {
        "name": value.name,
        "email": value.email,
        "timezone": value.timezone,
        "language": value.language and value.language.value,
    }


def _moment(when: datetime | None) -> str | None:
    return None if when is None else rfc3339(when)


def schedule(value: Schedule) -> Json:
    return {
        "timezone": value.timezone,
        "weekly": {WEEKDAYS[day]: _ranges(each) for day, each in value.weekly.items()},
        "overrides": {day.isoformat(): _ranges(each) for day, each in value.overrides.items()},
        "timeOff": [window(off.window) | {"reason": off.reason} for off in value.time_off],
    }


def _ranges(ranges: tuple[DayRange, ...]) -> list[Json]:
    return [dict(zip(("start", "end"), each.texts(), strict=True)) for each in ranges]


# ---- the calendar provider -----------------------------------------------------------------------


def tracking(link: SchedulingLink | None, booking_id: str | None) -> Json:
    """The marks that join an event to its booking, for whoever embeds the provider's page."""
    return {"bookingId": booking_id, **(link.tracking if link else {})}


def link(value: SchedulingLink, booking_id: str | None) -> Json:
    return {
        "bookingUrl": value.url,
        "expiresAt": _moment(value.expires_at),
        "tracking": tracking(value, booking_id),
    }


def event_type(value: ListedEventType) -> Json:
    found = value.event_type
    return {
        "uri": found.uri,
        "id": found.id,
        "name": found.name,
        "durationMinutes": found.duration_minutes,
        "active": found.active,
        "schedulingUrl": found.scheduling_url,
        "sessionTypeId": value.session_type_id,
    }


def sync_report(value: SyncReport, *, dry_run: bool) -> Json:
    """How many, and which: `changes` names the fields of what was updated."""
    changes = [
        *(_change("created", each, known=not dry_run) for each in value.created),
        *(_change("updated", each, names) for each, names in value.updated),
        *(_change("deactivated", each) for each in value.deactivated),
    ]
    return {
        "created": len(value.created),
        "updated": len(value.updated),
        "deactivated": len(value.deactivated),
        "unchanged": len(value.unchanged),
        "kept": [{"sessionTypeId": id, "field": _field(name)} for id, name in value.kept],
        "changes": changes,
        "failed": [failure(each) for each in value.failed],
    }


def failure(value: Failure) -> Json:
    """`about` is the name of an event type, or null for everything of that builder's."""
    return {"builderId": value.builder_id, "about": value.about or None, "detail": value.error}


def _change(
    what: str, session_type: SessionType, names: tuple[str, ...] = (), *, known: bool = True
) -> Json:
    return {
        "change": what,
        "sessionTypeId": session_type.id if known else None,
        "title": session_type.title,
        "fields": [_field(name) for name in names],
    }


def _field(name: str) -> str:
    return "durationMinutes" if name == "duration" else name


def repair_report(value: RepairReport) -> Json:
    return {
        "bookings": value.bookings,
        "events": value.events,
        "differences": [difference(each) for each in value.differences],
        "failed": [failure(each) for each in value.failed],
    }


def difference(value: Difference) -> Json:
    return {
        "kind": value.kind.value,
        "bookingId": value.booking_id,
        "eventUri": value.event_uri,
        "startTime": rfc3339(value.start) if value.start else None,
        "change": value.change.value if value.change else None,
        "movedTo": rfc3339(value.moved_to) if value.moved_to else None,
        "mended": value.mended,
        "error": value.error,
    }


def subscription(value: Subscription, builder_id: str | None = None) -> Json:
    """`builder_id` is whose own account it is about; the service's without one."""
    return {
        "uri": value.uri,
        "url": value.url,
        "active": value.active,
        "createdAt": rfc3339(value.created_at),
        "builderId": builder_id,
    }


# ---- the trail -----------------------------------------------------------------------------------


def trail(value: TrailPage) -> Json:
    return {"entries": [entry(each) for each in value.entries], "next": _cursor(value.next)}


def timeline(value: Timeline) -> Json:
    return {
        "entries": [entry(each) for each in value.entries],
        "next": _cursor(value.next),
        "givenUp": [_given_up(each) for each in value.given_up],
    }


def entry(value: TrailEntry) -> Json:
    detail = dict(value.detail)
    if "fields" in detail:
        detail["fields"] = [_named(name) for name in detail["fields"]]
    return {
        "at": rfc3339(value.at),
        "subject": str(value.subject),
        "kind": value.kind.value,
        "name": value.name,
        "by": value.by,
        "outcome": value.outcome.value,
        "detail": detail,
    }


def _given_up(value: DeadJob) -> Json:
    """Why is for operators, in `jobs`."""
    job = value.job
    return {"topic": job.topic.value, "subject": job.subject, "attempts": value.attempts}


def _cursor(number: int | None) -> str | None:
    return None if number is None else str(number)


def _named(attribute: str) -> str:
    """The attribute by its name in the API."""
    first, *more = _field(attribute).split("_")
    return f"{first}{''.join(word.capitalize() for word in more)}"


def replay(value: Replay) -> Json:
    settles = [each.value for each in value.settles]
    return {"success": True, "restarted": value.restarted, "settles": settles}


# ---- people --------------------------------------------------------------------------------------


def me(value: Actor) -> Json:
    return {
        "role": value.role.value,
        "id": value.id,
        "contact": value.contact and contact(value.contact),
        "scopes": None if value.scopes is None else sorted(value.scopes),
    }


def account(value: Account) -> Json:
    """Of its sign-ins only who vouches for them."""
    return {
        "id": value.id,
        "contact": value.contact and contact(value.contact),
        "emailProved": value.email_proved,
        "issuers": sorted({each.issuer for each in value.sign_ins}),
        "roles": [
            *(["admin"] if value.is_admin else []),
            *(["builder"] if value.builder_id else []),
        ],
        "builderId": value.builder_id,
        "createdAt": rfc3339(value.created_at),
    }


def api_key(value: Credential) -> Json:
    """Never what it was made of."""
    grant = value.grant
    return {
        "id": value.id,
        "name": grant and grant.name,
        "role": grant and grant.role.value,
        "ownerId": grant and grant.id,
        "scopes": sorted(grant.scopes) if grant else [],
        "createdAt": rfc3339(value.created_at),
        "expiresAt": _moment(value.expires_at),
        "revokedAt": _moment(value.spent_at),
    }


# ---- one person ----------------------------------------------------------------------------------


def client_export(value: ClientExport, *, public_url: str) -> Json:
    """All that is held about one person, as `docs/privacy.md` tells it."""
    return {
        "account": value.account and _held_account(value.account),
        "credentials": [_held_credential(each) for each in value.credentials],
        "bookings": [_held_booking(each, public_url) for each in value.bookings],
        "mails": [_held_mail(each) for each in value.mails],
        "trail": [entry(each) for each in value.trail],
    }


def _held_account(value: Account) -> Json:
    contact = value.contact
    return {
        "id": value.id,
        "name": contact and contact.name,
        "email": contact and contact.email,
        "emailProved": value.email_proved,
        "timezone": contact and contact.timezone,
        "language": contact and contact.language and contact.language.value,
        "signIns": [
            {"issuer": each.issuer, "subject": each.subject}
            for each in sorted(value.sign_ins, key=lambda each: (each.issuer, each.subject))
        ],
        "builderId": value.builder_id,
        "isAdmin": value.is_admin,
        "createdAt": rfc3339(value.created_at),
    }


def _held_credential(value: Credential) -> Json:
    return {
        "id": value.id,
        "kind": value.kind.value,
        "email": value.email,
        "name": value.grant and value.grant.name,
        "createdAt": rfc3339(value.created_at),
        "expiresAt": _moment(value.expires_at),
        "spentAt": _moment(value.spent_at),
    }


def _held_booking(value: Booking, public_url: str) -> Json:
    payment = value.payment
    return {
        **booking(value, public_url=public_url, calendly=True),
        "location": location(value.location, to_come=True),
        "cancelReason": value.cancel_reason,
        "flow": value.flow.value,
        "payment": {
            "taken": payment.taken,
            "returned": payment.returned,
            "checkouts": [
                {
                    "id": each.checkout_id,
                    "url": each.checkout_url,
                    "title": each.title,
                    "email": each.email,
                    "language": each.language,
                    "price": money(each.price),
                    "expiresAt": rfc3339(each.expires_at),
                }
                for each in payment.attempts
            ],
        },
    }


def _held_mail(value: Job) -> Json:
    kind, reader, *_ = value.subject.split("|")
    return {"bookingId": value.booking_id, "mail": kind, "reader": reader}


def erasure(value: Erasure) -> Json:
    return {
        "success": True,
        "account": value.account,
        "bookings": value.bookings,
        "credentials": value.credentials,
        "mails": value.mails,
        "leftAtProviders": [_left(each) for each in value.left],
        "otherAccounts": list(value.others),
    }


def _left(value: LeftAtProviders) -> Json:
    return {
        "bookingId": value.booking_id,
        "calendar": list(value.calendar),
        "checkouts": list(value.checkouts),
    }
