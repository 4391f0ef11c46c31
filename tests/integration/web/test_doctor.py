"""What doctor finds, and that asking whether the service is ready does not wear a provider out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from booking_core import BookingCounts, Health, Stock
from entrypoints import doctor
from entrypoints.container import Application
from entrypoints.doctor import Finding, Readiness, findings


def finding(application: Application, name: str) -> Finding:
    (found,) = (each for each in findings(application) if each.name == name)
    return found


class Provider:
    """Counts how often it is asked."""

    def __init__(self, ok: bool = True) -> None:
        self.asked, self.ok = 0, ok

    def health(self) -> Health:
        self.asked += 1
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
        ({"dead_jobs": 1}, "1 were given up", "jobs"),
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
