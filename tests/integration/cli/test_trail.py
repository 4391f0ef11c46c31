"""`booking timeline`, `booking replay`, `booking trail`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from booking_core import Job, ProviderFailed
from entrypoints.container import Application
from tests.integration.cli.conftest import WHO, Command


@pytest.fixture
def booked(run: Command, soon: Callable[..., str]) -> str:
    booking: str = run.json("book", "ada/intro", soon("10:00"), *WHO)["booking"]["id"]
    return booking


@pytest.fixture
def given_up(service: Application, booked: str) -> str:
    """A booking whose mails were given up."""

    def refuse(_: Job) -> None:
        raise ProviderFailed("the mail server knows no such address", retryable=False)

    service.core.jobs.work(refuse, limit=2)
    return booked


def test_a_timeline_tells_what_happened_in_order(run: Command, booked: str) -> None:
    run("cancel", booked, "--as", "builder:ada")
    shown = run("timeline", booked).stdout
    names = ["BookingHeld", "BookingAccepted", "BookingConfirmed", "BookingCancelled"]
    places = [shown.index(f"event: {name}") for name in names]
    assert places == sorted(places)
    assert "state CANCELLED" in shown
    entries = run.json("timeline", booked)["entries"]
    assert [each["name"] for each in entries] == names
    assert [each["by"].partition(":")[0] for each in entries] == [*["system"] * 3, "builder"]


def test_a_timeline_goes_on_page_by_page(run: Command, booked: str) -> None:
    shown = run("timeline", booked, "--limit", "2").stdout
    assert "There are more: add --after " in shown
    last = shown.strip().rpartition(" ")[2]
    assert "BookingConfirmed" in run("timeline", booked, "--after", last).stdout


def test_a_timeline_is_not_for_the_client(run: Command, booked: str) -> None:
    for line in (["timeline", booked], ["replay", booked]):
        assert run.json(*line, "--as", "anonymous", code=66)["code"] == "not_found"
        assert run.json(*line, "--as", "client:bo", code=66)["code"] == "not_found"


def test_what_was_given_up_is_told_and_replayed(
    run: Command, service: Application, given_up: str
) -> None:
    shown = run("timeline", given_up).stdout
    assert "Given up: 2 jobs" in shown
    assert "Restarted 2 jobs." in run("replay", given_up).stdout
    while service.core.work_outbox():
        pass
    shown = run("timeline", given_up).stdout
    assert "Given up" not in shown
    assert "mail: booked" in shown
    assert run.json("replay", given_up) == {"success": True, "restarted": 0, "settles": []}


def test_the_trail_tells_who_changed_what(run: Command, booked: str) -> None:
    run("builders", "change", "ada", "--headline", "Poetry and engines")
    [entry] = run.json("trail", "--by", "system", "--limit", "1")["entries"]
    assert (entry["name"], entry["detail"]) == ("changed", {"fields": ["headline"]})
    shown = run("trail", "--limit", "1").stdout
    assert "change: changed" in shown
    assert run.json("trail", "--by", "admin:root")["entries"] == []
    assert "fields headline" in shown
    [newest, *_] = run.json("trail", "--subject", f"booking:{booked}")["entries"]
    assert newest["name"] == "BookingConfirmed"
    assert run.json("trail", "--from", "2999-01-01")["entries"] == []
    assert "There is nothing in the trail." in run("trail", "--from", "2999-01-01").stdout


def test_a_subject_that_is_none_is_refused(run: Command) -> None:
    assert run.json("trail", "--subject", "ada", code=65)["code"] == "invalid_request"
    assert run.json("trail", "--as", "anonymous", code=66)["code"] == "not_found"
