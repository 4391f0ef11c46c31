"""People, event types, hours, and lists by pages."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.integration.calendly_simulator.bodies import Body, invalid, refusal
from tests.simulators.calendly import EventType, Place, Question, Simulator, User

ApiAs = Callable[[str], httpx.Client]


def names(answer: httpx.Response) -> list[str]:
    return [each["name"] for each in answer.json()["collection"]]


def test_who_am_i(api: httpx.Client, host: User) -> None:
    me = api.get("/users/me").json()["resource"]
    assert me["uri"] == host.uri == f"https://api.calendly.com/users/{host.id}"
    assert me["current_organization"] == host.organization.uri
    assert (me["name"], me["slug"], me["timezone"]) == ("Ana Host", "ana-host", "UTC")
    assert me["scheduling_url"].endswith("/ana-host")
    assert me["created_at"] == "2026-11-02T08:00:00.000000Z"
    assert api.get(f"/users/{host.id}").json()["resource"] == me


def test_people_of_other_organizations_cannot_be_read(api: httpx.Client, sim: Simulator) -> None:
    stranger = sim.user("Sam Stranger")
    answer = api.get(f"/users/{stranger.id}")
    assert answer.status_code == 403
    assert answer.json() == refusal("Permission Denied", "This user is not in your organization")


def test_memberships_name_the_role(api: httpx.Client, sim: Simulator, host: User) -> None:
    mate = sim.user("Mo Mate", organization=host.organization, role="user")
    answer = api.get("/organization_memberships", params={"organization": host.organization.uri})
    rows = answer.json()["collection"]
    assert [(each["role"], each["user"]["uri"]) for each in rows] == [
        ("owner", host.uri),
        ("user", mate.uri),
    ]
    one = api.get(rows[1]["uri"].removeprefix("https://api.calendly.com"))
    assert one.json() == {"resource": rows[1]}


def test_a_member_reads_their_own_membership_and_no_other(
    sim: Simulator, host: User, api_as: ApiAs
) -> None:
    mate = sim.user("Mo Mate", organization=host.organization, role="user")
    api = api_as(sim.token(mate))
    own = api.get("/organization_memberships", params={"user": mate.uri})
    assert [each["role"] for each in own.json()["collection"]] == ["user"]
    everyone = api.get("/organization_memberships", params={"organization": host.organization.uri})
    assert everyone.status_code == 403


def test_event_types_of_a_user_come_by_name(
    api: httpx.Client, sim: Simulator, host: User, intro: EventType
) -> None:
    sim.event_type(host, "Coaching", active=False)
    assert names(api.get("/event_types", params={"user": host.uri})) == ["Coaching", "Intro call"]
    active = api.get("/event_types", params={"user": host.uri, "active": "true"})
    assert names(active) == ["Intro call"]
    backwards = api.get("/event_types", params={"user": host.uri, "sort": "name:desc"})
    assert names(backwards) == ["Intro call", "Coaching"]


def test_event_types_need_a_user_or_an_organization(api: httpx.Client) -> None:
    answer = api.get("/event_types")
    assert answer.status_code == 400
    assert {each["parameter"] for each in answer.json()["details"]} == {"user", "organization"}


def test_an_organization_s_event_types_are_for_admins(
    sim: Simulator, host: User, intro: EventType, api: httpx.Client, api_as: ApiAs
) -> None:
    mate = sim.user("Mo Mate", organization=host.organization, role="user")
    query = {"organization": host.organization.uri}
    assert names(api.get("/event_types", params=query)) == ["Intro call"]
    denied = api_as(sim.token(mate)).get("/event_types", params=query)
    assert denied.status_code == 403
    assert denied.json()["message"] == "You do not have permission to access this resource."


def test_an_event_type_shows_what_a_booking_needs(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    found = sim.event_type(
        host,
        "Coaching hour",
        duration=60,
        kind="group",
        limit=5,
        price=80.0,
        places=[Place("zoom_conference"), Place("physical", location="Rua 1")],
        questions=[
            Question("Company name", required=True),
            Question("Tier", "single_select", answer_choices=["one", "two"]),
        ],
    )
    shape = api.get(f"/event_types/{found.id}").json()["resource"]
    assert shape["uri"] == found.uri
    assert (shape["duration"], shape["kind"], shape["pooling_type"]) == (60, "group", None)
    assert (shape["active"], shape["is_paid"], shape["deleted_at"]) == (True, True, None)
    assert shape["locations"] == [
        {"kind": "zoom_conference"},
        {"kind": "physical", "location": "Rua 1"},
    ]
    assert shape["custom_questions"][1] == {
        "name": "Tier",
        "type": "single_select",
        "position": 1,
        "enabled": True,
        "required": False,
        "answer_choices": ["one", "two"],
        "include_other": False,
    }
    assert shape["profile"] == {"type": "User", "name": "Ana Host", "owner": host.uri}


def test_a_deleted_event_type_can_be_read_and_is_not_listed(
    api: httpx.Client, sim: Simulator, host: User, intro: EventType
) -> None:
    sim.delete(intro)
    assert names(api.get("/event_types", params={"user": host.uri})) == []
    shape = api.get(f"/event_types/{intro.id}").json()["resource"]
    assert shape["deleted_at"] == "2026-11-02T08:00:00.000000Z"


def test_an_unknown_event_type_is_a_404(api: httpx.Client) -> None:
    answer = api.get("/event_types/nothing")
    assert answer.status_code == 404
    assert answer.json()["title"] == "Resource Not Found"


def test_an_event_type_of_another_organization_is_denied(api: httpx.Client, sim: Simulator) -> None:
    other = sim.event_type(sim.user("Sam Stranger"), "Theirs")
    assert api.get(f"/event_types/{other.id}").json()["title"] == "Permission Denied"


def test_hours_are_local_to_their_zone(api: httpx.Client, host: User) -> None:
    answer = api.get("/user_availability_schedules", params={"user": host.uri}).json()
    assert set(answer) == {"collection"}
    [schedule] = answer["collection"]
    assert schedule["timezone"] == "UTC"
    assert schedule["rules"][0] == {
        "type": "wday",
        "wday": "monday",
        "intervals": [{"from": "09:00", "to": "17:00"}],
    }
    assert schedule["rules"][6]["intervals"] == []
    one = api.get(schedule["uri"].removeprefix("https://api.calendly.com"))
    assert one.json()["resource"] == schedule


# ---- pages -----------------------------------------------------------------------------------------


@pytest.fixture
def five_types(sim: Simulator, host: User) -> list[EventType]:
    return [sim.event_type(host, f"Type {each}") for each in "abcde"]


def test_a_list_comes_by_pages_whose_tokens_lead_on_and_back(
    api: httpx.Client, host: User, five_types: list[EventType]
) -> None:
    query: dict[str, str] = {"user": host.uri, "count": "2"}
    first = api.get("/event_types", params=query).json()
    assert set(first["pagination"]) == {
        "count",
        "next_page",
        "previous_page",
        "next_page_token",
        "previous_page_token",
    }
    assert first["pagination"]["previous_page_token"] is None
    assert first["pagination"]["next_page"].startswith("https://api.calendly.com/event_types?")
    token = first["pagination"]["next_page_token"]
    second = api.get("/event_types", params=query | {"page_token": token})
    assert names(second) == ["Type c", "Type d"]
    token = second.json()["pagination"]["next_page_token"]
    third = api.get("/event_types", params=query | {"page_token": token}).json()
    assert [each["name"] for each in third["collection"]] == ["Type e"]
    assert third["pagination"]["next_page"] is None
    back = third["pagination"]["previous_page_token"]
    assert names(api.get("/event_types", params=query | {"page_token": back})) == names(second)


def test_a_page_token_goes_with_its_filters(
    api: httpx.Client, host: User, five_types: list[EventType]
) -> None:
    query: dict[str, str] = {"user": host.uri, "count": "2"}
    token = api.get("/event_types", params=query).json()["pagination"]["next_page_token"]
    answer = api.get("/event_types", params=query | {"active": "true", "page_token": token})
    assert answer.status_code == 400
    assert answer.json()["details"][0]["parameter"] == "page_token"


@pytest.mark.parametrize("count", ["0", "101", "many"])
def test_a_page_has_one_to_a_hundred_rows(api: httpx.Client, host: User, count: str) -> None:
    answer = api.get("/event_types", params={"user": host.uri, "count": count})
    assert answer.status_code == 400
    detail: Body = {"parameter": "count", "message": "must be between 1 and 100"}
    assert answer.json() == invalid(detail)


def test_older_answers_leave_out_keys_of_the_pagination(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    sim.switches.pagination = ("count", "next_page")
    answer = api.get("/event_types", params={"user": host.uri}).json()
    assert answer["pagination"] == {"count": 0, "next_page": None}
