"""`booking jobs`: what was given up, and trying it again. `booking catch-up`."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from booking_core import BookingId, Job, ProviderFailed, Topic
from entrypoints.container import Application
from tests.integration.cli.conftest import WHO, Command


@pytest.fixture
def dead(service: Application) -> str:
    """A job that was given up."""
    job = Job(
        topic=Topic.SEND_MAIL,
        booking_id=BookingId("bkg_1"),
        key="k",
        subject="booked|client",
        due_at=datetime(2026, 1, 1, tzinfo=UTC),
    )

    def refuse(_: Job) -> None:
        raise ProviderFailed("the mail server knows no such address", retryable=False)

    with service.schema() as uow:
        uow.outbox.put(job)
        uow.commit()
    service.core.jobs.work(refuse)
    return service.core.jobs.dead()[0].id


def test_a_dead_job_is_listed_with_its_reason(booking: Command, dead: str) -> None:
    told = booking("jobs").stdout
    assert "0 jobs to do or under way, 1 given up." in told
    assert "booked to client" in told
    assert "no such address" in told
    [listed] = booking.json("jobs")["dead"]
    assert (listed["id"], listed["bookingId"], listed["attempts"]) == (dead, "bkg_1", 1)
    assert "0 jobs to do, 1 given up" in booking("doctor", code=1).stdout


def test_what_waits_is_listed_with_its_time_and_its_last_error(
    run: Command, service: Application, soon: Callable[..., str]
) -> None:
    booked = run.json("book", "ada/intro", soon("10:00"), *WHO)["booking"]

    def refuse(_: Job) -> None:
        raise ProviderFailed("the mail server is busy")

    service.core.jobs.work(refuse, limit=1)
    answer = run.json("jobs")
    assert answer["waiting"] == len(answer["jobs"]) > 2
    assert {job["bookingId"] for job in answer["jobs"]} == {booked["id"]}
    [failed] = [job for job in answer["jobs"] if job["error"]]
    assert (failed["topic"], failed["attempts"], failed["begun"]) == ("send mail", 1, False)
    assert failed["error"] == "the mail server is busy"
    dues = [job["dueAt"] for job in answer["jobs"]]
    assert dues == sorted(dues)
    told = run("jobs").stdout
    assert "tried 1×, the mail server is busy" in told
    assert "reminder to client" in told
    assert booked["id"] in told
    for private in ("Bo Diddley", "bo@example.org"):
        assert private not in told + json.dumps(answer)


def test_of_very_many_jobs_the_next_ones_are_listed(booking: Command, service: Application) -> None:
    with service.schema() as uow:
        for number in range(102):
            due_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
            uow.outbox.put(
                Job(
                    topic=Topic.SETTLE_MONEY,
                    booking_id=BookingId(f"bkg_{number}"),
                    key=f"key_{number}",
                    due_at=due_at,
                )
            )
        uow.commit()
    told = booking("jobs").stdout
    assert "… and 2 more, due later." in told
    assert "102 jobs to do or under way, none given up" in told
    assert "2026-01-05 03:00Z" in told
    assert "bkg_100" not in told


@pytest.mark.parametrize("which", ["it", "--all"])
def test_a_dead_job_can_be_restarted(booking: Command, dead: str, which: str) -> None:
    assert booking.json("jobs", "restart", dead if which == "it" else which) == {"restarted": 1}
    left = booking.json("jobs")
    assert (left["waiting"], left["dead"]) == (1, [])


def test_a_dead_job_can_be_forgotten(booking: Command, dead: str) -> None:
    assert booking.json("jobs", "discard", dead) == {"discarded": 1}
    assert booking.json("jobs") == {"waiting": 0, "jobs": [], "dead": []}


@pytest.mark.parametrize("command", ["restart", "discard"])
def test_a_job_that_was_not_given_up_is_not_found(
    booking: Command, service: Application, command: str
) -> None:
    assert "see `booking jobs`" in booking("jobs", command, "7", code=66).stdout


def test_one_says_which_job_or_all(booking: Command, dead: str) -> None:
    booking("jobs", "restart", code=2)
    booking("jobs", "restart", dead, "--all", code=2)


def test_payments_that_send_no_notices_have_nothing_to_catch_up_with(
    booking: Command, service: Application, environment: pytest.MonkeyPatch
) -> None:
    assert booking.json("catch-up") == {"found": 0}
    environment.setenv("BOOKING_PAYMENTS", "on_site")
    assert booking.json("catch-up", code=1)["code"] == "payments_unavailable"


def test_a_paid_session_is_kept_until_it_is_paid(run: Command, soon: Callable[..., str]) -> None:
    booked = run.json("book", "ada/deep-dive", soon("10:00"), *WHO)
    assert booked["booking"]["state"] == "AWAITING_PAYMENT"
    assert "/simulated-payments/" in booked["booking"]["checkoutUrl"]
