"""A Calendly for tests and for trying things out: HTTP on this machine, with books of its own.

By hand: `python -m tests.simulators.calendly --port 12112` starts one with a host, two event types
and a token, says where they are, and delivers webhooks by itself. Open the scheduling URL that it
prints in a browser to book as a guest; talk to the API with the token that it prints:

    curl -H "Authorization: Bearer $TOKEN" http://127.0.0.1:12112/users/me

In a test:

    with CalendlyServer() as calendly:
        sim = calendly.sim
        sim.clock.freeze(datetime(2026, 11, 2, 8, tzinfo=UTC))
        host = sim.user("Ana Host")
        intro = sim.event_type(host, "Intro call")
        token = sim.token(host)
        sim.faults.order("POST /invitees", Fault.DROP_AFTER)
        sim.courier.arrange("invitee.created", Fate.TWICE)
        ...  # talk to calendly.url
        sim.clock.advance(timedelta(hours=25))
        sim.deliver()
        assert [each.status for each in sim.events()] == ["active"]

URIs name https://api.calendly.com as the real ones do; pages for people stand under
`<url>/calendly.com`, the token endpoint is `<url>/oauth/token`. What Calendly is not known to do
is decided by `sim.switches`.
"""

from tests.simulators.calendly.courier import Attempt, Fate
from tests.simulators.calendly.faults import Fault
from tests.simulators.calendly.records import Event, EventType, Invitee, Place, Question, User
from tests.simulators.calendly.refusals import Refused
from tests.simulators.calendly.server import CalendlyServer
from tests.simulators.calendly.signing import signature
from tests.simulators.calendly.simulator import Simulator

__all__ = [
    "Attempt",
    "CalendlyServer",
    "Event",
    "EventType",
    "Fate",
    "Fault",
    "Invitee",
    "Place",
    "Question",
    "Refused",
    "Simulator",
    "User",
    "signature",
]
