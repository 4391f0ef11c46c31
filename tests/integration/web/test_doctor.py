"""What doctor finds, and that asking whether the service is ready does not wear a provider out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from booking_core import Actor, BookingCounts, Health, ProviderFailed, Stock, seconds_left
from entrypoints import doctor
from entrypoints.container import Application
from entrypoints.doctor import Finding, Readiness, findings
from entrypoints.settings import Settings


def finding(application: Application, name: str) -> Finding:
    (found,) = (each for each in findings(application) if each.name == name)
    return found


class Provider:
    """Counts how often it is asked."""

    def __init__(self, ok: bool = True) -> None:
        self.asked, self.ok, self.in_database = 0, ok, True
        self.waited_for: float | None = None

    def health(self) -> Health:
        self.asked += 1
        self.waited_for = seconds_left()
        return Health(self.ok, "it said so")


@pytest.fixture
def provider() -> Provider:
    return Provider()


def with_calendar(application: Application, provider: Any) -> Application:
    return evolve(application, calendar=provider)


def test_the_provider_is_asked_once_by_all_who_ask_within_seconds(
    application: Application, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(doctor, "monotonic", lambda: now)
    readiness = Readiness(with_calendar(application, provider))
    for _ in range(10):
        assert not readiness.missing()
    assert provider.asked == 1
    provider.ok = False
    now += 5
    assert [each.name for each in readiness.missing()] == ["calendar"]
    assert provider.asked == 2


def test_a_probe_waits_for_a_provider_for_seconds_only(
    application: Application, provider: Provider
) -> None:
    Readiness(with_calendar(application, provider)).missing()
    assert provider.waited_for is not None
    assert provider.waited_for < 3
    assert seconds_left() is None, "nobody else is hurried by that"


def test_a_request_has_one_budget_for_all_that_it_waits_for(application: Application) -> None:
    app = application.web_app()
    with app.test_request_context("/healthz"):
        app.preprocess_request()
        assert 5 < (seconds_left() or 0) <= 10
    assert seconds_left() is None


def test_production_is_told_that_nobody_said_how_many_proxies_there_are(
    application: Application,
) -> None:
    said = {"BOOKING_ENV": "production", "SECRET_KEY": "k" * 32, "PUBLIC_URL": "https://b.test"}
    found = doctor._settings(evolve(application, settings=Settings.load(said)))
    assert not found.ok
    assert "TRUSTED_PROXIES" in found.advice
    said |= {"TRUSTED_PROXIES": "0"}
    assert doctor._settings(evolve(application, settings=Settings.load(said))).ok


def test_keys_that_end_with_no_account_are_named(application: Application) -> None:
    new = application.core.add_api_key(name="Nightly", scopes=["read"], actor=Actor.system())
    found = doctor._api_keys(application)
    assert found.ok
    assert f"Nightly ({new.credential.id})" in found.detail
    application.core.revoke_api_key(key_id=new.credential.id, actor=Actor.system())
    assert doctor._api_keys(application).detail == "0 keys can be used"


def test_what_is_missing_is_named_to_whoever_asks(
    application: Application, provider: Provider
) -> None:
    provider.ok = False
    client = with_calendar(application, provider).web_app().test_client()
    for _ in range(3):
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json["missing"]) == (503, ["calendar"])
        assert "it said so" not in answer.text
    assert provider.asked == 1


def test_clocks_that_differ_are_found(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert finding(application, "clock").ok
    for ahead, well in ((timedelta(minutes=1), False), (timedelta(seconds=1), True)):
        theirs = datetime.now(UTC) + ahead
        monkeypatch.setattr(type(application.schema), "clock", lambda _, at=theirs: at)
        found = finding(application, "clock")
        assert found.ok == well
        assert "NTP" in found.advice


@pytest.mark.parametrize(
    ("stock", "says", "advises"),
    [
        ({"dead_jobs": 1}, "3 jobs to do, 1 given up", "jobs"),
        ({"job_lag": timedelta(minutes=42)}, "due for 42 minutes", "worker"),
    ],
)
def test_jobs_that_nobody_does_are_found(
    application: Application, stock: dict[str, Any], says: str, advises: str
) -> None:
    core = application.core
    assert finding(application, "jobs").ok
    counted = {"waiting_jobs": 3, "dead_jobs": 0, "job_lag": timedelta(0)} | stock
    taken = Stock(bookings=BookingCounts({}, 0), **counted)
    ill = evolve(application, core=evolve(core, take_stock=lambda: taken))
    found = finding(ill, "jobs")
    assert not found.ok
    assert says in found.detail
    assert advises in found.advice


# ---- each part, broken ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "advises"),
    [
        ("calendar", "BOOKING_CALENDAR"),
        ("payments", "BOOKING_PAYMENTS"),
        ("mailer", "BOOKING_MAILER"),
        ("proofs", "JWT_JWKS_URL"),
    ],
)
def test_a_provider_that_is_not_well_is_found_and_explained(
    application: Application, provider: Provider, part: str, advises: str
) -> None:
    name = {"mailer": "mail", "proofs": "identity"}.get(part, part)
    assert finding(evolve(application, **{part: provider}), name).ok
    provider.ok = False
    found = finding(evolve(application, **{part: provider}), name)
    assert (found.ok, found.detail) == (False, "it said so")
    assert advises in found.advice


def test_without_an_identity_provider_nothing_is_said_of_one(application: Application) -> None:
    assert "identity" not in {each.name for each in findings(application)}


def test_missing_migrations_are_named_and_what_needs_them_is_not_looked_at(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(application.schema), "pending", lambda _: ["0010_trail"])
    found = finding(application, "database")
    assert not found.ok
    assert "0010_trail" in found.detail
    assert "migrate" in found.advice
    assert not {"clock", "catalogue", "jobs"} & {each.name for each in findings(application)}


def test_a_database_that_does_not_answer_is_found(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: object) -> None:
        raise ProviderFailed("The database does not answer.")

    monkeypatch.setattr(type(application.schema), "pending", down)
    found = finding(application, "database")
    assert not found.ok
    assert "does not answer" in found.detail
    assert "DATABASE_URL" in found.advice


def test_a_service_in_which_nobody_can_be_booked_is_found(application: Application) -> None:
    assert finding(application, "catalogue").ok
    empty = evolve(application, core=evolve(application.core, list_builders=list))
    found = finding(empty, "catalogue")
    assert not found.ok
    assert "seed" in found.advice
