from __future__ import annotations

import pytest
from attrs import frozen

from adapters.calendly import CalendlyCalendars
from booking_core import CalendarEvent, SessionType, Slot
from booking_core.testing.contracts.calendar import CalendarContract
from tests.integration.calendly.conftest import Connect
from tests.integration.calendly.given import offered_as
from tests.simulators.calendly import EventType, Simulator


@frozen
class Client:
    """With the links that Calendly sends to those who booked."""

    sim: Simulator

    def move(self, event: CalendarEvent, slot: Slot) -> None:
        self.sim.reschedule(self.sim.invitee(event.place), slot.start)

    def cancel(self, event: CalendarEvent) -> None:
        self.sim.cancel(self.sim.invitee(event.place), by="invitee")


class TestCalendly(CalendarContract):
    """Against the simulator, whose clock is ours."""

    @pytest.fixture
    def calendar(self, connect: Connect, token: str) -> CalendlyCalendars:
        return connect(token, kind=CalendlyCalendars)

    @pytest.fixture
    def session_type(self, advice: EventType) -> SessionType:
        return offered_as(advice)

    @pytest.fixture
    def provider_side(self, sim: Simulator) -> Client:
        return Client(sim)
