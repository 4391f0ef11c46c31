"""The plain pages, as a browser uses them."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking_core import Money
from entrypoints.container import Application
from tests.integration.web.conftest import BO, BOOKINGS, Caller, day_ahead

PAGE = "/b/demo/getting-started"
READER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FORM = {"name": "Bo Diddley", "email": "bo@example.org", "timezone": "Europe/Berlin"}


def booked(client: FlaskClient, anyone: Caller, **more: str) -> TestResponse:
    form = FORM | {"start": anyone.slots()[0]["startTime"]} | more
    return client.post(PAGE, data=form, headers={"Origin": "http://localhost"})


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/b/demo", 200),
        (PAGE, 200),
        (f"{PAGE}?timezone=Asia/Tokyo&from=2999-01-01", 200),
        (f"{PAGE}?start=2999-01-01T10:00:00%2B01:00", 409),
        (f"{PAGE}?timezone=Mars", 422),
        (f"{PAGE}?from=9999-12-31", 422),
        (f"{PAGE}?from={'1' * 400}", 422),
        (f"{PAGE}?start=noon", 422),
        (f"{PAGE}?start=9999-12-31T23:59:59Z", 422),
        ("/b/nobody", 404),
        ("/b/demo/nothing", 404),
        ("/b/demo/play-lab", 401),
        ("/bookings/bkg_nothing", 404),
        ("/nothing", 404),
        ("/problems/not-found", 200),
    ],
)
def test_every_page_is_readable_and_stays_at_home(
    client: FlaskClient, path: str, status: int
) -> None:
    answer = client.get(path, headers=READER)
    assert answer.status_code == status
    assert answer.content_type == "text/html; charset=utf-8"
    assert "<h1>" in answer.text or 'role="alert"' in answer.text
    for address in re.findall(r'(?:src|href|action)="([^"]*)"', answer.text):
        assert urlsplit(address).netloc == ""
    if status == 401:
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "style=" not in answer.text  # which the content security policy forbids


def test_a_program_gets_a_problem_where_a_reader_gets_a_page(anyone: Caller) -> None:
    anyone.refused(404, "not_found", "GET", "/nothing")
    anyone.refused(404, "not_found", "GET", "/nothing", headers={"Accept": "*/*"})


def test_a_booking_by_form_ends_on_its_page(client: FlaskClient, anyone: Caller) -> None:
    answer = booked(client, anyone)
    assert answer.status_code == 303
    page = client.get(answer.headers["Location"])
    assert page.status_code == 200
    assert "You are booked" in page.text
    assert "bo@example.org" in page.text
    assert '<a href="https://meet.example.org/robin" rel="noopener noreferrer">' in page.text
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert f"Path={answer.headers['Location']}" in cookie


def test_a_form_that_is_sent_again_after_the_links_were_revoked_opens_nothing(
    client: FlaskClient, anyone: Caller, robin: Caller
) -> None:
    start = anyone.slots()[0]["startTime"]
    first, again = (booked(client, anyone, start=start, key="k") for _ in range(2))
    assert "Set-Cookie" in again.headers
    robin.json("POST", f"{BOOKINGS}{first.location.removeprefix('/bookings')}/revoke-links")
    again = booked(client, anyone, start=start, key="k")
    assert (again.status_code, again.location) == (303, first.location)
    assert "Set-Cookie" not in again.headers
    assert client.get(first.location).status_code == 404


def test_without_the_cookie_a_booking_is_not_shown(client: FlaskClient, anyone: Caller) -> None:
    path = booked(client, anyone).headers["Location"]
    client.delete_cookie("booking", path=path)
    page = client.get(path)
    assert page.status_code == 404
    assert "bo@example.org" not in page.text
    assert client.post(f"{path}/cancel").status_code == 404


def test_a_token_opens_a_booking(client: FlaskClient, anyone: Caller) -> None:
    booking = anyone.book()
    path = f"/bookings/{booking['id']}"
    answer = client.post(f"{path}/open", data={"token": "wrong"})
    assert answer.status_code == 404
    assert "does not open the booking" in answer.text
    assert "Set-Cookie" not in answer.headers
    assert client.get(path).status_code == 404
    answer = client.post(f"{path}/open", data={"token": f" {booking['manageToken']} "})
    assert answer.headers["Location"] == path
    assert client.get(path).status_code == 200


def test_the_whole_link_of_the_mail_opens_a_booking_too(
    client: FlaskClient, anyone: Caller
) -> None:
    booking = anyone.book()
    link = f"{booking['confirmationUrl']}#token={booking['manageToken']}"
    path = f"/bookings/{booking['id']}"
    assert client.post(f"{path}/open", data={"token": link}).status_code == 303
    assert client.get(path).status_code == 200


def test_a_form_that_is_sent_twice_books_once(client: FlaskClient, anyone: Caller) -> None:
    start = anyone.slots()[0]["startTime"]
    shown = client.get(PAGE, query_string={"start": start}).text
    found = re.search(r'name="key" value="([^"]+)"', shown)
    assert found
    first, second = (booked(client, anyone, start=start, key=found[1]) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.headers["Location"] == second.headers["Location"]


def test_a_question_that_is_none_is_told_on_the_page_itself(client: FlaskClient) -> None:
    page = client.get(PAGE, query_string={"timezone": "Mars"}, headers=READER)
    assert page.status_code == 422
    assert "Europe/Berlin" in page.text
    assert 'class="starts"' in page.text


def test_forms_are_taken_from_the_public_address_behind_a_proxy(
    client: FlaskClient, anyone: Caller, application: Application
) -> None:
    form = FORM | {"start": anyone.slots()[0]["startTime"]}
    headers = {"Origin": application.settings.public_url, "Host": "internal:8000"}
    assert client.post(PAGE, data=form, headers=headers).status_code == 303


def test_a_booking_is_cancelled_by_form(client: FlaskClient, anyone: Caller) -> None:
    path = booked(client, anyone).headers["Location"]
    answer = client.post(f"{path}/cancel", data={"reason": "ill <b>"})
    assert answer.status_code == 303
    page = client.get(path).text
    assert "This booking is cancelled" in page
    assert "ill &lt;b&gt;" in page
    assert client.post(f"{path}/cancel").status_code in (303, 409)


def test_a_refused_form_keeps_what_was_typed(client: FlaskClient, anyone: Caller) -> None:
    answer = booked(client, anyone, email="nobody", notes="<hello>")
    assert answer.status_code == 422
    assert "Give an e-mail address" in answer.text
    assert 'value="Bo Diddley"' in answer.text
    assert "&lt;hello&gt;</textarea>" in answer.text


def test_a_taken_slot_shows_the_open_ones(client: FlaskClient, anyone: Caller) -> None:
    start = anyone.slots()[0]["startTime"]
    anyone.book()
    answer = booked(client, anyone, start=start)
    assert answer.status_code == 409
    assert "choose another" in answer.text
    assert 'class="starts"' in answer.text


def test_a_form_without_a_slot_is_refused(client: FlaskClient) -> None:
    assert client.post(PAGE, data=FORM).status_code == 404


@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "null", "http://localhost.evil", "http://[", "http://]"]
)
def test_a_form_from_elsewhere_is_refused(client: FlaskClient, origin: str) -> None:
    headers = READER | {"Origin": origin}
    for path in (PAGE, "/bookings/x/cancel", "/bookings/x/open"):
        answer = client.post(path, data=FORM, headers=headers)
        assert answer.status_code == 403
        assert "its own page" in answer.text


def test_a_form_with_a_character_that_is_no_text_is_refused(client: FlaskClient) -> None:
    answer = client.post(PAGE, data=FORM | {"name": "Bo\x00"}, headers=READER)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text


def test_static_files_may_be_kept(client: FlaskClient) -> None:
    with client.get("/static/page.css") as answer:
        assert answer.status_code == 200
        assert answer.headers.get("Cache-Control") != "no-store"


# ---- the visitor's zone --------------------------------------------------------------------------


def test_the_zone_of_the_address_wins_and_is_shown(client: FlaskClient) -> None:
    for query in ("tz=Asia/Tokyo", "timezone=Asia/Tokyo", "tz=Asia/Tokyo&timezone=Europe/Paris"):
        page = client.get(f"{PAGE}?{query}").text
        assert "Times in <strong>Asia/Tokyo</strong>" in page
        assert "tz=Asia/Tokyo" in page  # the links keep it
        assert "data-guess" not in page


def test_without_a_zone_the_builders_is_named_and_a_script_may_find_the_visitors(
    client: FlaskClient,
) -> None:
    page = client.get(PAGE).text
    assert "Times in <strong>Europe/Berlin</strong>, the zone of Robin" in page
    assert '<datalist id="zones" data-guess="Europe/Berlin">' in page
    assert '<option value="America/New_York">' in page
    assert '<option value="UTC">' in page
    [script] = re.findall(r'<script nonce="[\w-]+" src="([^"]+)">', page)
    with client.get(script) as answer:
        assert "timeZone" in answer.text


def test_an_unknown_zone_is_told_with_the_right_one(client: FlaskClient) -> None:
    page = client.get(PAGE, query_string={"tz": "Europe/Berln"})
    assert page.status_code == 422
    assert "did you mean Europe/Berlin?" in page.text
    assert 'value="Europe/Berln"' in page.text
    assert page.text.count("did you mean Europe/Berlin?") == 1
    assert "zone.js" not in page.text  # which would lead away from what is told


def test_a_misspelt_zone_leaves_the_one_that_was_chosen(client: FlaskClient) -> None:
    chosen = client.get(PAGE, query_string={"tz": "Asia/Tokyo"}).text
    assert '<input type="hidden" name="timezone" value="Asia/Tokyo">' in chosen
    both = {"timezone": "Asia/Tokyo", "tz": "Europe/Berln"}
    for page in (
        client.get(PAGE, query_string=both).text,
        client.post(PAGE, data=FORM | both | {"pick": ""}).text,
    ):
        assert "Times in <strong>Asia/Tokyo</strong>." in page
        assert 'value="Europe/Berln"' in page
    right = client.get(PAGE, query_string=both | {"tz": "Europe/Paris"}).text
    assert "Times in <strong>Europe/Paris</strong>." in right


def test_a_form_with_a_misspelt_zone_comes_back_as_it_was_typed(
    client: FlaskClient, anyone: Caller
) -> None:
    answer = booked(client, anyone, timezone="Europe/Berln", notes="Hello")
    assert answer.status_code == 422
    assert "did you mean Europe/Berlin?" in answer.text
    for typed in ('value="Europe/Berln"', 'value="Bo Diddley"', ">Hello</textarea>"):
        assert typed in answer.text
    assert "Book this time" in answer.text


def test_a_form_without_a_zone_takes_the_builders(client: FlaskClient, anyone: Caller) -> None:
    answer = booked(client, anyone, timezone="")
    assert ">Europe/Berlin</span>" in client.get(answer.headers["Location"]).text


# ---- a slot that went meanwhile ------------------------------------------------------------------

TYPED = {"notes": "<hello>", "answer-role": "Data & more"}


def test_a_form_for_a_slot_that_went_gives_way_to_the_open_ones_and_keeps_what_was_typed(
    client: FlaskClient, anyone: Caller
) -> None:
    start = anyone.slots()[-1]["startTime"]
    anyone.book(place=-1)
    page = booked(client, anyone, start=start, **TYPED)
    assert page.status_code == 409
    assert "This time is taken" in page.text
    assert page.text.count("What you typed is kept.") == 1
    assert "is not open" not in page.text  # the same in other words
    assert "Book this time" not in page.text
    assert f'name="pick" value="{start}"' not in page.text
    picks = re.findall(r'name="pick" value="(\d[^"]+)"', page.text)
    alternative = next(each for each in picks if each > start)
    assert f"{FORM['email']}" in page.text
    kept = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text))
    assert kept["notes"] == "&lt;hello&gt;"
    assert kept["answer-role"] == "Data &amp; more"
    assert "start" not in kept

    again = client.post(PAGE, data=FORM | TYPED | {"pick": alternative})
    assert again.status_code == 200
    assert 'role="alert"' not in again.text
    assert f'name="start" value="{alternative}"' in again.text
    assert 'value="Bo Diddley"' in again.text
    assert "&lt;hello&gt;</textarea>" in again.text
    assert booked(client, anyone, start=alternative).status_code == 303


def test_a_wrong_form_for_a_slot_that_went_tells_of_both(
    client: FlaskClient, anyone: Caller
) -> None:
    start = anyone.slots()[0]["startTime"]
    anyone.book()
    page = booked(client, anyone, start=start, email="nobody")
    assert page.status_code == 422
    assert "Give an e-mail address" in page.text
    assert "is not open" in page.text
    assert "Book this time" not in page.text


def test_other_dates_and_zones_can_be_looked_at_without_typing_all_again(
    client: FlaskClient, anyone: Caller
) -> None:
    form = FORM | TYPED | {"pick": "", "from": str(day_ahead(9)), "timezone": "Asia/Tokyo"}
    page = client.post(PAGE, data=form)
    assert page.status_code == 200
    assert "Times in <strong>Asia/Tokyo</strong>" in page.text
    days = re.findall(r'name="day" value="([^"]+)" id="day', page.text)
    shown = re.search(r'value="([^"]+)" id="day-[^>]+ aria-current="true"', page.text)
    assert shown
    assert shown[1] == min(each for each in days if each >= str(day_ahead(9)))
    assert 'name="name" value="Bo Diddley"' in page.text
    assert 'name="pick" value="2' in page.text


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_time_too_far_ahead_shows_what_can_be_booked(
    client: FlaskClient, anyone: Caller, method: str
) -> None:
    start = f"{day_ahead(300)}T09:00:00Z"
    if method == "get":
        page = client.get(PAGE, query_string={"start": start})
    else:
        page = booked(client, anyone, start=start)
    assert page.status_code in (409, 422)
    assert 'class="starts"' in page.text
    late = client.get(PAGE, query_string={"from": str(day_ahead(300))}).text
    assert f"until {day_ahead(60):%A, %-d %B %Y}" in late


# ---- nothing to book ---------------------------------------------------------------------------------


def test_a_builder_without_sessions_says_so_and_leads_on(
    client: FlaskClient, admin: Caller, signed_in: Callable[..., Caller]
) -> None:
    body = {"name": "Ada Byron", "slug": "ada", "email": "ada@example.org", "timezone": "UTC"}
    ada = admin.json("POST", "/api/admin/builders", 201, json=body)["id"]
    page = client.get("/b/ada").text
    assert "Ada Byron offers no sessions at the moment" in page
    assert "who else can be booked" in page
    path = "/api/admin/session-types"
    admin.json("POST", path, 201, json={"builderId": ada, "title": "Inner", "requiresAuth": True})
    page = client.get("/b/ada").text
    assert "for clients who are signed in" in page
    assert "Inner" not in page


@pytest.mark.parametrize("name", ["from", "start", "tz", "timezone", "booking", "pick", "to"])
def test_a_question_of_any_length_is_answered(client: FlaskClient, name: str) -> None:
    assert client.get(f"{PAGE}?{name}={'1' * 60_000}", headers=READER).status_code < 500


def test_a_signed_in_client_chooses_the_time_of_what_it_began(
    client: FlaskClient, anyone: Caller, ana: Caller
) -> None:
    """The link of `initialize` brings what opens the booking, for a session that needs a sign-in."""
    begun = ana.json("POST", f"{BOOKINGS}/initialize", 201, json={"sessionTypeId": "play-lab"})
    page, _, token = begun["schedulingUrl"].partition("#token=")
    path = urlsplit(page).path
    assert path == f"/bookings/{begun['booking']['id']}/schedule"
    assert ana("GET", path).status_code == 200  # a header does as well
    assert client.get(path, headers=READER).status_code == 404
    client.post(path.replace("schedule", "open"), data={"token": token})
    shown = client.get(path, headers=READER)
    assert shown.status_code == 200
    [start, *_] = re.findall(r'href="([^"]*start=[^"]*)"', shown.text)
    assert "Book this time" in client.get(unescape(start)).text
    form = {"start": ana.slots("play-lab")[0]["startTime"], "key": "k", "timezone": "UTC"}
    for _ in range(2):  # a double click
        answer = client.post(path, data=form, headers={"Origin": "http://localhost"})
        assert (answer.status_code, answer.location) == (303, path.replace("/schedule", ""))
    assert "You are booked" in client.get(answer.location).text


def test_a_time_that_cannot_be_read_leaves_the_chooser_usable(
    client: FlaskClient, anyone: Caller
) -> None:
    body = {"sessionTypeId": "getting-started", "clientDetails": BO}
    begun = anyone.json("POST", f"{BOOKINGS}/initialize", 201, json=body)
    page, _, token = begun["schedulingUrl"].partition("#token=")
    path = urlsplit(page).path
    client.post(path.replace("schedule", "open"), data={"token": token})
    answer = client.post(path, data={"start": "noon"})
    assert answer.status_code == 422
    assert "Give a time with an offset" in answer.text
    assert (
        client.get(path, query_string={"from": str(day_ahead(3)), "tz": "UTC"}).status_code == 200
    )


def test_a_booking_is_moved_to_another_time(client: FlaskClient, anyone: Caller) -> None:
    page = booked(client, anyone).location
    assert "Move to another time" in client.get(page).text
    chooser = client.get(f"{page}/move")
    assert "Booked for" in chooser.text
    start = anyone.slots()[3]["startTime"]
    asked = client.get(f"{page}/move", query_string={"start": start, "tz": "UTC"}).text
    assert "Move to this time" in asked
    assert 'name="name"' not in asked
    form = {"start": start, "key": "k", "timezone": "UTC"}
    answer = client.post(f"{page}/move", data=form, headers={"Origin": "http://localhost"})
    assert (answer.status_code, urlsplit(answer.location).path) == (303, page)
    assert "<h1>Your booking has moved</h1>" in client.get(answer.location).text
    assert "<h1>You are booked</h1>" in client.get(page).text
    assert start not in [each["startTime"] for each in anyone.slots()]
    again = client.post(f"{page}/move", data={"start": start, "key": "other"})
    assert again.status_code in (409, 422)
    client.post(f"{page}/cancel")
    assert client.get(f"{page}/move").location == page
    assert "Move to another time" not in client.get(page).text


def test_who_moved_a_booking_that_stands_elsewhere_is_told_so(
    client: FlaskClient, anyone: Caller
) -> None:
    page = booked(client, anyone).location
    start = anyone.slots()[3]["startTime"]
    moved = client.get(page, query_string={"moved": start}).text
    assert "<h1>You are booked</h1>" in moved
    assert "It is not at the time that you moved it to" in moved
    assert "It is not at" not in client.get(page).text
    german = client.get(page, query_string={"moved": start}, headers={"Accept-Language": "de"})
    assert "Er liegt nicht zu der Zeit" in german.text


def test_where_the_terms_forbid_it_the_page_says_so(
    client: FlaskClient, anyone: Caller, robin: Caller
) -> None:
    long = {"cancellationPolicy": {"changeNotice": 60 * 24 * 59}}
    robin.json("PATCH", "/api/admin/session-types/getting-started", json=long)
    page = booked(client, anyone).location
    shown = client.get(page).text
    assert "Move to another time" not in shown
    assert "It is too late to move or cancel it here; ask" in shown
    assert "That was possible until" in shown
    assert "Cancel the booking" not in shown
    assert client.get(f"{page}/move").location == page
    start = anyone.slots()[3]["startTime"]
    answer = client.post(f"{page}/move", data={"start": start, "key": "k"})
    assert answer.status_code == 409
    assert "Changes are possible until" in answer.text


@pytest.mark.parametrize("form", ["cancel", "choose", "open", "pay"])
def test_the_address_of_a_form_leads_back_to_the_booking(
    client: FlaskClient, anyone: Caller, form: str
) -> None:
    page = booked(client, anyone).location
    answer = client.get(f"{page}/{form}")
    assert (answer.status_code, answer.location) == (303, page)
    stranger = client.application.test_client().get(f"{page}/{form}")
    assert stranger.status_code == 404
    assert "Open a booking" in stranger.text


def test_a_stranger_moves_nothing(client: FlaskClient, anyone: Caller) -> None:
    page = f"/bookings/{anyone.book()['id']}"
    assert "Open a booking" in client.get(f"{page}/move").text
    start = anyone.slots()[3]["startTime"]
    assert client.post(f"{page}/move", data={"start": start}).status_code == 404


def test_amounts_are_shown_to_the_last_cent(client: FlaskClient) -> None:
    app = client.application
    with app.test_request_context():
        shown = {
            money: app.jinja_env.filters["money"](money)
            for money in (Money(1_250, "RSD"), Money(1_250, "IQD"), Money(1_250, "JPY"))
        }
    assert list(shown.values()) == [
        "RSD12.50",
        "IQD1.250",
        "JP¥1,250",
    ]


# ---- guests --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        "bea@example.org\r\n\r\n  cy@example.org \r\n",
        "bea@example.org, cy@example.org",
        "bea@example.org;cy@example.org;",
    ],
)
def test_guests_are_typed_as_a_list_and_stand_on_the_bookings_page(
    client: FlaskClient, anyone: Caller, typed: str
) -> None:
    answer = booked(client, anyone, guests=typed)
    assert answer.status_code == 303
    assert "bea@example.org, cy@example.org" in client.get(answer.headers["Location"]).text


def test_a_wrong_guest_is_told_at_its_field_which_stays_open_with_what_was_typed(
    client: FlaskClient, anyone: Caller
) -> None:
    answer = booked(client, anyone, guests="bea@example.org\nc<y", name="")
    assert answer.status_code == 422
    page = answer.text
    assert "This is no e-mail address: c&lt;y" in page
    assert "bea@example.org\nc&lt;y</textarea>" in page
    assert '<details class="field" open>' in page
    assert page.count('aria-invalid="true"') == 2


def test_eleven_guests_are_too_many(client: FlaskClient, anyone: Caller) -> None:
    many = "\n".join(f"g{number}@example.org" for number in range(11))
    answer = booked(client, anyone, guests=many)
    assert answer.status_code == 422
    assert "Bring at most 10 guests." in answer.text


def test_the_form_asks_quietly_for_guests(client: FlaskClient, anyone: Caller) -> None:
    page = client.get(PAGE, query_string={"start": anyone.slots()[0]["startTime"]}).text
    assert '<details class="field"><summary>Add guests' in page


def test_who_was_named_before_stands_in_the_form_and_can_be_taken_away(
    client: FlaskClient, anyone: Caller
) -> None:
    named = {"clientDetails": BO | {"guests": ["bea@example.org"]}}
    body = {"sessionTypeId": "getting-started"} | named
    begun = anyone.json("POST", f"{BOOKINGS}/initialize", 201, json=body)
    page, _, token = begun["schedulingUrl"].partition("#token=")
    path, start = urlsplit(page).path, anyone.slots()[0]["startTime"]
    client.post(path.replace("schedule", "open"), data={"token": token})
    shown = client.get(path, query_string={"start": start}).text
    assert '<details class="field" open>' in shown
    assert ">bea@example.org</textarea>" in shown
    form = {"start": start, "key": "k", "guests": ""}
    answer = client.post(path, data=form, headers={"Origin": "http://localhost"})
    assert "bea@example.org" not in client.get(answer.location).text
