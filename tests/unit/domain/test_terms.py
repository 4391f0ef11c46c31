from datetime import timedelta

import pytest
from attrs import evolve

from booking_core import CancellationPolicy, InvalidRequest, Money, RefundStep
from booking_core.testing.examples import a_slot

START = a_slot(day=10).start
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PRICE = Money(999, "EUR")
STEPS = CancellationPolicy(refunds=(RefundStep(DAY, 50), RefundStep(2 * DAY, 100)))


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        (3 * DAY, 0),
        (2 * DAY, 0),
        (2 * DAY - HOUR, 500),
        (DAY, 500),
        (DAY - HOUR, 999),
        (-HOUR, 999),
    ],
)
def test_what_is_kept_grows_as_the_start_comes_nearer(before: timedelta, kept: int) -> None:
    assert STEPS.kept(PRICE, start=START, now=START - before) == Money(kept, "EUR")


def test_without_steps_of_its_own_everything_goes_back() -> None:
    assert CancellationPolicy().kept(PRICE, start=START, now=START - HOUR).amount == 0


def test_with_no_steps_at_all_everything_goes_back_too() -> None:
    for before in (DAY, timedelta(0), -HOUR):
        kept = CancellationPolicy(refunds=()).kept(PRICE, start=START, now=START - before)
        assert kept.amount == 0


def test_a_step_of_nothing_keeps_everything() -> None:
    terms = CancellationPolicy(refunds=(RefundStep(timedelta(0), 0),))
    assert terms.kept(PRICE, start=START, now=START - DAY) == PRICE


def test_what_is_kept_and_what_goes_back_are_the_price_together() -> None:
    now = START - DAY
    assert STEPS.kept(PRICE, start=START, now=now).amount + PRICE.percent(50).amount == 999


@pytest.mark.parametrize(
    ("before", "allowed"), [(DAY + HOUR, True), (DAY, True), (DAY - HOUR, False), (-HOUR, False)]
)
def test_a_client_may_change_until_the_notice(before: timedelta, allowed: bool) -> None:
    terms = CancellationPolicy(change_notice=DAY)
    assert terms.client_may_change(start=START, now=START - before) is allowed


def test_without_a_notice_a_client_may_change_until_the_start() -> None:
    terms = CancellationPolicy()
    assert terms.client_may_change(start=START, now=START - timedelta(seconds=1))
    assert not terms.client_may_change(start=START, now=START)


def test_a_notice_is_not_negative_and_a_share_is_a_percentage() -> None:
    with pytest.raises(InvalidRequest):
        CancellationPolicy(change_notice=-HOUR)
    with pytest.raises(InvalidRequest):
        RefundStep(-HOUR, 50)
    for percent in (-1, 101):
        with pytest.raises(InvalidRequest):
            RefundStep(HOUR, percent)


@pytest.mark.parametrize(
    ("terms", "told"),
    [
        (CancellationPolicy(), [(0 * DAY, 100)]),
        (CancellationPolicy(refunds=()), [(0 * DAY, 100)]),
        (STEPS, [(2 * DAY, 100), (DAY, 50)]),
        (CancellationPolicy(refunds=(RefundStep(0 * DAY, 0),)), []),
        (evolve(STEPS, refunds=(*STEPS.refunds, RefundStep(HOUR, 0))), [(2 * DAY, 100), (DAY, 50)]),
        (
            evolve(STEPS, refunds=(*STEPS.refunds, RefundStep(HOUR, 50))),
            [(2 * DAY, 100), (HOUR, 50)],
        ),
        (evolve(STEPS, change_notice=DAY + HOUR), [(2 * DAY, 100), (DAY + HOUR, 50)]),
        (evolve(STEPS, change_notice=3 * DAY), [(3 * DAY, 100)]),
    ],
)
def test_what_is_promised_is_what_can_be_had(
    terms: CancellationPolicy, told: list[tuple[timedelta, int]]
) -> None:
    assert [(each.notice, each.percent) for each in terms.promised] == told


def test_a_notice_of_any_length_can_be_counted_back() -> None:
    ages = timedelta(days=10**6)
    terms = CancellationPolicy(change_notice=ages, refunds=(RefundStep(ages, 100),))
    assert not terms.client_may_change(start=START, now=START - DAY)
    assert terms.kept(PRICE, start=START, now=START - DAY) == PRICE
