"""The page of one booking: how it stands, what to do next, what is booked, and how to change it."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from attrs import frozen
from flask import render_template, request

from booking_core import (
    Actor,
    Booking,
    BookingError,
    Money,
    MoneyFate,
    Offer,
    Payment,
    PaymentStatus,
    Reckoning,
    SchedulingLink,
    costs_of_cancelling,
    reckoned,
    reckoned_if_cancelled,
)
from entrypoints import times
from entrypoints.web import errors, headers, words
from entrypoints.web.calendar_links import calendar_links
from entrypoints.web.standing import Standing, once_more, standing
from entrypoints.web.words import _

if TYPE_CHECKING:
    from entrypoints.container import Application

_CLOCK_RUNS = timedelta(hours=2)


@frozen
class BookingView:
    """Shows a booking to its client; `link` leads on to where the time is chosen."""

    application: Application

    def show(
        self,
        booking: Booking,
        error: BookingError | None = None,
        link: SchedulingLink | None = None,
    ) -> str:
        error = errors.for_visitors(error) if error else None
        show_session_type = self.application.core.show_session_type
        offer = show_session_type(session_type=booking.session_type_id, actor=Actor.system())
        told = self.application.client_words(words.language())
        now = self.application.core.clock.now()
        stands = standing(booking, now)
        if stands.changes_soon:
            headers.let_scripts_read()
        return render_template(
            "booking.html",
            booking=booking,
            stands=stands,
            offer=offer,
            error=error,
            checkout=booking.payment.checkout_url,
            returned=booking.payment.gone_back,
            owed=_owed_by_hand(booking.payment),
            became_of_it=_became_of_it(booking),
            if_cancelled=_if_cancelled(booking, now),
            changeable=booking.client_may_change(now),
            changeable_until=told.until(booking.terms.change_notice),
            terms=told.terms(booking.terms, paid_online=bool(booking.payment.attempts)),
            forward=link.url if link else None if error else _to_checkout(booking, stands),
            at_provider=not self.application.calendar.in_database,
            turned_back="turned-back" in request.args,
            moved=_moved(booking) if stands is Standing.BOOKED else None,
            cancelling="cancel" in request.args or request.endpoint == "pages.cancel",
            costs=costs_of_cancelling(booking, now=now) if booking.state.live else None,
            awaited=None if booking.overdue(now) else booking.deadline,
            seconds_left=_seconds_left(booking, stands, now),
            once_more=once_more(booking, now),
            calendars=self._calendars(booking, offer) if stands is Standing.BOOKED else {},
        )

    def _calendars(self, booking: Booking, offer: Offer) -> dict[str, str]:
        """The address of the page opens nothing by itself, so a calendar may be told it."""
        if booking.slot is None:
            return {}
        session, name = offer.session_type.title, offer.builder.name
        return calendar_links(
            booking.slot,
            title=_("%(session)s with %(name)s", session=session, name=name),
            place=booking.location.text or "",
            text=f"{self.application.settings.public_url}/bookings/{booking.id}",
        )


def _to_checkout(booking: Booking, stands: Standing) -> str | None:
    """A form may not lead to another site, so this page leads on to the checkout."""
    goes_on = stands is Standing.TO_PAY and request.args.get("to") == "checkout"
    return booking.payment.checkout_url if goes_on else None


def _moved(booking: Booking) -> bool | None:
    """Whether it stands where the client has just moved it to; None where nobody did."""
    to = request.args.get("moved")
    return times.rfc3339(booking.slot.start) == to if to and booking.slot else None


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
