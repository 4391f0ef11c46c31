"""The booking page within a page of another site: who may show it, and what its forms are worth."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import pytest
from attrs import evolve
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking_core import Actor, BookingFilter, InvalidRequest, KeyInProgress
from entrypoints.container import Application, assemble
from entrypoints.settings import Settings
from entrypoints.web import limits
from tests.integration.web.access import world
from tests.integration.web.conftest import Caller

SITE = "https://school.example.org"
PAGE = "/embed/demo/getting-started"
CSP = "Content-Security-Policy"
BO = {"name": "Bo Diddley", "email": "bo@example.org", "timezone": "Europe/Berlin"}
SYSTEM = Actor.system()
READER = {"Accept": "text/html"}


@pytest.fixture(autouse=True)
def allowed(application: Application) -> None:
    allow(application, SITE)


@pytest.fixture
def frame(client: FlaskClient) -> FlaskClient:
    """A browser that sends no cookie from within another site's page."""
    app = client.application
    return FlaskClient(app, app.response_class, use_cookies=False)


def allow(application: Application, *sites: str) -> None:
    builder = application.core.show_builder(name="demo", actor=SYSTEM)
    application.core.change_builder(
        builder_id=builder.id, changes={"embed_sites": sites}, actor=SYSTEM
    )


def fields_of(page: str) -> dict[str, str]:
    """What the form with the details carries by itself."""
    form = page[page.index("<form") :]
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))


def details(frame: FlaskClient, anyone: Caller, path: str = PAGE, place: int = 0) -> dict[str, str]:
    start = anyone.slots(path.rpartition("/")[2].partition("?")[0])[place]["startTime"]
    answer = frame.get(path, query_string={"start": start, "tz": "Europe/Berlin", "site": SITE})
    assert answer.status_code == 200, answer.text
    return fields_of(answer.text) | BO


def sent(frame: FlaskClient, form: dict[str, str], path: str = PAGE, **more: Any) -> TestResponse:
    return frame.post(path, query_string={"site": SITE}, data=form, **more)


def booked(application: Application) -> int:
    found = application.core.list_bookings(criteria=BookingFilter(), actor=Actor.admin("root"))
    return len(found.bookings)


def ancestors(answer: TestResponse) -> str:
    found = re.search(r"frame-ancestors ([^;]*)", answer.headers[CSP])
    assert found
    return found[1]


# ---- who may show what -----------------------------------------------------------------------------


def test_the_sites_of_the_builder_may_show_it_and_nobody_else(
    frame: FlaskClient, application: Application
) -> None:
    allow(application, SITE, "https://other.example.org:8443")
    assert ancestors(frame.get(PAGE)) == f"{SITE} https://other.example.org:8443"
    allow(application)
    assert ancestors(frame.get(PAGE)) == "'none'"


def test_no_page_with_an_action_on_a_booking_can_be_shown_by_any_site(
    frame: FlaskClient, anyone: Caller
) -> None:
    booking = anyone.book()
    for path in (
        f"/bookings/{booking['id']}", f"/bookings/{booking['id']}/move", "/b/demo/getting-started",
        "/b/demo", "/", "/me", "/signin", "/builder/schedule",
    ):  # fmt: skip
        opened = {"Authorization": f"Booking {booking['manageToken']}"}
        assert ancestors(frame.get(path, headers=opened | READER)) == "'none'"


@pytest.mark.parametrize("path", ["/embed/nobody/x", "/embed/demo/nothing", "/embed/demo"])
def test_what_is_not_there_says_so(frame: FlaskClient, path: str) -> None:
    answer = frame.get(path, headers=READER)
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"


def test_another_site_may_load_the_script_and_no_other_file(frame: FlaskClient) -> None:
    told = {}
    for path in ("/embed.js", "/static/page.css", PAGE):
        with frame.get(path) as answer:
            told[path] = answer.headers["Cross-Origin-Resource-Policy"]
            assert answer.status_code == 200
    assert told == {
        "/embed.js": "cross-origin",
        "/static/page.css": "same-origin",
        PAGE: "same-origin",
    }


def test_the_page_speaks_only_to_a_site_of_the_list(frame: FlaskClient) -> None:
    assert f'data-site="{SITE}"' in frame.get(PAGE, query_string={"site": SITE}).text
    for other in ("https://evil.example", "*", "null", f"{SITE}.evil.example", f'{SITE}"><script>'):
        page = frame.get(PAGE, query_string={"site": other}).text
        assert "data-site" not in page
        assert "<script>" not in page


def test_on_https_a_site_without_it_shows_nothing() -> None:
    """Also where it was written down before the service was on https."""
    url = {"DATABASE_URL": "memory://", "LOG_LEVEL": "ERROR"}
    application = assemble(Settings.load(url | {"PUBLIC_URL": "https://book.example.org"}))
    application.seed()
    core = application.core
    builder = core.show_builder(name="demo", actor=SYSTEM)
    plain = "http://school.example.org"
    with pytest.raises(InvalidRequest) as refused:
        core.change_builder(builder_id=builder.id, changes={"embed_sites": [plain]}, actor=SYSTEM)
    assert [each.pointer for each in refused.value.errors] == ["/embedSites"]
    with application.schema() as uow:
        uow.builders.save(evolve(builder, embed_sites=(plain, SITE)))
        uow.commit()
    assert ancestors(application.web_app().test_client().get(PAGE)) == SITE
    application.close()


def test_what_is_refused_before_it_is_read_is_said_within_the_frame_and_nothing_typed_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    application = assemble(Settings.load({"DATABASE_URL": "memory://", "LOG_LEVEL": "ERROR"}))
    application.seed()
    allow(application, SITE)
    monkeypatch.setitem(limits._RATES, "booking", limits._Rate(0, 0))
    frame = application.web_app().test_client(use_cookies=False)
    frame.get(PAGE)
    answer = sent(frame, BO | {"csrf_token": "k"}, headers=READER)
    application.close()
    assert answer.status_code == 429
    assert ancestors(answer) == SITE
    assert "Set-Cookie" not in answer.headers
    assert fields_of(answer.text) == BO | {"csrf_token": "k"}
    assert "/b/" not in answer.text  # it leads nowhere that cannot be shown there
    assert 'href="/"' not in answer.text


def test_a_page_that_is_refused_unread_tells_the_site_that_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Or its script takes the frame away, and says that the site is not on the list."""
    application = assemble(Settings.load({"DATABASE_URL": "memory://", "LOG_LEVEL": "ERROR"}))
    application.seed()
    allow(application, SITE)
    frame = application.web_app().test_client(use_cookies=False)
    asking = {"query_string": {"site": SITE}, "headers": READER}
    frame.get(PAGE, **asking)
    monkeypatch.setitem(limits._RATES, "reading", limits._Rate(0, 0))
    answer = frame.get(PAGE, **asking)
    application.close()
    assert answer.status_code == 429
    assert f'data-site="{SITE}"' in answer.text
    assert ancestors(answer) == SITE


def test_asking_how_a_booking_stands_does_not_count_as_booking(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The frame asks every ten seconds, and behind one address there may be many."""
    application = assemble(Settings.load({"DATABASE_URL": "memory://", "LOG_LEVEL": "ERROR"}))
    application.seed()
    allow(application, SITE)
    monkeypatch.setitem(limits._RATES, "booking", limits._Rate(1, 1))
    client = application.web_app().test_client(use_cookies=False)
    page = sent(client, details(client, Caller(client))).text
    receipt = dict(re.findall(r'name="(booking|token)" value="([^"]+)"', page))
    for _ in range(3):
        assert "You are booked" in sent(client, receipt).text
    assert sent(client, BO).status_code == 429
    application.close()


def test_what_cannot_be_read_is_refused_within_the_frame(frame: FlaskClient) -> None:
    frame.get(PAGE)
    answer = sent(frame, BO | {"notes": "x" * 300_000}, headers=READER)
    assert answer.status_code == 413
    assert ancestors(answer) == SITE


def test_nothing_sets_a_cookie_there_though_it_is_not_found(frame: FlaskClient) -> None:
    answer = frame.get("/embed/nobody/x?lang=de", headers=READER)
    assert answer.status_code == 404
    assert "Set-Cookie" not in answer.headers


# ---- booking ---------------------------------------------------------------------------------------


def test_a_time_is_booked_without_any_cookie(
    frame: FlaskClient, anyone: Caller, application: Application
) -> None:
    page = frame.get(PAGE, query_string={"site": SITE, "tz": "Europe/Berlin"})
    assert page.status_code == 200
    assert "Set-Cookie" not in page.headers
    assert "?tz=Europe/Berlin" in page.text
    answer = sent(frame, details(frame, anyone), headers={"Origin": "http://localhost"})
    assert answer.status_code == 200
    assert "You are booked" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert booked(application) == 1
    told = re.search(r'data-tells="([^"]+)"', answer.text)
    assert told
    assert "booking.confirmed" in unescape(told[1])
    assert "bo@example.org" not in unescape(told[1])
    assert "token" not in unescape(told[1])


def test_its_links_and_forms_keep_the_language_the_zone_and_the_site(
    frame: FlaskClient, anyone: Caller
) -> None:
    asked = {"site": SITE, "lang": "de", "tz": "Asia/Tokyo", "theme": "dark"}
    page = frame.get(PAGE, query_string=asked)
    assert 'lang="de"' in page.text
    assert "Set-Cookie" not in page.headers
    links = re.findall(r'href="(/embed/demo/[^"]+)"', page.text)
    assert links
    for link in map(unescape, links):
        assert "lang=de" in link
        assert "tz=Asia/Tokyo" in link
        assert "theme=dark" in link
        assert SITE in link
    start = anyone.slots()[0]["startTime"]
    form = frame.get(PAGE, query_string=asked | {"start": start}).text
    action = re.search(r'<form method="post" action="([^"]+)"', form)
    assert action
    answer = frame.post(unescape(action[1]), data=fields_of(form) | BO | {"timezone": "Asia/Tokyo"})
    assert "Asia/Tokyo" in answer.text
    assert 'lang="de"' in answer.text
    [once_more] = re.findall(r'href="(/embed/demo/[^"]+)">Noch einmal buchen<', answer.text)
    again = frame.get(unescape(once_more))
    assert 'lang="de"' in again.text
    assert "Asia/Tokyo" in again.text
    for kept in (f'data-site="{SITE}"', 'data-theme="dark"'):
        assert kept in again.text


def test_no_cookie_says_its_language(application: Application) -> None:
    browser = application.web_app().test_client()
    browser.get("/?lang=de")
    assert '<html lang="de"' in browser.get("/").text
    assert '<html lang="en"' in browser.get(PAGE).text


def test_a_booking_of_this_browser_is_unknown_there(
    application: Application, anyone: Caller
) -> None:
    allow(application, SITE)
    browser, page = anyone.client, "/b/demo/getting-started"
    start = anyone.slots()[0]["startTime"]
    form = BO | {"start": start, "timezone": "UTC"}
    path = urlsplit(browser.post(page, data=form).location or "").path
    assert path in browser.get(page, query_string={"start": start}).text
    assert path not in browser.get(PAGE, query_string={"start": start}).text


def test_nothing_in_it_leads_away_within_the_frame(frame: FlaskClient, anyone: Caller) -> None:
    form = details(frame, anyone)
    pages = [
        frame.get(PAGE).text,
        sent(frame, form).text,
        frame.get("/embed/demo/nothing", headers=READER).text,
    ]
    for page in pages[:2]:
        for link in re.findall(r"<a [^>]+>", page):
            away = not re.search(r'href="(/embed/|\?|#)', link)
            assert ('target="_blank" rel="noopener"' in link) == away, link


def test_who_is_signed_in_is_a_stranger_there(
    application: Application, anyone: Caller, client: FlaskClient
) -> None:
    with world() as there:
        core = there.application.core
        core.change_builder(
            builder_id=core.show_builder(name="demo", actor=SYSTEM).id,
            changes={"embed_sites": [SITE]},
            actor=SYSTEM,
        )
        browser = there.anyone.client
        browser.set_cookie("session", there.session("client"))
        assert "ana@example.org" in browser.get("/me").text
        slot = there.slot()["startTime"]
        page = browser.get(PAGE, query_string={"start": slot}).text
        assert "ana@example.org" not in page
        assert 'name="email"' in page


def test_what_needs_an_account_is_booked_in_a_window_of_its_own(
    frame: FlaskClient, application: Application
) -> None:
    offers = application.core.list_session_types(builder="demo", actor=SYSTEM)
    [locked, *_] = [each for each in offers if each.requires_auth]
    answer = frame.get(f"/embed/demo/{locked.slug}", query_string={"site": SITE})
    assert answer.status_code == 401
    assert ancestors(answer) == SITE
    assert f'href="/signin?to=/b/demo/{locked.slug}" target="_blank"' in answer.text


def test_a_paid_session_is_paid_in_a_window_of_its_own(
    frame: FlaskClient, anyone: Caller, application: Application
) -> None:
    page = "/embed/demo/portfolio-review"
    form = details(frame, anyone, page) | {"answer-link": "https://x.org"}
    answer = sent(frame, form, page)
    blank = 'target="_blank" rel="noopener"'
    link = re.search(blank + r' href="/bookings/([^?]+)\?to=checkout#token=[^"]+"', answer.text)
    assert link
    assert "Pay " in answer.text
    assert "The time is kept for you until" in answer.text
    assert "data-tells" not in answer.text
    receipt = dict(re.findall(r'name="(booking|token)" value="([^"]+)"', answer.text))
    assert "Waiting for your payment" in sent(frame, receipt, page).text
    anyone(
        "POST",
        f"/api/scheduling/bookings/{link[1]}/cancel",
        json={},
        headers={"Authorization": f"Booking {receipt['token']}"},
    )
    seen = sent(frame, receipt, page)
    assert "This booking is cancelled" in seen.text
    assert "booking.cancelled" in seen.text


# ---- what its forms are worth ----------------------------------------------------------------------


def test_the_same_form_sent_twice_books_once(
    frame: FlaskClient, anyone: Caller, application: Application
) -> None:
    form = details(frame, anyone)
    first, second = sent(frame, form), sent(frame, form)
    assert "You are booked" in first.text
    assert "You are booked" in second.text
    assert booked(application) == 1


def test_a_form_that_is_sent_again_too_early_gets_its_answer_a_little_later(
    frame: FlaskClient, anyone: Caller, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = details(frame, anyone)
    with monkeypatch.context() as patched:
        patched.setattr(type(application.core.answer_once), "__call__", in_progress)
        early = sent(frame, form)
    assert early.status_code == 409
    assert fields_of(early.text)["csrf_token"] == form["csrf_token"]
    assert "You are booked" in sent(frame, form).text
    assert "You are booked" in sent(frame, form | fields_of(early.text)).text
    assert booked(application) == 1


def in_progress(*_: Any, **__: Any) -> Any:
    raise KeyInProgress


@pytest.mark.parametrize("other", [{"email": "eve@example.org"}, {"name": "Eve"}, {"notes": "Hi"}])
def test_the_key_of_a_form_is_good_for_one_booking(
    frame: FlaskClient, anyone: Caller, application: Application, other: dict[str, str]
) -> None:
    form = details(frame, anyone)
    assert sent(frame, form).status_code == 200
    start = anyone.slots()[1]["startTime"]
    answer = sent(frame, form | other | {"start": start, "key": "another"})
    assert answer.status_code == 409
    assert booked(application) == 1


def test_a_form_without_a_key_of_ours_books_nothing(
    frame: FlaskClient, anyone: Caller, application: Application
) -> None:
    form = details(frame, anyone)
    token = form["csrf_token"]
    turned = ("a" if token[0] != "a" else "b") + token[1:]  # the last letter is not signed whole
    for forged in ("", "x", turned, token.rpartition(".")[0], "a" * 5_000):
        answer = sent(frame, form | {"csrf_token": forged})
        assert answer.status_code == 409
        assert "Please send it again." in answer.text
        assert 'value="bo@example.org"' in answer.text  # nothing typed is lost
    assert booked(application) == 0
    assert sent(frame, fields_of(answer.text) | BO).status_code == 200


def test_the_key_of_another_session_type_counts_for_nothing(
    frame: FlaskClient, anyone: Caller, application: Application
) -> None:
    form = details(frame, anyone) | {"answer-link": "https://x.org"}
    path = "/embed/demo/portfolio-review"
    start = anyone.slots("portfolio-review")[0]["startTime"]
    assert "Please send it again." in sent(frame, form | {"start": start}, path).text
    assert booked(application) == 0


def test_a_key_is_good_for_two_hours(
    frame: FlaskClient, anyone: Caller, application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = details(frame, anyone)
    later = datetime.now(UTC) + timedelta(hours=2, minutes=1)
    monkeypatch.setattr("itsdangerous.timed.time.time", later.timestamp)
    assert "Please send it again." in sent(frame, form).text
    assert booked(application) == 0


@pytest.mark.parametrize("origin", [SITE, "null", "https://evil.example"])
def test_a_form_of_another_origin_is_refused(
    frame: FlaskClient, anyone: Caller, application: Application, origin: str
) -> None:
    answer = sent(frame, details(frame, anyone), headers={"Origin": origin} | READER)
    assert answer.status_code == 403
    assert booked(application) == 0


def test_who_has_no_token_does_not_see_a_booking(frame: FlaskClient, anyone: Caller) -> None:
    booking, other = anyone.book(), anyone.book()
    for token in ("", "x", other["manageToken"]):
        answer = sent(frame, {"booking": booking["id"], "token": token})
        assert answer.status_code == 404
        assert "Bo Diddley" not in answer.text


def test_a_receipt_shows_nothing_once_the_links_are_revoked(
    frame: FlaskClient, anyone: Caller
) -> None:
    form = details(frame, anyone)
    page = sent(frame, form).text
    receipt = dict(re.findall(r'name="(booking|token)" value="([^"]+)"', page))
    path = f"/api/scheduling/bookings/{receipt['booking']}/revoke-links"
    anyone.json("POST", path, headers={"Authorization": f"Booking {receipt['token']}"})
    assert sent(frame, receipt).status_code == 404
    assert sent(frame, form).status_code == 404  # nor does the form, sent again
