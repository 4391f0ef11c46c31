"""Builders with Calendly accounts of their own: each is asked about with its own token and no other."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve, field, frozen
from dependency_injector import providers
from structlog.testing import capture_logs

from adapters.calendly import CalendlyCalendars
from adapters.memory import MemoryStore
from booking_core import (
    Actor,
    Booking,
    BookingFilter,
    BookingState,
    BuilderId,
    Contact,
    InvalidRequest,
    LinkNeeded,
    NotAllowed,
    NotFound,
    ProviderFailed,
    Scope,
    SessionType,
    SessionTypeId,
    Slot,
    TimeWindow,
)
from booking_core.testing.examples import NOW, a_builder
from entrypoints.container import Application, Container
from entrypoints.doctor import Finding, findings
from entrypoints.notices import unbind
from entrypoints.settings import Settings
from tests.integration.calendly.conftest import ItsClock
from tests.integration.calendly.given import ELEVEN, KEYS, TEN, offered_as, waiting
from tests.simulators.calendly import CalendlyServer, EventType, Fault, Simulator, User

ANA, BEA = BuilderId("bld_1"), BuilderId("bld_2")
SYSTEM, ANYBODY = Actor.system(), Actor.anonymous()
GRACE = Contact("Grace", "grace@example.org", "UTC")
DAYS = TimeWindow(NOW, NOW + timedelta(days=2))
HOOKS = "https://booking.test/api/webhooks/calendly"


@frozen
class Service:
    """Ana has the service's account, Bea one of her own in another organization."""

    application: Application
    sim: Simulator = field(repr=False)
    bea: User
    token: str = field(repr=False)

    def bind(self, builder_id: BuilderId = BEA, token: str = "") -> None:
        self.application.core.bind_calendar(
            builder_id=builder_id, token=token or self.token, actor=SYSTEM
        )

    def offer(self, event_type: EventType, builder_id: BuilderId, id: str) -> SessionType:
        plain = offered_as(event_type, price=None, builder_id=builder_id, slug=id)
        offered = evolve(plain, id=SessionTypeId(id))
        with self.application.schema() as uow:
            uow.session_types.save(offered)
            uow.commit()
        return offered

    def starts(self, id: str) -> list[datetime]:
        found = self.application.core.find_slots(
            session_type_id=SessionTypeId(id), window=DAYS, actor=ANYBODY
        )
        return [each.slot.start for each in found.slots]

    def confirm(self, id: str, slot: Slot = TEN, who: Contact = GRACE) -> Booking:
        return self.application.core.confirm_booking(
            session_type_id=SessionTypeId(id), slot=slot, actor=ANYBODY, contact=who
        )

    def begin(self, id: str) -> None:
        """Somebody gets a link and has not used it."""
        self.application.core.initialize_booking(
            session_type_id=SessionTypeId(id), actor=ANYBODY, contact=GRACE
        )

    def bookings(self) -> list[Booking]:
        with self.application.schema(write=False) as uow:
            return list(uow.bookings.find(BookingFilter(limit=100)))

    def deliver(self) -> None:
        self.sim.deliver()
        while self.application.core.work_outbox():
            pass

    def asked_with(self, token: str) -> list[str]:
        """The calls that carried the token, from now on when the list is emptied."""
        return [
            f"{each.method} {each.path}"
            for each in self.sim.calls
            if each.headers["Authorization"] == f"Bearer {token}"
        ]

    def finding(self, name: str) -> Finding | None:
        return next((each for each in findings(self.application) if each.name == name), None)


@pytest.fixture
def bea(sim: Simulator) -> User:
    return sim.user("Bea Guest", timezone="UTC")


@pytest.fixture
def lesson(sim: Simulator, bea: User) -> EventType:
    return sim.event_type(bea, "Lesson", duration=60, increment=60)


Open = Callable[..., Application]


@pytest.fixture
def assemble(calendly: CalendlyServer, token: str) -> Iterator[Open]:
    """The service, or another process of it, on the simulator."""
    opened: list[Application] = []

    def assemble(url: str = "memory://", secret: str = "s" * 32) -> Application:
        settings = {
            "DATABASE_URL": url,
            "SECRET_KEY": secret,
            "BOOKING_CALENDAR": "calendly",
            "CALENDLY_API_KEY": token,
            "CALENDLY_API_BASE_URL": calendly.url,
            "CALENDLY_WEBHOOK_SIGNING_KEY": ",".join(KEYS),
            "BOOKING_MAILER": "memory",
            "PUBLIC_URL": "https://booking.test",
        }
        container = Container(settings=Settings.load(settings))
        container.clock.override(providers.Object(ItsClock(calendly.sim)))
        opened.append(container.application())
        return opened[-1]

    yield assemble
    for each in opened:
        each.close()


@pytest.fixture
def service(
    assemble: Open, sim: Simulator, advice: EventType, bea: User, lesson: EventType
) -> Iterator[Service]:
    application = assemble()
    with application.schema() as uow:
        uow.builders.save(a_builder(reminders=()))
        uow.builders.save(a_builder(id=BEA, name="Bea", slug="bea", reminders=()))
        uow.commit()

    def carry(_: str, body: bytes, headers: dict[str, str]) -> int:
        application.core.hear_calendar_notice(body=body, headers=headers)
        return 200

    sim.courier.carry = carry
    service = Service(application, sim, bea, sim.token(bea))
    service.offer(advice, ANA, "advice")
    service.offer(lesson, BEA, "lesson")
    with capture_logs():
        yield service


@pytest.fixture
def bound(service: Service) -> Service:
    service.bind()
    service.sim.calls.clear()
    return service


# ---- binding -------------------------------------------------------------------------------------


def test_a_bound_account_is_the_builders_from_then_on(service: Service, bea: User) -> None:
    with pytest.raises(ProviderFailed, match="bound by its builder"):
        service.starts("lesson")
    service.bind()
    with service.application.schema(write=False) as uow:
        builder, binding = uow.builders.get(BEA), uow.calendar_bindings.of_builder(BEA)
    assert binding is not None
    assert builder.calendar_account == binding.account == bea.uri
    assert service.token not in f"{binding!r}"
    assert TEN.start in service.starts("lesson")


def test_who_is_bound_is_told_by_name(service: Service, bea: User) -> None:
    bea.name = "  Bea\tGuest\x07 "
    found = service.application.core.bind_calendar(
        builder_id=BEA, token=service.token, actor=SYSTEM
    )
    assert (found.uri, found.name) == (bea.uri, "Bea Guest")


@pytest.mark.parametrize(
    "wrong", ["two words", "not-a-token", "naïve", "line\nbreak", "x" * 2_001], ids=range(5)
)
def test_what_is_no_token_is_refused_and_not_repeated(service: Service, wrong: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        service.bind(token=wrong)
    assert [each.pointer for each in refused.value.errors] == ["/token"]
    assert wrong not in f"{refused.value!r} {refused.value.errors}"
    assert service.application.core.check_calendars() == []


def test_a_token_without_scopes_says_which_it_lacks(service: Service, bea: User) -> None:
    with pytest.raises(InvalidRequest, match="users:read"):
        service.bind(token=service.sim.token(bea, ["event_types:read"]))


def test_a_provider_that_does_not_answer_binds_nothing(service: Service) -> None:
    service.bind()
    service.sim.faults.order("GET /users/me", Fault.LIMIT)
    with pytest.raises(ProviderFailed):
        service.bind(token=service.sim.token(service.bea))
    with service.application.schema(write=False) as uow:
        binding = uow.calendar_bindings.of_builder(BEA)
    assert binding is not None
    assert binding.token == service.token


def test_no_log_line_and_no_error_has_the_token(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    service.bind()
    service.confirm("lesson")
    service.sim.revoke(service.token)
    with pytest.raises(ProviderFailed) as failed:
        service.confirm("lesson", ELEVEN)
    found = service.finding("calendar accounts")
    assert "POST /invitees: 201" in caplog.text
    said = [caplog.text, *map(repr, (failed.value, failed.value.__cause__, found))]
    said += map(repr, (calendars(service)._bound, service.application))
    assert not [each for each in said if service.token in each]


# ---- whose token ---------------------------------------------------------------------------------


def test_everything_is_asked_with_the_token_of_the_account(bound: Service, token: str) -> None:
    core, sim = bound.application.core, bound.sim
    for id, whose in (("lesson", bound.token), ("advice", token)):
        sim.calls.clear()
        assert TEN.start in bound.starts(id)
        booking = bound.confirm(id)
        assert booking.state is BookingState.CONFIRMED
        core.reschedule_booking(booking_id=booking.id, slot=ELEVEN, actor=SYSTEM)
        core.settle_calendar(booking_id=booking.id)
        core.cancel_booking(booking_id=booking.id, actor=SYSTEM)
        core.settle_calendar(booking_id=booking.id)
        core.offer_link(session_type_id=SessionTypeId(id), actor=ANYBODY)
        assert sim.events("active") == []
        paths = bound.asked_with(whose)
        assert len(paths) == len(sim.calls)
        assert {"POST /invitees", "GET /event_type_available_times"} <= set(paths)
        assert {each.status for each in sim.calls} <= {200, 201}


def test_no_shows_are_marked_and_unmarked_with_its_token(bound: Service) -> None:
    core, sim = bound.application.core, bound.sim
    booking = bound.confirm("lesson")
    sim.clock.advance(TEN.end - sim.clock.now())
    sim.calls.clear()
    core.mark_no_show(booking_id=booking.id, actor=SYSTEM)
    core.settle_calendar(booking_id=booking.id)
    assert sim.invitees()[0].no_show
    core.undo_no_show(booking_id=booking.id, actor=SYSTEM)
    core.settle_calendar(booking_id=booking.id)
    assert not sim.invitees()[0].no_show
    assert len(bound.asked_with(bound.token)) == len(sim.calls) > 2


def test_event_types_come_from_each_ones_account(bound: Service) -> None:
    report = bound.application.core.sync_event_types(actor=SYSTEM)
    assert report.failed == []
    assert {each.title for each in (*report.unchanged, *(one for one, _ in report.updated))} == {
        "An hour of advice",
        "Lesson",
    }


def test_the_other_ones_token_is_refused_there(bound: Service, lesson: EventType) -> None:
    """The simulator tells the accounts apart, so the tests above say something."""
    booking = waiting(lesson, builder_id=ANA)
    with pytest.raises(ProviderFailed, match="does not allow"):
        calendars(bound).ensure_booked(booking=booking, slot=TEN)
    assert bound.sim.events() == []


def test_a_token_is_used_for_its_own_builder_only(bound: Service, lesson: EventType) -> None:
    """Who is given the same account by an operator does not borrow it."""
    dan = a_builder(id="bld_3", name="Dan", slug="dan", calendar_account=bound.bea.uri)
    with bound.application.schema() as uow:
        uow.builders.save(dan)
        uow.commit()
    shared = bound.offer(lesson, dan.id, "shared")
    with pytest.raises(ProviderFailed, match="bound by its builder"):
        calendars(bound).open_slots(builder=dan, session_type=shared, window=DAYS)
    own = bound.sim.token(bound.bea)
    bound.bind(dan.id, own)
    bound.sim.revoke(bound.token)
    bound.sim.calls.clear()
    assert TEN.start in bound.starts("shared")
    assert len(bound.asked_with(own)) == len(bound.sim.calls)


def test_the_limit_of_one_account_is_not_that_of_another(bound: Service) -> None:
    calendar = calendars(bound)
    for _ in range(9):
        calendar._service._mode.take("anybody")
    with pytest.raises(LinkNeeded):
        calendar._service._mode.take("anybody")
    assert bound.confirm("lesson").state is BookingState.CONFIRMED


def test_the_event_of_a_team_is_reached_by_the_token_that_booked_it(
    bound: Service, sim: Simulator, bea: User
) -> None:
    cleo = sim.user("Cleo", organization=bea.organization, role="user")
    team = sim.event_type(
        bea, "Team", hosts=[cleo, bea], duration=60, increment=60, pooling="round_robin"
    )
    bound.offer(team, BEA, "team")
    booking = bound.confirm("team")
    assert booking.event is not None
    assert (booking.event.account, sim.events()[0].hosts) == (bea.uri, [cleo])
    core = bound.application.core
    assert core.settle_calendar(booking_id=booking.id).event == booking.event
    core.cancel_booking(booking_id=booking.id, actor=SYSTEM)
    core.settle_calendar(booking_id=booking.id)
    assert sim.events("active") == []


# ---- events that come first, and what was missed -------------------------------------------------


def placed(service: Service, lesson: EventType, who: str = "grace") -> Any:
    page = f"{service.sim.pages}/{service.bea.slug}/{lesson.slug}"
    return service.sim.book_at(page, TEN.start, who.title(), f"{who}@example.org")


def test_notices_of_both_accounts_become_bookings(
    bound: Service, lesson: EventType, token: str
) -> None:
    notices = bound.application.notices
    assert notices is not None
    notices.register()
    for each in notices.of_builders().values():
        each.register()
    told = {(each.scope, each.user, each.url) for each in bound.sim.subscriptions()}
    assert told == {
        ("organization", None, HOOKS),
        ("user", bound.bea, f"{HOOKS}?builder={BEA}"),
    }
    invitee = placed(bound, lesson)
    bound.deliver()
    [booking] = bound.bookings()
    assert (booking.builder_id, booking.state) == (BEA, BookingState.CONFIRMED)
    assert booking.event is not None
    assert (booking.event.place, booking.event.account) == (invitee.uri, bound.bea.uri)
    bound.sim.cancel(invitee, by="host")
    bound.deliver()
    assert [each.state for each in bound.bookings()] == [BookingState.CANCELLED]
    assert f"GET /scheduled_events/{invitee.event.id}" in bound.asked_with(bound.token)


def test_repair_finds_what_was_placed_at_a_bound_account(bound: Service, lesson: EventType) -> None:
    placed(bound, lesson)
    report = bound.application.core.repair_calendar(window=DAYS, actor=SYSTEM)
    assert [(each.kind.value, each.mended) for each in report.differences] == [
        ("missed event", True)
    ]
    assert not report.failed
    [booking] = bound.bookings()
    assert booking.builder_id == BEA


def test_the_event_of_a_team_is_kept_with_whose_session_type_it_is(
    bound: Service, sim: Simulator, bea: User
) -> None:
    """Abe hosts it and is looked at first; the session type is Bea's, and so is the booking."""
    abe = sim.user("Abe", organization=bea.organization, role="user")
    team = sim.event_type(
        bea, "Team", hosts=[abe, bea], duration=60, increment=60, pooling="round_robin"
    )
    bound.offer(team, BEA, "team")
    id = BuilderId("bld_0")
    with bound.application.schema() as uow:
        uow.builders.save(a_builder(id=id, name="Abe", slug="abe", reminders=()))
        uow.commit()
    bound.bind(id, sim.token(abe))
    sim.book_at(f"{sim.pages}/{bea.slug}/{team.slug}", TEN.start, "Grace", "grace@example.org")
    core = bound.application.core
    report = core.repair_calendar(window=DAYS, actor=SYSTEM)
    assert [(each.mended, each.error) for each in report.differences] == [(True, "")]
    [booking] = bound.bookings()
    assert booking.event is not None
    assert (booking.builder_id, booking.event.account) == (BEA, bea.uri)
    core.cancel_booking(booking_id=booking.id, actor=SYSTEM)
    core.settle_calendar(booking_id=booking.id)
    assert sim.events("active") == []


def test_what_is_booked_while_another_account_is_bound_stays_where_it_stands(
    bound: Service, sim: Simulator, lesson: EventType
) -> None:
    booking = waiting(lesson, builder_id=BEA)
    before = calendars(bound)._of_booking(booking)
    bound.bind(token=sim.token(sim.user("Dan")))
    assert before.ensure_booked(booking=booking, slot=TEN).account == bound.bea.uri


def test_an_event_that_no_account_has_is_not_there(bound: Service, lesson: EventType) -> None:
    stranger = bound.sim.user("Stranger")
    bound.sim.event_type(stranger, "Other", duration=60)
    invitee = bound.sim.book_at(f"{bound.sim.pages}/stranger/other", TEN.start, "X", "x@x.test")
    with pytest.raises(NotFound):
        calendars(bound).find(event_uri=invitee.event.uri, invitee_uri=invitee.uri)


def test_an_event_counts_for_the_builder_whose_it_is_though_a_colleague_sees_it(
    bound: Service, sim: Simulator, bea: User
) -> None:
    """Bea's token is an owner's: it shows what Cleo's shows, and stands for Bea alone."""
    cleo = sim.user("Cleo", organization=bea.organization, role="user")
    talk = sim.event_type(cleo, "Talk", duration=60, increment=60)
    core, id = bound.application.core, BuilderId("bld_3")
    with bound.application.schema() as uow:
        uow.builders.save(a_builder(id=id, name="Cleo", slug="cleo", reminders=()))
        uow.commit()
    bound.offer(talk, id, "talk")
    page = f"{sim.pages}/{cleo.slug}/{talk.slug}"
    invitee = sim.book_at(page, TEN.start, "Grace", "grace@example.org")
    with pytest.raises(NotFound):
        core.create_booking(event_uri=invitee.event.uri, invitee_uri=invitee.uri, actor=ANYBODY)
    bound.bind(id, sim.token(cleo))
    made = core.create_booking(event_uri=invitee.event.uri, invitee_uri=invitee.uri, actor=ANYBODY)
    event = made.booking.event
    assert event is not None
    assert (made.booking.builder_id, event.account) == (id, cleo.uri)
    core.cancel_booking(booking_id=made.booking.id, actor=SYSTEM)
    core.settle_calendar(booking_id=made.booking.id)
    assert sim.events("active") == []


def test_what_was_booked_is_known_though_it_is_not_offered_any_more(
    bound: Service, lesson: EventType
) -> None:
    invitee = placed(bound, lesson)
    core = bound.application.core
    core.create_booking(event_uri=invitee.event.uri, invitee_uri=invitee.uri, actor=ANYBODY)
    core.change_session_type(
        session_type_id=SessionTypeId("lesson"), changes={"calendar_ref": None}, actor=SYSTEM
    )
    found = calendars(bound).find(event_uri=invitee.event.uri, invitee_uri=invitee.uri)
    assert found.event.account == bound.bea.uri


def test_what_an_account_may_know_later_is_asked_for_again(
    bound: Service, lesson: EventType
) -> None:
    invitee = placed(bound, lesson)
    path = f"GET /scheduled_events/{invitee.event.id}"
    bound.sim.faults.order(path, Fault.LIMIT, nth=2)
    with pytest.raises(ProviderFailed) as failed:
        calendars(bound).find(event_uri=invitee.event.uri, invitee_uri=invitee.uri)
    assert failed.value.retryable


# ---- a token that is not taken any more ----------------------------------------------------------


@pytest.fixture(params=["revoked", "lost"])
def broken(bound: Service, request: pytest.FixtureRequest) -> Service:
    """Bea's token is worth nothing; what was with her account stands."""
    bound.confirm("lesson")
    if request.param == "revoked":
        bound.sim.revoke(bound.token)
    else:
        with bound.application.schema() as uow:
            binding = uow.calendar_bindings.of_builder(BEA)
            assert binding is not None
            uow.calendar_bindings.save(evolve(binding, token=None))
            uow.commit()
    return bound


def test_only_its_own_builder_cannot_be_booked(broken: Service, advice: EventType) -> None:
    with pytest.raises(ProviderFailed, match="bind") as failed:
        broken.starts("lesson")
    assert not failed.value.retryable
    assert broken.confirm("advice").state is BookingState.CONFIRMED
    report = broken.application.core.repair_calendar(window=DAYS, actor=SYSTEM)
    assert [each.builder_id for each in report.failed] == [BEA]
    page = f"{broken.sim.pages}/ana-host/{advice.slug}"
    invitee = broken.sim.book_at(page, ELEVEN.start, "Cy", "cy@example.org")
    found = calendars(broken).find(event_uri=invitee.event.uri, invitee_uri=invitee.uri)
    assert found.contact.name == "Cy"
    with pytest.raises(NotFound):
        calendars(broken).find(event_uri=f"{invitee.event.uri}0")


def test_doctor_names_whose_it_is_and_binding_again_mends_it(broken: Service) -> None:
    found = broken.finding("calendar accounts")
    assert found is not None
    assert not found.ok
    assert found.detail.startswith("Bea's own account: ")
    assert "bind-calendar" in found.advice
    broken.bind(token=broken.sim.token(broken.bea))
    found = broken.finding("calendar accounts")
    assert found is not None
    assert found.ok
    assert TEN.end in broken.starts("lesson")


def test_without_bound_accounts_doctor_says_nothing_of_them(service: Service) -> None:
    assert service.finding("calendar accounts") is None


# ---- unbinding, and other processes --------------------------------------------------------------


def test_after_unbinding_what_stands_stays_and_cannot_be_changed(bound: Service) -> None:
    core, booking = bound.application.core, bound.confirm("lesson")
    assert core.unbind_calendar(builder_id=BEA, actor=SYSTEM)
    assert not core.unbind_calendar(builder_id=BEA, actor=SYSTEM)
    bound.sim.calls.clear()
    core.cancel_booking(booking_id=booking.id, actor=SYSTEM)
    with pytest.raises(ProviderFailed, match="bound by its builder"):
        core.settle_calendar(booking_id=booking.id)
    assert len(bound.sim.events("active")) == 1
    assert not bound.asked_with(bound.token)
    bound.bind()
    core.settle_calendar(booking_id=booking.id)
    assert bound.sim.events("active") == []


def test_doctor_names_whose_event_types_nobody_can_read_any_more(bound: Service) -> None:
    found = bound.finding("event types")
    assert found is not None
    assert found.ok
    bound.application.core.unbind_calendar(builder_id=BEA, actor=SYSTEM)
    found = bound.finding("event types")
    assert found is not None
    assert not found.ok
    assert found.detail.startswith("Bea's event types cannot be read: ")
    assert "bound by its builder" in found.detail
    assert "--not-active" in found.advice


def test_unbinding_ends_the_notices_of_the_account(bound: Service) -> None:
    notices = bound.application.notices
    assert notices is not None
    notices.register()
    notices.watch()
    assert len(bound.sim.subscriptions()) == 2
    assert unbind(bound.application.core, notices, builder_id=BEA, actor=SYSTEM)
    assert [each.url for each in bound.sim.subscriptions()] == [HOOKS]
    assert not unbind(bound.application.core, notices, builder_id=BEA, actor=SYSTEM)


def test_who_may_not_unbind_ends_no_notices(bound: Service) -> None:
    core, notices = bound.application.core, bound.application.notices
    assert notices is not None
    notices.register()
    notices.watch()
    key = evolve(Actor.builder(BEA), scopes=frozenset(Scope))
    for actor, refusal in ((Actor.builder(ANA), NotFound), (key, NotAllowed)):
        with pytest.raises(refusal):
            unbind(core, notices, builder_id=BEA, actor=actor)
    assert len(bound.sim.subscriptions()) == 2


def test_notices_that_cannot_be_ended_keep_nobody_from_unbinding(broken: Service) -> None:
    core, notices = broken.application.core, broken.application.notices
    assert notices is not None
    assert unbind(core, notices, builder_id=BEA, actor=SYSTEM)
    with broken.application.schema(write=False) as uow:
        assert uow.calendar_bindings.of_builder(BEA) is None


def test_bookings_from_before_stay_with_the_services_account(
    service: Service, token: str, advice: EventType
) -> None:
    service.offer(advice, BEA, "shared")
    booking = service.confirm("shared")
    service.bind()
    service.sim.calls.clear()
    core = service.application.core
    core.cancel_booking(booking_id=booking.id, actor=SYSTEM)
    core.settle_calendar(booking_id=booking.id)
    assert service.sim.events("active") == []
    assert len(service.asked_with(token)) == len(service.sim.calls)


def test_what_one_process_binds_another_one_uses_at_once(
    assemble: Open, sim: Simulator, bea: User, lesson: EventType, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/booking.db"
    one, other, third = (Service(assemble(url), sim, bea, sim.token(bea)) for _ in range(3))
    one.application.schema.upgrade()
    with one.application.schema() as uow:
        uow.builders.save(a_builder(id=BEA, name="Bea", slug="bea"))
        uow.commit()
    one.offer(lesson, BEA, "lesson")
    for each in (one, other):
        each.bind()
        sim.calls.clear()
        assert third.confirm("lesson", ELEVEN if each is other else TEN).event
        assert len(third.asked_with(each.token)) == len(sim.calls)
    locked = Service(assemble(url, secret="t" * 32), sim, bea, "")
    with pytest.raises(ProviderFailed, match="cannot be decrypted"):
        locked.starts("lesson")
    found = locked.finding("calendar accounts")
    assert found is not None
    assert "SECRET_KEY" in found.detail
    one.application.core.unbind_calendar(builder_id=BEA, actor=SYSTEM)
    sim.clock.advance(timedelta(minutes=1))
    with pytest.raises(ProviderFailed, match="bound by its builder"):
        third.starts("lesson")


# ---- notices -------------------------------------------------------------------------------------


def test_the_worker_registers_what_was_bound_since_and_mends_what_was_given_up(
    service: Service,
) -> None:
    notices = service.application.notices
    assert notices is not None
    service.bind()
    assert not notices.watch(), "nobody registered anything"
    notices.register()
    found = service.finding("calendar accounts")
    assert found is not None
    assert "no notices" in found.detail
    assert notices.watch()
    assert not notices.watch()
    found = service.finding("calendar accounts")
    assert found is not None
    assert found.ok
    own = [each for each in service.sim.subscriptions() if each.user is service.bea]
    own[0].state = "disabled"
    assert notices.watch()
    assert {each.state for each in service.sim.subscriptions()} == {"active"}
    assert len(service.sim.subscriptions()) == 2


def test_one_that_cannot_be_registered_keeps_nobody_elses_from_it(
    broken: Service, sim: Simulator
) -> None:
    notices = broken.application.notices
    assert notices is not None
    dan = sim.user("Dan")
    with broken.application.schema() as uow:
        uow.builders.save(a_builder(id="bld_3", name="Dan", slug="dan"))
        uow.commit()
    broken.bind(BuilderId("bld_3"), sim.token(dan))
    notices.register()
    assert notices.watch()
    assert dan in [each.user for each in sim.subscriptions()]


def test_a_colleague_is_told_of_by_the_subscription_of_the_organization(
    service: Service, sim: Simulator, host: User
) -> None:
    cleo = sim.user("Cleo", organization=host.organization, role="user")
    service.bind(token=sim.token(cleo))
    notices = service.application.notices
    assert notices is not None
    assert notices.of_builders() == {}
    host.role = "user"
    assert list(notices.of_builders()) == [BEA], "where ours is for its owner alone"


def calendars(service: Service) -> CalendlyCalendars:
    found = service.application.calendar
    assert isinstance(found, CalendlyCalendars)
    assert isinstance(service.application.schema, MemoryStore)
    return found


# ---- what waited when the account changed --------------------------------------------------------


def test_what_waits_is_booked_where_it_was_begun_whatever_account_is_bound_since(
    service: Service, advice: EventType, sim: Simulator
) -> None:
    sim.faults.order("POST /invitees", Fault.ERROR_500)
    assert service.confirm("advice").state is BookingState.CONFIRMING
    service.bind(ANA)
    sim.clock.advance(timedelta(minutes=1))
    service.deliver()
    [booking] = service.bookings()
    assert booking.state is BookingState.CONFIRMED
    assert [each.type for each in sim.events("active")] == [advice]


def test_a_link_leads_to_the_account_that_it_was_made_for_whatever_is_bound_since(
    service: Service, advice: EventType, sim: Simulator
) -> None:
    service.begin("advice")
    service.bind(ANA)
    [waiting] = service.bookings()
    link = service.application.core.offer_link.when_answered(waiting)
    assert link is not None
    sim.book_at(link.url, TEN.start)
    sim.clock.advance(timedelta(minutes=1))
    service.deliver()
    [booking] = service.bookings()
    assert (booking.state, booking.slot) == (BookingState.CONFIRMED, TEN)


def test_what_waits_for_a_bound_account_that_is_replaced_fails_and_hangs_no_more(
    bound: Service, sim: Simulator
) -> None:
    sim.faults.order("POST /invitees", Fault.ERROR_500)
    assert bound.confirm("lesson").state is BookingState.CONFIRMING
    bound.bind(token=sim.token(sim.user("Cleo")))
    sim.clock.advance(timedelta(minutes=1))
    bound.deliver()
    [booking] = bound.bookings()
    assert (booking.state, booking.cancel_reason) == (BookingState.FAILED, "calendar_refused")
    assert bound.application.core.jobs.dead() == ()


@pytest.mark.parametrize("named", [None, "https://api.calendly.com/users/CLEO"])
def test_so_does_what_waits_for_an_account_in_whose_place_an_operator_named_another(
    bound: Service, sim: Simulator, named: str | None
) -> None:
    sim.faults.order("POST /invitees", Fault.ERROR_500)
    assert bound.confirm("lesson").state is BookingState.CONFIRMING
    core = bound.application.core
    core.unbind_calendar(builder_id=BEA, actor=SYSTEM)
    core.change_builder(builder_id=BEA, changes={"calendar_account": named}, actor=SYSTEM)
    sim.clock.advance(timedelta(minutes=1))
    bound.deliver()
    [booking] = bound.bookings()
    assert (booking.state, booking.cancel_reason) == (BookingState.FAILED, "calendar_refused")


def test_a_token_of_ours_that_is_not_taken_says_nothing_of_what_it_would_open(
    bound: Service, sim: Simulator, token: str
) -> None:
    sim.faults.order("POST /invitees", Fault.ERROR_500)
    bound.confirm("lesson")
    bound.bind(token=sim.token(sim.user("Cleo")))
    sim.revoke(token)
    sim.clock.advance(timedelta(minutes=1))
    bound.deliver()
    assert [each.state for each in bound.bookings()] == [BookingState.CONFIRMING]


def test_what_waits_for_an_account_that_is_bound_no_more_goes_on_once_it_is_again(
    bound: Service, sim: Simulator
) -> None:
    sim.faults.order("POST /invitees", Fault.ERROR_500)
    bound.confirm("lesson")
    bound.application.core.unbind_calendar(builder_id=BEA, actor=SYSTEM)
    sim.clock.advance(timedelta(minutes=1))
    bound.deliver()
    [booking] = bound.bookings()
    assert booking.state is BookingState.CONFIRMING
    bound.bind()
    bound.application.core.replay_booking(booking_id=booking.id, actor=SYSTEM)
    bound.deliver()
    assert [each.state for each in bound.bookings()] == [BookingState.CONFIRMED]


def test_a_link_of_a_bound_account_that_is_replaced_ends_with_its_deadline(
    bound: Service, sim: Simulator
) -> None:
    bound.begin("lesson")
    bound.bind(token=sim.token(sim.user("Cleo")))
    sim.clock.advance(timedelta(days=40))
    bound.application.core.expire_overdue()
    bound.deliver()
    assert [each.state for each in bound.bookings()] == [BookingState.EXPIRED]
