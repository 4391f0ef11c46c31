"""Reading meetings and invitees, and what happens to them after the booking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.integration.calendly_simulator.bodies import TEN, invalid, refusal, wish
from tests.simulators.calendly import EventType, Place, Refused, Simulator, User

ApiAs = Callable[[str], httpx.Client]


def path(uri: str) -> str:
    return uri.removeprefix("https://api.calendly.com")


def read(api: httpx.Client, uri: str) -> Any:
    answer = api.get(path(uri))
    assert answer.status_code == 200, answer.text
    return answer.json()["resource"]


def listed(api: httpx.Client, **query: str) -> list[str]:
    answer = api.get("/scheduled_events", params=query)
    assert answer.status_code == 200, answer.text
    return [each["uri"] for each in answer.json()["collection"]]


@pytest.fixture
def booked(api: httpx.Client, intro: EventType) -> dict[str, str]:
    """The invitee of a booking at ten."""
    found: dict[str, str] = api.post("/invitees", json=wish(intro)).json()["resource"]
    return found


def test_an_event_shows_its_time_hosts_and_counter(
    api: httpx.Client, host: User, intro: EventType, booked: dict[str, str]
) -> None:
    shape = read(api, booked["event"])
    assert shape["uri"] == booked["event"]
    assert (shape["name"], shape["status"]) == ("Intro call", "active")
    assert shape["start_time"] == "2026-11-03T10:00:00.000000Z"
    assert shape["end_time"] == "2026-11-03T10:30:00.000000Z"
    assert shape["event_type"] == intro.uri
    assert shape["location"] is None
    assert shape["invitees_counter"] == {"total": 1, "active": 1, "limit": 1}
    [membership] = shape["event_memberships"]
    assert membership["user"] == host.uri
    assert membership["user_email"] == "ana-host@example.test"
    assert "cancellation" not in shape


def test_guests_are_on_the_event(api: httpx.Client, intro: EventType) -> None:
    body = wish(intro, event_guests=["bea@example.test"])
    shape = read(api, api.post("/invitees", json=body).json()["resource"]["event"])
    assert [each["email"] for each in shape["event_guests"]] == ["bea@example.test"]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("zoom_conference", "zoom"),
        ("gotomeeting_conference", "gotomeeting"),
        ("google_conference", "google_conference"),
        ("microsoft_teams_conference", "microsoft_teams_conference"),
        ("webex_conference", "webex_conference"),
    ],
)
def test_the_joining_link_comes_later_and_moves_updated_at(
    api: httpx.Client, sim: Simulator, host: User, written: str, read_as: str
) -> None:
    online = sim.event_type(host, "Online", places=[Place(written)])
    body = wish(online, location={"kind": written})
    uri = api.post("/invitees", json=body).json()["resource"]["event"]
    early = read(api, uri)
    assert early["location"] == {
        "type": read_as,
        "status": "initiated",
        "join_url": None,
        "data": None,
    }
    sim.clock.advance(timedelta(seconds=8))
    late = read(api, uri)
    assert late["location"]["status"] == "pushed"
    assert late["location"]["join_url"].startswith("https://")
    assert late["updated_at"] == "2026-11-02T08:00:08.000000Z"


def test_the_joining_link_may_never_come(api: httpx.Client, sim: Simulator, host: User) -> None:
    sim.switches.join_link_after = None
    online = sim.event_type(host, "Online", places=[Place("zoom_conference")])
    body = wish(online, location={"kind": "zoom_conference"})
    uri = api.post("/invitees", json=body).json()["resource"]["event"]
    sim.clock.advance(timedelta(days=1))
    assert read(api, uri)["location"]["join_url"] is None


def test_events_are_found_by_person_time_and_status(
    api: httpx.Client, sim: Simulator, host: User, intro: EventType, booked: dict[str, str]
) -> None:
    later = wish(intro, "2026-11-04T10:00:00Z")
    later["invitee"]["email"] = "cy@example.test"
    second = api.post("/invitees", json=later).json()["resource"]["event"]
    first, me = booked["event"], host.uri
    assert listed(api, user=me) == [first, second]
    assert listed(api, user=me, sort="start_time:desc") == [second, first]
    assert listed(api, user=me, invitee_email="cy@example.test") == [second]
    assert listed(api, user=me, min_start_time="2026-11-03T10:00:01Z") == [second]
    assert listed(api, user=me, max_start_time="2026-11-04T00:00:00Z") == [first]
    sim.cancel(sim.invitee(booked["uri"]), by="host")
    assert listed(api, user=me, status="active") == [second]
    assert listed(api, user=me, status="canceled") == [first]
    assert listed(api, organization=host.organization.uri) == [first, second]


def test_the_edges_of_a_range_are_not_in_it(
    api: httpx.Client, host: User, booked: dict[str, str]
) -> None:
    ten, me = "2026-11-03T10:00:00Z", host.uri
    assert listed(api, user=me, min_start_time=ten) == []
    assert listed(api, user=me, max_start_time=ten) == []


def test_a_list_of_events_needs_to_know_whose(api: httpx.Client) -> None:
    assert api.get("/scheduled_events").status_code == 400


def test_events_of_others_are_for_admins_who_name_the_organization(
    sim: Simulator, host: User, api: httpx.Client, api_as: ApiAs, booked: dict[str, str]
) -> None:
    mate = sim.user("Mo Mate", organization=host.organization, role="user")
    stranger = sim.user("Sam Stranger")
    theirs = api_as(sim.token(mate))

    def message(client: httpx.Client, **query: str) -> str:
        answer = client.get("/scheduled_events", params=query)
        assert answer.status_code == 403
        assert answer.json()["title"] == "Permission Denied"
        return str(answer.json()["message"])

    organization = host.organization.uri
    assert listed(theirs, user=mate.uri) == []
    assert listed(api, user=mate.uri, organization=organization) == []
    assert message(api, user=mate.uri) == (
        "Please also specify organization when requesting events "
        "for a user within your organization."
    )
    assert message(api, user=stranger.uri, organization=organization) == (
        "This user is not in your organization"
    )
    not_yours = "You do not have permission to access this resource."
    assert message(theirs, organization=organization) == not_yours
    assert message(theirs, user=host.uri, organization=organization) == not_yours


def test_a_stranger_may_not_view_an_event(
    sim: Simulator, api_as: ApiAs, booked: dict[str, str]
) -> None:
    stranger = api_as(sim.token(sim.user("Sam Stranger")))
    for uri in (booked["event"], booked["uri"], f"{booked['event']}/invitees"):
        answer = stranger.get(path(uri))
        assert answer.status_code == 403
        assert answer.json()["message"] == "You are not allowed to view this event"


def test_an_unknown_event_or_invitee_is_a_404(api: httpx.Client, booked: dict[str, str]) -> None:
    assert api.get("/scheduled_events/nothing").status_code == 404
    assert api.get(f"{path(booked['event'])}/invitees/nothing").status_code == 404


def test_invitees_are_listed_by_status_and_address(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    group = sim.event_type(host, "Group", kind="group", limit=3)
    invitees = []
    for email in ("bo@example.test", "cy@example.test"):
        body = wish(group)
        body["invitee"]["email"] = email
        invitees.append(api.post("/invitees", json=body).json()["resource"])
    sim.cancel(sim.invitee(invitees[0]["uri"]), by="invitee")
    rows = f"{path(invitees[0]['event'])}/invitees"

    def uris(**query: str) -> list[str]:
        answer = api.get(rows, params=query).json()
        assert set(answer) == {"collection", "pagination"}
        return [each["uri"] for each in answer["collection"]]

    first, second = (each["uri"] for each in invitees)
    assert uris() == [first, second]
    assert uris(sort="created_at:desc") == [second, first]
    assert uris(status="active") == [second]
    assert uris(email="bo@example.test") == [first]
    assert read(api, second)["status"] == "active"


# ---- cancelling ------------------------------------------------------------------------------------


def cancel(api: httpx.Client, uri: str, **body: str) -> httpx.Response:
    return api.post(f"{path(uri)}/cancellation", json=body)


def test_cancelling_by_the_api_is_the_host_s_doing(
    api: httpx.Client, sim: Simulator, booked: dict[str, str]
) -> None:
    sim.clock.advance(timedelta(minutes=1))
    answer = cancel(api, booked["event"], reason="ill")
    assert answer.status_code == 201
    assert answer.json() == {
        "resource": {"canceled_by": "Ana Host", "reason": "ill", "canceler_type": "host"}
    }
    shape = read(api, booked["event"])
    assert shape["status"] == "canceled"
    assert shape["updated_at"] == "2026-11-02T08:01:00.000000Z"
    assert shape["invitees_counter"] == {"total": 1, "active": 0, "limit": 1}
    invitee = read(api, booked["uri"])
    assert invitee["status"] == "canceled"
    assert invitee["rescheduled"] is False
    assert invitee["cancellation"] == {
        "canceled_by": "Ana Host",
        "reason": "ill",
        "canceler_type": "host",
        "created_at": "2026-11-02T08:01:00.000000Z",
    }


def test_cancelling_takes_all_of_a_group_along(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    group = sim.event_type(host, "Group", kind="group", limit=3)
    for _ in range(2):
        api.post("/invitees", json=wish(group))
    cancel(api, sim.events()[0].uri)
    assert [each.status for each in sim.invitees()] == ["canceled", "canceled"]


def test_cancelling_is_refused_in_three_ways(
    api: httpx.Client,
    sim: Simulator,
    host: User,
    intro: EventType,
    api_as: ApiAs,
    booked: dict[str, str],
) -> None:
    mate = sim.user("Mo Mate", organization=host.organization, role="user")
    answer = cancel(api_as(sim.token(mate)), booked["event"])
    denied = refusal("Permission Denied", "You are not allowed to cancel this event")
    assert (answer.status_code, answer.json()) == (403, denied)
    later = api.post("/invitees", json=wish(intro, "2026-11-03T11:00:00Z")).json()["resource"]
    cancel(api, booked["event"])
    answer = cancel(api, booked["event"])
    again = refusal("Permission Denied", "Event is already canceled")
    assert (answer.status_code, answer.json()) == (403, again)
    sim.clock.advance(timedelta(days=2))
    answer = cancel(api, later["event"])
    past = refusal("Permission Denied", "Event in the past")
    assert (answer.status_code, answer.json()) == (403, past)


def test_some_accounts_refuse_a_reason(
    api: httpx.Client, sim: Simulator, booked: dict[str, str]
) -> None:
    sim.switches.cancel_reason = False
    answer = cancel(api, booked["event"], reason="ill")
    assert (answer.status_code, answer.json()) == (400, invalid())
    assert len(sim.events("active")) == 1
    assert cancel(api, booked["event"]).status_code == 201


def test_an_invitee_of_a_group_cancels_their_own_place(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    group = sim.event_type(host, "Group", kind="group", limit=3)
    for _ in range(2):
        api.post("/invitees", json=wish(group))
    first, second = sim.invitees()
    sim.cancel(first, by="invitee", reason="ill")
    assert (first.status, second.status, sim.events()[0].status) == ("canceled", "active", "active")
    assert first.cancellation is not None
    assert first.cancellation.canceler_type == "invitee"
    sim.cancel(second, by="invitee")
    assert sim.events()[0].status == "canceled"


# ---- rescheduling ----------------------------------------------------------------------------------


def test_a_reschedule_makes_two_invitees_that_know_each_other(
    api: httpx.Client, sim: Simulator, booked: dict[str, str]
) -> None:
    new = sim.reschedule(sim.invitee(booked["uri"]), TEN + timedelta(days=1), "later please")
    old_shape, new_shape = read(api, booked["uri"]), read(api, new.uri)
    assert (old_shape["status"], old_shape["rescheduled"]) == ("canceled", True)
    assert old_shape["new_invitee"] == new.uri
    assert old_shape["cancellation"]["reason"] == "later please"
    assert old_shape["cancellation"]["canceler_type"] == "invitee"
    assert (new_shape["status"], new_shape["rescheduled"]) == ("active", False)
    assert new_shape["old_invitee"] == booked["uri"]
    assert new_shape["event"] != booked["event"]
    assert read(api, booked["event"])["status"] == "canceled"
    assert read(api, new.event.uri)["start_time"] == "2026-11-04T10:00:00.000000Z"


def test_a_reschedule_may_overlap_its_own_old_time(
    sim: Simulator, host: User, api: httpx.Client
) -> None:
    hour = sim.event_type(host, "Hour", duration=60)
    api.post("/invitees", json=wish(hour))
    new = sim.reschedule(sim.invitees()[0], TEN + timedelta(minutes=30))
    assert new.status == "active"


def test_a_reschedule_to_a_taken_slot_changes_nothing(
    api: httpx.Client, sim: Simulator, intro: EventType, booked: dict[str, str]
) -> None:
    api.post("/invitees", json=wish(intro, "2026-11-03T11:00:00Z"))
    with pytest.raises(Refused):
        sim.reschedule(sim.invitee(booked["uri"]), TEN + timedelta(hours=1))
    assert [each.status for each in sim.events()] == ["active", "active"]
    assert sim.invitee(booked["uri"]).status == "active"


def test_one_of_a_group_moves_alone(api: httpx.Client, sim: Simulator, host: User) -> None:
    group = sim.event_type(host, "Group", kind="group", limit=3)
    for _ in range(2):
        api.post("/invitees", json=wish(group))
    mover, stayer = sim.invitees()
    new = sim.reschedule(mover, TEN + timedelta(days=1))
    assert (mover.status, stayer.status, new.status) == ("canceled", "active", "active")
    assert [each.status for each in sim.events()] == ["active", "active"]


def test_what_is_cancelled_cannot_be_cancelled_or_moved_again(
    sim: Simulator, booked: dict[str, str]
) -> None:
    invitee = sim.invitee(booked["uri"])
    sim.cancel(invitee, by="invitee")
    with pytest.raises(Refused, match="already canceled"):
        sim.cancel(invitee, by="host")
    with pytest.raises(Refused, match="already canceled"):
        sim.reschedule(invitee, TEN + timedelta(days=1))


@pytest.mark.parametrize(("follows", "marker"), [(True, "order-4711"), (False, None)])
def test_whether_the_tracking_follows_a_reschedule_can_be_chosen(
    api: httpx.Client, sim: Simulator, intro: EventType, follows: bool, marker: str | None
) -> None:
    sim.switches.tracking_follows = follows
    tracking = dict.fromkeys(("utm_campaign", "utm_source", "utm_medium", "utm_content")) | {
        "utm_term": None,
        "salesforce_uuid": "order-4711",
    }
    api.post("/invitees", json=wish(intro, tracking=tracking))
    new = sim.reschedule(sim.invitees()[0], TEN + timedelta(days=1))
    assert new.tracking["salesforce_uuid"] == marker
    assert len(new.tracking) == 6


# ---- no-shows --------------------------------------------------------------------------------------


def test_a_no_show_is_marked_read_and_taken_back(api: httpx.Client, booked: dict[str, str]) -> None:
    answer = api.post("/invitee_no_shows", json={"invitee": booked["uri"]})
    assert answer.status_code == 201
    mark = answer.json()["resource"]
    assert mark["invitee"] == booked["uri"]
    assert read(api, mark["uri"]) == mark
    assert read(api, booked["uri"])["no_show"] == {
        "uri": mark["uri"],
        "created_at": mark["created_at"],
    }
    assert api.delete(path(mark["uri"])).status_code == 204
    assert read(api, booked["uri"])["no_show"] is None
    assert api.get(path(mark["uri"])).status_code == 404
    assert api.delete(path(mark["uri"])).status_code == 404


@pytest.mark.parametrize("status", [400, 403, 409])
def test_a_second_mark_is_an_error(
    api: httpx.Client, sim: Simulator, booked: dict[str, str], status: int
) -> None:
    sim.switches.no_show_again = status
    api.post("/invitee_no_shows", json={"invitee": booked["uri"]})
    answer = api.post("/invitee_no_shows", json={"invitee": booked["uri"]})
    assert answer.status_code == status


def test_a_mark_needs_an_invitee_that_is_known(api: httpx.Client) -> None:
    assert api.post("/invitee_no_shows", json={}).status_code == 400
    uri = "https://api.calendly.com/scheduled_events/x/invitees/y"
    assert api.post("/invitee_no_shows", json={"invitee": uri}).status_code == 404
