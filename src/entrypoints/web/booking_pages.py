"""A booking's page: how it stands, and what its client can do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import (
    Blueprint,
    Response,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from booking_core import Actor, Booking, BookingError, BookingId, BookingState, NotFound
from entrypoints import problems
from entrypoints.web.booking_view import BookingView
from entrypoints.web.cookies import Cookies
from entrypoints.web.words import N_

if TYPE_CHECKING:
    from entrypoints.container import Application

_WRONG_TOKEN = {
    "title": N_("This does not open the booking"),
    "message": N_("Use the link of the newest mail about it, or paste the whole link here."),
}


def add(pages: Blueprint, application: Application, cookies: Cookies) -> None:
    core, view = application.core, BookingView(application)

    @pages.get("/bookings/<booking_id>")
    def manage(booking_id: str) -> Any:
        holder = cookies.holder(booking_id)
        try:
            found = core.look_at_payment(booking_id=BookingId(booking_id), actor=holder)
        except NotFound:
            core.look_soon(booking_id=BookingId(booking_id))
            return opening_page(booking_id)
        booking = core.look_at_link(booking=found)
        answer = make_response(view.show(booking))
        cookies.keep_on(answer, booking, holder)
        return answer

    @pages.get("/bookings/<booking_id>/calendar.ics")
    def calendar_file(booking_id: str) -> Any:
        holder = cookies.holder(booking_id)
        if not cookies.opens(holder, booking_id):
            return opening_page(booking_id)
        file = core.write_calendar_file(booking_id=BookingId(booking_id), actor=holder)
        return Response(
            file.content,
            content_type=file.content_type,
            headers={"Content-Disposition": f"attachment; filename={file.name}"},
        )

    def back_to_the_booking(booking_id: str) -> Any:
        """The address that one of its forms was sent to, opened like a page."""
        if not cookies.opens(cookies.holder(booking_id), booking_id):
            return opening_page(booking_id)
        return redirect(url_for("pages.manage", booking_id=booking_id), 303)

    for form in ("cancel", "choose", "open", "pay"):
        pages.add_url_rule(f"/bookings/<booking_id>/{form}", view_func=back_to_the_booking)

    @pages.post("/bookings/<booking_id>/open")
    def open_with_token(booking_id: str) -> Any:
        token = request.form.get("token", "").strip().rpartition("token=")[2]
        if not cookies.opens(Actor.anonymous(token), booking_id):
            return opening_page(booking_id, _WRONG_TOKEN)
        to = request.args.get("to")
        answer: Any = redirect(url_for("pages.manage", booking_id=booking_id, to=to), 303)
        cookies.keep_token(answer, token, shown(booking_id, Actor.anonymous(token)))
        return answer

    @pages.post("/bookings/<booking_id>/pay")
    def pay(booking_id: str) -> Any:
        holder = cookies.holder(booking_id)
        try:
            core.pay_booking(booking_id=BookingId(booking_id), actor=holder)
        except NotFound:
            return opening_page(booking_id)
        except BookingError as error:
            return refused(shown(booking_id, holder), error)
        return redirect(url_for("pages.manage", booking_id=booking_id, to="checkout"), 303)

    @pages.post("/bookings/<booking_id>/choose")
    def choose(booking_id: str) -> Any:
        """On to the provider's page; only on a click, because a link there may be made for one use."""
        try:
            booking = shown(booking_id, cookies.holder(booking_id))
        except NotFound:
            return opening_page(booking_id)
        try:
            return view.show(booking, link=core.offer_link.of(booking))
        except BookingError as error:
            return refused(booking, error)

    @pages.post("/bookings/<booking_id>/cancel")
    def cancel(booking_id: str) -> Any:
        holder = cookies.holder(booking_id)
        reason = request.form.get("reason", "")[:1_000]
        try:
            booking = shown(booking_id, holder)
            if booking.state is not BookingState.CANCELLED:  # or it was a double click
                core.cancel_booking(
                    booking_id=booking.id,
                    actor=holder,
                    reason=reason,
                    costs_were=request.form.get("costs"),
                )
        except NotFound:
            return opening_page(booking_id)
        except BookingError as error:
            return refused(shown(booking_id, holder), error)
        return redirect(url_for("pages.manage", booking_id=booking_id), 303)

    def shown(booking_id: str, holder: Actor) -> Booking:
        return core.show_booking(booking_id=BookingId(booking_id), actor=holder)

    def refused(booking: Booking, error: BookingError) -> tuple[str, int]:
        return view.show(booking, error), problems.of(error).status


def opening_page(booking_id: str, error: dict[str, str] | None = None) -> tuple[str, int]:
    """What a browser is shown that has nothing to open the booking with."""
    return render_template("open.html", booking_id=booking_id, error=error), 404
