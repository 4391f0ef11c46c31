"""Signing in by a mailed link, and what the pages then show; forms count only from our own pages."""

from __future__ import annotations

import re
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from adapters.memory import MemoryMailer
from booking_core import MOST_OPEN_LINKS, Actor, BuilderId, Proof, Role
from booking_core.testing.contracts.threads import at_once
from entrypoints.container import Application, assemble
from entrypoints.settings import Settings
from tests.integration.forms import Browser, token_in
from tests.integration.web.conftest import BOOKINGS, Caller

SETTINGS = {"BOOKING_MAILER": "memory"}
EMAIL, PAGE, MEMBERS = "ana@example.org", "/b/demo/getting-started", "/b/demo/play-lab"
READER = {"Accept": "text/html"}


def links(application: Application, email: str = EMAIL) -> list[str]:
    """Of all mails to that address, the oldest first."""
    while application.core.work_outbox():
        pass
    mailer = application.mailer
    assert isinstance(mailer, MemoryMailer)
    found = (re.search(r"\S+/signin#link=\S+", each.text) for each in mailer.sent_to(email))
    return [each[0] for each in found if each]


def ask(client: FlaskClient, email: str = EMAIL, **more: str) -> TestResponse:
    return client.post("/signin", data={"email": email} | more)


def sign_in(client: FlaskClient, application: Application, email: str = EMAIL) -> TestResponse:
    ask(client, email)
    return client.post("/signin", data={"link": links(application, email)[-1]})


def cookie(client: FlaskClient, name: str = "session") -> str | None:
    found = client.get_cookie(name)
    return found.value if found else None


def book(client: FlaskClient, caller: Caller, page: str = PAGE, **form: str) -> TestResponse:
    start = caller.slots(page.rpartition("/")[2])[-1]["startTime"]
    return client.post(page, data={"start": start, "timezone": "Europe/Berlin"} | form)


@pytest.fixture
def known(client: FlaskClient, application: Application) -> FlaskClient:
    """The browser of a client who is signed in."""
    assert sign_in(client, application).status_code == 303
    return client


@pytest.fixture
def elsewhere(client: FlaskClient) -> FlaskClient:
    """Another browser."""
    found: FlaskClient = client.application.test_client()
    return found


# ---- the link ------------------------------------------------------------------------------------


def test_a_mailed_link_signs_in(client: FlaskClient, application: Application) -> None:
    answer = sign_in(client, application)
    assert (answer.status_code, answer.location) == (303, "/me")
    session, *_ = answer.headers.getlist("Set-Cookie")
    assert session.startswith("session=")
    for word in ("HttpOnly", "Path=/", "SameSite=Lax", "Expires="):
        assert word in session
    assert EMAIL in client.get("/me").text


def test_over_https_the_cookies_are_kept_to_this_host() -> None:
    settings = SETTINGS | {"DATABASE_URL": "memory://", "PUBLIC_URL": "https://book.example.org"}
    application = assemble(Settings.load(settings))
    application.seed()
    app = application.web_app()
    app.test_client_class = Browser
    client = app.test_client()
    options: Any = {"base_url": "https://book.example.org"}
    token = token_in(client.get("/signin", **options).text)
    client.post("/signin", data={"email": EMAIL, "csrf_token": token}, **options)
    link = {"link": links(application)[0], "csrf_token": token}
    answer = client.post("/signin", data=link, **options)
    begun = next(each for each in answer.headers.getlist("Set-Cookie") if "__Host-session=" in each)
    for word in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert word in begun
    assert "Domain" not in begun
    page = client.get("/signin", **options)
    assert "__Host-forms=" in page.headers["Set-Cookie"]
    assert "Secure" in page.headers["Set-Cookie"]


def test_looking_at_a_link_does_not_spend_it(
    client: FlaskClient, elsewhere: FlaskClient, application: Application
) -> None:
    ask(client)
    [link] = links(application)
    secret = link.partition("#link=")[2]
    for path in ("/signin", f"/signin?link={secret}"):
        assert elsewhere.get(path).status_code == 200
        assert elsewhere.head(path).status_code == 200
    assert cookie(elsewhere) is None
    assert client.post("/signin", data={"link": f"  {secret} "}).status_code == 303


def test_a_used_link_says_so_and_leads_to_a_new_one(
    known: FlaskClient, elsewhere: FlaskClient, application: Application
) -> None:
    [used] = links(application)
    answer = elsewhere.post("/signin", data={"link": used})
    assert answer.status_code == 401
    assert "used already or is too old" in answer.text
    assert "Send a new link" in answer.text
    assert re.search('<input name="link"[^>]*aria-describedby="link-wrong"', answer.text)
    assert cookie(elsewhere) is None
    assert "You are signed in as" in known.post("/signin", data={"link": used}).text


@pytest.mark.parametrize("link", ["", "guess", "http://elsewhere.example/#link=x", "ü" * 9_000])
def test_a_guessed_link_opens_nothing(client: FlaskClient, link: str) -> None:
    assert client.post("/signin", data={"link": link}).status_code == 401
    assert cookie(client) is None


def test_nobody_learns_who_has_an_account(
    known: FlaskClient, elsewhere: FlaskClient, application: Application
) -> None:
    def shown(email: str) -> str:
        page = ask(elsewhere, email)
        assert page.status_code == 200
        return re.sub(r'(value|nonce)="[^"]+"', "", page.text.replace(email, ""))

    assert shown(EMAIL) == shown("nobody@example.org")
    assert len(links(application, "nobody@example.org")) == 1
    for _ in range(MOST_OPEN_LINKS + 2):  # no more are sent, and nothing tells so
        assert shown(EMAIL) == shown("nobody@example.org")


def test_what_is_no_address_is_told_and_kept(client: FlaskClient) -> None:
    answer = ask(client, "<nobody>")
    assert answer.status_code == 422
    assert "Give an e-mail address" in answer.text
    [field] = re.findall(r'<input id="email"[^>]*>', answer.text)
    assert 'value="&lt;nobody&gt;"' in field
    assert 'aria-invalid="true" aria-describedby="email-wrong"' in field
    assert answer.text.count("Give an e-mail address") == 1
    assert re.search('id="email-wrong"[^>]*>Give an e-mail address', answer.text)


def test_without_an_address_none_is_asked_for_anew(client: FlaskClient) -> None:
    page = ask(client, "").text
    assert "Give an e-mail address" in page
    assert "Send me a link" in page


def test_two_tabs_with_one_link_one_signs_in_and_the_other_is_told_why(
    client: FlaskClient, application: Application
) -> None:
    ask(client)
    [link] = links(application)
    tabs = [client.application.test_client() for _ in range(4)]
    forms = [{"link": link, "csrf_token": tab.token()} for tab in tabs]

    sends = [partial(tab.post, "/signin", data=form) for tab, form in zip(tabs, forms, strict=True)]
    answers = at_once(sends)
    assert sorted(each.status_code for each in answers) == [303, 401, 401, 401]
    for tab, answer in zip(tabs, answers, strict=True):
        won = answer.status_code == 303
        assert (cookie(tab) is not None) is won
        assert won or "used already" in answer.text


# ---- the session ---------------------------------------------------------------------------------


def test_signing_in_anew_ends_the_session_before(
    known: FlaskClient, elsewhere: FlaskClient, application: Application
) -> None:
    before = cookie(known)
    sign_in(known, application)
    assert cookie(known) not in (None, before)
    elsewhere.set_cookie("session", str(before))
    assert elsewhere.get("/me").status_code == 303


def test_signing_out_takes_effect_at_once_everywhere(
    known: FlaskClient, elsewhere: FlaskClient
) -> None:
    secret = cookie(known)
    elsewhere.set_cookie("session", str(secret))
    assert elsewhere.get("/me").status_code == 200
    assert known.post("/signout").status_code == 303
    assert cookie(known) is None
    for browser in (known, elsewhere):
        answer = browser.get("/me")
        assert (answer.status_code, answer.location) == (303, "/signin?to=/me")
    assert known.get("/signout").status_code == 405
    assert known.post("/signout").status_code == 303  # who is signed out already stays so


@pytest.mark.parametrize("secret", ["guess", "ü" * 2_000, '"'])
def test_a_guessed_session_is_a_strangers(client: FlaskClient, secret: str) -> None:
    headers = {"Cookie": f"session={secret}".encode().decode("latin-1")}
    assert client.get("/me", headers=headers).status_code == 303
    assert client.get(MEMBERS, headers=headers).status_code == 401


def test_the_api_knows_no_cookie(known: FlaskClient, anyone: Caller) -> None:
    assert known.get("/me").status_code == 200
    anyone.refused(401, "sign_in_required", "GET", BOOKINGS)
    wish = anyone.wish()
    anyone.json("POST", f"{BOOKINGS}/confirm", 201, json=wish)  # no token of a form either
    body = wish | {"sessionTypeId": "play-lab"}
    anyone.refused(401, "sign_in_required", "POST", f"{BOOKINGS}/confirm", json=body)


@pytest.mark.parametrize("to", ["/b/demo", f"{MEMBERS}?tz=UTC&start=x", "/bookings/bkg_1"])
def test_who_signs_in_comes_back_to_where_it_was(
    client: FlaskClient, application: Application, to: str
) -> None:
    page = client.get("/signin", query_string={"to": to}).text
    assert f'name="to" value="{to.replace("&", "&amp;")}"' in page
    ask(client, to=to)
    assert client.post("/signin", data={"link": links(application)[0]}).location == to


@pytest.mark.parametrize(
    "to",
    [
        *("https://elsewhere.example", "//elsewhere.example", "/\\elsewhere.example", "elsewhere"),
        *("/\t/elsewhere.example", "\\/elsewhere.example", "javascript:alert(1)", "/a\r\nX: y"),
        "/" + "a" * 600,
    ],
)
def test_nobody_is_led_to_another_site(
    client: FlaskClient, application: Application, to: str
) -> None:
    assert 'name="to"' not in client.get("/signin", query_string={"to": to}).text
    ask(client, to=to)
    assert client.post("/signin", data={"link": links(application)[0]}).location == "/me"


# ---- what the pages then show --------------------------------------------------------------------


def test_what_is_for_members_is_shown_to_who_is_signed_in(
    client: FlaskClient, application: Application
) -> None:
    assert MEMBERS not in client.get("/b/demo").text
    refused = client.get(MEMBERS, headers=READER)
    assert refused.status_code == 401
    assert f'href="/signin?to={MEMBERS}"' in refused.text
    sign_in(client, application)
    assert MEMBERS in client.get("/b/demo").text
    assert 'class="starts"' in client.get(MEMBERS).text


def test_a_client_books_as_itself(known: FlaskClient, ana: Caller) -> None:
    start = ana.slots("play-lab")[-1]["startTime"]
    form = known.get(MEMBERS, query_string={"start": start}).text
    assert f"You book as <strong>{EMAIL}</strong>" in form
    assert 'name="email"' not in form
    assert 'name="name"' in form  # that is not known yet
    answer = book(known, ana, MEMBERS, name="Ana Ng", email="mallory@example.org")
    assert answer.status_code == 303
    assert known.get_cookie("booking", path=answer.location) is None
    page = known.get(answer.location).text
    assert "You are booked" in page
    assert EMAIL in page
    assert "mallory" not in page
    again = known.get(MEMBERS, query_string={"start": ana.slots("play-lab")[0]["startTime"]}).text
    assert 'value="Ana Ng"' in again


def test_an_account_with_a_name_is_not_asked_for_it(
    client: FlaskClient, application: Application, ana: Caller
) -> None:
    proof = Proof(
        issuer="https://id.example.org",
        subject="ana",
        email=EMAIL,
        email_verified=True,
        name="Ana Ng",
    )
    application.core.actor_of_proof(proof=proof)
    sign_in(client, application)
    start = ana.slots()[0]["startTime"]
    form = client.get(PAGE, query_string={"start": start}).text
    assert f"You book as <strong>Ana Ng, {EMAIL}</strong>" in form
    assert 'name="name"' not in form
    assert client.post(PAGE, data={"start": start}).status_code == 303


def test_own_bookings_are_listed_moved_and_cancelled_without_their_links(
    known: FlaskClient, elsewhere: FlaskClient, ana: Caller
) -> None:
    page = book(known, ana, name="Ana Ng").location
    shelf = known.get("/me").text
    assert f'href="{page}"' in shelf.partition("Coming up")[2]
    assert "Past and cancelled" not in shelf
    assert elsewhere.get(page).status_code == 404
    move = {"start": ana.slots()[0]["startTime"], "key": "k"}
    assert urlsplit(known.post(f"{page}/move", data=move).location).path == page
    assert known.post(f"{page}/cancel", data={"reason": "ill"}).location == page
    assert f'href="{page}"' in known.get("/me").text.partition("Past and cancelled")[2]


def test_a_long_past_is_shown_in_pages(known: FlaskClient, ana: Caller) -> None:
    for _ in range(22):
        known.post(f"{book(known, ana, name='Ana Ng').location}/cancel")
    first = known.get("/me").text
    older = re.search(r'href="(/me\?older=[^"]+)"', first)
    assert older
    second = known.get(older[1]).text
    shown = [re.findall(r'href="(/bookings/[^"]+)"', page) for page in (first, second)]
    assert [len(each) for each in shown] == [20, 2]
    assert not {*shown[0]} & {*shown[1]}
    assert known.get("/me?older=nothing", headers=READER).status_code == 422


def test_a_booking_of_somebody_else_stays_closed(
    known: FlaskClient, elsewhere: FlaskClient, application: Application, anyone: Caller
) -> None:
    sign_in(elsewhere, application, "bob@example.org")
    page = book(known, anyone, name="Ana Ng").location
    assert elsewhere.get(page).status_code == 404
    assert elsewhere.post(f"{page}/cancel").status_code == 404
    assert elsewhere.post(f"{page}/claim", headers=READER).status_code == 404
    assert page not in elsewhere.get("/me").text


def test_who_is_signed_in_still_opens_a_booking_by_its_link(
    known: FlaskClient, anyone: Caller
) -> None:
    other = anyone.book()
    page = f"/bookings/{other['id']}"
    assert known.get(page).status_code == 404
    assert known.post(f"{page}/open", data={"token": other["manageToken"]}).status_code == 303
    assert known.get(page).status_code == 200


def test_what_is_held_about_who_is_signed_in_is_handed_over(
    known: FlaskClient, anyone: Caller, elsewhere: FlaskClient
) -> None:
    book(known, anyone, name="Ana Ng")
    assert 'href="/me/export"' in known.get("/me").text
    answer = known.get("/me/export")
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.json is not None
    assert answer.json["account"]["email"] == EMAIL
    assert [each["contact"]["name"] for each in answer.json["bookings"]] == ["Ana Ng"]
    assert elsewhere.get("/me/export").location == "/signin?to=/me"


def test_a_booking_made_elsewhere_for_the_same_address_is_claimed(
    known: FlaskClient, elsewhere: FlaskClient, anyone: Caller
) -> None:
    page = book(elsewhere, anyone, name="Ana Ng", email=EMAIL.upper()).location
    shelf = known.get("/me").text
    assert "Are these yours?" in shelf
    assert known.get(page).status_code == 404
    assert known.post(f"{page}/claim").location == "/me"
    assert "Are these yours?" not in known.get("/me").text
    for browser in (known, elsewhere):  # the link that was given goes on working
        assert browser.get(page).status_code == 200


def test_several_bookings_are_open_in_one_browser(client: FlaskClient, anyone: Caller) -> None:
    pages = [book(client, anyone, name="Bo", email="bo@example.org").location for _ in range(3)]
    assert len({*pages}) == 3
    for page in pages:
        assert client.get(page).status_code == 200
    client.post(f"{pages[0]}/cancel")
    assert "You are booked" in client.get(pages[1]).text


@pytest.mark.parametrize("role", [Role.BUILDER, Role.ADMIN])
def test_a_builder_and_an_admin_are_told_what_they_are(
    client: FlaskClient, application: Application, ana: Caller, role: Role
) -> None:
    sign_in(client, application)
    admin = Actor.admin("root")
    application.core.grant_role(
        email=EMAIL,
        role=role,
        builder_id=BuilderId("demo") if role is Role.BUILDER else None,
        actor=admin,
    )
    page = client.get("/me").text
    assert ("You are the builder <strong>Robin" in page) is (role is Role.BUILDER)
    assert ("an <strong>admin</strong>" in page) is (role is Role.ADMIN)
    assert 'href="/builder/schedule"' in page
    assert ('href="/b/demo"' in page) is (role is Role.BUILDER)
    assert ("booking bookings --as builder:demo" in page) is (role is Role.BUILDER)
    assert "Sign out" in page
    clients = f"/bookings/{ana.book()['id']}"
    assert client.get(clients).status_code == 404  # a client's page is not for running it
    own = book(client, ana, MEMBERS, name="Robin")
    assert own.status_code == 303
    assert "You are booked" in client.get(own.location).text


# ---- forms ---------------------------------------------------------------------------------------


def test_every_form_of_every_page_has_a_token(known: FlaskClient, anyone: Caller) -> None:
    page = book(known, anyone, name="Ana Ng").location
    start = anyone.slots()[0]["startTime"]
    paths = ("/signin", "/me", "/bookings/x", PAGE, f"{PAGE}?start={start}", page, f"{page}/move")
    forms = [
        form
        for path in (*paths, f"{page}/move?start={start}")
        for form in re.findall(r'<form[^>]*method="post".*?</form>', known.get(path).text, re.S)
    ]
    assert len(forms) >= 7
    for form in forms:
        assert 'name="csrf_token" value="' in form


@pytest.mark.parametrize("token", ["", "forged", "of another browser"])
def test_a_form_with_an_old_token_does_nothing_and_keeps_all_that_was_typed(
    client: FlaskClient, elsewhere: FlaskClient, anyone: Caller, token: str
) -> None:
    if token == "of another browser":
        token = token_in(elsewhere.get("/signin").text)
    notes = 'many\nlines "and" <more>'
    start = anyone.slots()[0]["startTime"]
    form = {"name": "Bo", "email": "bo@example.org", "notes": notes, "start": start, "key": "k"}
    answer = client.post(PAGE, data=form | {"csrf_token": token})
    assert answer.status_code == 400
    assert "nothing was done yet" in answer.text
    assert start in [each["startTime"] for each in anyone.slots()]
    kept = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', answer.text))
    assert kept["notes"] == "many\nlines &#34;and&#34; &lt;more&gt;"
    assert f'action="{PAGE}"' in answer.text
    again = client.post(PAGE, data=form | {"csrf_token": kept["csrf_token"]})
    assert again.status_code == 303
    twice = client.post(PAGE, data=form)  # another token, the same form
    assert twice.location == again.location
    assert "many\nlines" in client.get(again.location).text


@pytest.mark.parametrize(
    "path",
    ["/signin", "/signout", PAGE]
    + [f"/bookings/x/{each}" for each in "open pay choose cancel move schedule claim".split()],
)
def test_no_form_counts_without_a_token(client: FlaskClient, path: str) -> None:
    form = {"csrf_token": "", "email": EMAIL}
    assert client.post(path, data=form).status_code == 400
    assert client.post(path, data=form, headers={"Authorization": "Bearer x"}).status_code == 400
    foreign = {"Origin": "https://elsewhere.example"}
    assert client.post(path, data={"email": EMAIL}, headers=foreign).status_code == 403


def test_signing_in_makes_forms_of_before_old(
    client: FlaskClient, application: Application
) -> None:
    before = token_in(client.get("/signin").text)
    sign_in(client, application)
    assert client.post("/signout", data={"csrf_token": before}).status_code == 400
    assert client.get("/me").status_code == 200


def test_the_checkout_of_the_simulated_provider_needs_none_of_our_cookies(
    client: FlaskClient, anyone: Caller
) -> None:
    link = {"questionId": "link", "value": "https://example.org"}
    wish = anyone.wish("portfolio-review", answers=[link])
    answer = anyone.json("POST", f"{BOOKINGS}/confirm", 200, json=wish)
    checkout = urlsplit(answer["checkoutUrl"]).path
    assert "csrf_token" not in client.get(checkout).text
    stranger = client.application.test_client()
    assert stranger.post(checkout, data={"move": "card"}).status_code == 303
    assert "This checkout is" in client.get(checkout).text
    foreign = {"Origin": "https://elsewhere.example"}
    assert stranger.post(checkout, data={"move": "card"}, headers=foreign).status_code == 403
