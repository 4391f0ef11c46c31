"""The real service on SQLite, with bookings that stand where a fuzzer does not come by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from attrs import Factory, frozen
from dependency_injector import providers
from schemathesis import Case, GenerationMode
from structlog.testing import capture_logs

from adapters.memory import MemoryClock
from booking_core import (
    Actor,
    Booking,
    BookingError,
    BookingId,
    Clock,
    Role,
    SessionTypeId,
    TimeWindow,
)
from entrypoints.container import Application, Container
from entrypoints.settings import Settings
from entrypoints.starter_catalogue import starter_catalogue
from tests.integration.web.conftest import BO, BOOKINGS, ZONE, Caller, day_ahead

PAID = "portfolio-review"
LINK = [{"questionId": "link", "value": "https://example.org"}]
ROLE = [{"questionId": "role", "value": "engineer"}]
#: Session types, with the answers that have to be given.
WISHES = {"getting-started": [], "open-office-hour": [], PAID: LINK, "interview-practice": ROLE}
NEW = {
    "POST /api/admin/builders": {"name": "Kim", "email": "kim@example.org", "timezone": ZONE},
    "POST /api/admin/session-types": {"builderId": "demo", "title": "New"},
}
_CHANGED = (
    "active duration slot_step capacity questions minimum_notice horizon daily_limit price "
    "requires_auth pathways category buffer_before buffer_after"
).split()
WHO = {Role.CLIENT: "ana", Role.BUILDER: "demo", Role.ADMIN: "root"}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many requests there really were."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            for name, told in report.user_properties:
                if name == "sent":
                    terminalreporter.write_line(f"Sent as {told}")


@frozen
class Service:
    """The application, and what a caller could know of it."""

    application: Application
    bookings: list[str]
    #: By step: bookings that can take it. Nobody else knows them, so that they stay as they are.
    fitting: dict[str, list[str]]
    turns: Iterator[int] = Factory(count)

    def operations(self) -> list[str]:
        paths = self.application.web_app().api_doc["paths"]
        return [f"{method.upper()} {path}" for path, item in paths.items() for method in item]

    def known(self) -> dict[str, list[str]]:
        core, system = self.application.core, Actor.system()
        robin = core.show_builder(name="demo", actor=system)
        keys = [
            core.add_api_key(name="Till", scopes=["read"], actor=system, builder_id=robin.id)
            for _ in range(3)
        ]
        return {
            "keys": [each.credential.id for each in keys],
            "accounts": [each.id for each in core.list_accounts(actor=system).accounts],
            "roles": ["admin", "builder"],
            "bookings": self.bookings,
            "builders": ["demo", "me"],
            "sessionTypes": list(WISHES),
            "emails": ["ana@example.org", BO["email"]],
            "languages": ["en", "de"],
            "zones": [ZONE, "UTC", "America/New_York"],
            "days": [day_ahead(days).isoformat() for days in (1, 8, 30)],
        }

    def prepared(self, role: Role) -> Callable[[Case], None]:
        """Shows what a caller of that role has: its bearer token, or the token of the booking.

        What is well-formed gets, as long as there is one, a booking that can take the step; and
        every other time that is wished for is an open one. No chance would find them.
        """
        bearer = None
        if role is not Role.ANONYMOUS:
            contact = {"name": "Ana Ng", "email": "ana@example.org"}
            bearer = f"Bearer {self.application.mint(role=role, id=WHO[role], **contact)}"

        def prepare(case: Case) -> None:
            likely, sure = _well_formed(case), False
            if likely and (fit := self.fitting.get(case.path.rpartition("{id}/")[2])):
                sure, case.path_parameters["id"] = True, fit.pop()
                case.body = {"amount": 100} if "amount" in _fields(case) else case.body
            booking = self._booking(str(case.path_parameters.get("id", "")))
            if shown := bearer or (booking and self._manage_token(booking)):
                case.headers["Authorization"] = shown
            if likely and "timeSlot" in _fields(case) and (sure or next(self.turns) % 2):
                self._make_possible(case.body, booking)
            if likely and (new := NEW.get(case.operation.label)):
                case.body = _fields(case) | new if next(self.turns) % 2 else new

        return prepare

    def _booking(self, id: str) -> Booking | None:
        try:
            return self.application.core.show_booking(
                booking_id=BookingId(id), actor=Actor.system()
            )
        except BookingError:
            return None

    def _manage_token(self, booking: Booking) -> str:
        token = self.application.core.manage_key.token(booking.id, booking.token_version)
        return f"Booking {token}"

    def _make_possible(self, wish: dict[str, Any], booking: Booking | None) -> None:
        self._put_back()
        kind = booking.session_type_id if booking else tuple(WISHES)[next(self.turns) // 2 % 4]
        found = self.application.core.find_slots(
            session_type_id=SessionTypeId(kind),
            window=TimeWindow(*(datetime.now(UTC) + timedelta(days=days) for days in (3, 30))),
            actor=Actor.system(),
        )
        for start, end, _ in list(found.slots.rendered())[:1]:
            wish["timeSlot"] = {"startTime": start, "endTime": end}
        if booking is None:
            wish |= {"sessionTypeId": kind, "clientDetails": BO, "answers": WISHES[kind]}
            wish.pop("bookingId", None)

    def _put_back(self) -> None:
        """The catalogue as it was: who may change everything soon leaves nothing to book."""
        core, actor = self.application.core, Actor.system()
        for offer in starter_catalogue():
            changes = {name: getattr(offer.session_type, name) for name in _CHANGED}
            id, builder = offer.session_type.id, offer.builder
            core.change_session_type(session_type_id=id, changes=changes, actor=actor)
        changes = {
            name: getattr(builder, name) for name in ("active", "schedule", "scheduling_mode")
        }
        core.change_builder(builder_id=builder.id, changes=changes, actor=actor)


def _well_formed(case: Case) -> bool:
    return case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE


def _fields(case: Case) -> dict[str, Any]:
    return case.body if isinstance(case.body, dict) else {}


@frozen
class Desk:
    """Ana and her builder at one application that works on the service's database."""

    application: Application
    ana: Caller
    robin: Caller

    def book(self, kind: str, start: date, times: int) -> list[str]:
        """The bookings that Ana makes of the next open slots from that day on."""
        return [self._book(kind, start) for _ in range(times)]

    def _book(self, kind: str, start: date) -> str:
        slot = self.ana.slots(kind, **{"from": start, "to": start + timedelta(days=21)})[0]
        times = {name: slot[name] for name in ("startTime", "endTime")}
        wish = {"sessionTypeId": kind, "timeSlot": times, "answers": WISHES[kind]}
        answer = self.ana("POST", f"{BOOKINGS}/confirm", json=wish)
        assert answer.status_code in (200, 201), answer.text
        id: str = answer.json["booking"]["id"]  # type: ignore[index]  # is an object
        return id

    def run(self, id: str, *steps: str) -> None:
        """Its builder takes these steps."""
        for step in steps:
            self.robin.json("POST", f"{BOOKINGS}/{id}/{step}", json={})

    def pay(self, ids: list[str]) -> None:
        for id in ids:
            checkout = self.ana.json("POST", f"{BOOKINGS}/{id}/pay")["checkoutUrl"]
            self.ana.client.post(urlsplit(checkout).path, data={"move": "card"})
            self.application.core.settle_money(booking_id=BookingId(id))


@contextmanager
def desk(url: str, clock: Clock | None = None, payments: str = "simulated") -> Iterator[Desk]:
    settings = {"DATABASE_URL": url, "BOOKING_PAYMENTS": payments, "RATE_LIMITS": "off"}
    container = Container(settings=Settings.load(settings))
    if clock is not None:
        container.clock.override(providers.Object(clock))
    application = container.application()
    anyone = Caller(application.web_app().test_client())

    def caller(role: Role, **who: str) -> Caller:
        return anyone.as_(f"Bearer {application.mint(role=role, id=WHO[role], **who)}")

    ana = caller(Role.CLIENT, name="Ana Ng", email="ana@example.org")
    yield Desk(application, ana, caller(Role.BUILDER))
    application.close()


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    url = f"sqlite:///{tmp_path}/booking.db"
    past, ahead = day_ahead(-20), day_ahead(3)
    with capture_logs():
        with desk(url, MemoryClock(datetime.now(UTC) - timedelta(days=20))) as then:
            then.application.schema.upgrade()
            then.application.seed()
            over = then.book("getting-started", past, 8)
        with desk(url, payments="on_site") as meeting:
            owed = meeting.book(PAID, ahead, 4)
            for id in owed[2:]:
                meeting.run(id, "paid", "cancel")
        with desk(url) as now:
            for id in over[4:]:
                now.run(id, "no-show")
            paid = now.book(PAID, ahead, 8)
            now.pay(paid[3:])
            free = now.book("interview-practice", ahead, 6)
            fitting = {
                "reschedule": free[0:2],
                "cancel": free[2:4],
                "pay": paid[0:2],
                "complete": over[0:2],
                "no-show": over[2:4],
                "no-show/undo": over[4:6],
                "paid": owed[0:2],
                "returned": owed[2:4],
                "refund": paid[3:7],
            }
            bookings = [free[4], paid[2], over[6], paid[7], free[5], over[7]]
            yield Service(now.application, bookings, fitting)
