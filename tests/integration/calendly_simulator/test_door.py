"""Tokens, scopes, plans and rate limits, before any route looks at what was asked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from tests.integration.calendly_simulator.bodies import invalid, refusal, wish
from tests.simulators.calendly import EventType, Simulator, User

ApiAs = Callable[[str], httpx.Client]


def test_an_unknown_token_is_unauthenticated(api_as: ApiAs) -> None:
    answer = api_as("nobody").get("/users/me")
    assert answer.status_code == 401
    assert answer.json() == refusal("Unauthenticated", "The access token is invalid")


def test_a_revoked_token_is_unauthenticated(sim: Simulator, host: User, api_as: ApiAs) -> None:
    token = sim.token(host)
    sim.revoke(token)
    assert api_as(token).get("/users/me").status_code == 401


def test_a_token_without_the_scope_is_told_which_one_it_lacks(
    sim: Simulator, host: User, intro: EventType, api_as: ApiAs
) -> None:
    api = api_as(sim.token(host, ["scheduled_events:read"]))
    answer = api.post("/invitees", json=wish(intro))
    assert answer.status_code == 403
    assert answer.json()["title"] == "Insufficient scope"
    assert answer.json()["required_scopes"] == ["scheduled_events:write"]


def test_a_write_scope_includes_reading(sim: Simulator, host: User, api_as: ApiAs) -> None:
    api = api_as(sim.token(host, ["scheduled_events:write"]))
    assert api.get("/scheduled_events", params={"user": host.uri}).status_code == 200


def test_a_token_without_any_scope_may_nothing(sim: Simulator, host: User, api_as: ApiAs) -> None:
    assert api_as(sim.token(host, [])).get("/users/me").status_code == 403


def test_a_free_plan_cannot_book_by_the_api(sim: Simulator, api_as: ApiAs) -> None:
    host = sim.user("Flo Free", organization=sim.organization(plan="free"))
    api = api_as(sim.token(host))
    answer = api.post("/invitees", json=wish(sim.event_type(host, "Intro")))
    assert answer.status_code == 403
    assert answer.json() == refusal(
        "Permission Denied",
        "The Scheduling API is only available on paid Calendly plans. "
        "Upgrade your plan to access this feature.",
    )


def test_scope_comes_before_plan_and_plan_before_the_body(sim: Simulator, api_as: ApiAs) -> None:
    host = sim.user("Flo Free", organization=sim.organization(plan="free"))
    unscoped = api_as(sim.token(host, [])).post("/invitees", json={})
    assert unscoped.json()["title"] == "Insufficient scope"
    unpaid = api_as(sim.token(host)).post("/invitees", json={})
    assert unpaid.json()["title"] == "Permission Denied"


def test_an_unknown_route_is_a_404_in_the_api_s_shape(api: httpx.Client, intro: EventType) -> None:
    expected = refusal("Resource Not Found", "The server could not find the requested resource.")
    for answer in (api.get("/nothing"), api.delete(f"/event_types/{intro.id}")):
        assert answer.status_code == 404
        assert answer.json() == expected


def test_every_answer_tells_the_limit_and_what_is_left(api: httpx.Client, sim: Simulator) -> None:
    assert api.get("/users/me").headers["X-RateLimit-Remaining"] == "499"
    sim.clock.advance(timedelta(seconds=20))
    headers = api.get("/users/me").headers
    assert headers["X-RateLimit-Limit"] == "500"
    assert headers["X-RateLimit-Remaining"] == "498"
    assert headers["X-RateLimit-Reset"] == "40"


def test_a_free_user_has_fifty_calls_a_minute(sim: Simulator, api_as: ApiAs) -> None:
    host = sim.user("Flo Free", organization=sim.organization(plan="free"))
    api = api_as(sim.token(host))
    assert {api.get("/users/me").status_code for _ in range(50)} == {200}
    answer = api.get("/users/me")
    assert answer.status_code == 429
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert "Retry-After" not in answer.headers
    with pytest.raises(ValueError, match="Expecting value"):
        answer.json()
    sim.clock.advance(timedelta(minutes=1))
    assert api.get("/users/me").status_code == 200


def test_tokens_of_one_user_share_the_limit(sim: Simulator, host: User, api_as: ApiAs) -> None:
    api_as(sim.token(host)).get("/users/me")
    answer = api_as(sim.token(host)).get("/users/me")
    assert answer.headers["X-RateLimit-Remaining"] == "498"


def test_a_paid_user_books_ten_times_a_minute(api: httpx.Client, sim: Simulator) -> None:
    """Before the body is looked at: a body that is refused counts as well."""
    answers = [api.post("/invitees", json={}) for _ in range(11)]
    assert [each.status_code for each in answers] == [400] * 10 + [429]
    assert answers[0].headers["X-RateLimit-Limit"] == "10"
    assert api.get("/users/me").status_code == 200
    sim.clock.advance(timedelta(minutes=1))
    assert api.post("/invitees", json={}).status_code == 400


def test_a_paid_user_books_fifty_times_an_hour_and_a_hundred_times_a_day(
    api: httpx.Client, sim: Simulator
) -> None:
    def an_hour_of_booking() -> list[int]:
        """Ten a minute for six minutes."""
        seen = []
        for _ in range(6):
            seen += [api.post("/invitees", json={}).status_code for _ in range(10)]
            sim.clock.advance(timedelta(minutes=1))
        sim.clock.advance(timedelta(hours=1))
        return seen

    assert an_hour_of_booking() == [400] * 50 + [429] * 10
    assert an_hour_of_booking() == [400] * 50 + [429] * 10
    assert set(an_hour_of_booking()) == {429}
    sim.clock.advance(timedelta(days=1))
    assert 400 in an_hour_of_booking()


def test_the_reset_of_a_long_limit_is_told_short_or_long(sim: Simulator, api_as: ApiAs) -> None:
    host = sim.user("Tom Trial", organization=sim.organization(plan="trial"))
    api = api_as(sim.token(host))
    assert [api.post("/invitees", json={}).status_code for _ in range(6)] == [400] * 5 + [429]
    assert api.post("/invitees", json={}).headers["X-RateLimit-Reset"] == "60"
    sim.switches.long_reset = True
    assert api.post("/invitees", json={}).headers["X-RateLimit-Reset"] == "86400"


def test_an_enterprise_books_five_hundred_times_a_minute(sim: Simulator, api_as: ApiAs) -> None:
    host = sim.user("Eve Big", organization=sim.organization(plan="enterprise"))
    answer = api_as(sim.token(host)).post("/invitees", json={})
    assert answer.headers["X-RateLimit-Limit"] == "500"


def test_limits_can_be_switched_off_for_tests_that_book_a_lot(
    api: httpx.Client, sim: Simulator
) -> None:
    sim.limits.on = False
    assert {api.post("/invitees", json={}).status_code for _ in range(15)} == {400}


def test_details_may_be_left_out_of_a_400(api: httpx.Client, sim: Simulator) -> None:
    sim.switches.details = False
    assert api.post("/invitees", json={}).json() == invalid()


def test_every_call_is_written_down_with_its_headers(api: httpx.Client, sim: Simulator) -> None:
    api.get("/users/me", params={"x": "1"})
    api.post("/invitees", json={"a": 1})
    first, second = sim.calls
    assert (first.method, first.path, first.query) == ("GET", "/users/me", {"x": "1"})
    assert first.headers["User-Agent"] == "booking-core tests"
    assert (second.body, second.status) == ({"a": 1}, 400)
    assert sim.calls_to("POST", "/invitees") == [second]
