"""What is counted, as Prometheus reads it, and who may read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve
from flask.testing import FlaskClient

from booking_core import Actor, Health, ProviderFailed, Role, Scope
from entrypoints import measured as measuring
from entrypoints.container import Application, assemble
from entrypoints.metrics import Metrics
from entrypoints.settings import Settings
from tests.integration.web.conftest import BOOKINGS, Caller


def number(caller: Caller, metric: str) -> float:
    """The value of one line, 0 where there is none."""
    answer = caller("GET", "/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    found = re.findall(rf"^{re.escape(metric)} (\S+)$", answer.text, re.MULTILINE)
    return float(found[0]) if found else 0.0


def answered(route: str, method: str, status: int) -> str:
    labels = f'method="{method}",route="{route}",status="{status}"'
    return f"booking_request_seconds_count{{{labels}}}"


def test_requests_are_counted_by_the_rule_of_their_route(ana: Caller) -> None:
    booking = ana.book()
    for _ in range(2):
        ana.json("GET", f"{BOOKINGS}/{booking['id']}")
    ana("GET", f"{BOOKINGS}/nothing")
    ana("GET", "/nothing/of/ours")
    ana("INVENTED", "/healthz")
    rule = f"{BOOKINGS}/<id>"
    assert number(ana, answered(rule, "GET", 200)) == 2
    assert number(ana, answered(rule, "GET", 404)) == 1
    assert number(ana, answered("none", "GET", 404)) == 1
    assert number(ana, answered("none", "other", 405)) == 1
    told = ana("GET", "/metrics").text
    assert booking["id"] not in told
    assert "of/ours" not in told
    assert "INVENTED" not in told


def test_bookings_holds_and_jobs_are_counted_as_they_are(
    ana: Caller, application: Application
) -> None:
    assert number(ana, 'booking_bookings{state="CONFIRMED"}') == 0
    ana.book()
    ana.json("POST", f"{BOOKINGS}/initialize", 201, json={"sessionTypeId": "getting-started"})
    assert number(ana, 'booking_bookings{state="CONFIRMED"}') == 1
    assert number(ana, 'booking_bookings{state="AWAITING_SCHEDULING"}') == 1
    assert number(ana, "booking_open_holds") == 1
    waiting = number(ana, "booking_jobs_waiting")
    assert waiting > 0
    assert number(ana, "booking_job_lag_seconds") > 0
    while application.core.work_outbox():
        pass
    assert number(ana, "booking_jobs_waiting") < waiting
    assert number(ana, "booking_job_lag_seconds") == 0
    assert number(ana, "booking_jobs_dead") == 0


def test_refused_slots_are_counted_by_reason(ana: Caller, anyone: Caller) -> None:
    wish = ana.wish()
    ana.json("POST", f"{BOOKINGS}/confirm", 201, json=wish)
    anyone.refused(409, "slot_unavailable", "POST", f"{BOOKINGS}/confirm", json=wish)
    assert number(ana, 'booking_slots_refused_total{reason="busy"}') == 1


def test_mails_that_were_sent_and_that_failed_are_counted(
    ana: Caller, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ProviderFailed("no", retryable=False)

    def mails(outcome: str) -> float:
        labels = f'method="send",outcome="{outcome}",port="mailer"'
        return number(ana, f"booking_provider_calls_total{{{labels}}}")

    ana.book()
    while application.core.work_outbox():
        pass
    sent = mails("ok")
    assert sent > 0
    monkeypatch.setattr(type(application.mailer), "send", fail)
    ana.book(timeSlot=ana.wish(place=1)["timeSlot"])
    while application.core.work_outbox():
        pass
    assert mails("ok") == sent
    assert mails("failed") > 0
    assert number(ana, "booking_jobs_dead") == mails("failed")
    timed = 'booking_provider_seconds_count{method="send",port="mailer"}'
    assert number(ana, timed) == mails("ok") + mails("failed")


def test_what_a_provider_refuses_is_no_failure_of_the_provider() -> None:
    class Gateway:
        on_site = False

        def health(self) -> Health:
            return Health(True)

        def standing(self) -> None:
            raise ProviderFailed("down")

        def fault(self) -> None:
            raise ZeroDivisionError

    class Counted(Metrics):
        def __init__(self) -> None:
            self.seen: list[tuple[str, str, str]] = []

        def provider(self, port: str, method: str, *, outcome: str, seconds: float) -> None:
            assert seconds >= 0
            self.seen.append((port, method, outcome))

    metrics = Counted()
    gateway = measuring.measured(Gateway(), "payments", metrics)
    assert gateway.on_site is False
    assert gateway.health().ok
    for call, error in ((gateway.standing, ProviderFailed), (gateway.fault, ZeroDivisionError)):
        with pytest.raises(error):
            call()
    assert metrics.seen == [
        ("payments", "health", "ok"),
        ("payments", "standing", "failed"),
        ("payments", "fault", "failed"),
    ]


# ---- who may read it ---------------------------------------------------------------------------


@pytest.fixture
def in_production(tmp_path: Path) -> Iterator[Application]:
    settings = {
        "BOOKING_ENV": "production",
        "DATABASE_URL": f"sqlite:///{tmp_path}/booking.db",
        "SECRET_KEY": "k" * 32,
        "PUBLIC_URL": "https://book.example.org",
        "BOOKING_PAYMENTS": "on_site",
        "BOOKING_MAILER": "smtp",
        "SMTP_URL": "smtp://127.0.0.1:9",
        "MAIL_FROM": "book@example.org",
    }
    application = assemble(Settings.load(settings))
    application.schema.upgrade()
    yield application
    application.close()


def test_in_production_metrics_are_for_operators_alone(in_production: Application) -> None:
    client: FlaskClient = in_production.web_app().test_client()

    def asked_by(role: Role) -> Caller:
        return Caller(client, f"Bearer {in_production.mint(role=role, id='one')}")

    Caller(client).refused(401, "sign_in_required", "GET", "/metrics")
    Caller(client, "Bearer nonsense").refused(401, "invalid_credentials", "GET", "/metrics")
    for role in (Role.CLIENT, Role.BUILDER):
        asked_by(role).refused(404, "not_found", "GET", "/metrics")
    assert asked_by(Role.ADMIN)("GET", "/metrics").status_code == 200


@pytest.mark.parametrize(
    ("scopes", "status"), [({Scope.OPERATIONS}, 200), ({Scope.READ, Scope.BOOKINGS}, 403)]
)
def test_a_key_needs_the_scope_of_operations(
    in_production: Application, scopes: set[Scope], status: int
) -> None:
    class OneKey:
        def of_bearer(self, *, token: str) -> Actor:
            return evolve(Actor.admin("key"), scopes=frozenset(scopes))

    client: FlaskClient = evolve(in_production, identity=OneKey()).web_app().test_client()
    assert Caller(client, "Bearer bk_key")("GET", "/metrics").status_code == status


def test_notices_that_prove_nothing_are_counted(ana: Caller) -> None:
    refused = 'booking_notices_refused_total{port="payments"}'
    before = number(ana, refused)
    ana("POST", "/api/webhooks/stripe", data=b"{}")
    assert number(ana, refused) == before + 1
