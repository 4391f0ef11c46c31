"""The trail behind the API: the timeline of a booking, its replay, and who changed what."""

from __future__ import annotations

import pytest

from booking_core import Job, ProviderFailed
from entrypoints.container import Application
from tests.integration.web.conftest import BOOKINGS, Caller

TRAIL = "/api/admin/trail"


def test_a_builder_reads_the_timeline_of_a_booking(robin: Caller, ana: Caller) -> None:
    booking = ana.book()
    found = robin.json("GET", f"{BOOKINGS}/{booking['id']}/timeline")
    assert [each["name"] for each in found["entries"]] == [
        "BookingHeld",
        "BookingAccepted",
        "BookingConfirmed",
    ]
    first = found["entries"][0]
    assert first["subject"] == f"booking:{booking['id']}"
    assert (first["kind"], first["by"], first["outcome"]) == ("event", "client:ana", "done")
    assert found["next"] is None
    assert found["givenUp"] == []


def test_a_timeline_is_read_page_by_page(robin: Caller, ana: Caller) -> None:
    path = f"{BOOKINGS}/{ana.book()['id']}/timeline"
    first = robin.json("GET", path, query_string={"limit": 2})
    rest = robin.json("GET", path, query_string={"limit": 2, "cursor": first["next"]})
    assert [len(first["entries"]), len(rest["entries"]), rest["next"]] == [2, 1, None]
    whole = robin.json("GET", path)["entries"]
    assert first["entries"] + rest["entries"] == whole


def test_the_client_and_strangers_see_no_timeline_and_replay_nothing(
    anyone: Caller, ana: Caller, other_builder: Caller
) -> None:
    booking = anyone.book()
    path = f"{BOOKINGS}/{booking['id']}"
    client = anyone.as_(f"Booking {booking['manageToken']}")
    for caller in (anyone, ana, other_builder, client):
        caller.refused(404, "not_found", "GET", f"{path}/timeline")
        caller.refused(404, "not_found", "POST", f"{path}/replay")


def test_a_replay_tells_what_it_began_anew_once(robin: Caller, ana: Caller) -> None:
    booking = ana.book()
    path, key = f"{BOOKINGS}/{booking['id']}", {"Idempotency-Key": "k1"}
    told = [robin.json("POST", f"{path}/replay", 202, headers=key) for _ in range(2)]
    assert told == [{"success": True, "restarted": 0, "settles": []}] * 2
    found = robin.json("GET", f"{path}/timeline")["entries"]
    assert [each["name"] for each in found if each["kind"] == "change"] == ["replayed"]


def test_an_admin_sees_who_changed_what(admin: Caller, robin: Caller, ana: Caller) -> None:
    robin.json("PATCH", "/api/admin/builders/demo", json={"photoUrl": "https://x.example/p.png"})
    found = admin.json("GET", TRAIL, query_string={"by": "builder:demo"})
    (entry,) = found["entries"]
    assert (entry["subject"], entry["name"]) == ("builder:demo", "changed")
    assert entry["detail"] == {"fields": ["photoUrl"]}
    ana.book()
    assert admin.json("GET", TRAIL)["entries"][0]["name"] == "BookingConfirmed"
    about = admin.json("GET", TRAIL, query_string={"subject": "builder:demo"})["entries"]
    assert [each["name"] for each in about] == ["changed", "added"]
    none = admin.json("GET", TRAIL, query_string={"from": "2999-01-01"})["entries"]
    assert none == []


def test_the_trail_is_read_page_by_page(admin: Caller) -> None:
    whole = admin.json("GET", TRAIL, query_string={"limit": 200})["entries"]
    found, cursor = [], None
    while not found or cursor:
        query = {"limit": 4} | ({"cursor": cursor} if cursor else {})
        page = admin.json("GET", TRAIL, query_string=query)
        found, cursor = found + page["entries"], page["next"]
    assert found == whole
    assert len(whole) > 4


def test_a_builder_sees_its_own_trail_and_nobody_else_any(
    robin: Caller, other_builder: Caller, anyone: Caller, ana: Caller
) -> None:
    ana.book()
    assert robin.json("GET", TRAIL)["entries"]
    assert other_builder.json("GET", TRAIL) == {"entries": [], "next": None}
    for caller in (anyone, ana):
        caller.refused(404, "not_found", "GET", TRAIL)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subject", "bkg_1"),
        ("subject", "spaceship:1"),
        ("cursor", "x"),
        ("cursor", "-1"),
        ("cursor", "9" * 40),
        ("from", "yesterday"),
        ("limit", "0"),
        ("limit", "201"),
    ],
)
def test_what_is_no_subject_or_cursor_is_named(admin: Caller, name: str, value: str) -> None:
    problem = admin.refused(422, "invalid_request", "GET", TRAIL, query_string={name: value})
    assert problem["errors"][0]["pointer"] == f"/{name}"


def test_what_was_given_up_is_in_the_timeline_until_it_is_replayed(
    robin: Caller, ana: Caller, application: Application
) -> None:
    def refuse(_: Job) -> None:
        raise ProviderFailed("the mail server knows no Ana Lovelace", retryable=False)

    path = f"{BOOKINGS}/{ana.book()['id']}"
    assert application.core.jobs.work(refuse, limit=2) == 2
    shown = robin("GET", f"{path}/timeline")
    assert shown.json["givenUp"] == [
        {"topic": "send mail", "subject": f"booked|{reader}", "attempts": 1}
        for reader in ("client", "builder")
    ]
    assert "Lovelace" not in shown.text
    assert robin.json("POST", f"{path}/replay", 202)["restarted"] == 2
    assert robin.json("GET", f"{path}/timeline")["givenUp"] == []
    while application.core.work_outbox():
        pass
    found = robin.json("GET", f"{path}/timeline")["entries"]
    assert [each["outcome"] for each in found if each["kind"] == "mail"] == ["done", "done"]
