"""Events that clients place at the provider themselves become bookings, once, and the right ones."""

from __future__ import annotations

from datetime import timedelta

import pytest
from attrs import evolve, frozen

from adapters.memory import MemoryCalendar
from booking_core import (
    Actor,
    Answer,
    Booking,
    BookingState,
    BuilderId,
    CalendarEvent,
    CalendarNotice,
    CalendarNoticeReader,
    CalendarRef,
    EventType,
    InvalidRequest,
    KeyReused,
    LinkNeeded,
    NotFound,
    Proof,
    ProviderFailed,
    Question,
    QuestionKind,
    Role,
    SessionTypeId,
    SignInRequired,
    Slot,
    TimeWindow,
)
from booking_core.testing.examples import NOW, PRICE, a_builder, a_contact, a_session_type, a_slot
from tests.unit.application.paying import Shop, key_of

S = BookingState
ANYONE = Actor.anonymous()
REF = CalendarRef("et_1", "https://calendar.test/event_types/et_1")
WINDOW = TimeWindow(NOW, NOW + timedelta(days=60))


@frozen
class Post(CalendarNoticeReader):
    """The body is `message event invitee`."""

    def read(self, *, body: bytes, headers: object) -> CalendarNotice:
        message, event, *invitee = body.decode().split()
        return CalendarNotice(message, event, invitee[0] if invitee else None)


def open_shop(**changes: object) -> Shop:
    return Shop.open(**{"price": None, "calendar_ref": REF, "calendar_notices": Post()} | changes)


def placed(shop: Shop, slot: Slot | None = None, **more: object) -> CalendarEvent:
    return shop.calendar.place(
        builder=a_builder(),
        session_type=shop.stored_type(),
        slot=slot or a_slot(),
        **{"contact": a_contact()} | more,
    )


def create(shop: Shop, event: CalendarEvent, **more: object):  # type: ignore[no-untyped-def]
    return shop.core.create_booking(
        **{"event_uri": event.event_uri, "invitee_uri": event.invitee_uri, "actor": ANYONE} | more
    )


def told(shop: Shop, event: CalendarEvent, message: str = "m1") -> bool:
    body = f"{message} {event.event_uri} {event.invitee_uri}".encode()
    return shop.core.hear_calendar_notice(body=body, headers={})


def bookings(shop: Shop) -> list[Booking]:
    with shop.store(write=False) as uow:
        return list(uow.bookings.find(_all()))


def _all():  # type: ignore[no-untyped-def]
    from booking_core import BookingFilter

    return BookingFilter(limit=100)


# ---- schedule first, then create (C3) ------------------------------------------------------------


def test_a_free_event_becomes_a_confirmed_booking_with_what_the_client_said_there() -> None:
    questions = (
        Question("goal", "What is your goal?"),
        Question("new", "Is it your first time?", kind=QuestionKind.BOOLEAN),
        Question("days", "Which days?", kind=QuestionKind.MULTIPLE_CHOICE, choices=("Mo", "Tu")),
    )
    shop = open_shop(questions=questions)
    told = (
        ("What is your goal?", "A job"),
        ("Is it your first time?", "Yes"),
        ("Which days?", "Mo\nTu"),
    )
    event = placed(shop, answers=told)
    made = create(shop, event)
    booking = made.booking
    assert (booking.state, booking.slot, booking.event) == (S.CONFIRMED, a_slot(), event)
    assert (booking.client.contact, booking.client.id) == (a_contact(), None)
    assert booking.details.answers == (
        Answer("goal", "A job", "What is your goal?"),
        Answer("new", True, "Is it your first time?"),
        Answer("days", ("Mo", "Tu"), "Which days?"),
    )
    shop.work()
    assert shop.subjects() == ["Booked"]


def test_creating_it_again_answers_the_same_booking_and_no_token_any_more() -> None:
    shop = open_shop()
    event = placed(shop)
    first, again = create(shop, event), create(shop, event)
    assert first.booking.id == again.booking.id
    assert (first.hand_token_over, again.hand_token_over) == (True, False)


def test_who_does_not_name_the_clients_place_in_the_event_gets_no_token() -> None:
    shop = open_shop()
    assert not create(shop, placed(shop), invitee_uri=None).hand_token_over


def test_the_booking_of_a_known_client_has_no_token_to_hand_over() -> None:
    shop = open_shop()
    event = placed(shop)
    ana = Actor.client("ana", a_contact())
    assert not create(shop, event, actor=ana).hand_token_over
    stranger = create(shop, event)
    assert (stranger.booking.client.id, stranger.hand_token_over) == ("ana", False)


def test_a_repeat_under_a_key_is_told_the_same_about_the_token() -> None:
    shop = open_shop()
    event = placed(shop)
    answers = [create(shop, event, key=key).hand_token_over for key in ("k1", "k1", "k2", "k2")]
    assert answers == [True, True, False, False]
    with pytest.raises(KeyReused):
        create(shop, event, key="k1", session_type_id=SessionTypeId("typ_other"))


def test_a_repeat_under_a_key_asks_the_provider_nothing() -> None:
    shop = open_shop()
    event = placed(shop)
    first = create(shop, event, key="k1")
    shop.calendar.cancel(event)
    shop.calendar.break_next("find")
    again = create(shop, event, key="k1")
    assert (again.booking.id, again.booking.state) == (first.booking.id, S.CONFIRMED)


def test_a_place_that_is_not_in_the_event_is_not_found() -> None:
    shop = open_shop()
    with pytest.raises(NotFound):
        create(shop, placed(shop), invitee_uri="https://calendar.test/somebody-else")
    assert bookings(shop) == []


def test_a_signed_in_client_is_the_bookings_client_and_needs_no_token() -> None:
    shop = open_shop(requires_auth=True)
    made = create(shop, placed(shop), actor=Actor.client("ana", a_contact()))
    assert (made.booking.client.id, made.hand_token_over) == ("ana", False)


@pytest.mark.parametrize("proved", [True, False])
def test_an_address_that_an_account_has_not_proved_makes_nobody_the_bookings_client(
    proved: bool,
) -> None:
    shop = open_shop()
    proof = Proof(
        issuer="https://id.test", subject="s", email=a_contact().email, email_verified=proved
    )
    actor = shop.core.actor_of_proof(proof=proof)
    made = create(shop, placed(shop), actor=actor)
    assert made.booking.client.id == (actor.id if proved else None)


def test_a_type_for_signed_in_clients_is_not_booked_by_anybody_else() -> None:
    shop = open_shop(requires_auth=True)
    event = placed(shop)
    with pytest.raises(SignInRequired):
        create(shop, event)
    told(shop, event)
    shop.work()
    shop.work(timedelta(minutes=1))
    assert bookings(shop) == []
    assert len(shop.calendar.standing()) == 1
    assert shop.subjects(a_builder().email) == ["In your calendar, but not booked here"]
    report = shop.core.repair_calendar(window=WINDOW, actor=Actor.admin())
    assert [(each.kind.value, each.mended) for each in report.differences] == [("unmatched", False)]
    shop.work()
    assert len(shop.subjects(a_builder().email)) == 1, "once, whoever found it"


def test_a_builder_hears_of_an_unmatched_event_from_repair_where_no_notices_come() -> None:
    shop = open_shop(requires_auth=True)
    placed(shop)
    for dry_run in (True, False, False):
        shop.core.repair_calendar(window=WINDOW, actor=Actor.admin(), dry_run=dry_run)
        shop.work()
    assert shop.subjects(a_builder().email) == ["In your calendar, but not booked here"]


def test_a_builder_hears_of_an_event_that_create_refused_where_no_notices_come() -> None:
    shop = open_shop(requires_auth=True)
    event = placed(shop)
    for _ in range(2):
        with pytest.raises(SignInRequired):
            create(shop, event)
        shop.work()
    assert shop.subjects(a_builder().email) == ["In your calendar, but not booked here"]
    assert [each.ref for each in shop.calendar.standing()] == [event]


def test_a_no_show_at_the_event_of_a_booking_that_is_over_is_no_difference() -> None:
    shop = open_shop()
    booking = create(shop, placed(shop)).booking
    assert booking.slot
    shop.clock.advance(booking.slot.start - shop.clock.now())
    shop.core.cancel_booking(booking_id=booking.id, actor=Actor.system())
    shop.calendar.mark_no_show(booking=booking)
    report = shop.core.repair_calendar(window=WINDOW, actor=Actor.admin())
    assert (report.events, report.differences) == (1, [])


def test_an_unknown_booking_id_is_a_mark_of_the_callers_and_never_an_id() -> None:
    shop = open_shop()
    made = create(shop, placed(shop, marks=("their-own-id",)), booking_id="their-own-id")
    assert made.booking.id != "their-own-id"
    assert made.booking.state is S.CONFIRMED


def test_an_event_of_another_type_than_said_is_refused() -> None:
    shop = open_shop()
    with pytest.raises(InvalidRequest):
        create(shop, placed(shop), session_type_id=SessionTypeId("typ_other"))


def test_a_cancelled_event_makes_no_booking() -> None:
    shop = open_shop()
    event = placed(shop)
    shop.calendar.cancel(event)
    with pytest.raises(InvalidRequest):
        create(shop, event)


def test_an_event_with_a_price_is_paid_for_or_removed_by_the_deadline() -> None:
    shop = open_shop(price=PRICE)
    booking = create(shop, placed(shop)).booking
    assert booking.state is S.AWAITING_PAYMENT
    assert booking.payment.checkout_url
    shop.work(timedelta(hours=2))
    assert shop.now(booking).state is S.EXPIRED
    assert shop.calendar.standing() == []

    event = placed(shop, a_slot(day=3))
    booking = create(shop, event).booking
    shop.payments.pay(key_of(booking))
    shop.work(timedelta(minutes=10))
    assert shop.now(booking).state is S.CONFIRMED
    assert [each.slot for each in shop.calendar.standing()] == [a_slot(day=3)]


# ---- joining (C5) --------------------------------------------------------------------------------


def begun(shop: Shop) -> Booking:
    return shop.core.initialize_booking(
        session_type_id=a_session_type().id, actor=ANYONE, contact=a_contact()
    ).booking


@pytest.mark.parametrize("by", ["tag", "mark", "answer", "named"])
def test_an_event_is_joined_to_the_booking_that_it_was_placed_for(by: str) -> None:
    shop = open_shop()
    waiting = begun(shop)
    how = {
        "tag": {"tag": waiting.tag},
        "mark": {"marks": (waiting.id,)},
        "answer": {"answers": (("Booking", f" {waiting.id}"),)},
        "named": {},
    }[by]
    event = placed(shop, **how)
    made = create(shop, event, booking_id=waiting.id if by == "named" else None)
    assert (made.booking.id, made.booking.state) == (waiting.id, S.CONFIRMED)
    assert len(bookings(shop)) == 1


def test_the_tag_counts_before_what_somebody_typed() -> None:
    shop = open_shop()
    mine, theirs = begun(shop), begun(shop)
    event = placed(shop, tag=mine.tag, answers=(("Booking", theirs.id),))
    assert create(shop, event).booking.id == mine.id


def test_an_id_that_somebody_typed_takes_no_booking_that_waits_for_nothing() -> None:
    shop = open_shop()
    confirmed = shop.confirm()
    event = placed(shop, a_slot(day=3), answers=(("Booking", confirmed.id),))
    assert create(shop, event).booking.id != confirmed.id
    assert shop.now(confirmed).slot == a_slot()


# ---- notices (E4) --------------------------------------------------------------------------------


def test_a_notice_alone_makes_the_booking_when_the_browser_was_closed() -> None:
    shop = open_shop()
    event = placed(shop)
    assert told(shop, event)
    shop.work()
    (booking,) = bookings(shop)
    assert booking.state is S.CONFIRMED
    assert create(shop, event).booking.id == booking.id
    assert len(bookings(shop)) == 1


def test_a_notice_that_comes_twice_is_news_once() -> None:
    shop = open_shop()
    event = placed(shop)
    assert [told(shop, event), told(shop, event)] == [True, False]
    shop.work()
    assert len(bookings(shop)) == 1


def test_what_was_moved_or_cancelled_at_the_provider_is_so_here() -> None:
    shop = open_shop()
    event = placed(shop)
    booking = create(shop, event).booking
    shop.calendar.move(event, a_slot(day=4))
    told(shop, event, "moved")
    shop.work()
    assert (shop.now(booking).state, shop.now(booking).slot) == (S.CONFIRMED, a_slot(day=4))
    shop.calendar.cancel(event)
    told(shop, event, "cancelled")
    shop.work()
    assert shop.now(booking).state is S.CANCELLED
    assert shop.subjects() == ["Booked", "Moved", "Cancelled"]


def test_an_event_that_is_no_business_of_ours_is_left_alone() -> None:
    shop = open_shop()
    foreign = evolve(shop.stored_type(), calendar_ref=CalendarRef("x", "https://calendar.test/x"))
    event = shop.calendar.place(builder=a_builder(), session_type=foreign, slot=a_slot())
    told(shop, event)
    shop.work()
    assert bookings(shop) == []
    assert shop.mailer.sent == []
    assert shop.core.repair_calendar(window=WINDOW, actor=Actor.admin()).differences == []


def test_a_notice_waits_for_a_provider_that_is_away() -> None:
    shop = open_shop()
    event = placed(shop)
    told(shop, event)
    shop.calendar.break_next("find", times=3)
    shop.work(timedelta(minutes=10))
    assert [each.state for each in bookings(shop)] == [S.CONFIRMED]


# ---- repair (E5) ---------------------------------------------------------------------------------


def test_repair_finds_and_mends_what_lost_notices_left_behind() -> None:
    shop = open_shop()
    moved, cancelled = (create(shop, placed(shop, a_slot(day=d))).booking for d in (3, 4))
    waiting = begun(shop)
    shop.calendar.move(moved.event, a_slot(day=5))
    shop.calendar.cancel(cancelled.event)
    placed(shop, a_slot(day=6), tag=waiting.tag)
    placed(shop, a_slot(day=7))

    def repair(*, dry_run: bool) -> list[tuple[str, bool]]:
        report = shop.core.repair_calendar(window=WINDOW, actor=Actor.admin(), dry_run=dry_run)
        return sorted((each.kind.value, each.mended) for each in report.differences)

    changes = shop.core.repair_calendar(window=WINDOW, actor=Actor.admin(), dry_run=True)
    assert {
        (each.kind.value, each.change, each.start, each.moved_to) for each in changes.differences
    } == {
        ("missed change", "moved", a_slot(day=3).start, a_slot(day=5).start),
        ("missed change", "cancelled", a_slot(day=4).start, None),
        ("chosen time", None, a_slot(day=6).start, None),
        ("missed event", None, a_slot(day=7).start, None),
    }
    found = ["chosen time", "missed change", "missed change", "missed event"]
    assert repair(dry_run=True) == [(kind, False) for kind in found]
    assert shop.now(moved).slot == a_slot(day=3)
    assert repair(dry_run=False) == [(kind, True) for kind in found]
    assert repair(dry_run=True) == []
    assert shop.now(moved).slot == a_slot(day=5)
    assert shop.now(cancelled).state is S.CANCELLED
    assert (shop.now(waiting).state, shop.now(waiting).slot) == (S.CONFIRMED, a_slot(day=6))
    assert len(bookings(shop)) == 4


def test_repair_is_for_those_who_run_the_calendar() -> None:
    shop = open_shop()
    for actor in (ANYONE, Actor(Role.CLIENT, "ana"), Actor(Role.BUILDER, "other")):
        with pytest.raises(NotFound):
            shop.core.repair_calendar(window=WINDOW, actor=actor)


# ---- links where nothing can be booked directly (E2) ---------------------------------------------


class LinkOnly(MemoryCalendar):
    def ensure_booked(self, **_: object) -> CalendarEvent:  # type: ignore[override]
        raise LinkNeeded("This account is booked by links only.")


@pytest.mark.parametrize("price", [None, PRICE])
def test_where_nothing_can_be_booked_directly_the_client_places_the_event(price: object) -> None:
    plain = open_shop()
    shop = open_shop(price=price, clock=plain.clock, calendar=LinkOnly(plain.clock))
    booking = shop.confirm()
    if price:
        shop.payments.pay(key_of(booking))
        shop.comes_back(booking)
    waiting = shop.now(booking)
    assert (waiting.state, waiting.slot) == (S.AWAITING_SCHEDULING, a_slot())
    shop.work()
    event = placed(shop, a_slot(day=3), tag=booking.tag)
    told(shop, event)
    shop.work()
    assert (shop.now(booking).state, shop.now(booking).slot) == (S.CONFIRMED, a_slot(day=3))
    assert shop.subjects() == ["Choose your time", "Booked"]
    assert shop.held() == (price.amount if price else 0)  # type: ignore[attr-defined]


def test_a_link_that_is_not_used_gives_the_money_back() -> None:
    plain = open_shop()
    shop = open_shop(price=PRICE, clock=plain.clock, calendar=LinkOnly(plain.clock))
    booking = shop.confirm()
    shop.payments.pay(key_of(booking))
    shop.comes_back(booking)
    shop.work(timedelta(hours=25))
    assert shop.now(booking).state is S.EXPIRED
    assert shop.held() == 0


# ---- no-shows and late links ---------------------------------------------------------------------


def test_the_provider_is_told_who_did_not_come_and_who_came_after_all() -> None:
    shop = open_shop()
    booking = shop.confirm()
    shop.clock.set(a_slot().end)
    shop.core.mark_no_show(booking_id=booking.id, actor=Actor.system())
    shop.work()
    assert [event.no_show for event in shop.calendar.standing()] == [True]
    shop.core.undo_no_show(booking_id=booking.id, actor=Actor.system())
    shop.work()
    assert [event.no_show for event in shop.calendar.standing()] == [False]
    assert shop.now(booking).state is S.COMPLETED


def test_a_slot_that_we_left_ourselves_can_be_taken_again() -> None:
    shop = open_shop()
    booking = shop.confirm()
    for slot in (a_slot(day=3), a_slot()):
        moved = shop.core.reschedule_booking(
            booking_id=booking.id, slot=slot, actor=shop.client(booking)
        )
        shop.work()
        assert (shop.now(moved).state, shop.now(moved).slot) == (S.CONFIRMED, slot)
    assert [event.slot for event in shop.calendar.standing()] == [a_slot()]


def test_an_event_in_a_calendar_that_is_not_asked_any_more_is_not_missing() -> None:
    shop = open_shop()
    booking = shop.confirm()
    shop.calendar.records = lambda **_: []  # type: ignore[method-assign]  # of another account
    report = shop.core.repair_calendar(window=WINDOW, actor=Actor.admin(), dry_run=True)
    assert (report.bookings, report.differences) == (1, [])
    assert booking.event is not None


def test_what_was_joined_by_its_id_is_mended_once() -> None:
    shop = open_shop()
    waiting = begun(shop)
    placed(shop, marks=(waiting.id,))
    found = [
        [
            each.mended
            for each in shop.core.repair_calendar(window=WINDOW, actor=Actor.admin()).differences
        ]
        for _ in range(2)
    ]
    assert found == [[True], []]
    assert shop.now(waiting).state is S.CONFIRMED


def test_a_no_show_that_we_did_not_hear_of_is_found() -> None:
    shop = open_shop()
    booking = shop.confirm()
    shop.clock.advance(a_slot().end - NOW)
    shop.calendar.mark_no_show(booking=booking)  # there, by the builder
    window = TimeWindow(NOW, NOW + timedelta(days=5))
    found = shop.core.repair_calendar(window=window, actor=Actor.admin()).differences
    assert [(each.kind.value, each.mended) for each in found] == [("missed change", True)]
    assert shop.now(booking).state is S.NO_SHOW


def test_a_no_show_of_a_client_who_had_cancelled_is_a_cancellation() -> None:
    shop = open_shop()
    booking = shop.confirm()
    shop.calendar.cancel(booking.event, by=Role.CLIENT)
    shop.clock.advance(a_slot().end - NOW)
    shop.core.mark_no_show(booking_id=booking.id, actor=Actor.system())
    report = shop.core.repair_calendar(window=WINDOW, actor=Actor.admin())
    assert [(each.kind.value, each.mended) for each in report.differences] == [
        ("missed change", True)
    ]
    assert shop.now(booking).state is S.CANCELLED


def test_one_calendar_that_fails_ends_nobody_elses_repair() -> None:
    shop = open_shop()
    with shop.store() as uow:
        uow.builders.save(a_builder(id="bld_0", slug="broken"))
        uow.commit()
    placed(shop)
    shop.calendar.break_next("records")
    report = shop.core.repair_calendar(window=WINDOW, actor=Actor.admin())
    assert [each.builder_id for each in report.failed] == ["bld_0"]
    assert [each.mended for each in report.differences] == [True]


def test_a_provider_that_asks_to_wait_is_waited_for() -> None:
    shop, waited = open_shop(), list[timedelta]()
    placed(shop)
    slow = ProviderFailed("Slow down.", retry_after=timedelta(seconds=40))
    shop.calendar.break_next("records", error=slow)
    report = shop.core.repair_calendar(window=WINDOW, actor=Actor.admin(), wait=waited.append)
    assert waited == [timedelta(seconds=40)]
    assert [each.mended for each in report.differences] == [True]


def test_what_a_repeated_day_had_not_come_to_is_mended_all_the_same() -> None:
    shop, waited = open_shop(), list[timedelta]()
    cancelled = create(shop, placed(shop)).booking
    shop.calendar.cancel(cancelled.event)
    nobodys = placed(shop, Slot(a_slot().end, a_slot().end + a_slot().length))
    slow = ProviderFailed("Slow down.", retry_after=timedelta(seconds=40))
    shop.calendar.break_next("events", error=slow)
    report = shop.core.repair_calendar(window=WINDOW, actor=Actor.admin(), wait=waited.append)
    assert len(waited) == 1
    assert [each.mended for each in report.differences] == [True, True]
    assert nobodys in [each.event for each in bookings(shop)]
    assert report.events == 2


def test_of_builders_who_share_an_account_one_has_the_event_type() -> None:
    shop = open_shop()
    with shop.store() as uow:
        uow.builders.save(a_builder(id="bld_2", slug="second"))
        uow.commit()
    first, second = a_builder().id, BuilderId("bld_2")
    offered = EventType("https://calendar.test/event_types/et_9", "et_9", "Talk", 60, True)
    shop.calendar.offers = {first: [offered], second: [offered]}
    report = shop.core.sync_event_types(actor=Actor.admin())
    assert [each.builder_id for each in report.created] == [first]
    event = shop.calendar.place(
        builder=a_builder(), session_type=report.created[0], slot=a_slot(), contact=a_contact()
    )
    found = shop.core.repair_calendar(window=WINDOW, actor=Actor.admin())
    assert (found.events, [each.event_uri for each in found.differences]) == (1, [event.event_uri])
    listed = shop.core.list_event_types(actor=Actor.builder(second))
    assert listed == []


def test_one_event_type_that_cannot_be_taken_over_ends_nobody_elses_sync() -> None:
    shop = open_shop()
    with shop.store() as uow:
        uow.builders.save(a_builder(id="bld_0", slug="broken"))
        uow.commit()
    names = ("x" * 300, "Talk")
    shop.calendar.offers = {
        a_builder().id: [
            EventType(f"https://calendar.test/event_types/{number}", str(number), name, 30, True)
            for number, name in enumerate(names)
        ]
    }
    shop.calendar.break_next("event_types")
    report = shop.core.sync_event_types(actor=Actor.admin())
    assert [each.title for each in report.created] == ["Talk"]
    assert [(each.builder_id, each.about) for each in report.failed] == [
        ("bld_0", ""),
        (a_builder().id, "x" * 300),
    ]


def test_a_sync_takes_the_length_of_the_provider_whatever_was_said_here() -> None:
    shop = open_shop()
    offered = EventType(REF.event_type_uri, REF.event_type_id, "Talk", 45, True)
    shop.calendar.offers = {a_builder().id: [offered]}
    shop.core.sync_event_types(actor=Actor.admin())
    with shop.store() as uow:
        edited = evolve(shop.stored_type(), duration=timedelta(minutes=90), title="Our talk")
        uow.session_types.save(edited)
        uow.commit()
    report = shop.core.sync_event_types(actor=Actor.admin())
    assert [names for _, names in report.updated] == [("duration",)]
    assert [name for _, name in report.kept] == ["title"]
    assert shop.stored_type().duration == timedelta(minutes=45)
