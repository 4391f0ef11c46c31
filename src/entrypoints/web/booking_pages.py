"""A booking's page: how it stands, and what its client can do about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import ceil
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

from booking_core import (
    Actor,
    Booking,
    BookingError,
    BookingId,
    Money,
    MoneyFate,
    NotFound,
    Offer,
    Payment,
    PaymentStatus,
    Reckoning,
    SchedulingLink,
    reckoned,
    reckoned_if_cancelled,
)
from entrypoints import problems
from entrypoints.web import errors, headers, words
from entrypoints.web.calendar_links import calendar_links
from entrypoints.web.cookies import Cookies
from entrypoints.web.standing import Standing, once_more, standing
from entrypoints.web.words import N_, _

if TYPE_CHECKING:
    from entrypoints.container import Application

_CLOCK_RUNS = timedelta(hours=2)
_WRONG_TOKEN = {
    "title": N_("This does not open the booking"),
    "message": N_("Use the link of the newest mail about it, or paste the whole link here."),
}


def add(pages: Blueprint, application: Application, cookies: Cookies) -> None:
    core = application.core

    @pages.get("/bookings/<booking_id>")
    def manage(booking_id: str) -> Any:
        holder = cookies.holder(booking_id)
        try:
            found = core.look_at_payment(booking_id=BookingId(booking_id), actor=holder)
        except NotFound:
            core.look_soon(booking_id=BookingId(booking_id))
            return opening_page(booking_id)
        booking = core.look_at_link(booking=found)
        answer = make_response(manage_page(booking))
        cookies.keep_on(answer, booking, holder)
        return answer

    def manage_page(
        booking: Booking, error: BookingError | None = None, link: SchedulingLink | None = None
    ) -> str:
        error = errors.for_visitors(error) if error else None
        offer = core.show_session_type(session_type=booking.session_type_id, actor=Actor.system())
        told = application.client_words(words.language())
        checkout, now = booking.payment.checkout_url, datetime.now(UTC)
        stands = standing(booking, now)
        if stands.changes_soon:
            headers.let_scripts_read()
        return render_template(
            "booking.html",
            booking=booking,
            stands=stands,
            offer=offer,
            error=error,
            checkout=checkout,
            returned=booking.payment.gone_back,
            owed=_owed_by_hand(booking.payment),
            became_of_it=_became_of_it(booking),
            if_cancelled=_if_cancelled(booking, now),
            changeable=booking.client_may_change(now),
            changeable_until=told.until(booking.terms.change_notice),
            terms=told.terms(booking.terms, paid_online=bool(booking.payment.attempts)),
            # A form may not lead to another site, so this page leads on to the checkout.
            forward=link.url
            if link
            else checkout
            if request.args.get("to") == "checkout" and not error
            else None,
            at_provider=not application.calendar.in_database,
            turned_back="turned-back" in request.args,
            cancelling="cancel" in request.args,
            seconds_left=_seconds_left(booking, stands, now),
            once_more=once_more(booking, now),
            calendars=in_calendars(booking, offer) if stands is Standing.BOOKED else {},
        )

    def in_calendars(booking: Booking, offer: Offer) -> dict[str, str]:
        if booking.slot is None:
            return {}
        session, name = offer.session_type.title, offer.builder.name
        return calendar_links(
            booking.slot,
            title=_("%(session)s with %(name)s", session=session, name=name),
            place=booking.location.text or "",
            text=f"{application.settings.public_url}/bookings/{booking.id}",
        )

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
        answer: Any = redirect(url_for("pages.manage", booking_id=booking_id), 303)
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
            return manage_page(booking, link=core.offer_link.of(booking))
        except BookingError as error:
            return refused(booking, error)

    @pages.post("/bookings/<booking_id>/cancel")
    def cancel(booking_id: str) -> Any:
        holder = cookies.holder(booking_id)
        reason = request.form.get("reason", "")[:1_000]
        try:
            core.cancel_booking(booking_id=BookingId(booking_id), actor=holder, reason=reason)
        except NotFound:
            return opening_page(booking_id)
        except BookingError as error:
            return refused(shown(booking_id, holder), error)
        return redirect(url_for("pages.manage", booking_id=booking_id), 303)

    def shown(booking_id: str, holder: Actor) -> Booking:
        return core.show_booking(booking_id=BookingId(booking_id), actor=holder)

    def refused(booking: Booking, error: BookingError) -> tuple[str, int]:
        return manage_page(booking, error), problems.of(error).status


def opening_page(booking_id: str, error: dict[str, str] | None = None) -> tuple[str, int]:
    """What a browser is shown that has nothing to open the booking with."""
    return render_template("open.html", booking_id=booking_id, error=error), 404


def _seconds_left(booking: Booking, stands: Standing, now: datetime) -> int | None:
    """Until its deadline, where it is so near that a clock for it is of use."""
    if booking.deadline is None or not stands.counts_down or booking.deadline - now > _CLOCK_RUNS:
        return None
    return ceil((booking.deadline - now).total_seconds())


def _owed_by_hand(payment: Payment) -> Money | None:
    """What does not go back by itself: it was paid at the meeting, or the bank sent a refund back."""
    moves = payment.attempts and not payment.sent_back
    if payment.price is None or payment.status is not PaymentStatus.REFUND_DUE or moves:
        return None
    return Money(payment.owed, payment.price.currency) if payment.owed else None


def _became_of_it(booking: Booking) -> Reckoning | None:
    """Of the money, once the booking has ended; that nothing was taken stands at the price."""
    payment = booking.payment
    if not booking.state.dead:
        return None
    found = reckoned(payment, before=payment.returned)
    return None if found is None or found.fate is MoneyFate.NOTHING_TAKEN else found


def _if_cancelled(booking: Booking, now: datetime) -> Reckoning | None:
    if not booking.state.live:
        return None
    return reckoned_if_cancelled(booking, now=now)
