"""`booking export-client`, `booking erase-client`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from booking_core import Proof
from entrypoints.container import Application
from tests.integration.cli.conftest import WHO, Command

BO = WHO[-1]


@pytest.fixture
def booked(run: Command, soon: Callable[..., str]) -> str:
    booking: str = run.json(
        "book", "ada/survey", soon("10:00"), *WHO, "--answer", "goal=To play", "--notes", "Loud"
    )["booking"]["id"]
    return booking


def test_an_export_is_one_document_of_all_that_is_held(
    run: Command, service: Application, booked: str
) -> None:
    service.core.ask_sign_in_link(email=BO)
    shown = run("export-client", BO).stdout
    assert json.loads(shown) == run.json("export-client", BO)
    held = json.loads(shown)
    assert set(held) == {"account", "credentials", "bookings", "mails", "trail", "otherAccounts"}
    (booking,) = held["bookings"]
    assert (booking["id"], booking["contact"]["email"]) == (booked, BO)
    assert (booking["answers"][0]["value"], booking["notes"]) == ("To play", "Loud")
    assert {each["mail"] for each in held["mails"]} == {"booked", "reminder"}
    assert {each["reader"] for each in held["mails"]} == {"client", "builder"}
    assert [each["subject"] for each in held["trail"]] == [f"booking:{booked}"] * 3
    (link,) = held["credentials"]
    assert (link["kind"], link["email"]) == ("sign in link", BO)
    assert not {"digest", "secret"} & set(link)


def test_an_export_goes_to_a_file_that_nobody_else_reads(
    run: Command, booked: str, tmp_path: Path
) -> None:
    out = tmp_path / "bo.json"
    out.write_text("what was there before")
    out.chmod(0o644)
    assert f"Wrote 1 bookings and what belongs to them to {out}." in " ".join(
        run("export-client", BO, "--out", str(out)).stdout.split()
    )
    assert json.loads(out.read_text())["bookings"][0]["id"] == booked
    assert out.stat().st_mode & 0o077 == 0
    assert run.json("export-client", BO, "--out", str(out)) == {"written": str(out), "bookings": 1}
    run("export-client", BO, "--out", str(tmp_path / "no" / "such.json"), code=2)


def test_who_has_a_live_booking_is_not_erased(run: Command, booked: str) -> None:
    refused = run.json("erase-client", BO, "--yes", code=1)
    assert refused["code"] == "client_needed"
    assert booked in refused["reasons"][0]
    told = run("erase-client", BO, "--yes", code=1).stderr
    assert "cancel it, or complete it once it has taken place" in " ".join(told.split())


def test_nobody_is_erased_by_mistake(run: Command, booked: str) -> None:
    assert "--yes" in run("erase-client", BO, code=2).stderr
    assert run.json("export-client", BO)["bookings"][0]["contact"]["email"] == BO
    run("erase-client", "bo@", "--yes", code=65)


def test_who_was_erased_is_found_no_more(run: Command, booked: str) -> None:
    run("cancel", booked)
    assert "and the person in 1 bookings." in run("erase-client", BO, "--yes").stdout
    assert run("erase-client", BO, "--yes").stdout == "Nothing is held about this person.\n"
    shown = run("show", booked).stdout
    assert "Erased <erased-" in shown
    assert "Diddley" not in shown
    assert "To play" not in shown
    held = run.json("export-client", BO)
    assert held.pop("account") is None
    assert not any(held.values())
    assert run("export-client", BO).stderr == "Nothing is held about this person.\n"
    (entry,) = run.json("trail", "--subject", "client:anonymous")["entries"]
    assert (entry["kind"], entry["name"]) == ("change", "client erased")


def test_accounts_that_only_say_the_address_are_named(
    run: Command, service: Application, tmp_path: Path
) -> None:
    said = Proof(issuer="https://id.example.org", subject="bo", email=BO)
    account = service.core.actor_of_proof(proof=said).id
    assert run.json("export-client", BO)["otherAccounts"] == [account]
    told = run("export-client", BO, "--out", str(tmp_path / "bo.json")).stdout
    assert f"Look at these accounts too: {account}." in told
    assert run.json("erase-client", BO, "--yes")["otherAccounts"] == [account]
    told = run("erase-client", BO, "--yes").stdout
    assert "Nothing is held about this person." in told
    assert f"Look at these accounts too: {account}." in told
    assert run.json("erase-client", str(account), "--yes")["account"] is True


def test_what_providers_still_hold_is_named(
    run: Command, service: Application, soon: Callable[..., str]
) -> None:
    booking = run.json("book", "ada/deep-dive", soon("10:00"), *WHO)["booking"]["id"]
    run("cancel", booking)
    service.core.settle_money(booking_id=booking)
    erased = run.json("erase-client", BO, "--yes")
    (left,) = erased["leftAtProviders"]
    assert (erased["bookings"], left["bookingId"], left["calendar"]) == (1, booking, [])
    assert len(left["checkouts"]) == 1
