"""Paid bookings from the first call to the last cent."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.memory import Fault, MemoryClock, MemoryPayments
from booking_core import (
    HOLD_LENGTH,
    Actor,
    Attempt,
    BookingState,
    CancellationPolicy,
    CheckoutRefused,
    CheckoutState,
    HoldExpired,
    OwnReason,
    PaymentStatus,
    PaymentsUnavailable,
    ProviderFailed,
    RefundStep,
    SlotUnavailable,
    Standing,
    WrongState,
)
from booking_core.testing.examples import NOW, PRICE, a_builder, a_contact, a_session_type, a_slot
from tests.unit.application.paying import BUILDER, Shop, key_of

pytestmark = pytest.mark.usefixtures("mails_agree_with_the_books")

S, PAY = BookingState, PaymentStatus
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(params=["memory", "local"])
def shop(request: pytest.FixtureRequest) -> Shop:
    return Shop.open(calendar=request.param)


# ---- the usual way -------------------------------------------------------------------------------


def test_a_paid_session_waits_for_its_money_with_the_slot_kept(shop: Shop) -> None:
    booking = shop.confirm()
    assert (booking.state, booking.payment.status) == (S.AWAITING_PAYMENT, PAY.REQUESTED)
    assert booking.payment.checkout_url == "https://pay.test/checkout_000001"
    with pytest.raises(SlotUnavailable):
        shop.confirm(contact=a_contact(email="other@example.org"))
    shop.work()
    assert shop.subjects() == []


@pytest.mark.parametrize("method", ["authorise", "pay"])
def test_who_pays_and_comes_back_is_confirmed_and_the_money_is_taken(
    shop: Shop, method: str
) -> None:
    booking = shop.confirm()
    getattr(shop.payments, method)(key_of(booking))
    assert shop.comes_back(booking).state is S.CONFIRMED
    shop.work()
    booking = shop.now(booking)
    assert (booking.state, booking.payment.status) == (S.CONFIRMED, PAY.PAID)
    assert (booking.payment.taken, shop.held()) == (PRICE.amount, PRICE.amount)
    assert shop.subjects() == ["Booked"]
    assert shop.subjects(a_builder().email) == ["Booked"]


def test_a_payment_that_nobody_tells_us_of_is_found_by_the_poll(shop: Shop) -> None:
    booking = shop.confirm()
    shop.payments.authorise(key_of(booking))
    shop.work(2 * MINUTE)
    assert shop.now(booking).payment.status is PAY.PAID
    assert shop.subjects() == ["Booked"]


def test_the_answer_to_a_repeat_has_the_same_checkout(shop: Shop) -> None:
    first, again = (shop.confirm(key="one key") for _ in range(2))
    assert first.id == again.id
    assert first.payment.checkout_url == again.payment.checkout_url
    assert len(shop.payments.checkouts()) == 1


def test_prices_are_those_of_the_catalogue_when_the_booking_was_made(shop: Shop) -> None:
    booking = shop.confirm()
    shop.core.change_session_type(
        session_type_id=a_session_type().id, changes={"price": None}, actor=BUILDER
    )
    shop.payments.authorise(key_of(booking))
    shop.work(2 * MINUTE)
    assert shop.held() == PRICE.amount


# ---- turning back, declining, being late ---------------------------------------------------------


def test_who_turns_back_can_go_on_at_the_same_checkout(shop: Shop) -> None:
    booking = shop.confirm()
    assert shop.pays_again(booking).payment.checkout_url == booking.payment.checkout_url
    assert len(shop.payments.checkouts()) == 1


def test_who_pays_again_after_the_checkout_closed_gets_a_new_one(shop: Shop) -> None:
    booking = shop.confirm()
    shop.payments.run_out(key_of(booking))
    again = shop.pays_again(booking)
    assert again.payment.checkout_url != booking.payment.checkout_url
    shop.payments.authorise(key_of(again))
    assert shop.comes_back(again).state is S.CONFIRMED


def test_who_has_paid_already_is_not_sent_to_pay_again(shop: Shop) -> None:
    booking = shop.confirm()
    shop.payments.authorise(key_of(booking))
    again = shop.pays_again(booking)
    assert again.payment.checkout_url is None
    assert again.state in (S.CONFIRMING, S.CONFIRMED)


def test_an_abandoned_checkout_is_closed_before_the_slot_is_free(shop: Shop) -> None:
    booking = shop.confirm()
    shop.work(30 * MINUTE + MINUTE / 2)
    assert shop.now(booking).state is S.EXPIRED
    assert shop.payments.checkouts()[key_of(booking)].state is CheckoutState.EXPIRED
    assert shop.subjects() == ["Not paid in time"]
    assert shop.confirm().state is S.AWAITING_PAYMENT
    with pytest.raises(HoldExpired):
        shop.pays_again(booking)


def test_a_slot_is_not_given_away_while_its_checkout_may_still_be_paid(shop: Shop) -> None:
    booking = shop.confirm()
    shop.payments.break_next("expire", times=3)
    shop.payments.break_next("standing", times=100)
    shop.work(HOLD_LENGTH + 16 * MINUTE)
    assert shop.now(booking).state is S.AWAITING_PAYMENT
    with pytest.raises(SlotUnavailable):
        shop.confirm(contact=a_contact(email="other@example.org"))


def test_money_that_arrives_at_the_last_moment_counts(shop: Shop) -> None:
    booking = shop.confirm()
    shop.clock.advance(booking.deadline - NOW - MINUTE / 2)  # type: ignore[operator]
    shop.payments.authorise(key_of(booking))
    shop.clock.advance(HOUR)
    shop.work(MINUTE)
    assert shop.now(booking).state is S.CONFIRMED


def test_who_cancels_at_the_checkout_and_pays_all_the_same_gets_the_money_back(shop: Shop) -> None:
    booking = shop.confirm()
    shop.payments.pay(key_of(booking))
    assert shop.cancel(booking).state is S.CANCELLED
    shop.work()
    assert shop.now(booking).payment.status is PAY.REFUNDED
    assert shop.held() == 0
    assert shop.subjects() == ["Money is on its way back"]


# ---- methods that take days ----------------------------------------------------------------------


def test_money_that_takes_days_keeps_the_slot_until_it_arrives(shop: Shop) -> None:
    booking = shop.confirm(slot=a_slot(day=8))
    shop.payments.process(key_of(booking))
    shop.work(MINUTE)
    assert shop.now(booking).payment.status is PAY.PROCESSING
    shop.clock.advance(timedelta(days=2))
    shop.payments.pay(key_of(booking))
    shop.work(HOUR)
    assert shop.now(booking).state is S.CONFIRMED


def test_money_that_is_late_is_not_asked_for_all_the_time(shop: Shop) -> None:
    booking = shop.confirm(slot=a_slot(day=22))
    shop.payments.process(key_of(booking))
    shop.work(MINUTE)
    shop.clock.advance(timedelta(days=15))
    asked: list[object] = []
    real = shop.payments.standing
    shop.payments.standing = lambda **of: asked.append(of) or real(**of)  # type: ignore[method-assign]
    shop.work(HOUR)
    assert 1 <= len(asked) < 5
    assert shop.now(booking).state is S.AWAITING_PAYMENT


def test_money_that_does_not_come_frees_the_slot_and_the_client_is_told(shop: Shop) -> None:
    booking = shop.confirm(slot=a_slot(day=8))
    shop.payments.process(key_of(booking))
    shop.work(MINUTE)
    shop.payments.decline(key_of(booking))
    shop.work(HOUR)
    assert shop.now(booking).state is S.EXPIRED
    assert shop.subjects() == ["Your payment is on its way", "The payment failed"]


# ---- a calendar that refuses ---------------------------------------------------------------------


@pytest.mark.parametrize(("method", "end"), [("authorise", PAY.VOIDED), ("pay", PAY.REFUNDED)])
def test_paid_but_the_slot_is_gone_gives_the_money_back_by_itself(
    method: str, end: PaymentStatus
) -> None:
    shop = Shop.open()
    booking = shop.confirm()
    shop.calendar.refuse(a_slot())
    getattr(shop.payments, method)(key_of(booking))
    shop.work(2 * MINUTE)
    booking = shop.now(booking)
    assert (booking.state, booking.payment.status) == (S.FAILED, end)
    assert shop.held() == 0
    assert shop.subjects()[0] == "Could not be booked"
    assert "Could not be booked" in shop.subjects(a_builder().email)


def test_a_capture_that_fails_for_good_takes_the_session_back() -> None:
    shop = Shop.open()
    booking = shop.confirm()
    shop.payments.authorise(key_of(booking))
    shop.payments.break_next("capture", times=3)
    shop.comes_back(booking)
    shop.payments.lapse(key_of(booking))
    shop.work(HOUR)
    booking = shop.now(booking)
    assert (booking.state, booking.payment.status) == (S.CANCELLED, PAY.VOIDED)
    assert shop.calendar.standing() == []
    assert shop.subjects()[-1] == "Cancelled"


# ---- cancelling ----------------------------------------------------------------------------------

HALF_BACK = CancellationPolicy(refunds=(RefundStep(timedelta(0), 50),))


@pytest.mark.parametrize("fault", [None, *Fault])
def test_a_cancellation_gives_back_what_the_terms_say_once(fault: Fault | None) -> None:
    shop = Shop.open(cancellation_policy=HALF_BACK)
    booking = shop.confirm()
    shop.payments.pay(key_of(booking))
    shop.comes_back(booking)
    shop.work()
    if fault is not None:
        shop.payments.break_next("refund", fault)
    shop.cancel(booking)
    shop.work(HOUR)
    booking = shop.now(booking)
    assert (booking.state, booking.payment.status) == (S.CANCELLED, PAY.REFUNDED)
    assert (booking.payment.taken, booking.payment.returned) == (5_000, 2_500)
    assert shop.held() == 2_500
    assert shop.subjects() == ["Booked", "Cancelled", "Money is on its way back"]


def test_who_is_cancelled_by_the_builder_gets_everything_back() -> None:
    shop = Shop.open(cancellation_policy=HALF_BACK)
    booking = shop.confirm()
    shop.payments.authorise(key_of(booking))
    shop.comes_back(booking)
    shop.work()
    shop.cancel(booking, BUILDER)
    shop.work(HOUR)
    assert shop.held() == 0


class RemembersKeys(MemoryPayments):
    """As Stripe does: a key that comes with another amount gets no answer but an error."""

    amounts: dict[str, int]

    def capture(self, *, attempt: Attempt, amount: int, key: str) -> Standing:
        if self.amounts.setdefault(key, amount) != amount:
            raise ProviderFailed("The key was used with another amount.", retryable=False)
        return super().capture(attempt=attempt, amount=amount, key=key)


def test_a_capture_that_was_lost_is_done_for_what_the_terms_leave_by_now() -> None:
    clock = MemoryClock(NOW)
    payments = RemembersKeys(clock)
    payments.amounts = {}
    shop = Shop.open(clock=clock, payments=payments, cancellation_policy=HALF_BACK)
    booking = shop.confirm()
    shop.payments.authorise(key_of(booking))
    shop.payments.break_next("capture")
    shop.comes_back(booking)
    shop.core.settle_money.at_once(booking)
    shop.cancel(booking)
    shop.work(MINUTE)
    assert shop.now(booking).payment.status is PAY.PAID
    assert shop.held() == 2_500


# ---- a provider that is down ---------------------------------------------------------------------


@pytest.mark.parametrize("fault", list(Fault))
def test_a_payment_provider_that_times_out_loses_nothing(shop: Shop, fault: Fault) -> None:
    shop.payments.break_next("request", fault)
    booking = shop.confirm()
    assert (booking.state, booking.payment.checkout_url) == (S.AWAITING_PAYMENT, None)
    assert shop.pays_again(booking).payment.checkout_url is not None
    assert len(shop.payments.checkouts()) == 1


def test_a_checkout_that_is_refused_for_good_frees_the_slot_at_once(shop: Shop) -> None:
    shop.payments.break_next("request", error=CheckoutRefused("no such currency here"))
    with pytest.raises(PaymentsUnavailable):
        shop.confirm()
    assert shop.confirm().state is S.AWAITING_PAYMENT
    shop.work()
    assert shop.subjects() == ["Cancelled"]


def test_a_checkout_that_only_a_job_learns_to_be_refused_frees_the_slot_and_is_told(
    shop: Shop,
) -> None:
    shop.payments.break_next("request")
    booking = shop.confirm()
    shop.payments.break_next("request", error=CheckoutRefused("no such currency here"))
    shop.work(MINUTE)
    booking = shop.now(booking)
    assert (booking.state, booking.cancel_reason) == (S.CANCELLED, OwnReason.CHECKOUT_REFUSED)
    assert shop.subjects() == shop.subjects(a_builder().email) == ["Cancelled"]
    assert shop.core.jobs.waiting() == 0


def test_no_hold_is_left_when_a_checkout_is_never_answered() -> None:
    shop = Shop.open()
    shop.payments.break_next("request", Fault.LOST_ANSWER, times=4)
    booking = shop.confirm()
    shop.work(3 * HOUR)
    assert shop.now(booking).state is S.EXPIRED
    assert [each.state for each in shop.payments.checkouts().values()] == [CheckoutState.EXPIRED]


def test_a_session_that_costs_money_needs_payments() -> None:
    shop = Shop.open()
    core = shop.core.__class__.assemble(
        unit_of_work=shop.store, calendar=shop.calendar, mailer=shop.mailer, clock=shop.clock
    )
    with pytest.raises(PaymentsUnavailable):
        core.confirm_booking(
            session_type_id=a_session_type().id,
            slot=a_slot(),
            actor=Actor.anonymous(),
            contact=a_contact(),
        )


# ---- disputes and refunds elsewhere --------------------------------------------------------------


def test_a_dispute_is_told_to_the_builder_and_followed_to_its_end(shop: Shop) -> None:
    booking = shop.confirm()
    shop.payments.pay(key_of(booking))
    shop.comes_back(booking)
    shop.payments.dispute(key_of(booking))
    shop.core.settle_money(booking_id=booking.id)
    assert shop.now(booking).payment.status is PAY.DISPUTED
    shop.payments.end_dispute(key_of(booking), won=False)
    shop.core.settle_money(booking_id=booking.id)
    assert shop.now(booking).payment.status is PAY.REFUNDED
    shop.work()
    told = shop.subjects(a_builder().email)
    assert told == ["Booked", "The payment is disputed", "The dispute has ended"]


@pytest.mark.parametrize("way", ["given back", "disputed", "lost"])
def test_money_that_went_back_before_we_heard_of_it_buys_nothing(shop: Shop, way: str) -> None:
    booking = shop.confirm()
    key = key_of(booking)
    shop.payments.pay(key)
    if way == "given back":
        shop.payments.refund_elsewhere(key, PRICE.amount)
    else:
        shop.payments.dispute(key)
    if way == "lost":
        shop.payments.end_dispute(key, won=False)
    shop.work(MINUTE)
    ended = PAY.DISPUTED if way == "disputed" else PAY.REFUNDED
    assert (shop.now(booking).state, shop.now(booking).payment.status) == (S.EXPIRED, ended)
    early = "Not booked; the payment was refunded or disputed before"
    back = ["Money is on its way back"] * (way == "given back")
    assert shop.subjects() == [early, *back]
    assert shop.subjects(a_builder().email)[: len(back)] == back
    assert shop.confirm().state is S.AWAITING_PAYMENT
    if way == "disputed":
        shop.payments.end_dispute(key, won=True)
        shop.work(25 * HOUR)
        assert shop.payments.checkouts()[key].held == 0


def test_money_of_which_a_part_went_back_before_we_heard_of_it_still_buys_the_session(
    shop: Shop,
) -> None:
    booking = shop.confirm()
    shop.payments.pay(key_of(booking))
    shop.payments.refund_elsewhere(key_of(booking), 1_000)
    shop.work(MINUTE)
    assert shop.now(booking).state is S.CONFIRMED


def test_money_given_back_elsewhere_is_noticed(shop: Shop) -> None:
    booking = shop.confirm()
    shop.payments.pay(key_of(booking))
    shop.comes_back(booking)
    shop.payments.refund_elsewhere(key_of(booking), 1_000)
    shop.core.settle_money(booking_id=booking.id)
    booking = shop.now(booking)
    assert (booking.state, booking.payment.returned) == (S.CONFIRMED, 1_000)


# ---- paying at the meeting -----------------------------------------------------------------------


class AtTheMeeting(MemoryPayments):
    on_site = True

    def request(self, **_: object) -> object:  # type: ignore[override]
        raise AssertionError("Nobody is to be asked.")


def test_who_pays_at_the_meeting_is_booked_at_once() -> None:
    shop = Shop.open(payments=AtTheMeeting(MemoryClock(NOW)))
    booking = shop.confirm()
    assert (booking.state, booking.payment.status) == (S.CONFIRMED, PAY.DUE)
    paid = shop.core.record_paid_on_site(booking_id=booking.id, actor=BUILDER)
    assert paid.payment.status is PAY.PAID
    with pytest.raises(WrongState):
        shop.core.record_paid_on_site(booking_id=booking.id, actor=BUILDER)


def test_a_booking_begun_before_its_slot_can_be_paid_at_the_meeting() -> None:
    shop = Shop.open(payments=AtTheMeeting(MemoryClock(NOW)))
    begun = shop.core.initialize_booking(
        session_type_id=a_session_type().id, actor=Actor.anonymous(), contact=a_contact()
    )
    assert begun.booking.state is S.AWAITING_SCHEDULING
    assert begun.link is not None


# ---- pay first, choose the time then -------------------------------------------------------------


def test_the_link_comes_only_after_the_money(shop: Shop) -> None:
    begun = shop.core.initialize_booking(
        session_type_id=a_session_type().id, actor=Actor.anonymous(), contact=a_contact()
    )
    assert (begun.booking.state, begun.link) == (S.AWAITING_PAYMENT, None)
    shop.payments.authorise(key_of(begun.booking))
    waiting = shop.comes_back(begun.booking)
    assert waiting.state is S.AWAITING_SCHEDULING
    booked = shop.core.confirm_booking(
        session_type_id=a_session_type().id,
        slot=a_slot(),
        actor=shop.client(waiting),
        booking_id=waiting.id,
    )
    assert booked.state is S.CONFIRMED
    shop.work()
    assert shop.now(booked).payment.status is PAY.PAID


def test_a_link_that_was_paid_for_and_never_used_is_released(shop: Shop) -> None:
    begun = shop.core.initialize_booking(
        session_type_id=a_session_type().id, actor=Actor.anonymous(), contact=a_contact()
    )
    shop.payments.authorise(key_of(begun.booking))
    shop.comes_back(begun.booking)
    shop.clock.advance(timedelta(hours=25))
    shop.work(MINUTE)
    assert shop.now(begun.booking).state is S.EXPIRED
    assert shop.payments.checkouts()[key_of(begun.booking)].state is CheckoutState.VOIDED


# ---- mail ----------------------------------------------------------------------------------------


def test_a_dead_mail_server_delays_the_mail_and_blocks_nothing(shop: Shop) -> None:
    shop.mailer.break_next("send", times=4)
    booking = shop.confirm()
    shop.payments.pay(key_of(booking))
    assert shop.comes_back(booking).state is S.CONFIRMED
    shop.work(HOUR)
    assert shop.subjects() == ["Booked"]
    assert shop.subjects(a_builder().email) == ["Booked"]


def test_reminders_come_before_the_start_and_not_for_what_was_moved_or_cancelled() -> None:
    shop = Shop.open(price=None)
    shop.core.change_builder(
        builder_id=a_builder().id,
        changes={"reminders": (timedelta(days=1), HOUR)},
        actor=BUILDER,
    )
    stays = shop.confirm(slot=a_slot(day=1, hour=11))
    moved = shop.confirm(slot=a_slot(day=2), contact=a_contact(email="moved@example.org"))
    gone = shop.confirm(slot=a_slot(day=3), contact=a_contact(email="gone@example.org"))
    shop.work()
    shop.core.reschedule_booking(booking_id=moved.id, slot=a_slot(day=4), actor=BUILDER)
    shop.cancel(gone)
    for _ in range(5 * 24):
        shop.clock.advance(HOUR)
        shop.work()
    assert shop.now(stays).state is S.CONFIRMED
    assert shop.subjects() == ["Booked", "Reminder", "Reminder"]
    assert shop.subjects("moved@example.org") == ["Booked", "Moved", "Reminder", "Reminder"]
    assert shop.subjects("gone@example.org") == ["Booked", "Cancelled"]


def test_a_payment_provider_that_is_broken_says_so_by_a_dead_job_and_not_to_the_client(
    shop: Shop,
) -> None:
    booking = shop.confirm()
    shop.payments.break_next("standing", error=ProviderFailed("wrong key", retryable=False))
    assert shop.comes_back(booking).state is S.AWAITING_PAYMENT


@pytest.mark.parametrize("calendar", ["memory", "local"])
def test_money_that_is_there_after_the_start_buys_nothing_and_goes_back(calendar: str) -> None:
    shop = Shop.open(calendar=calendar)
    booking = shop.confirm()
    shop.payments.process(key_of(booking))
    shop.work(timedelta(minutes=1))
    shop.clock.set(a_slot().end)
    shop.payments.pay(key_of(booking))
    shop.work(timedelta(hours=2))
    assert shop.now(booking).state is S.EXPIRED
    assert shop.held() == 0
    assert "Booked" not in shop.subjects()


@pytest.mark.parametrize("calendar", ["memory", "local"])
def test_money_that_is_on_its_way_is_waited_for_until_nobody_else_could_book(calendar: str) -> None:
    shop = Shop.open(calendar=calendar, minimum_notice=timedelta(hours=5))
    booking = shop.confirm(a_slot(day=4))
    shop.payments.process(key_of(booking))
    shop.clock.set(a_slot(day=4).start - timedelta(hours=5, minutes=2))
    shop.work()
    assert shop.now(booking).state is S.AWAITING_PAYMENT
    shop.work(timedelta(minutes=5))
    assert shop.now(booking).state is S.EXPIRED
    shop.payments.pay(key_of(booking))
    shop.work(timedelta(hours=2))
    assert shop.held() == 0


def test_a_checkout_that_outlives_the_start_sells_no_session_that_has_begun() -> None:
    shop = Shop.open(calendar="local")
    shop.clock.set(a_slot().start - timedelta(minutes=10))
    booking = shop.confirm()
    shop.clock.advance(timedelta(minutes=12))
    shop.payments.pay(key_of(booking))
    shop.comes_back(booking)
    shop.work(timedelta(minutes=30))
    assert shop.now(booking).state is S.EXPIRED
    assert shop.held() == 0
