from typing import Any

import pytest

from booking_core import Role
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

    monkeypatch.setattr(Application, "findings", found(True))
    assert "✓  mail" in run("doctor").stdout
    assert run.json("doctor")["ok"] is True
    monkeypatch.setattr(Application, "findings", found(False))
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
    assert ana["id"] == "ana@example.org"


def test_the_service_that_is_tried_is_the_one_of_the_settings(
    run: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("PUBLIC_URL", "http://127.0.0.1:9")
    assert run.json("check-flow", code=69)["url"] == "http://127.0.0.1:9"
