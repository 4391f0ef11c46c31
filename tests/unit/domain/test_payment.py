from itertools import product

import pytest
from attrs import evolve

from booking_core import (
    PAYMENT_TRANSITIONS,
    InvalidRequest,
    Money,
    Payment,
    PaymentAction,
    PaymentStatus,
    WrongState,
)
from booking_core.testing.examples import PRICE, an_attempt

ACTION, STATUS = PaymentAction, PaymentStatus


def a_payment(status: PaymentStatus) -> Payment:
    return evolve(Payment.of(PRICE), status=status)


@pytest.mark.parametrize(("status", "action"), list(product(STATUS, ACTION)))
def test_money_moves_as_the_table_says_and_in_no_other_way(
    status: PaymentStatus, action: PaymentAction
) -> None:
    choices = PAYMENT_TRANSITIONS.get((status, action), ())
    for to in choices:
        assert a_payment(status).after(action, to).status is to
    for to in set(STATUS) - set(choices):
        with pytest.raises(WrongState):
            a_payment(status).after(action, to)
    if not choices:
        with pytest.raises(WrongState) as refused:
            a_payment(status).after(action)
        assert (refused.value.action, refused.value.state) == (action, status)


def test_every_status_is_reached_and_only_nothing_owed_stays_for_ever() -> None:
    reached = {to for choices in PAYMENT_TRANSITIONS.values() for to in choices}
    left = {status for status, _ in PAYMENT_TRANSITIONS}
    assert set(STATUS) - reached == {STATUS.NOT_REQUIRED, STATUS.DUE}
    assert set(STATUS) - left == {STATUS.NOT_REQUIRED}


def test_without_a_price_nothing_is_owed() -> None:
    free = Payment.of(None)
    assert (free.status, free.to_keep, free.required) == (STATUS.NOT_REQUIRED, 0, False)


def test_a_price_is_due_and_may_be_kept_whole() -> None:
    payment = Payment.of(PRICE)
    assert (payment.status, payment.to_keep, payment.required) == (STATUS.DUE, PRICE.amount, True)


def test_each_attempt_is_written_down() -> None:
    first, second = an_attempt(1), an_attempt(2)
    payment = Payment.of(PRICE).attempted(first).attempted(second)
    assert (payment.status, payment.attempts) == (STATUS.REQUESTED, (first, second))


@pytest.mark.parametrize(
    ("status", "keep", "ended"),
    [
        (STATUS.NOT_REQUIRED, 0, STATUS.NOT_REQUIRED),
        (STATUS.DUE, 0, STATUS.VOIDED),
        (STATUS.REQUESTED, 0, STATUS.VOIDED),
        (STATUS.PROCESSING, 0, STATUS.VOIDED),
        (STATUS.AUTHORISED, 0, STATUS.VOIDED),
        (STATUS.AUTHORISED, 2_000, STATUS.AUTHORISED),
        (STATUS.PAID, 0, STATUS.REFUND_DUE),
        (STATUS.PAID, 2_000, STATUS.REFUND_DUE),
        (STATUS.PAID, 5_000, STATUS.PAID),
        (STATUS.FAILED, 0, STATUS.FAILED),
        (STATUS.DISPUTED, 0, STATUS.DISPUTED),
    ],
)
def test_when_a_booking_ends_its_money_is_dropped_kept_or_owed_back(
    status: PaymentStatus, keep: int, ended: PaymentStatus
) -> None:
    assert a_payment(status).ended(keep).status is ended


@pytest.mark.parametrize(("keep", "kept"), [(0, 0), (2_000, 2_000), (9_999, 5_000)])
def test_an_end_never_raises_what_may_be_kept(keep: int, kept: int) -> None:
    assert a_payment(STATUS.PAID).ended(keep).to_keep == kept


def test_after_a_goodwill_refund_a_dearer_end_still_owes_the_rest() -> None:
    payment = evolve(a_payment(STATUS.REFUNDED), to_keep=3_000)
    assert payment.ended(3_000).status is STATUS.REFUNDED
    assert payment.ended(1_000).status is STATUS.REFUND_DUE


@pytest.mark.parametrize(
    ("returned", "keep", "ended"),
    [
        (5_000, 0, STATUS.REFUNDED),
        (2_000, 3_500, STATUS.REFUNDED),
        (2_000, 2_500, STATUS.REFUND_DUE),
    ],
)
def test_what_went_back_elsewhere_already_is_not_owed_again(
    returned: int, keep: int, ended: PaymentStatus
) -> None:
    payment = evolve(a_payment(STATUS.REFUNDED), taken=5_000, returned=returned)
    assert payment.ended(keep).status is ended


@pytest.mark.parametrize(
    ("returned", "amount", "told"),
    [
        (5_000, 1, "Nothing is left that could be given back."),
        (1_000, 4_001, "Give back more than nothing, and at most 40.00 EUR."),
        (1_000, 0, "Give back more than nothing, and at most 40.00 EUR."),
    ],
)
def test_a_refusal_to_give_back_says_how_much_is_left(
    returned: int, amount: int, told: str
) -> None:
    payment = evolve(a_payment(STATUS.REFUNDED), taken=5_000, returned=returned)
    with pytest.raises(InvalidRequest, match=told):
        payment.owing_back(Money(amount, "EUR"))
