"""docs/access.md says who may do what; here every route is asked, by everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from booking_core import Actor, Scope
from tests.integration.web.access import (
    BOOKINGS,
    CALLERS,
    NAMES,
    TYPE,
    WAYS,
    Route,
    World,
    routes,
    world,
)
from tests.integration.web.conftest import BO

DOCUMENT = Path(__file__).parents[3] / "docs/access.md"
ROW = re.compile(r"\| `([A-Z]+ /[^`]*)` \| (.+) \|")
IN_PERSON, UNASKED = "in person", "–"
BUILDERS = ("builder", "other builder")


def rows() -> dict[str, list[str]]:
    found = map(ROW.fullmatch, DOCUMENT.read_text("utf-8").splitlines())
    return {row[1]: row[2].split(" | ") for row in found if row}


TABLE = rows()


@pytest.fixture(scope="module")
def service() -> Iterator[World]:
    with world() as found:
        yield found


@pytest.fixture
def there(service: World) -> Iterator[World]:
    with service.undone() as found:
        yield found


def named(there: World) -> dict[str, Route]:
    return {f"{each.method} {each.rule}": each for each in routes(there)}


def test_the_table_has_every_route_and_no_other(there: World) -> None:
    assert sorted(TABLE) == sorted(named(there))


@pytest.mark.parametrize("name", TABLE)
def test_a_route_answers_everybody_as_the_table_says(there: World, name: str) -> None:
    route, (*expected, scope) = named(there)[name], TABLE[name]
    found = [str(route.answer(there, who).status_code) for who in CALLERS]
    assert dict(zip(CALLERS, found, strict=True)) == dict(zip(CALLERS, expected, strict=True))
    documented = dict(zip(CALLERS, expected, strict=True))
    for each in Scope:
        answer = route.answer(there, "admin", each)
        if scope in (UNASKED, each):
            who = "nobody" if route.by_cookie else "admin"
            assert str(answer.status_code) == documented[who], each
        else:
            assert answer.status_code == 403, each
            if route.rule.startswith("/api/"):
                assert answer.json is not None
                assert answer.json["code"] == "not_allowed"
    if scope in set(Scope):
        for who in BUILDERS:
            status = route.answer(there, who, Scope(scope)).status_code
            assert str(status) == documented[who], who


ASKED = [name for name, (*_, scope) in TABLE.items() if scope != UNASKED]


@pytest.mark.parametrize("way", WAYS[1:])
@pytest.mark.parametrize("name", ASKED)
def test_who_comes_from_an_identity_provider_is_answered_the_same(
    there: World, name: str, way: str
) -> None:
    route, documented = named(there)[name], dict(zip(CALLERS, TABLE[name][:-1], strict=True))
    found = {who: str(route.answer(there, who, way=way).status_code) for who in NAMES}
    assert found == {who: documented[who] for who in NAMES}


BY_ID = [name for name in TABLE if "/api/" in name and re.search(r"<(id|child)>", name)]


@pytest.mark.parametrize("name", BY_ID)
def test_a_guessed_id_finds_nothing_and_looks_like_somebody_elses(there: World, name: str) -> None:
    """No answer says whether an id exists that the caller may not know of."""
    route = named(there)[name]
    for who in CALLERS:
        path, _ = route.place(there, who, "guessed-0123456789")
        guessed = route.ask(there, path, there.bearer(who))
        assert guessed.status_code == 404, who
        answer = route.answer(there, who)
        if answer.status_code == 404:
            assert said(answer) == said(guessed), who


def said(answer: TestResponse) -> list[str]:
    assert answer.json is not None
    return [answer.json[name] for name in ("code", "title", "detail")]


# ---- ids that are swapped ------------------------------------------------------------------------


@pytest.fixture
def swapped(there: World) -> dict[str, Any]:
    """Ids of Robin and Ana, for those of Eve and Cem to try."""
    core = there.application.core
    key = there.anyone.as_(str(there.bearer("builder"))).json(
        "POST", "/api/builders/me/api-keys", 201, json={"name": "Till", "scopes": ["read"]}
    )
    booking = there.booking()
    hers = core.show_builder(name="eve", actor=Actor.system()).id
    return {"booking": booking["id"], "key": key["id"], "eve": hers}


def test_a_builder_reaches_nothing_of_another_one_through_its_own_paths(
    there: World, swapped: dict[str, Any]
) -> None:
    eve = there.anyone.as_(str(there.bearer("other builder")))
    for builder in ("me", "eve", swapped["eve"]):
        own = f"/api/builders/{builder}"
        eve.refused(404, "not_found", "DELETE", f"{own}/api-keys/{swapped['key']}")
        eve.refused(404, "not_found", "PATCH", f"{own}/session-types/{TYPE}", json={"title": "X"})
        body = {"id": TYPE, "title": "X"}
        eve.refused(404, "not_found", "PATCH", f"{own}/session-types", json=body)
        assert eve.json("GET", f"{own}/api-keys") == {"apiKeys": []}
        assert eve.json("GET", f"{own}/session-types") == {"sessionTypes": []}


def test_an_admins_keys_are_no_builders_and_a_builders_no_admins(there: World) -> None:
    robin, root = (there.anyone.as_(str(there.bearer(who))) for who in ("builder", "admin"))
    made = {"name": "Nightly", "scopes": ["operations"]}
    key = root.json("POST", "/api/builders/me/api-keys", 201, json=made)
    assert (key["role"], key["ownerId"]) == ("admin", "root")
    robin.refused(404, "not_found", "DELETE", f"/api/builders/me/api-keys/{key['id']}")
    root.refused(404, "not_found", "DELETE", f"/api/builders/demo/api-keys/{key['id']}")
    assert root.json("DELETE", f"/api/builders/me/api-keys/{key['id']}")["revokedAt"]


def test_a_body_that_names_somebody_elses_booking_or_builder_reaches_nothing(
    there: World, swapped: dict[str, Any]
) -> None:
    cem, eve = (
        there.anyone.as_(str(there.bearer(who))) for who in ("other client", "other builder")
    )
    booking = swapped["booking"]
    wish = there.wish(bookingId=booking, clientDetails=BO)
    link = {"sessionTypeId": TYPE, "bookingId": booking}
    for caller in (there.anyone, cem, eve):
        caller.refused(404, "not_found", "POST", f"{BOOKINGS}/confirm", json=wish)
        path = "/api/scheduling/calendly/scheduling-link"
        caller.refused(404, "not_found", "POST", path, json=link)
    sync = "/api/scheduling/calendly/sync-event-types"
    eve.refused(404, "not_found", "POST", sync, json={"builderId": "demo"})
    offer = {"builderId": "demo", "title": "X"}
    eve.refused(404, "not_found", "POST", "/api/admin/session-types", json=offer)
    eve.refused(404, "not_found", "PATCH", "/api/admin/builders", json={"id": "demo", "name": "X"})


def test_lists_hold_nothing_of_others(there: World, swapped: dict[str, Any]) -> None:
    ana, cem, robin, eve = (
        there.anyone.as_(str(there.bearer(who)))
        for who in ("client", "other client", "builder", "other builder")
    )
    demo = robin.json("GET", "/api/me")["id"]
    for caller, count in ((ana, 1), (cem, 0), (robin, 1), (eve, 0)):
        for query in ({}, {"builderId": demo}):
            assert len(caller.json("GET", BOOKINGS, query_string=query)["bookings"]) == count
    for caller in (cem, eve):
        cursor = {"cursor": swapped["booking"]}
        caller.refused(422, "invalid_request", "GET", BOOKINGS, query_string=cursor)
    told = eve.json("GET", "/api/admin/trail")["entries"]
    assert all(swapped["booking"] not in each["subject"] for each in told)


def test_the_token_of_one_booking_opens_no_other(there: World) -> None:
    mine, other = (there.booking(owner="holder") for _ in range(2))
    holder = there.anyone.as_(f"Booking {mine['manageToken']}")
    assert holder.json("GET", f"{BOOKINGS}/{mine['id']}")["id"] == mine["id"]
    for step in ("", "/calendar.ics"):
        holder.refused(404, "not_found", "GET", f"{BOOKINGS}/{other['id']}{step}")
    for step in ("cancel", "pay", "revoke-links"):
        holder.refused(404, "not_found", "POST", f"{BOOKINGS}/{other['id']}/{step}")
