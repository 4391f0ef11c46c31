"""A slot is kept for a client for a while, and free again when that ends (B5)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve

from booking_core import (
    HOLD_LENGTH,
    Actor,
    Answer,
    Booking,
    BookingState,
    Category,
    HoldExpired,
    Job,
    NotFound,
    PathwayId,
    ProviderFailed,
    Question,
    Slot,
    SlotUnavailable,
    TimeWindow,
)
from booking_core.testing.contracts.stored import put_booking
from booking_core.testing.examples import a_booking, a_contact, a_session_type, a_slot
from tests.unit.application.paying import Shop

S = BookingState
ANYONE = Actor.anonymous()
SECOND = timedelta(seconds=1)


@pytest.fixture(params=["memory", "local"])
def shop(request: pytest.FixtureRequest) -> Shop:
    return Shop.open(calendar=request.param, price=None)


def hold(shop: Shop, **more: object) -> Booking:
    return shop.core.hold_slot(
        session_type_id=a_session_type().id,
        slot=a_slot(),
        actor=ANYONE,
        contact=a_contact(**more),
    )


def confirm(shop: Shop, held: Booking) -> Booking:
    return shop.core.confirm_booking(
        session_type_id=a_session_type().id,
        slot=a_slot(),
        actor=shop.client(held),
        booking_id=held.id,
    )


def test_a_held_slot_is_nobody_elses(shop: Shop) -> None:
    held = hold(shop)
    assert (held.state, held.deadline) == (S.HELD, shop.clock.now() + HOLD_LENGTH)
    for act in (lambda: hold(shop, email="other@example.org"), lambda: shop.confirm()):
        with pytest.raises(SlotUnavailable):
            act()


def test_a_hold_is_made_final_by_its_client(shop: Shop) -> None:
    held = hold(shop)
    with pytest.raises(NotFound):
        shop.core.confirm_booking(
            session_type_id=a_session_type().id, slot=a_slot(), actor=ANYONE, booking_id=held.id
        )
    assert confirm(shop, held).state is S.CONFIRMED


def test_a_held_slot_is_its_clients_even_when_the_hours_were_changed_since() -> None:
    shop = Shop.open(calendar="local", price=None, minimum_notice=timedelta(hours=1))
    shop.clock.set(a_slot().start - timedelta(hours=1))
    held = hold(shop)
    shop.clock.advance(timedelta(minutes=5))
    assert confirm(shop, held).state is S.CONFIRMED


def test_what_was_said_when_holding_still_counts_when_confirming(shop: Shop) -> None:
    questions = (
        Question("goal", "What is your goal?", required=True),
        Question("level", "How far are you?"),
    )
    with shop.store() as uow:
        uow.session_types.save(
            evolve(
                shop.stored_type(),
                questions=questions,
                category=Category.PATHWAY,
                requires_auth=False,
                pathways=(PathwayId("pivot"), PathwayId("play")),
            )
        )
        uow.commit()
    held = shop.core.hold_slot(
        session_type_id=a_session_type().id,
        slot=a_slot(),
        actor=ANYONE,
        contact=a_contact(),
        notes="With a wheelchair",
        answers=[Answer("goal", "A new job"), Answer("level", "Beginning")],
        pathway=PathwayId("play"),
    )
    confirmed = shop.core.confirm_booking(
        session_type_id=a_session_type().id,
        slot=a_slot(),
        actor=shop.client(held),
        booking_id=held.id,
        answers=[Answer("level", "Half way")],
    )
    said = confirmed.details
    assert (said.notes, said.pathway) == ("With a wheelchair", "play")
    assert [answer.value for answer in said.answers] == ["A new job", "Half way"]


def test_a_hold_that_ended_is_free_for_the_next_one_without_any_job(shop: Shop) -> None:
    held = hold(shop)
    shop.clock.advance(HOLD_LENGTH - SECOND)
    with pytest.raises(SlotUnavailable):
        shop.confirm()
    shop.clock.advance(SECOND)
    with pytest.raises(HoldExpired):
        confirm(shop, held)
    assert shop.confirm().state is S.CONFIRMED
    assert shop.now(held).state is S.EXPIRED
    with pytest.raises(SlotUnavailable):
        confirm(shop, held)


def test_a_hold_that_ended_is_never_shown_as_busy() -> None:
    shop = Shop.open(calendar="local", price=None)
    window = TimeWindow(a_slot().start, a_slot().end)

    def open_slots() -> int:
        found = shop.core.find_slots(
            session_type_id=a_session_type().id, window=window, actor=ANYONE
        )
        return len(found.slots)

    hold(shop)
    assert open_slots() == 0
    shop.clock.advance(HOLD_LENGTH)
    assert open_slots() == 1


def test_a_job_tidies_what_nobody_asked_for_again(shop: Shop) -> None:
    held = hold(shop)
    assert shop.core.expire_overdue() == 0
    shop.clock.advance(HOLD_LENGTH)
    assert shop.core.expire_overdue() == 1
    assert shop.core.expire_overdue() == 0
    assert shop.now(held).state is S.EXPIRED
    shop.work()
    assert shop.subjects() == []


@pytest.mark.parametrize("over", ["complete_booking", "mark_no_show"])
def test_a_session_that_is_over_early_has_taken_its_time_and_its_place_in_the_day(
    over: str,
) -> None:
    shop = Shop.open(calendar="local", price=None, slot_step=timedelta(minutes=15), daily_limit=1)
    booking = shop.confirm()
    shop.clock.set(a_slot().start + timedelta(minutes=5))
    getattr(shop.core, over)(booking_id=booking.id, actor=Actor.system())
    for later in (timedelta(minutes=15), timedelta(hours=3)):
        slot = Slot(a_slot().start + later, a_slot().end + later)
        with pytest.raises(SlotUnavailable):
            shop.confirm(slot)


def stuck(shop: Shop, count: int) -> list[str]:
    """Bookings whose payment has long been late, before any other in the order of ids."""
    return [
        put_booking(shop.store, a_booking(S.AWAITING_PAYMENT, id=f"bkg_0000-{number:03}")).id
        for number in range(count)
    ]


def test_holds_end_however_many_bookings_wait_for_their_money(shop: Shop) -> None:
    held = hold(shop)
    stuck(shop, 250)
    shop.clock.advance(timedelta(days=1))
    assert shop.core.expire_overdue() == 1
    assert shop.now(held).state is S.EXPIRED


def test_a_slot_is_free_again_however_many_bookings_wait_for_their_money(shop: Shop) -> None:
    held = hold(shop)
    stuck(shop, 250)
    shop.clock.advance(4 * HOLD_LENGTH)
    assert shop.confirm().state is S.CONFIRMED
    assert shop.now(held).state is S.EXPIRED


def test_the_money_of_every_late_booking_is_looked_at(shop: Shop) -> None:
    late = stuck(shop, 250)
    shop.clock.advance(timedelta(days=1))
    for _ in range(3):
        shop.core.expire_overdue()
    assert sorted(job.booking_id for job in shop.store.jobs) == late


def test_a_look_at_money_that_was_given_up_is_not_begun_again_by_itself(shop: Shop) -> None:
    stuck(shop, 1)
    shop.clock.advance(timedelta(days=1))

    def refuse(_: Job) -> None:
        raise ProviderFailed("no such account", retryable=False)

    for _ in range(5):
        shop.core.expire_overdue()
        shop.core.jobs.work(refuse)
    assert len(shop.core.jobs.dead()) == 1
    assert shop.core.jobs.restart(shop.core.jobs.dead()[0].id)
    assert shop.core.jobs.waiting() == 1
