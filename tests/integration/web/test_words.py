"""The pages in the visitor's language, with days, times and money as its region writes them."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from flask.testing import FlaskClient

from booking_core import Language
from tests.integration.web.conftest import Caller

PAGE = "/b/demo/getting-started"
READER = {"Accept": "text/html"}
GERMAN = READER | {"Accept-Language": "de-DE,de;q=0.9,en;q=0.8"}
COLLECTOR = runpy.run_path(str(Path(__file__).parents[3] / "docs/collect_words.py"))
MESSAGES: Catalog = COLLECTOR["messages"]()
TRANSLATED = [each for each in Language if each is not Language.ENGLISH]
NAMED = re.compile(r"%\((\w+)\)s")
UPDATE = "run: PYTHONPATH=src python docs/collect_words.py"


@pytest.fixture(params=TRANSLATED)
def catalogue(request: pytest.FixtureRequest) -> Catalog:
    found: Catalog = COLLECTOR["catalogue"](request.param)
    return found


def both(message: Any) -> list[tuple[str, str]]:
    """The English and the translated form, of a plural each."""
    if not isinstance(message.id, tuple):
        return [(message.id, message.string)]
    one, many = message.id
    return [(one if place == 0 else many, form) for place, form in enumerate(message.string)]


def test_a_catalogue_has_all_that_the_pages_say_and_nothing_else(catalogue: Catalog) -> None:
    said = {each.id for each in MESSAGES if each.id}
    assert {each.id for each in catalogue if each.id} == said, UPDATE
    untranslated = [each.id for each in catalogue if each.id and not all(dict(both(each)).values())]
    assert not untranslated


def test_a_translation_is_filled_with_the_same_values(catalogue: Catalog) -> None:
    for message in filter(lambda each: each.id, catalogue):
        for english, translated in both(message):
            assert set(NAMED.findall(translated)) == set(NAMED.findall(english)), english
            assert translated.count("%") == len(NAMED.findall(translated)), english
            assert english.count("<") == translated.count("<"), english
            if "{}" in english:
                values = english.count("{}")
                places = [each[1] for each in Formatter().parse(translated)]
                assert len([each for each in places if each is not None]) <= values
                translated.format(*"x" * values)


@pytest.mark.parametrize(
    ("headers", "query", "language"),
    [
        ({}, "", "en"),
        ({"Accept-Language": "de-AT,de;q=0.9,en;q=0.8"}, "", "de"),
        ({"Accept-Language": "fr-FR,fr;q=0.9"}, "", "en"),
        ({"Accept-Language": "fr,de;q=0.7,en;q=0.3"}, "", "de"),
        ({"Accept-Language": ",;q=,dx-,--"}, "", "en"),
        ({"Accept-Language": "de"}, "?lang=en", "en"),
        ({}, "?lang=de", "de"),
        ({"Accept-Language": "de"}, "?lang=klingon", "de"),
        ({"Accept-Language": "de"}, "?lang=", "de"),
    ],
)
def test_a_page_is_in_the_language_that_is_asked_for(
    client: FlaskClient, headers: dict[str, str], query: str, language: str
) -> None:
    page = client.get(f"/{query}", headers=headers).text
    assert f'<html lang="{language}">' in page
    assert ("Termin buchen" if language == "de" else "Book a session") in page


def test_a_language_that_was_chosen_stays_and_is_kept_in_no_answer_of_the_api(
    client: FlaskClient,
) -> None:
    assert "Set-Cookie" not in client.get("/api/marketplace/builders?lang=de").headers
    assert "Set-Cookie" not in client.get("/?lang=klingon").headers
    chosen = client.get("/?lang=de").headers["Set-Cookie"]
    assert chosen.startswith("lang=de;")
    assert "HttpOnly" in chosen
    assert "SameSite=Lax" in chosen
    assert '<html lang="de">' in client.get(PAGE, headers={"Accept-Language": "en"}).text
    client.get("/?lang=en")
    assert '<html lang="en">' in client.get(PAGE, headers=GERMAN).text


def test_the_switch_leads_to_the_same_page_in_the_other_language(client: FlaskClient) -> None:
    page = client.get(PAGE, query_string={"tz": "Asia/Tokyo", "_external": "1"}).text
    [there] = re.findall(r'href="([^"]+)" lang="de"', page)
    assert there == "?tz=Asia%2FTokyo&amp;_external=1&amp;lang=de"
    german = client.get(PAGE + there.replace("&amp;", "&")).text
    assert "Asia/Tokyo" in german
    assert '<html lang="de">' in german


@pytest.mark.parametrize(
    ("accepted", "price", "noon"),
    [
        ("en", "€49.00", "12:00"),
        ("en-US", "€49.00", "12:00\N{NARROW NO-BREAK SPACE}PM"),
        ("de", "49,00\N{NO-BREAK SPACE}€", "12:00"),
        ("de-AT", "€\N{NO-BREAK SPACE}49,00", "12:00"),
        ("de-XX", "49,00\N{NO-BREAK SPACE}€", "12:00"),
    ],
)
def test_figures_are_written_as_in_the_region_of_the_visitor(
    client: FlaskClient, anyone: Caller, accepted: str, price: str, noon: str
) -> None:
    paid = "/b/demo/portfolio-review"
    start = anyone.slots("portfolio-review")[0]["startTime"][:10] + "T12:00:00Z"
    page = client.get(
        paid,
        query_string={"start": start, "tz": "UTC"},
        headers={"Accept-Language": accepted},
    ).text
    assert price in page
    assert noon in page


@pytest.mark.parametrize(
    ("path", "query", "told"),
    [
        (PAGE, {"tz": "Mars"}, "Eine Zeitzone „Mars“ gibt es nicht; nimm einen Namen wie"),
        (PAGE, {"start": "noon"}, "Gib eine Zeit mit ihrem Abstand zur Weltzeit an"),
        (PAGE, {"start": "2020-01-01T10:00Z"}, "Diese Zeit ist nicht oder nicht mehr frei"),
        ("/b/nobody", {}, "Das gibt es hier nicht: Angebot."),
        ("/b/demo/play-lab", {}, "Das ist nur angemeldet möglich"),
        ("/nothing", {}, "Unter dieser Adresse gibt es keine Seite."),
    ],
)
def test_what_is_wrong_is_told_in_the_language_of_the_page(
    client: FlaskClient, path: str, query: dict[str, str], told: str
) -> None:
    assert told in client.get(path, query_string=query, headers=GERMAN).text


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("GET", "/nothing", {}, 404),
        ("GET", "/b/nobody", {}, 404),
        ("GET", "/problems/nothing", {}, 404),
        ("PUT", "/signin", {}, 405),
        ("GET", "/b/demo?tz=%00", {}, 422),
        ("POST", "/signin", {"data": {str(each): "x" for each in range(1_001)}}, 422),
        ("POST", "/signin", {"data": {"email": "x" * 300_000}}, 413),
    ],
)
def test_no_refusal_is_in_another_language(
    client: FlaskClient, method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    headers = GERMAN | {"Accept": "text/html"}
    answer = FlaskClient.open(client, path, method=method, headers=headers, **sent)
    assert answer.status_code == status
    text = " ".join(re.sub("<[^>]+>", " ", answer.text).split())
    assert not re.search(r"\b(the|is|not|there|send|request|address)\b", text, re.IGNORECASE)


def test_what_a_visitor_wrote_is_never_taken_for_a_mark_of_ours(client: FlaskClient) -> None:
    page = client.get(PAGE, query_string={"tz": "<i>{0.__class__}%(x)s"}, headers=GERMAN)
    assert page.status_code == 422
    assert "&lt;i&gt;{0.__class__}%(x)s" in page.text


def test_a_form_that_is_refused_tells_why_in_the_language_of_the_page(
    client: FlaskClient, anyone: Caller
) -> None:
    form = {"start": anyone.slots()[0]["startTime"], "name": "Bo", "email": "bo"}
    page = client.post(PAGE, data=form, headers=GERMAN)
    assert page.status_code == 422
    assert "Gib eine E-Mail-Adresse wie ana@example.org an." in page.text


def test_mails_come_in_the_language_that_was_chosen_for_the_pages(
    client: FlaskClient, anyone: Caller, application: Any
) -> None:
    client.get("/?lang=de")
    form = {"start": anyone.slots()[0]["startTime"], "name": "Bo", "email": "bo@example.org"}
    page = client.post(PAGE, data=form, follow_redirects=True)
    assert "Dein Termin ist gebucht" in page.text
    [booking] = re.findall(r"/bookings/(bkg_\w+)", page.request.path)
    with application.schema() as uow:
        assert uow.bookings.get(booking).client.contact.language is Language.GERMAN
