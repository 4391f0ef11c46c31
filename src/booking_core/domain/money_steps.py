"""What the provider says about a booking's money, and the one next thing to do about it.

Both are decided here without any I/O: `hear` applies the provider's current truth to the booking,
`next_step` compares it with what should be true. Settling is doing one step after the other and
looking again, so it can break off anywhere and begin anew (rules of the design, by name below).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from attrs import evolve, frozen

from booking_core.domain import events
from booking_core.domain.booking import Booking
from booking_core.domain.payment import (
    Attempt,
    CheckoutState,
    Dispute,
    PaymentAction,
    PaymentStatus,
    Standing,
)
from booking_core.domain.policies import late_looks_end, link_deadline, processing_deadline
from booking_core.domain.transitions import BookingState

#: How each attempt stands, by its number.
Standings = Mapping[int, Standing]

_S = CheckoutState
_TAKEN_BACK = (Dispute.OPEN, Dispute.LOST)
_FINAL = frozenset({BookingState.COMPLETED, BookingState.NO_SHOW})


# ---- what can be done ------------------------------------------------------------------------


@frozen
class AskForCheckout:
    """Ask for the checkout of the attempt, again with its key (rule tombstone)."""

    attempt: Attempt


@frozen
class CloseCheckout:
    """Close a checkout that could still be paid."""

    attempt: Attempt


@frozen
class Capture:
    """Take that much of what is authorised."""

    attempt: Attempt
    amount: int


@frozen
class Void:
    """Release what is authorised."""

    attempt: Attempt


@frozen
class WriteRefundDown:
    """Number the next refund, so that its key is known before it is asked for (rule refund_ledger)."""

    total: int


@frozen
class GiveBack:
    """Give that much back under that key."""

    attempt: Attempt
    amount: int
    key: str


@frozen
class StrikeOff:
    """A refund that was sent back is missing no more, or not all of it: the ledger as it is then."""

    totals: tuple[int, ...]


@frozen
class RefundFailed:
    """All that is missing was sent back by the bank, which would do so again; a person has to act."""


@frozen
class GiveUpCapture:
    """The authorised money is gone for good."""


@frozen
class GiveUpCheckout:
    """The provider will not open the checkout, so there is nothing to wait for."""


@frozen
class Expire:
    """The deadline passed and every checkout is known to be closed (rule all_closed)."""


@frozen
class Record:
    """Nothing is left to do; this is how the money stands.

    `on_its_way`: more may arrive, although the booking has ended.
    """

    status: PaymentStatus
    taken: int
    returned: int
    on_its_way: bool = False


MoneyStep = (
    AskForCheckout
    | CloseCheckout
    | Capture
    | Void
    | WriteRefundDown
    | GiveBack
    | StrikeOff
    | RefundFailed
    | GiveUpCapture
    | GiveUpCheckout
    | Expire
    | Record
)


# ---- what is heard ---------------------------------------------------------------------------


def hear(booking: Booking, standings: Standings, *, now: datetime) -> bool:
    """Applies what the provider says now; whether any of it was news."""
    standings = _with_what_was_given_by_hand(booking, standings)
    taken, _ = totals(standings)
    heard = [_hear_sent_back(booking, standings)]
    heard += [
        news
        for number, standing in standings.items()
        for news in (
            standing.state is _S.PAID and booking.money_taken(number, taken=taken),
            _hear_one(booking, number, standings, now),
        )
    ]
    if any(heard):
        return True
    # What came too late we gave back ourselves, and the deadline is what ends the booking.
    return not booking.came_too_late(now) and _hear_failure(booking, standings)


def _hear_sent_back(booking: Booking, standings: Standings) -> bool:
    """That is recorded before anything else is given back, so that each sum is told by itself."""
    keys = sent_back(standings)
    if keys <= {*booking.payment.sent_back}:
        return False
    taken, returned = totals(standings)
    return booking.refunds_sent_back(keys, taken=taken, returned=returned)


def _hear_one(booking: Booking, number: int, standings: Standings, now: datetime) -> bool:
    standing = standings[number]
    awaiting = booking.state is BookingState.AWAITING_PAYMENT
    if booking.came_too_late(now):
        return False
    if standing.state is _S.PAID and awaiting:
        return standing.held > 0 and _secured(booking, number, PaymentAction.PAY, now)
    if standing.dispute is Dispute.OPEN:
        return booking.disputed(number)
    if standing.dispute is Dispute.LOST:
        return booking.dispute_lost(number)
    disputed = booking.payment.status is PaymentStatus.DISPUTED
    if disputed and (standing.dispute is Dispute.WON or _withdrawn(booking, number, standings)):
        more = standing.held > booking.payment.to_keep
        return booking.dispute_won(more_to_give_back=more)
    if standing.state is _S.AUTHORISED:
        return _secured(booking, number, PaymentAction.AUTHORISE, now)
    if standing.state is _S.PAID and standing.held > 0 and not _left_to_a_person(booking, standing):
        return _secured(booking, number, PaymentAction.PAY, now)
    if standing.state is _S.PROCESSING:
        return booking.payment_processing(until=processing_deadline(now, booking.saleable_until))
    return False


def _withdrawn(booking: Booking, number: int, standings: Standings) -> bool:
    """The client's bank does not decide about it after all; where no money counts, about none of it."""
    if booking.payment.accepted is not None:
        return number == booking.payment.accepted and standings[number].dispute is Dispute.NONE
    undisputed = all(each.dispute is Dispute.NONE for each in standings.values())
    return undisputed and standings[number].state is _S.PAID


def _left_to_a_person(booking: Booking, standing: Standing) -> bool:
    """Its refund came back, and the builder was told: that the money is still there is no news."""
    known = standing.failed_refunds and {*standing.failed_refunds} <= {*booking.payment.sent_back}
    return bool(known) and booking.payment.status is PaymentStatus.REFUND_DUE


def _secured(booking: Booking, number: int, action: PaymentAction, now: datetime) -> bool:
    return booking.payment_secured(number, action, link_until=link_deadline(now))


def _hear_failure(booking: Booking, standings: Standings) -> bool:
    """The bank said no, or took the money back before we heard of it, and nothing else can be paid."""
    if not all(_over(standing) for standing in standings.values()):
        return False
    if any(_gone(standing) for standing in standings.values()):
        return booking.payment_failed(events.PaymentTakenBack)
    failed = any(standing.state is _S.FAILED for standing in standings.values())
    return failed and booking.payment_failed()


def _over(standing: Standing) -> bool:
    return standing.state.closed or _gone(standing)


def _gone(standing: Standing) -> bool:
    """It was paid, and all of it went back or is disputed."""
    return standing.state is _S.PAID and standing.held <= 0


# ---- what is next ----------------------------------------------------------------------------


def next_step(booking: Booking, standings: Standings, *, now: datetime) -> MoneyStep:
    """The first thing that is not as it should be; `Record` when all is.

    Every attempt is looked at (rule every_attempt): all but the accepted one are closed, voided or
    refunded whole, and the accepted one is steered to the amount that may be kept (keep_amount).
    A refund that was sent back stands in the way of nothing else.
    """
    standings = _with_what_was_given_by_hand(booking, standings)
    accepted = booking.payment.accepted
    waits = booking.state is BookingState.AWAITING_PAYMENT and not booking.overdue(now)
    failed: MoneyStep | None = None
    for attempt in sorted(booking.payment.attempts, key=lambda each: each.number == accepted):
        standing = standings[attempt.number]
        step = (
            _keep(booking, attempt, standing)
            if attempt.number == accepted
            else _let_go(attempt, standing, waits)
        )
        if isinstance(step, RefundFailed):
            failed = step
        elif step is not None:
            return step
    if _none_opens(booking, standings):
        return GiveUpCheckout()
    if _may_expire(booking, standings, now):
        return Expire()
    return failed or _record(booking, standings)


def _with_what_was_given_by_hand(booking: Booking, standings: Standings) -> Standings:
    """As if the provider had given it back."""
    by_hand = {each.number: each.by_hand for each in booking.payment.attempts if each.by_hand}
    return {
        number: evolve(standing, refunds={**standing.refunds, "by hand": by_hand[number]})
        if number in by_hand
        else standing
        for number, standing in standings.items()
    }


def look_again(booking: Booking, standings: Standings, *, now: datetime) -> timedelta | None:
    """How soon the provider has to be asked again, because it will move without us; or never."""
    waits = booking.state is BookingState.AWAITING_PAYMENT
    if waits or any(_moves_by_itself(each) for each in standings.values()):
        pause = min(max((now - booking.created_at) / 4, _SOONEST), _LATEST)
        ends_first = booking.deadline is not None and now < booking.deadline < now + pause
        return booking.deadline - now if ends_first and booking.deadline else pause
    return None


def late_look(booking: Booking, standings: Standings, *, now: datetime) -> timedelta | None:
    """How soon money that was taken is looked at although nothing moves; or never again.

    Clients dispute, refunds come back, and somebody gives money back elsewhere, whether or not a
    notice of it reaches us.
    """
    taken = any(standing.captured for standing in standings.values())
    start = max(booking.created_at, booking.slot.start if booking.slot else booking.created_at)
    return _DAILY if taken and now < late_looks_end(start) else None


def _moves_by_itself(standing: Standing) -> bool:
    return standing.state in (_S.PROCESSING, _S.AUTHORISED) or bool(standing.pending_refunds)


_SOONEST, _LATEST, _DAILY = timedelta(seconds=5), timedelta(hours=1), timedelta(days=1)


def _keep(booking: Booking, attempt: Attempt, standing: Standing) -> MoneyStep | None:
    """The accepted attempt: the builder gets what the booking says."""
    if not (booking.state.served or booking.state.dead):
        return None
    keep = booking.money_due()
    if standing.state is _S.AUTHORISED:
        return Capture(attempt, keep) if keep else Void(attempt)
    if standing.state.closed and booking.payment.status is PaymentStatus.AUTHORISED:
        return GiveUpCapture()
    if standing.state is _S.PAID and standing.dispute not in _TAKEN_BACK:
        return _refund_down_to(keep, booking, attempt, standing)
    return None


def _let_go(attempt: Attempt, standing: Standing, waits: bool) -> MoneyStep | None:
    """Any other attempt: once the booking no longer waits for it, it holds no money."""
    if standing.state is _S.UNKNOWN and not attempt.refused:
        return AskForCheckout(attempt)
    if waits:
        return None
    if standing.state is _S.OPEN:
        return CloseCheckout(attempt)
    if standing.state is _S.AUTHORISED:
        return Void(attempt)
    if standing.state is _S.PAID and standing.dispute not in _TAKEN_BACK and standing.held > 0:
        return _refund_whole(attempt, standing)
    return None


def _refund_whole(attempt: Attempt, standing: Standing) -> MoneyStep:
    key = attempt.refund_key()
    failed = key in standing.failed_refunds
    return RefundFailed() if failed else GiveBack(attempt, standing.held, key)


def _refund_down_to(
    keep: int, booking: Booking, attempt: Attempt, standing: Standing
) -> MoneyStep | None:
    """What was refunded elsewhere counts as well; ours is numbered and written down first.

    What was written down is asked for first, and never for more than is still missing: somebody may
    have given money back in between. A key gives money back once, whatever amount comes with it.
    What was sent back is left to a person; all that is missing beyond it is asked for as ever.
    """
    missing = max(0, standing.captured - keep - standing.refunded)
    totals = booking.payment.refunds
    sent_back = {}
    for number, part in enumerate(booking.payment.refund_parts):
        key = attempt.refund_key(number)
        if key in standing.failed_refunds:
            sent_back[number] = part
        elif missing and key not in standing.refunds:
            return GiveBack(attempt, min(part, missing), key)
    beyond = missing - sum(sent_back.values())
    if beyond > 0:
        return WriteRefundDown((totals[-1] if totals else 0) + beyond)
    if beyond < 0:
        return StrikeOff(booking.payment.struck_off(sent_back, -beyond))
    return RefundFailed() if missing else None


def _none_opens(booking: Booking, standings: Standings) -> bool:
    """The last checkout was refused for good, and no other one can be paid."""
    attempts = booking.payment.attempts
    return (
        booking.state is BookingState.AWAITING_PAYMENT
        and attempts[-1].refused
        and all(each.refused or _over(standings[each.number]) for each in attempts)
    )


def _may_expire(booking: Booking, standings: Standings, now: datetime) -> bool:
    """No checkout is left that money could still come through.

    A link that was paid for may lapse too; its accepted attempt is released afterwards. Once the time
    can be sold to nobody else there is nothing to wait for either: late money goes back.
    """
    until = booking.saleable_until
    still_to_come = _STILL_TO_COME if until is None or now < until else _STILL_OPEN
    return (
        booking.overdue(now)
        and booking.payment.attempts != ()
        and all(
            attempt.refused or standings[attempt.number].state not in still_to_come
            for attempt in booking.payment.attempts
            if attempt.number != booking.payment.accepted
        )
    )


def told_of_expiry(standings: Standings) -> type[events.CheckoutAbandoned]:
    """What has become of the money, when a booking ends that was not paid in time.

    By then what came too late has been released or given back.
    """
    if any(standing.captured for standing in standings.values()):
        return events.PaidTooLate
    released = any(standing.state in _RELEASED for standing in standings.values())
    return events.AuthorisedTooLate if released else events.CheckoutAbandoned


_RELEASED = (_S.VOIDED, _S.LAPSED)
_STILL_OPEN = (_S.UNKNOWN, _S.OPEN)
_STILL_TO_COME = (*_STILL_OPEN, _S.PROCESSING)


def totals(standings: Standings) -> tuple[int, int]:
    """What all attempts together brought in, and what they gave back."""
    taken = sum(standing.captured for standing in standings.values())
    return taken, sum(standing.refunded for standing in standings.values())


def sent_back(standings: Standings) -> set[str]:
    """The keys of the refunds that no bank took."""
    return {key for standing in standings.values() for key in standing.failed_refunds}


def _record(booking: Booking, standings: Standings) -> Record:
    pending = any(standing.state is _S.PROCESSING for standing in standings.values())
    return Record(_status(booking, standings), *totals(standings), booking.state.dead and pending)


def _status(booking: Booking, standings: Standings) -> PaymentStatus:
    """What the standings make of the payment, once its booking is confirmed or over."""
    status = booking.payment.status
    final = booking.state.dead or booking.state in _FINAL
    nothing = status if status is PaymentStatus.FAILED else PaymentStatus.VOIDED
    if not (final or booking.state is BookingState.CONFIRMED):
        return status
    standing = standings.get(booking.payment.accepted or 0) or next(
        (each for each in standings.values() if each.dispute is not Dispute.NONE), None
    )
    if standing is None:
        taken = any(each.state is _S.PAID for each in standings.values())
        return PaymentStatus.REFUNDED if taken else nothing if final else status
    if standing.dispute is Dispute.OPEN:
        return PaymentStatus.DISPUTED
    if standing.dispute is Dispute.LOST:
        return PaymentStatus.REFUNDED
    if standing.state is _S.PAID:
        return PaymentStatus.REFUNDED if standing.refunds else PaymentStatus.PAID
    return nothing if final else status
