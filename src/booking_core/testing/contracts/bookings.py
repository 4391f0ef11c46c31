"""What the repository of bookings promises."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from attrs import evolve

from booking_core.domain.booking import Booking, Details
from booking_core.domain.contact import Client
from booking_core.domain.errors import NotFound, StaleBooking
from booking_core.domain.ids import (
    BookingId,
    BuilderId,
    CalendarTag,
    ClientId,
    PathwayId,
)
from booking_core.domain.payment import PaymentStatus
from booking_core.domain.questions import Answer
from booking_core.domain.session_type import Location, LocationKind
from booking_core.domain.terms import CancellationPolicy, RefundStep
from booking_core.domain.transitions import BookingState
from booking_core.ports.repositories import BookingFilter, OpenHolds
from booking_core.ports.unit_of_work import UnitOfWorkFactory
from booking_core.testing.contracts.stored import put_booking, put_catalogue
from booking_core.testing.contracts.threads import at_once
from booking_core.testing.examples import (
    NOW,
    a_booking,
    a_builder,
    a_contact,
    a_paid_booking,
    a_session_type,
    a_slot,
    an_attempt,
)

_MINUTE = timedelta(minutes=1)
_LATER = NOW + timedelta(days=30)


class BookingRepositoryContract:
    """Needs the fixture `unit_of_work`: a factory on an empty store."""

    @pytest.fixture(autouse=True)
    def _catalogue(self, unit_of_work: UnitOfWorkFactory) -> None:
        put_catalogue(
            unit_of_work,
            a_session_type(),
            a_session_type(id="typ_2", builder_id="bld_2"),
            builders=(a_builder(), a_builder(id="bld_2")),
        )

    # ---- as it was -------------------------------------------------------------------------------

    @pytest.mark.parametrize("state", [state for state in BookingState if state != "NEW"])
    def test_a_booking_comes_back_as_it_was_saved(
        self, unit_of_work: UnitOfWorkFactory, state: BookingState
    ) -> None:
        for booking in (a_booking(state), a_paid_booking(state, id="bkg_2")):
            put_booking(unit_of_work, booking)
            assert self._get(unit_of_work, booking.id) == booking

    def test_a_booking_with_everything_in_it_comes_back_as_it_was_saved(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        booking = a_paid_booking(
            client=Client(a_contact(name="Åse \N{HOT BEVERAGE}"), ClientId("cli_1")),
            details=Details(
                location=Location(LocationKind.PHONE, "+49 30 1"),
                pathway=PathwayId("pivot"),
                answers=(
                    Answer("a", "text", "A?"),
                    Answer("b", True, "B?"),
                    Answer("c", ("x", "y"), "C?"),
                ),
                notes="Two\nlines",
                guests=("bea@example.org", "cy@example.org"),
            ),
            terms=CancellationPolicy(60 * _MINUTE, (RefundStep(timedelta(days=1), 50),)),
        )
        wider = evolve(booking.occupancy, buffer_after=17 * _MINUTE, capacity=3, daily_limit=2)
        booking.reschedule(a_slot(day=2), wider)
        booking.revoke_tokens()
        booking.origin = "0123"
        put_booking(unit_of_work, booking)
        assert self._get(unit_of_work, booking.id) == booking

    def test_the_checkout_attempts_and_refunds_come_back(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        booking = a_paid_booking(BookingState.AWAITING_PAYMENT)
        booking.start_payment(
            an_attempt(2, checkout_id="c", checkout_url="https://p.test"), now=NOW
        )
        put_booking(unit_of_work, booking)
        assert self._get(unit_of_work, booking.id).payment == booking.payment

    def test_a_booking_that_was_read_has_nothing_to_tell_and_nothing_to_settle(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        booking = a_booking(BookingState.HELD)
        booking.confirm(now=NOW)
        put_booking(unit_of_work, booking)
        read = self._get(unit_of_work, booking.id)
        assert (read.events, read.unsettled) == ([], set())

    def test_a_booking_that_was_read_is_a_copy(self, unit_of_work: UnitOfWorkFactory) -> None:
        booking = put_booking(unit_of_work, a_booking(BookingState.CONFIRMED))
        booking.cancel()
        self._get(unit_of_work, booking.id).cancel()
        assert self._get(unit_of_work, booking.id).state is BookingState.CONFIRMED

    def test_a_booking_is_found_by_its_tag_and_by_its_place_in_an_event(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        booking = put_booking(unit_of_work, a_booking(BookingState.CONFIRMED))
        assert booking.event is not None
        with unit_of_work(write=False) as uow:
            assert uow.bookings.by_tag(booking.tag) == booking
            assert uow.bookings.by_event_place(booking.event.place) == booking
            assert uow.bookings.by_tag(CalendarTag("nobody's")) is None
            assert uow.bookings.by_event_place("https://calendar.test/nobody") is None

    def test_two_bookings_never_hold_one_place_in_an_event(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        first = put_booking(unit_of_work, a_booking(BookingState.CONFIRMED))
        assert first.event is not None
        other = a_booking(BookingState.CONFIRMED, id="bkg_2")
        other.event = first.event
        with unit_of_work() as uow, pytest.raises(StaleBooking):
            uow.bookings.save(other)
        put_booking(unit_of_work, waiting := a_booking(BookingState.CONFIRMING, id="bkg_2"))
        waiting.calendar_booked(first.event)
        with unit_of_work() as uow, pytest.raises(StaleBooking):
            uow.bookings.save(waiting)

    def test_a_booking_that_is_not_there_is_not_found(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        with unit_of_work(write=False) as uow, pytest.raises(NotFound):
            uow.bookings.get(BookingId("bkg_none"))

    # ---- two writers -----------------------------------------------------------------------------

    def test_saving_raises_the_version_by_one(self, unit_of_work: UnitOfWorkFactory) -> None:
        booking = put_booking(unit_of_work, a_booking())
        assert (booking.version, self._get(unit_of_work, booking.id).version) == (1, 1)
        put_booking(unit_of_work, booking)
        assert (booking.version, self._get(unit_of_work, booking.id).version) == (2, 2)

    def test_a_booking_that_somebody_else_saved_meanwhile_is_stale(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        put_booking(unit_of_work, a_booking(BookingState.CONFIRMED))
        first, second = (self._get(unit_of_work, a_booking().id) for _ in range(2))
        first.cancel(reason="first")
        put_booking(unit_of_work, first)
        second.cancel(reason="second")
        with pytest.raises(StaleBooking):
            put_booking(unit_of_work, second)
        assert self._get(unit_of_work, a_booking().id).cancel_reason == "first"

    def test_of_many_who_save_what_they_read_at_once_one_wins(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        put_booking(unit_of_work, a_booking(BookingState.CONFIRMED))
        copies = [self._get(unit_of_work, a_booking().id) for _ in range(8)]

        def save(booking: Booking) -> bool:
            try:
                put_booking(unit_of_work, booking)
            except StaleBooking:
                return False
            return True

        answers = at_once([partial(save, b) for b in copies])
        assert sorted(answers) == [False] * 7 + [True]

    # ---- lists -----------------------------------------------------------------------------------

    def test_bookings_come_newest_first_and_by_id_where_they_are_equally_old(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        for number, age in enumerate([3, 1, 1, 2], start=1):
            put_booking(unit_of_work, a_booking(id=f"bkg_{number}", created_at=NOW - age * _MINUTE))
        assert self._find(unit_of_work) == ["bkg_3", "bkg_2", "bkg_4", "bkg_1"]

    def test_pages_follow_each_other_without_gap_or_repeat(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        for number in range(5):
            put_booking(unit_of_work, a_booking(id=f"bkg_{number}"))
        seen: list[str] = []
        while page := self._find(unit_of_work, limit=2, after=seen[-1] if seen else None):
            assert len(page) <= 2
            seen += page
        assert seen == [f"bkg_{number}" for number in (4, 3, 2, 1, 0)]

    @pytest.mark.parametrize("mine", [{"builder_id": "bld_1"}, {"client_id": "cli_1"}])
    def test_a_cursor_does_not_tell_whether_somebody_else_has_such_a_booking(
        self, unit_of_work: UnitOfWorkFactory, mine: dict[str, str]
    ) -> None:
        of_another = a_session_type(id="typ_2", builder_id=BuilderId("bld_2"))
        me, another = (Client(a_contact(), ClientId(id)) for id in ("cli_1", "cli_2"))
        put_booking(unit_of_work, a_booking(id="bkg_1", client=me))
        theirs = a_booking(id="bkg_2", session_type=of_another, client=another)
        put_booking(unit_of_work, evolve(theirs, created_at=NOW + _MINUTE))
        assert self._find(unit_of_work, **mine) == ["bkg_1"]
        for cursor in ("bkg_2", "bkg_none"):
            assert self._find(unit_of_work, after=BookingId(cursor), **mine) == []

    def test_a_cursor_holds_when_its_booking_left_the_list_meanwhile(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        for number in range(2):
            put_booking(unit_of_work, a_booking(id=f"bkg_{number}"))
        last = self._get(unit_of_work, BookingId("bkg_1"))
        last.cancel()
        put_booking(unit_of_work, last)
        held = (BookingState.HELD,)
        assert self._find(unit_of_work, states=held, after=BookingId("bkg_1")) == ["bkg_0"]

    @pytest.mark.parametrize(
        "wanted",
        [
            {"builder_id": "bld_2"},
            {"session_type_id": "typ_2"},
            {"client_id": "cli_2"},
            {"states": (BookingState.CANCELLED, BookingState.EXPIRED)},
            {"starts_from": a_slot(day=2).start},
            {"builder_id": "bld_2", "client_id": "cli_2"},
        ],
    )
    def test_only_bookings_that_meet_every_condition_are_found(
        self, unit_of_work: UnitOfWorkFactory, wanted: dict[str, Any]
    ) -> None:
        other = a_session_type(id="typ_2", builder_id=BuilderId("bld_2"))
        put_booking(unit_of_work, a_booking(id="bkg_1"))
        put_booking(
            unit_of_work,
            a_booking(
                BookingState.CANCELLED,
                session_type=other,
                slot=a_slot(day=2),
                id="bkg_2",
                client=Client(a_contact(), ClientId("cli_2")),
            ),
        )
        assert self._find(unit_of_work, **wanted) == ["bkg_2"]
        assert self._find(unit_of_work, **wanted | {"client_id": "cli_nobody"}) == []

    def test_the_range_of_starts_is_half_open_and_leaves_out_bookings_without_a_slot(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        put_booking(unit_of_work, a_booking(BookingState.AWAITING_SCHEDULING, id="bkg_0"))
        for day in (1, 2, 3):
            put_booking(unit_of_work, a_booking(slot=a_slot(day=day), id=f"bkg_{day}"))
        first, last = a_slot(day=1).start, a_slot(day=3).start
        found = self._find(unit_of_work, starts_from=first, starts_before=last)
        assert found == ["bkg_2", "bkg_1"]
        assert self._find(unit_of_work, starts_before=first) == []

    # ---- deadlines -------------------------------------------------------------------------------

    def test_live_bookings_whose_deadline_has_passed_are_overdue(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        put_booking(unit_of_work, a_booking(BookingState.HELD, id="bkg_3"))
        put_booking(unit_of_work, a_booking(BookingState.AWAITING_PAYMENT, id="bkg_2"))
        put_booking(unit_of_work, a_booking(BookingState.AWAITING_SCHEDULING, id="bkg_1"))
        put_booking(unit_of_work, a_booking(BookingState.CONFIRMED, id="bkg_4"))
        put_booking(unit_of_work, a_booking(BookingState.EXPIRED, id="bkg_5"))
        with unit_of_work() as uow:
            found = uow.bookings.overdue(now=_LATER)
        assert [booking.id for booking in found] == ["bkg_1", "bkg_2", "bkg_3"]

    def test_a_booking_is_overdue_from_its_deadline_on(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        booking = put_booking(unit_of_work, a_booking(BookingState.HELD))
        assert booking.deadline is not None
        with unit_of_work() as uow:
            assert not uow.bookings.overdue(now=booking.deadline - timedelta(seconds=1))
            assert uow.bookings.overdue(now=booking.deadline)

    def test_overdue_bookings_may_be_asked_of_one_builder_and_a_few_at_a_time(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        other = a_session_type(id="typ_2", builder_id=BuilderId("bld_2"))
        for number in (1, 2, 3):
            put_booking(unit_of_work, a_booking(id=f"bkg_{number}"))
        put_booking(unit_of_work, a_booking(session_type=other, id="bkg_4"))
        with unit_of_work() as uow:
            of_ada = uow.bookings.overdue(now=_LATER, builder_id=a_builder().id)
            assert [booking.id for booking in of_ada] == ["bkg_1", "bkg_2", "bkg_3"]
            assert len(uow.bookings.overdue(now=_LATER, limit=2)) == 2

    def test_overdue_bookings_are_read_page_by_page(self, unit_of_work: UnitOfWorkFactory) -> None:
        for number in (3, 1, 2):
            put_booking(unit_of_work, a_booking(id=f"bkg_{number}"))
        with unit_of_work() as uow:
            first = uow.bookings.overdue(now=_LATER, limit=2)
            rest = uow.bookings.overdue(now=_LATER, after=first[-1].id, limit=2)
            assert [booking.id for booking in (*first, *rest)] == ["bkg_1", "bkg_2", "bkg_3"]
            assert not uow.bookings.overdue(now=_LATER, after=rest[-1].id)

    # ---- what is left to be settled --------------------------------------------------------------

    @pytest.mark.parametrize("status", PaymentStatus)
    def test_bookings_whose_money_still_moves_are_unsettled(
        self, unit_of_work: UnitOfWorkFactory, status: PaymentStatus
    ) -> None:
        moves = ("REQUESTED", "PROCESSING", "AUTHORISED", "REFUND_DUE")
        for state in (BookingState.AWAITING_PAYMENT, BookingState.CONFIRMED, BookingState.EXPIRED):
            booking = a_paid_booking(state, id=f"bkg_{state}")
            booking.payment = evolve(booking.payment, status=status)
            put_booking(unit_of_work, booking)
        assert len(self._unsettled(unit_of_work)) == (3 if status in moves else 0)

    def test_bookings_that_the_calendar_has_not_answered_for_are_unsettled(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        for state in set(BookingState) - {BookingState.NEW, BookingState.AWAITING_PAYMENT}:
            put_booking(unit_of_work, a_booking(state, id=f"bkg_{state}"))
        moves = a_booking(BookingState.CONFIRMED, slot=a_slot(day=3), id="bkg_moves")
        moves.reschedule(a_slot(day=4), moves.occupancy)
        put_booking(unit_of_work, moves)
        assert self._unsettled(unit_of_work) == ["bkg_CONFIRMING", "bkg_moves"]

    def test_what_is_unsettled_comes_page_by_page(self, unit_of_work: UnitOfWorkFactory) -> None:
        for number in range(5):
            booking = a_paid_booking(BookingState.AWAITING_PAYMENT, id=f"bkg_{number}")
            put_booking(unit_of_work, booking)
        pages = [self._unsettled(unit_of_work, limit=2)]
        while pages[-1]:
            pages.append(self._unsettled(unit_of_work, limit=2, after=pages[-1][-1]))
        assert pages == [["bkg_0", "bkg_1"], ["bkg_2", "bkg_3"], ["bkg_4"], []]

    def test_many_who_end_what_is_overdue_end_each_booking_once(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        for number in range(4):
            put_booking(unit_of_work, a_booking(id=f"bkg_{number}"))

        def end_them() -> int:
            with unit_of_work() as uow:
                overdue = uow.bookings.overdue(now=_LATER)
                for booking in overdue:
                    booking.expire(now=_LATER)
                    uow.bookings.save(booking)
                uow.commit()
                return len(overdue)

        assert sum(at_once([end_them] * 8)) == 4

    # ---- inside ----------------------------------------------------------------------------------

    def test_the_bookings_of_an_address_are_found_all_or_the_anonymous_ones(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        sharp = a_contact(email="grace@stra\N{LATIN SMALL LETTER SHARP S}e.example")
        for number, client in enumerate(
            [
                Client(a_contact()),
                Client(a_contact(email="GRACE@example.org")),
                Client(a_contact(), ClientId("acc_1")),
                Client(a_contact(email="other@example.org")),
                Client(sharp),
            ]
        ):
            put_booking(unit_of_work, a_booking(id=f"bkg_{number}", client=client))
        with unit_of_work(write=False) as uow:
            found = uow.bookings.unclaimed("Grace@Example.org")
            assert [each.id for each in found] == ["bkg_0", "bkg_1"]
            assert uow.bookings.unclaimed("grace@strasse.example") == []
            found = uow.bookings.of_address("Grace@Example.org")
            assert [each.id for each in found] == ["bkg_0", "bkg_1", "bkg_2"]
            assert uow.bookings.of_address("grace@strasse.example") == []

    # ---- in numbers ------------------------------------------------------------------------------

    def test_bookings_are_counted_by_state(self, unit_of_work: UnitOfWorkFactory) -> None:
        states = [
            BookingState.HELD,
            BookingState.HELD,
            BookingState.CONFIRMED,
            BookingState.EXPIRED,
        ]
        for number, state in enumerate(states):
            put_booking(unit_of_work, a_booking(state, id=f"bkg_{number}"))
        with unit_of_work(write=False) as uow:
            counted = dict(uow.bookings.counts(now=NOW).by_state)
        assert {state: count for state, count in counted.items() if count} == {
            BookingState.HELD: 2,
            BookingState.CONFIRMED: 1,
            BookingState.EXPIRED: 1,
        }

    def test_a_hold_is_open_until_its_deadline(self, unit_of_work: UnitOfWorkFactory) -> None:
        held = put_booking(unit_of_work, a_booking(BookingState.HELD, id="bkg_1"))
        put_booking(unit_of_work, a_booking(BookingState.CONFIRMED, id="bkg_2"))
        put_booking(unit_of_work, a_booking(BookingState.EXPIRED, id="bkg_3"))
        assert held.deadline is not None
        with unit_of_work(write=False) as uow:
            assert uow.bookings.counts(now=held.deadline - _MINUTE).open_holds == 1
            assert uow.bookings.counts(now=held.deadline).open_holds == 0

    # ---- what waits ------------------------------------------------------------------------------

    def test_open_holds_are_counted_by_client_origin_and_builder_with_the_first_end(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        grace, anna = Client(a_contact()), Client(a_contact(), ClientId("acc_1"))
        other = Client(a_contact(email="other@example.org"))
        elsewhere = a_session_type(id="typ_2", builder_id="bld_2")
        first = put_booking(unit_of_work, a_booking(id="bkg_1", origin="a"))
        shouted = Client(a_contact(email="GRACE@Example.org"))
        put_booking(unit_of_work, a_paid_booking(BookingState.AWAITING_PAYMENT, id="bkg_2"))
        put_booking(
            unit_of_work, a_booking(id="bkg_3", client=shouted, session_type=elsewhere, origin="b")
        )
        put_booking(unit_of_work, a_booking(id="bkg_4", client=anna, origin="a"))
        put_booking(
            unit_of_work, a_booking(BookingState.AWAITING_SCHEDULING, id="bkg_5", client=other)
        )
        for number, state in enumerate((BookingState.CONFIRMED, BookingState.EXPIRED)):
            put_booking(unit_of_work, a_booking(state, id=f"bkg_over_{number}"))
        assert first.deadline is not None
        with unit_of_work(write=False) as uow:
            count = partial(uow.bookings.open_holds, now=NOW)
            assert count(client=grace) == OpenHolds(3, first.deadline)
            assert count(client=anna) == OpenHolds(1, first.deadline)
            assert count(client=other).number == 1
            assert count(client=evolve(anna, id=ClientId("acc_2"))) == OpenHolds(0)
            assert count(origin="a").number == 2
            assert count(origin="nobody's") == OpenHolds(0)
            assert count(builder_id=BuilderId("bld_1")).number == 3  # and not the link
            assert count(builder_id=BuilderId("bld_2")) == OpenHolds(1, first.deadline)
            late = uow.bookings.open_holds(now=first.deadline, client=grace)
            assert late.number == 1

    def test_whose_money_is_there_or_on_its_way_does_not_wait(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        for status in PaymentStatus:
            booking = a_paid_booking(BookingState.AWAITING_PAYMENT, id=f"bkg_{status}")
            booking.payment = evolve(booking.payment, status=status)
            booking.origin = status.value
            put_booking(unit_of_work, booking)
        with unit_of_work(write=False) as uow:
            count = partial(uow.bookings.open_holds, now=NOW)
            waits = {each for each in PaymentStatus if count(origin=each.value).number}
            assert set(PaymentStatus) - waits == {
                PaymentStatus.PROCESSING,
                PaymentStatus.AUTHORISED,
                PaymentStatus.PAID,
            }
            assert count(builder_id=BuilderId("bld_1")).number == len(waits)
            assert count(client=Client(a_contact())).number == len(waits)

    @pytest.mark.parametrize("by", ["client", "origin"])
    def test_of_many_who_count_at_once_no_more_add_one_than_the_number_allows(
        self, unit_of_work: UnitOfWorkFactory, by: str
    ) -> None:
        def add(number: int) -> bool:
            email = "grace@example.org" if by == "client" else f"grace-{number}@example.org"
            booking = a_booking(
                id=f"bkg_{number}", origin="a", client=Client(a_contact(email=email))
            )
            whose: dict[str, Any] = {by: getattr(booking, by)}
            with unit_of_work() as uow:
                if uow.bookings.open_holds(now=NOW, **whose).number >= 2:
                    return False
                uow.bookings.save(booking)
                uow.commit()
                return True

        assert sum(at_once([partial(add, number) for number in range(8)])) == 2

    def _get(self, unit_of_work: UnitOfWorkFactory, booking_id: BookingId) -> Booking:
        with unit_of_work(write=False) as uow:
            return uow.bookings.get(booking_id)

    def _unsettled(self, unit_of_work: UnitOfWorkFactory, **page: Any) -> list[str]:
        with unit_of_work(write=False) as uow:
            return [booking.id for booking in uow.bookings.unsettled(**page)]

    def _find(self, unit_of_work: UnitOfWorkFactory, **criteria: Any) -> list[str]:
        with unit_of_work(write=False) as uow:
            return [booking.id for booking in uow.bookings.find(BookingFilter(**criteria))]
