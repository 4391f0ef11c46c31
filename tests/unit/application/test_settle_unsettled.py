"""What lost notices and jobs that were given up have left undone is repaired by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from booking_core import (
    Actor,
    Booking,
    BookingState,
    CancellationPolicy,
    CaptureRefused,
    CheckoutState,
    Job,
    LeasedOutbox,
    PaymentStatus,
    ProviderFailed,
    RefundStep,
    Settle,
    Standing,
    Topic,
)
from booking_core.testing.examples import a_builder, a_contact, a_paid_booking, a_slot
from tests.unit.application.paying import BUILDER, Shop, key_of

S, PAY = BookingState, PaymentStatus
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FOR_GOOD = ProviderFailed("The key is refused.", retryable=False)


@pytest.fixture
def shop() -> Shop:
    return Shop.open()


def lose_every_job(shop: Shop) -> None:
    with shop.store() as uow:
        assert isinstance(uow.outbox, LeasedOutbox)
        while leased := uow.outbox.lease(now=shop.clock.now() + 9 * DAY, length=MINUTE):
            for each in leased:
                uow.outbox.done(each)
        uow.commit()


def test_a_booking_whose_job_was_given_up_is_settled_after_all(shop: Shop) -> None:
    booking = shop.confirm(slot=a_slot(day=8))
    shop.payments.authorise(key_of(booking))
    shop.payments.break_next("capture", times=2, error=FOR_GOOD)
    shop.comes_back(booking)
    shop.work()
    assert {each.job.topic for each in shop.core.jobs.dead()} == {Topic.SETTLE_MONEY}
    assert shop.core.settle_unsettled() == 1
    shop.work()
    assert shop.now(booking).payment.status is PAY.PAID
    assert not shop.core.jobs.dead()


@pytest.mark.parametrize("left", ["checkout", "transfer", "calendar", "capture", "refund"])
def test_a_booking_whose_jobs_are_lost_is_found_wherever_it_stands(shop: Shop, left: str) -> None:
    booking = shop.confirm(slot=a_slot(day=8))
    if left == "transfer":
        shop.payments.process(key_of(booking))
        shop.comes_back(booking)
    if left in ("calendar", "capture"):
        shop.payments.authorise(key_of(booking))
        shop.calendar.break_next("ensure_booked", times=left == "calendar")
        shop.comes_back(booking)
    if left == "refund":
        shop.payments.pay(key_of(booking))
        shop.comes_back(booking)
        shop.cancel(booking, BUILDER)
    lose_every_job(shop)
    if left in ("checkout", "transfer"):
        shop.payments.pay(key_of(booking))
    shop.work(3 * MINUTE)
    before = shop.now(booking)
    shop.core.settle_unsettled()
    shop.work(3 * MINUTE)
    booking = shop.now(booking)
    assert (booking.state, booking.payment.status) != (before.state, before.payment.status)
    ends = (S.CANCELLED, PAY.REFUNDED) if left == "refund" else (S.CONFIRMED, PAY.PAID)
    assert (booking.state, booking.payment.status) == ends


def test_a_mail_survives_a_mail_server_that_is_dead_for_days(shop: Shop) -> None:
    shop.mailer.break_next("send", times=1_000)
    booking = pay(shop)
    after(shop, 3 * DAY)
    assert shop.subjects() == []
    shop.mailer.mend()
    after(shop, DAY)
    assert shop.subjects() == ["Booked"]
    assert shop.subjects(a_builder().email) == ["Booked"]
    assert not shop.core.jobs.dead()
    assert shop.now(booking).state is S.CONFIRMED


def test_a_mail_that_was_refused_for_good_is_not_begun_anew(shop: Shop) -> None:
    shop.mailer.break_next("send", times=2, error=FOR_GOOD)
    pay(shop)
    after(shop, DAY)
    assert shop.subjects() == []
    assert len(shop.core.jobs.dead()) == 2


def test_a_mail_that_has_nothing_left_to_tell_stays_given_up(shop: Shop) -> None:
    shop.mailer.break_next("send", times=1_000)
    pay(shop)
    after(shop, 17 * DAY)
    shop.mailer.mend()
    after(shop, 2 * DAY)
    assert shop.subjects() == []
    assert len(shop.core.jobs.dead()) == 2


def pay(shop: Shop) -> Booking:
    booking = shop.confirm(slot=a_slot(day=8))
    shop.payments.pay(key_of(booking))
    return shop.comes_back(booking)


def after(shop: Shop, length: timedelta) -> None:
    """The job loop for that long, looked at once an hour."""
    for _ in range(length // HOUR):
        shop.clock.advance(HOUR)
        shop.work()


def test_a_reschedule_whose_job_is_lost_is_done(shop: Shop) -> None:
    booking = shop.confirm(slot=a_slot(day=8))
    shop.payments.pay(key_of(booking))
    shop.comes_back(booking)
    shop.calendar.break_next("ensure_booked")
    shop.core.reschedule_booking(booking_id=booking.id, slot=a_slot(day=9), actor=BUILDER)
    lose_every_job(shop)
    shop.core.settle_unsettled()
    shop.work()
    assert shop.now(booking).slot == a_slot(day=9)


def test_what_is_settled_is_left_alone_and_every_booking_is_gone_through(shop: Shop) -> None:
    settled = shop.confirm(slot=a_slot(day=8))
    shop.payments.pay(key_of(settled))
    shop.comes_back(settled)
    with shop.store() as uow:
        for number in range(230):
            waits = a_paid_booking(S.AWAITING_PAYMENT, id=f"bkg_{number:03}")
            uow.bookings.save(evolve(waits, version=0))
        uow.commit()
    lose_every_job(shop)
    assert shop.core.settle_unsettled() == 230
    assert shop.core.jobs.waiting() == 230
    assert shop.core.settle_unsettled() == 230
    assert shop.core.jobs.waiting() == 230


def test_mail_that_was_given_up_stays_so(shop: Shop) -> None:
    shop.mailer.break_next("send", error=FOR_GOOD)
    booking = shop.confirm()
    shop.payments.pay(key_of(booking))
    shop.comes_back(booking)
    shop.work()
    dead = shop.core.jobs.dead()
    assert [each.job.topic for each in dead] == [Topic.SEND_MAIL]
    shop.core.settle_unsettled()
    assert shop.core.jobs.dead() == dead


def test_nothing_is_unfinished_that_nobody_asks_a_provider_for() -> None:
    on_site = a_paid_booking(S.CANCELLED)
    on_site.payment = evolve(on_site.payment, status=PAY.REFUND_DUE, attempts=())
    assert on_site.unfinished == ()
    online = a_paid_booking(S.CANCELLED)
    online.payment = evolve(online.payment, status=PAY.REFUND_DUE)
    assert online.unfinished == (Settle.MONEY,)


# ---- a capture that never succeeds ---------------------------------------------------------------


def told(shop: Shop) -> list[str]:
    return [*shop.subjects(), *shop.subjects(a_builder().email)]


@pytest.mark.parametrize("day", [1, 15])
def test_a_capture_that_is_refused_for_good_ends_the_booking_at_once(shop: Shop, day: int) -> None:
    booking = shop.confirm(slot=a_slot(day=day))
    shop.payments.authorise(key_of(booking))
    shop.payments.break_next("capture", times=100_000, error=CaptureRefused("The bank says no."))
    shop.comes_back(booking)
    shop.work(MINUTE)
    booking = shop.now(booking)
    assert (booking.state, booking.payment.status) == (S.CANCELLED, PAY.VOIDED)
    assert shop.payments.checkouts()[key_of(booking)].state is CheckoutState.VOIDED
    assert not shop.calendar.standing()
    assert told(shop).count("Cancelled") == 2
    assert not shop.core.jobs.dead()


@pytest.mark.parametrize("error", [FOR_GOOD, None], ids=["for good", "again and again"])
def test_a_capture_that_never_succeeds_ends_with_its_authorisation(
    shop: Shop, error: ProviderFailed | None
) -> None:
    booking = shop.confirm(slot=a_slot(day=15))
    shop.payments.authorise(key_of(booking))
    shop.payments.break_next("capture", times=100_000, error=error)
    shop.comes_back(booking)
    for _ in range(8 * 4):
        shop.clock.advance(6 * HOUR)
        shop.core.settle_unsettled()
        shop.work()
    booking = shop.now(booking)
    assert (booking.state, booking.payment.status) == (S.CANCELLED, PAY.VOIDED)
    assert not shop.calendar.standing()
    assert told(shop).count("Cancelled") == 2
    assert not shop.core.jobs.dead()


def test_money_that_is_only_authorised_is_looked_at_until_it_is_taken() -> None:
    shop = Shop.open()
    begun = shop.core.initialize_booking(
        session_type_id=shop.stored_type().id,
        actor=Actor.anonymous(),
        contact=a_contact(),
    ).booking
    shop.payments.authorise(key_of(begun))
    shop.comes_back(begun)
    shop.work(HOUR)
    assert shop.now(begun).state is S.AWAITING_SCHEDULING
    looks = {each.job.topic for each in shop.core.jobs.upcoming()}
    assert looks == {Topic.SETTLE_MONEY, Topic.SETTLE_CALENDAR}, "at the money, and at the link"


# ---- a provider that does not do what it is asked ------------------------------------------------


@pytest.mark.parametrize("call", ["expire", "void"])
def test_a_call_that_is_quietly_refused_is_not_repeated_in_one_try(shop: Shop, call: str) -> None:
    booking = shop.confirm()
    if call == "void":
        shop.payments.authorise(key_of(booking))
        shop.calendar.break_next("ensure_booked", times=100)
    real, calls = shop.payments.standing, []

    def refuse(**asked: object) -> object:
        calls.append(call)
        return real(attempt=asked["attempt"])  # type: ignore[arg-type]

    setattr(shop.payments, call, refuse)
    shop.comes_back(booking)
    shop.cancel(booking)
    shop.core.work_outbox()
    assert 1 <= len(calls) <= 2
    delattr(shop.payments, call)
    shop.work(HOUR)
    assert shop.payments.checkouts()[key_of(booking)].state.closed


def capture_and_refund_elsewhere(shop: Shop, key: str, amount: int) -> None:
    """The next capture: its answer is lost, and somebody is quicker than the next try."""
    real = shop.payments.capture

    def capture(**asked: Any) -> Standing:
        shop.payments.capture = real  # type: ignore[method-assign]
        real(**asked)
        shop.payments.refund_elsewhere(key, amount)
        raise ProviderFailed("The answer is lost.")

    shop.payments.capture = capture  # type: ignore[method-assign]


def test_money_given_back_elsewhere_before_its_capture_was_heard_of_wedges_nothing(
    shop: Shop,
) -> None:
    booking = shop.confirm(slot=a_slot(day=8))
    shop.payments.authorise(key_of(booking))
    capture_and_refund_elsewhere(shop, key_of(booking), 1_000)
    shop.comes_back(booking)
    shop.work(HOUR)
    booking = shop.now(booking)
    assert (booking.state, booking.payment.status) == (S.CONFIRMED, PAY.REFUNDED)
    assert (booking.payment.taken, booking.payment.returned) == (5_000, 1_000)
    assert not shop.core.jobs.dead()


@pytest.mark.parametrize("amount", [1_000, 2_500])
def test_the_same_of_a_cancelled_booking_that_keeps_a_part(amount: int) -> None:
    half = CancellationPolicy(refunds=(RefundStep(timedelta(0), 50),))
    shop = Shop.open(cancellation_policy=half)
    booking = shop.confirm(slot=a_slot(day=8))
    shop.payments.authorise(key_of(booking))
    shop.comes_back(booking)
    shop.cancel(booking)
    capture_and_refund_elsewhere(shop, key_of(booking), amount)
    shop.work(3 * HOUR)
    booking = shop.now(booking)
    assert (booking.state, booking.payment.status) == (S.CANCELLED, PAY.REFUNDED)
    assert not shop.core.jobs.dead()


# ---- what no notice told ---------------------------------------------------------------------------


def a_paid_one(shop: Shop) -> tuple[Booking, str]:
    booking = shop.confirm(slot=a_slot(day=8))
    shop.payments.pay(key_of(booking))
    shop.comes_back(booking)
    shop.work(HOUR)
    return booking, key_of(booking)


def test_a_dispute_that_no_notice_told_of_is_found_within_a_day(shop: Shop) -> None:
    booking, key = a_paid_one(shop)
    shop.payments.dispute(key)
    shop.work(DAY)
    assert shop.now(booking).payment.status is PAY.DISPUTED
    assert shop.subjects(a_builder().email) == ["Booked", "The payment is disputed"]
    shop.payments.end_dispute(key, won=False)
    shop.work(DAY)
    assert shop.now(booking).payment.status is PAY.REFUNDED


def test_money_given_back_elsewhere_that_no_notice_told_of_is_found_within_a_day(
    shop: Shop,
) -> None:
    booking, key = a_paid_one(shop)
    shop.payments.refund_elsewhere(key, 2_000)
    shop.work(DAY)
    assert shop.now(booking).payment.returned == 2_000


def test_a_refund_that_came_back_is_found_within_a_day(shop: Shop) -> None:
    booking, key = a_paid_one(shop)
    shop.cancel(booking, BUILDER)
    shop.work(HOUR)
    assert shop.now(booking).payment.status is PAY.REFUNDED
    shop.payments.send_back_refunds(key)
    shop.work(DAY)
    assert shop.now(booking).payment.status is PAY.REFUND_DUE
    assert shop.subjects(a_builder().email)[-1].startswith("The bank sent a refund back")


def test_a_refund_that_is_on_its_way_is_looked_at_within_the_hour(shop: Shop) -> None:
    booking, key = a_paid_one(shop)
    shop.cancel(booking, BUILDER)
    shop.core.work_outbox()
    shop.payments.delay_refunds(key)
    shop.core.settle_money(booking_id=booking.id)
    shop.work(3 * HOUR)
    shop.payments.send_back_refunds(key)
    shop.work(HOUR)
    assert shop.now(booking).payment.status is PAY.REFUND_DUE


def test_two_weeks_after_its_start_a_session_is_looked_at_no_more(shop: Shop) -> None:
    booking, _ = a_paid_one(shop)
    shop.clock.set(a_slot(day=8).start + 14 * DAY)
    shop.work()
    assert shop.now(booking).payment.status is PAY.PAID
    assert shop.core.jobs.waiting() == 0


def test_the_money_of_a_session_that_was_never_paid_is_not_looked_at(shop: Shop) -> None:
    booking = shop.confirm()
    shop.cancel(booking)
    shop.work(HOUR)
    assert shop.core.jobs.waiting() == 0


# ---- what another version has put ----------------------------------------------------------------


def test_a_job_that_nobody_can_read_is_given_up_and_stands_in_nobodys_way(shop: Shop) -> None:
    booking = shop.confirm()
    with shop.store() as uow:
        now = shop.clock.now()
        uow.outbox.put(
            Job(
                topic=Topic.UNREADABLE,
                booking_id=booking.id,
                key="key",
                subject="tell webhooks",
                due_at=now,
            )
        )
        uow.commit()
    shop.payments.pay(key_of(booking))
    shop.work(MINUTE)
    assert shop.now(booking).state is S.CONFIRMED
    [dead] = shop.core.jobs.dead()
    assert "tell webhooks" in dead.error
    shop.core.settle_unsettled()
    assert [each.id for each in shop.core.jobs.dead()] == [dead.id]
