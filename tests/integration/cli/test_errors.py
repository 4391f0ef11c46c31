"""Errors: one paragraph or one JSON document on stderr, and the exit code that says which."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.sql import open_engine, upgrade
from entrypoints.cli.main import cli
from tests.integration.cli.conftest import PRODUCTION, Command


def test_without_a_command_the_help_is_shown(booking: Command) -> None:
    assert "Bookings:" in booking(code=2).stderr
    assert "Exit codes:" in booking("--help").stdout


def test_every_command_has_help_and_knows_json(booking: Command) -> None:
    for name in booking("--help").stdout.split("Bookings:")[1].splitlines():
        if name.startswith("  "):
            assert "--json" in booking(name.split()[0], "--help").stdout


def test_json_may_stand_anywhere_on_the_line(run: Command) -> None:
    for line in (("--json", "builders"), ("builders", "--json")):
        assert json.loads(run(*line).stdout)["builders"]


def test_wrong_usage_is_told_in_json_too(booking: Command) -> None:
    for line in (["slots", "--json"], ["--json", "nothing"], ["--nonsense", "--json"]):
        result = booking(*line, code=2)
        assert json.loads(result.stderr)["code"] == "wrong_usage"
        assert result.stdout == ""
    assert "Usage: booking slots" in booking("slots", code=2).stderr


def test_an_error_leaves_stdout_empty(run: Command) -> None:
    result = run("show", "nothing", "--json", code=66)
    assert result.stdout == ""
    assert json.loads(result.stderr) == {
        "success": False,
        "code": "not_found",
        "title": "Not found",
        "error": "There is no such booking.",
    }


def test_a_wrong_setting_is_named(booking: Command, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PORT", "eighty")
    assert booking("builders", code=78).stderr.startswith("PORT: ")
    answer = booking.json("settings", code=78)
    assert (answer["code"], answer["setting"]) == ("bad_settings", "PORT")


def test_production_refuses_the_development_secret(
    booking: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("BOOKING_ENV", "production")
    assert "SECRET_KEY" in booking("builders", code=78).stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUBLIC_URL", ""),
        ("PUBLIC_URL", "http://book.example.org"),
        ("BOOKING_MAILER", ""),
        ("BOOKING_MAILER", "console"),
        ("BOOKING_MAILER", "memory"),
        ("BOOKING_PAYMENTS", ""),
        ("BOOKING_PAYMENTS", "memory"),
        ("BOOKING_CALENDAR", "memory"),
        ("DATABASE_URL", "memory://"),
    ],
)
def test_production_refuses_what_is_for_trying_out(
    booking: Command, environment: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for needed in PRODUCTION.items():
        environment.setenv(*needed)
    booking("migrate")
    environment.setenv(name, value)
    assert booking.json("builders", code=78)["setting"] == name


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////proc/booking/x.db", "directory"),
        ("postgresql://ada:s3cret@127.0.0.1/x?foo=bar", '"foo"'),
        (f"postgresql://ada:s3cret@127.0.0.1/x?schema={'s' * 50}", "49"),
        ("mysql://ada:s3cret@127.0.0.1/x", "mysql"),
    ],
)
@pytest.mark.parametrize("command", ["builders", "migrate", "doctor", "serve"])
def test_a_database_url_that_cannot_be_used_is_a_wrong_setting(
    booking: Command, environment: pytest.MonkeyPatch, url: str, said: str, command: str
) -> None:
    environment.setenv("DATABASE_URL", url)
    answer = booking.json(command, code=78)
    assert answer["setting"] == "DATABASE_URL"
    assert said in answer["error"]
    assert "s3cret" not in answer["error"]


def not_a_database(path: Path) -> None:
    path.write_text("These are not the bytes that you are looking for. " * 100)


def a_directory(path: Path) -> None:
    path.mkdir()


def of_a_newer_version(path: Path) -> None:
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0099'"))
    engine.dispose()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (not_a_database, "no SQLite database"),
        (a_directory, "cannot be opened"),
        (of_a_newer_version, "0099"),
    ],
)
def test_a_database_that_is_not_as_expected_says_what_to_do(
    booking: Command, tmp_path: Path, made: Callable[[Path], None], said: str
) -> None:
    made(tmp_path / "booking.db")
    for line in (["migrate"], ["migrate", "--down", "--yes"], ["serve"]):
        answer = booking.json(*line, code=78)
        assert said in answer["error"], line
        assert "DATABASE_URL" in answer["error"], line
    [database] = [
        each for each in booking.json("doctor", code=1)["findings"] if each["name"] == "database"
    ]
    assert said in database["detail"]
    assert "DATABASE_URL" in database["detail"] + database["advice"]


def test_a_database_without_tables_says_what_to_do(booking: Command) -> None:
    assert "`booking migrate`" in booking("builders", code=78).stderr
    assert booking.json("slots", "ada/intro", code=78)["code"] == "not_migrated"


def test_a_database_that_does_not_answer_may_answer_later(
    booking: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:9/nothing")
    told = booking("builders", code=75).stderr
    assert "database" in told
    assert "`booking doctor`" in told
    found = booking("doctor", code=1).stdout
    assert "Connection refused" in " ".join(found.split())
    assert "secret" not in told + found


def test_a_store_in_memory_starts_with_the_starter_catalogue(
    booking: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DATABASE_URL", "memory://")
    assert booking.json("session-types", "--as", "anonymous")["sessionTypes"]


def test_a_bug_ends_with_70_and_says_where(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("entrypoints.views.builder", broken)
    result = run.runner.invoke(cli, ["builders"])
    assert result.exit_code == 70
    assert "ZeroDivisionError" in result.stderr


def test_ctrl_c_ends_quietly(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("entrypoints.views.builder", interrupted)
    result = run("builders", code=130)
    assert (result.stdout, result.stderr) == ("", "")


def test_no_colours_reach_what_is_no_terminal(run: Command) -> None:
    assert "\x1b" not in run("explain-visibility", "ada/intro", "--as", "system").stdout
