"""From the web door to Calendly and back: in the end both sides say the same, and to the right people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from attrs import evolve, field, frozen
from dependency_injector import providers
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from adapters.memory import MemoryMailer
from booking_core import (
    Actor,
    Booking,
    BookingFilter,
    BookingId,
    BookingState,
    CancellationPolicy,
    Money,
    RefundStep,
    Role,
    SessionTypeId,
    TimeWindow,
)
from booking_core.testing.examples import NOW, a_builder
from entrypoints.container import Application, Container
from entrypoints.settings import Settings
from tests.integration.calendly.conftest import ItsClock
from tests.integration.calendly.given import KEYS, offered_as
from tests.integration.forms import Browser
from tests.integration.web.conftest import BOOKINGS, Caller
from tests.simulators.calendly import (
    CalendlyServer,
    EventType,
    Fate,
    Fault,
    Invitee,
    Simulator,
    User,
)

LINK = "/api/scheduling/calendly/scheduling-link"
GRACE = {"name": "Grace", "email": "grace@example.org", "timezone": "UTC"}
PRICE = Money(5_000, "EUR")
WAYS = [True, False]


def at(hour: int, day: int = 1) -> datetime:
    return NOW.replace(hour=hour, minute=0) + timedelta(days=day)


def from_to(start: datetime) -> dict[str, str]:
    return {"startTime": start.isoformat(), "endTime": (start + timedelta(hours=1)).isoformat()}


@frozen
class Service:
    """The whole service on the simulator's Calendly, and the hands of those who use it."""

    application: Application
    sim: Simulator = field(repr=False)
    client: FlaskClient

    @property
    def anyone(self) -> Caller:
        return Caller(self.client)

    def as_client(self, name: str = "grace") -> Caller:
        token = self.application.mint(
            role=Role.CLIENT, id=name, name=name.title(), email=f"{name}@example.org"
        )
        return self.anyone.as_(f"Bearer {token}")

    def as_builder(self) -> Caller:
        builder = self.application.mint(role=Role.BUILDER, id=a_builder().id)
        return self.anyone.as_(f"Bearer {builder}")

    def offer(self, event_type: EventType, id: str = "typ_1", **changes: Any) -> None:
        offered = evolve(
            offered_as(event_type, **{"price": None} | changes),
            id=SessionTypeId(id),
            slug=id.replace("_", "-"),
        )
        with self.application.schema() as uow:
            uow.session_types.save(offered)
            uow.commit()

    def page(self, event_type: EventType, **tracking: str) -> str:
        page = f"{self.sim.pages}/{event_type.owner.slug}/{event_type.slug}"
        return page + "".join(f"?{name}={value}" for name, value in tracking.items())

    def placed(
        self, event_type: EventType, start: datetime, who: str = "grace", **tracking: str
    ) -> Invitee:
        """Somebody books at Calendly's own page."""
        page = self.page(event_type, **tracking)
        return self.sim.book_at(page, start, who.title(), f"{who}@example.org")

    def create(self, by: Caller, placed: Invitee, status: int = 201, **more: Any) -> Any:
        named = {"calendlyEventUri": placed.event.uri, "calendlyInviteeUri": placed.uri}
        return by.json("POST", f"{BOOKINGS}/create", status, json=named | more)

    def initialize(self, by: Caller, id: str = "typ_1", **more: Any) -> Any:
        wish = {"sessionTypeId": id, "clientDetails": GRACE} | more
        return by.json("POST", f"{BOOKINGS}/initialize", 201, json=wish)

    def confirm(self, by: Caller, start: datetime, status: int = 201, **more: Any) -> Any:
        wish = {"sessionTypeId": "typ_1", "timeSlot": from_to(start), "clientDetails": GRACE}
        return by.json("POST", f"{BOOKINGS}/confirm", status, json=wish | more)

    def pay(self, checkout_url: str) -> None:
        page = urlsplit(checkout_url).path
        assert self.client.post(page, data={"move": "card"}).status_code == 303
        self.later(timedelta(minutes=5), steps=1)

    def paid(self, start: datetime) -> Any:
        begun = self.confirm(self.anyone, start, 200)
        self.pay(begun["checkoutUrl"])
        return begun["booking"]

    def deliver(self) -> None:
        """Calendly posts what it has to tell, and the jobs are done."""
        for _ in range(2):
            self.sim.deliver()
            while self.application.core.work_outbox():
                pass

    def later(self, by: timedelta, steps: int = 12) -> None:
        """Time passes, and the worker is awake."""
        for _ in range(steps):
            self.sim.clock.advance(by / steps)
            self.application.core.expire_overdue()
            self.deliver()

    def bookings(self) -> list[Booking]:
        with self.application.schema(write=False) as uow:
            return list(uow.bookings.find(BookingFilter(limit=1_000)))

    def now(self, shown: Any) -> Booking:
        with self.application.schema(write=False) as uow:
            return uow.bookings.get(BookingId(shown["id"]))

    def states(self) -> set[tuple[str, str, str]]:
        """State, payment and client of every booking."""
        return {
            (each.state.value, each.payment.status.value, each.client.contact.email)
            for each in self.bookings()
        }

    def mails(self, to: str = "grace@example.org") -> list[str]:
        mailer = self.application.mailer
        assert isinstance(mailer, MemoryMailer)
        return [each.subject for each in mailer.sent if each.to == to]

    def check_agreed(self) -> None:
        """What stands at Calendly stands here, of the same type, at the same time."""
        ours = {
            (each.event.place, each.calendar_ref.event_type_uri, each.slot.start)
            for each in self.bookings()
            if each.state.served and each.event and each.slot and each.calendar_ref
        }
        standing = self.sim.invitees("active")
        assert ours == {(each.uri, _type(each), each.event.start) for each in standing}


def _type(invitee: Invitee) -> str:
    return invitee.event.type.uri


@pytest.fixture
def service(calendly: CalendlyServer, token: str, advice: EventType) -> Iterator[Service]:
    settings = {
        "DATABASE_URL": "memory://",
        "LOG_LEVEL": "ERROR",
        "BOOKING_CALENDAR": "calendly",
        "CALENDLY_API_KEY": token,
        "CALENDLY_API_BASE_URL": calendly.url,
        "CALENDLY_WEBHOOK_SIGNING_KEY": ",".join(KEYS),
        "BOOKING_PAYMENTS": "simulated",
        "BOOKING_MAILER": "memory",
        "PUBLIC_URL": "https://booking.test",
    }
    container = Container(settings=Settings.load(settings))
    container.clock.override(providers.Object(ItsClock(calendly.sim)))
    application = container.application()
    application.schema.upgrade()
    with application.schema() as uow:
        uow.builders.save(a_builder())
        uow.commit()
    client = application.web_app().test_client()

    def carry(_: str, body: bytes, headers: dict[str, str]) -> int:
        answer = client.post("/api/webhooks/calendly", data=body, headers=headers)
        return int(answer.status_code)

    calendly.sim.courier.carry = carry
    assert application.notices is not None
    application.notices.register()
    service = Service(application, calendly.sim, client)
    service.offer(advice)
    with capture_logs():
        yield service
    application.close()


@pytest.fixture
def vip(sim: Simulator, host: User, service: Service) -> EventType:
    """Another event type, with a price."""
    vip = sim.event_type(host, "VIP", duration=60, increment=60)
    service.offer(vip, "typ_vip", price=PRICE)
    return vip


# ---- whole flows (C2 to C4) ----------------------------------------------------------------------


@pytest.fixture(params=[None, PRICE], ids=["free", "paid"])
def price(request: pytest.FixtureRequest) -> Money | None:
    found: Money | None = request.param
    return found


@pytest.fixture(params=["anonymous", "signed in"])
def visitor(request: pytest.FixtureRequest, service: Service) -> Caller:
    return service.as_client() if request.param == "signed in" else service.anyone


def as_begun(service: Service, visitor: Caller, answer: Any) -> Caller:
    """The caller, with the manage token if it is known by nothing else."""
    token = answer["booking"].get("manageToken")
    assert (token is None) is (visitor.authorization is not None)
    return service.anyone.as_(f"Booking {token}") if token else visitor


def check_confirmed(service: Service, visitor: Caller, answer: Any, price: Money | None) -> None:
    by = as_begun(service, visitor, answer)
    seen = by.json("GET", f"{BOOKINGS}/{answer['booking']['id']}")
    assert (seen["state"], seen["paymentStatus"]) == (
        "CONFIRMED",
        "PAID" if price else "NOT_REQUIRED",
    )
    assert seen["clientId"] == ("grace" if visitor.authorization else None)
    assert seen["contact"]["email"] == "grace@example.org"
    [standing] = service.sim.invitees("active")
    assert (seen["calendlyInviteeUri"], standing.email) == (standing.uri, "grace@example.org")
    assert datetime.fromisoformat(seen["startTime"]) == standing.event.start == at(10)
    service.check_agreed()


def test_a_slot_is_confirmed_directly(
    service: Service, advice: EventType, visitor: Caller, price: Money | None
) -> None:
    service.offer(advice, price=price)
    answer = service.confirm(visitor, at(10), 200 if price else 201)
    if price:
        service.pay(answer["checkoutUrl"])
    check_confirmed(service, visitor, answer, price)


def test_a_booking_is_begun_and_placed_by_its_link(
    service: Service, advice: EventType, visitor: Caller, price: Money | None
) -> None:
    service.offer(advice, price=price)
    begun = service.initialize(visitor)
    if price:
        assert begun["schedulingUrl"] is None, "the link comes after the money"
        service.pay(begun["checkoutUrl"])
        by = as_begun(service, visitor, begun)
        begun["schedulingUrl"] = by.json("GET", f"{BOOKINGS}/{begun['booking']['id']}")[
            "schedulingUrl"
        ]
    service.sim.book_at(begun["schedulingUrl"], at(10))
    service.deliver()
    check_confirmed(service, visitor, begun, price)


@pytest.mark.parametrize("notice_first", WAYS)
def test_an_event_is_placed_first_and_then_made_a_booking(
    service: Service,
    advice: EventType,
    visitor: Caller,
    price: Money | None,
    notice_first: bool,
) -> None:
    service.offer(advice, price=price)
    placed = service.placed(advice, at(10))
    if notice_first:
        service.deliver()
    answer = service.create(visitor, placed, 200 if price else 201)
    service.deliver()
    if price:
        service.pay(answer["checkoutUrl"])
    check_confirmed(service, visitor, answer, price)


def test_where_calendly_takes_no_direct_bookings_the_client_is_sent_there(
    service: Service, host: User, visitor: Caller
) -> None:
    host.organization.plan = "free"
    answer = service.confirm(visitor, at(10), 202)
    service.sim.book_at(answer["schedulingUrl"], at(10))
    service.deliver()
    check_confirmed(service, visitor, answer, None)


# ---- what a tag is good for ----------------------------------------------------------------------


@pytest.mark.parametrize("told_by", ["create", "notice"])
def test_the_tag_of_a_free_booking_pays_for_nothing_else(
    service: Service, vip: EventType, told_by: str
) -> None:
    free = service.initialize(service.anyone)
    tag = free["tracking"]["salesforce_uuid"]
    placed = service.placed(vip, at(10), salesforce_uuid=tag)
    if told_by == "create":
        assert service.create(service.anyone, placed, 200)["paymentRequired"]
    service.deliver()
    assert service.states() == {
        ("AWAITING_SCHEDULING", "NOT_REQUIRED", "grace@example.org"),
        ("AWAITING_PAYMENT", "REQUESTED", "grace@example.org"),
    }


def test_the_tag_of_a_free_booking_opens_nothing_for_members(
    service: Service, sim: Simulator, host: User
) -> None:
    private = sim.event_type(host, "Private", duration=60, increment=60)
    service.offer(private, "typ_private", requires_auth=True)
    tag = service.initialize(service.anyone)["tracking"]["salesforce_uuid"]
    placed = service.placed(private, at(10), salesforce_uuid=tag)
    service.create(service.anyone, placed, 401)
    service.deliver()
    assert {state for state, *_ in service.states()} == {"AWAITING_SCHEDULING"}


def test_an_event_of_another_type_with_its_tag_does_a_booking_no_harm(
    service: Service, sim: Simulator, vip: EventType
) -> None:
    begun = service.initialize(service.anyone)
    tag = begun["tracking"]["salesforce_uuid"]
    sim.book_at(begun["schedulingUrl"], at(10))
    service.deliver()
    other = service.placed(vip, at(13), salesforce_uuid=tag)
    sim.cancel(service.placed(vip, at(15), salesforce_uuid=tag), by="invitee")
    service.deliver()
    assert service.now(begun["booking"]).state.value == "CONFIRMED"
    assert other.status == "active"


# ---- who is told what ----------------------------------------------------------------------------


def test_who_knows_the_address_of_an_event_learns_only_that_it_is_booked(
    service: Service,
) -> None:
    booked = service.confirm(service.as_client(), at(10), notes="my secret")["booking"]
    event = {"calendlyEventUri": booked["calendlyEventUri"]}
    for stranger in (service.anyone, service.as_client("mallory")):
        seen = stranger.json("POST", f"{BOOKINGS}/create", 201, json=event)
        assert seen["booking"] == {
            name: booked[name] for name in ("id", "state", "startTime", "endTime")
        }
    for own in (service.as_client(), service.as_builder()):
        seen = own.json("POST", f"{BOOKINGS}/create", 201, json=event)
        assert seen["booking"]["notes"] == "my secret"


def test_an_address_alone_makes_nobody_the_owner(service: Service, advice: EventType) -> None:
    placed = service.placed(advice, at(10))
    mallory = service.as_client("mallory")
    event = {"calendlyEventUri": placed.event.uri}
    made = mallory.json("POST", f"{BOOKINGS}/create", 201, json=event)["booking"]
    assert "contact" not in made
    mallory.refused(404, "not_found", "GET", f"{BOOKINGS}/{made['id']}")
    service.create(mallory, placed)
    assert service.now(made).client.id is None
    assert service.create(service.as_client(), placed)["booking"]["clientId"] == "grace"


def test_a_session_for_members_is_not_had_with_somebody_elses_event(
    service: Service, advice: EventType
) -> None:
    service.offer(advice, requires_auth=True)
    placed = service.placed(advice, at(10))
    named = {"calendlyEventUri": placed.event.uri, "calendlyInviteeUri": placed.uri}
    mallory = service.as_client("mallory")
    problem = mallory.refused(403, "not_allowed", "POST", f"{BOOKINGS}/create", json=named)
    assert "e-mail" in problem["detail"]
    assert service.bookings() == []
    assert service.create(service.as_client(), placed)["booking"]["clientId"] == "grace"


@pytest.mark.parametrize("price", [None, PRICE])
def test_a_booking_that_waits_is_not_taken_over_with_its_id(
    service: Service, advice: EventType, price: Money | None
) -> None:
    service.offer(advice, price=price)
    victim = service.as_client()
    begun = service.initialize(victim)
    if price:
        service.pay(begun["checkoutUrl"])
    placed = service.placed(advice, at(10), "mallory", utm_content=begun["booking"]["id"])
    for caller in (service.anyone, service.as_client("mallory")):
        made = service.create(
            caller, placed, 200 if price else 201, bookingId=begun["booking"]["id"]
        )
        assert made["booking"]["id"] != begun["booking"]["id"]
        assert made["booking"]["contact"]["email"] == "mallory@example.org"
    service.deliver()
    assert service.now(begun["booking"]).state.value == "AWAITING_SCHEDULING"


@pytest.mark.parametrize("who", ["the client's address", "the client itself"])
def test_an_id_joins_what_is_the_clients_own(service: Service, advice: EventType, who: str) -> None:
    begun = service.initialize(service.anyone)
    own = service.anyone.as_(f"Booking {begun['booking']['manageToken']}")
    itself = who == "the client itself"
    placed = service.placed(advice, at(10), "another" if itself else "grace")
    made = service.create(
        own if itself else service.anyone, placed, bookingId=begun["booking"]["id"]
    )
    assert made["booking"]["id"] == begun["booking"]["id"]
    assert "manageToken" not in made["booking"], "who began it has the token"


def test_a_token_is_handed_over_once_however_the_booking_was_made(
    service: Service, advice: EventType
) -> None:
    placed = service.placed(advice, at(10))
    made = service.create(service.anyone, placed)["booking"]
    assert "manageToken" in made
    assert "manageToken" not in service.create(service.anyone, placed)["booking"]
    booked = service.confirm(service.anyone, at(13))["booking"]
    named = {name: booked[name] for name in ("calendlyEventUri", "calendlyInviteeUri")}
    again = service.anyone.json("POST", f"{BOOKINGS}/create", 201, json=named)
    assert "manageToken" not in again["booking"]


def test_what_was_revoked_is_not_had_again_by_showing_the_event(
    service: Service, advice: EventType
) -> None:
    placed = service.placed(advice, at(10))
    service.deliver()
    [booking] = service.bookings()
    revoke = f"{BOOKINGS}/{booking.id}/revoke-links"
    service.as_builder().json("POST", revoke)
    assert "manageToken" not in service.create(service.anyone, placed)["booking"]


# ---- repeats (C9) --------------------------------------------------------------------------------


def test_keys_of_strangers_do_not_meet(service: Service, advice: EventType) -> None:
    ours, theirs = service.placed(advice, at(10)), service.placed(advice, at(13), "bo")
    made = []
    for placed in (ours, theirs, ours):
        named = {"calendlyEventUri": placed.event.uri, "calendlyInviteeUri": placed.uri}
        made.append(
            service.anyone.json(
                "POST", f"{BOOKINGS}/create", 201, json=named, headers={"Idempotency-Key": "1"}
            )
        )
    assert made[0] == made[2]
    assert made[0]["booking"]["id"] != made[1]["booking"]["id"]


def test_a_key_tells_a_stranger_no_more_than_no_key(service: Service) -> None:
    booked = service.confirm(service.anyone, at(10))["booking"]
    event = {"calendlyEventUri": booked["calendlyEventUri"]}
    own = service.anyone.as_(f"Booking {booked['manageToken']}")
    seen = [
        by.json("POST", f"{BOOKINGS}/create", 201, json=event, headers={"Idempotency-Key": "1"})[
            "booking"
        ]
        for by in (own, service.anyone)
    ]
    assert ["contact" in each for each in seen] == [True, False]


def test_keys_for_links_of_different_sessions_do_not_meet(service: Service, vip: EventType) -> None:
    for id in ("typ_1", "typ_vip"):
        wish, key = {"sessionTypeId": id}, {"Idempotency-Key": "1"}
        service.anyone.json("POST", LINK, 201, json=wish, headers=key)


# ---- while Calendly is away ----------------------------------------------------------------------


def test_a_booking_is_begun_while_calendly_is_away_and_its_link_comes_later(
    service: Service, sim: Simulator
) -> None:
    sim.faults.order("POST /scheduling_links", Fault.ERROR_500, times=9)
    begun = service.initialize(service.anyone)
    assert (begun["booking"]["state"], begun["schedulingUrl"]) == ("AWAITING_SCHEDULING", None)
    assert begun["tracking"]["bookingId"] == begun["booking"]["id"]
    sim.faults.clear()
    own = service.anyone.as_(f"Booking {begun['booking']['manageToken']}")
    assert own.json("GET", f"{BOOKINGS}/{begun['booking']['id']}")["schedulingUrl"]


# ---- what is cancelled and moved at Calendly (E4, D4) --------------------------------------------


def test_an_event_that_was_given_up_before_does_the_booking_no_harm(
    service: Service, sim: Simulator, advice: EventType
) -> None:
    begun = service.initialize(service.anyone)
    tag = begun["tracking"]["salesforce_uuid"]
    given_up = sim.book_at(begun["schedulingUrl"], at(10))
    sim.cancel(given_up, by="invitee")
    kept = service.placed(advice, at(10), salesforce_uuid=tag)
    service.deliver()
    service.application.core.settle_calendar(booking_id=BookingId(begun["booking"]["id"]))
    booking = service.now(begun["booking"])
    assert (booking.state.value, kept.status) == ("CONFIRMED", "active")
    service.check_agreed()


def test_the_bookings_own_event_is_heard_of_wherever_it_was_moved(
    service: Service, sim: Simulator
) -> None:
    booked = service.confirm(service.anyone, at(10))["booking"]
    moved = sim.reschedule(sim.reschedule(sim.invitees()[0], at(11)), at(13))
    service.deliver()
    service.check_agreed()
    sim.cancel(moved, by="invitee")
    service.deliver()
    assert service.now(booked).state.value == "CANCELLED"


@pytest.fixture
def half_back(service: Service, advice: EventType) -> None:
    """Two days before the start everything goes back, after that a half."""
    steps = (RefundStep(timedelta(days=2), 100), RefundStep(timedelta(0), 50))
    service.offer(advice, price=PRICE, cancellation_policy=CancellationPolicy(refunds=steps))


@pytest.mark.usefixtures("half_back")
@pytest.mark.parametrize(("by", "back"), [("host", 5_000), ("invitee", 2_500)])
def test_who_cancels_at_calendly_decides_what_goes_back(
    service: Service, sim: Simulator, by: Any, back: int
) -> None:
    booked = service.paid(at(10))
    sim.cancel(sim.invitees()[0], by=by)
    service.deliver()
    booking = service.now(booked)
    assert (booking.state.value, booking.payment.returned) == ("CANCELLED", back)


@pytest.mark.usefixtures("half_back")
def test_moving_first_at_calendly_is_no_way_around_the_terms(
    service: Service, sim: Simulator
) -> None:
    booked = service.paid(at(10))
    moved = sim.reschedule(sim.invitees()[0], at(10, 9))
    service.deliver()
    sim.cancel(moved, by="invitee")
    service.deliver()
    assert service.now(booked).payment.returned == 2_500


# ---- when nobody is there to be told -------------------------------------------------------------


@pytest.mark.parametrize("how", ["notice", "repair", "only the event's address"])
def test_a_client_who_closed_the_browser_is_asked_by_mail_to_pay(
    service: Service, advice: EventType, how: str
) -> None:
    service.offer(advice, price=PRICE)
    placed = service.placed(advice, at(10, 3))
    if how == "only the event's address":
        event = {"calendlyEventUri": placed.event.uri}
        service.anyone.json("POST", f"{BOOKINGS}/create", 202, json=event)
    if how == "repair":
        service.sim.courier.chances = {Fate.NEVER: 1.0}
        window = TimeWindow(NOW, NOW + timedelta(days=14))
        service.application.core.repair_calendar(window=window, actor=Actor.system())
    service.deliver()
    assert [each.partition(":")[0] for each in service.mails()] == ["Please pay"]
    service.later(timedelta(hours=20))
    [booking] = service.bookings()
    own = service.anyone.as_(f"Booking {service.application.core.manage_key.token(booking.id, 1)}")
    service.pay(own.json("POST", f"{BOOKINGS}/{booking.id}/pay")["checkoutUrl"])
    assert service.states() == {("CONFIRMED", "PAID", "grace@example.org")}
    service.check_agreed()


def test_an_event_that_nobody_pays_for_is_taken_away_after_a_day(
    service: Service, advice: EventType
) -> None:
    service.offer(advice, price=PRICE)
    service.placed(advice, at(10, 3))
    service.deliver()
    service.later(timedelta(hours=26))
    assert {state for state, *_ in service.states()} == {"EXPIRED"}
    service.check_agreed()


def test_who_is_sent_to_the_checkout_at_once_gets_no_mail_about_it(
    service: Service, advice: EventType
) -> None:
    service.offer(advice, price=PRICE)
    service.create(service.anyone, service.placed(advice, at(10, 3)), 200)
    service.deliver()
    assert service.mails() == []


# ---- too late ------------------------------------------------------------------------------------


def test_a_link_says_how_long_its_booking_waits(service: Service) -> None:
    begun = service.initialize(service.anyone)["booking"]
    own = service.anyone.as_(f"Booking {begun['manageToken']}")
    wish = {"sessionTypeId": "typ_1", "bookingId": begun["id"]}
    link = own.json("POST", LINK, 201, json=wish)
    assert datetime.fromisoformat(link["expiresAt"]) == service.now(begun).deadline


@pytest.mark.parametrize("told_by", ["create", "notice"])
def test_what_is_placed_after_the_end_is_refused_taken_away_and_told(
    service: Service, told_by: str
) -> None:
    begun = service.initialize(service.anyone)
    service.later(timedelta(hours=25))
    assert service.now(begun["booking"]).state.value == "EXPIRED"
    placed = service.sim.book_at(begun["schedulingUrl"], at(10, 3))
    if told_by == "create":
        named = {"calendlyEventUri": placed.event.uri, "calendlyInviteeUri": placed.uri}
        service.anyone.refused(409, "wrong_state", "POST", f"{BOOKINGS}/create", json=named)
    service.deliver()
    assert placed.status == "canceled"
    assert [each.partition(":")[0] for each in service.mails()] == ["Not booked"]


# ---- where only the client may place events (E2) -------------------------------------------------


def browser_of(service: Service, booking_id: str) -> Browser:
    """A browser that has opened the booking by the link of its mail."""
    visitor = Browser(service.client.application)
    token = service.application.core.manage_key.token(BookingId(booking_id), 1)
    opened = visitor.post(f"/bookings/{booking_id}/open", data={"token": token})
    assert opened.status_code == 303
    return visitor


def confirmed_by_link(service: Service, host: User) -> tuple[Caller, str]:
    """A booking on a plan that takes no direct ones, and its client; all mails so far are read."""
    host.organization.plan = "free"
    answer = service.confirm(service.anyone, at(10), 202)
    service.sim.book_at(answer["schedulingUrl"], at(10))
    service.later(timedelta(hours=1))
    assert service.now(answer["booking"]).state is BookingState.CONFIRMED
    service.application.mailer.sent.clear()  # type: ignore[attr-defined]
    return service.anyone.as_(f"Booking {answer['booking']['manageToken']}"), answer["booking"][
        "id"
    ]


def test_a_booking_that_only_its_client_can_move_is_moved_at_calendlys_page(
    service: Service, host: User
) -> None:
    client, booking_id = confirmed_by_link(service, host)
    page = service.sim.invitees("active")[0].uri.rpartition("/")[2]
    for caller in (client, service.as_builder()):
        refused = caller.json(
            "POST", f"{BOOKINGS}/{booking_id}/reschedule", 409, json={"timeSlot": from_to(at(12))}
        )
        assert (refused["reason"], refused["alternatives"]) == ("refused", [])
        assert refused["rescheduleUrl"].endswith(f"/reschedulings/{page}")
    service.deliver()
    assert service.mails() == [], "nothing was tried"


def test_a_move_that_the_plan_turns_out_to_forbid_says_where_to_move(
    service: Service, host: User
) -> None:
    answer = service.confirm(service.anyone, at(10))
    client = service.anyone.as_(f"Booking {answer['booking']['manageToken']}")
    host.organization.plan = "free"
    moving = f"{BOOKINGS}/{answer['booking']['id']}/reschedule"
    for _ in range(2):
        refused = client.json("POST", moving, 409, json={"timeSlot": from_to(at(12))})
        assert refused["reason"] == "refused"
        assert "/reschedulings/" in refused["rescheduleUrl"]
    service.deliver()
    service.check_agreed()


def test_a_repeat_of_a_move_says_again_where_to_move(service: Service, host: User) -> None:
    client, booking_id = confirmed_by_link(service, host)
    wish = {"json": {"timeSlot": from_to(at(12))}, "headers": {"Idempotency-Key": "k"}}

    def page() -> str | None:
        moving = f"{BOOKINGS}/{booking_id}/reschedule"
        told = client.json("POST", moving, 409, **wish).get("rescheduleUrl")
        return None if told is None else str(told)

    service.sim.faults.order("GET /scheduled_events*", Fault.FORBIDDEN)
    assert page() is None, "nobody could say so just then"
    named = page()
    assert named is not None
    service.sim.faults.order("GET /scheduled_events*", Fault.FORBIDDEN)
    assert page() == named, "a repeat asks nobody"


def test_moving_on_the_page_shows_where_the_booking_is_moved(service: Service, host: User) -> None:
    _, booking_id = confirmed_by_link(service, host)
    visitor = browser_of(service, booking_id)
    shown = visitor.get(f"/bookings/{booking_id}/move?tz=UTC")
    assert shown.status_code == 200
    assert re.search(r'<a class="button" href="[^"]+/reschedulings/[^"]+"', shown.text)
    sent = visitor.post(f"/bookings/{booking_id}/move", data={"start": at(12).isoformat()})
    assert sent.status_code == 409
    assert "/reschedulings/" in sent.text


def test_moving_on_the_page_says_no_more_where_nobody_names_the_page(
    service: Service, host: User
) -> None:
    _, booking_id = confirmed_by_link(service, host)
    visitor = browser_of(service, booking_id)
    service.sim.faults.order("GET /scheduled_events*", Fault.FORBIDDEN)
    shown = visitor.get(f"/bookings/{booking_id}/move")
    assert shown.status_code == 409
    assert "can only be moved at the builder&#39;s calendar page" in shown.text
    assert "/reschedulings/" not in shown.text


def test_nobody_is_led_to_a_move_that_the_terms_forbid(service: Service, host: User) -> None:
    terms = CancellationPolicy(change_notice=timedelta(days=2))
    with service.application.schema() as uow:
        [offered] = uow.session_types.all()
        uow.session_types.save(evolve(offered, cancellation_policy=terms))
        uow.commit()
    client, booking_id = confirmed_by_link(service, host)
    moving = f"{BOOKINGS}/{booking_id}/reschedule"
    client.refused(409, "terms_forbid", "POST", moving, json={"timeSlot": from_to(at(12))})
    told = service.as_builder().json("POST", moving, 409, json={"timeSlot": from_to(at(12))})
    assert "rescheduleUrl" in told, "the terms do not bind the builder"
    visitor = browser_of(service, booking_id)
    assert visitor.get(f"/bookings/{booking_id}/move").location == f"/bookings/{booking_id}"
    moved = visitor.post(
        f"/bookings/{booking_id}/move", data={"start": from_to(at(12))["startTime"]}
    )
    assert moved.status_code == 409
    assert "Changes are possible until 2 days before" in moved.text
    assert "/reschedulings/" not in moved.text
