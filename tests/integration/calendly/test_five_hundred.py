"""Five hundred things that people do, with a Calendly that fails and loses a fifth of its notices.

In the end `repair` leaves no difference between our books and Calendly's, whoever did what where.
"""

from __future__ import annotations

import logging
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import httpx
import pytest
from attrs import define, field

from adapters.memory import MemoryIds, MemoryMailer, MemoryPayments, MemoryStore
from booking_core import (
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
from tests.simulators.calendly import (
    CalendlyServer,
    EventType,
    Fate,
    Fault,
    Invitee,
    Refused,
    Simulator,
    User,
)
from tests.simulators.calendly.api import calendly_app
from tests.simulators.calendly.slots import open_slots

OPERATIONS = 500
FAULTY = 0.1
LOST = 0.2
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
PAUSES = [timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=2)]
WHOLE = TimeWindow(NOW - DAY, NOW + 45 * DAY)
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
SYSTEM, ANYONE = Actor.system(), Actor.anonymous()
OPEN = ["free", "paid", "team", "course"]

#: session type, start, the client's address, whether they came
Seat = tuple[str, datetime, str, bool]


@define
class Street:
    """Clients, their builder, and what they do here and at Calendly."""

    sim: Simulator
    core: BookingCore
    store: MemoryStore
    payments: MemoryPayments
    types: dict[str, EventType]
    chance: random.Random
    done: Counter[str] = field(factory=Counter)
    uninvited: set[str] = field(factory=set)

    # ---- what people do ----------------------------------------------------------------------------

    def act(self, number: int) -> None:
        deed = self.chance.choice(
            [
                self.confirm,
                self.confirm,
                self.confirm,
                self.confirm_as_member,
                self.by_link,
                self.schedules_first,
                self.closes_the_browser,
                self.tags_what_is_for_members,
                self.cancels_here,
                self.moves_here,
                self.cancels_there,
                self.host_cancels_there,
                self.moves_there,
                self.missed_here,
                self.missed_there,
            ]
        )
        with suppress(BookingError, Refused, LookupError):
            deed(f"client{number}@example.org")
            self.done[deed.__name__] += 1

    def confirm(self, email: str) -> None:
        kind, slot = self.offer(self.chance.choice(OPEN))
        booking = self.core.confirm_booking(
            session_type_id=f"typ_{kind}",
            slot=slot,
            contact=a_contact(email=email),
            actor=ANYONE,
        )
        self.pay(booking)

    def confirm_as_member(self, email: str) -> None:
        contact = a_contact(email=email)
        self.core.confirm_booking(
            session_type_id="typ_members",
            slot=self.offer("members")[1],
            contact=contact,
            actor=Actor.client(email, contact),
        )

    def by_link(self, email: str) -> None:
        kind, slot = self.offer(self.chance.choice(["free", "team", "course"]))
        begun = self.core.initialize_booking(
            session_type_id=f"typ_{kind}", contact=a_contact(email=email), actor=ANYONE
        )
        if begun.link and self.chance.random() < 0.8:
            self.sim.book_at(begun.link.url, slot.start)

    def schedules_first(self, email: str) -> None:
        invitee = self.closes_the_browser(email)
        made = self.core.create_booking(
            event_uri=invitee.event.uri, invitee_uri=invitee.uri, actor=ANYONE
        )
        self.pay(made.booking)

    def closes_the_browser(self, email: str) -> Invitee:
        return self.schedules(self.chance.choice([*OPEN, "private"]), email)

    def tags_what_is_for_members(self, email: str) -> None:
        """With the tag of another session's booking, which opens nothing."""
        others = [each for each in self.bookings() if kind_of(each) != "members"]
        tag = self.chance.choice(others).tag
        self.schedules("members", email, f"?salesforce_uuid={tag}")
        self.uninvited.add(email)

    def cancels_here(self, _: str) -> None:
        self.core.cancel_booking(booking_id=self.standing().id, actor=SYSTEM)

    def moves_here(self, _: str) -> None:
        booking = self.standing()
        _, slot = self.offer(kind_of(booking))
        self.core.reschedule_booking(booking_id=booking.id, slot=slot, actor=SYSTEM)

    def cancels_there(self, _: str) -> None:
        self.sim.cancel(self.invitee(), by="invitee")

    def host_cancels_there(self, _: str) -> None:
        self.sim.cancel(self.invitee(), by="host", reason="ill")

    def moves_there(self, _: str) -> None:
        invitee = self.invitee()
        self.sim.reschedule(invitee, self.offer(self.kind_at(invitee))[1].start)

    def missed_here(self, _: str) -> None:
        """Also where the client had moved or cancelled at Calendly, and we did not hear of it."""
        begun = [each for each in self.confirmed() if each.slot and each.slot.start <= self.now()]
        self.core.mark_no_show(booking_id=self.chance.choice(begun).id, actor=SYSTEM)

    def missed_there(self, _: str) -> None:
        begun = [each for each in self.sim.invitees("active") if each.event.start <= self.now()]
        self.sim.mark_no_show(self.chance.choice([each for each in begun if not each.no_show]))

    def schedules(self, kind: str, email: str, query: str = "") -> Invitee:
        """On Calendly's own page."""
        event_type = self.types[kind]
        page = f"{self.sim.pages}/{event_type.owner.slug}/{event_type.slug}{query}"
        return self.sim.book_at(page, self.offer(kind)[1].start, "Some Client", email)

    def pay(self, booking: Booking) -> None:
        if booking.state is not BookingState.AWAITING_PAYMENT or self.chance.random() < 0.2:
            return
        with suppress(ValueError):
            self.payments.authorise(booking.payment.attempts[-1].key)

    # ---- what they choose from ---------------------------------------------------------------------

    def offer(self, kind: str) -> tuple[str, Slot]:
        """As Calendly's page shows it; now and then as ours does."""
        first = self.now() + self.chance.randint(1, 12) * DAY
        window = TimeWindow(first, first + 3 * DAY)
        if kind != "private" and self.chance.random() < 0.1:
            actor = Actor.client("somebody")
            found = self.core.find_slots(session_type_id=f"typ_{kind}", window=window, actor=actor)
            return kind, self.chance.choice(list(found.slots)).slot
        open_there = open_slots(
            self.sim.books, self.types[kind], self.now(), window.start, window.end
        )
        start = self.chance.choice(open_there).start
        return kind, Slot(start, start + HOUR)

    def confirmed(self) -> list[Booking]:
        return [each for each in self.bookings() if each.state is BookingState.CONFIRMED]

    def standing(self) -> Booking:
        """Nobody can be taken out of a group by the API, where others come."""
        return self.chance.choice([each for each in self.confirmed() if kind_of(each) != "course"])

    def invitee(self) -> Invitee:
        coming = [each for each in self.sim.invitees("active") if each.event.start > self.now()]
        return self.chance.choice(coming)

    def kind_at(self, invitee: Invitee) -> str:
        return next(kind for kind, each in self.types.items() if each is invitee.event.type)

    def now(self) -> datetime:
        return self.sim.clock.now()

    # ---- time --------------------------------------------------------------------------------------

    def passes(self, length: timedelta) -> None:
        self.sim.clock.advance(length)
        self.sim.deliver()
        self.core.expire_overdue()
        while self.core.work_outbox():
            pass

    def trouble(self) -> None:
        if self.chance.random() < FAULTY * 3:  # an operation makes several calls
            self.sim.faults.order("* *", self.chance.choice(FAULTS), nth=self.chance.randint(1, 8))

    # ---- the books ---------------------------------------------------------------------------------

    def bookings(self) -> list[Booking]:
        with self.store(write=False) as uow:
            return list(uow.bookings.find(BookingFilter(limit=5_000)))

    def repair(self) -> set[tuple[str, str]]:
        """What it finds different: of which kind, and where."""
        report = self.core.repair_calendar(window=WHOLE, actor=SYSTEM, wait=self.sim.clock.advance)
        assert not report.failed
        return {
            (each.kind.value, each.error or each.event_uri or str(each.booking_id))
            for each in report.differences
        }

    def ours(self) -> dict[str, Seat]:
        """By the address of the place."""
        return dict(self._ours())

    def _ours(self) -> Iterator[tuple[str, Seat]]:
        for each in self.bookings():
            for slot in each.expected_slots():
                assert each.event, f"{each.id} stands nowhere"
                email = each.client.contact.email
                yield each.event.place, (kind_of(each), slot.start, email, each.missed)

    def theirs(self) -> dict[str, Seat]:
        return {
            each.uri: (
                self.kind_at(each),
                each.event.start,
                each.email,
                each.no_show is not None,
            )
            for each in self.sim.invitees("active")
        }


def kind_of(booking: Booking) -> str:
    return booking.session_type_id.removeprefix("typ_")


@pytest.fixture
def without_sockets(calendly: CalendlyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of calls reach the simulator within this process, which is faster."""
    app = httpx.WSGITransport(app=calendly_app(calendly.sim))

    def ask(_: object, request: httpx.Request) -> httpx.Response:
        answer = app.handle_request(request)
        body = answer.read()
        if len(body) < int(answer.headers.get("Content-Length", 0)):
            raise httpx.RemoteProtocolError("The connection broke.", request=request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=body)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", ask)


@pytest.fixture
def street(
    calendly: CalendlyServer,
    without_sockets: None,
    connect: Connect,
    request: pytest.FixtureRequest,
) -> Street:
    sim, chance = calendly.sim, random.Random(request.param)
    sim.switches.tracking_follows = request.param % 2 == 0
    host: User = sim.user("Ana Host", timezone="UTC")
    bea = sim.user("Bea Host", organization=host.organization, role="user")
    shapes: dict[str, dict[str, object]] = {
        "free": {},
        "paid": {},
        "team": {"hosts": [bea, host], "pooling": "round_robin"},
        "course": {"kind": "group", "limit": 4},
        "members": {},
        "private": {},  # the builder's own, nothing of ours
    }
    types = {
        kind: sim.event_type(host, f"{kind} advice", duration=60, increment=60, **shape)
        for kind, shape in shapes.items()
    }
    more: dict[str, dict[str, object]] = {
        "paid": {"price": PRICE},
        "course": {"capacity": 4},
        "members": {"requires_auth": True},
    }
    clock, store = ItsClock(sim), MemoryStore()
    calendar = connect(sim.token(host), store)
    payments = MemoryPayments(clock)
    core = BookingCore.assemble(
        unit_of_work=store,
        calendar=calendar,
        calendar_notices=calendar,
        payments=payments,
        mailer=MemoryMailer(),
        clock=clock,
        ids=MemoryIds(),
    )
    with store() as uow:
        uow.builders.save(a_builder(reminders=()))
        for kind in (*OPEN, "members"):
            named = {"id": f"typ_{kind}", "slug": kind, "title": kind, "price": None}
            uow.session_types.save(offered_as(types[kind], **named | more.get(kind, {})))
        uow.commit()

    def carry(url: str, body: bytes, headers: object) -> int:
        core.hear_calendar_notice(body=body, headers=headers)  # type: ignore[arg-type]
        return 200

    sim.courier.carry = carry
    sim.courier.chances = {Fate.NEVER: LOST, Fate.TWICE: 0.1, Fate.LATE: 0.1, Fate.SWAPPED: 0.1}
    sim.courier.dice = chance
    calendar.subscribe(url="https://booking.test/api/webhooks/calendly")
    return Street(sim, core, store, payments, types, chance)


@pytest.mark.parametrize(
    "street",
    [1, pytest.param(2, marks=pytest.mark.fuzz), pytest.param(3, marks=pytest.mark.fuzz)],
    indirect=True,
)
def test_after_all_that_people_and_networks_do_both_books_agree(
    street: Street, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    for ours in ("booking", "booking_core"):
        caplog.set_level(logging.DEBUG, ours)
    sim = street.sim
    for number in range(OPERATIONS):
        street.trouble()
        street.act(number)
        street.passes(street.chance.choice(PAUSES))
    sim.faults.clear()
    for _ in range(30):
        street.passes(HOUR)
    assert len(street.done) == 13
    assert min(street.done.values()) > 5, street.done
    assert sim.courier.lost, "no notice was lost"

    street.repair()
    for _ in range(30):
        street.passes(HOUR)
    left = street.repair()
    ours, theirs = street.ours(), street.theirs()
    foreign = {
        uri for uri, seat in theirs.items() if seat[0] == "private" or seat[2] in street.uninvited
    }
    unmatched = {sim.invitee(uri).event.uri for uri in foreign if theirs[uri][0] == "members"}
    assert unmatched
    assert left == {("unmatched", uri) for uri in unmatched}

    now = sim.clock.now()  # what has begun can be removed nowhere any more
    kept = {uri: seat for uri, seat in theirs.items() if uri not in foreign}
    assert {uri: (seat, kept.get(uri)) for uri, seat in ours.items() if kept.get(uri) != seat} == {}
    assert not [seat for uri, seat in kept.items() if uri not in ours and seat[1] > now]
    assert {seat[0] for seat in ours.values()} == {*OPEN, "members"}
    assert {seat[3] for seat in ours.values()} == {True, False}
    settled = {BookingState.CONFIRMED, BookingState.COMPLETED, BookingState.NO_SHOW}
    assert {each.state for each in street.bookings() if each.state.live} <= settled
    assert street.core.jobs.dead() == ()
    token = next(iter(sim.books.tokens))
    said = [
        record.getMessage() + (record.exc_text or "")
        for record in caplog.records
        if record.name != "werkzeug"  # the simulator itself
    ]
    assert said
    assert not [line for line in said if token in line or "@example.org" in line]
