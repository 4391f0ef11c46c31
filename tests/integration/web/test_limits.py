"""How often one address may ask, and what it is told when that was too often (J3)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from attrs import evolve
from flask import Flask, request
from flask.testing import FlaskClient
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from booking_core import Actor, BuilderId, HoldLimits, ShowBuilder
from entrypoints import container
from entrypoints.container import Application, Container
from entrypoints.settings import Settings
from entrypoints.web import limits, requests
from tests.integration.forms import Browser, token_in
from tests.integration.web.conftest import BO, BOOKINGS, ZONE, Caller

BUILDERS = "/api/marketplace/builders"
_FORM = "application/x-www-form-urlencoded"
NOTHING_ANSWERS = "redis://127.0.0.1:9/0"
_RATES = limits._RATES


@pytest.fixture(scope="module")
def service() -> Iterator[Application]:
    """In memory, limited as in development, but holding no more than in production."""
    made = Container(settings=Settings.load({"DATABASE_URL": "memory://"}))
    made.core.add_kwargs(hold_limits=HoldLimits())
    application = made.application()
    application.seed()
    yield application
    application.close()


@pytest.fixture(scope="module")
def app(service: Application) -> Any:
    made = service.web_app()
    made.test_client_class = Browser
    return made


@pytest.fixture
def client(app: Any) -> Iterator[FlaskClient]:
    """Somebody whose requests of before are forgotten."""
    [limiter] = app.extensions["limiter"]
    limiter.reset()
    with capture_logs():
        yield app.test_client()


@pytest.fixture
def anyone(client: FlaskClient) -> Caller:
    return Caller(client)


@pytest.fixture
def three_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {name: evolve(rate, development=3) for name, rate in _RATES.items()}
    monkeypatch.setattr(limits, "_RATES", rates)


@pytest.fixture
def guarded(service: Application) -> Iterator[Callable[..., FlaskClient]]:
    """One page behind limits that are set up otherwise."""

    def guard(**settings: str) -> FlaskClient:
        app = Flask(__name__)
        app.before_request(requests.begin)
        app.add_url_rule(BUILDERS, view_func=lambda: request.url_root)
        limits.guard(app, evolve(service, settings=Settings.load(settings)))
        return app.test_client()

    with capture_logs():
        yield guard


def statuses(number: int, ask: Callable[[], TestResponse]) -> list[int]:
    return [ask().status_code for _ in range(number)]


# ---- how often ---------------------------------------------------------------------------------


def test_production_limits_each_class_for_itself() -> None:
    assert {name: rate.production for name, rate in _RATES.items()} == {
        "reading": 600,
        "exporting": 5,
        "booking": 60,
        "signing in": 10,
        "webhooks": 6_000,
        "the rest": 120,
    }


def test_development_admits_64_confirms_at_once_and_a_thousand_a_minute(
    client: FlaskClient,
) -> None:
    assert all(rate.development >= rate.production for rate in _RATES.values())
    assert _RATES["booking"].development >= 1_000 + 64
    confirm = f"{BOOKINGS}/confirm"
    assert set(statuses(64, lambda: client.post(confirm, json={}))) == {422}


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/", "reading"),
        ("GET", "/signin", "reading"),
        ("GET", "/bookings/x", "reading"),
        ("HEAD", BUILDERS, "reading"),
        ("GET", "/me", "reading"),
        ("GET", "/me/export", "exporting"),
        ("HEAD", "/me/export", "exporting"),
        ("GET", "/api/me/export", "exporting"),
        ("POST", f"{BOOKINGS}/initialize", "booking"),
        ("POST", f"{BOOKINGS}/create", "booking"),
        ("POST", f"{BOOKINGS}/confirm", "booking"),
        ("POST", f"{BOOKINGS}/x/pay", "booking"),
        ("POST", "/api/scheduling/calendly/scheduling-link", "booking"),
        ("POST", "/b/demo/getting-started", "booking"),
        ("POST", "/embed/demo/getting-started", "booking"),
        ("POST", "/bookings/x/move", "booking"),
        ("POST", "/signin", "signing in"),
        ("POST", "/api/webhooks/stripe", "webhooks"),
        ("POST", "/api/webhooks/calendly", "webhooks"),
        ("POST", "/api/admin/builders", "the rest"),
        ("PUT", "/api/builders/me/schedule", "the rest"),
        ("POST", "/signout", "the rest"),
    ],
)
def test_each_route_counts_in_its_class(app: Any, method: str, path: str, name: str) -> None:
    with app.test_request_context(path, method=method):
        assert limits._class() == name


@pytest.mark.usefixtures("three_a_minute")
def test_one_class_that_is_used_up_leaves_the_others(client: FlaskClient) -> None:
    assert statuses(4, lambda: client.get(BUILDERS)) == [200, 200, 200, 429]
    assert client.get("/").status_code == 429
    assert client.post(f"{BOOKINGS}/confirm", json={}).status_code == 422
    assert client.get("/nothing").status_code == 404


@pytest.mark.usefixtures("three_a_minute")
def test_a_class_that_shares_an_address_can_open_the_links_that_it_was_sent(
    client: FlaskClient,
) -> None:
    token = token_in(client.get("/signin").text)

    def sends(**fields: str) -> TestResponse:
        form = urlencode(fields | {"csrf_token": token})
        return client.post("/signin", data=form, content_type=_FORM)

    assert statuses(4, lambda: sends(email="bo@x.test")) == [200, 200, 200, 429]
    assert statuses(4, lambda: sends(link="x")) == [401, 401, 401, 429]
    assert client.post("/signout").status_code == 429


@pytest.mark.usefixtures("three_a_minute")
@pytest.mark.parametrize(
    ("wrong", "path", "sent"),
    [
        (400, f"{BOOKINGS}/confirm", {"data": "{", "content_type": "application/json"}),
        (415, f"{BOOKINGS}/confirm", {"data": "text"}),
        (422, f"{BOOKINGS}/confirm", {"json": {"notes": "\0"}}),
        (413, f"{BOOKINGS}/confirm", {"data": b" " * (requests.LARGEST_BODY + 1)}),
        (422, "/b/demo/getting-started", {"data": "a=&" * 1_001, "content_type": _FORM}),
        (413, "/signin", {"data": "a" * (requests.LARGEST_BODY + 1), "content_type": _FORM}),
        (404, "/bookings/%00/move", {"data": ""}),
    ],
    ids=[
        "no JSON",
        "no kind",
        "NUL",
        "too large",
        "too many fields",
        "too large a form",
        "NUL in the path",
    ],
)
def test_what_is_refused_unread_counts_as_well(
    client: FlaskClient, wrong: int, path: str, sent: dict[str, Any]
) -> None:
    asked = statuses(4, lambda: client.post(path, **sent))
    assert asked == [wrong, wrong, wrong, 429]


def test_where_there_is_no_route_and_nothing_is_counted_nothing_is_read(
    client: FlaskClient,
) -> None:
    broken: dict[str, Any] = {"data": "{", "content_type": "application/json"}
    assert client.post("/api/nothing", **broken).status_code == 404
    assert client.post(BUILDERS, **broken).status_code == 405


@pytest.mark.usefixtures("three_a_minute")
@pytest.mark.parametrize("path", limits.EXEMPT)
def test_whoever_watches_the_service_is_never_refused(client: FlaskClient, path: str) -> None:
    assert set(statuses(9, lambda: client.get(path))) == {200}


@pytest.mark.usefixtures("three_a_minute")
def test_off_there_are_no_limits(guarded: Callable[..., FlaskClient]) -> None:
    client = guarded(RATE_LIMITS="off")
    assert set(statuses(9, lambda: client.get(BUILDERS))) == {200}


# ---- what is told ------------------------------------------------------------------------------


@pytest.mark.usefixtures("three_a_minute")
def test_a_program_is_told_how_long_to_wait(client: FlaskClient) -> None:
    statuses(3, lambda: client.get(BUILDERS))
    problem = Caller(client).refused(429, "rate_limited", "GET", BUILDERS)
    seconds = client.get(BUILDERS).headers["Retry-After"]
    assert seconds.isdecimal()
    assert 1 <= int(seconds) <= 60
    assert "seconds and try again" in problem["detail"]
    documented = client.application.api_doc["paths"]  # type: ignore[attr-defined]
    for path, item in documented.items():
        for operation in item.values():
            assert ("429" in operation["responses"]) == (path not in limits.EXEMPT)


@pytest.mark.usefixtures("three_a_minute")
def test_a_person_is_shown_a_page_that_says_what_to_do(client: FlaskClient) -> None:
    for path in ("/", "/signin"):
        statuses(3, lambda path=path: client.get(path))  # type: ignore[misc]
        answer = client.get(path, headers={"Accept": "text/html"})
        assert (answer.status_code, answer.mimetype) == (429, "text/html")
        assert answer.headers["Retry-After"].isdecimal()
        assert "One moment, please" in answer.text
        assert "seconds and try again" in answer.text
        assert "page.css" in answer.text


@pytest.mark.usefixtures("three_a_minute")
def test_in_a_frame_it_is_read_where_the_page_was_shown_before(
    client: FlaskClient, service: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = "https://school.example.org"
    service.core.change_builder(
        builder_id=BuilderId("demo"), changes={"embed_sites": [site]}, actor=Actor.system()
    )
    path, headers = "/embed/demo/getting-started", {"Accept": "text/html"}
    assert statuses(3, lambda: client.get(path, headers=headers)) == [200] * 3
    monkeypatch.delattr(ShowBuilder, "__call__")  # nothing is asked for who is refused
    answer = client.get(path, headers=headers)
    assert answer.status_code == 429
    assert f"frame-ancestors {site};" in answer.headers["Content-Security-Policy"]
    assert "seconds and try again" in answer.text
    assert 'href="/"' not in answer.text
    other = client.get("/embed/nobody/getting-started", headers=headers)
    assert "frame-ancestors 'none'" in other.headers["Content-Security-Policy"]


@pytest.mark.usefixtures("three_a_minute")
def test_what_is_counted_and_logged_has_no_address(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "flask-limiter")
    statuses(4, lambda: client.get(BUILDERS, environ_base={"REMOTE_ADDR": "203.0.113.9"}))
    [limiter] = client.application.extensions["limiter"]
    assert "exceeded" in caplog.text
    assert "203.0.113.9" not in f"{caplog.text}{limiter.storage.storage}"
    assert limiter.storage.storage


# ---- whose requests they are -------------------------------------------------------------------


def asks(client: FlaskClient, address: str, forwarded: str | None = None) -> TestResponse:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    return client.get(BUILDERS, headers=headers, environ_base={"REMOTE_ADDR": address})


@pytest.mark.usefixtures("three_a_minute")
def test_each_address_counts_for_itself_and_one_ipv6_network_as_one(client: FlaskClient) -> None:
    assert statuses(4, lambda: asks(client, "192.0.2.1"))[-1] == 429
    assert asks(client, "192.0.2.2").status_code == 200
    turns = iter(range(4))
    assert statuses(4, lambda: asks(client, f"2001:db8::{next(turns)}"))[-1] == 429


@pytest.mark.usefixtures("three_a_minute")
def test_without_proxies_of_ours_a_forged_header_changes_nothing(client: FlaskClient) -> None:
    turns = iter(range(9))
    asked = statuses(4, lambda: asks(client, "192.0.2.1", f"198.51.100.{next(turns)}"))
    assert asked == [200, 200, 200, 429]


@pytest.mark.parametrize(("proxies", "times"), [("0", 1), ("1", 0)])
def test_a_proxy_that_nobody_spoke_of_is_told_of_once(
    guarded: Callable[..., FlaskClient], proxies: str, times: int
) -> None:
    client = guarded(TRUSTED_PROXIES=proxies)
    with capture_logs() as logs:
        for forwarded in (None, "192.0.2.1", "192.0.2.2"):
            asks(client, "10.0.0.1", forwarded)
    told = [each for each in logs if "TRUSTED_PROXIES" in each["event"]]
    assert [each["log_level"] for each in told] == ["warning"] * times
    assert "192.0.2" not in str(told)


@pytest.mark.usefixtures("three_a_minute")
def test_through_proxies_of_ours_the_address_is_what_the_first_of_them_saw(
    guarded: Callable[..., FlaskClient],
) -> None:
    client = guarded(TRUSTED_PROXIES="2")
    turns = iter(range(9))

    def forging() -> TestResponse:
        return asks(client, "10.0.0.1", f"198.51.100.{next(turns)}, 192.0.2.1, 10.0.0.2")

    assert statuses(4, forging) == [200, 200, 200, 429]
    assert asks(client, "10.0.0.1", "192.0.2.9, 10.0.0.2").status_code == 200


def test_a_proxy_says_which_scheme_and_not_which_host(guarded: Callable[..., FlaskClient]) -> None:
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}
    for proxies, url in (("0", "http://localhost/"), ("1", "https://localhost/")):
        assert guarded(TRUSTED_PROXIES=proxies).get(BUILDERS, headers=said).text == url


# ---- Redis -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("three_a_minute")
def test_without_its_redis_the_service_goes_on_limits_by_itself_and_says_so_once(
    guarded: Callable[..., FlaskClient], caplog: pytest.LogCaptureFixture
) -> None:
    client = guarded(REDIS_URL=NOTHING_ANSWERS)
    assert statuses(4, lambda: client.get(BUILDERS)) == [200, 200, 200, 429]
    told = [each.message for each in caplog.records if "in-memory" in each.message]
    assert len(told) == 1


# ---- holds -------------------------------------------------------------------------------------


def test_production_holds_little_for_one_client_and_development_a_lot() -> None:
    own = {"SECRET_KEY": "k" * 32, "PUBLIC_URL": "https://book.example.org"}
    production = Settings.load(own | {"BOOKING_ENV": "production"})
    assert container._hold_limits(production) == HoldLimits(client=5, address=20, builder=200)
    many = HoldLimits(client=1_000, address=1_000, builder=1_000)
    assert container._hold_limits(Settings.load({})) == many


def begin(caller: Caller, email: str, address: str) -> TestResponse:
    wish = {"sessionTypeId": "getting-started", "clientDetails": BO | {"email": email}}
    from_there = {"REMOTE_ADDR": address}
    return caller("POST", f"{BOOKINGS}/initialize", json=wish, environ_base=from_there)


def test_who_holds_too_much_is_told_what_to_do_and_others_go_on(anyone: Caller) -> None:
    asked = [begin(anyone, email, "192.0.2.1") for email in ["bo@x.test"] * 5 + ["BO@x.test"]]
    assert [each.status_code for each in asked] == [201] * 5 + [429]
    refused: Any = asked[-1].json
    assert refused["code"] == "too_many_holds"
    assert "finish or cancel one of them, or try again in 24 hours" in refused["detail"]
    assert 86_000 < int(asked[-1].headers["Retry-After"]) <= 86_400
    assert begin(anyone, "ana@x.test", "192.0.2.1").status_code == 201


def test_from_one_address_so_much_waits_whatever_is_said_about_who_asks(anyone: Caller) -> None:
    asked = [begin(anyone, f"{number}@x.test", "192.0.2.2") for number in range(21)]
    assert [each.status_code for each in asked] == [201] * 20 + [429]
    assert begin(anyone, "20@x.test", "192.0.2.3").status_code == 201


def test_free_sessions_are_booked_all_the_same_because_they_do_not_wait(anyone: Caller) -> None:
    for _ in range(5):
        assert begin(anyone, BO["email"], "192.0.2.4").status_code == 201
    assert begin(anyone, BO["email"], "192.0.2.4").status_code == 429
    wishes = [anyone.wish(place=3 * place) for place in range(6)]
    for wish in wishes:
        assert anyone.json("POST", f"{BOOKINGS}/confirm", 201, json=wish)["success"]


def test_on_a_page_too_many_holds_are_told_beside_the_form(anyone: Caller) -> None:
    paid = "/b/demo/portfolio-review"
    for number in range(20):
        begin(anyone, f"{number}@x.test", "192.0.2.5")
    slot = anyone.slots("portfolio-review")[0]
    form = {"name": "Bo", "email": "new@x.test", "start": slot["startTime"]}
    form |= {"timezone": ZONE, "answer-link": "https://example.org", "key": "once"}
    from_there = {"environ_base": {"REMOTE_ADDR": "192.0.2.5"}}
    answer = anyone.client.post(paid, data=form, **from_there)
    assert answer.status_code == 429
    assert "begun at your internet connection" in answer.text
    assert "Bo" in answer.text
