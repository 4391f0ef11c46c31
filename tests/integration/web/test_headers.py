"""docs/safety.md says which headers answers have; here every route is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from entrypoints.container import assemble
from entrypoints.settings import Settings
from tests.integration.web.access import World, routes, world
from tests.integration.web.conftest import BOOKINGS

ROOT = Path(__file__).parents[3]
ROW = re.compile(r"\| `([A-Z][A-Za-z-]+)` \| ([^|]+) \| `([^|]+)` \|")
TABLE = {
    (row[1], row[2]): row[3]
    for row in map(ROW.fullmatch, (ROOT / "docs/safety.md").read_text("utf-8").splitlines())
    if row
}
CSP, CACHE, HSTS = "Content-Security-Policy", "Cache-Control", "Strict-Transport-Security"
CORP = "Cross-Origin-Resource-Policy"
HTTPS = "all, where `PUBLIC_URL` is https"
READING = "pages with a month, a builder's hours, or a booking that others work on"
PUBLIC_URL = "http://127.0.0.1:8000"
MARKED = re.compile(r"<(?:script|style)\b(?: nonce=\"([\w-]+)\")?")
READER = {"Accept": "text/html"}


def check(answer: TestResponse, public_url: str = PUBLIC_URL) -> None:
    """Has the headers of the table, each once."""
    told = {name: answer.headers.getlist(name) for name, _ in TABLE}
    expected = {name: [value] for (name, what), value in TABLE.items() if what == "all"}
    script = is_file(answer) and answer.request.path == "/embed.js"
    expected[CORP] = [TABLE[CORP, "`/embed.js`" if script else "all else"]]
    expected[HSTS] = [TABLE[HSTS, HTTPS]] if public_url.startswith("https:") else []
    expected[CACHE] = [TABLE[CACHE, "files" if is_file(answer) else "all else"]]
    expected[CSP] = [policy(answer).replace("PUBLIC_URL", public_url)]
    if nonce := re.search(r"'nonce-([\w-]{22})'", told[CSP][0]):
        expected[CSP] = [expected[CSP][0].replace("NONCE", nonce[1])]
        assert not answer.data or set(MARKED.findall(answer.text)) == {nonce[1]}
    else:
        expected[CSP] = [expected[CSP][0].replace("; script-src 'nonce-NONCE'", "")]
        assert not (answer.mimetype == "text/html" and MARKED.search(answer.text))
    assert told == expected


def is_file(answer: TestResponse) -> bool:
    files = r"/embed\.js|/(static|simulated-payments/static|api/swagger)/.+"
    there = answer.status_code == 200 and answer.request.method != "OPTIONS"
    return there and bool(re.fullmatch(files, answer.request.path))


def policy(answer: TestResponse) -> str:
    if answer.mimetype != "text/html":
        return TABLE[CSP, "all else"]
    docs = answer.request.path in ("/api/docs", "/api/swagger")
    if re.search(r"/static/(month|schedule|look-again)\.js", answer.text):
        return TABLE[CSP, READING]
    return TABLE[CSP, "`/api/docs`" if docs else "pages"]


@pytest.fixture(scope="module")
def there() -> Iterator[World]:
    with world() as found:
        yield found


def test_every_route_answers_with_the_headers_of_the_table(there: World) -> None:
    seen = set()
    last = "PUT"  # no hours any more
    for route in sorted(routes(there), key=lambda each: each.method == last):
        with route.answer(there, "admin") as answer:
            check(answer)
            seen.add(answer.status_code)
        with there.anyone.client.open(route.rule, method="OPTIONS") as answer:
            check(answer)
    assert {200, 201, 302, 303, 404} <= seen


REFUSED: list[tuple[int, str, str, dict[str, Any]]] = [
    (400, "POST", f"{BOOKINGS}/confirm", {"data": "{", "content_type": "application/json"}),
    (401, "GET", "/api/me", {"headers": {"Authorization": "Basic bWFkZTp1cA=="}}),
    (404, "GET", "/nothing", {"headers": READER}),
    (404, "GET", "/api/nothing", {}),
    (404, "GET", "/static/nothing", {}),
    (404, "GET", "/" + "a" * 600, {}),
    (404, "HEAD", "/nothing", {"headers": READER}),
    (405, "TRACE", "/", {}),
    (405, "DELETE", "/", {"headers": READER}),
    (405, "DELETE", "/api/me", {}),
    (413, "POST", f"{BOOKINGS}/confirm", {"data": b" " * 300_000}),
    (415, "POST", f"{BOOKINGS}/confirm", {"data": b"x"}),
    (422, "GET", BOOKINGS, {"query_string": {"limit": "0"}}),
    (422, "GET", "/?a=%00", {"headers": READER}),
]


@pytest.mark.parametrize(("status", "method", "path", "sent"), REFUSED)
def test_a_refusal_has_them_too(
    there: World, status: int, method: str, path: str, sent: dict[str, Any]
) -> None:
    answer = there.anyone.client.open(path, method=method, **sent)
    assert answer.status_code == status
    check(answer)


@pytest.mark.parametrize("endpoint", ["pages.marketplace", "people.me"])
def test_a_failure_has_them_too(
    there: World, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    client = there.anyone.client
    monkeypatch.setitem(client.application.view_functions, endpoint, lambda: 1 / 0)
    path = {"pages.marketplace": "/", "people.me": "/api/me"}[endpoint]
    answer = client.get(path, headers=READER)
    assert answer.status_code == 500
    check(answer)


def test_each_answer_marks_its_scripts_anew(there: World) -> None:
    for path in ("/signin", "/api/docs"):
        told = {there.anyone.client.get(path).headers[CSP] for _ in range(2)}
        assert len(told) == 2


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://book.example.org/here", "https://book.example.org"),
        ("https://book.example.org:8443", "https://book.example.org:8443"),
        ("https://книга.example.org", "https://xn--80afohp.example.org"),
    ],
    ids=range(3),
)
def test_where_people_come_by_https_browsers_are_told_to_stay_there(url: str, origin: str) -> None:
    settings = {"DATABASE_URL": "memory://", "LOG_LEVEL": "ERROR", "PUBLIC_URL": url}
    application = assemble(Settings.load(settings))
    client = application.web_app().test_client()
    for path in ("/", "/api/nothing", "/static/page.css"):
        with client.get(path) as answer:
            check(answer, origin)
    application.close()


TEMPLATES = sorted(
    each for each in (ROOT / "src").glob("*/*/templates/**/*.html") if "mail" not in str(each)
)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_no_page_has_a_script_or_style_within_itself(template: Path) -> None:
    text = template.read_text("utf-8")
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|https?://", text)
    for tag in re.findall(r"<script[^>]*>", text):
        assert tag.startswith('<script nonce="{{ nonce() }}" src="{{ url_for(')


# ---- addresses that the router corrects ----------------------------------------------------------


@pytest.mark.parametrize("host", ["localhost", "evil.example"])
def test_an_address_that_the_router_corrects_names_no_host(client: FlaskClient, host: str) -> None:
    answer = client.get("/api?a=b", headers={"Host": host})
    assert answer.status_code == 308
    assert answer.location == "/api/?a=b"
