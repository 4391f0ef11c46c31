"""What happened is written down: by whom, how it went at the providers, and nothing personal."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from attrs import asdict, frozen

from adapters.memory import MemoryStore
from booking_core import (
    Actor,
    Booking,
    BookingFilter,
    CalendarEvent,
    CalendarNotice,
    CalendarNoticeReader,
    CalendarRef,
    CaptureRefused,
    Contact,
    EventType,
    InvalidRequest,
    NotFound,
    Outcome,
    PaymentStatus,
    ProviderFailed,
    Replay,
    Settle,
    SlotUnavailable,
    Subject,
    SubjectKind,
    Topic,
    TrailEntry,
    TrailFilter,
    TrailKind,
)
from booking_core.testing.examples import NOW, a_builder, a_contact, a_session_type, a_slot
from tests.leaks import WATCH
from tests.unit.application.paying import BUILDER, Shop, key_of

K, OUT = TrailKind, Outcome
ADMIN, SYSTEM = Actor.admin("root"), Actor.system()
DOWN = ProviderFailed("It does not answer.")
FOR_GOOD = ProviderFailed("The key is refused.", retryable=False)
ADA = Subject(SubjectKind.BUILDER, a_builder().id)


@pytest.fixture
def shop() -> Shop:
    return Shop.open()


@pytest.fixture
def free() -> Shop:
    """A free session in the built-in calendar."""
    return Shop.open(price=None, calendar="local")


def timeline(shop: Shop, booking: Booking, *kinds: TrailKind) -> list[TrailEntry]:
    found = shop.core.show_timeline(booking_id=booking.id, actor=ADMIN).entries
    return [each for each in found if not kinds or each.kind in kinds]


def told(entries: list[TrailEntry]) -> list[tuple[str, Outcome]]:
    return [(each.name, each.outcome) for each in entries]


def trail(shop: Shop, actor: Actor = ADMIN, **criteria: Any) -> list[TrailEntry]:
    page = shop.core.list_trail(criteria=TrailFilter(**criteria), actor=actor)
    return list(page.entries)


# ---- events and who caused them ------------------------------------------------------------------


def test_each_event_is_written_with_who_caused_it(free: Shop) -> None:
    booking = free.confirm()
    free.core.cancel_booking(booking_id=booking.id, actor=BUILDER)
    found = timeline(free, booking, K.EVENT)
    assert [(each.name, each.by) for each in found] == [
        ("BookingHeld", "anonymous"),
        ("BookingAccepted", "anonymous"),
        ("BookingConfirmed", "anonymous"),
        ("BookingCancelled", f"builder:{a_builder().id}"),
    ]
    assert {each.at for each in found} == {NOW}
    assert [each.detail.get("state") for each in found] == [None, None, "CONFIRMED", "CANCELLED"]
    assert {each.builder_id for each in found} == {booking.builder_id}


def test_what_the_service_does_by_itself_is_nobodys_else(free: Shop) -> None:
    held = free.core.hold_slot(
        session_type_id=a_session_type().id,
        slot=a_slot(),
        actor=Actor.client("ana", a_contact()),
    )
    free.work(timedelta(hours=1))
    found = timeline(free, held, K.EVENT)
    assert [(each.name, each.by) for each in found] == [
        ("BookingHeld", "client:ana"),
        ("BookingExpired", "system"),
    ]


def test_a_change_that_is_refused_leaves_nothing_in_the_trail(free: Shop) -> None:
    free.confirm()
    before = trail(free)
    with pytest.raises(SlotUnavailable):
        free.confirm()
    assert trail(free) == before


def test_a_repeat_is_no_second_event(free: Shop) -> None:
    booking = free.confirm(key="once")
    before = timeline(free, booking)
    free.confirm(key="once")
    assert timeline(free, booking) == before


def test_a_free_booking_takes_one_transaction(free: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[bool] = []
    begin = MemoryStore.__call__

    def counted(store: MemoryStore, *, write: bool = True) -> Any:
        begun.append(write)
        return begin(store, write=write)

    monkeypatch.setattr(MemoryStore, "__call__", counted)
    free.confirm()
    assert begun == [True]


# ---- what is done at the providers ---------------------------------------------------------------


def test_each_call_at_the_providers_is_written_with_how_it_went(shop: Shop) -> None:
    booking = shop.confirm()
    shop.payments.authorise(key_of(booking))
    shop.comes_back(booking)
    shop.work()
    shop.core.cancel_booking(booking_id=booking.id, actor=BUILDER)
    shop.work()
    found = timeline(shop, booking, K.PAYMENT, K.CALENDAR)
    assert told(found)[:3] == [("request", OUT.DONE), ("book", OUT.DONE), ("capture", OUT.DONE)]
    assert sorted(told(found)[3:]) == [("refund", OUT.DONE), ("remove", OUT.DONE)]
    price = a_paid(booking)
    moved = {each.name: each.detail for each in found if "amount" in each.detail}
    assert {name: each["amount"] for name, each in moved.items()} == {
        "request": price,
        "capture": price,
        "refund": price,
    }
    assert moved["refund"]["checkout"] == shop.now(booking).payment.attempts[-1].checkout_id


def a_paid(booking: Booking) -> int:
    assert booking.payment.price is not None
    return booking.payment.price.amount


def test_a_call_that_failed_is_in_the_trail_and_so_is_the_next_try(shop: Shop) -> None:
    shop.payments.break_next("request", error=DOWN)
    booking = shop.confirm()
    shop.work(timedelta(minutes=1))
    failed, done = timeline(shop, booking, K.PAYMENT)
    assert (failed.name, failed.outcome) == ("request", OUT.FAILED)
    assert failed.detail["code"] == "provider_failed"
    assert (done.name, done.outcome) == ("request", OUT.DONE)
    assert "code" not in done.detail


def test_a_refused_capture_is_told_apart_from_one_that_is_tried_again(shop: Shop) -> None:
    booking = shop.confirm()
    shop.payments.authorise(key_of(booking))
    shop.payments.break_next("capture", error=CaptureRefused("No."))
    shop.comes_back(booking)
    shop.work(timedelta(minutes=5))
    captures = [each for each in timeline(shop, booking, K.PAYMENT) if each.name == "capture"]
    assert [(each.outcome, each.detail["code"]) for each in captures] == [
        (OUT.REFUSED, "capture_refused")
    ]


def test_a_calendar_that_refuses_is_in_the_trail(shop: Shop) -> None:
    booking = shop.confirm()
    shop.payments.authorise(key_of(booking))
    shop.calendar.refuse(a_slot())
    shop.comes_back(booking)
    (found,) = timeline(shop, booking, K.CALENDAR)
    assert (found.name, found.outcome) == ("book", OUT.REFUSED)
    start = f"{a_slot().start:%Y-%m-%dT%H:%M:%SZ}"
    assert found.detail == {"start": start, "code": "slot_unavailable", "reason": "busy"}


def test_a_no_show_is_told_to_the_calendar_and_to_the_trail() -> None:
    shop = Shop.open(price=None)
    booking = shop.confirm()
    shop.clock.set(a_slot().end)
    shop.core.mark_no_show(booking_id=booking.id, actor=BUILDER)
    shop.work()
    shop.core.undo_no_show(booking_id=booking.id, actor=BUILDER)
    shop.work()
    assert told(timeline(shop, booking, K.CALENDAR)) == [
        ("book", OUT.DONE),
        ("no_show", OUT.DONE),
        ("undo_no_show", OUT.DONE),
    ]


# ---- mails ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [(DOWN, OUT.FAILED, "provider_failed"), (FOR_GOOD, OUT.REFUSED, "provider_failed")],
)
def test_a_mail_is_sent_refused_or_failed(
    free: Shop, error: ProviderFailed, outcome: Outcome, code: str
) -> None:
    free.mailer.break_next("send", error=error)
    booking = free.confirm()
    free.work()
    first, second = timeline(free, booking, K.MAIL)
    assert (first.name, first.outcome, first.detail["code"]) == ("booked", outcome, code)
    assert (second.name, second.outcome) == ("booked", OUT.DONE)
    assert {first.detail["reader"], second.detail["reader"]} == {"client", "builder"}


# ---- the catalogue -------------------------------------------------------------------------------


def test_a_change_of_the_catalogue_names_its_fields_and_who_made_it(free: Shop) -> None:
    free.core.change_builder(
        builder_id=a_builder().id,
        changes={"headline": "Another one", "name": a_builder().name},
        actor=BUILDER,
    )
    (found,) = trail(free, subject=ADA)
    assert (found.kind, found.name, found.by) == (K.CHANGE, "changed", f"builder:{ADA.id}")
    assert found.detail == {"fields": ["headline"]}
    free.core.change_session_type(
        session_type_id=a_session_type().id, changes={"title": "New", "active": False}, actor=ADMIN
    )
    (found,) = trail(free, by="admin:root")
    assert found.subject == Subject(SubjectKind.SESSION_TYPE, a_session_type().id)
    assert sorted(found.detail["fields"]) == ["active", "title"]


def test_a_change_to_the_same_is_none(free: Shop) -> None:
    changes = {"headline": a_builder().headline}
    free.core.change_builder(builder_id=a_builder().id, changes=changes, actor=BUILDER)
    with pytest.raises(InvalidRequest):
        free.core.change_builder(builder_id=a_builder().id, changes={"slug": "?"}, actor=BUILDER)
    assert trail(free) == []


def test_what_is_added_is_in_the_trail_once(free: Shop) -> None:
    for _ in range(2):
        builder = free.core.add_builder(
            name="Bea", email="bea@example.org", schedule=a_builder().schedule, actor=ADMIN, key="k"
        )
    session_type = free.core.add_session_type(builder_id=builder.id, title="Talk", actor=ADMIN)
    (account,) = free.core.list_accounts(actor=ADMIN).accounts
    found = trail(free, builder_id=builder.id, oldest_first=True)
    assert [(each.name, each.subject.id, each.by) for each in found] == [
        ("added", builder.id, "admin:root"),
        ("role granted", account.id, "admin:root"),
        ("added", session_type.id, "admin:root"),
    ]


def test_a_sync_is_in_the_trail_and_a_dry_run_is_not(shop: Shop) -> None:
    shop.calendar.offers[a_builder().id] = [EventType("uri:et", "et", "Talk", 30, True)]
    shop.core.sync_event_types(actor=BUILDER, dry_run=True)
    assert trail(shop) == []
    shop.core.sync_event_types(actor=BUILDER)
    (found,) = trail(shop)
    assert (found.name, found.by, found.builder_id) == ("added", BUILDER.name, a_builder().id)


# ---- notices -------------------------------------------------------------------------------------


@frozen
class Post(CalendarNoticeReader):
    """The body is `message event invitee`."""

    def read(self, *, body: bytes, headers: object) -> CalendarNotice:
        return CalendarNotice(*body.decode().split())


def posted(shop: Shop, event: CalendarEvent, message: str) -> bool:
    body = f"{message} {event.event_uri} {event.invitee_uri}".encode()
    return shop.core.hear_calendar_notice(body=body, headers={})


@pytest.fixture
def linked() -> Shop:
    """A free session whose clients choose the time at the provider."""
    ref = CalendarRef("et_1", "https://calendar.test/event_types/et_1")
    return Shop.open(price=None, calendar_ref=ref, calendar_notices=Post())


def placed(shop: Shop) -> CalendarEvent:
    event: CalendarEvent = shop.calendar.place(
        builder=a_builder(), session_type=shop.stored_type(), slot=a_slot(), contact=a_contact()
    )
    return event


def test_a_notice_is_written_once_and_so_is_what_came_of_it(linked: Shop) -> None:
    event = placed(linked)
    for _ in range(2):
        posted(linked, event, "m1")
    unknown = Subject(SubjectKind.CALENDAR_EVENT, event.place)
    (heard,) = trail(linked, subject=unknown)
    assert (heard.kind, heard.name, heard.detail) == (K.NOTICE, "calendar", {"message": "m1"})
    linked.work()
    (booking,) = linked.core.list_bookings(criteria=BookingFilter(), actor=ADMIN).bookings
    assert told(timeline(linked, booking, K.NOTICE)) == [("read event", OUT.DONE)]
    posted(linked, event, "m2")
    assert told(timeline(linked, booking, K.NOTICE)) == [
        ("read event", OUT.DONE),
        ("calendar", OUT.DONE),
    ]


def test_an_event_that_cannot_be_read_is_in_the_trail(linked: Shop) -> None:
    event = placed(linked)
    linked.calendar.break_next("find", error=DOWN)
    posted(linked, event, "m1")
    linked.work()
    found = trail(linked, subject=Subject(SubjectKind.CALENDAR_EVENT, event.place))
    assert told(found) == [("read event", OUT.FAILED), ("calendar", OUT.DONE)]


def test_an_event_that_nobody_may_book_is_told_to_its_builder_and_to_the_trail() -> None:
    ref = CalendarRef("et_1", "https://calendar.test/event_types/et_1")
    shop = Shop.open(price=None, calendar_ref=ref, calendar_notices=Post(), requires_auth=True)
    event = placed(shop)
    posted(shop, event, "m1")
    shop.work()
    found = trail(shop, subject=Subject(SubjectKind.CALENDAR_EVENT, event.place))
    assert told(found) == [
        ("unmatched", OUT.DONE),
        ("read event", OUT.REFUSED),
        ("calendar", OUT.DONE),
    ]
    assert found[1].detail == {"code": "sign_in_required"}


# ---- reading it ----------------------------------------------------------------------------------


def test_the_client_does_not_see_the_timeline(free: Shop) -> None:
    booking = free.confirm()
    strangers = (free.client(booking), Actor.client("ana"), Actor.builder("bld_else"))
    for actor in (*strangers, Actor.anonymous()):
        with pytest.raises(NotFound):
            free.core.show_timeline(booking_id=booking.id, actor=actor)
        with pytest.raises(NotFound):
            free.core.replay_booking(booking_id=booking.id, actor=actor)
    for actor in (BUILDER, ADMIN, SYSTEM):
        assert free.core.show_timeline(booking_id=booking.id, actor=actor).entries


def test_a_timeline_is_read_page_by_page(free: Shop) -> None:
    booking = free.confirm()
    whole = timeline(free, booking)
    last, pages = None, []
    while not pages or last is not None:
        page = free.core.show_timeline(booking_id=booking.id, actor=BUILDER, after=last, limit=2)
        pages.append(list(page.entries))
        last = page.next
    assert [each for page in pages for each in page] == whole
    assert [len(page) for page in pages] == [2, 1]


def test_builders_see_their_own_trail_and_others_see_none(free: Shop) -> None:
    free.confirm()
    free.core.add_builder(
        name="Bea", email="bea@example.org", schedule=a_builder().schedule, actor=ADMIN
    )
    assert {each.builder_id for each in trail(free, BUILDER)} == {a_builder().id}
    assert len(trail(free)) == len(trail(free, BUILDER)) + 2
    other = Actor.builder("bld_else")
    assert trail(free, other) == []
    assert trail(free, other, builder_id=a_builder().id) == []
    for actor in (Actor.anonymous(), Actor.client("ana")):
        with pytest.raises(NotFound):
            trail(free, actor)


def test_nothing_personal_is_in_the_trail(shop: Shop) -> None:
    contact = Contact("Zaphod Beeblebrox", "zaphod@heart-of-gold.test", "Europe/Berlin")
    shop.mailer.break_next("send", error=ProviderFailed(f"{contact.email} is unknown."))
    booking = shop.confirm(contact=contact, notes="A secret about Zaphod")
    shop.payments.authorise(key_of(booking))
    shop.comes_back(booking)
    shop.core.cancel_booking(booking_id=booking.id, actor=BUILDER, reason="Zaphod is ill")
    with WATCH.apart():  # the mailer's words are in the log, where `redact` takes the address out
        shop.work(timedelta(minutes=1))
    shop.core.change_builder(
        builder_id=a_builder().id, changes={"email": "zaphod@elsewhere.test"}, actor=ADMIN
    )
    written = json.dumps([asdict(each) for each in trail(shop)], default=str).casefold()
    assert "email" in written
    assert "zaphod" not in written
    assert "secret" not in written


# ---- replay --------------------------------------------------------------------------------------


def test_what_was_given_up_is_replayed(shop: Shop) -> None:
    booking = shop.confirm()
    shop.payments.authorise(key_of(booking))
    shop.payments.break_next("capture", times=2, error=FOR_GOOD)
    shop.comes_back(booking)
    shop.work()
    dead = shop.core.show_timeline(booking_id=booking.id, actor=BUILDER).given_up
    assert [each.job.topic for each in dead] == [Topic.SETTLE_MONEY] * 2  # the look and the job
    replay = shop.core.replay_booking(booking_id=booking.id, actor=BUILDER)
    assert replay == Replay(2, (Settle.CALENDAR, Settle.MONEY))
    shop.work()
    assert shop.now(booking).payment.status is PaymentStatus.PAID
    assert not shop.core.show_timeline(booking_id=booking.id, actor=BUILDER).given_up
    (found,) = timeline(shop, booking, K.CHANGE)
    assert (found.name, found.by, found.detail) == ("replayed", BUILDER.name, {"restarted": 2})


def test_a_mail_that_was_refused_is_sent_after_all(free: Shop) -> None:
    free.mailer.break_next("send", times=2, error=FOR_GOOD)
    booking, other = free.confirm(), free.confirm(slot=a_slot(day=9))
    free.work()
    free.core.replay_booking(booking_id=other.id, actor=ADMIN)
    free.work()
    assert len(free.core.jobs.dead()) == 2  # another booking's are left alone
    replay = free.core.replay_booking(booking_id=booking.id, actor=ADMIN)
    assert replay == Replay(2, ())
    free.work()
    assert told(timeline(free, booking, K.MAIL)) == [
        *[("booked", OUT.REFUSED)] * 2,
        *[("booked", OUT.DONE)] * 2,
    ]


def test_what_waits_for_its_next_try_is_done_at_once(shop: Shop) -> None:
    shop.payments.break_next("request", error=DOWN, times=2)
    booking = shop.confirm()
    shop.work()
    shop.work()
    assert told(timeline(shop, booking, K.PAYMENT)) == [("request", OUT.FAILED)] * 2
    shop.core.replay_booking(booking_id=booking.id, actor=ADMIN)
    shop.work()
    assert timeline(shop, booking, K.PAYMENT)[-1].outcome is OUT.DONE


def test_a_replay_of_what_is_well_changes_nothing(shop: Shop) -> None:
    booking = shop.confirm()
    shop.payments.authorise(key_of(booking))
    shop.comes_back(booking)
    shop.work()
    calls, before = timeline(shop, booking, K.PAYMENT, K.CALENDAR), shop.now(booking)
    shop.core.replay_booking(booking_id=booking.id, actor=ADMIN)
    shop.work()
    assert timeline(shop, booking, K.PAYMENT, K.CALENDAR) == calls
    assert shop.now(booking) == before
