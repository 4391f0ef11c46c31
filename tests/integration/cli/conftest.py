"""A service on SQLite in a directory of its own, and the command run against it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import frozen
from click.testing import CliRunner, Result

from booking_core import Actor, DayRange, Money, Question, QuestionKind, Schedule, SessionType
from entrypoints.cli.main import cli
from entrypoints.container import Application, assemble
from entrypoints.settings import Settings, settings_fields

ZONE = "Europe/Berlin"
WHO = ("--name", "Bo Diddley", "--email", "bo@example.org")
#: What production needs besides a database.
PRODUCTION = {
    "BOOKING_ENV": "production",
    "SECRET_KEY": "k" * 32,
    "PUBLIC_URL": "https://book.example.org",
    "BOOKING_PAYMENTS": "on_site",
    "BOOKING_MAILER": "smtp",
    "SMTP_URL": "smtp://127.0.0.1:9",
    "MAIL_FROM": "book@example.org",
}


@frozen
class Command:
    """Runs `booking` in this process."""

    runner: CliRunner

    def __call__(self, *args: str, code: int = 0, input: str | None = None) -> Result:
        result = self.runner.invoke(cli, args, input=input, prog_name="booking")
        told = f"{result.stdout}{result.stderr}"
        assert result.exit_code == code, f"{args} ended with {result.exit_code}: {told}"
        assert "Traceback" not in told
        return result

    def json(self, *args: str, code: int = 0, input: str | None = None) -> Any:
        """The one JSON document: on stdout for an answer, else on stderr."""
        result = self(*args, "--json", code=code, input=input)
        return json.loads(result.stdout or result.stderr)


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing set but a database and no colours, in an empty directory."""
    for each in settings_fields():
        monkeypatch.delenv(each.metadata["name"], raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path}/booking.db")
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    monkeypatch.setenv("COLUMNS", "80")
    return monkeypatch


@pytest.fixture
def booking(environment: pytest.MonkeyPatch) -> Command:
    """The command, with a database that was never migrated."""
    return Command(CliRunner())


@pytest.fixture
def service(environment: pytest.MonkeyPatch) -> Iterator[Application]:
    """A migrated database with Ada, who is there day and night, and what she offers."""
    application = assemble(Settings.load())
    application.schema.upgrade()
    _fill(application)
    yield application
    application.close()


@pytest.fixture
def run(booking: Command, service: Application) -> Command:
    """The command, with Ada's service."""
    return booking


def _fill(application: Application) -> None:
    core, system = application.core, Actor.system()
    always = {day: (DayRange.parse("00:00", "24:00"),) for day in range(7)}
    ada = core.add_builder(
        name="Ada Byron",
        email="ada@example.org",
        slug="ada",
        headline="Engines and poetry",
        schedule=Schedule(ZONE, always),
        actor=system,
    )

    def add(title: str, **more: Any) -> SessionType:
        return core.add_session_type(builder_id=ada.id, title=title, actor=system, **more)

    add("Intro")
    add("Group", capacity=5, duration=timedelta(hours=1))
    add("Route", category="pathway", pathways=("accelerate",))
    add("Retired", active=False)
    add("Deep dive", category="specialized", price=Money(12_000, "EUR"))
    add(
        "Survey",
        questions=(
            Question("goal", "What is your goal?", required=True),
            Question("sure", "Are you sure?", QuestionKind.BOOLEAN),
            Question(
                "topics", "Which topics?", QuestionKind.MULTIPLE_CHOICE, choices=("a", "b", "c")
            ),
        ),
    )


@pytest.fixture
def soon() -> Callable[..., str]:
    """A time on Ada's clock some days ahead, as it is typed: `soon("10:00")`."""

    def typed(clock: str, days: int = 3) -> str:
        return f"{day_ahead(days)}T{clock}"

    return typed


def day_ahead(days: int = 3) -> date:
    return datetime.now(ZoneInfo(ZONE)).date() + timedelta(days=days)
