"""What becomes of the money of a booking that ends (D4).

One computation for whoever asks before cancelling, for the booking's page and for the mails.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from attrs import evolve, frozen

from booking_core.domain.booking import Booking
from booking_core.domain.money import Money
from booking_core.domain.payment import Payment, PaymentStatus


class MoneyFate(StrEnum):
    """What becomes of it, in one word; the amounts are the reckoning's."""

    NOTHING_TAKEN = "nothing_taken"
    ON_ITS_WAY = "on_its_way"  # nobody knows yet whether it arrives; then all of it goes back
    IN_DOUBT = "in_doubt"  # nobody has asked yet whether it was paid; then all of it goes back
    RELEASED = "released"  # it was only reserved
    KEPT_PART_RELEASED = "kept_part_released"  # reserved, and no more is taken than is kept
    GOES_BACK = "goes_back"
    KEPT_PART = "kept_part"
    KEPT_ALL = "kept_all"
    GONE_BACK = "gone_back"
    ON_SITE_GOES_BACK = "on_site_goes_back"
    ON_SITE_KEPT_PART = "on_site_kept_part"
    BANK_DECIDES = "bank_decides"  # it is disputed
    BANK_GAVE_BACK = "bank_gave_back"  # the dispute was lost


@frozen(kw_only=True)
class Reckoning:
    """The amounts behind a `fate`: of `price`, `back` goes back and `kept` stays with the builder.

    `before` had gone back already. `released` was only reserved, and is not taken.
    """

    fate: MoneyFate
    price: Money
    back: Money
    kept: Money
    before: Money
    released: Money


def reckoned(payment: Payment, *, before: int) -> Reckoning | None:
    """Of a payment whose booking has ended; None where there was never any money.

    `before` is what had gone back already, in minor units. What shall stay with the builder is known
    as soon as a booking ends; what the provider has done about it by then makes no difference.
    """
    if payment.price is None:
        return None
    taken = payment.to_keep if payment.status is PaymentStatus.AUTHORISED else payment.paid_in
    left = max(0, taken - before)
    kept = min(payment.to_keep, left)
    released = max(0, payment.price.amount - taken)
    fate = _fate(payment, back=left - kept, kept=kept, released=released)
    if fate is None:
        return None
    currency = payment.price.currency
    return Reckoning(
        fate=fate,
        price=payment.price,
        back=Money(left - kept, currency),
        kept=Money(kept, currency),
        before=Money(before, currency),
        released=Money(released, currency),
    )


def reckoned_if_cancelled(booking: Booking, *, now: datetime) -> Reckoning | None:
    """Of a live booking that its client would cancel now; None where no money has come.

    Raises:
        WrongState: it cannot be cancelled.
    """
    if not booking.payment.has_come:
        return None
    cancelled = evolve(booking, unsettled=set(), events=[])
    cancelled.cancel(keep=booking.kept_by_terms(now))
    return reckoned(cancelled.payment, before=booking.payment.returned)


def costs_of_cancelling(booking: Booking, *, now: datetime) -> str:
    """What a client agrees to that cancels a live booking now, as it is shown and brought back.

    Raises:
        WrongState: it cannot be cancelled.
    """
    found = reckoned_if_cancelled(booking, now=now)
    return str(found.kept.amount) if found else "nothing has come"


def _fate(payment: Payment, *, back: int, kept: int, released: int) -> MoneyFate | None:
    on_site = not payment.attempts
    if payment.status in (_TAKEN_ON_SITE if on_site else _TAKEN):
        return _of_taken(payment, back=back, kept=kept, released=released)
    if on_site or payment.status not in _NOT_TAKEN:
        return None
    if payment.on_its_way:
        return MoneyFate.ON_ITS_WAY
    if payment.in_doubt:
        return MoneyFate.IN_DOUBT
    return MoneyFate.NOTHING_TAKEN if payment.accepted is None else MoneyFate.RELEASED


def _of_taken(payment: Payment, *, back: int, kept: int, released: int) -> MoneyFate:
    if payment.status is PaymentStatus.DISPUTED:
        return MoneyFate.BANK_DECIDES
    if payment.taken_back:
        return MoneyFate.BANK_GAVE_BACK
    if kept and released and not back:
        return MoneyFate.KEPT_PART_RELEASED
    if not back:
        return MoneyFate.KEPT_ALL if kept else MoneyFate.GONE_BACK
    if payment.attempts:
        return MoneyFate.KEPT_PART if kept else MoneyFate.GOES_BACK
    return MoneyFate.ON_SITE_KEPT_PART if kept else MoneyFate.ON_SITE_GOES_BACK


_NOT_TAKEN = (PaymentStatus.VOIDED, PaymentStatus.FAILED)
_TAKEN_ON_SITE = (PaymentStatus.PAID, PaymentStatus.REFUND_DUE, PaymentStatus.REFUNDED)
_TAKEN = (PaymentStatus.AUTHORISED, PaymentStatus.DISPUTED, *_TAKEN_ON_SITE)
