"""Each bad input gets a named 4xx that says what to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from booking_core import Role
from entrypoints.container import Application
from tests.integration.web.conftest import BO, BOOKINGS, ZONE, Caller, day_ahead

CONFIRM = f"{BOOKINGS}/confirm"
SLOTS = "/api/scheduling/session-types/getting-started/slots"
HOUR = timedelta(hours=1)


def pointers(problem: dict[str, Any]) -> list[str]:
    assert all(each["detail"] for each in problem["errors"])
    return [each["pointer"] for each in problem["errors"]]


def moved(slot: dict[str, str], start: timedelta, end: timedelta) -> dict[str, str]:
    return {
        "startTime": (datetime.fromisoformat(slot["startTime"]) + start).isoformat(),
        "endTime": (datetime.fromisoformat(slot["endTime"]) + end).isoformat(),
    }


# ---- slots ------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", ["Mars/Base", "Europe", "../etc/passwd", "a" * 300, "Zürich"])
def test_an_unknown_time_zone_is_named_with_an_example(anyone: Caller, zone: str) -> None:
    query = {"timezone": zone}
    problem = anyone.refused(422, "unknown_timezone", "GET", SLOTS, query_string=query)
    assert "Europe/Berlin" in problem["detail"]
    assert pointers(problem) == ["/timezone"]


def test_an_unknown_zone_of_the_client_is_refused(anyone: Caller) -> None:
    wish = anyone.wish(clientDetails=BO | {"timezone": "Mars/Base"})
    anyone.refused(422, "unknown_timezone", "POST", CONFIRM, json=wish)


def test_a_misspelt_zone_of_the_client_is_named_with_the_right_one(anyone: Caller) -> None:
    for path in (CONFIRM, f"{BOOKINGS}/initialize"):
        wish = anyone.wish(clientDetails=BO | {"timezone": "Europe/Berln"})
        problem = anyone.refused(422, "unknown_timezone", "POST", path, json=wish)
        assert pointers(problem) == ["/clientDetails/timezone"]
        assert "'Europe/Berln'; did you mean Europe/Berlin" in problem["detail"]


@pytest.mark.parametrize("name", ["timeZone", "timezne", "time_zone"])
def test_a_misspelt_field_of_the_client_does_not_pass_for_success(
    anyone: Caller, name: str
) -> None:
    details = {"name": "Bo", "email": "bo@example.org", name: "Asia/Tokyo"}
    wish = anyone.wish(clientDetails=details)
    problem = anyone.refused(422, "invalid_request", "POST", CONFIRM, json=wish)
    assert pointers(problem) == [f"/clientDetails/{name}"]
    assert "write 'timezone'" in problem["detail"]


def test_what_older_callers_send_besides_is_passed_over(anyone: Caller) -> None:
    more = {"timeZone": ZONE, "phone": "1", "timezoneOffset": -60}
    anyone.json("POST", CONFIRM, 201, json=anyone.wish(clientDetails=BO | more))


def test_sixty_three_days_are_too_many(anyone: Caller) -> None:
    query = {"from": day_ahead(1), "to": day_ahead(63)}
    problem = anyone.refused(422, "range_too_long", "GET", SLOTS, query_string=query)
    assert "62 days" in problem["detail"]
    anyone.json("GET", SLOTS, query_string=query | {"to": day_ahead(62)})


def test_a_range_that_ends_before_it_begins_is_refused(anyone: Caller) -> None:
    query = {"from": day_ahead(3), "to": day_ahead(1)}
    problem = anyone.refused(422, "invalid_request", "GET", SLOTS, query_string=query)
    assert pointers(problem) == ["/to"]


@pytest.mark.parametrize(
    "first",
    ["tomorrow", "2026-13-01", "2026-11-23T10:00", "0001-01-01T00:00:00+14:00", "9999-12-31"],
)
def test_a_date_that_is_none_is_refused_with_an_example(anyone: Caller, first: str) -> None:
    query = {"from": first}
    problem = anyone.refused(422, "invalid_request", "GET", SLOTS, query_string=query)
    assert pointers(problem) == ["/from"]
    assert "2026-11-23" in problem["detail"]


@pytest.mark.parametrize(
    "session_type", ["nothing", "x" * 301, "%00", "%ED%A0%80", "💥", "a" * 10_000]
)
def test_an_unknown_session_type_is_not_found(anyone: Caller, session_type: str) -> None:
    path = f"/api/scheduling/session-types/{session_type}/slots"
    anyone.refused(404, "not_found", "GET", path)


def test_an_unknown_session_type_cannot_be_booked(anyone: Caller) -> None:
    wish = anyone.wish() | {"sessionTypeId": "nothing"}
    anyone.refused(404, "not_found", "POST", CONFIRM, json=wish)
    wish["sessionTypeId"] = "a" * 10_000
    problem = anyone.refused(422, "invalid_request", "POST", CONFIRM, json=wish)
    assert pointers(problem) == ["/sessionTypeId"]


def test_pathway_sessions_want_a_signed_in_client(anyone: Caller, ana: Caller) -> None:
    path = "/api/scheduling/session-types/play-lab/slots"
    problem = anyone.refused(401, "sign_in_required", "GET", path)
    assert "sign in" in problem["detail"]
    assert anyone("GET", path).headers["WWW-Authenticate"] == "Bearer"
    wish = ana.wish("play-lab")
    anyone.refused(401, "sign_in_required", "POST", CONFIRM, json=wish)
    ana.json("POST", CONFIRM, 201, json=wish)


# ---- the wanted slot ---------------------------------------------------------------------------


def test_a_taken_slot_comes_with_alternatives_that_are_open(anyone: Caller) -> None:
    wish = anyone.wish()
    anyone.json("POST", CONFIRM, 201, json=wish)
    problem = anyone.refused(409, "slot_unavailable", "POST", CONFIRM, json=wish)
    assert "choose another" in problem["detail"]
    alternatives = problem["alternatives"]
    assert len(alternatives) == 5
    assert [each["startTime"] for each in alternatives] == sorted(
        each["startTime"] for each in alternatives
    )
    anyone.json("POST", CONFIRM, 201, json=wish | {"timeSlot": alternatives[0]})
    anyone.json("POST", CONFIRM, 201, json=wish | {"timeSlot": alternatives[-1]})


def test_a_slot_too_far_ahead_comes_with_the_last_open_ones_and_the_last_date(
    anyone: Caller,
) -> None:
    start = datetime.combine(day_ahead(200), time(10), ZoneInfo(ZONE))
    start += timedelta(days=-start.weekday() % 7)  # a Monday
    slot = {"startTime": start.isoformat(), "endTime": (start + HOUR / 2).isoformat()}
    problem = anyone.refused(
        409, "slot_unavailable", "POST", CONFIRM, json=anyone.wish(timeSlot=slot)
    )
    assert problem["reason"] == "horizon"
    last = datetime.fromisoformat(problem["alternatives"][0]["startTime"])
    assert f"until {day_ahead(60)}" in problem["detail"]
    assert timedelta(days=50) < last - datetime.now(UTC) < timedelta(days=60)
    starts = [each["startTime"] for each in problem["alternatives"]]
    assert starts == sorted(starts, reverse=True)  # the nearest first
    wish = anyone.wish(timeSlot=problem["alternatives"][0])
    anyone.json("POST", CONFIRM, 201, json=wish)


def test_a_slot_in_the_past_is_refused(anyone: Caller) -> None:
    start = datetime.now(UTC) - 3 * HOUR
    slot = {"startTime": start.isoformat(), "endTime": (start + HOUR / 2).isoformat()}
    wish = anyone.wish(timeSlot=slot)
    problem = anyone.refused(422, "slot_in_past", "POST", CONFIRM, json=wish)
    assert "later" in problem["detail"]
    assert pointers(problem) == ["/timeSlot/startTime"]


def test_a_slot_beside_the_grid_is_refused(anyone: Caller) -> None:
    wish = anyone.wish()
    five = timedelta(minutes=5)
    wish["timeSlot"] = moved(wish["timeSlot"], five, five)
    problem = anyone.refused(422, "slot_misaligned", "POST", CONFIRM, json=wish)
    assert pointers(problem) == ["/timeSlot/startTime"]


def test_an_end_before_the_start_is_refused(anyone: Caller) -> None:
    wish = anyone.wish()
    wish["timeSlot"] = moved(wish["timeSlot"], HOUR * 0, -HOUR)
    problem = anyone.refused(422, "invalid_request", "POST", CONFIRM, json=wish)
    assert pointers(problem) == ["/timeSlot/endTime"]
    assert "after the start" in problem["detail"]


def test_a_slot_of_the_wrong_length_is_refused(anyone: Caller) -> None:
    wish = anyone.wish()
    wish["timeSlot"] = moved(wish["timeSlot"], HOUR * 0, HOUR)
    problem = anyone.refused(422, "wrong_duration", "POST", CONFIRM, json=wish)
    assert "30 minutes" in problem["detail"]
    assert pointers(problem) == ["/timeSlot/endTime"]


@pytest.mark.parametrize(
    "start", ["2026-11-23T10:00:00", "noon", "", "9999-12-31T23:59:59-14:00", "2026-11-23"]
)
def test_a_time_without_an_offset_names_no_instant(anyone: Caller, start: str) -> None:
    wish = anyone.wish()
    wish["timeSlot"]["startTime"] = start
    problem = anyone.refused(422, "invalid_request", "POST", CONFIRM, json=wish)
    assert pointers(problem) == ["/timeSlot/startTime"]
    assert "offset" in problem["detail"]


# ---- who books ----------------------------------------------------------------------------------


def test_somebody_must_be_named(anyone: Caller) -> None:
    wish = anyone.wish()
    del wish["clientDetails"]
    problem = anyone.refused(422, "invalid_request", "POST", CONFIRM, json=wish)
    assert pointers(problem) == ["/clientDetails"]


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"clientDetails": None}, "/clientDetails"),
        ({"pathway": "pivot"}, "/pathway"),
        ({"answers": [{"questionId": "colour", "value": "red"}]}, "/answers/0/questionId"),
    ],
)
def test_what_can_never_be_booked_is_told_before_the_slot_is_looked_at(
    anyone: Caller, wrong: dict[str, Any], pointer: str
) -> None:
    wish = anyone.wish()
    anyone.json("POST", CONFIRM, 201, json=wish)
    answer = anyone("POST", CONFIRM, json=wish | wrong)
    assert answer.status_code == 422
    assert pointers(answer.json) == [pointer]  # type: ignore[arg-type]  # is an object


@pytest.mark.parametrize(
    "email",
    ["", "nobody", "a@b", "a b@example.org", "a@example.org\nBcc: x@example.org", "a" * 299],
)
def test_a_bad_e_mail_address_is_refused(anyone: Caller, email: str) -> None:
    wish = anyone.wish(clientDetails=BO | {"email": email})
    problem = anyone.refused(422, "invalid_request", "POST", CONFIRM, json=wish)
    assert pointers(problem) == ["/clientDetails/email"]
    assert "ana@example.org" in problem["detail"]


def test_a_missing_e_mail_address_is_named(anyone: Caller) -> None:
    wish = anyone.wish(clientDetails={"name": "Bo"})
    problem = anyone.refused(422, "invalid_request", "POST", CONFIRM, json=wish)
    assert pointers(problem) == ["/clientDetails/email"]
    assert "missing" in problem["detail"]


def test_every_missing_field_is_named_at_once(anyone: Caller) -> None:
    problem = anyone.refused(422, "invalid_request", "POST", CONFIRM, json={"timeSlot": {}})
    assert pointers(problem) == ["/sessionTypeId", "/timeSlot/startTime", "/timeSlot/endTime"]


@pytest.mark.parametrize(
    ("details", "wrong"),
    [
        ({}, ["name", "email"]),
        ({"name": "", "email": "bo"}, ["name", "email"]),
        ({"name": " ", "email": "bo@", "timezone": "Mars/Base"}, ["name", "email", "timezone"]),
        ({"naem": "Bo", "emial": "bo@example.org"}, ["emial", "name"]),
        ({"name": "", "email": "bo@example.org", "guests": ["bea"]}, ["name", "guests/0"]),
        (BO | {"timezone": "Mars/Base", "guests": ["bea"]}, ["timezone", "guests/0"]),
        ({"emial": "bo@example.org", "timeZone": ZONE, "name": 3}, ["emial", "timeZone", "name"]),
    ],
)
def test_all_that_is_wrong_with_the_client_is_told_at_once(
    anyone: Caller, details: dict[str, Any], wrong: list[str]
) -> None:
    wish = anyone.wish(clientDetails=details)
    for path in (CONFIRM, f"{BOOKINGS}/initialize"):
        problem = anyone.refused(422, "invalid_request", "POST", path, json=wish)
        assert pointers(problem) == [f"/clientDetails/{each}" for each in wrong]
        assert problem["detail"] == problem["errors"][0]["detail"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_name_must_be_one(anyone: Caller, name: str) -> None:
    wish = anyone.wish(clientDetails=BO | {"name": name})
    problem = anyone.refused(422, "invalid_request", "POST", CONFIRM, json=wish)
    assert pointers(problem) == ["/clientDetails/name"]


# ---- answers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ([], ["/answers"]),
        ([{"questionId": "role", "value": True}], ["/answers/0/value"]),
        ([{"questionId": "role", "value": "x" * 501}], ["/answers/0/value"]),
        ([{"questionId": "colour", "value": "red"}], ["/answers/0/questionId", "/answers"]),
        ([{"questionId": "role", "value": "x"}] * 2, ["/answers/1/questionId"]),
    ],
)
def test_wrong_answers_are_named_one_by_one(
    anyone: Caller, answers: list[Any], wrong: list[str]
) -> None:
    wish = anyone.wish("interview-practice", answers=answers)
    problem = anyone.refused(422, "invalid_answers", "POST", CONFIRM, json=wish)
    assert pointers(problem) == wrong


@pytest.mark.parametrize("value", [7, None, {"a": 1}])
def test_an_answer_of_no_known_form_is_one_problem(anyone: Caller, value: object) -> None:
    wish = anyone.wish("interview-practice", answers=[{"questionId": "role", "value": value}])
    problem = anyone.refused(422, "invalid_request", "POST", CONFIRM, json=wish)
    assert pointers(problem) == ["/answers/0/value"]


# ---- the body -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"nothing",
        b"[]",
        b'"text"',
        b"null",
        b"7",
        b"\xff\xfe",
        b'{"a": NaN',
        b"[" * 100_000,
        b'{"a":' * 30_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
    ],
)
@pytest.mark.parametrize("path", ["confirm", "initialize", "x/cancel"])
def test_a_body_that_is_no_json_object_is_refused(anyone: Caller, body: bytes, path: str) -> None:
    options = {"data": body, "content_type": "application/json"}
    problem = anyone.refused(400, "malformed_json", "POST", f"{BOOKINGS}/{path}", **options)
    assert "JSON" in problem["detail"] or "nested" in problem["detail"]


@pytest.mark.parametrize("name", ["Bo\x00", "Bo\ud800"])
def test_text_that_no_database_keeps_is_refused(anyone: Caller, name: str) -> None:
    wish = anyone.wish(clientDetails=BO | {"name": name})
    problem = anyone.refused(422, "invalid_request", "POST", CONFIRM, json=wish)
    assert "character" in problem["detail"]
    assert pointers(problem) == ["/clientDetails/name"]


@pytest.mark.parametrize(
    ("wrong", "pointer", "advice"),
    [
        ({"timeSlot": 7}, "/timeSlot", "an object"),
        ({"clientDetails": 7}, "/clientDetails", "an object"),
        ({"answers": {}}, "/answers", "a list"),
        ({"answers": [7] * 101}, "/answers", "at most 100 entries"),
        ({"notes": "x" * 5_001}, "/notes", "at most 5000 characters"),
        ({"clientDetails": {"name": "Bo"}}, "/clientDetails/email", "ana@example.org"),
        ({"timeSlot": {"endTime": "x"}}, "/timeSlot/startTime", "offset"),
    ],
)
def test_a_field_of_the_wrong_form_is_told_in_plain_words(
    anyone: Caller, wrong: dict[str, Any], pointer: str, advice: str
) -> None:
    wish = anyone.wish() | wrong
    problem = anyone.refused(422, "invalid_request", "POST", CONFIRM, json=wish)
    assert pointers(problem) == [pointer]
    assert advice in problem["detail"]
    assert "Input should" not in problem["detail"]


def test_a_body_of_more_than_256_kilobytes_is_too_large(anyone: Caller) -> None:
    wish = anyone.wish(notes="x" * 256 * 1024)
    problem = anyone.refused(413, "request_entity_too_large", "POST", CONFIRM, json=wish)
    assert "256 kB" in problem["detail"]


def test_a_body_in_chunks_is_too_large_as_well(anyone: Caller) -> None:
    """It has no Content-Length; what is read of it ends at the limit."""
    wish = anyone.wish(notes="x" * 256 * 1024)
    chunked = {
        "input_stream": BytesIO(json.dumps(wish).encode()),
        "content_type": "application/json",
        "environ_overrides": {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"},
    }
    problem = anyone.refused(413, "request_entity_too_large", "POST", CONFIRM, **chunked)
    assert "256 kB" in problem["detail"]
    small = chunked | {"input_stream": BytesIO(json.dumps(anyone.wish()).encode())}
    anyone.json("POST", CONFIRM, 201, **small)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"clientDetails": BO | {"name": "Bo\x1b[2J"}}, "/clientDetails/name"),
        ({"clientDetails": BO | {"email": "bo\x9b@example.org"}}, "/clientDetails/email"),
        ({"notes": "\x1b]0;owned\x07"}, "/notes"),
    ],
)
def test_nothing_that_controls_a_terminal_is_taken(
    anyone: Caller, changes: dict[str, Any], pointer: str
) -> None:
    wish = anyone.wish(**changes)
    assert pointers(anyone.refused(422, "invalid_request", "POST", CONFIRM, json=wish)) == [pointer]
    booked = anyone.book(notes="one\r\n\ttwo")
    assert booked["notes"] == "one\r\n\ttwo"
    holder = anyone.as_(f"Booking {booked['manageToken']}")
    cancel = {"json": {"reason": "\x1b[2J"}}
    path = f"{BOOKINGS}/{booked['id']}/cancel"
    assert pointers(holder.refused(422, "invalid_request", "POST", path, **cancel)) == ["/reason"]


def test_another_content_type_is_refused(anyone: Caller) -> None:
    options = {"data": "a=1", "content_type": "application/x-www-form-urlencoded"}
    problem = anyone.refused(415, "unsupported_media_type", "POST", CONFIRM, **options)
    assert "application/json" in problem["detail"]


def test_an_empty_body_misses_its_fields(anyone: Caller) -> None:
    problem = anyone.refused(422, "invalid_request", "POST", CONFIRM)
    assert pointers(problem) == ["/sessionTypeId", "/timeSlot"]


def test_a_wrong_method_is_told_the_right_ones(anyone: Caller) -> None:
    answer = anyone("DELETE", CONFIRM)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]
    anyone.refused(405, "method_not_allowed", "DELETE", CONFIRM)


def test_an_unknown_address_under_the_api_is_a_problem(anyone: Caller) -> None:
    problem = anyone.refused(
        404, "not_found", "GET", "/api/nothing", headers={"Accept": "text/html"}
    )
    assert "/api/docs" in problem["detail"]
    thing = anyone.refused(404, "not_found", "GET", "/api/marketplace/builders/nobody")
    assert problem["title"] == thing["title"] == "Not found"


# ---- credentials ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer garbage",
        "Bearer ",
        "Bearer",
        "Bearer a.b.c",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJkZW1vIn0.",
        "Basic Ym86Ym8=",
        "Booking",
        "",
        "Bearer \x80\xff",
    ],
)
def test_a_credential_that_is_none_is_refused(anyone: Caller, authorization: str) -> None:
    path = "/api/marketplace/builders"
    header = {"Authorization": authorization}
    problem = anyone.refused(401, "invalid_credentials", "GET", path, headers=header)
    assert problem["detail"]
    assert "Bearer" in anyone("GET", path, headers=header).headers["WWW-Authenticate"]


def test_forged_and_expired_tokens_are_refused(anyone: Caller, application: Application) -> None:
    path = "/api/marketplace/builders"
    good = application.mint(role=Role.ADMIN, id="root")
    head, body, signature = good.split(".")
    forged = f"{head}.{body}.{signature[::-1]}"
    expired = application.tokens.mint(role=Role.ADMIN, id="root", lifetime=timedelta(hours=-1))
    for token in (forged, expired):
        anyone.as_(f"Bearer {token}").refused(401, "invalid_credentials", "GET", path)
    anyone.as_(f"Bearer {good}").json("GET", path)


def test_own_bookings_are_for_signed_in_callers(anyone: Caller) -> None:
    anyone.refused(401, "sign_in_required", "GET", BOOKINGS)


@pytest.mark.parametrize(
    "query",
    [
        {"state": "LOST"},
        {"limit": "0"},
        {"limit": "x"},
        {"cursor": "bkg_nothing"},
        {"from": "soon"},
    ],
)
def test_wrong_filters_are_refused(ana: Caller, query: dict[str, str]) -> None:
    answer = ana("GET", BOOKINGS, query_string=query)
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == f"/{next(iter(query))}"  # type: ignore[index]


@pytest.mark.parametrize("cursor", ["bkg_nothing", "x"])
def test_a_cursor_that_no_page_named_is_refused(ana: Caller, anyone: Caller, cursor: str) -> None:
    cursors = [cursor, anyone.book()["id"]]  # nor does it tell whether a booking is there
    for each in cursors:
        problem = ana.refused(
            422, "invalid_request", "GET", BOOKINGS, query_string={"cursor": each}
        )
        assert pointers(problem) == ["/cursor"]


@pytest.mark.parametrize(
    ("path", "query", "told"),
    [
        (SLOTS, {"fron": "2026-12-01", "timeZone": ZONE}, {"fron": "from", "timeZone": "timezone"}),
        (BOOKINGS, {"session_type_id": "x"}, {"session_type_id": "sessionTypeId"}),
        ("/api/scheduling/sessions/available", {"lang": "de"}, {"lang": "category, pathway"}),
        ("/api/marketplace/builders", {"a/b": "free"}, {"a~1b": "leave it out"}),
    ],
)
def test_a_parameter_that_a_query_does_not_know_does_not_pass_for_success(
    ana: Caller, path: str, query: dict[str, str], told: dict[str, str]
) -> None:
    for method in ("GET", "HEAD"):
        assert ana(method, path, query_string=query).status_code == 422
    problem = ana.refused(422, "invalid_request", "GET", path, query_string=query)
    assert pointers(problem) == [f"/{each}" for each in told]
    for each, words in zip(problem["errors"], told.values(), strict=True):
        assert words in each["detail"]


def test_pages_and_older_callers_may_send_more_than_is_read(anyone: Caller) -> None:
    query = {"sessionTypeId": "getting-started", "utm_source": "news"}
    anyone.json("GET", "/api/scheduling/calendly/available-times", query_string=query)
    for path in ("/b/demo?utm_source=news", "/healthz?probe=1", "/api/openapi.json?v=1"):
        assert anyone("GET", path).status_code == 200


def test_bookings_of_a_range_that_ends_before_it_begins_are_refused(ana: Caller) -> None:
    query = {"from": day_ahead(3), "to": day_ahead(1)}
    problem = ana.refused(422, "invalid_request", "GET", BOOKINGS, query_string=query)
    assert pointers(problem) == ["/to"]


# ---- the catalogue ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"titel": "x"}, "/titel"),
        ({"durationMinutes": "30"}, "/durationMinutes"),
        ({"durationMinutes": None}, "/durationMinutes"),
        ({"category": "best"}, "/category"),
        ({"questions": [{"id": "a", "prompt": "b", "kind": "odd"}]}, "/questions/0/kind"),
    ],
)
def test_wrong_changes_are_refused_field_by_field(
    robin: Caller, changes: dict[str, Any], pointer: str
) -> None:
    path = "/api/builders/me/session-types/getting-started"
    problem = robin.refused(422, "invalid_request", "PATCH", path, json=changes)
    assert pointers(problem) == [pointer]


@pytest.mark.parametrize(
    "changes",
    [
        {"durationMinutes": 0},
        {"durationMinutes": 10**18},
        {"capacity": -1},
        {"capacity": 10**30},
        {"displayOrder": 10**30},
        {"price": {"amount": -1, "currency": "EUR"}},
        {"price": {"amount": 10**30, "currency": "EUR"}},
        {"price": {"amount": 100, "currency": "euro"}},
        {"title": ""},
        {"slug": "a b"},
        {"dailyLimit": 10**30},
    ],
)
def test_impossible_numbers_and_names_are_refused(robin: Caller, changes: dict[str, Any]) -> None:
    path = "/api/builders/me/session-types/getting-started"
    robin.refused(422, "invalid_request", "PATCH", path, json=changes)


NINE_TO_FIVE = {"start": "09:00", "end": "17:00"}


@pytest.mark.parametrize(
    ("schedule", "pointer"),
    [
        ({"timezone": None}, "/timezone"),
        ({"weekly": {"someday": []}}, "/weekly/someday"),
        ({"weekly": {"monday": [{"start": "9"}]}}, "/weekly/monday/0/end"),
        ({"weekly": {"monday": [{"start": "9", "end": "17:00"}]}}, "/weekly/monday/0/start"),
        ({"weekly": {"monday": [NINE_TO_FIVE] * 2}}, "/weekly/monday/1"),
        ({"weekly": {"monday": 7}}, "/weekly/monday"),
        ({"weekly": {"monday": [NINE_TO_FIVE | {"ends": "x"}]}}, "/weekly/monday/0/ends"),
        ({"overrides": {"tomorrow": []}}, "/overrides/tomorrow"),
        ({"overrides": [7]}, "/overrides"),
        ({"timeOff": [7]}, "/timeOff/0"),
        ({"timeOff": [{"startTime": "2027-01-02T10:00", "endTime": "2027-01-03"}]}, "/startTime"),
        ({"timeOff": [{"startTime": "2027-01-02", "endTime": "2027-01-01"}]}, "/endTime"),
        ({"timeOff": [{"startTime": "2027-01-02"}]}, "/timeOff/0/endTime"),
    ],
)
def test_a_schedule_that_is_none_is_refused_where_it_is_wrong(
    robin: Caller, schedule: dict[str, Any], pointer: str
) -> None:
    body = {"timezone": "Europe/Berlin"} | schedule
    path = "/api/builders/me/schedule"
    problem = robin.refused(422, "invalid_request", "PUT", path, json=body)
    assert problem["errors"][0]["pointer"].endswith(pointer)
    patch = {"json": {"schedule": body}}
    problem = robin.refused(422, "invalid_request", "PATCH", "/api/admin/builders/demo", **patch)
    assert problem["errors"][0]["pointer"].startswith("/schedule/")


def test_an_unknown_zone_of_a_schedule_is_refused(robin: Caller) -> None:
    body = {"timezone": "Mars/Base"}
    path = "/api/builders/me/schedule"
    assert pointers(robin.refused(422, "unknown_timezone", "PUT", path, json=body)) == ["/timezone"]


@pytest.mark.parametrize("key", ["", "x" * 256])
def test_an_idempotency_key_has_a_length(anyone: Caller, key: str) -> None:
    header = {"Idempotency-Key": key}
    anyone.refused(422, "invalid_request", "POST", CONFIRM, json=anyone.wish(), headers=header)


def test_a_key_that_stands_for_another_body_is_refused(anyone: Caller) -> None:
    wish, header = anyone.wish(), {"Idempotency-Key": "k1"}
    anyone.json("POST", CONFIRM, 201, json=wish, headers=header)
    other = wish | {"notes": "other"}
    problem = anyone.refused(422, "key_reused", "POST", CONFIRM, json=other, headers=header)
    assert "new key" in problem["detail"]


def test_an_id_that_is_empty_is_not_found_and_leads_nowhere_else(anyone: Caller) -> None:
    for method, path in (("GET", "/calendar.ics"), ("POST", "/cancel"), ("POST", "/pay")):
        anyone.refused(404, "not_found", method, f"{BOOKINGS}/{path}", json={})


def test_a_link_for_no_booking_is_marked_with_none(anyone: Caller) -> None:
    path, wish = "/api/scheduling/calendly/scheduling-link", {"sessionTypeId": "getting-started"}
    for body in (wish, wish | {"bookingId": ""}, wish | {"bookingId": None}):
        link = anyone.json("POST", path, 201, json=body)
        assert link["tracking"] == {"bookingId": None}
