"""The booking flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Response, request
from flask_openapi3 import APIBlueprint, Tag

from booking_core import (
    Actor,
    Booking,
    BookingFilter,
    BookingId,
    BookingState,
    Initialized,
    PaymentStatus,
    SessionTypeId,
)
from entrypoints import views
from entrypoints.web import answers, reading, schemas
from entrypoints.web.requests import actor, idempotency_key

if TYPE_CHECKING:
    from entrypoints.container import Application

Json = dict[str, Any]
_BASE = "/api/scheduling/bookings"
_CHOOSE = "The time is chosen at the builder's calendar provider; go on at schedulingUrl."


def routes(application: Application) -> APIBlueprint:
    api = APIBlueprint("bookings", __name__, abp_tags=[Tag(name="Bookings")])
    core = application.core

    def caller() -> Actor:
        return actor(application.identity)

    def shown(booking: Booking) -> Json:
        settings = application.settings
        return views.booking(
            booking, public_url=settings.public_url, calendly=settings.calendar == "calendly"
        )

    def token_of(booking: Booking) -> str:
        return core.manage_key.token(booking.id, booking.token_version)

    def handed_over(booking: Booking, asking: Actor) -> Json:
        """The booking with its manage token, for a client who has nothing else to show for it."""
        return shown(booking) if asking.signed_in else with_token(booking)

    def with_token(booking: Booking) -> Json:
        return shown(booking) | {"manageToken": token_of(booking)}

    def opened_still(booking: Booking, asking: Actor) -> bool:
        """Whether the token of this answer is good: a repeat's may have been revoked since the first."""
        if asking.signed_in or idempotency_key() is None:
            return True
        holder = Actor.anonymous(token_of(booking))
        return core.show_booking.opens(booking_id=booking.id, actor=holder)

    def outlined(booking: Booking) -> tuple[Json, int]:
        status = 201 if booking.state.served else 202
        return {"success": True, "booking": views.outline(booking)}, status

    def opening(begun: Initialized) -> str | None:
        """Where the client chooses its time; a page of ours is opened by the manage token."""
        url = begun.link.url if begun.link else None
        if url is None or not url.startswith(f"{application.settings.public_url}/bookings/"):
            return url
        # Behind the number sign, so that it reaches no server log.
        return f"{url}#token={token_of(begun.booking)}"

    def done(command: Callable[..., Booking], booking_id: str, **said: Any) -> Json:
        booking = command(
            booking_id=BookingId(booking_id), actor=caller(), key=idempotency_key(), **said
        )
        return {"success": True, "booking": shown(booking)}

    def placed(booking: Booking, seen: Json, status: int) -> tuple[Json, int]:
        """With what the client does next; 202 while the booking waits for that, or for a provider."""
        answer = {"success": True, "booking": seen}
        if booking.payment.status is PaymentStatus.REQUESTED:
            url = booking.payment.checkout_url
            return answer | {"paymentRequired": True, "checkoutUrl": url}, 200 if url else 202
        if booking.state is BookingState.AWAITING_SCHEDULING:
            return answer | {"schedulingUrl": link_of(booking), "message": _CHOOSE}, 202
        return answer, 202 if booking.state is BookingState.CONFIRMING else status

    def link_of(booking: Booking) -> str | None:
        link = core.offer_link.when_answered(booking)
        return link.url if link else None

    @api.post(
        f"{_BASE}/initialize",
        summary="Begin a booking before a slot is chosen",
        responses={201: answers.Initialized},
    )
    def initialize(body: schemas.InitializeBody) -> tuple[Json, int]:
        asking = caller()
        begun = core.initialize_booking(
            session_type_id=SessionTypeId(body.sessionTypeId),
            actor=asking,
            contact=reading.contact(body.clientDetails),
            guests=reading.guests(body.clientDetails),
            pathway=reading.pathway(body.pathway),
            key=idempotency_key(),
            remote_address=request.remote_addr,
        )
        if not opened_still(begun.booking, asking):
            hidden = {"schedulingUrl": None, "checkoutUrl": None}
            tracking = views.tracking(None, begun.booking.id)
            return outlined(begun.booking)[0] | hidden | {"tracking": tracking}, 201
        return {
            "success": True,
            "booking": handed_over(begun.booking, asking),
            "schedulingUrl": opening(begun),
            "checkoutUrl": begun.booking.payment.checkout_url,
            "tracking": views.tracking(begun.link, begun.booking.id),
        }, 201

    @api.post(
        f"{_BASE}/create",
        summary="Book what the client placed at the calendar provider",
        responses={200: answers.Placed, 201: answers.Created, 202: answers.Created},
    )
    def create(body: schemas.CreateBody) -> tuple[Json, int]:
        created = core.create_booking(
            event_uri=body.calendlyEventUri,
            invitee_uri=body.calendlyInviteeUri,
            actor=caller(),
            session_type_id=SessionTypeId(body.sessionTypeId) if body.sessionTypeId else None,
            booking_id=BookingId(body.bookingId) if body.bookingId else None,
            pathway=reading.pathway(body.pathway),
            key=idempotency_key(),
        )
        booking = created.booking
        if not created.shown_whole:
            return outlined(booking)
        seen = with_token(booking) if created.hand_token_over else shown(booking)
        return placed(booking, seen, 201)

    @api.post(
        f"{_BASE}/confirm",
        summary="Book a slot; a paid one answers with the checkout's address",
        responses={200: answers.Placed, 201: answers.Created, 202: answers.Created},
    )
    def confirm(body: schemas.ConfirmBody) -> tuple[Json, int]:
        asking = caller()
        booking = core.confirm_booking(
            session_type_id=SessionTypeId(body.sessionTypeId),
            slot=reading.slot(body.timeSlot),
            actor=asking,
            contact=reading.contact(body.clientDetails),
            guests=reading.guests(body.clientDetails),
            notes=body.notes or "",
            answers=reading.answers(body.answers),
            pathway=reading.pathway(body.pathway),
            booking_id=BookingId(body.bookingId) if body.bookingId else None,
            key=idempotency_key(),
            remote_address=request.remote_addr,
        )
        if not opened_still(booking, asking):
            return outlined(booking)
        return placed(booking, handed_over(booking, asking), 201)

    @api.post(
        f"{_BASE}/<id>/pay",
        summary="Pay, or go on paying after turning back",
        responses={200: answers.Placed, 202: answers.Placed},
    )
    def pay(path: schemas.IdPath) -> tuple[Json, int]:
        booking = core.pay_booking(
            booking_id=BookingId(path.id), actor=caller(), key=idempotency_key()
        )
        return placed(booking, shown(booking), 200)

    @api.get(
        f"{_BASE}/<id>",
        summary="One booking, for those who take part in it",
        responses={200: answers.Booking},
    )
    def show(path: schemas.IdPath) -> Json:
        booking = core.show_booking(booking_id=BookingId(path.id), actor=caller())
        booking = core.look_at_link(booking=booking)
        if booking.state is not BookingState.AWAITING_SCHEDULING:
            return shown(booking)
        return shown(booking) | {"schedulingUrl": link_of(booking)}

    @api.get(
        f"{_BASE}/<id>/calendar.ics",
        summary="One booking as a calendar file",
        responses={200: {"content": {"text/calendar": {"schema": {"type": "string"}}}}},
    )
    def calendar_file(path: schemas.IdPath) -> Response:
        file = core.write_calendar_file(booking_id=BookingId(path.id), actor=caller())
        return Response(
            file.content,
            content_type=file.content_type,
            headers={"Content-Disposition": f"attachment; filename={file.name}"},
        )

    @api.get(
        _BASE, summary="The caller's bookings, newest first", responses={200: answers.Bookings}
    )
    def list_bookings(query: schemas.BookingsQuery) -> Json:
        page = core.list_bookings(criteria=_criteria(query), actor=caller())
        return {"bookings": [shown(each) for each in page.bookings], "next": page.next}

    @api.post(
        f"{_BASE}/<id>/cancel",
        summary="Cancel, under the terms of the session type",
        responses={200: answers.Done},
    )
    def cancel(path: schemas.IdPath, body: schemas.CancelBody) -> Json:
        return done(core.cancel_booking, path.id, reason=body.reason or "")

    @api.post(
        f"{_BASE}/<id>/reschedule",
        summary="Move to another slot, under the terms",
        responses={200: answers.Done},
    )
    def reschedule(path: schemas.IdPath, body: schemas.RescheduleBody) -> Json:
        return done(core.reschedule_booking, path.id, slot=reading.slot(body.timeSlot))

    @api.post(
        f"{_BASE}/<id>/claim",
        summary="Make an anonymous booking the caller's own (its owner, signed in)",
        responses={200: answers.Done},
    )
    def claim(path: schemas.IdPath) -> Json:
        return done(core.claim_booking, path.id)

    @api.post(
        f"{_BASE}/<id>/revoke-links",
        summary="Make all links to it worthless; a new one goes to the client by mail",
        responses={200: answers.Done},
    )
    def revoke_links(path: schemas.IdPath) -> Json:
        return done(core.revoke_tokens, path.id)

    @api.post(
        f"{_BASE}/<id>/complete",
        summary="The session took place (builder)",
        responses={200: answers.Done},
    )
    def complete(path: schemas.IdPath) -> Json:
        return done(core.complete_booking, path.id)

    @api.post(
        f"{_BASE}/<id>/paid",
        summary="The client paid at the meeting (builder)",
        responses={200: answers.Done},
    )
    def paid(path: schemas.IdPath) -> Json:
        return done(core.record_paid_on_site, path.id)

    @api.post(
        f"{_BASE}/<id>/returned",
        summary="What was paid at the meeting was given back (builder)",
        responses={200: answers.Done},
    )
    def returned(path: schemas.IdPath) -> Json:
        return done(core.record_returned_on_site, path.id)

    @api.post(
        f"{_BASE}/<id>/refund",
        summary="Give money back, whatever the terms say (builder)",
        responses={200: answers.Done},
    )
    def refund(path: schemas.IdPath, body: schemas.RefundRequest) -> Json:
        return done(core.refund_booking, path.id, amount=body.amount)

    @api.post(
        f"{_BASE}/<id>/no-show",
        summary="The client did not come (builder)",
        responses={200: answers.Done},
    )
    def no_show(path: schemas.IdPath) -> Json:
        return done(core.mark_no_show, path.id)

    @api.post(
        f"{_BASE}/<id>/no-show/undo",
        summary="The client had come after all (builder)",
        responses={200: answers.Done},
    )
    def undo_no_show(path: schemas.IdPath) -> Json:
        return done(core.undo_no_show, path.id)

    return api


def _criteria(query: schemas.BookingsQuery) -> BookingFilter:
    states = (reading.choice(BookingState, query.state, "/state"),) if query.state else ()
    return BookingFilter(
        builder_id=query.builderId,
        session_type_id=query.sessionTypeId,
        states=states,
        starts_from=reading.edge(query.from_, query.timezone, "/from"),
        starts_before=reading.edge(query.to, query.timezone, "/to", after=True),
        after=BookingId(query.cursor) if query.cursor else None,
        limit=query.limit,
    )
