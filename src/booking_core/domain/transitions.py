"""The one table of legal transitions of a booking (C1); `docs/states.md` is generated from it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from booking_core.domain import events


class BookingState(StrEnum):
    """Where a booking stands."""

    NEW = "NEW"  # before the first transition; never stored
    HELD = "HELD"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    AWAITING_SCHEDULING = "AWAITING_SCHEDULING"
    CONFIRMING = "CONFIRMING"
    CONFIRMED = "CONFIRMED"
    COMPLETED = "COMPLETED"
    NO_SHOW = "NO_SHOW"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"

    @property
    def live(self) -> bool:
        """The booking can still come to something."""
        return self in LIVE

    @property
    def dead(self) -> bool:
        """The booking ended without a session."""
        return self in DEAD

    @property
    def served(self) -> bool:
        """A session stands or stood."""
        return self in SERVED


class Step(StrEnum):
    """Where the client is in the booking flow; derived from the state by `STEPS`."""

    SELECT_TIME = "SELECT_TIME"
    ENTER_DETAILS = "ENTER_DETAILS"
    CONFIRM_BOOKING = "CONFIRM_BOOKING"
    PROCESS_PAYMENT = "PROCESS_PAYMENT"
    BOOKING_COMPLETE = "BOOKING_COMPLETE"


class Action(StrEnum):
    """What can happen to a booking: commands of ours, and facts that others tell us."""

    HOLD = "hold"
    OFFER_LINK = "offer link"
    RECORD_EVENT = "record event"
    START_PAYMENT = "start payment"
    CONFIRM = "confirm"
    EXPIRE = "expire"
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"
    COMPLETE = "complete"
    MARK_NO_SHOW = "mark no-show"
    UNDO_NO_SHOW = "undo no-show"
    RECORD_PAID_ON_SITE = "record paid on site"
    RECORD_RETURNED_ON_SITE = "record returned on site"
    # facts
    PAYMENT_SECURED = "payment secured"
    PAYMENT_PROCESSING = "payment processing"
    PAYMENT_FAILED = "payment failed"
    CAPTURE_REFUSED = "capture refused"
    CALENDAR_BOOKED = "calendar booked"
    CALENDAR_REFUSED = "calendar refused"
    LINK_NEEDED = "link needed"
    RESCHEDULE_BOOKED = "reschedule booked"
    RESCHEDULE_REFUSED = "reschedule refused"
    EVENT_CREATED = "event created"
    EVENT_MOVED = "event moved"
    EVENT_CANCELLED = "event cancelled"


_S, _A = BookingState, Action

LIVE = frozenset(
    {_S.HELD, _S.AWAITING_PAYMENT, _S.AWAITING_SCHEDULING, _S.CONFIRMING, _S.CONFIRMED}
)
DEAD = frozenset({_S.CANCELLED, _S.EXPIRED, _S.FAILED})
SERVED = frozenset({_S.CONFIRMED, _S.COMPLETED, _S.NO_SHOW})

#: (state, action) -> the states that it may lead to. Anything else is `WrongState`.
TRANSITIONS: Mapping[tuple[BookingState, Action], tuple[BookingState, ...]] = MappingProxyType(
    {
        (_S.NEW, _A.HOLD): (_S.HELD,),
        (_S.NEW, _A.OFFER_LINK): (_S.AWAITING_SCHEDULING, _S.AWAITING_PAYMENT),
        (_S.NEW, _A.RECORD_EVENT): (_S.CONFIRMED, _S.AWAITING_PAYMENT),
        (_S.HELD, _A.START_PAYMENT): (_S.AWAITING_PAYMENT,),
        (_S.HELD, _A.CONFIRM): (_S.CONFIRMING,),
        (_S.HELD, _A.EXPIRE): (_S.EXPIRED,),
        (_S.HELD, _A.CANCEL): (_S.CANCELLED,),
        (_S.AWAITING_PAYMENT, _A.START_PAYMENT): (_S.AWAITING_PAYMENT,),
        (_S.AWAITING_PAYMENT, _A.PAYMENT_SECURED): (_S.CONFIRMING, _S.AWAITING_SCHEDULING),
        (_S.AWAITING_PAYMENT, _A.PAYMENT_PROCESSING): (_S.AWAITING_PAYMENT,),
        (_S.AWAITING_PAYMENT, _A.PAYMENT_FAILED): (_S.EXPIRED,),
        (_S.AWAITING_PAYMENT, _A.EVENT_MOVED): (_S.AWAITING_PAYMENT,),
        (_S.AWAITING_PAYMENT, _A.EVENT_CANCELLED): (_S.CANCELLED,),
        (_S.AWAITING_PAYMENT, _A.EXPIRE): (_S.EXPIRED,),
        (_S.AWAITING_PAYMENT, _A.CANCEL): (_S.CANCELLED,),
        # Where the scheduling link is our own page, confirm brings the slot.
        (_S.AWAITING_SCHEDULING, _A.CONFIRM): (_S.CONFIRMING,),
        (_S.AWAITING_SCHEDULING, _A.EVENT_CREATED): (_S.CONFIRMED,),
        (_S.AWAITING_SCHEDULING, _A.EXPIRE): (_S.EXPIRED,),
        (_S.AWAITING_SCHEDULING, _A.CANCEL): (_S.CANCELLED,),
        (_S.CONFIRMING, _A.CALENDAR_BOOKED): (_S.CONFIRMED,),
        (_S.CONFIRMING, _A.CALENDAR_REFUSED): (_S.FAILED,),
        # The calendar may not be booked directly: the client places the event through a link (E2).
        (_S.CONFIRMING, _A.LINK_NEEDED): (_S.AWAITING_SCHEDULING,),
        (_S.CONFIRMING, _A.EVENT_MOVED): (_S.CONFIRMING,),
        (_S.CONFIRMING, _A.EVENT_CANCELLED): (_S.CANCELLED,),
        (_S.CONFIRMING, _A.CANCEL): (_S.CANCELLED,),
        (_S.CONFIRMED, _A.RESCHEDULE): (_S.CONFIRMED,),
        (_S.CONFIRMED, _A.RESCHEDULE_BOOKED): (_S.CONFIRMED,),
        (_S.CONFIRMED, _A.RESCHEDULE_REFUSED): (_S.CONFIRMED,),
        (_S.CONFIRMED, _A.EVENT_MOVED): (_S.CONFIRMED,),
        (_S.CONFIRMED, _A.EVENT_CANCELLED): (_S.CANCELLED,),
        (_S.CONFIRMED, _A.CAPTURE_REFUSED): (_S.CANCELLED,),
        (_S.CONFIRMED, _A.RECORD_PAID_ON_SITE): (_S.CONFIRMED,),
        (_S.CONFIRMED, _A.CANCEL): (_S.CANCELLED,),
        (_S.CONFIRMED, _A.COMPLETE): (_S.COMPLETED,),
        (_S.CONFIRMED, _A.MARK_NO_SHOW): (_S.NO_SHOW,),
        (_S.COMPLETED, _A.RECORD_PAID_ON_SITE): (_S.COMPLETED,),
        (_S.NO_SHOW, _A.RECORD_PAID_ON_SITE): (_S.NO_SHOW,),
        (_S.CONFIRMED, _A.RECORD_RETURNED_ON_SITE): (_S.CONFIRMED,),
        (_S.COMPLETED, _A.RECORD_RETURNED_ON_SITE): (_S.COMPLETED,),
        (_S.NO_SHOW, _A.RECORD_RETURNED_ON_SITE): (_S.NO_SHOW,),
        (_S.CANCELLED, _A.RECORD_RETURNED_ON_SITE): (_S.CANCELLED,),
        (_S.EXPIRED, _A.RECORD_RETURNED_ON_SITE): (_S.EXPIRED,),
        (_S.FAILED, _A.RECORD_RETURNED_ON_SITE): (_S.FAILED,),
        (_S.NO_SHOW, _A.UNDO_NO_SHOW): (_S.COMPLETED,),
        # Heard late: the client had moved or cancelled at the provider before the session began.
        (_S.NO_SHOW, _A.EVENT_MOVED): (_S.CONFIRMED,),
        (_S.NO_SHOW, _A.EVENT_CANCELLED): (_S.CANCELLED,),
    }
)

#: What each action is told as.
EVENTS: Mapping[Action, type[events.BookingEvent]] = MappingProxyType(
    {
        _A.HOLD: events.BookingHeld,
        _A.OFFER_LINK: events.LinkOffered,
        _A.RECORD_EVENT: events.EventRecorded,
        _A.START_PAYMENT: events.PaymentStarted,
        _A.CONFIRM: events.BookingAccepted,
        _A.EXPIRE: events.BookingExpired,
        _A.CANCEL: events.BookingCancelled,
        _A.RESCHEDULE: events.RescheduleRequested,
        _A.COMPLETE: events.BookingCompleted,
        _A.MARK_NO_SHOW: events.ClientMissed,
        _A.UNDO_NO_SHOW: events.NoShowUndone,
        _A.RECORD_PAID_ON_SITE: events.PaidOnSite,
        _A.RECORD_RETURNED_ON_SITE: events.ReturnedOnSite,
        _A.PAYMENT_SECURED: events.PaymentSecured,
        _A.PAYMENT_PROCESSING: events.PaymentProcessing,
        _A.PAYMENT_FAILED: events.PaymentFailed,
        _A.CAPTURE_REFUSED: events.BookingCancelled,
        _A.CALENDAR_BOOKED: events.BookingConfirmed,
        _A.CALENDAR_REFUSED: events.BookingFailed,
        _A.LINK_NEEDED: events.LinkNeeded,
        _A.RESCHEDULE_BOOKED: events.BookingRescheduled,
        _A.RESCHEDULE_REFUSED: events.RescheduleRefused,
        _A.EVENT_CREATED: events.BookingConfirmed,
        _A.EVENT_MOVED: events.BookingRescheduled,
        _A.EVENT_CANCELLED: events.BookingCancelled,
    }
)

#: The step of the flow that a state stands for (API.md).
STEPS: Mapping[BookingState, Step] = MappingProxyType(
    {
        _S.NEW: Step.SELECT_TIME,
        _S.HELD: Step.CONFIRM_BOOKING,
        _S.AWAITING_PAYMENT: Step.PROCESS_PAYMENT,
        _S.AWAITING_SCHEDULING: Step.SELECT_TIME,
        _S.CONFIRMING: Step.CONFIRM_BOOKING,
        _S.CONFIRMED: Step.BOOKING_COMPLETE,
        _S.COMPLETED: Step.BOOKING_COMPLETE,
        _S.NO_SHOW: Step.BOOKING_COMPLETE,
        _S.CANCELLED: Step.BOOKING_COMPLETE,
        _S.EXPIRED: Step.SELECT_TIME,
        _S.FAILED: Step.SELECT_TIME,
    }
)
