from typing import Any

import pytest

from booking_core import Role
from entrypoints.cli import operations
from entrypoints.cli.operations import _masked
from entrypoints.container import Application
from tests.integration.cli.conftest import Command


def test_migrating_makes_the_tables_once(booking: Command) -> None:
    assert "is ready" in booking("migrate").stdout
    assert "up to date" in booking("migrate").stdout
    assert booking.json("migrate") == {"migrated": False}
    booking("builders")


def test_migrating_down_takes_the_tables_away(run: Command) -> None:
    assert "gone" in run("migrate", "--down", "--yes").stdout
    run("builders", code=78)
    assert run.json("migrate") == {"migrated": True}
    assert run.json("migrate", "--down", "--yes") == {"migrated": True}


def test_there_is_nothing_to_migrate_in_memory(
    booking: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("DATABASE_URL", "memory://")
    assert "nothing to migrate" in booking("migrate").stdout


def test_the_starter_catalogue_is_added_once(booking: Command) -> None:
    booking("migrate")
    assert "no builders yet" in booking("builders").stdout
    assert "Added" in booking("seed").stdout
    assert "there already" in booking("seed").stdout
    assert booking.json("seed") == {"added": 0}
    assert booking.json("builders")["builders"]


def test_every_setting_is_listed_with_its_meaning(run: Command) -> None:
    shown = run("settings").stdout
    assert "DATABASE_URL" in shown
    assert "the port to listen on" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
    by_name = {each["name"]: each for each in run.json("settings")["settings"]}
    assert by_name["PORT"] | {"meaning": ""} == {
        "name": "PORT", "value": 8000, "default": 8000, "meaning": "", "secret": False,
    }  # fmt: skip


def test_secrets_are_not_shown(run: Command, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SECRET_KEY", "s3cret-" * 8)
    for result in (run("settings"), run("settings", "--json")):
        assert "s3cret" not in result.stdout
        assert "set, not shown" in result.stdout


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("postgresql://ada:pw@db:5432/x?password=pw", "postgresql://***@db:5432/x?***"),
        ("postgresql://db/x", "postgresql://db/x"),
        ("sqlite:///var/booking.db", "sqlite:///var/booking.db"),
        ("other", "set, not shown"),
    ],
)
def test_an_address_is_shown_without_its_secrets(value: str, shown: str) -> None:
    assert _masked(value, "default") == shown


def test_doctor_presents_what_was_found(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    class Finding:
        def __init__(self, ok: bool) -> None:
            self.name, self.ok, self.detail, self.advice = "mail", ok, "is checked", "Do this."

    def found(ok: bool) -> Any:
        return lambda _: [Finding(ok)]

    monkeypatch.setattr(operations, "findings", found(True))
    assert "✓  mail" in run("doctor").stdout
    assert run.json("doctor")["ok"] is True
    monkeypatch.setattr(operations, "findings", found(False))
    told = run("doctor", code=1).stdout
    assert "✗  mail" in told
    assert "Do this." in told
    assert run.json("doctor", code=1)["findings"] == [
        {"name": "mail", "ok": False, "detail": "is checked", "advice": "Do this."}
    ]


def test_doctor_looks_at_the_real_thing(run: Command) -> None:
    answer = run.json("doctor")
    assert answer["ok"] is True
    assert {"name", "ok", "detail", "advice"} == set(answer["findings"][0])


def finding(answer: Any, name: str) -> Any:
    (found,) = (each for each in answer["findings"] if each["name"] == name)
    return found


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "book.internal"])
def test_doctor_finds_the_published_secret_where_others_reach_the_service(
    run: Command, environment: pytest.MonkeyPatch, host: str
) -> None:
    environment.setenv("HOST", host)
    found = finding(run.json("doctor", code=1), "settings")
    assert not found["ok"]
    assert "SECRET_KEY" in found["advice"]
    environment.setenv("SECRET_KEY", "k" * 32)
    assert finding(run.json("doctor"), "settings")["ok"]


def test_doctor_asks_the_mail_server(run: Command, environment: pytest.MonkeyPatch) -> None:
    assert finding(run.json("doctor"), "mail")["ok"]
    environment.setenv("BOOKING_MAILER", "smtp")
    environment.setenv("SMTP_URL", "smtp://127.0.0.1:9")
    environment.setenv("MAIL_FROM", "book@example.org")
    found = finding(run.json("doctor", code=1), "mail")
    assert not found["ok"]
    assert "SMTP_URL" in found["advice"]


def test_the_settings_of_adapters_are_listed_without_their_secrets(
    run: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("SMTP_URL", "smtp://ada:s3cret@mail.example.org:587")
    environment.setenv("STRIPE_SECRET_KEY", "sk_test_s3cret")
    environment.setenv("MAIL_FROM", "book@example.org")
    environment.setenv("CALENDLY_API_KEY", "pat-s3cret")
    environment.setenv("CALENDLY_API_BASE_URL", "http://127.0.0.1:12112")
    shown = {each["name"]: each["value"] for each in run.json("settings")["settings"]}
    assert shown["SMTP_URL"] == "smtp://***@mail.example.org:587"
    assert shown["MAIL_FROM"] == "book@example.org"
    assert shown["STRIPE_SECRET_KEY"] == "set, not shown"
    assert shown["STRIPE_WEBHOOK_SECRET"] == "not set"
    assert shown["CALENDLY_API_KEY"] == "set, not shown"
    assert shown["CALENDLY_API_BASE_URL"] == "http://127.0.0.1:12112"
    assert "s3cret" not in run("settings").stdout


def test_a_token_proves_who_it_was_made_for(run: Command, service: Application) -> None:
    def actor(*args: str) -> Any:
        return service.identity.of_bearer(token=run("token", *args).stdout.strip())

    assert actor("--as", "admin").role is Role.ADMIN
    client = actor("--as", "client", "--id", "c1", "--name", "Bo", "--email", "bo@example.org")
    assert (client.role, client.id, client.contact.email) == (Role.CLIENT, "c1", "bo@example.org")
    ada = run.json("builders")["builders"][0]["id"]
    assert actor("--as", "builder", "--id", "ada").id == ada


def test_a_token_is_one_line_and_json_gives_more(run: Command) -> None:
    assert len(run("token", "--as", "admin").stdout.splitlines()) == 1
    answer = run.json("token", "--as", "client", "--id", "c1")
    assert (answer["role"], answer["id"]) == ("client", "c1")


def test_a_token_for_nobody_in_particular_is_wrong_usage(run: Command) -> None:
    run("token", code=2)
    run("token", "--as", "builder", code=2)
    run("token", "--as", "builder", "--id", "nobody", code=66)
    run("token", "--as", "client", "--email", "nothing", code=65)


def test_tables_are_not_dropped_unless_it_is_meant(run: Command) -> None:
    assert "--yes" in run("migrate", "--down", code=2, input="n\n").stderr
    assert run.json("builders")["builders"]


def test_two_clients_are_never_one_and_the_same(run: Command) -> None:
    run("token", "--as", "client", "--name", "Ana", code=2)
    ana = run.json("token", "--as", "client", "--email", "ana@example.org")
    same = run.json("token", "--as", "client", "--email", "Ana@example.org")
    bo = run.json("token", "--as", "client", "--email", "bo@example.org")
    assert ana["id"] == same["id"] != bo["id"]
    assert "ana" not in ana["id"]


def test_the_service_that_is_tried_is_the_one_of_the_settings(
    run: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("PUBLIC_URL", "http://127.0.0.1:9")
    assert run.json("check-flow", code=69)["url"] == "http://127.0.0.1:9"
