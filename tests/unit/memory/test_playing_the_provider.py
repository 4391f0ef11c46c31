"""What a test can make the adapters in memory do, and what comes back through the ports."""

from datetime import UTC, datetime, timedelta
from threading import Thread

import pytest

from adapters.memory import (
    Fault,
    MemoryCalendar,
    MemoryClock,
    MemoryIds,
    MemoryMailer,
    MemoryPayments,
    MemoryStore,
)
from booking_core import (
    BookingState,
    CheckoutState,
    Dispute,
    Mail,
    ProviderFailed,
    SlotUnavailable,
    TimeWindow,
)
from booking_core.testing.examples import (
    NOW,
    PRICE,
    a_booking,
    a_builder,
    a_paid_booking,
    a_session_type,
    a_slot,
)

MINUTE = timedelta(minutes=1)
OLD, NEW, LAST = (a_slot(hour=hour) for hour in (9, 11, 13))
MAIL = Mail(key="mail_1", to="grace@example.org", subject="Hello", text="Hello")
BOOKING = a_paid_booking(BookingState.AWAITING_PAYMENT)
(ATTEMPT,) = BOOKING.payment.attempts


@pytest.fixture
def clock() -> MemoryClock:
    return MemoryClock(NOW)


@pytest.fixture
def calendar(clock: MemoryClock) -> MemoryCalendar:
    return MemoryCalendar(clock)


@pytest.fixture
def payments(clock: MemoryClock) -> MemoryPayments:
    payments = MemoryPayments(clock)
    payments.request(booking_id=BOOKING.id, attempt=ATTEMPT)
    return payments


# ---- clock, ids, mail, store -------------------------------------------------------------------


def test_the_clock_stands_until_it_is_moved(clock: MemoryClock) -> None:
    assert clock.now() == clock.now() == NOW
    clock.advance(MINUTE)
    assert clock.now() == NOW + MINUTE
    clock.set(datetime.fromisoformat("2026-03-02T10:00+02:00"))
    assert (clock.now(), clock.now().tzinfo) == (NOW, UTC)


def test_a_clock_takes_no_time_without_an_offset(clock: MemoryClock) -> None:
    with pytest.raises(ValueError, match="aware"):
        clock.set(NOW.replace(tzinfo=None))


def test_ids_count_up_for_each_kind() -> None:
    ids = MemoryIds()
    assert [ids.new("bkg"), ids.new("bkg"), ids.new("tag")] == [
        "bkg_000001",
        "bkg_000002",
        "tag_000001",
    ]


def test_a_mail_is_kept_once_for_each_key() -> None:
    mailer = MemoryMailer()
    for _ in range(2):
        mailer.send(mail=MAIL)
    assert mailer.sent == mailer.sent_to("grace@example.org") == [MAIL]


def test_every_mail_that_arrives_is_recorded_however_often_it_comes() -> None:
    mailer = MemoryMailer()
    for fault in (Fault.LOST_CALL, Fault.LOST_ANSWER):
        mailer.break_next("send", fault)
        with pytest.raises(ProviderFailed):
            mailer.send(mail=MAIL)
    mailer.send(mail=MAIL)
    assert (mailer.arrived, mailer.sent) == ([MAIL, MAIL], [MAIL])


def test_a_mail_server_can_be_told_to_fail() -> None:
    mailer = MemoryMailer()
    mailer.break_next("send", times=2, error=ProviderFailed("No such box.", retryable=False))
    for _ in range(2):
        with pytest.raises(ProviderFailed, match="No such box"):
            mailer.send(mail=MAIL)
    assert mailer.sent == []
    mailer.send(mail=MAIL)
    assert mailer.sent == [MAIL]


def test_only_what_can_be_called_can_be_broken() -> None:
    with pytest.raises(ValueError, match="sent_mail"):
        MemoryMailer().break_next("sent_mail")


def test_a_second_writer_in_one_thread_is_refused_and_the_first_goes_on() -> None:
    store = MemoryStore()
    with store() as uow:
        with pytest.raises(RuntimeError), store():
            pass
        uow.builders.save(a_builder())
        uow.commit()
    with store(write=False) as uow:
        assert uow.builders.all()


def test_a_unit_of_work_for_reading_cannot_write() -> None:
    with MemoryStore()(write=False) as uow:
        with pytest.raises(RuntimeError):
            uow.builders.save(a_builder())
        with pytest.raises(RuntimeError):
            uow.commit()


def test_a_reader_does_not_wait_for_a_writer() -> None:
    store = MemoryStore()
    seen: list[int] = []

    def read() -> None:
        with store(write=False) as uow:
            seen.append(len(uow.builders.all()))

    with store() as uow:
        uow.builders.save(a_builder())
        reader = Thread(target=read)
        reader.start()
        reader.join(30)
    assert seen == [0]


# ---- the calendar ------------------------------------------------------------------------------


def test_an_answer_that_is_lost_leaves_the_event_behind(calendar: MemoryCalendar) -> None:
    booking = a_booking(BookingState.CONFIRMING, slot=OLD)
    calendar.break_next("ensure_booked", Fault.LOST_ANSWER)
    with pytest.raises(ProviderFailed):
        calendar.ensure_booked(booking=booking, slot=OLD)
    (found,) = calendar.events(booking=booking)
    assert calendar.ensure_booked(booking=booking, slot=OLD) == found.event


def test_a_call_that_is_lost_does_nothing(calendar: MemoryCalendar) -> None:
    booking = a_booking(BookingState.CONFIRMING, slot=OLD)
    calendar.break_next("ensure_booked")
    with pytest.raises(ProviderFailed):
        calendar.ensure_booked(booking=booking, slot=OLD)
    assert calendar.standing() == []


def test_a_refused_slot_is_refused_for_good(calendar: MemoryCalendar) -> None:
    calendar.refuse(OLD)
    with pytest.raises(SlotUnavailable):
        calendar.ensure_booked(booking=a_booking(slot=OLD), slot=OLD)


def test_another_entry_of_the_builder_takes_its_time(calendar: MemoryCalendar) -> None:
    builder, session_type = a_builder(), a_session_type()
    calendar.add_busy(builder.id, TimeWindow(OLD.start, OLD.start + MINUTE), "Dentist")
    asked = calendar.explain(builder=builder, session_type=session_type, start=OLD.start)
    assert "Dentist" in asked.reasons[0].message
    with pytest.raises(SlotUnavailable):
        calendar.ensure_booked(booking=a_booking(slot=OLD), slot=OLD)


def test_a_group_meeting_is_joined_until_it_is_full(calendar: MemoryCalendar) -> None:
    group = a_session_type(capacity=2)
    for number in (1, 2):
        booking = a_booking(session_type=group, slot=OLD, id=f"bkg_{number}")
        calendar.ensure_booked(booking=booking, slot=OLD)
    third = a_booking(session_type=group, slot=OLD, id="bkg_3")
    with pytest.raises(SlotUnavailable):
        calendar.ensure_booked(booking=third, slot=OLD)


def test_an_event_may_overlap_the_one_that_it_takes_the_place_of(calendar: MemoryCalendar) -> None:
    booking = a_booking(slot=OLD)
    overlapping = a_slot(hour=9, minute=30)
    calendar.ensure_booked(booking=booking, slot=OLD)
    calendar.ensure_booked(booking=booking, slot=overlapping)
    assert [event.slot for event in calendar.standing()] == [OLD, overlapping]


def test_what_a_client_placed_through_its_link_carries_the_tag(calendar: MemoryCalendar) -> None:
    builder, session_type = a_builder(), a_session_type()
    booking = a_booking(BookingState.AWAITING_SCHEDULING)
    link = calendar.scheduling_link(builder=builder, session_type=session_type, booking=booking)
    assert booking.tag in link.url
    placed = calendar.place(builder=builder, session_type=session_type, slot=OLD, tag=booking.tag)
    (found,) = calendar.events(booking=booking)
    assert (found.event, found.slot, found.tag) == (placed, OLD, booking.tag)
    giving_it_up = calendar.explain(
        builder=builder, session_type=session_type, start=OLD.start, ignoring=booking.id
    )
    assert giving_it_up.is_open


def test_a_moved_event_is_told_for_each_slot_that_it_left(calendar: MemoryCalendar) -> None:
    booking = a_booking(slot=OLD)
    event = calendar.ensure_booked(booking=booking, slot=OLD)
    calendar.move(event, NEW)
    calendar.move(event, LAST)
    found = calendar.events(booking=booking)
    assert [(each.moved_from, each.slot) for each in found] == [(OLD, LAST), (NEW, LAST)]


def test_a_cancelled_event_is_still_told_and_stands_in_nobodys_way(
    calendar: MemoryCalendar,
) -> None:
    booking = a_booking(slot=OLD)
    calendar.cancel(calendar.ensure_booked(booking=booking, slot=OLD))
    (found,) = calendar.events(booking=booking)
    assert found.cancelled
    calendar.ensure_booked(booking=a_booking(slot=OLD, id="bkg_2"), slot=OLD)


# ---- the payments ------------------------------------------------------------------------------


def test_a_checkout_expires_by_the_clock(payments: MemoryPayments, clock: MemoryClock) -> None:
    clock.advance(30 * MINUTE)
    assert payments.standing(attempt=ATTEMPT).state is CheckoutState.EXPIRED
    with pytest.raises(ValueError, match="expired"):
        payments.pay(ATTEMPT.key)


def test_an_authorisation_lapses_by_the_clock(payments: MemoryPayments, clock: MemoryClock) -> None:
    payments.authorise(ATTEMPT.key)
    clock.advance(timedelta(days=7))
    standing = payments.capture(attempt=ATTEMPT, amount=PRICE.amount, key="capture-1")
    assert (standing.state, standing.captured) == (CheckoutState.LAPSED, 0)


def test_more_than_was_authorised_is_not_captured(payments: MemoryPayments) -> None:
    payments.authorise(ATTEMPT.key)
    with pytest.raises(ProviderFailed):
        payments.capture(attempt=ATTEMPT, amount=5_001, key="capture-1")


def test_money_that_takes_days_comes_or_does_not(payments: MemoryPayments) -> None:
    payments.process(ATTEMPT.key)
    assert payments.standing(attempt=ATTEMPT).state is CheckoutState.PROCESSING
    payments.decline(ATTEMPT.key)
    assert payments.standing(attempt=ATTEMPT).state is CheckoutState.FAILED


def test_a_checkout_may_run_out_and_an_authorisation_lapse_early(clock: MemoryClock) -> None:
    payments = MemoryPayments(clock)
    for play, state in (("run_out", CheckoutState.EXPIRED), ("lapse", CheckoutState.LAPSED)):
        booking = a_paid_booking(BookingState.AWAITING_PAYMENT, id=f"bkg_{play}")
        (attempt,) = booking.payment.attempts
        payments.request(booking_id=booking.id, attempt=attempt)
        if play == "lapse":
            payments.authorise(attempt.key)
        getattr(payments, play)(attempt.key)
        assert payments.standing(attempt=attempt).state is state


def test_a_refund_whose_answer_is_lost_was_given_once(payments: MemoryPayments) -> None:
    payments.pay(ATTEMPT.key)
    payments.break_next("refund", Fault.LOST_ANSWER)
    with pytest.raises(ProviderFailed):
        payments.refund(attempt=ATTEMPT, amount=PRICE.amount, key="refund-1")
    standing = payments.refund(attempt=ATTEMPT, amount=PRICE.amount, key="refund-1")
    assert standing.refunded == PRICE.amount


def test_disputed_money_cannot_be_given_back(payments: MemoryPayments) -> None:
    payments.pay(ATTEMPT.key)
    payments.dispute(ATTEMPT.key)
    with pytest.raises(ProviderFailed) as refused:
        payments.refund(attempt=ATTEMPT, amount=PRICE.amount, key="refund-1")
    assert not refused.value.retryable
    payments.end_dispute(ATTEMPT.key, won=True)
    assert payments.standing(attempt=ATTEMPT).dispute is Dispute.WON
    payments.refund(attempt=ATTEMPT, amount=PRICE.amount, key="refund-1")


def test_money_that_was_given_back_elsewhere_counts(payments: MemoryPayments) -> None:
    payments.pay(ATTEMPT.key)
    payments.refund_elsewhere(ATTEMPT.key, 1)
    assert payments.checkouts()[ATTEMPT.key].refunded == 1
    with pytest.raises(ProviderFailed):
        payments.refund(attempt=ATTEMPT, amount=PRICE.amount, key="refund-1")
