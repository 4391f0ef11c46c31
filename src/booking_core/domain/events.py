"""What has happened to a booking: one event for each transition, past tense."""

from __future__ import annotations

from attrs import frozen

from booking_core.domain.ids import BookingId
from booking_core.domain.time import Slot


@frozen
class BookingEvent:
    """Something that happened to one booking."""

    booking_id: BookingId


class BookingHeld(BookingEvent):
    """A slot is kept for the client until the deadline."""


class LinkOffered(BookingEvent):
    """The client may place the event at the calendar provider itself."""


class EventRecorded(BookingEvent):
    """The client placed the event first, and the booking was made from it."""


class EventToBePaid(EventRecorded):
    """The client placed the event first and is gone; by mail it hears that there is a price."""


class PaymentStarted(BookingEvent):
    """The client was sent to a checkout."""


class PaymentSecured(BookingEvent):
    """The money is authorised or taken."""


class LinkPaidFor(PaymentSecured):
    """The money is authorised or taken; the client has to choose the time now."""


class PaymentProcessing(BookingEvent):
    """The checkout is complete and the money is on its way."""


class PaymentFailed(BookingEvent):
    """The money will not come."""


class PaymentTakenBack(PaymentFailed):
    """The money had come, and was given back or disputed before anything was booked for it."""


class PaidOnSite(BookingEvent):
    """The builder recorded that the client paid at the meeting."""


class BookingAccepted(BookingEvent):
    """The client's part is done; the calendar has to be settled."""


class BookingConfirmed(BookingEvent):
    """The calendar stands."""


class EventAccepted(EventRecorded, BookingConfirmed):
    """The event that the client placed first needed nothing more."""


class BookingFailed(BookingEvent):
    """The calendar refused."""


class LinkNeeded(BookingEvent):
    """The calendar may not be booked directly; the client has to choose the time at the provider."""


class LateEventRemoved(BookingEvent):
    """The client placed an event for a booking that has ended; it is taken out of the calendar."""


class JoinLinkArrived(BookingEvent):
    """The provider has made the address that the session is joined at, after it was announced."""


class BookingExpired(BookingEvent):
    """The deadline passed."""


class BookingCancelled(BookingEvent):
    """Cancelled here or at the provider."""


class BookingReleased(BookingCancelled):
    """The client let go of a booking that was never confirmed."""


class BookingCalledOff(BookingCancelled):
    """A booking that was never confirmed was cancelled by somebody else, or when money had come."""


class CheckoutAbandoned(BookingExpired):
    """The deadline passed, and a checkout that was opened is closed without having been paid."""


class AuthorisedTooLate(CheckoutAbandoned):
    """Its money was only heard of when the session would have begun; it was reserved and is released."""


class PaidTooLate(CheckoutAbandoned):
    """Its money was only heard of when the session would have begun; it goes back."""


class LinkUnused(BookingExpired):
    """The deadline passed, and the client who had paid did not use its link."""


class RescheduleRequested(BookingEvent):
    """A new slot is wanted; the old one stays until the calendar has taken the new one."""


@frozen
class BookingRescheduled(BookingEvent):
    """The booking has a new slot; `was` is the one that it left."""

    was: Slot


class MovedBeforeConfirmed(BookingRescheduled):
    """Moved at the provider before anybody was told of the slot that it left."""


class RescheduleRefused(BookingEvent):
    """The calendar refused the new slot; the old one stays."""


class BookingCompleted(BookingEvent):
    """The session took place."""


class ClientMissed(BookingEvent):
    """The client did not come."""


class NoShowUndone(BookingEvent):
    """The client had come after all."""


class TokensRevoked(BookingEvent):
    """The manage tokens given out so far are worthless; the client needs the new one."""


class BookingClaimed(BookingEvent):
    """The anonymous booking became that of the known client who owns its e-mail address."""


class PaymentDisputed(BookingEvent):
    """The client disputes the payment at the bank."""


class DisputeEnded(BookingEvent):
    """The bank decided the dispute."""


class RefundRequested(BookingEvent):
    """Money has to go back to the client."""


@frozen
class MoneyGivenBack(BookingEvent):
    """`amount` minor units of the price's currency went back to the client."""

    amount: int


class RefundedElsewhere(MoneyGivenBack):
    """Money went back that nobody asked for here."""


class ReturnedOnSite(MoneyGivenBack):
    """The builder gave money back by hand: what it took at the meeting, or what no bank took."""


class RefundSentBack(BookingEvent):
    """The client's bank did not take a refund; a person has to give the money back."""
