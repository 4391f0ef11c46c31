"""Choosing a time: for a new booking, for one that waits for its time, or another time for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Blueprint, redirect, render_template, request, url_for

from booking_core import (
    Actor,
    Booking,
    BookingCore,
    BookingError,
    BookingId,
    BookingState,
    InvalidRequest,
    KeyReused,
    NotFound,
    Offer,
    Refused,
    Slot,
    SlotUnavailable,
)
from entrypoints import problems, times
from entrypoints.web import asked, details, own_time, provider_frame
from entrypoints.web.booking_pages import opening_page
from entrypoints.web.cookies import Cookies
from entrypoints.web.session_view import Place, SessionView
from entrypoints.web.words import N_

if TYPE_CHECKING:
    from entrypoints.container import Application

_WAITING, _MOVABLE = BookingState.AWAITING_SCHEDULING, BookingState.CONFIRMED
SENT_BEFORE = Refused(
    N_(
        "You have booked with this form already. What you sent now changed nothing: cancel or move "
        "that booking, or choose a time below to book another one."
    )
)


def add(pages: Blueprint, application: Application, cookies: Cookies) -> None:
    core, view = application.core, SessionView(application, cookies)

    @pages.get("/b/<builder>/<session_type>")
    def session_page(builder: str, session_type: str) -> Any:
        return shown(offered(builder, session_type), Place(request.path))

    def shown(offer: Offer, place: Place) -> Any:
        if provider_frame.applies(application, offer):
            return provider_frame.show(application, offer, place, cookies.shopper)
        return view.show(offer, place)

    def offered(builder: str, session_type: str) -> Offer:
        return core.show_session_type(
            session_type=session_type, builder=builder, actor=cookies.shopper
        )

    @pages.post("/b/<builder>/<session_type>")
    def book(builder: str, session_type: str) -> Any:
        offer, place = offered(builder, session_type), Place(request.path)
        if asked.looks():
            return shown(offer, place)
        if provider_frame.applies(application, offer):
            return join(offer, place)
        try:
            booking = booked(core, offer, cookies.viewer)
        except KeyReused:
            return view.show(offer, place, SENT_BEFORE)
        except BookingError as error:
            return view.show(offer, place, error)
        to = "checkout" if booking.payment.checkout_url else None
        return kept(booking, redirect(url_for("pages.manage", booking_id=booking.id, to=to), 303))

    def join(offer: Offer, place: Place) -> Any:
        """The booking of what was scheduled at the provider's page."""
        try:
            created = provider_frame.join(core, offer, cookies.viewer)
        except BookingError as error:
            return provider_frame.show(application, offer, place, cookies.shopper, error)
        booking = created.booking
        answer: Any = redirect(url_for("pages.manage", booking_id=booking.id), 303)
        return kept(booking, answer) if created.hand_token_over else answer

    def kept(booking: Booking, answer: Any) -> Any:
        """Whoever booked without an account gets what opens the booking later, if that does so still."""
        token = core.manage_key.token(booking.id, booking.token_version)
        if not booking.client.known and cookies.opens(Actor.anonymous(token), booking.id):
            cookies.keep_token(answer, token, booking)
            own_time.remember(booking)
        return answer

    @pages.route("/bookings/<booking_id>/schedule", methods=["GET", "POST"])
    def schedule(booking_id: str) -> Any:
        return choosing(booking_id, moving=False)

    @pages.route("/bookings/<booking_id>/move", methods=["GET", "POST"])
    def move(booking_id: str) -> Any:
        return choosing(booking_id, moving=True)

    def choosing(booking_id: str, *, moving: bool) -> Any:
        """Where the holder of a booking chooses its time, or another one."""
        holder = cookies.holder(booking_id)
        try:
            booking = core.show_booking(booking_id=BookingId(booking_id), actor=holder)
        except NotFound:
            return opening_page(booking_id)
        asks = request.method != "POST" or asked.looks()
        too_late = asks and not booking.client_may_change(core.clock.now())
        if booking.state is not (_MOVABLE if moving else _WAITING) or too_late:
            return redirect(url_for("pages.manage", booking_id=booking_id), 303)
        if moving:
            try:
                core.move_at_provider.check(booking, holder)
            except SlotUnavailable as refused:
                return elsewhere(booking, refused)
        offer = core.show_session_type(session_type=booking.session_type_id, actor=Actor.system())
        place = Place(request.path, booking, moving)
        if asks:
            return view.show(offer, place)
        take = _move if moving else _schedule
        try:
            take(core, offer, holder, booking.id)
        except BookingError as error:
            return view.show(offer, place, error)
        moved = times.rfc3339(_chosen(offer).start) if moving else None
        return redirect(url_for("pages.manage", booking_id=booking_id, moved=moved), 303)

    def elsewhere(booking: Booking, refused: SlotUnavailable) -> tuple[str, int]:
        """A link to the provider's page: answers of ours lead to our own routes only."""
        if refused.reschedule_url is None:
            raise refused
        page = render_template("move.html", booking=booking, url=refused.reschedule_url)
        return page, problems.of(refused).status if request.method == "POST" else 200


def booked(core: BookingCore, offer: Offer, actor: Actor) -> Booking:
    """What the form asks for. Raises as the core does, with all wrong fields at once."""
    who = details.known(core, actor)
    try:
        return core.confirm_booking(
            session_type_id=offer.session_type.id,
            slot=_chosen(offer),
            actor=actor,
            contact=details.contact(who),
            guests=details.guests(),
            notes=request.form.get("notes", ""),
            answers=details.answers(offer),
            key=details.key(),
            remote_address=request.remote_addr,
        )
    except InvalidRequest as error:
        raise details.looked_over(error, offer, who) from error


def _schedule(core: BookingCore, offer: Offer, actor: Actor, booking_id: BookingId) -> Booking:
    """A booking that waits for its time knows its client already."""
    try:
        return core.confirm_booking(
            session_type_id=offer.session_type.id,
            slot=_chosen(offer),
            actor=actor,
            guests=details.guests(),
            notes=request.form.get("notes", ""),
            answers=details.answers(offer),
            booking_id=booking_id,
            key=details.key(),
            remote_address=request.remote_addr,
        )
    except InvalidRequest as error:
        raise details.looked_over(error, offer, None) from error


def _move(core: BookingCore, offer: Offer, actor: Actor, booking_id: BookingId) -> Booking:
    return core.reschedule_booking(
        booking_id=booking_id, slot=_chosen(offer), actor=actor, key=details.key()
    )


def _chosen(offer: Offer) -> Slot:
    """The slot that the form asks for. Raises InvalidRequest, NotFound."""
    slot = asked.chosen(offer)
    if slot is None:
        raise NotFound("slot")
    return slot
