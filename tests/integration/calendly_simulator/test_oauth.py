"""The token endpoint."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from tests.simulators.calendly import CalendlyServer, Simulator, User

BACK = "https://booking.test/back"
SCOPES = "users:read scheduled_events:write"


def ask(calendly: CalendlyServer, **form: str) -> httpx.Response:
    app = (calendly.sim.oauth.client_id, calendly.sim.oauth.client_secret)
    return httpx.post(f"{calendly.url}/oauth/token", data=form, auth=app, verify=False)


def by_code(calendly: CalendlyServer, code: str, redirect_uri: str = BACK) -> httpx.Response:
    grant = "authorization_code"
    return ask(calendly, grant_type=grant, code=code, redirect_uri=redirect_uri)


def refresh(calendly: CalendlyServer, token: str) -> httpx.Response:
    return ask(calendly, grant_type="refresh_token", refresh_token=token)


@pytest.fixture
def code(sim: Simulator, host: User) -> str:
    return sim.oauth.consent(host, SCOPES, BACK)


def test_a_code_becomes_a_pair_of_tokens(
    calendly: CalendlyServer, host: User, code: str, api: httpx.Client
) -> None:
    answer = by_code(calendly, code)
    assert answer.status_code == 200
    pair = answer.json()
    assert set(pair) == {
        "access_token",
        "refresh_token",
        "token_type",
        "expires_in",
        "created_at",
        "scope",
        "owner",
        "organization",
    }
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 7200)
    assert (pair["owner"], pair["organization"]) == (host.uri, host.organization.uri)
    token = {"Authorization": f"Bearer {pair['access_token']}"}
    assert api.get("/users/me", headers=token).status_code == 200
    assert api.get("/event_types", headers=token).json()["title"] == "Insufficient scope"


def test_an_access_token_lives_two_hours(
    calendly: CalendlyServer, sim: Simulator, code: str, api: httpx.Client
) -> None:
    token = {"Authorization": f"Bearer {by_code(calendly, code).json()['access_token']}"}
    sim.clock.advance(timedelta(hours=2))
    assert api.get("/users/me", headers=token).status_code == 401


def test_a_refresh_token_is_good_once_and_gives_the_next(
    calendly: CalendlyServer, code: str, api: httpx.Client
) -> None:
    first = by_code(calendly, code).json()
    second = refresh(calendly, first["refresh_token"])
    assert second.status_code == 200
    token = {"Authorization": f"Bearer {second.json()['access_token']}"}
    assert api.get("/users/me", headers=token).status_code == 200
    replayed = refresh(calendly, first["refresh_token"])
    assert replayed.status_code == 400
    assert replayed.json()["error"] == "invalid_grant"
    assert set(replayed.json()) == {"error", "error_description"}
    assert refresh(calendly, second.json()["refresh_token"]).status_code == 200


def test_a_code_is_good_once_for_ten_minutes_and_one_address(
    calendly: CalendlyServer, sim: Simulator, host: User, code: str
) -> None:
    assert by_code(calendly, code).status_code == 200
    assert by_code(calendly, code).json()["error"] == "invalid_grant"
    old = sim.oauth.consent(host, SCOPES, BACK)
    sim.clock.advance(timedelta(minutes=11))
    assert by_code(calendly, old).status_code == 400
    elsewhere = sim.oauth.consent(host, SCOPES, BACK)
    assert by_code(calendly, elsewhere, "https://thief.test").status_code == 400


def test_an_unknown_app_gets_nothing(calendly: CalendlyServer, code: str) -> None:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    answer = httpx.post(
        f"{calendly.url}/oauth/token", data=form, auth=("app", "guess"), verify=False
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_native_app_sends_its_id_in_the_form(calendly: CalendlyServer, code: str) -> None:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "client_id": calendly.sim.oauth.client_id,
    }
    assert httpx.post(f"{calendly.url}/oauth/token", data=form, verify=False).status_code == 200


def test_token_requests_are_eight_a_minute(calendly: CalendlyServer, code: str) -> None:
    token = by_code(calendly, code).json()["refresh_token"]
    for _ in range(7):
        token = refresh(calendly, token).json()["refresh_token"]
    answer = refresh(calendly, token)
    assert answer.status_code == 429
    assert answer.headers["X-RateLimit-Remaining"] == "0"


def test_webhooks_of_an_app_are_signed_with_the_app_s_key(
    calendly: CalendlyServer, sim: Simulator, host: User, api: httpx.Client
) -> None:
    code = sim.oauth.consent(host, "webhooks:write scheduled_events:read", BACK)
    token = {"Authorization": f"Bearer {by_code(calendly, code).json()['access_token']}"}
    body = {
        "url": "https://booking.test/notices",
        "events": ["invitee.created"],
        "organization": host.organization.uri,
        "scope": "organization",
        "signing_key": "ours",
    }
    assert api.post("/webhook_subscriptions", json=body, headers=token).status_code == 201
    assert [each.signing_key for each in sim.subscriptions()] == ["app-signing-key"]
