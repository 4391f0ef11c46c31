"""What becomes of the money when a client cancels."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from booking_core import (
    Booking,
    BookingState,
    CancellationPolicy,
    MoneyFate,
    PaymentAction,
    PaymentStatus,
    RefundStep,
    reckoned,
    reckoned_if_cancelled,
)
from booking_core.testing.examples import NOW, PRICE, a_paid_booking

F, P, S = MoneyFate, PaymentStatus, BookingState
ALL, HALF = PRICE.amount, PRICE.amount // 2
TERMS = CancellationPolicy(refunds=(RefundStep(CancellationPolicy().change_notice, 50),))


def booked(state: BookingState = S.CONFIRMED, **payment: Any) -> Booking:
    """Of which a half goes back when its client cancels."""
    booking = a_paid_booking(state, terms=TERMS)
    booking.payment = evolve(booking.payment, accepted=1, **payment)
    return booking


@pytest.mark.parametrize(
    ("payment", "fate", "amounts"),
    [
        ({}, F.KEPT_PART, (HALF, HALF, 0)),
        ({"status": P.AUTHORISED}, F.KEPT_PART_RELEASED, (0, HALF, 0)),
        (
            {"status": P.REFUNDED, "taken": ALL, "returned": 1_000, "to_keep": ALL - 1_000},
            F.KEPT_PART,
            (HALF - 1_000, HALF, 1_000),
        ),
        (
            {"status": P.REFUNDED, "taken": ALL, "returned": 3_000, "to_keep": ALL - 3_000},
            F.KEPT_ALL,
            (0, ALL - 3_000, 3_000),
        ),
        (
            {"status": P.REFUNDED, "taken": ALL, "returned": ALL, "to_keep": 0},
            F.GONE_BACK,
            (0, 0, ALL),
        ),
        ({"status": P.DISPUTED, "taken": ALL}, F.BANK_DECIDES, (HALF, HALF, 0)),
        ({"status": P.REFUNDED, "taken": ALL, "to_keep": 0}, F.BANK_GAVE_BACK, (ALL, 0, 0)),
        ({"attempts": (), "taken": ALL}, F.ON_SITE_KEPT_PART, (HALF, HALF, 0)),
    ],
)
def test_what_cancelling_would_mean_is_what_it_means(
    payment: dict[str, Any], fate: MoneyFate, amounts: tuple[int, int, int]
) -> None:
    booking = booked(**payment)
    asked = reckoned_if_cancelled(booking, now=NOW)
    assert asked is not None
    told = (asked.back.amount, asked.kept.amount, asked.before.amount)
    assert (asked.fate, told) == (fate, amounts)
    assert sum(told) + asked.released.amount == ALL
    before = booking.payment.returned
    booking.cancel(keep=booking.kept_by_terms(NOW), by_client=True)
    assert reckoned(booking.payment, before=before) == asked


@pytest.mark.parametrize(
    ("payment", "fate", "amounts"),
    [
        ({"status": P.PAID, "to_keep": HALF}, F.KEPT_PART_RELEASED, (0, HALF, 0)),
        ({"status": P.REFUND_DUE, "to_keep": 2_000}, F.KEPT_PART, (HALF - 2_000, 2_000, 0)),
        (
            {"status": P.REFUNDED, "to_keep": 2_000, "returned": HALF - 2_000},
            F.KEPT_PART_RELEASED,
            (0, 2_000, HALF - 2_000),
        ),
        ({"status": P.REFUND_DUE, "to_keep": 0}, F.GOES_BACK, (HALF, 0, 0)),
    ],
)
def test_what_goes_back_of_a_part_that_was_taken_was_not_only_reserved(
    payment: dict[str, Any], fate: MoneyFate, amounts: tuple[int, int, int]
) -> None:
    """A late cancellation of a card took half of the price; then some of that goes back too."""
    booking = booked(S.CANCELLED, taken=HALF, **payment)
    found = reckoned(booking.payment, before=booking.payment.returned)
    assert found is not None
    assert found.fate is fate
    assert (found.back.amount, found.kept.amount, found.before.amount) == amounts
    assert found.released.amount == HALF


def test_asking_what_cancelling_would_mean_changes_nothing() -> None:
    booking = booked()
    before = (evolve(booking), list(booking.events), set(booking.unsettled))
    reckoned_if_cancelled(booking, now=NOW)
    assert (booking, booking.events, booking.unsettled) == before


@pytest.mark.parametrize("state", [S.HELD, S.AWAITING_PAYMENT])
def test_there_is_nothing_to_reckon_before_any_money_has_come(state: BookingState) -> None:
    assert reckoned_if_cancelled(a_paid_booking(state), now=NOW) is None


def test_money_on_its_way_is_neither_taken_nor_not_taken_until_its_bank_has_answered() -> None:
    booking = a_paid_booking(S.AWAITING_PAYMENT)
    booking.payment = booking.payment.after(PaymentAction.PROCESS)
    booking.cancel(by_client=True)
    for on_its_way, fate in ((True, F.ON_ITS_WAY), (False, F.NOTHING_TAKEN)):
        booking.money_settled(P.VOIDED, on_its_way=on_its_way)
        reckoning = reckoned(booking.payment, before=0)
        assert reckoning is not None
        assert reckoning.fate is fate


def test_whether_an_open_checkout_was_paid_is_not_known_until_its_provider_was_asked() -> None:
    booking = a_paid_booking(S.AWAITING_PAYMENT)
    booking.cancel()
    for fate in (F.IN_DOUBT, F.NOTHING_TAKEN):
        reckoning = reckoned(booking.payment, before=0)
        assert reckoning is not None
        assert reckoning.fate is fate
        booking.money_settled(P.VOIDED)
