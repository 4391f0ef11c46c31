"""The mails about a booking, written from what the booking is now and never from a step (F1)."""

from __future__ import annotations

from attrs import frozen

from booking_core.application.catalogue import Offer
from booking_core.domain.booking import Booking
from booking_core.domain.manage_token import ManageKey
from booking_core.domain.time import Slot, zone
from booking_core.domain.transitions import SERVED, BookingState
from booking_core.ports.mailer import Mail


@frozen
class MailComposer:
    """Writes the client's and the builder's mail; `public_url` is where the pages are."""

    manage_key: ManageKey
    public_url: str

    def compose(self, booking: Booking, offer: Offer, *, kind: str, key: str) -> tuple[Mail, ...]:
        """Both mails about the booking as it stands; each time in its reader's zone.

        None when the news is overtaken: who cancels at once is not told of a booking any more.
        """
        headline, states = _KINDS[kind]
        if booking.state not in states:
            return ()
        title, builder, contact = offer.session_type.title, offer.builder, booking.client.contact
        to_client = Mail(
            key=f"{key}:client",
            to=contact.email,
            subject=f"{headline}: {title} with {builder.name}",
            text="\n".join(
                [
                    f"Hello {contact.name},",
                    "",
                    f"{headline}: {title} with {builder.name}",
                    *_when(booking.slot, contact.timezone),
                    *_why(booking),
                    "",
                    "See, move or cancel it here:",
                    self._manage_url(booking),
                    "",
                ]
            ),
        )
        to_builder = Mail(
            key=f"{key}:builder",
            to=builder.email,
            subject=f"{headline}: {title} with {contact.name}",
            text="\n".join(
                [
                    f"Hello {builder.name},",
                    "",
                    f"{headline}: {title} with {contact.name} <{contact.email}>",
                    *_when(booking.slot, builder.timezone),
                    *_why(booking),
                    *_said(booking),
                    "",
                ]
            ),
        )
        return to_client, to_builder

    def _manage_url(self, booking: Booking) -> str:
        token = self.manage_key.token(booking.id, booking.token_version)
        # Behind the number sign, so that it reaches no server log.
        return f"{self.public_url}/bookings/{booking.id}#token={token}"


# What a mail of each kind begins with, and the states in which it is still true.
_KINDS = {
    "BookingConfirmed": ("Booked", SERVED),
    "BookingRescheduled": ("Moved", SERVED),
    "BookingCancelled": ("Cancelled", frozenset({BookingState.CANCELLED})),
    "BookingFailed": ("Could not be booked", frozenset({BookingState.FAILED})),
}


def _when(slot: Slot | None, timezone: str) -> list[str]:
    if slot is None:
        return []
    start, end = (moment.astimezone(zone(timezone)) for moment in (slot.start, slot.end))
    day = f"{start:%A}, {start.day} {start:%B %Y}"
    return [f"{day}, {start:%H:%M} to {end:%H:%M} ({timezone}, UTC{start:%z})"]


def _why(booking: Booking) -> list[str]:
    return [f"Reason: {booking.cancel_reason}"] if booking.cancel_reason else []


def _said(booking: Booking) -> list[str]:
    answers = [f"{answer.prompt} {_text(answer.value)}" for answer in booking.details.answers]
    notes = [f"Notes: {booking.details.notes}"] if booking.details.notes else []
    return answers + notes


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
