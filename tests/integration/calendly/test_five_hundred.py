"""Five hundred things that people do, with a Calendly that fails and loses a fifth of its notices.

In the end `repair` leaves no difference between our books and Calendly's, whoever did what where.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from attrs import define, field

from adapters.memory import MemoryIds, MemoryMailer, MemoryPayments, MemoryStore
from booking_core import (
    SERVED,
    Actor,
    Booking,
    BookingCore,
    BookingError,
    BookingFilter,
    BookingState,
    Slot,
    TimeWindow,
)
from booking_core.testing.examples import NOW, PRICE, a_builder, a_contact
from tests.integration.calendly.conftest import Connect, ItsClock
from tests.integration.calendly.given import offered_as
from tests.simulators.calendly import CalendlyServer, EventType, Fate, Fault, Invitee, Refused, User

OPERATIONS = 500
FAULTY = 0.1
LOST = 0.2
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FAULTS = [
    Fault.EDGE_BLOCK,
    Fault.LIMIT,
    Fault.ERROR_500,
    Fault.BAD_GATEWAY,
    Fault.DROP_BEFORE,
    Fault.DROP_AFTER,
    Fault.ERROR_AFTER,
    Fault.EMPTY_AFTER,
]
SYSTEM = Actor.system()


@define
class Street:
    """Clients, their builder, and what they do here and at Calendly."""

    calendly: CalendlyServer
    core: BookingCore
    store: MemoryStore
    payments: MemoryPayments
    mailer: MemoryMailer
    types: dict[str, EventType]
    chance: random.Random
    done: Counter[str] = field(factory=Counter)

    # ---- what people do ----------------------------------------------------------------------------

    def act(self, number: int) -> None:
        name, deed = self.chance.choice(
            [
                ("confirm", self.confirm),
                ("confirm", self.confirm),
                ("by link", self.by_link),
                ("schedules first", self.schedules_first),
                ("closes the browser", self.closes_the_browser),
                ("cancels here", self.cancels_here),
                ("moves here", self.moves_here),
                ("cancels there", self.cancels_there),
                ("host cancels there", self.host_cancels_there),
                ("moves there", self.moves_there),
            ]
        )
        with suppress(BookingError, Refused, LookupError):
            deed(f"client{number}@example.org")
            self.done[name] += 1

    def confirm(self, email: str) -> None:
        kind, slot = self._offer()
        booking = self.core.confirm_booking(
            session_type_id=f"typ_{kind}",
            slot=slot,
            contact=a_contact(email=email),
            actor=Actor.anonymous(),
        )
        self._pay(booking)

    def by_link(self, email: str) -> None:
        begun = self.core.initialize_booking(
            session_type_id="typ_free", contact=a_contact(email=email), actor=Actor.anonymous()
        )
        if begun.link and self.chance.random() < 0.8:
            self._sim.book_at(begun.link.url, self._offer("free")[1].start)

    def schedules_first(self, email: str) -> None:
        invitee = self.closes_the_browser(email)
        made = self.core.create_booking(
            event_uri=invitee.event.uri, invitee_uri=invitee.uri, actor=Actor.anonymous()
        )
        self._pay(made.booking)

    def closes_the_browser(self, email: str) -> Invitee:
        kind, slot = self._offer()
        page = f"{self.calendly.url}/calendly.com/ana-host/{self.types[kind].slug}"
        return self._sim.book_at(page, slot.start, "Some Client", email)

    def cancels_here(self, _: str) -> None:
        self.core.cancel_booking(booking_id=self._standing().id, actor=SYSTEM)

    def moves_here(self, _: str) -> None:
        booking = self._standing()
        kind = booking.session_type_id.removeprefix("typ_")
        self.core.reschedule_booking(booking_id=booking.id, slot=self._offer(kind)[1], actor=SYSTEM)

    def cancels_there(self, _: str) -> None:
        self._sim.cancel(self._invitee(), by="invitee")

    def host_cancels_there(self, _: str) -> None:
        self._sim.cancel(self._invitee(), by="host", reason="ill")

    def moves_there(self, _: str) -> None:
        invitee = self._invitee()
        kind = next(k for k, each in self.types.items() if each is invitee.event.type)
        self._sim.reschedule(invitee, self._offer(kind)[1].start)

    def _pay(self, booking: Booking) -> None:
        if booking.state is not BookingState.AWAITING_PAYMENT or self.chance.random() < 0.2:
            return
        key = booking.payment.attempts[-1].key
        with suppress(ValueError):
            self.payments.authorise(key)

    # ---- what they choose from ---------------------------------------------------------------------

    @property
    def _sim(self):  # type: ignore[no-untyped-def]
        return self.calendly.sim

    def _offer(self, kind: str | None = None) -> tuple[str, Slot]:
        kind = kind or self.chance.choice(list(self.types))
        first = self._now() + DAY
        found = self.core.find_slots(
            session_type_id=f"typ_{kind}",
            window=TimeWindow(first, first + 40 * DAY),
            actor=Actor.anonymous(),
        )
        return kind, self.chance.choice(list(found.slots)).slot

    def _standing(self) -> Booking:
        return self.chance.choice(
            [each for each in self.bookings() if each.state is BookingState.CONFIRMED]
        )

    def _invitee(self) -> Invitee:
        coming = [each for each in self._sim.invitees("active") if each.event.start > self._now()]
        return self.chance.choice(coming)

    def _now(self) -> datetime:
        return self._sim.clock.now()  # type: ignore[no-any-return]

    # ---- time --------------------------------------------------------------------------------------

    def passes(self, length: timedelta) -> None:
        self._sim.clock.advance(length)
        self._sim.deliver()
        self.core.expire_overdue()
        while self.core.work_outbox():
            pass

    def trouble(self) -> None:
        if self.chance.random() < FAULTY * 3:  # an operation makes several calls
            self._sim.faults.order("* *", self.chance.choice(FAULTS), nth=self.chance.randint(1, 8))

    # ---- the books ---------------------------------------------------------------------------------

    def bookings(self) -> list[Booking]:
        with self.store(write=False) as uow:
            return list(uow.bookings.find(BookingFilter(limit=5_000)))

    def repair(self) -> list[str]:
        window = TimeWindow(NOW - DAY, NOW + 120 * DAY)
        report = self.core.repair_calendar(
            window=window, actor=SYSTEM, wait=self._sim.clock.advance
        )
        return [f"{each.kind.value}: {each.error}" for each in report.differences]


@pytest.fixture
def street(calendly: CalendlyServer, connect: Connect, request: pytest.FixtureRequest) -> Street:
    sim, chance = calendly.sim, random.Random(request.param)
    sim.switches.tracking_follows = request.param % 2 == 0
    host: User = sim.user("Ana Host", timezone="UTC")
    types = {
        kind: sim.event_type(host, f"{kind} advice", duration=60, increment=60)
        for kind in ("free", "paid")
    }
    clock, store, mailer = ItsClock(sim), MemoryStore(), MemoryMailer()
    calendar = connect(sim.token(host), store)
    payments = MemoryPayments(clock)
    core = BookingCore.assemble(
        unit_of_work=store,
        calendar=calendar,
        calendar_notices=calendar,
        payments=payments,
        mailer=mailer,
        clock=clock,
        ids=MemoryIds(),
    )
    with store() as uow:
        uow.builders.save(a_builder(reminders=()))
        for kind, price in (("free", None), ("paid", PRICE)):
            uow.session_types.save(
                offered_as(types[kind], id=f"typ_{kind}", slug=kind, title=kind, price=price)
            )
        uow.commit()

    def carry(url: str, body: bytes, headers: object) -> int:
        core.hear_calendar_notice(body=body, headers=headers)  # type: ignore[arg-type]
        return 200

    sim.courier.carry = carry
    sim.courier.chances = {Fate.NEVER: LOST, Fate.TWICE: 0.1, Fate.LATE: 0.1, Fate.SWAPPED: 0.1}
    sim.courier.dice = chance
    calendar.subscribe(url="https://booking.test/api/webhooks/calendly")
    return Street(calendly, core, store, payments, mailer, types, chance)


@pytest.mark.parametrize("street", [1, 2], indirect=True)
def test_after_all_that_people_and_networks_do_both_books_agree(
    street: Street, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sim = street.calendly.sim
    for number in range(OPERATIONS):
        street.trouble()
        street.act(number)
        street.passes(timedelta(minutes=15))
    sim.faults.clear()
    for _ in range(30):
        street.passes(HOUR)
    assert len(street.done) == 9
    assert min(street.done.values()) > 10, street.done
    assert sim.courier.lost, "no notice was lost"

    street.repair()
    for _ in range(30):
        street.passes(HOUR)
    assert street.repair() == []

    now = sim.clock.now()  # what has begun can be removed nowhere any more
    ours = [slot.start for each in street.bookings() for slot in each.expected_slots()]
    theirs = [event.start for event in sim.events("active")]
    assert sorted(at for at in ours if at > now) == sorted(at for at in theirs if at > now)
    waiting = {each.id for each in street.bookings() if each.state.live} - {
        each.id for each in street.bookings() if each.state in SERVED
    }
    assert waiting == set()
    assert street.core.jobs.dead() == ()
    token = next(iter(sim.books.tokens))
    said = [
        record.getMessage() + (record.exc_text or "")
        for record in caplog.records
        if record.name != "werkzeug"  # the simulator itself
    ]
    assert said
    assert not [line for line in said if token in line or "@example.org" in line]
