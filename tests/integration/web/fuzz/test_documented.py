"""Whatever is sent, the service answers as its OpenAPI document says, and never fails.

Rate limits have to be off here: the campaign comes from one address, thousands of times.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from booking_core import Role
from tests.integration.web.fuzz.campaign import Campaign, Report
from tests.integration.web.fuzz.conftest import Service

SHORT = Campaign(phases=("fuzzing",), examples=1, rounds=1)
FULL = Campaign(phases=("examples", "coverage", "fuzzing"), examples=50, rounds=4)
AVAILABLE, BUILDERS = "/api/scheduling/sessions/available", "/api/marketplace/builders"
LIED_ABOUT = (AVAILABLE, BUILDERS, "/healthz", "/readyz")
LIES = Campaign(phases=("fuzzing",), examples=3, rounds=0, paths=LIED_ABOUT, shrinks=False)
ENOUGH = 5_000  # cases, as each role
ROLES = [Role.ANONYMOUS, Role.CLIENT, Role.BUILDER, Role.ADMIN]
#: What cannot be done here: there is no event or account of a provider, and none that posts; only a
#: client who has proved its address claims a booking, and only a client exports what is held of it.
ELSEWHERE = {
    "GET /api/me/export",
    "POST /api/scheduling/bookings/{id}/claim",
    "POST /api/scheduling/bookings/create",
    "POST /api/webhooks/calendly",
    "POST /api/webhooks/stripe",
    "PUT /api/builders/{id}/calendar",
}


def go(campaign: Campaign, service: Service, role: Role) -> Report:
    app = service.application.web_app()
    report = campaign.run(app, service.known(), service.prepared(role))
    assert not report.failures, "\n\n".join(report.failures.values())
    return report


@pytest.mark.parametrize("role", [Role.CLIENT, Role.ADMIN])
def test_some_requests_are_answered_as_documented(service: Service, role: Role) -> None:
    report = go(SHORT, service, role)
    assert set(service.operations()) <= report.tried()


@pytest.mark.fuzz
@pytest.mark.timeout(900)
@pytest.mark.parametrize("role", ROLES)
def test_thousands_of_requests_are_answered_as_documented(
    service: Service, role: Role, record_property: Callable[[str, str], None]
) -> None:
    report = go(FULL, service, role)
    cases, linked = report.cases.total(), report.linked.total()
    record_property("sent", f"{role}: {cases} cases, {dict(report.cases)}, {linked} by links")
    assert linked > 0
    assert cases >= ENOUGH
    if role is Role.ADMIN:  # who may do everything has done everything
        assert set(service.operations()) - report.done() == ELSEWHERE


def test_what_is_not_documented_is_found(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four lies: a status, a content type, a form, and a route that fails."""

    def fail() -> None:
        raise ZeroDivisionError

    app: Any = service.application.web_app()
    builders, slots, health = (
        app.api_doc["paths"][path]["get"]["responses"] for path in (BUILDERS, AVAILABLE, "/healthz")
    )
    builders["204"] = builders.pop("200")
    slots["200"]["content"]["text/csv"] = slots["200"]["content"].pop("application/json")
    health["200"]["content"]["application/json"]["schema"] = {"required": ["nothing"]}
    monkeypatch.setitem(app.view_functions, "operations.readyz", fail)
    report = LIES.run(app, service.known(), service.prepared(Role.ANONYMOUS))
    assert set(report.failures) == {
        (f"GET {BUILDERS}", "status_code_conformance"),
        (f"GET {AVAILABLE}", "content_type_conformance"),
        ("GET /healthz", "response_schema_conformance"),
        ("GET /readyz", "not_a_server_error"),
    }
    assert all("curl -X GET" in each for each in report.failures.values())
