"""Whole flows of the core with Calendly as its calendar: in the end both sides agree."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest
from attrs import evolve

from adapters.calendly import CalendlyCalendar
from adapters.memory import MemoryMailer, MemoryStore
from booking_core import (
    Actor,
    Answer,
    Booking,
    BookingCore,
    BookingError,
    BookingFilter,
    BookingState,
    InvalidAnswers,
    SessionType,
    SessionTypeId,
    Slot,
    TimeWindow,
)
from booking_core.testing.examples import NOW, a_builder, a_contact
from tests.integration.calendly.conftest import Connect, ItsClock
from tests.integration.calendly.given import ELEVEN, TEN, offered_as
from tests.simulators.calendly import EventType, Fate, Fault, Place, Refused, Simulator, User

ADMIN, SYSTEM, ANYBODY = Actor.admin(), Actor.system(), Actor.anonymous()
HOOKS = "https://booking.test/api/webhooks/calendly"
TYPE = SessionTypeId("typ_1")
DAYS = TimeWindow(NOW, NOW + timedelta(days=14))


@pytest.fixture
def store(advice: EventType) -> MemoryStore:
    store = MemoryStore()
    with store() as uow:
        uow.builders.save(a_builder())
        uow.session_types.save(offered_as(advice))
        uow.commit()
    return store


@pytest.fixture
def calendar(connect: Connect, token: str, store: MemoryStore) -> CalendlyCalendar:
    return connect(token, store)


@pytest.fixture
def core(sim: Simulator, store: MemoryStore, calendar: CalendlyCalendar) -> BookingCore:
    core = BookingCore.assemble(
        unit_of_work=store,
        calendar=calendar,
        calendar_notices=calendar,
        mailer=MemoryMailer(),
        clock=ItsClock(sim),
    )

    def carry(_: str, body: bytes, headers: dict[str, str]) -> int:
        core.hear_calendar_notice(body=body, headers=headers)
        return 200

    sim.courier.carry = carry
    calendar.subscribe(url=HOOKS)
    return core


def work(core: BookingCore) -> None:
    while core.work_outbox():
        pass


def confirm(core: BookingCore, slot: Slot = TEN, email: str = "grace@example.org") -> Booking:
    return core.confirm_booking(
        session_type_id=TYPE, slot=slot, actor=ANYBODY, contact=a_contact(email=email)
    )


def bookings(store: MemoryStore) -> list[Booking]:
    with store(write=False) as uow:
        return list(uow.bookings.find(BookingFilter(limit=1_000)))


def differences(store: MemoryStore, sim: Simulator) -> set:
    """What one side believes and the other one does not."""
    ours = {
        (each.event.place, each.slot.start)
        for each in bookings(store)
        if each.state is BookingState.CONFIRMED and each.event and each.slot
    }
    theirs = {(each.uri, each.event.start) for each in sim.invitees("active")}
    return ours ^ theirs


def test_a_free_session_is_confirmed_moved_and_cancelled(
    core: BookingCore, store: MemoryStore, sim: Simulator
) -> None:
    booking = confirm(core)
    assert booking.state is BookingState.CONFIRMED
    assert differences(store, sim) == set()
    core.reschedule_booking(booking_id=booking.id, slot=ELEVEN, actor=ADMIN)
    work(core)
    assert differences(store, sim) == set()
    core.reschedule_booking(booking_id=booking.id, slot=TEN, actor=ADMIN)
    work(core)
    [moved] = bookings(store)
    assert (moved.state, moved.slot) == (BookingState.CONFIRMED, TEN), "there and back again"
    assert differences(store, sim) == set()
    core.cancel_booking(booking_id=booking.id, actor=ADMIN)
    work(core)
    assert sim.invitees("active") == []


@pytest.mark.parametrize("fate", [None, Fate.TWICE, Fate.SWAPPED])
def test_what_the_client_does_at_calendly_is_heard(
    core: BookingCore, store: MemoryStore, sim: Simulator, fate: Fate | None
) -> None:
    confirm(core)
    if fate:
        sim.courier.arrange("invitee.canceled", fate)
    moved = sim.reschedule(sim.invitees()[0], ELEVEN.start)
    sim.deliver()
    work(core)
    [booking] = bookings(store)
    assert (booking.state, booking.slot) == (BookingState.CONFIRMED, ELEVEN)
    sim.cancel(moved, by="invitee")
    sim.deliver()
    work(core)
    [booking] = bookings(store)
    assert booking.state is BookingState.CANCELLED


def test_a_link_leads_to_a_confirmed_booking(
    core: BookingCore, store: MemoryStore, sim: Simulator
) -> None:
    begun = core.initialize_booking(session_type_id=TYPE, actor=ANYBODY, contact=a_contact())
    assert begun.link is not None
    sim.book_at(begun.link.url, TEN.start, email="another@example.org")
    sim.deliver()
    work(core)
    [booking] = bookings(store)
    assert (booking.id, booking.state) == (begun.booking.id, BookingState.CONFIRMED)
    assert differences(store, sim) == set()


def test_a_visitor_who_books_at_the_page_first_gets_one_booking(
    core: BookingCore, store: MemoryStore, sim: Simulator, advice: EventType
) -> None:
    invitee = sim.book_at(
        f"{sim.pages}/{advice.owner.slug}/{advice.slug}", TEN.start, "Bo", "bo@example.test"
    )
    created = core.create_booking(
        event_uri=invitee.event.uri, invitee_uri=invitee.uri, actor=ANYBODY
    )
    sim.deliver()
    work(core)
    [booking] = bookings(store)
    assert (booking.id, booking.state) == (created.booking.id, BookingState.CONFIRMED)
    assert differences(store, sim) == set()


def test_a_joining_link_that_comes_late_reaches_the_booking(
    core: BookingCore, store: MemoryStore, sim: Simulator, advice: EventType
) -> None:
    advice.places = [Place("zoom_conference")]
    confirm(core)
    for _ in range(3):
        sim.clock.advance(timedelta(seconds=30))
        work(core)
    [booking] = bookings(store)
    assert booking.event is not None
    assert booking.event.join_url == sim.events()[0].join_url is not None


def test_event_types_are_taken_over_once(
    core: BookingCore, sim: Simulator, advice: EventType
) -> None:
    course = sim.event_type(advice.owner, "Course", kind="group", limit=5)
    first = core.sync_event_types(actor=ADMIN)
    [made] = first.created
    assert (made.title, made.capacity, made.duration) == ("Course", 5, timedelta(minutes=30))
    again = core.sync_event_types(actor=ADMIN)
    assert (again.created, again.updated, len(again.unchanged)) == ([], [], 2)
    sim.delete(course)
    assert [each.title for each in core.sync_event_types(actor=ADMIN).deactivated] == ["Course"]


def test_a_group_keeps_its_size_while_it_is_full_or_away(
    core: BookingCore, sim: Simulator, advice: EventType
) -> None:
    course = sim.event_type(advice.owner, "Course", kind="group", limit=2, slots=[TEN.start])
    [made] = core.sync_event_types(actor=ADMIN).created
    page = f"{sim.pages}/{course.owner.slug}/{course.slug}"
    invitees = [sim.book_at(page, TEN.start, name, f"{name}@example.test") for name in ("bo", "di")]
    sim.clock.advance(timedelta(minutes=1))
    for invitee in (None, *invitees):
        if invitee is not None:
            sim.cancel(invitee, by="invitee")
        assert core.sync_event_types(actor=ADMIN).updated == []
    sim.change(course, slots=[])
    sim.clock.advance(timedelta(minutes=1))
    kept = core.sync_event_types(actor=ADMIN).unchanged
    assert [each.capacity for each in kept if each.id == made.id] == [2]
    sim.change(course, slots=[ELEVEN.start], limit=4)
    sim.clock.advance(timedelta(minutes=1))
    [(updated, changed)] = core.sync_event_types(actor=ADMIN).updated
    assert (updated.capacity, changed) == (4, ("capacity",))


@pytest.mark.timeout(110)
def test_after_faults_and_lost_notices_repair_leaves_no_difference(
    core: BookingCore, store: MemoryStore, sim: Simulator
) -> None:
    sim.limits.on = False
    sim.courier.chances = {Fate.NEVER: 0.2, Fate.TWICE: 0.1, Fate.LATE: 0.1, Fate.SWAPPED: 0.1}
    dice = Random(4711)
    faults = [Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.ERROR_AFTER, Fault.EMPTY_AFTER]
    starts = [
        evolve(
            TEN,
            start=TEN.start + timedelta(days=day, hours=hour),
            end=TEN.end + timedelta(days=day, hours=hour),
        )
        for day in (0, 1, 2, 3)
        for hour in range(-1, 7)
    ]
    for number in range(60):
        if dice.random() < 0.3:
            sim.faults.order("* /*", dice.choice(faults), nth=dice.randrange(1, 6))
        _something(core, store, sim, dice, starts, number)
        sim.clock.advance(timedelta(minutes=2))
        sim.deliver()
        work(core)
    sim.faults.clear()
    for _ in range(3):
        sim.clock.advance(timedelta(hours=1))
        sim.deliver()
        work(core)
    core.repair_calendar(window=DAYS, actor=ADMIN)
    for _ in range(3):
        sim.clock.advance(timedelta(minutes=20))
        work(core)
    assert len(sim.invitees()) > 20
    assert sim.courier.lost
    assert None in [call.status for call in sim.calls], "connections broke"
    assert differences(store, sim) == set()


def _something(
    core: BookingCore,
    store: MemoryStore,
    sim: Simulator,
    dice: Random,
    starts: list[Slot],
    number: int,
) -> None:
    standing = [each for each in bookings(store) if each.state is BookingState.CONFIRMED]
    invitees = sim.invitees("active")
    what, slot = dice.randrange(6), dice.choice(starts)
    try:
        if what <= 1 or not standing or not invitees:
            confirm(core, slot, f"client{number}@example.org")
        elif what == 2:
            core.reschedule_booking(booking_id=dice.choice(standing).id, slot=slot, actor=ADMIN)
        elif what == 3:
            core.cancel_booking(booking_id=dice.choice(standing).id, actor=ADMIN)
        elif what == 4:
            sim.reschedule(dice.choice(invitees), slot.start)
        else:
            sim.cancel(dice.choice(invitees), by=dice.choice(["host", "invitee"]))
    except (BookingError, Refused):
        pass  # by us, or by Calendly when its own pages are used


@pytest.fixture
def called(sim: Simulator, host: User, core: BookingCore) -> SessionType:
    """An event type that calls the client, as it is synced."""
    sim.event_type(host, "Called", duration=60, increment=60, places=[Place("outbound_call")])
    return core.sync_event_types(actor=ADMIN).created[0]


def book(core: BookingCore, session_type: SessionType, *answers: Answer) -> Booking:
    return core.confirm_booking(
        session_type_id=session_type.id,
        slot=TEN,
        actor=ANYBODY,
        contact=a_contact(),
        answers=answers,
    )


def test_a_client_who_is_called_is_booked_with_the_number_that_was_asked_for(
    core: BookingCore, sim: Simulator, called: SessionType
) -> None:
    assert book(core, called, Answer("phone", "+49 30 123456")).state is BookingState.CONFIRMED
    [asked] = sim.calls_to("POST", "/invitees")
    assert asked.body["location"] == {"kind": "outbound_call", "location": "+49 30 123456"}


@pytest.mark.parametrize("edited", [False, True], ids=["as synced", "the question was taken out"])
def test_without_a_number_to_call_the_slot_is_not_even_looked_at(
    core: BookingCore, sim: Simulator, called: SessionType, edited: bool
) -> None:
    if edited:
        core.change_session_type(session_type_id=called.id, changes={"questions": ()}, actor=ADMIN)
    before = len(sim.calls)
    with pytest.raises(InvalidAnswers) as refused:
        book(core, called)
    assert "number" in refused.value.errors[0].detail
    assert len(sim.calls) == before
