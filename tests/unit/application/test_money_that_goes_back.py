"""Refunds of every kind: what becomes of the money, what is written down, and who is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.memory import Fault, MemoryClock, MemoryPayments
from adapters.stripe_payments.amounts import to_stripe
from booking_core import (
    Actor,
    Booking,
    BookingState,
    CancellationPolicy,
    InvalidRequest,
    KeyReused,
    Money,
    NotFound,
    PaymentStatus,
    ProviderFailed,
    RefundStep,
    Role,
    Topic,
    WrongState,
)
from booking_core.application.settle_money import look_job
from booking_core.domain import money
from booking_core.testing.examples import (
    NOW,
    PRICE,
    a_builder,
    a_contact,
    a_session_type,
    a_slot,
)
from tests.unit.application.paying import BUILDER, Shop, key_of

S, PAY = BookingState, PaymentStatus
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BACK = "Money is on its way back"


@pytest.fixture(params=["memory", "local"])
def shop(request: pytest.FixtureRequest) -> Shop:
    return Shop.open(calendar=request.param)


def a_paid_one(shop: Shop, **more: object) -> Booking:
    booking = shop.confirm(**{"slot": a_slot(day=8)} | more)
    shop.payments.pay(key_of(booking))
    shop.comes_back(booking)
    shop.work()
    return shop.now(booking)


def texts(shop: Shop, address: str = "grace@example.org") -> list[str]:
    return [mail.text for mail in shop.mailer.sent_to(address)]


# ---- a link that was paid for and not used -------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "end"), [("authorise", PAY.VOIDED), ("process", PAY.REFUNDED), ("pay", PAY.REFUNDED)]
)
def test_who_paid_and_did_not_use_the_link_is_not_told_to_have_paid_too_late(
    shop: Shop, method: str, end: PaymentStatus
) -> None:
    begun = shop.core.initialize_booking(
        session_type_id=a_session_type().id, actor=Actor.anonymous(), contact=a_contact()
    ).booking
    getattr(shop.payments, method)(key_of(begun))
    shop.work(MINUTE)
    if method == "process":
        shop.payments.pay(key_of(begun))
        shop.work(MINUTE)
    shop.clock.advance(25 * HOUR)
    shop.work(MINUTE)
    booking = shop.now(begun)
    assert (booking.state, booking.payment.status) == (S.EXPIRED, end)
    assert shop.held() == 0
    ended = ["No time was chosen", BACK][: 1 + (end is PAY.REFUNDED)]
    first = ["Your payment is on its way"] if method == "process" else []
    assert shop.subjects() == [*first, "Choose your time", *ended]


# ---- what a refund says --------------------------------------------------------------------------


def test_each_refund_tells_what_it_gave_back_and_not_the_sum_of_all(shop: Shop) -> None:
    booking = a_paid_one(shop)
    for amount in (3_000, 1_000):
        shop.payments.refund_elsewhere(key_of(booking), amount)
        shop.core.settle_money(booking_id=booking.id)
    shop.work()
    told = [text for text in texts(shop) if BACK in text]
    assert ["30.00 EUR" in told[0], "10.00 EUR" in told[1]] == [True, True]
    assert not any("40.00" in text for text in told)


def test_a_refund_made_elsewhere_is_told_to_the_builder_too(shop: Shop) -> None:
    booking = a_paid_one(shop)
    shop.payments.refund_elsewhere(key_of(booking), 5_000)
    shop.core.settle_money(booking_id=booking.id)
    shop.work()
    assert shop.subjects() == ["Booked", BACK]
    assert shop.subjects(a_builder().email) == ["Booked", BACK]


def test_a_refund_that_was_asked_for_here_is_told_to_the_client_only(shop: Shop) -> None:
    booking = a_paid_one(shop)
    shop.cancel(booking)
    shop.work(HOUR)
    assert shop.subjects() == ["Booked", "Cancelled", BACK]
    assert shop.subjects(a_builder().email) == ["Booked", "Cancelled"]


# ---- a refund that the bank sends back -----------------------------------------------------------


def test_a_refund_that_the_bank_sends_back_is_owed_again_and_the_builder_is_told_once(
    shop: Shop,
) -> None:
    booking = a_paid_one(shop)
    shop.cancel(booking, BUILDER)
    shop.work(HOUR)
    assert shop.now(booking).payment.status is PAY.REFUNDED
    shop.payments.send_back_refunds(key_of(booking))
    with shop.store() as uow:
        uow.outbox.put(look_job(booking, shop.clock.now()))  # as a notice would
        uow.commit()
    for _ in range(3):
        shop.work()
        dead = shop.core.jobs.dead()
        assert [each.job.topic for each in dead] == [Topic.SETTLE_MONEY]
        payment = shop.now(booking).payment
        assert (payment.status, payment.taken, payment.returned) == (PAY.REFUND_DUE, 5_000, 0)
        assert payment.owed == 5_000
        shop.core.jobs.restart(dead[0].id)
    refused = "The bank sent a refund back; it is still owed"
    assert shop.subjects(a_builder().email).count(refused) == 1

    shop.payments.refund_elsewhere(key_of(booking), 5_000)
    shop.core.settle_unsettled()
    shop.work()
    payment = shop.now(booking).payment
    assert (payment.status, payment.returned, payment.owed) == (PAY.REFUNDED, 5_000, 0)
    assert not shop.core.jobs.dead()


def test_a_refund_that_is_refused_at_once_is_told_as_well() -> None:
    class Refusing(MemoryPayments):
        def refund(self, **asked):  # type: ignore[no-untyped-def]
            super().refund(**asked)
            self.send_back_refunds(asked["attempt"].key)
            return self.standing(attempt=asked["attempt"])

    clock = MemoryClock(NOW)
    shop = Shop.open(payments=Refusing(clock), clock=clock)
    booking = a_paid_one(shop)
    shop.cancel(booking, BUILDER)
    shop.work()
    payment = shop.now(booking).payment
    assert (payment.status, payment.returned) == (PAY.REFUND_DUE, 0)
    assert shop.subjects(a_builder().email)[-1].startswith("The bank sent a refund back")


def is_sent_back(shop: Shop, booking: Booking) -> None:
    """The client's bank takes none of the refunds so far, and we hear of it."""
    shop.payments.send_back_refunds(key_of(booking))
    shop.core.settle_money.at_once(shop.now(booking))
    shop.work()


REFUSED = "The bank sent a refund back; it is still owed"


def test_a_refund_that_was_given_by_hand_does_not_stand_in_the_way_of_the_next_one(
    shop: Shop,
) -> None:
    booking = a_paid_one(shop)
    give(shop, booking, 1_000)
    shop.work()
    is_sent_back(shop, booking)
    shop.payments.refund_elsewhere(key_of(booking), 1_000)
    shop.work(2 * HOUR)
    assert shop.now(booking).payment.status is PAY.REFUNDED
    shop.cancel(booking, BUILDER)
    shop.work(2 * HOUR)
    payment = shop.now(booking).payment
    assert (payment.status, payment.returned, shop.held()) == (PAY.REFUNDED, 5_000, 0)
    assert shop.subjects(a_builder().email).count(REFUSED) == 1
    assert not shop.core.jobs.dead()


def test_what_was_given_up_is_over_once_somebody_gave_the_money_back_by_hand(shop: Shop) -> None:
    booking = a_paid_one(shop)
    shop.cancel(booking, BUILDER)
    shop.work()
    is_sent_back(shop, booking)
    shop.clock.advance(10 * 24 * HOUR)
    shop.work(HOUR)
    assert shop.core.jobs.dead()
    shop.core.record_returned_on_site(booking_id=booking.id, actor=BUILDER)
    shop.work()
    assert not shop.core.jobs.dead()
    assert shop.now(booking).payment.status is PAY.REFUNDED


def test_what_is_owed_beyond_a_refund_that_was_sent_back_goes_back_all_the_same(
    shop: Shop,
) -> None:
    booking = a_paid_one(shop)
    give(shop, booking, 1_000)
    shop.work()
    is_sent_back(shop, booking)
    shop.cancel(booking, BUILDER)
    shop.work(2 * HOUR)
    payment = shop.now(booking).payment
    assert (payment.status, payment.owed, shop.held()) == (PAY.REFUND_DUE, 1_000, 1_000)
    assert shop.subjects(a_builder().email).count(REFUSED) == 1
    is_sent_back(shop, booking)  # the second one as well
    assert shop.now(booking).payment.owed == 5_000
    assert shop.subjects(a_builder().email).count(REFUSED) == 2
    shop.payments.refund_elsewhere(key_of(booking), 5_000)
    shop.work(2 * HOUR)
    assert shop.now(booking).payment.status is PAY.REFUNDED


def paid_twice(shop: Shop) -> tuple[Booking, str, str]:
    """The keys of the checkout that counts and of the other one, whose money went back."""
    booking = shop.confirm(slot=a_slot(day=8))
    first = key_of(booking)
    shop.payments.run_out(first)
    booking = shop.pays_again(booking)
    shop.payments.pay_late(first)
    shop.payments.pay(key_of(booking))
    shop.work(MINUTE)
    accepted = shop.now(booking).payment.accepted
    keys = [attempt.key for attempt in booking.payment.attempts]
    return (booking, *keys) if accepted == 1 else (booking, *keys[::-1])


def test_the_refund_of_a_second_payment_that_was_sent_back_holds_up_nothing_of_the_first(
    shop: Shop,
) -> None:
    booking, accepted, other = paid_twice(shop)
    shop.payments.send_back_refunds(other)
    shop.core.settle_money.at_once(booking)
    shop.cancel(booking, BUILDER)
    shop.work(2 * HOUR)
    assert shop.payments.checkouts()[accepted].held == 0
    assert shop.now(booking).payment.owed == 5_000
    assert shop.subjects(a_builder().email).count(REFUSED) == 1


def test_a_refund_that_is_sent_back_while_the_bank_decides_is_told_and_the_dispute_goes_on(
    shop: Shop,
) -> None:
    booking, accepted, other = paid_twice(shop)
    shop.payments.dispute(accepted)
    shop.core.settle_money(booking_id=booking.id)
    shop.payments.send_back_refunds(other)
    with pytest.raises(ProviderFailed, match="by hand"):
        shop.core.settle_money(booking_id=booking.id)
    shop.work()
    assert shop.now(booking).payment.status is PAY.DISPUTED
    assert shop.subjects(a_builder().email)[-2:] == ["The payment is disputed", REFUSED]
    shop.payments.end_dispute(accepted, won=True)
    shop.core.settle_money.at_once(booking)
    assert shop.now(booking).payment.status is PAY.REFUND_DUE
    shop.payments.refund_elsewhere(other, 5_000)
    shop.work(2 * HOUR)
    assert shop.now(booking).payment.status is PAY.PAID


def by_hand(shop: Shop, booking: Booking) -> Booking:
    return shop.core.record_returned_on_site(booking_id=booking.id, actor=BUILDER)


@pytest.mark.parametrize("kind", ["all", "goodwill", "a second payment", "paid too late"])
def test_what_no_bank_took_can_be_given_back_outside_of_the_provider_and_recorded(
    shop: Shop, kind: str
) -> None:
    end = PAY.REFUNDED
    if kind == "a second payment":
        booking, _, other = paid_twice(shop)
        shop.payments.send_back_refunds(other)
        end = PAY.PAID
    elif kind == "paid too late":
        booking = shop.confirm(slot=a_slot(day=8))
        shop.work(HOUR)
        shop.payments.pay_late(key_of(booking))
        shop.comes_back(booking)
        shop.work()
        shop.payments.send_back_refunds(key_of(booking))
    else:
        booking = a_paid_one(shop)
        if kind == "all":
            shop.cancel(booking, BUILDER)
        else:
            give(shop, booking, 1_000)
        shop.work()
        shop.payments.send_back_refunds(key_of(booking))
    shop.core.settle_money.at_once(booking)
    owed = shop.now(booking).payment.owed
    assert owed == (1_000 if kind == "goodwill" else 5_000)
    by_hand(shop, booking)
    shop.work(2 * DAY)
    payment = shop.now(booking).payment
    assert (payment.status, payment.owed, payment.returned) == (end, 0, owed)
    assert not shop.core.jobs.dead()
    assert BACK not in shop.subjects(a_builder().email)
    with pytest.raises(WrongState):
        by_hand(shop, booking)


def test_what_was_given_back_by_hand_is_not_given_back_again(shop: Shop) -> None:
    booking = a_paid_one(shop)
    give(shop, booking, 1_000)
    shop.work()
    is_sent_back(shop, booking)
    shop.cancel(booking, BUILDER)
    by_hand(shop, booking)  # the ten that no bank took; the rest is asked for
    with pytest.raises(WrongState):
        by_hand(shop, booking)
    shop.work(2 * HOUR)
    payment = shop.now(booking).payment
    assert (payment.status, payment.returned, shop.held()) == (PAY.REFUNDED, 5_000, 1_000)


# ---- goodwill ------------------------------------------------------------------------------------


def give(shop: Shop, booking: Booking, amount: int, **more: object) -> Booking:
    return shop.core.refund_booking(
        booking_id=booking.id, amount=amount, **{"actor": BUILDER} | more
    )


@pytest.mark.parametrize("fault", [None, *Fault])
def test_a_builder_gives_money_back_out_of_goodwill(shop: Shop, fault: Fault | None) -> None:
    booking = a_paid_one(shop)
    if fault is not None:
        shop.payments.break_next("refund", fault)
    assert give(shop, booking, 1_000).payment.status is PAY.REFUND_DUE
    shop.work(HOUR)
    booking = shop.now(booking)
    assert (booking.state, booking.payment.status) == (S.CONFIRMED, PAY.REFUNDED)
    assert (booking.payment.returned, shop.held()) == (1_000, 4_000)
    give(shop, booking, 4_000)
    shop.work(HOUR)
    assert shop.held() == 0
    assert shop.subjects() == ["Booked", BACK, BACK]


def test_a_repeat_under_the_same_key_gives_nothing_twice(shop: Shop) -> None:
    booking = a_paid_one(shop)
    for _ in range(2):
        give(shop, booking, 1_000, key="goodwill")
        shop.work(HOUR)
    assert shop.held() == 4_000
    with pytest.raises(KeyReused):
        give(shop, booking, 2_000, key="goodwill")


def test_no_more_goes_back_than_was_taken_whoever_gave_it(shop: Shop) -> None:
    booking = a_paid_one(shop)
    shop.payments.refund_elsewhere(key_of(booking), 2_000)
    shop.core.settle_money(booking_id=booking.id)
    with pytest.raises(InvalidRequest, match=r"30\.00 EUR"):
        give(shop, booking, 3_001)
    give(shop, booking, 3_000)
    shop.work(HOUR)
    assert shop.held() == 0


def test_what_a_cancellation_left_can_be_given_back_too() -> None:
    half = CancellationPolicy(refunds=(RefundStep(timedelta(0), 50),))
    shop = Shop.open(cancellation_policy=half)
    booking = a_paid_one(shop)
    shop.cancel(booking)
    shop.work(HOUR)
    assert shop.held() == 2_500
    give(shop, booking, 500)
    shop.work(HOUR)
    assert shop.held() == 2_000


def test_only_its_builder_and_operators_give_money_back(shop: Shop) -> None:
    booking = a_paid_one(shop)
    for stranger in (shop.client(booking), Actor(Role.BUILDER, "bld_other")):
        with pytest.raises(NotFound):
            give(shop, booking, 1_000, actor=stranger)
    give(shop, booking, 1_000, actor=Actor(Role.ADMIN, "root"))


def test_nothing_goes_back_before_it_is_taken_or_while_more_is_on_its_way(shop: Shop) -> None:
    waiting = shop.confirm(slot=a_slot(day=9))
    with pytest.raises(WrongState):
        give(shop, waiting, 1_000)
    booking = a_paid_one(shop)
    give(shop, booking, 1_000)
    with pytest.raises(WrongState):
        give(shop, booking, 1_000)


def test_nothing_goes_back_of_what_is_free() -> None:
    shop = Shop.open(price=None)
    with pytest.raises(WrongState):
        give(shop, shop.confirm(), 1_000)


# ---- paid at the meeting -------------------------------------------------------------------------


class AtTheMeeting(MemoryPayments):
    on_site = True

    def request(self, **_: object) -> object:  # type: ignore[override]
        raise AssertionError("Nobody is to be asked.")


@pytest.fixture
def meeting() -> Shop:
    clock = MemoryClock(NOW)
    return Shop.open(payments=AtTheMeeting(clock), clock=clock, calendar="local")


def test_a_hold_that_is_paid_at_the_meeting_has_no_checkout_and_ends_by_itself(
    meeting: Shop,
) -> None:
    held = meeting.core.hold_slot(
        session_type_id=a_session_type().id,
        slot=a_slot(),
        actor=Actor.anonymous(),
        contact=a_contact(),
    )
    with pytest.raises(WrongState, match="meeting"):
        meeting.pays_again(held)
    assert meeting.now(held).payment.status is PAY.DUE
    meeting.work(HOUR)
    assert meeting.now(held).state is S.EXPIRED
    assert not meeting.core.jobs.dead()
    assert meeting.confirm().state is S.CONFIRMED


def test_what_was_paid_at_the_meeting_and_given_back_is_recorded_once(meeting: Shop) -> None:
    booking = meeting.confirm()
    with pytest.raises(WrongState):
        meeting.core.record_returned_on_site(booking_id=booking.id, actor=BUILDER)
    meeting.core.record_paid_on_site(booking_id=booking.id, actor=BUILDER)
    meeting.cancel(booking, BUILDER)
    assert meeting.now(booking).payment.status is PAY.REFUND_DUE
    with pytest.raises(NotFound):
        meeting.core.record_returned_on_site(booking_id=booking.id, actor=meeting.client(booking))
    given = meeting.core.record_returned_on_site(booking_id=booking.id, actor=BUILDER)
    assert (given.payment.status, given.payment.returned) == (PAY.REFUNDED, PRICE.amount)
    with pytest.raises(WrongState):
        meeting.core.record_returned_on_site(booking_id=booking.id, actor=BUILDER)


def test_goodwill_at_the_meeting_is_given_by_hand_and_recorded(meeting: Shop) -> None:
    booking = meeting.confirm()
    with pytest.raises(WrongState):
        give(meeting, booking, 1_000)
    meeting.core.record_paid_on_site(booking_id=booking.id, actor=BUILDER)
    for returned in (1_000, 3_000):
        give(meeting, booking, returned - meeting.now(booking).payment.returned)
        given = meeting.core.record_returned_on_site(booking_id=booking.id, actor=BUILDER)
        assert (given.payment.status, given.payment.returned) == (PAY.REFUNDED, returned)
    meeting.work(2 * HOUR)
    assert meeting.core.jobs.waiting() == 0
    assert meeting.subjects().count("Money was given back") == 2
    with pytest.raises(InvalidRequest):
        give(meeting, booking, 2_001)


def test_money_that_was_taken_online_is_not_given_back_by_a_word(shop: Shop) -> None:
    booking = a_paid_one(shop)
    shop.cancel(booking, BUILDER)
    with pytest.raises(WrongState):
        shop.core.record_returned_on_site(booking_id=booking.id, actor=BUILDER)


# ---- currencies whose last decimals nobody pays --------------------------------------------------

CURRENCIES = sorted(money._EXPONENTS)


@pytest.mark.parametrize("percent", [1, 33, 50, 67, 99])
def test_a_part_that_goes_back_can_be_paid_out_in_every_currency(percent: int) -> None:
    terms = CancellationPolicy(refunds=(RefundStep(timedelta(0), percent),))
    for currency in CURRENCIES:
        step = money.step(currency)
        price = Money(1_001 * step, currency)
        kept = terms.kept(price, start=NOW + DAY, now=NOW)
        back = price.amount - kept.amount
        assert to_stripe(kept.amount, currency) > 0
        assert to_stripe(back, currency) > 0
        assert 0 <= back - price.percent(percent).amount < step  # in the client's favour


@pytest.mark.parametrize(("percent", "kept"), [(0, 10_005), (33, 6_695), (100, 0)])
def test_all_or_nothing_goes_back_of_an_odd_price_too(percent: int, kept: int) -> None:
    terms = CancellationPolicy(refunds=(RefundStep(timedelta(0), percent),))
    assert terms.kept(Money(10_005, "KWD"), start=NOW + DAY, now=NOW).amount == kept


def test_goodwill_is_given_in_amounts_that_can_be_paid_out() -> None:
    shop = Shop.open(price=Money(10_010, "KWD"))
    booking = a_paid_one(shop)
    with pytest.raises(InvalidRequest, match="KWD"):
        give(shop, booking, 1_005)
    give(shop, booking, 1_000)


# ---- reminders -----------------------------------------------------------------------------------


def test_nobody_is_reminded_of_what_has_begun() -> None:
    shop = Shop.open(price=None, calendar="local")
    shop.core.change_builder(
        builder_id=a_builder().id, changes={"reminders": (HOUR,)}, actor=BUILDER
    )
    shop.confirm(slot=a_slot(day=2))
    shop.work()
    shop.clock.advance(a_slot(day=2).start - shop.clock.now() - HOUR)
    shop.mailer.break_next("send", times=18)  # the server is down until after the start
    shop.work(3 * HOUR)
    assert shop.subjects() == ["Booked"]
    assert shop.core.jobs.waiting() == 0


# ---- paying too late -----------------------------------------------------------------------------


def test_who_pays_too_late_and_comes_back_gets_the_money_back_without_any_notice() -> None:
    shop = Shop.open()
    booking = shop.confirm(slot=a_slot(day=8))
    shop.work(HOUR)
    assert shop.now(booking).state is S.EXPIRED
    shop.payments.pay_late(key_of(booking))
    shop.comes_back(booking)
    shop.work()
    assert shop.now(booking).payment.status is PAY.REFUNDED
    assert shop.held() == 0
    assert shop.subjects() == ["Not paid in time", BACK]
