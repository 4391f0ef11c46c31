"""Builders, session types and hours, as each kind of caller sees and changes them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from booking_core import Role
from entrypoints.container import Application
from tests.integration.web.conftest import Caller, day_ahead

AVAILABLE = "/api/scheduling/sessions/available"
OFFERS = "/api/marketplace/builders/demo/session-types"
MINE = "/api/builders/me/session-types"


def titles(caller: Caller, path: str = AVAILABLE, **query: str) -> list[str]:
    found = caller.json("GET", path, query_string=query)["sessionTypes"]
    return [each["id"] for each in found]


def test_anonymous_callers_see_what_they_can_book(anyone: Caller, ana: Caller) -> None:
    seen = titles(anyone)
    assert "getting-started" in seen
    assert "play-lab" not in seen
    assert len(titles(ana)) == 8
    assert titles(anyone, OFFERS) == seen
    assert titles(ana, category="pathway", pathway="pivot") == ["pivot-plan"]
    query = {"builder": "nobody"}
    anyone.refused(404, "not_found", "GET", AVAILABLE, query_string=query)


def test_what_gets_a_price_is_free_no_more(robin: Caller, anyone: Caller) -> None:
    path = f"{MINE}/getting-started"
    paid = robin.json("PATCH", path, json={"price": {"amount": 100, "currency": "EUR"}})
    assert paid["category"] == "specialized"
    assert "getting-started" not in titles(anyone, category="free")
    told = robin.refused(422, "invalid_request", "PATCH", path, json={"category": "free"})
    assert told["errors"][0]["pointer"] == "/category"
    assert "costs money" in told["detail"]
    back = {"category": "free", "price": None}
    assert robin.json("PATCH", path, json=back)["category"] == "free"
    assert "getting-started" in titles(anyone, category="free")


def test_an_unknown_category_is_told_the_known_ones(anyone: Caller) -> None:
    query = {"category": "best"}
    problem = anyone.refused(422, "invalid_request", "GET", AVAILABLE, query_string=query)
    assert "free, pathway, specialized" in problem["detail"]


def test_hidden_session_types_stay_hidden(anyone: Caller, ana: Caller, robin: Caller) -> None:
    assert not robin.json("PATCH", f"{MINE}/getting-started", json={"active": False})["active"]
    for caller in (anyone, ana):
        assert "getting-started" not in titles(caller)
        assert "getting-started" not in titles(caller, OFFERS)
        path = "/api/scheduling/session-types/getting-started/slots"
        caller.refused(404, "not_found", "GET", path)
    assert "getting-started" in titles(robin, MINE)


def test_what_a_builder_changes_is_seen_at_once(anyone: Caller, robin: Caller) -> None:
    changes = {
        "id": "getting-started",
        "title": "First steps",
        "durationMinutes": 45,
        "price": {"amount": 500, "currency": "EUR"},
        "buffers": {"before": 5, "after": 5},
    }
    robin.json("PATCH", MINE, json=changes)
    found = anyone.json("GET", AVAILABLE)["sessionTypes"]
    shown = next(each for each in found if each["id"] == "getting-started")
    assert shown["title"] == "First steps"
    assert shown["durationMinutes"] == 45
    assert shown["price"] == {"amount": 500, "currency": "EUR"}
    path = "/api/admin/session-types/getting-started"
    assert robin.json("PATCH", path, json={"price": None})["price"] is None


def test_only_its_builder_and_operators_see_inner_fields(
    anyone: Caller, ana: Caller, robin: Caller, admin: Caller, other_builder: Caller
) -> None:
    for caller in (anyone, ana, other_builder):
        assert "minimumNotice" not in caller.json("GET", OFFERS)["sessionTypes"][0]
        assert "email" not in caller.json("GET", "/api/marketplace/builders/demo")
    for caller in (robin, admin):
        assert caller.json("GET", OFFERS)["sessionTypes"][0]["minimumNotice"] == 120
        assert caller.json("GET", "/api/marketplace/builders/demo")["email"]


def test_a_schedule_comes_back_as_it_was_put(robin: Caller, admin: Caller, anyone: Caller) -> None:
    path = "/api/builders/me/schedule"
    day = day_ahead(3).isoformat()
    schedule = {
        "timezone": "America/New_York",
        "weekly": {"monday": [{"start": "09:00", "end": "12:00"}]},
        "overrides": {day: [{"start": "22:00", "end": "24:00"}]},
        "timeOff": [
            {
                "startTime": f"{day_ahead(30)}T00:00:00Z",
                "endTime": f"{day_ahead(31)}T00:00:00Z",
                "reason": "travel",
            }
        ],
    }
    assert robin.json("PUT", path, json=schedule) == schedule
    assert robin.json("GET", path) == schedule
    assert admin.json("GET", "/api/builders/demo/schedule") == schedule
    found = anyone.slots("getting-started", **{"from": day, "to": day})
    assert found


def test_a_stranger_is_told_who_sees_a_schedule_and_not_whether_it_is_there(
    anyone: Caller, ana: Caller, other_builder: Caller
) -> None:
    for caller in (anyone, ana, other_builder):
        told = [
            caller.refused(404, "not_found", "GET", f"/api/builders/{name}/schedule")["detail"]
            for name in ("demo", "nobody")
        ]
        assert told[0] == told[1]
        assert "Authorization: Bearer" in told[0]
        assert "admin" in told[0]


def test_time_off_may_be_dates_of_which_the_last_is_included(robin: Caller) -> None:
    schedule = {
        "timezone": "Europe/Berlin",
        "overrides": [{"date": "2026-12-24", "hours": []}],
        "timeOff": [{"start": "2026-12-27", "end": "2026-12-31", "reason": "away"}],
    }
    answer = robin.json("PUT", "/api/builders/me/schedule", json=schedule)
    assert answer["overrides"] == {"2026-12-24": []}
    assert answer["timeOff"] == [
        {
            "startTime": "2026-12-26T23:00:00Z",
            "endTime": "2026-12-31T23:00:00Z",
            "reason": "away",
        }
    ]


def test_a_session_type_is_not_found_under_another_builder(admin: Caller) -> None:
    body = {"name": "Ada Byron", "slug": "ada", "email": "ada@example.org", "timezone": "UTC"}
    admin.json("POST", "/api/admin/builders", 201, json=body)
    path = "/api/builders/ada/session-types"
    change = {"title": "x"}
    admin.refused(404, "not_found", "PATCH", f"{path}/getting-started", json=change)
    named = change | {"id": "getting-started"}
    admin.refused(404, "not_found", "PATCH", path, json=named)
    by_slug = "/api/builders/demo/session-types/getting-started"
    assert admin.json("PATCH", by_slug, json=change)["title"] == "x"


def test_what_is_another_builders_is_not_found(
    anyone: Caller, ana: Caller, other_builder: Caller
) -> None:
    for caller in (anyone, ana, other_builder):
        for name in ("demo", "me"):
            base = f"/api/builders/{name}"
            caller.refused(404, "not_found", "GET", f"{base}/schedule")
            caller.refused(404, "not_found", "PUT", f"{base}/schedule", json={"timezone": "UTC"})
            caller.refused(404, "not_found", "GET", f"{base}/session-types")
            path = f"{base}/session-types/getting-started"
            caller.refused(404, "not_found", "PATCH", path, json={"title": "x"})
        path = "/api/admin/builders/demo"
        caller.refused(404, "not_found", "PATCH", path, json={"name": "x"})
        path = "/api/admin/session-types/getting-started"
        caller.refused(404, "not_found", "PATCH", path, json={"title": "x"})


def test_an_operator_adds_a_builder_who_adds_a_session_type(
    admin: Caller, anyone: Caller, robin: Caller, signed_in: Callable[..., Caller]
) -> None:
    body = {
        "name": "Ada Byron",
        "slug": "ada",
        "email": "ada@example.org",
        "schedule": {
            "timezone": "UTC",
            "weekly": {"monday": [{"start": "09:00", "end": "17:00"}]},
        },
    }
    ada = admin.json("POST", "/api/admin/builders", 201, json=body)
    assert ada["timezone"] == "UTC"
    herself = signed_in(Role.BUILDER, ada["id"])
    path = "/api/admin/session-types"
    added = {"builderId": "me", "title": "Engines", "durationMinutes": 60}
    engines = herself.json("POST", path, 201, json=added)
    assert engines["builderId"] == ada["id"]
    assert anyone.slots(engines["id"])
    robin.refused(404, "not_found", "POST", path, json=added | {"builderId": ada["id"]})
    changed = {"id": ada["id"], "headline": "Poetry"}
    assert admin.json("PATCH", "/api/admin/builders", json=changed)["headline"] == "Poetry"
    own = f"/api/builders/me/session-types/{engines['id']}"
    robin.refused(404, "not_found", "PATCH", own, json={"title": "mine"})


def test_only_operators_add_builders(anyone: Caller, ana: Caller, robin: Caller) -> None:
    body = {"name": "Eve", "email": "eve@example.org", "timezone": "UTC"}
    for caller in (anyone, ana, robin):
        assert caller("POST", "/api/admin/builders", json=body).status_code in (401, 403, 404)


def test_a_builder_without_a_zone_is_refused(admin: Caller) -> None:
    body = {"name": "Eve", "email": "eve@example.org"}
    problem = admin.refused(422, "invalid_request", "POST", "/api/admin/builders", json=body)
    assert "timezone" in problem["detail"]


def test_what_is_added_under_a_key_is_added_once(admin: Caller, robin: Caller) -> None:
    key = {"Idempotency-Key": "again"}
    body = {"name": "Ada Byron", "email": "ada@example.org", "timezone": "UTC"}
    added = admin.json("POST", "/api/admin/builders", 201, json=body, headers=key)
    assert admin.json("POST", "/api/admin/builders", 201, json=body, headers=key) == added
    other = body | {"name": "Ada Lovelace"}
    admin.refused(422, "key_reused", "POST", "/api/admin/builders", json=other, headers=key)

    path = "/api/admin/session-types"
    offer = {"builderId": "me", "title": "Repeated"}
    first = robin.json("POST", path, 201, json=offer, headers=key)
    assert robin.json("POST", path, 201, json=offer, headers=key) == first
    titles = [each["title"] for each in robin.json("GET", OFFERS)["sessionTypes"]]
    assert titles.count("Repeated") == 1
    theirs = {"builderId": "demo", "title": "Another one"}  # a key belongs to its caller
    assert admin.json("POST", path, 201, json=theirs, headers=key)["id"] != first["id"]


def test_clients_read_the_terms_before_they_book(anyone: Caller, robin: Caller) -> None:
    terms = {"changeNotice": 60, "refunds": [{"notice": 1_440, "percent": 50}]}
    robin.json("PATCH", f"{MINE}/getting-started", json={"cancellationPolicy": terms})
    found = anyone.json("GET", AVAILABLE)["sessionTypes"]
    [shown] = [each for each in found if each["id"] == "getting-started"]
    assert shown["cancellationPolicy"] == terms
    booking = anyone.book()
    assert (booking["cancellationPolicy"], booking["deadline"]) == (terms, None)


@pytest.mark.parametrize(
    "terms",
    [
        {"refunds": []},
        {"refunds": [{"notice": 0, "percent": 101}]},
        {"refunds": [{"notice": -1, "percent": 50}]},
        {"changeNotice": -1},
    ],
)
def test_terms_that_promise_something_else_than_they_look_like_are_refused(
    robin: Caller, terms: dict[str, object]
) -> None:
    body = {"cancellationPolicy": terms}
    told = robin.refused(422, "invalid_request", "PATCH", f"{MINE}/getting-started", json=body)
    assert told["errors"][0]["pointer"].startswith("/cancellationPolicy/")


def test_a_card_says_what_can_be_booked_and_when_next(
    anyone: Caller, ana: Caller, application: Application
) -> None:
    [card] = anyone.json("GET", "/api/marketplace/builders")["builders"]
    assert card["nextSlot"] is None  # nobody has looked yet
    application.core.refresh_openings()
    [card] = anyone.json("GET", "/api/marketplace/builders")["builders"]
    assert card["nextSlot"]["startTime"] > card["nextSlot"]["seenAt"]
    assert card["badges"] == ["free", "specialized"]
    assert (card["afterSignIn"], card["callToAction"]) == (3, "book")
    [card] = ana.json("GET", "/api/marketplace/builders")["builders"]
    assert card["badges"] == ["free", "pathway", "specialized"]
    assert (card["afterSignIn"], card["callToAction"]) == (0, "book")


def test_where_all_is_for_clients_the_call_is_to_sign_in(
    anyone: Caller, ana: Caller, robin: Caller
) -> None:
    for each in robin.json("GET", MINE)["sessionTypes"]:
        robin.json("PATCH", f"{MINE}/{each['id']}", json={"requiresAuth": True})
    [card] = anyone.json("GET", "/api/marketplace/builders")["builders"]
    assert (card["badges"], card["afterSignIn"], card["callToAction"]) == ([], 8, "sign_in")
    [card] = ana.json("GET", "/api/marketplace/builders")["builders"]
    assert card["callToAction"] == "book"
