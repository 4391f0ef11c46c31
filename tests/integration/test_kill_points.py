"""The worker is killed with -9 around every call to the payment provider and to the mail server.

Another one is started then. The end is the same as without: one capture, one refund, one release,
and each mail once. A mail that was taken just before the kill may be handed over again, then under
the same Message-ID.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from attrs import define, field
from sqlalchemy import text

from adapters.sql import SqlStore
from booking_core import (
    Actor,
    Booking,
    BookingState,
    CancellationPolicy,
    Contact,
    RefundStep,
    SessionType,
    Slot,
    TimeWindow,
)
from entrypoints.container import Application, assemble
from entrypoints.settings import Settings
from tests.simulators.stripe import StandIn

pytestmark = pytest.mark.storm

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0
SYSTEM = Actor.system()


class Mails:
    """A mail server that takes everything; `watch` is told before and after."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, str]] = []
        self.watch: Callable[[str], None] = lambda when: None

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.watch("before")
        mail = message_from_bytes(envelope.content)
        self.taken.append((mail["Message-ID"], mail["To"], mail["Subject"].partition(":")[0]))
        self.watch("after")
        return "250 OK"

    def told(self) -> list[tuple[str, str]]:
        """What arrived, each message once."""
        return sorted((to, subject) for _, to, subject in set(self.taken))


@define
class Scene:
    """A service whose worker is a process of its own."""

    application: Application
    stand_in: StandIn
    mails: Mails
    environment: dict[str, str]
    worker: subprocess.Popen[bytes] | None = None
    calls: list[str] = field(factory=list)
    kill_at: tuple[int, str] | None = None

    # ---- the worker --------------------------------------------------------------------------------

    def watch(self, when: str) -> None:
        """At the chosen call the worker dies, before or after its work was done."""
        if self.worker is None:
            return  # the test itself is calling
        if when == "before":
            self.calls.append(when)
        if self.kill_at == (len(self.calls), when):
            self.kill_at = None
            self.kill()

    def start(self) -> None:
        self.worker = subprocess.Popen(
            [sys.executable, "-m", "entrypoints.cli", "worker"],
            env=self.environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        if self.worker is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.worker.pid, signal.SIGKILL)
            self.worker.wait()

    def run(self, booking: Booking) -> None:
        """Until no job waits; a worker that died is followed by another one."""
        self.start()
        until = time.monotonic() + PATIENCE
        while self._has_work():
            assert time.monotonic() < until, "the jobs do not come to an end"
            assert self.worker is not None
            if self.worker.poll() is not None:
                self.start()
            self.time_passes()
            time.sleep(0.1)
        self.kill()

    def _has_work(self) -> bool:
        """More than looking, day after day, at money that was taken."""
        waiting = self.application.core.jobs.upcoming()
        return any(not each.job.key.startswith("late look:") for each in waiting)

    def time_passes(self) -> None:
        """What waits for a dead worker, or for its next try, need not wait in a test."""
        store = self.application.schema
        assert isinstance(store, SqlStore)
        on_postgres = store.engine.dialect.name == "postgresql"
        for statement in _POSTGRES if on_postgres else _SQLITE:
            with store.engine.begin() as connection:
                connection.execute(text(statement))

    # ---- what came of it ---------------------------------------------------------------------------

    def outcome(self, booking: Booking) -> tuple[Any, ...]:
        now = self.application.core.show_booking(booking_id=booking.id, actor=SYSTEM)
        bank = self.stand_in.bank
        return (
            now.state,
            now.payment.status,
            [(each["status"], each["amount_received"]) for each in bank.intents.values()],
            [each["amount"] for each in bank.refunds.values()],
            [each["status"] for each in bank.sessions.values()],
            self.mails.told(),
        )


# Only a worker that is really gone: a live one beats again within seconds.
_POSTGRES = (
    "UPDATE procrastinate_workers SET last_heartbeat = last_heartbeat - interval '1 hour'"
    " WHERE last_heartbeat < now() - interval '3 seconds'",
    "UPDATE procrastinate_jobs SET scheduled_at = now() WHERE status = 'todo' AND scheduled_at > now()"
    " AND queueing_lock NOT LIKE 'late look:%'",
)
_SQLITE = (
    "UPDATE outbox SET lease_until = '2000-01-01T00:00:00.000000Z'"
    " WHERE lease_until < strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '+297 seconds')",
    "UPDATE outbox SET due_at = '2000-01-01T00:00:00.000000Z' WHERE due_at IS NOT NULL"
    " AND key NOT LIKE 'late look:%'",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest, tmp_path: Path, socket_enabled: None) -> Iterator[Scene]:
    url = request.getfixturevalue(f"migrated_{request.param}").replace("+psycopg", "")
    mails = Mails()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mail_server = Controller(mails, hostname="127.0.0.1", port=port)
    mail_server.start()
    with StandIn() as stand_in:
        settings = stand_in.settings() | {
            "DATABASE_URL": url,
            "BOOKING_PAYMENTS": "stripe",
            "BOOKING_MAILER": "smtp",
            "SMTP_URL": f"smtp://127.0.0.1:{port}",
            "MAIL_FROM": "book@example.org",
            "LOG_LEVEL": "ERROR",
        }
        application = assemble(Settings.load(settings))
        application.schema.upgrade()
        application.seed()
        environment = {**os.environ, **settings, "PYTHONPATH": str(ROOT / "src")}
        scene = Scene(application, stand_in, mails, environment)
        stand_in.bank.watch = mails.watch = scene.watch
        # Nothing is left to catch up with, so that all that is done is what the jobs do.
        stand_in.bank.told = lambda event: stand_in.bank.delivered(event["id"])
        try:
            yield scene
        finally:
            scene.kill()
            application.close()
            mail_server.stop()


# ---- the scenarios: what is done before the worker starts -----------------------------------------


CLIENT, BUILDER = "bo@example.org", "robin@example.org"
CONTACT = Contact("Bo", CLIENT, "UTC")


def _offer(scene: Scene) -> tuple[SessionType, Slot]:
    """What is booked, and when it is free."""
    core = scene.application.core
    core.change_builder(builder_id="demo", changes={"reminders": ()}, actor=SYSTEM)
    half_back = CancellationPolicy(refunds=(RefundStep(timedelta(0), 50),))
    offer = core.change_session_type(
        session_type_id="portfolio-review",
        changes={"cancellation_policy": half_back, "questions": ()},
        actor=SYSTEM,
    )
    first = datetime.now(UTC) + timedelta(days=4)
    found = core.find_slots(
        session_type_id=offer.id, window=TimeWindow(first, first + timedelta(days=7)), actor=SYSTEM
    )
    return offer, found.slots[0].slot


def _asked(scene: Scene) -> Booking:
    """A booking whose client was sent to pay."""
    offer, slot = _offer(scene)
    return scene.application.core.confirm_booking(
        session_type_id=offer.id, slot=slot, contact=CONTACT, actor=Actor.anonymous()
    )


def paid(scene: Scene) -> Booking:
    """The client has paid by card; nobody knows of it yet."""
    booking = _asked(scene)
    scene.stand_in.bank.authorise(booking.payment.attempts[0].checkout_id or "")
    return booking


def cancelled(scene: Scene) -> Booking:
    """A booking that was paid, and is cancelled with half of the money to go back."""
    booking = paid(scene)
    core = scene.application.core
    core.settle_money(booking_id=booking.id)
    token = core.manage_key.token(booking.id, booking.token_version)
    core.cancel_booking(booking_id=booking.id, actor=Actor.anonymous(token))
    return booking


def released(scene: Scene) -> Booking:
    """The client cancels at the checkout, and pays all the same."""
    booking = _asked(scene)
    core = scene.application.core
    token = core.manage_key.token(booking.id, booking.token_version)
    core.cancel_booking(booking_id=booking.id, actor=Actor.anonymous(token))
    scene.stand_in.bank.authorise(booking.payment.attempts[0].checkout_id or "")
    return booking


def goodwill(scene: Scene) -> Booking:
    """A booking that was paid, and of which the builder gives a part back."""
    booking = paid(scene)
    core = scene.application.core
    core.settle_money(booking_id=booking.id)
    return core.refund_booking(booking_id=booking.id, amount=1_000, actor=SYSTEM)


def sent_back(scene: Scene) -> Booking:
    """No bank took that part, and the builder cancels; nobody knows of the one, or has done the other."""
    booking = goodwill(scene)
    core = scene.application.core
    core.settle_money(booking_id=booking.id)
    scene.stand_in.bank.fail_refunds()
    return core.cancel_booking(booking_id=booking.id, actor=SYSTEM)


def linked(scene: Scene) -> Booking:
    """The client has paid for a link; nobody knows of it yet."""
    offer, _ = _offer(scene)
    begun = scene.application.core.initialize_booking(
        session_type_id=offer.id, contact=CONTACT, actor=Actor.anonymous()
    )
    scene.stand_in.bank.pay(begun.booking.payment.attempts[0].checkout_id or "")
    return begun.booking


def chosen(scene: Scene) -> Booking:
    """The client has paid for a link by card, and chosen its time."""
    offer, slot = _offer(scene)
    core = scene.application.core
    begun = core.initialize_booking(
        session_type_id=offer.id, contact=CONTACT, actor=Actor.anonymous()
    ).booking
    scene.stand_in.bank.authorise(begun.payment.attempts[0].checkout_id or "")
    core.settle_money(booking_id=begun.id)
    token = core.manage_key.token(begun.id, begun.token_version)
    return core.confirm_booking(
        session_type_id=offer.id, slot=slot, actor=Actor.anonymous(token), booking_id=begun.id
    )


EXPECTED = {
    paid: BookingState.CONFIRMED,
    cancelled: BookingState.CANCELLED,
    released: BookingState.CANCELLED,
    goodwill: BookingState.CONFIRMED,
    sent_back: BookingState.CANCELLED,
    linked: BookingState.AWAITING_SCHEDULING,
    chosen: BookingState.CONFIRMED,
}
#: How many calls each scenario makes when nobody disturbs it: mails included, and the question
#: with which a worker begins, what could not be delivered.
CALLS = {
    paid: 12,
    cancelled: 17,
    released: 6,
    goodwill: 17,
    sent_back: 20,
    linked: 8,
    chosen: 12,
}


def _check(scene: Scene, play: Callable[[Scene], Booking], kill_at: tuple[int, str] | None) -> None:
    booking = play(scene)
    scene.kill_at = kill_at
    scene.run(booking)
    assert scene.kill_at is None, "the worker was never killed"
    if kill_at is None:
        assert len(scene.calls) == CALLS[play]
    state, status, intents, refunds, sessions, told = scene.outcome(booking)
    assert scene.stand_in.bank.violations == []
    assert state is EXPECTED[play]
    assert sessions == ["complete"]
    match play.__name__:
        case "paid":
            assert (status, intents, refunds) == ("PAID", [("succeeded", 4_900)], [])
            assert told == [("bo@example.org", "Booked"), ("robin@example.org", "Booked")]
        case "cancelled":
            assert (status, intents, refunds) == ("REFUNDED", [("succeeded", 4_900)], [2_450])
            assert {subject for _, subject in told} >= {"Cancelled", "Refund"}
            assert len(told) == len(set(told))
        case "released":
            assert (status, intents, refunds) == ("VOIDED", [("canceled", 0)], [])
            assert told == []
        case "goodwill":
            assert (status, intents, refunds) == ("REFUNDED", [("succeeded", 4_900)], [1_000])
            assert told == [(CLIENT, "Booked"), (CLIENT, "Refund"), (BUILDER, "Booked")]
        case "sent_back":
            assert (status, intents) == ("REFUND_DUE", [("succeeded", 4_900)])
            assert refunds == [1_000, 3_900]
            client = ["Cancelled", "Refund", "Refund", "Refund not taken"]
            builder = ["Cancelled", "Refund not taken"]
            assert told == [*((CLIENT, it) for it in client), *((BUILDER, it) for it in builder)]
        case "linked":
            assert (status, intents, refunds) == ("PAID", [("succeeded", 4_900)], [])
            assert told == [(CLIENT, "One step left")]
        case "chosen":
            assert (status, intents, refunds) == ("PAID", [("succeeded", 4_900)], [])
            assert told == [(CLIENT, "Booked"), (BUILDER, "Booked")]


@pytest.mark.parametrize("kill_at", [None, (2, "after"), (4, "before"), (4, "after")])
def test_a_refund_survives_its_worker(scene: Scene, kill_at: tuple[int, str] | None) -> None:
    _check(scene, cancelled, kill_at)


@pytest.mark.killpoints
@pytest.mark.parametrize("play", [each for each in CALLS if each is not cancelled])
def test_the_calls_of_an_undisturbed_worker_are_known(
    scene: Scene, play: Callable[[Scene], Booking]
) -> None:
    _check(scene, play, None)


@pytest.mark.killpoints
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("play", "number"), [(play, n + 1) for play, calls in CALLS.items() for n in range(calls)]
)
def test_the_end_is_the_same_wherever_the_worker_is_killed(
    scene: Scene, play: Callable[[Scene], Booking], number: int, when: str
) -> None:
    _check(scene, play, (number, when))
