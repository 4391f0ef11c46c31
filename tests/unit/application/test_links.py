"""Where clients place their events themselves, and how it is learned that they have to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from attrs import evolve

from booking_core import (
    Actor,
    Booking,
    BookingState,
    BuilderId,
    CalendarRef,
    EventType,
    IdempotencyKey,
    InvalidRequest,
    KeyInProgress,
    KeyReused,
    LinkNeeded,
    NotFound,
    PaymentStatus,
    ProviderFailed,
    Role,
    SchedulingLink,
    SchedulingMode,
    SessionTypeId,
    WrongState,
)
from booking_core.testing.examples import PRICE, a_builder, a_contact, a_slot
from tests.unit.application.paying import BUILDER, Shop, key_of

S = BookingState
ANYONE = Actor.anonymous()
REF = CalendarRef("et_1", "https://calendar.test/event_types/et_1")


def open_shop(**changes: object) -> Shop:
    return Shop.open(**{"price": None, "calendar_ref": REF} | changes)


def waiting(shop: Shop) -> tuple[Booking, SchedulingLink]:
    begun = shop.core.initialize_booking(
        session_type_id=shop.stored_type().id, actor=ANYONE, contact=a_contact()
    )
    assert begun.link is not None
    return begun.booking, begun.link


def mode(shop: Shop) -> SchedulingMode:
    return shop.core.show_builder(name=a_builder().id, actor=BUILDER).scheduling_mode


def refuse_directly(shop: Shop, monkeypatch: pytest.MonkeyPatch, *, lasting: bool = True) -> None:
    def refused(**_: object) -> None:
        raise LinkNeeded("Not on this plan.", lasting=lasting)

    monkeypatch.setattr(shop.calendar, "ensure_booked", refused)


# ---- links ---------------------------------------------------------------------------------------


def test_a_booking_has_one_link_until_it_changes() -> None:
    shop = open_shop()
    booking, link = waiting(shop)
    shop.calendar.break_next("scheduling_link")
    assert shop.core.offer_link.of(booking) == link
    later = evolve(booking, version=booking.version + 1)
    with pytest.raises(ProviderFailed):
        shop.core.offer_link.of(later)
    assert shop.core.offer_link.when_answered(later) is not None


def test_a_link_that_has_ended_is_asked_for_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = open_shop()
    hour = timedelta(hours=1)

    def link(**_: object) -> SchedulingLink:
        return SchedulingLink("https://calendar.test/once", shop.clock.now() + hour)

    monkeypatch.setattr(shop.calendar, "scheduling_link", link)
    booking, first = waiting(shop)
    shop.clock.advance(hour / 2)
    assert shop.core.offer_link.of(booking) == first
    shop.clock.advance(hour / 2)
    assert shop.core.offer_link.of(booking) != first


def test_only_its_client_is_told_the_link_of_a_booking() -> None:
    shop = open_shop()
    booking, link = waiting(shop)
    ask, its_type = shop.core.offer_link, booking.session_type_id
    holder = shop.client(booking)
    assert ask(session_type_id=its_type, booking_id=booking.id, actor=holder) == link
    assert ask(session_type_id=its_type, booking_id=booking.id, actor=BUILDER) == link
    assert ask(booking_id=booking.id, actor=holder) == link, "the booking says of which type it is"
    with pytest.raises(InvalidRequest):
        ask(actor=holder)
    with pytest.raises(NotFound):
        ask(session_type_id=its_type, booking_id=booking.id, actor=ANYONE)
    with pytest.raises(InvalidRequest):
        ask(session_type_id=SessionTypeId("other"), booking_id=booking.id, actor=holder)
    shop.core.cancel_booking(booking_id=booking.id, actor=holder)
    with pytest.raises(WrongState):
        ask(session_type_id=its_type, booking_id=booking.id, actor=holder)


def test_a_key_stands_for_one_request() -> None:
    shop = open_shop()
    its_type = shop.stored_type().id
    ask = shop.core.offer_link
    link = ask(session_type_id=its_type, actor=ANYONE, key="k1")
    assert ask(session_type_id=its_type, actor=ANYONE, key="k1") == link
    ana = Actor.client("ana")
    ask(session_type_id=its_type, actor=ana, key="k1")
    with pytest.raises(KeyReused):
        ask(session_type_id=SessionTypeId("other"), actor=ana, key="k1")


# ---- how it is learned that clients have to (E2) ---------------------------------------------------


def test_a_refused_direct_booking_teaches_how_the_builders_clients_schedule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = open_shop()
    assert mode(shop) is SchedulingMode.DIRECT
    refuse_directly(shop, monkeypatch)
    assert shop.confirm().state is BookingState.AWAITING_SCHEDULING
    assert mode(shop) is SchedulingMode.LINK


@pytest.mark.parametrize(
    ("lasting", "before"), [(False, SchedulingMode.DIRECT), (True, SchedulingMode.EMBED)]
)
def test_a_limit_for_a_while_and_what_the_builder_chose_teach_nothing(
    monkeypatch: pytest.MonkeyPatch, lasting: bool, before: SchedulingMode
) -> None:
    shop = open_shop()
    shop.core.change_builder(
        builder_id=a_builder().id, changes={"scheduling_mode": before}, actor=BUILDER
    )
    refuse_directly(shop, monkeypatch, lasting=lasting)
    assert shop.confirm().state is BookingState.AWAITING_SCHEDULING
    assert mode(shop) is before


# ---- event types (A6) ----------------------------------------------------------------------------


def test_event_types_are_listed_with_what_stands_for_them() -> None:
    shop = open_shop()
    offered = [
        EventType(REF.event_type_uri, "et_1", "Intro", 30, True),
        EventType("https://calendar.test/event_types/et_2", "et_2", "New", 30, False),
    ]
    shop.calendar.offers[a_builder().id] = offered
    found = shop.core.list_event_types(actor=BUILDER)
    assert [each.event_type for each in found] == offered
    assert [each.session_type_id for each in found] == [shop.stored_type().id, None]
    for stranger in (ANYONE, Actor.client("ana"), Actor(Role.BUILDER, "other")):
        with pytest.raises(NotFound):
            shop.core.list_event_types(actor=stranger)
    with pytest.raises(NotFound):
        shop.core.list_event_types(actor=BUILDER, builder_id=BuilderId("other"))


# ---- plain answers under a key (C9) ------------------------------------------------------------------


def test_a_repeat_is_refused_while_the_first_runs_and_not_for_ever() -> None:
    shop = open_shop()
    key = IdempotencyKey("k1", b"body")

    def ask(answer: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        return shop.core.answer_once(answer, action="ask", actor=BUILDER, key=key)

    def first() -> dict[str, Any]:
        with pytest.raises(KeyInProgress):
            ask(lambda: {"by": "a repeat"})
        shop.clock.advance(2 * MINUTE)  # by now it counts as dead
        return ask(lambda: {"by": "one that came later"})

    assert ask(first) == {"by": "one that came later"}
    assert ask(lambda: {"by": "nobody"}) == {"by": "one that came later"}


def test_what_is_answered_once_is_not_done_again_under_its_key() -> None:
    shop = open_shop()
    done: list[int] = []

    def count() -> dict[str, int]:
        done.append(1)
        return {"times": len(done)}

    def ask(key: IdempotencyKey | None, actor: Actor = BUILDER) -> dict[str, int]:
        return shop.core.answer_once(count, action="count", actor=actor, key=key)

    key = IdempotencyKey("k1", b"body")
    assert [ask(key), ask(key), ask(None), ask(key)] == [
        {"times": 1}, {"times": 1}, {"times": 2}, {"times": 1},
    ]  # fmt: skip
    assert ask(key, Actor.admin("root")) == {"times": 3}
    with pytest.raises(KeyReused):
        ask(IdempotencyKey("k1", b"other"))


def test_what_failed_is_tried_again_under_its_key() -> None:
    shop = open_shop()
    answers = iter([ProviderFailed("down"), {"ok": True}])

    def once() -> dict[str, bool]:
        found = next(answers)
        if isinstance(found, ProviderFailed):
            raise found
        return found

    key = IdempotencyKey("k1")
    with pytest.raises(ProviderFailed):
        shop.core.answer_once(once, action="x", actor=BUILDER, key=key)
    assert shop.core.answer_once(once, action="x", actor=BUILDER, key=key) == {"ok": True}


# ---- links that were used, and nobody told us ------------------------------------------------------

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def chosen(shop: Shop, booking: Booking, day: int = 8) -> None:
    """The client places the event; the notice of it is lost."""
    shop.calendar.place(
        builder=a_builder(), session_type=shop.stored_type(), slot=a_slot(day=day), tag=booking.tag
    )


def test_a_time_that_was_chosen_in_time_is_kept_though_its_notice_was_lost() -> None:
    shop = open_shop()
    booking, _ = waiting(shop)
    chosen(shop, booking)
    shop.work(26 * HOUR)
    assert (shop.now(booking).state, shop.now(booking).slot) == (S.CONFIRMED, a_slot(day=8))
    assert len(shop.calendar.standing()) == 1
    assert shop.subjects() == ["Booked"]


@pytest.mark.parametrize("days", [(8,), (8, 9)], ids=["once", "twice"])
def test_who_paid_for_a_link_and_used_it_keeps_one_time_though_the_notices_were_lost(
    days: tuple[int, ...],
) -> None:
    shop = open_shop(price=PRICE)
    booking = shop.core.initialize_booking(
        session_type_id=shop.stored_type().id, actor=ANYONE, contact=a_contact()
    ).booking
    shop.payments.authorise(key_of(booking))
    shop.comes_back(booking)
    for day in days:
        chosen(shop, booking, day)
    shop.work(26 * HOUR)
    booking = shop.now(booking)
    assert (booking.state, booking.payment.status) == (S.CONFIRMED, PaymentStatus.PAID)
    assert len(shop.calendar.standing()) == 1


def test_a_link_is_not_over_before_the_provider_said_that_nothing_was_chosen() -> None:
    shop = open_shop()
    booking, _ = waiting(shop)
    shop.clock.advance(25 * HOUR)
    shop.calendar.break_next("events", times=4)
    shop.work(timedelta(seconds=30))
    assert shop.now(booking).state is S.AWAITING_SCHEDULING
    shop.work(HOUR)
    assert shop.now(booking).state is S.EXPIRED
    assert shop.core.jobs.waiting() == 0
    chosen(shop, booking)  # much too late
    shop.core.settle_calendar(booking_id=booking.id)
    shop.work()
    assert not shop.calendar.standing()


def test_a_time_that_was_chosen_is_known_within_minutes_where_no_notice_comes() -> None:
    shop = open_shop()
    booking, _ = waiting(shop)
    shop.work(10 * MINUTE)
    chosen(shop, booking)
    shop.work(6 * MINUTE)
    assert shop.now(booking).state is S.CONFIRMED
    assert shop.core.jobs.waiting() == 0, "there is nothing left to look for"


def test_a_link_is_looked_at_less_often_the_longer_it_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = open_shop()
    looks = looked_at(shop, monkeypatch)
    waiting(shop)
    shop.work(HOUR)
    assert 8 <= len(looks) <= 12
    shop.work(22 * HOUR)
    assert len(looks) <= 60


def test_who_reads_a_booking_sees_the_time_that_was_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = open_shop()
    looks = looked_at(shop, monkeypatch)
    booking, _ = waiting(shop)
    for _ in range(3):
        assert shop.core.look_at_link(booking=booking).state is S.AWAITING_SCHEDULING
    assert len(looks) == 1, "who loads the page again and again costs no more calls"
    chosen(shop, booking)
    shop.clock.advance(timedelta(seconds=10))
    booking = shop.core.look_at_link(booking=booking)
    assert (booking.state, booking.slot) == (S.CONFIRMED, a_slot(day=8))
    shop.core.look_at_link(booking=booking)
    assert len(looks) == 2


def test_nobody_looks_while_the_provider_wants_us_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = open_shop()
    looks = looked_at(shop, monkeypatch, ProviderFailed("Slower.", retry_after=MINUTE))
    others = [waiting(shop)[0], waiting(shop)[0]]
    for booking in others:
        assert shop.core.look_at_link(booking=booking) == booking
    assert len(looks) == 1
    shop.clock.advance(MINUTE)
    shop.core.look_at_link(booking=others[1])
    assert len(looks) == 2


def test_who_reads_a_booking_waits_a_minute_at_most_for_what_a_provider_wants(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = open_shop()
    looks = looked_at(shop, monkeypatch, ProviderFailed("Slower.", retry_after=24 * HOUR))
    booking, _ = waiting(shop)
    for _ in range(2):
        shop.core.look_at_link(booking=booking)
        shop.clock.advance(MINUTE)
    assert len(looks) == 2


def test_a_builder_whose_provider_wants_us_to_wait_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = open_shop()
    looks = looked_at(shop, monkeypatch, ProviderFailed("Slower.", retry_after=MINUTE))
    booking, other = waiting(shop)[0], waiting(shop)[0]
    shop.core.look_at_link(booking=booking)
    shop.core.look_at_link(booking=evolve(other, builder_id=BuilderId("bld_2")))
    assert len(looks) == 2


def looked_at(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, failed: ProviderFailed | None = None
) -> list[Booking]:
    """The bookings whose events the provider was asked for."""
    looks: list[Booking] = []
    events = shop.calendar.events

    def counted(*, booking: Booking) -> Any:
        looks.append(booking)
        if failed:
            raise failed
        return events(booking=booking)

    monkeypatch.setattr(shop.calendar, "events", counted)
    return looks
