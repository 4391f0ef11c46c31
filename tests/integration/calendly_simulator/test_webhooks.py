"""Webhook subscriptions over the API."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from tests.integration.calendly_simulator.bodies import Body, refusal, wish
from tests.simulators.calendly import EventType, Simulator, User

ApiAs = Callable[[str], httpx.Client]
URL = "https://booking.test/notices"


def hook(user: User, **more: object) -> Body:
    return {
        "url": URL,
        "events": ["invitee.created", "invitee.canceled"],
        "organization": user.organization.uri,
        "user": user.uri,
        "scope": "user",
        "signing_key": "secret",
    } | more


def path(uri: str) -> str:
    return uri.removeprefix("https://api.calendly.com")


def test_a_subscription_is_made_read_listed_and_deleted(api: httpx.Client, host: User) -> None:
    answer = api.post("/webhook_subscriptions", json=hook(host))
    assert answer.status_code == 201
    made = answer.json()["resource"]
    assert made == {
        "uri": made["uri"],
        "callback_url": URL,
        "retry_started_at": None,
        "state": "active",
        "events": ["invitee.created", "invitee.canceled"],
        "scope": "user",
        "organization": host.organization.uri,
        "user": host.uri,
        "group": None,
        "creator": host.uri,
        "created_at": "2026-11-02T08:00:00.000000Z",
        "updated_at": "2026-11-02T08:00:00.000000Z",
    }
    assert api.get(path(made["uri"])).json() == {"resource": made}
    query = {"organization": host.organization.uri, "scope": "user", "user": host.uri}
    listed = api.get("/webhook_subscriptions", params=query).json()
    assert listed["collection"] == [made]
    assert listed["pagination"]["count"] == 1
    assert api.delete(path(made["uri"])).status_code == 204
    assert api.get(path(made["uri"])).status_code == 404


def test_a_subscription_cannot_be_changed(api: httpx.Client, host: User) -> None:
    uri = api.post("/webhook_subscriptions", json=hook(host)).json()["resource"]["uri"]
    assert api.patch(path(uri), json={"url": "https://other.test"}).status_code == 404


def test_the_same_url_again_is_a_409(api: httpx.Client, host: User) -> None:
    api.post("/webhook_subscriptions", json=hook(host))
    answer = api.post("/webhook_subscriptions", json=hook(host, scope="organization"))
    assert answer.status_code == 409
    assert answer.json() == refusal("Already Exists", "Hook with this url already exists")


def test_what_makes_two_subscriptions_the_same_can_be_chosen(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    sim.switches.hooks_unique_by = "url and scope"
    api.post("/webhook_subscriptions", json=hook(host))
    other = api.post("/webhook_subscriptions", json=hook(host, scope="organization"))
    assert other.status_code == 201
    assert api.post("/webhook_subscriptions", json=hook(host)).status_code == 409


@pytest.mark.parametrize(
    ("missing", "parameter"),
    [
        ("url", "url"),
        ("events", "events"),
        ("organization", "organization"),
        ("scope", "scope"),
        ("user", "user"),
    ],
)
def test_what_is_missing_is_named(
    api: httpx.Client, host: User, missing: str, parameter: str
) -> None:
    body = hook(host)
    del body[missing]
    answer = api.post("/webhook_subscriptions", json=body)
    assert answer.status_code == 400
    assert [each["parameter"] for each in answer.json()["details"]] == [parameter]


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://booking.test/notices"},
        {"events": ["invitee.rescheduled"]},
        {"events": []},
        {"events": ["routing_form_submission.created"]},
        {"scope": "everybody"},
    ],
)
def test_a_wrong_subscription_is_refused(api: httpx.Client, host: User, wrong: Body) -> None:
    assert api.post("/webhook_subscriptions", json=hook(host, **wrong)).status_code == 400


def test_this_machine_may_be_called_without_https(api: httpx.Client, host: User) -> None:
    body = hook(host, url="http://127.0.0.1:9/notices")
    assert api.post("/webhook_subscriptions", json=body).status_code == 201


def test_a_free_plan_has_no_webhooks(sim: Simulator, api_as: ApiAs) -> None:
    host = sim.user("Flo Free", organization=sim.organization(plan="free"))
    answer = api_as(sim.token(host)).post("/webhook_subscriptions", json=hook(host))
    assert answer.status_code == 403
    message = "Please upgrade your Calendly account to Professional"
    assert answer.json() == refusal("Permission Denied", message)


def test_subscribing_needs_the_read_scope_of_what_is_told(
    sim: Simulator, host: User, api_as: ApiAs
) -> None:
    few = api_as(sim.token(host, ["webhooks:write"]))
    answer = few.post("/webhook_subscriptions", json=hook(host))
    assert answer.status_code == 403
    assert answer.json()["required_scopes"] == ["scheduled_events:read"]
    enough = api_as(sim.token(host, ["webhooks:write", "scheduled_events:read"]))
    assert enough.post("/webhook_subscriptions", json=hook(host)).status_code == 201


def test_a_whole_organization_is_for_admins(sim: Simulator, host: User, api_as: ApiAs) -> None:
    mate = sim.user("Mo Mate", organization=host.organization, role="user")
    api = api_as(sim.token(mate))
    denied = api.post("/webhook_subscriptions", json=hook(mate, scope="organization"))
    assert denied.status_code == 403
    assert api.post("/webhook_subscriptions", json=hook(mate)).status_code == 201


def test_a_list_needs_organization_and_scope(api: httpx.Client, host: User) -> None:
    assert api.get("/webhook_subscriptions").status_code == 400
    query = {"organization": host.organization.uri, "scope": "user"}
    assert api.get("/webhook_subscriptions", params=query).status_code == 400


def test_another_s_subscription_cannot_be_touched(
    api: httpx.Client, sim: Simulator, host: User, api_as: ApiAs
) -> None:
    uri = api.post("/webhook_subscriptions", json=hook(host)).json()["resource"]["uri"]
    stranger = api_as(sim.token(sim.user("Sam Stranger")))
    assert stranger.delete(path(uri)).status_code == 403
    assert len(sim.subscriptions()) == 1


def test_sample_data_is_the_envelope_itself(
    api: httpx.Client, sim: Simulator, host: User, intro: EventType
) -> None:
    query = {
        "event": "invitee.created",
        "organization": host.organization.uri,
        "scope": "user",
        "user": host.uri,
    }
    sample = api.get("/sample_webhook_data", params=query).json()
    assert set(sample) == {"event", "created_at", "created_by", "payload"}
    assert sample["event"] == "invitee.created"
    real = api.post("/invitees", json=wish(intro)).json()["resource"]
    assert set(sample["payload"]) == set(real) | {"scheduled_event"}
    assert len(sim.invitees()) == 1
