"""Round-robin types: any member of the team may hold the event; and events that stand twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import request

from adapters.calendly import CalendlyCalendar
from adapters.memory import MemoryIds, MemoryMailer, MemoryPayments, MemoryStore
from booking_core import (
    Actor,
    Booking,
    BookingCore,
    BookingFilter,
    BookingState,
    LinkNeeded,
    ProviderFailed,
    TimeWindow,
)
from booking_core.testing.examples import NOW, a_builder
from tests.integration.calendly.conftest import Connect, ItsClock
from tests.integration.calendly.given import ELEVEN, TEN, offered_as, waiting
from tests.simulators.calendly import EventType, Fault, Simulator, User

MONTH = TimeWindow(NOW, NOW + timedelta(days=30))


@pytest.fixture
def bea(sim: Simulator, host: User) -> User:
    return sim.user("Bea Host", organization=host.organization, role="user")


@pytest.fixture
def team(sim: Simulator, host: User, bea: User) -> EventType:
    """Whoever has fewest events holds the next one: Bea begins."""
    return sim.event_type(
        host, "Team", hosts=[bea, host], duration=60, increment=60, pooling="round_robin"
    )


@pytest.fixture
def course(sim: Simulator, host: User) -> EventType:
    return sim.event_type(host, "Course", duration=60, increment=60, kind="group", limit=5)


def assembled(store: MemoryStore, calendar: CalendlyCalendar, sim: Simulator) -> BookingCore:
    clock = ItsClock(sim)
    return BookingCore.assemble(
        unit_of_work=store,
        calendar=calendar,
        calendar_notices=calendar,
        payments=MemoryPayments(clock),
        mailer=MemoryMailer(),
        clock=clock,
        ids=MemoryIds(),
    )


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


Keep = Callable[[EventType], Booking]


@pytest.fixture
def keep(store: MemoryStore) -> Keep:
    """A booking of that type that waits for its event, in our books."""

    def keep(event_type: EventType) -> Booking:
        booking = waiting(event_type)
        with store() as uow:
            uow.builders.save(a_builder(reminders=()))
            uow.session_types.save(offered_as(event_type))
            uow.bookings.save(booking)
            uow.commit()
        return booking

    return keep


def race(sim: Simulator, another: CalendlyCalendar, event_type: EventType) -> None:
    """Another worker looks and books between our look and our booking."""
    begun: list[str] = []

    def book_first(moment: str) -> None:
        if (request.path, moment) == ("/invitees", "before") and not begun:
            begun.append(moment)
            another.ensure_booked(booking=waiting(event_type), slot=TEN)

    sim.watch = book_first


# ---- twice at one slot -----------------------------------------------------------------------------


def test_two_workers_at_once_leave_one_event_of_a_team(
    connect: Connect, sim: Simulator, token: str, team: EventType, store: MemoryStore, keep: Keep
) -> None:
    booking = keep(team)
    race(sim, connect(token), team)
    core = assembled(store, connect(token, store), sim)
    core.settle_calendar(booking_id=booking.id)
    assert len(sim.events()) == 2
    settled = core.settle_calendar(booking_id=booking.id)
    [left] = sim.events("active")
    assert (settled.state, settled.event.event_uri) == (BookingState.CONFIRMED, left.uri)


def test_a_second_event_that_the_host_cancels_leaves_the_session(
    connect: Connect, sim: Simulator, token: str, team: EventType, store: MemoryStore, keep: Keep
) -> None:
    booking = keep(team)
    race(sim, connect(token), team)
    core = assembled(store, connect(token, store), sim)
    event = core.settle_calendar(booking_id=booking.id).event
    [spare] = [each for each in sim.events() if each.uri != event.event_uri]
    sim.cancel(spare.invitees[0], by="host")
    settled = core.settle_calendar(booking_id=booking.id)
    assert settled.state is BookingState.CONFIRMED
    assert [each.uri for each in sim.events("active")] == [settled.event.event_uri]


def test_a_second_seat_in_a_group_is_left_to_the_builder_with_the_page_that_gives_it_up(
    connect: Connect, sim: Simulator, token: str, course: EventType, store: MemoryStore, keep: Keep
) -> None:
    """The API can only cancel the event for all, and one of the two seats is the client's."""
    booking = keep(course)
    race(sim, connect(token), course)
    core = assembled(store, connect(token, store), sim)
    core.settle_calendar(booking_id=booking.id)
    assert len(sim.invitees("active")) == 2
    with pytest.raises(ProviderFailed, match="cancellations/") as failed:
        core.settle_calendar(booking_id=booking.id)
    assert not failed.value.retryable
    spare = next(each for each in sim.invitees() if each.id in failed.value.message)
    sim.cancel(spare, by="invitee")
    settled = core.settle_calendar(booking_id=booking.id)
    assert settled.state is BookingState.CONFIRMED
    assert [each.uri for each in sim.invitees("active")] == [settled.event.invitee_uri]


def test_both_seats_of_a_cancelled_booking_go_with_their_event(
    connect: Connect, sim: Simulator, token: str, course: EventType, store: MemoryStore, keep: Keep
) -> None:
    booking = keep(course)
    race(sim, connect(token), course)
    core = assembled(store, connect(token, store), sim)
    core.settle_calendar(booking_id=booking.id)
    core.cancel_booking(booking_id=booking.id, actor=Actor.system())
    core.settle_calendar(booking_id=booking.id)
    assert sim.invitees("active") == []


def test_who_takes_the_same_time_anew_is_followed_to_that_seat(
    connect: Connect, sim: Simulator, token: str, course: EventType, store: MemoryStore, keep: Keep
) -> None:
    """A group that has seats left offers the very time that the client has already."""
    booking = keep(course)
    core = assembled(store, connect(token, store), sim)
    core.settle_calendar(booking_id=booking.id)
    seat = sim.reschedule(sim.invitees()[0], TEN.start)
    report = core.repair_calendar(window=MONTH, actor=Actor.system())
    assert [(each.kind.value, each.mended) for each in report.differences] == [
        ("missed change", True)
    ]
    sim.clock.advance(TEN.end - sim.clock.now())
    core.mark_no_show(booking_id=booking.id, actor=Actor.system())
    core.settle_calendar(booking_id=booking.id)
    assert [each for each in sim.invitees() if each.no_show] == [seat]


# ---- what a token sees -----------------------------------------------------------------------------


def test_a_team_is_booked_by_link_where_the_token_does_not_see_its_events(
    connect: Connect, sim: Simulator, host: User, token: str, team: EventType
) -> None:
    host.role = "user"
    calendar = connect(token)
    for _ in range(2):
        with pytest.raises(LinkNeeded) as needed:
            calendar.ensure_booked(booking=waiting(team), slot=TEN)
        assert not needed.value.lasting, "other types may be booked directly"
    assert sim.events() == []


def test_what_a_client_placed_with_a_member_is_found_where_the_token_sees_that_one(
    connect: Connect, sim: Simulator, host: User, token: str, team: EventType
) -> None:
    team.hosts = [host]
    calendar, booking = connect(token), waiting(team)
    first = calendar.ensure_booked(booking=booking, slot=TEN)
    host.role = "user"
    assert calendar.ensure_booked(booking=booking, slot=TEN) == first


def test_a_type_that_became_a_teams_is_looked_for_with_all_its_members(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType, bea: User
) -> None:
    booking = waiting(advice)
    assert calendar.events(booking=booking) == []
    sim.change(advice, pooling="round_robin", hosts=[bea, *advice.hosts])
    sim.faults.order("POST /invitees", Fault.DROP_AFTER)
    first = calendar.ensure_booked(booking=booking, slot=TEN)
    assert calendar.ensure_booked(booking=booking, slot=TEN) == first
    assert len(sim.events()) == 1


def test_an_event_is_found_though_its_type_is_gone_or_switched_off(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    first = calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    sim.change(advice, active=False)
    assert calendar.ensure_booked(booking=waiting(advice), slot=TEN) == first
    del sim.books.event_types[advice.id]
    assert calendar.ensure_booked(booking=waiting(advice), slot=TEN) == first


# ---- whose it is -----------------------------------------------------------------------------------


def test_the_booking_keeps_which_member_holds_its_event(
    calendar: CalendlyCalendar, bea: User, team: EventType
) -> None:
    booking = waiting(team)
    event = calendar.ensure_booked(booking=booking, slot=TEN)
    assert event.account == bea.uri
    [found] = calendar.events(booking=booking)
    assert found.event == event
    booking.calendar_booked(event)
    calendar.ensure_absent(booking=booking, slot=TEN)
    [gone] = calendar.events(booking=booking)
    assert gone.cancelled


def test_what_other_members_hold_of_a_team_is_listed_and_nothing_else_of_theirs(
    calendar: CalendlyCalendar, sim: Simulator, bea: User, team: EventType
) -> None:
    own = sim.event_type(bea, "Her own", duration=60, increment=60)
    for event_type, start in (
        (own, TEN.start + timedelta(hours=5)),
        (team, TEN.start),
        (team, ELEVEN.start),
    ):
        page = f"{sim.pages}/{event_type.owner.slug}/{event_type.slug}"
        sim.book_at(page, start, "Eve", "eve@example.test")
    found = calendar.records(builder=a_builder(), window=MONTH)
    assert sorted(each.slot for each in found) == [TEN, ELEVEN]
    assert {each.event_type_uri for each in found} == {team.uri}
    assert [each.event.account for each in found] == [
        event.hosts[0].uri for each in found for event in [sim.event(each.event.event_uri)]
    ]
    assert bea.uri in {each.event.account for each in found}


def test_without_the_right_to_see_others_a_builders_own_are_listed(
    connect: Connect, sim: Simulator, host: User, token: str, team: EventType
) -> None:
    page = f"{sim.pages}/{host.slug}/{team.slug}"
    for start in (TEN.start, ELEVEN.start):
        sim.book_at(page, start, "Eve", "eve@example.test")
    host.role = "user"
    [found] = connect(token).records(builder=a_builder(), window=MONTH)
    assert found.event.account == host.uri


def test_an_event_that_two_builders_of_a_team_are_told_of_makes_one_booking(
    connect: Connect, sim: Simulator, host: User, bea: User, token: str, team: EventType,
    store: MemoryStore, keep: Keep,
) -> None:  # fmt: skip
    core = assembled(store, connect(token, store), sim)
    core.settle_calendar(booking_id=keep(team).id)
    with store() as uow:
        uow.builders.save(
            a_builder(id="bld_bea", slug="bea", name="Bea", calendar_account=bea.uri, reminders=())
        )
        uow.commit()
    sim.book_at(f"{sim.pages}/{host.slug}/{team.slug}", ELEVEN.start, "Eve", "eve@example.test")
    core.repair_calendar(window=MONTH, actor=Actor.system())
    again = core.repair_calendar(window=MONTH, actor=Actor.system())
    assert again.differences == []
    with store() as uow:
        assert len(uow.bookings.find(BookingFilter())) == 2


def test_repairing_a_teams_bookings_comes_to_an_end(
    connect: Connect, sim: Simulator, host: User, token: str, team: EventType,
    store: MemoryStore, keep: Keep,
) -> None:  # fmt: skip
    core = assembled(store, connect(token, store), sim)
    core.settle_calendar(booking_id=keep(team).id)
    sim.book_at(f"{sim.pages}/{host.slug}/{team.slug}", ELEVEN.start, "Eve", "eve@example.test")
    sim.book_at(f"{sim.pages}/{host.slug}/{team.slug}", ELEVEN.start, "Bo", "bo@example.test")
    first, second = (core.repair_calendar(window=MONTH, actor=Actor.system()) for _ in range(2))
    assert [each.mended for each in first.differences] == [True, True]
    assert (second.events, second.differences) == (3, [])
