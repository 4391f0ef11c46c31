"""Which mails an event calls for, and whether they are still true when they are written (F1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from attrs import frozen

from booking_core.domain import events
from booking_core.domain.booking import Booking
from booking_core.domain.payment import PaymentStatus
from booking_core.domain.transitions import DEAD, SERVED, BookingState
from booking_core.ports.mail_writer import LetterKind, Reader

_K = LetterKind
_BOTH = (Reader.CLIENT, Reader.BUILDER)
_CLIENT, _BUILDER = (Reader.CLIENT,), (Reader.BUILDER,)
_ALL = (*_BOTH, Reader.GUEST)


@frozen
class Occasion:
    """Who is told by which mail, and in which states of the booking that is still true.

    Who cancels at once is not told of the booking any more.
    """

    kind: LetterKind
    readers: tuple[Reader, ...]
    states: frozenset[BookingState]


_ANY = frozenset(BookingState)
_STANDS = frozenset({BookingState.CONFIRMED})
_CANCELLED = frozenset({BookingState.CANCELLED})
_TO_CHOOSE = frozenset({BookingState.AWAITING_SCHEDULING})

OCCASIONS: Mapping[type[events.BookingEvent], Occasion] = MappingProxyType(
    {
        events.BookingConfirmed: Occasion(_K.BOOKED, _ALL, SERVED),
        events.EventAccepted: Occasion(_K.BOOKED, _BOTH, SERVED),
        events.EventToBePaid: Occasion(_K.PAY, _CLIENT, frozenset({BookingState.AWAITING_PAYMENT})),
        events.PaymentProcessing: Occasion(
            _K.PAYMENT_ON_ITS_WAY, _CLIENT, frozenset({BookingState.AWAITING_PAYMENT})
        ),
        events.LateEventRemoved: Occasion(_K.REMOVED, _CLIENT, DEAD),
        events.LinkNeeded: Occasion(_K.CHOOSE_TIME, _CLIENT, _TO_CHOOSE),
        events.LinkPaidFor: Occasion(_K.CHOOSE_TIME, _CLIENT, _TO_CHOOSE),
        events.JoinLinkArrived: Occasion(_K.JOIN_LINK, _BOTH, _STANDS),
        events.BookingRescheduled: Occasion(_K.MOVED, _ALL, SERVED),
        events.RescheduleRefused: Occasion(_K.MOVE_REFUSED, _CLIENT, _STANDS),
        events.BookingCancelled: Occasion(_K.CANCELLED, _ALL, _CANCELLED),
        events.BookingCalledOff: Occasion(_K.CALLED_OFF, _CLIENT, _CANCELLED),
        events.BookingFailed: Occasion(_K.FAILED, _BOTH, frozenset({BookingState.FAILED})),
        events.PaymentFailed: Occasion(_K.PAYMENT_FAILED, _CLIENT, DEAD),
        events.PaymentTakenBack: Occasion(_K.PAYMENT_TAKEN_BACK, _CLIENT, DEAD),
        events.CheckoutAbandoned: Occasion(_K.EXPIRED, _CLIENT, DEAD),
        events.AuthorisedTooLate: Occasion(_K.AUTHORISED_TOO_LATE, _CLIENT, DEAD),
        events.PaidTooLate: Occasion(_K.PAID_TOO_LATE, _CLIENT, DEAD),
        events.LinkUnused: Occasion(_K.LINK_UNUSED, _CLIENT, DEAD),
        events.RefundedElsewhere: Occasion(_K.REFUNDED, _BOTH, _ANY),
        events.RefundSentBack: Occasion(_K.REFUND_SENT_BACK, _BOTH, _ANY),
        events.TokensRevoked: Occasion(_K.NEW_LINK, _CLIENT, _ANY),
        events.MoneyGivenBack: Occasion(_K.REFUNDED, _CLIENT, _ANY),
        events.ReturnedOnSite: Occasion(_K.HANDED_BACK, _CLIENT, _ANY),
        events.PaymentDisputed: Occasion(_K.DISPUTED, _BUILDER, _ANY),
        events.DisputeEnded: Occasion(_K.DISPUTE_ENDED, _BOTH, _ANY),
    }
)

_BY_KIND = {each.kind: each for each in OCCASIONS.values()} | {
    _K.REMINDER: Occasion(_K.REMINDER, _ALL, _STANDS)
}


def called_for(event: events.BookingEvent) -> Iterator[tuple[LetterKind, Reader]]:
    """The mails that the event calls for."""
    occasion = OCCASIONS.get(type(event))
    if occasion is not None:
        yield from ((occasion.kind, reader) for reader in occasion.readers)


def still_true(kind: LetterKind, booking: Booking) -> bool:
    """Whether the news is not overtaken by what happened since."""
    if kind is _K.REFUND_SENT_BACK and not booking.payment.owed:
        return False
    if kind is _K.PAYMENT_ON_ITS_WAY and booking.payment.status is not PaymentStatus.PROCESSING:
        return False
    return booking.state in _BY_KIND[kind].states
