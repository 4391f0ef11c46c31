"""The worker is killed with -9 around every call to Calendly, and another one goes on.

The end is the same as without: one event where the booking stands, none where it does not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from booking_core import Actor, Booking, BookingState, CalendarRef, Contact, Slot, TimeWindow
from entrypoints.container import assemble
from entrypoints.settings import Settings
from tests.integration.test_kill_points import ROOT, Mails, Scene
from tests.simulators.calendly import CalendlyServer, Fault, Simulator
from tests.simulators.stripe import StandIn

pytestmark = pytest.mark.storm

SYSTEM = Actor.system()


@pytest.fixture(params=["sqlite", "postgresql"])
def street(
    request: pytest.FixtureRequest, tmp_path: Path, socket_enabled: None
) -> Iterator[tuple[Scene, Simulator]]:
    url = request.getfixturevalue(f"migrated_{request.param}").replace("+psycopg", "")
    with CalendlyServer() as calendly, StandIn() as nobody_pays:
        sim = calendly.sim
        sim.limits.on = False
        host = sim.user("Ana Host", timezone="UTC")
        advice = sim.event_type(host, "Advice", duration=30, increment=30)
        settings = {
            "DATABASE_URL": url,
            "BOOKING_CALENDAR": "calendly",
            "CALENDLY_API_KEY": sim.token(host),
            "CALENDLY_API_BASE_URL": calendly.url,
            "BOOKING_MAILER": "memory",
            "LOG_LEVEL": "ERROR",
        }
        application = assemble(Settings.load(settings))
        application.schema.upgrade()
        application.seed()
        application.core.change_session_type(
            session_type_id="getting-started",
            changes={
                "calendar_ref": CalendarRef(advice.id, advice.uri),
                "duration": timedelta(minutes=30),
                "minimum_notice": timedelta(0),
            },
            actor=SYSTEM,
        )
        application.core.refresh_openings()  # so that the worker need not ask for them
        environment = {**os.environ, **settings, "PYTHONPATH": str(ROOT / "src")}
        scene = Scene(application, nobody_pays, Mails(), environment)
        sim.watch = scene.watch
        try:
            yield scene, sim
        finally:
            scene.kill()
            application.close()


# ---- what is still to be done when the worker starts ----------------------------------------------


def _slots(scene: Scene) -> list[Slot]:
    first = datetime.now(UTC) + timedelta(days=3)
    found = scene.application.core.find_slots(
        session_type_id="getting-started",
        window=TimeWindow(first, first + timedelta(days=7)),
        actor=SYSTEM,
    )
    return [each.slot for each in found.slots]


def _confirm(scene: Scene) -> Booking:
    return scene.application.core.confirm_booking(
        session_type_id="getting-started",
        slot=_slots(scene)[0],
        contact=Contact("Bo", "bo@example.org", "UTC"),
        actor=Actor.anonymous(),
    )


def booked(scene: Scene, sim: Simulator) -> Booking:
    """Calendly did not answer when the client confirmed."""
    sim.faults.order("POST /invitees", Fault.DROP_BEFORE)
    booking = _confirm(scene)
    assert booking.state is BookingState.CONFIRMING
    return booking


def moved(scene: Scene, sim: Simulator) -> Booking:
    """It did not answer when the client chose another time."""
    booking = _confirm(scene)
    sim.faults.order("POST /invitees", Fault.DROP_BEFORE)
    booking = scene.application.core.reschedule_booking(
        booking_id=booking.id, slot=_slots(scene)[4], actor=SYSTEM
    )
    assert booking.pending_slot is not None
    return booking


def cancelled(scene: Scene, sim: Simulator) -> Booking:
    booking = _confirm(scene)
    return scene.application.core.cancel_booking(booking_id=booking.id, actor=SYSTEM)


ENDS = {
    booked: BookingState.CONFIRMED,
    moved: BookingState.CONFIRMED,
    cancelled: BookingState.CANCELLED,
}
#: How many calls the worker makes for each when nobody disturbs it.
CALLS = {booked: 9, moved: 15, cancelled: 9}
Play = Callable[[Scene, Simulator], Booking]
Street = tuple[Scene, Simulator]


def _check(street: Street, play: Play, kill_at: tuple[int, str] | None) -> None:
    scene, sim = street
    booking = play(scene, sim)
    scene.kill_at = kill_at
    scene.run(booking)
    assert scene.kill_at is None, "the worker was never killed"
    if kill_at is None:
        assert len(scene.calls) == CALLS[play]
    now = scene.application.core.show_booking(booking_id=booking.id, actor=SYSTEM)
    assert (now.state, now.pending_slot) == (ENDS[play], None)
    standing = [event.start for event in sim.events("active")]
    assert standing == [slot.start for slot in now.expected_slots()]
    assert len(sim.invitees(tracked=booking.tag)) == (2 if play is moved else 1)


@pytest.mark.parametrize("kill_at", [None, (6, "after")])
def test_a_move_survives_its_worker(street: Street, kill_at: tuple[int, str] | None) -> None:
    _check(street, moved, kill_at)


@pytest.mark.killpoints
@pytest.mark.parametrize("play", [booked, cancelled])
def test_the_calls_of_an_undisturbed_worker_are_known(street: Street, play: Play) -> None:
    _check(street, play, None)


@pytest.mark.killpoints
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(
    ("play", "number"), [(play, n + 1) for play, calls in CALLS.items() for n in range(calls)]
)
def test_there_is_one_event_for_one_session_wherever_the_worker_is_killed(
    street: Street, play: Play, number: int, when: str
) -> None:
    _check(street, play, (number, when))
