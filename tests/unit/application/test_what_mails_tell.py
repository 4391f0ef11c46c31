"""What the mails of a booking tell, in the order in which things happened to it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.mail_templates import TemplateMailWriter
from adapters.memory import Fault
from booking_core import (
    Actor,
    Booking,
    BookingState,
    CalendarRef,
    CancellationPolicy,
    PaymentStatus,
    RefundStep,
)
from booking_core.testing.examples import PRICE, a_contact, a_slot
from tests.unit.application.paying import BUILDER, Shop, key_of

AT_FIVE, AT_SEVEN, AT_NINE = (a_slot(day=3, hour=hour) for hour in (10, 12, 14))  # in New York

HOUR = timedelta(hours=1)
LINK = "https://meet.test/j/1"


@pytest.fixture(params=["memory", "local"])
def free(request: pytest.FixtureRequest) -> Shop:
    """Whose sessions cost nothing."""
    return Shop.open(calendar=request.param, price=None)


@pytest.fixture
def shop() -> Shop:
    """Which takes money, and whose mails are those that people really get."""
    return Shop.open(mail_writer=TemplateMailWriter())


def told(shop: Shop, headline: str, address: str = "grace@example.org") -> list[str]:
    """The mails to that address under that headline."""
    mails = shop.mailer.sent_to(address)
    return [mail.text for mail in mails if mail.subject.startswith(headline)]


def test_a_move_is_told_with_the_time_that_it_was(free: Shop) -> None:
    booking = free.confirm(AT_FIVE)
    for slot in (AT_SEVEN, AT_NINE):
        free.core.reschedule_booking(booking_id=booking.id, slot=slot, actor=Actor.system())
        free.work()
    first, second = told(free, "Moved")
    assert "2026, 07:00 to 08:00" in first
    assert "Was: Thursday, 5 March 2026, 05:00 (America/New_York" in first
    assert "2026, 09:00 to 10:00" in second
    assert "Was: Thursday, 5 March 2026, 07:00 (America/New_York" in second
    builder = told(free, "Moved", "ada@example.org")
    assert ["Was: Thursday, 5 March 2026" in text for text in builder] == [True, True]


def test_who_is_told_late_that_all_is_as_it_was_is_not_told_of_another_time(free: Shop) -> None:
    booking = free.confirm(AT_FIVE)
    free.work()
    free.mailer.break_next("send", times=4)
    for slot in (AT_SEVEN, AT_FIVE):
        free.core.reschedule_booking(booking_id=booking.id, slot=slot, actor=Actor.system())
        free.work()
    free.work(HOUR)
    back, there = told(free, "Moved")
    assert "Was:" not in back
    assert "Was: Thursday, 5 March 2026, 07:00" in there


def test_who_was_told_of_no_time_yet_is_not_told_of_a_move(shop: Shop) -> None:
    booking = shop.confirm(AT_FIVE)
    shop.payments.authorise(key_of(booking))
    shop.calendar.break_next("ensure_booked", Fault.LOST_ANSWER)
    shop.comes_back(booking)
    [placed] = shop.calendar.standing()
    shop.calendar.move(placed.ref, AT_SEVEN)
    shop.work(HOUR)
    assert shop.now(booking).state is BookingState.CONFIRMED
    for address, when in (
        ("grace@example.org", "Thursday, March 5, 2026, 7:00\u202fAM to 8:00\u202fAM"),
        ("ada@example.org", "Thursday, 5 March 2026, 13:00 to 14:00"),
    ):
        assert shop.subjects(address) == ["Booked"]
        [text] = told(shop, "Booked", address)
        assert when in text


@pytest.mark.parametrize("calendar", ["memory", "local"])
def test_who_pays_first_is_asked_to_choose_a_time_even_if_the_page_is_closed(calendar: str) -> None:
    ref = CalendarRef("et_1", "https://calendar.test/event_types/et_1")
    shop = Shop.open(calendar=calendar, mail_writer=TemplateMailWriter(), calendar_ref=ref)
    begun = shop.core.initialize_booking(
        session_type_id=shop.stored_type().id, actor=Actor.anonymous(), contact=a_contact()
    )
    shop.payments.process(key_of(begun.booking))
    shop.work(HOUR)
    assert shop.subjects() == ["Your payment is on its way"]
    shop.payments.pay(key_of(begun.booking))
    shop.work(HOUR)
    assert shop.now(begun.booking).state is BookingState.AWAITING_SCHEDULING
    assert shop.subjects() == ["Your payment is on its way", "One step left"]
    [text] = told(shop, "One step left")
    assert "choose the time" in text
    assert f"/bookings/{begun.booking.id}#token=" in text


def test_who_has_chosen_a_time_by_then_is_not_asked_to(shop: Shop) -> None:
    begun = shop.core.initialize_booking(
        session_type_id=shop.stored_type().id, actor=Actor.anonymous(), contact=a_contact()
    )
    shop.payments.pay(key_of(begun.booking))
    waiting = shop.comes_back(begun.booking)
    shop.core.confirm_booking(
        session_type_id=shop.stored_type().id,
        slot=AT_FIVE,
        actor=shop.client(waiting),
        booking_id=waiting.id,
    )
    shop.work()
    assert shop.subjects() == ["Booked"]


@pytest.mark.parametrize("writer", [TemplateMailWriter(), None])
def test_who_gets_the_joining_link_late_finds_it_in_each_mail_from_then_on(
    writer: TemplateMailWriter | None,
) -> None:
    shop = Shop.open(price=None, mail_writer=writer)
    booking = shop.confirm(AT_FIVE)
    shop.work()
    assert [LINK in mail.text for mail in shop.mailer.sent_to("grace@example.org")] == [False]
    shop.calendar.link(shop.now(booking).event, LINK)
    shop.core.settle_calendar(booking_id=booking.id)
    shop.calendar.move(shop.now(booking).event, AT_SEVEN)
    shop.core.settle_calendar(booking_id=booking.id)
    shop.work()
    for address in ("grace@example.org", "ada@example.org"):
        mails = told(shop, "How to join", address) + told(shop, "Moved", address)
        assert [f"Where: {LINK}" in text for text in mails] == [True, True]


# ---- money that comes too late -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "subjects", "sentence"),
    [
        (
            "authorise",
            ["Not paid in time"],
            "is not taken: it was only reserved, and is released",
        ),
        ("pay", ["Not paid in time", "Refund"], "€50.00 goes back to you in full"),
    ],
)
def test_who_is_heard_to_have_paid_only_when_the_session_would_have_begun_is_told_of_the_money(
    shop: Shop, method: str, subjects: list[str], sentence: str
) -> None:
    booking = shop.confirm(AT_FIVE)
    getattr(shop.payments, method)(key_of(booking))
    shop.clock.set(AT_FIVE.start)
    shop.work()
    assert shop.now(booking).state is BookingState.EXPIRED
    assert shop.held() == 0
    assert shop.subjects() == subjects
    [text] = told(shop, "Not paid in time")
    assert "Your payment reached us too late" in text
    assert sentence in text


def test_who_did_not_pay_at_all_is_told_nothing_of_money(shop: Shop) -> None:
    shop.confirm(AT_FIVE)
    shop.work(HOUR)
    [text] = told(shop, "Not paid in time")
    assert "was not completed in time" in text
    assert "€" not in text


def test_the_refund_of_money_that_came_after_the_end_says_so(shop: Shop) -> None:
    booking = shop.confirm(AT_FIVE)
    shop.work(HOUR)
    shop.payments.pay_late(key_of(booking))
    shop.comes_back(booking)
    shop.work()
    [text] = told(shop, "Refund")
    assert "Your refund of €50.00 has been made." in text
    assert "Nothing is booked for this payment, so all of it goes back." in text


def test_who_paid_and_got_it_back_before_we_heard_of_it_is_not_told_that_the_bank_refused(
    shop: Shop,
) -> None:
    booking = shop.confirm(AT_FIVE)
    shop.payments.pay(key_of(booking))
    shop.payments.refund_elsewhere(key_of(booking), 5_000)
    shop.work(HOUR)
    assert shop.subjects() == ["Not booked", "Refund"]
    [text] = told(shop, "Not booked")
    assert "refunded or disputed before the session could be booked" in text
    [text] = told(shop, "Refund")
    assert "Your refund of €50.00 has been made." in text
    [text] = told(shop, "Refund", "ada@example.org")
    assert "by a refund that was made at your payment provider" in text


def paid(shop: Shop) -> Booking:
    booking = shop.confirm(AT_FIVE)
    shop.payments.pay(key_of(booking))
    booking = shop.comes_back(booking)
    shop.work()
    return booking


# ---- a booking that ends before it is confirmed --------------------------------------------------


def begun(shop: Shop) -> Booking:
    """Of which the time is chosen once it is paid for."""
    return shop.core.initialize_booking(
        session_type_id=shop.stored_type().id, actor=Actor.anonymous(), contact=a_contact()
    ).booking


@pytest.mark.parametrize("by_whom", ["client", "builder"])
@pytest.mark.parametrize(
    ("way", "sentence", "refunds"),
    [
        ("process", "€50.00 is still on its way; if it arrives, all of it goes back to you", 0),
        ("authorise", "€50.00 is not taken: it was only reserved, and is released", 0),
        ("pay", "€50.00 goes back to you. Another mail tells you", 1),
    ],
)
def test_who_gave_money_for_what_was_never_booked_is_told_that_it_is_cancelled(
    shop: Shop, way: str, sentence: str, refunds: int, by_whom: str
) -> None:
    booking = begun(shop)
    getattr(shop.payments, way)(key_of(booking))
    shop.comes_back(booking)
    shop.cancel(booking, BUILDER if by_whom == "builder" else None)
    shop.work(HOUR)
    [text] = told(shop, "Cancelled")
    assert sentence in text
    assert "nothing is booked" in text
    assert shop.subjects() == ["Cancelled", *["Refund"] * refunds]
    [mail] = [each for each in shop.mailer.sent_to("grace@example.org") if "Can" in each.subject]
    assert mail.attachments == ()
    assert shop.subjects("ada@example.org") == []


@pytest.mark.parametrize(("by_whom", "subjects"), [(None, []), (BUILDER, ["Cancelled"])])
def test_of_a_hold_without_money_its_client_is_told_what_somebody_else_did(
    shop: Shop, by_whom: Actor | None, subjects: list[str]
) -> None:
    booking = shop.confirm(AT_FIVE)
    shop.cancel(booking, by_whom)
    shop.work(HOUR)
    assert shop.subjects() == subjects


@pytest.mark.parametrize(
    ("away", "sentence"),
    [
        (True, "If you have paid the €50.00, all of it goes back to you."),
        (False, "Your payment of €50.00 was not taken."),
    ],
)
def test_nobody_is_told_that_nothing_was_taken_before_the_provider_has_said_so(
    shop: Shop, away: bool, sentence: str
) -> None:
    booking = begun(shop)
    for call in ("standing", "expire") if away else ():
        shop.payments.break_next(call, times=100)
    shop.cancel(booking, BUILDER)
    shop.work(HOUR)
    [text] = told(shop, "Cancelled")
    assert sentence in text


@pytest.mark.parametrize(
    ("bank", "told_then"), [("pay", ["Cancelled", "Refund"]), ("decline", ["Cancelled"])]
)
def test_what_is_on_its_way_when_a_booking_ends_is_so_until_the_bank_has_answered(
    shop: Shop, bank: str, told_then: list[str]
) -> None:
    booking = shop.confirm(AT_FIVE)
    shop.payments.process(key_of(booking))
    shop.comes_back(booking)
    shop.cancel(booking, BUILDER)
    shop.work(HOUR)
    assert shop.now(booking).payment.on_its_way
    getattr(shop.payments, bank)(key_of(booking))
    shop.work(2 * HOUR)
    assert not shop.now(booking).payment.on_its_way
    assert shop.subjects() == told_then
    assert shop.held() == 0


# ---- how a dispute ends --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cancelled", "won", "client", "builder"),
    [
        (
            False,
            True,
            "It decided that the payment stands. Your session stays booked.\n",
            "It decided for you. The session stays booked.\n",
        ),
        (
            False,
            False,
            "€50.00 has gone back to you through your bank. Your session stays booked.\n",
            "€50.00 has gone back to the client through the bank. The session stays booked.\n",
        ),
        (
            True,
            True,
            "€25.00 goes back to you; €25.00 is kept under the terms",
            "It decided for you. €25.00 goes back to the client; you keep €25.00.",
        ),
        (True, False, "€50.00 has gone back to you through", "It decided for the client. €50.00"),
    ],
)
def test_both_are_told_how_a_dispute_ended_and_what_that_means_for_the_money(
    cancelled: bool, won: bool, client: str, builder: str
) -> None:
    terms = CancellationPolicy(refunds=(RefundStep(timedelta(0), 50),))
    shop = Shop.open(mail_writer=TemplateMailWriter(), cancellation_policy=terms)
    booking = paid(shop)
    shop.payments.dispute(key_of(booking))
    shop.core.settle_money(booking_id=booking.id)
    shop.work()
    [text] = told(shop, "Payment disputed", "ada@example.org")
    assert "disputes the payment of €50.00 at the bank" in text
    if cancelled:
        shop.cancel(booking)
        shop.work()
    shop.payments.end_dispute(key_of(booking), won=won)
    shop.core.settle_money(booking_id=booking.id)
    shop.work()
    [text] = told(shop, "Dispute ended")
    assert client in text
    assert ("kept under the terms" in text) is (cancelled and won)
    [text] = told(shop, "Dispute ended", "ada@example.org")
    assert builder in text


def test_a_mail_that_comes_after_the_session_does_not_offer_to_cancel_it(shop: Shop) -> None:
    shop.mailer.break_next("send")
    booking = shop.confirm(AT_FIVE)
    shop.payments.pay(key_of(booking))
    shop.comes_back(booking)
    shop.clock.advance(AT_FIVE.end - shop.clock.now())
    shop.core.complete_booking(booking_id=booking.id, actor=BUILDER)
    shop.work(HOUR)
    [text] = told(shop, "Booked")
    assert "cancel the booking" not in text


def test_of_two_payments_one_is_disputed(shop: Shop) -> None:
    booking = shop.confirm(AT_FIVE)
    first = key_of(booking)
    shop.payments.run_out(first)
    second = key_of(shop.pays_again(booking))
    shop.payments.pay(second)
    shop.comes_back(booking)
    shop.payments.pay_late(first)
    shop.core.settle_money(booking_id=booking.id)
    assert shop.now(booking).payment.taken == 2 * PRICE.amount
    shop.payments.dispute(second)
    shop.core.settle_money(booking_id=booking.id)
    shop.work()
    [text] = told(shop, "Payment disputed", "ada@example.org")
    assert "disputes the payment of €50.00 at the bank" in text


def test_what_came_too_late_and_is_disputed_is_left_to_the_bank(shop: Shop) -> None:
    booking = shop.confirm(AT_FIVE)
    shop.payments.pay(key_of(booking))
    shop.payments.dispute(key_of(booking))
    shop.clock.advance(AT_NINE.end - shop.clock.now())
    shop.work()
    [text] = told(shop, "Not paid in time")
    assert "The payment of €50.00 is disputed, so your bank decides" in text
    assert "goes back" not in text


def test_a_dispute_about_money_that_nothing_was_booked_for_can_be_taken_back(shop: Shop) -> None:
    booking = shop.confirm(AT_FIVE)
    shop.payments.pay(key_of(booking))
    shop.payments.dispute(key_of(booking))
    assert shop.comes_back(booking).payment.status is PaymentStatus.DISPUTED
    shop.payments.take_dispute_back(key_of(booking))
    shop.core.settle_money(booking_id=booking.id)
    shop.work()
    assert shop.now(booking).payment.status is PaymentStatus.REFUNDED
    assert shop.held() == 0
    assert shop.subjects() == ["Not booked", "Dispute ended", "Refund"]


def test_what_the_bank_took_back_counts_as_gone_back(shop: Shop) -> None:
    booking = paid(shop)
    shop.payments.dispute(key_of(booking))
    shop.payments.end_dispute(key_of(booking), won=False)
    shop.core.settle_money(booking_id=booking.id)
    assert shop.now(booking).payment.gone_back == PRICE


# ---- a cancellation, and the refund after it -----------------------------------------------------


def test_a_cancellation_announces_the_refund_and_its_mail_comes_once_it_was_made(
    shop: Shop,
) -> None:
    booking = shop.confirm(AT_FIVE)
    shop.payments.pay(key_of(booking))
    shop.comes_back(booking)
    shop.work()
    shop.payments.break_next("refund")
    shop.cancel(booking)
    shop.work()
    [text] = told(shop, "Cancelled")
    assert "€50.00 goes back to you. Another mail tells you once the refund has been made" in text
    assert told(shop, "Refund") == []
    shop.work(HOUR)
    [text] = told(shop, "Refund")
    assert "Your refund of €50.00 has been made. Banks take up to ten days" in text


def test_no_refund_is_announced_of_what_went_back_before_the_cancellation(shop: Shop) -> None:
    booking = shop.confirm(AT_FIVE)
    shop.payments.pay(key_of(booking))
    shop.comes_back(booking)
    shop.payments.refund_elsewhere(key_of(booking), 5_000)
    shop.core.settle_money(booking_id=booking.id)
    shop.work()
    shop.cancel(booking)
    shop.work()
    [text] = told(shop, "Cancelled")
    assert "€50.00 has gone back to you already." in text
    assert "Another mail" not in text
    assert shop.subjects() == ["Booked", "Refund", "Cancelled"]


@pytest.mark.parametrize("by_whom", ["here", "at the provider"])
@pytest.mark.parametrize("seen", ["before", "after"])
@pytest.mark.parametrize(
    ("back", "percent", "sentences"),
    [
        (1_000, 100, ["€40.00 goes back to you. ", "€10.00 had gone back to you before."]),
        (1_000, 50, ["€15.00 goes back to you; €25.00 is kept", "€10.00 had gone back"]),
        (2_500, 50, ["€25.00 is kept under the terms", "€25.00 had gone back to you before."]),
        (5_000, 100, ["€50.00 has gone back to you already."]),
    ],
)
def test_a_cancellation_tells_what_goes_back_besides_what_went_back_before(
    back: int, percent: int, sentences: list[str], seen: str, by_whom: str
) -> None:
    """`seen`: whether the mail is written before or after the provider has given the rest back."""
    terms = CancellationPolicy(refunds=(RefundStep(timedelta(0), percent),))
    shop = Shop.open(mail_writer=TemplateMailWriter(), cancellation_policy=terms)
    booking = paid(shop)
    if by_whom == "here":
        shop.core.refund_booking(booking_id=booking.id, amount=back, actor=BUILDER)
    else:
        shop.payments.refund_elsewhere(key_of(booking), back)
        shop.core.settle_money(booking_id=booking.id)
    shop.work()
    if seen == "before":
        shop.payments.break_next("standing")
    shop.cancel(booking)
    shop.work()
    [text] = told(shop, "Cancelled")
    assert [each in text for each in sentences] == [True] * len(sentences)
    assert ("Another mail" in text) is ("goes back to you" in text)
    shop.work(HOUR)
    assert f"€{shop.held() / 100:.2f} is kept" in text or shop.held() == 0


def test_a_cancellation_leaves_a_disputed_payment_to_the_bank(shop: Shop) -> None:
    booking = paid(shop)
    shop.payments.dispute(key_of(booking))
    shop.core.settle_money(booking_id=booking.id)
    shop.cancel(booking)
    shop.work()
    [text] = told(shop, "Cancelled")
    assert "The payment of €50.00 is disputed, so your bank decides" in text
    assert "Another mail" not in text


def test_what_the_bank_has_taken_back_already_is_not_announced_again(shop: Shop) -> None:
    booking = paid(shop)
    shop.payments.dispute(key_of(booking))
    shop.core.settle_money(booking_id=booking.id)
    shop.payments.end_dispute(key_of(booking), won=False)
    shop.core.settle_money(booking_id=booking.id)
    shop.payments.break_next("standing")
    shop.cancel(booking)
    shop.work(HOUR)
    [text] = told(shop, "Cancelled")
    assert "€50.00 has gone back to you through your bank." in text
    assert "Another mail" not in text
    assert told(shop, "Refund") == []
    ended = told(shop, "Dispute ended", "ada@example.org")
    assert len(ended) == 1


@pytest.mark.parametrize("seen", ["before", "after"])
def test_no_refund_is_announced_of_what_was_only_reserved(seen: str) -> None:
    """`seen`: whether the mail is written before or after the provider has released the rest."""
    half = CancellationPolicy(refunds=(RefundStep(timedelta(0), 50),))
    shop = Shop.open(mail_writer=TemplateMailWriter(), cancellation_policy=half)
    booking = shop.confirm(AT_FIVE)
    shop.payments.authorise(key_of(booking))
    shop.payments.break_next("capture", times=1 if seen == "after" else 3)
    shop.comes_back(booking)
    shop.core.settle_calendar(booking_id=booking.id)
    assert shop.now(booking).payment.status is PaymentStatus.AUTHORISED
    shop.cancel(booking)
    shop.work()
    [text] = told(shop, "Cancelled")
    assert "is kept under the terms of the booking; the other €25.00 was only reserved" in text
    assert "Another mail" not in text
    shop.work(HOUR)
    assert shop.now(booking).payment.status is PaymentStatus.PAID
    assert shop.held() == 2_500
    assert shop.subjects() == ["Cancelled"]


def test_who_was_told_of_a_refund_hears_that_the_bank_sent_it_back(shop: Shop) -> None:
    booking = paid(shop)
    shop.core.refund_booking(booking_id=booking.id, amount=1_000, actor=BUILDER)
    shop.work()
    shop.payments.send_back_refunds(key_of(booking))
    shop.core.settle_money.at_once(booking)
    shop.work(HOUR)
    assert shop.subjects() == ["Booked", "Refund", "Refund not taken"]
    [text] = told(shop, "Refund not taken")
    assert "Your bank sent a refund back, so €10.00 is still owed to you." in text
    assert "answer this mail" in text
    [mail] = [
        each for each in shop.mailer.sent_to("grace@example.org") if "not taken" in each.subject
    ]
    assert mail.reply_to == "ada@example.org"
    [text] = told(shop, "Refund not taken", "ada@example.org")
    assert "€10.00 is still owed" in text


def test_who_got_it_otherwise_by_then_is_not_told_that_a_refund_came_back(shop: Shop) -> None:
    booking = paid(shop)
    shop.cancel(booking, BUILDER)
    shop.work()
    shop.payments.send_back_refunds(key_of(booking))
    shop.core.settle_money.at_once(booking)
    shop.core.record_returned_on_site(booking_id=booking.id, actor=BUILDER)
    shop.work(HOUR)
    assert told(shop, "Refund not taken") == []
    assert told(shop, "Refund not taken", "ada@example.org") == []


@pytest.mark.parametrize("heard", ["first", "together"])
def test_what_goes_back_beside_a_refund_that_came_back_is_told_as_well(
    shop: Shop, heard: str
) -> None:
    booking = paid(shop)
    shop.core.refund_booking(booking_id=booking.id, amount=1_000, actor=BUILDER)
    shop.work()
    shop.payments.send_back_refunds(key_of(booking))
    if heard == "first":
        shop.core.settle_money.at_once(booking)
        shop.work()
    shop.cancel(booking, BUILDER)
    shop.work(2 * HOUR)
    assert ["refund of €10.00" in text for text in told(shop, "Refund:")] == [True, False]
    assert ["refund of €40.00" in text for text in told(shop, "Refund:")] == [False, True]
    assert len(told(shop, "Refund not taken")) == 1
    assert shop.now(booking).payment.owed == 1_000


def test_who_pays_by_a_method_that_takes_days_has_the_link_and_the_deadline_by_mail(
    shop: Shop,
) -> None:
    booking = shop.confirm(a_slot(day=8))
    shop.payments.process(key_of(booking))
    shop.work(HOUR)
    [mail] = told(shop, "Your payment is on its way")
    assert f"https://booking.test/bookings/{booking.id}#token=" in mail
    assert "Awaited until: " in mail
    shop.payments.pay(key_of(booking))
    shop.work(2 * HOUR)
    assert told(shop, "Booked")
    assert told(shop, "Your payment is on its way") == [mail]


@pytest.mark.parametrize(("notice", "offered"), [(HOUR, True), (800 * HOUR, False)])
def test_a_mail_offers_to_cancel_only_while_the_terms_allow_it(
    notice: timedelta, offered: bool
) -> None:
    terms = CancellationPolicy(change_notice=notice)
    shop = Shop.open(mail_writer=TemplateMailWriter(), cancellation_policy=terms, price=None)
    shop.confirm()
    shop.work()
    [text] = told(shop, "Booked")
    assert ("See, move or cancel the booking" in text) is offered
    assert ("See the booking" in text) is not offered
