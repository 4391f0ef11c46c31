"""With a calendar that is not ours: it judges, and what we only hold is nobody else's all the same."""

from __future__ import annotations

from datetime import timedelta
from typing import NoReturn

import pytest

from booking_core import (
    HOLD_LENGTH,
    Actor,
    Booking,
    BookingFilter,
    BookingState,
    OwnReason,
    Slot,
    SlotUnavailable,
    TimeWindow,
    in_english,
)
from booking_core.testing.examples import a_builder, a_contact, a_session_type, a_slot
from tests.unit.application.paying import Shop

S = BookingState
ANYONE = Actor.anonymous()
NOON = a_slot(hour=12)
DAY = timedelta(days=1)


@pytest.fixture
def shop() -> Shop:
    return Shop.open(price=None, slot_step=timedelta(minutes=15))


def hold(shop: Shop, slot: Slot) -> Booking:
    return shop.core.hold_slot(
        session_type_id=a_session_type().id,
        slot=slot,
        actor=ANYONE,
        contact=a_contact(email="other@example.org"),
    )


def offered(shop: Shop, slot: Slot) -> list[Slot]:
    window = TimeWindow(slot.start - DAY, slot.end + DAY)
    found = shop.core.find_slots(session_type_id=a_session_type().id, window=window, actor=ANYONE)
    return [each.slot for each in found.slots]


def test_a_held_slot_is_not_offered_until_the_hold_ends(shop: Shop) -> None:
    hold(shop, NOON)
    assert not any(each.overlaps(NOON) for each in offered(shop, NOON))
    shop.clock.advance(HOLD_LENGTH)
    assert NOON in offered(shop, NOON)


def test_a_refusal_never_names_the_slot_that_it_refuses(shop: Shop) -> None:
    hold(shop, NOON)
    with pytest.raises(SlotUnavailable) as refused:
        shop.confirm(NOON)
    assert refused.value.alternatives
    assert not any(each.overlaps(NOON) for each in refused.value.alternatives)


def test_a_held_seat_leaves_the_others_of_the_group(shop: Shop) -> None:
    shop = Shop.open(price=None, capacity=3)
    hold(shop, NOON)
    window = TimeWindow(NOON.start, NOON.end)
    found = shop.core.find_slots(session_type_id=a_session_type().id, window=window, actor=ANYONE)
    assert [(each.slot, each.seats) for each in found.slots] == [(NOON, 2)]


def test_a_move_may_overlap_the_place_that_it_leaves(shop: Shop) -> None:
    booking = shop.confirm(NOON)
    later = Slot(NOON.start + timedelta(minutes=15), NOON.end + timedelta(minutes=15))
    moved = shop.core.reschedule_booking(
        booking_id=booking.id, slot=later, actor=shop.client(booking)
    )
    assert (moved.state, moved.slot) == (S.CONFIRMED, later)


@pytest.mark.parametrize("later", [timedelta(0), timedelta(days=30)])
def test_a_repeat_gets_its_first_answer_whatever_the_provider_says_by_now(
    shop: Shop, later: timedelta
) -> None:
    booking = shop.confirm(NOON, key="k")
    shop.calendar.break_next("explain", times=3)
    shop.clock.advance(later)
    again = shop.confirm(NOON, key="k")
    assert (again.id, again.state) == (booking.id, S.CONFIRMED)


def test_a_refusal_stays_one_when_no_alternatives_can_be_had(shop: Shop) -> None:
    shop.confirm(NOON)
    shop.calendar.break_next("next_start")
    with pytest.raises(SlotUnavailable) as refused:
        shop.confirm(NOON, contact=a_contact(email="other@example.org"))
    assert refused.value.alternatives == ()


@pytest.mark.parametrize("lapsed", [False, True])
def test_an_event_that_was_moved_onto_what_we_hold_for_another_stands_there(
    shop: Shop, lapsed: bool
) -> None:
    booking = shop.confirm(a_slot(hour=10))
    assert booking.event is not None
    held = hold(shop, NOON)
    if lapsed:
        shop.clock.advance(HOLD_LENGTH)
    shop.calendar.move(booking.event, NOON)
    shop.core.settle_calendar(booking_id=booking.id)
    assert (shop.now(booking).state, shop.now(booking).slot) == (S.CONFIRMED, NOON)
    if not lapsed:
        taken = shop.core.confirm_booking
        with pytest.raises(SlotUnavailable):
            taken(
                session_type_id=a_session_type().id,
                slot=NOON,
                actor=shop.client(held),
                booking_id=held.id,
            )
    shop.clock.advance(NOON.start - shop.clock.now())
    done = shop.core.complete_booking(booking_id=booking.id, actor=Actor.system())
    assert done.state is S.COMPLETED


def test_an_event_placed_through_a_link_on_what_we_hold_for_another_is_the_booking(
    shop: Shop,
) -> None:
    begun = shop.core.initialize_booking(
        session_type_id=a_session_type().id, actor=ANYONE, contact=a_contact()
    )
    hold(shop, NOON)
    shop.calendar.place(
        builder=a_builder(), session_type=a_session_type(), slot=NOON, tag=begun.booking.tag
    )
    shop.core.settle_calendar(booking_id=begun.booking.id)
    assert shop.now(begun.booking).state is S.CONFIRMED


def test_a_provider_that_was_away_until_the_start_books_nothing_into_the_past(shop: Shop) -> None:
    shop.calendar.break_next("ensure_booked", times=2)
    booking = shop.confirm(NOON)
    assert booking.state is S.CONFIRMING
    shop.clock.advance(NOON.start - shop.clock.now())
    shop.work(timedelta(hours=2))
    assert shop.now(booking).state is S.FAILED
    assert shop.now(booking).cancel_reason == OwnReason.CALENDAR_TOO_LATE
    assert shop.calendar.standing() == []


def test_a_move_that_the_provider_did_not_make_in_time_is_refused(shop: Shop) -> None:
    booking = shop.confirm(NOON)
    shop.calendar.break_next("ensure_booked", times=2)
    sooner = a_slot(hour=9)
    shop.core.reschedule_booking(booking_id=booking.id, slot=sooner, actor=shop.client(booking))
    shop.clock.advance(sooner.start - shop.clock.now())
    shop.work(timedelta(hours=1))
    assert (shop.now(booking).slot, shop.now(booking).pending_slot) == (NOON, None)


@pytest.mark.parametrize(
    ("code", "why"),
    [("refused", OwnReason.CALENDAR_REFUSED), ("busy", OwnReason.SLOT_TAKEN)],
)
def test_why_the_calendar_said_no_is_told_to_all_who_ask(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    code: str,
    why: OwnReason,
) -> None:
    def refuse(**_: object) -> NoReturn:
        raise SlotUnavailable(code, "The calendar says no.")

    monkeypatch.setattr(type(shop.calendar), "ensure_booked", lambda *_, **given: refuse(**given))
    with pytest.raises(SlotUnavailable) as refused:
        shop.confirm(NOON)
    assert refused.value.reason == code
    assert bool(refused.value.alternatives) is (code == "busy")
    [booking] = shop.core.list_bookings(actor=Actor.admin(), criteria=BookingFilter()).bookings
    assert (booking.state, booking.cancel_reason) == (S.FAILED, why)
    [line] = [each for each in caplog.messages if booking.id in each]
    assert line == f"booking {booking.id}: the calendar said no ({why})"
    shop.work()
    assert all(in_english(why) in mail.text for mail in shop.mailer.sent)
    assert len(shop.mailer.sent) == 2
    timeline = shop.core.show_timeline(booking_id=booking.id, actor=Actor.admin())
    assert [e.detail["reason"] for e in timeline.entries if e.name == "book"] == [code]
