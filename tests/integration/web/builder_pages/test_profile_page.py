"""The page on which a builder keeps what it says of itself, and an admin adds one."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking_core import Actor, Builder, BuilderId, Language, Role, Schedule
from entrypoints.container import Application
from tests.integration.web.builder_pages.conftest import ROBIN, plain, web
from tests.integration.web.test_sign_in import sign_in

PAGE, NEW, ROOT = "/builder/profile", "/builder/new", "root@example.org"
SYSTEM = Actor.system()
HOSTILE = '"><script>alert(1)</script>'
INPUT = re.compile(r"<input\s[^>]*>")
AREA = re.compile(r'<textarea name="(\w+)"[^>]*>([^<]*)</textarea>')
PICKED = re.compile(r'<select name="(\w+)".*?<option value="([^"]*)"[^>]* selected', re.DOTALL)

Fields = dict[str, list[str]]


@pytest.fixture(scope="module")
def running(running: Application) -> Application:
    running.core.grant_role(role=Role.ADMIN, email=ROOT, actor=SYSTEM)
    return running


@pytest.fixture
def root(browser: FlaskClient, service: Application) -> FlaskClient:
    """The browser of an admin."""
    assert sign_in(browser, service, ROOT).status_code == 303
    return browser


def kept(service: Application, name: str = "demo") -> Builder:
    return service.core.show_builder(name=name, actor=SYSTEM)


def keep(service: Application, **changes: Any) -> None:
    service.core.change_builder(builder_id=BuilderId("demo"), changes=changes, actor=SYSTEM)


def add_eve(service: Application) -> Builder:
    return service.core.add_builder(
        name="Eve", email="eve@example.org", schedule=Schedule("UTC"), actor=SYSTEM
    )


def fields(page: TestResponse) -> Fields:
    """What a browser would send of the form on the page."""
    form = page.text.partition('<form method="post" action="/builder')[2].partition("</form>")[0]
    found: Fields = {}
    boxes = [tag for tag in INPUT.findall(form) if "checkbox" not in tag or " checked" in tag]
    held = [(attribute(tag, "name"), attribute(tag, "value")) for tag in boxes]
    picked = [each for part in form.split("</select>") for each in PICKED.findall(part)]
    for name, value in [*held, *AREA.findall(form), *picked]:
        found.setdefault(name, []).append(unescape(value))
    return found


def attribute(tag: str, name: str) -> str:
    found = re.search(rf'\s{name}="([^"]*)"', tag)
    return found[1] if found else ""


def changed(browser: FlaskClient, path: str = PAGE, **typed: Any) -> TestResponse:
    """The form of the page, sent with that typed into it."""
    return browser.post(path, data=fields(browser.get(path)) | typed)


# ---- whose page it is ----------------------------------------------------------------------------


def test_a_builder_finds_its_page_from_everywhere(robin: FlaskClient) -> None:
    header = robin.get("/").text.partition("</header>")[0]
    assert f'<a href="{PAGE}">Your page</a>' in header
    for path in ("/me", "/builder/schedule"):
        assert f'href="{PAGE}"' in robin.get(path).text.partition("<main")[2]
    page = robin.get(PAGE)
    assert page.status_code == 200
    assert 'href="/builder/schedule">Your hours</a>' in page.text.partition("<main")[2]
    assert '<a href="/b/demo">http' in page.text


def test_who_is_not_signed_in_is_asked_to_and_comes_back(browser: FlaskClient) -> None:
    for path in (PAGE, NEW):
        answer = browser.get(path)
        assert (answer.status_code, answer.location) == (303, f"/signin?to={path}")


def test_it_is_no_page_for_clients_nor_another_builders(
    browser: FlaskClient, service: Application
) -> None:
    eve = add_eve(service)
    for email, status in (("ana@example.org", 403), ("eve@example.org", 404)):
        sign_in(browser, service, email)
        path = f"{PAGE}?builder=demo"
        assert browser.get(path).status_code == status
        assert browser.post(path, data={"headline": "Mine"}).status_code == status
        for answer in (browser.get(NEW), browser.post(NEW, data={"name": "Kim"})):
            assert answer.status_code == 403
            assert "Builders are added by an admin." in answer.text
    assert kept(service).headline != "Mine"
    assert kept(service, eve.id) == eve


def test_an_admin_opens_a_builders_by_its_name(root: FlaskClient, service: Application) -> None:
    path = f"{PAGE}?builder=demo"
    everyone = root.get(PAGE).text
    assert f'href="{path}"' in everyone
    assert f'href="{NEW}"' in everyone
    assert "The page of Robin" in root.get(path).text
    assert changed(root, path, slug="robin").location == path
    assert "Saved." in root.get(path).text
    assert "The page of Robin" in root.get(f"{PAGE}?builder=robin").text
    assert kept(service, "robin").id == "demo"


def test_of_whose_page_was_saved_no_other_page_tells(
    root: FlaskClient, service: Application
) -> None:
    eve = add_eve(service)
    changed(root, f"{PAGE}?builder=demo", headline="New")
    assert "Saved." not in root.get(f"{PAGE}?builder={eve.id}").text


def test_a_form_of_another_builder_is_saved_into_nobody(
    robin: FlaskClient, service: Application
) -> None:
    eve = add_eve(service)
    typed = fields(robin.get(PAGE)) | {"headline": ["Robin's words"]}
    sign_in(robin, service, "eve@example.org")
    page = robin.post(PAGE, data=typed)
    assert page.status_code == 404
    assert "This form is somebody else's" in plain(page)
    assert "You are signed in as eve@example.org now." in plain(page)
    held = fields(page)
    assert held | {"csrf_token": []} == typed | {"csrf_token": []}
    assert robin.post(PAGE, data=held).status_code == 404
    assert kept(service, eve.id) == eve
    sign_in(robin, service, ROBIN)
    assert robin.post(PAGE, data=held).location == PAGE
    assert kept(service).headline == "Robin's words"
    assert kept(service, eve.id) == eve


def test_a_new_builder_that_only_an_admin_may_add_is_not_typed_again(
    root: FlaskClient, service: Application
) -> None:
    typed = fields(root.get(NEW)) | {name: [value] for name, value in KIM.items()}
    sign_in(root, service, ROBIN)
    page = root.post(NEW, data=typed)
    assert page.status_code == 403
    assert "Builders are added by an admin." in page.text
    sign_in(root, service, ROOT)
    assert root.post(NEW, data=fields(page)).status_code == 303
    assert kept(service, "kim-lee").timezone == "America/New_York"


def test_a_calendar_account_is_shown_and_how_one_is_bound(at_calendly: Application) -> None:
    browser = web(at_calendly).test_client()
    sign_in(browser, at_calendly, ROBIN)
    assert "booking builders bind-calendar demo" in browser.get(PAGE).text
    keep(at_calendly, calendar_account="https://api.calendly.com/users/robin")
    assert "https://api.calendly.com/users/robin" in browser.get(PAGE).text
    assert "calendarAccount" not in fields(browser.get(PAGE))


def test_a_calendar_of_ours_has_no_account_to_bind(robin: FlaskClient) -> None:
    page = plain(robin.get(PAGE))
    assert "there is no account to bind" in page
    assert "bind-calendar" not in page


# ---- looking, changing, keeping ------------------------------------------------------------------


def test_what_is_shown_can_be_kept_as_it_is(robin: FlaskClient, service: Application) -> None:
    keep(service, reminders=(timedelta(days=2), timedelta(minutes=90)), client_accounts=True)
    keep(service, embed_sites=("http://one.example", "http://two.example"), headline=HOSTILE)
    before = kept(service)
    answer = changed(robin)
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert kept(service) == before
    page = robin.get(PAGE)
    assert "Saved." in page.text
    assert HOSTILE not in page.text
    assert "Saved." not in robin.get(PAGE).text  # loaded again


def test_all_of_it_is_changed(robin: FlaskClient, service: Application) -> None:
    answer = changed(
        robin,
        name="Robin Ng",
        slug="robin",
        headline="Sketches",
        photoUrl="/static/favicon.svg",
        email="bookings@example.org",
        language="de",
        number=["2", "", "90"],
        unit=["days", "hours", "minutes"],
        clientAccounts="on",
        embedSites="http://one.example\r\n http://TWO.example/path",
    )
    assert answer.status_code == 303
    found = kept(service, "robin")
    assert (found.name, found.headline, found.photo_url) == (
        "Robin Ng", "Sketches", "/static/favicon.svg",
    )  # fmt: skip
    assert (found.email, found.language) == ("bookings@example.org", Language.GERMAN)
    assert found.reminders == (timedelta(days=2), timedelta(minutes=90))
    assert found.client_accounts
    assert found.embed_sites == ("http://one.example", "http://two.example")
    page = robin.get(PAGE)
    assert fields(page)["number"] == ["2", "90", ""]
    assert fields(page)["unit"] == ["days", "minutes", "hours"]
    assert '<a href="/b/robin">' in page.text


def test_all_that_may_be_left_out_is_taken_away(robin: FlaskClient, service: Application) -> None:
    keep(service, photo_url="/robin.jpg", client_accounts=True, embed_sites=("http://a.example",))
    typed: Fields = fields(robin.get(PAGE))
    del typed["clientAccounts"]
    typed |= {"photoUrl": [""], "headline": [""], "embedSites": [""], "number": [""]}
    assert robin.post(PAGE, data=typed).status_code == 303
    found = kept(service)
    assert (found.photo_url, found.headline, found.embed_sites) == (None, "", ())
    assert (found.reminders, found.client_accounts) == ((), False)


def test_a_row_for_one_more_reminder_is_always_free(
    robin: FlaskClient, service: Application
) -> None:
    for count in (0, 2, 3, 20):
        keep(service, reminders=tuple(timedelta(hours=each + 1) for each in range(count)))
        rows = fields(robin.get(PAGE))["number"]
        assert len(rows) == max(3, count + 1)
        assert rows.count("") >= 1


# ---- what is wrong -------------------------------------------------------------------------------

WRONG = [
    ("name", {"name": " "}, "Give a name of 1 to 200 characters."),
    ("slug", {"slug": "Robin Ng"}, "A slug is made of lower case letters"),
    ("headline", {"headline": "x" * 301}, "Write at most 300 characters."),
    ("headline", {"headline": "a\nb"}, "Write it in one line"),
    ("photoUrl", {"photoUrl": "http://x.example/a.jpg"}, "A photo is an https address"),
    ("photoUrl", {"photoUrl": f"/{'x' * 300}"}, "Write at most 300 characters."),
    ("email", {"email": "robin@"}, "Give an e-mail address such as"),
    ("language", {"language": "fr"}, "Choose one of en, de."),
    ("reminders", {"number": "1.5"}, "Give whole numbers"),
    ("reminders", {"number": "9" * 5_000}, "Give whole numbers"),
    ("reminders", {"number": "9" * 18}, "Give whole numbers"),
    ("reminders", {"number": "1", "unit": "years"}, "Give whole numbers"),
    ("reminders", {"number": "61", "unit": "days"}, "A reminder comes up to 60 days"),
    ("reminders", {"number": ["1"] * 21, "unit": ["days"] * 21}, "Give at most 20 reminders."),
    (
        "embedSites",
        {"embedSites": "http://a.example\nour.school"},
        "&#39;our.school&#39; is no site;",
    ),
    (
        "embedSites",
        {"embedSites": " ".join(f"http://{n}.example" for n in range(51))},
        "Name at most 50 sites.",
    ),
    (
        "embedSites",
        {"embedSites": f"x, http://{'a' * 300}.example"},
        "This has more than 300 characters: http",
    ),
]


def test_sites_and_reminders_that_are_named_twice_are_kept_once(
    robin: FlaskClient, service: Application
) -> None:
    sites = "http://b.example, http://a.example;http://B.example\n\nhttp://b.example"
    changed(robin, embedSites=sites, number=["1", "24", "2"], unit=["days", "hours", "hours"])
    assert kept(service).embed_sites == ("http://b.example", "http://a.example")
    assert kept(service).reminders == (timedelta(days=1), timedelta(hours=2))


@pytest.mark.parametrize(("name", "typed", "told"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_told_at_its_field_and_on_top(
    robin: FlaskClient, service: Application, name: str, typed: dict[str, Any], told: str
) -> None:
    before = kept(service)
    page = changed(robin, **typed)
    assert page.status_code == 422
    assert f'<a href="#{name}">' in page.text
    assert f'<p class="wrong" id="{name}-wrong">{told}' in page.text
    [tag] = re.findall(f'<[a-z]+ [^>]*id="{name}"[^>]*>', page.text)
    assert f'aria-describedby="{name}-wrong' in tag
    assert kept(service) == before


def test_all_that_is_wrong_is_told_at_once_and_nothing_typed_is_lost(
    robin: FlaskClient, service: Application
) -> None:
    typed = {"name": HOSTILE, "email": "robin@", "number": ["soon", "2"], "unit": ["days", "days"]}
    page = changed(robin, **typed, embedSites="x y")
    for name in ("email", "reminders", "embedSites"):
        assert f'id="{name}-wrong"' in page.text
    assert 'id="name-wrong"' not in page.text
    assert HOSTILE not in page.text
    sent = fields(page)
    assert (sent["name"], sent["email"]) == ([HOSTILE], ["robin@"])
    assert (sent["number"], sent["embedSites"]) == (["soon", "2", ""], ["x y"])
    mended = {"email": ["r@example.org"], "number": ["3", "2"], "embedSites": [""]}
    assert robin.post(PAGE, data=sent | mended).status_code == 303
    found = kept(service)
    assert (found.name, found.email) == (HOSTILE, "r@example.org")
    assert found.reminders == (timedelta(days=3), timedelta(days=2))


def test_a_name_in_the_address_that_another_has_is_told_at_its_field(
    robin: FlaskClient, service: Application
) -> None:
    add_eve(service)
    page = changed(robin, slug="eve", headline="New")
    assert page.status_code == 422
    assert 'id="slug-wrong"' in page.text
    assert fields(page)["headline"] == ["New"]
    assert kept(service).slug == "demo"


def test_words_are_those_of_the_language(robin: FlaskClient) -> None:
    page = robin.get(f"{PAGE}?lang=de")
    assert "Deine Seite" in page.text
    wrong = plain(changed(robin, number="1.5", photoUrl="robin.jpg"))
    assert "Gib ganze Zahlen an" in wrong
    assert "Ein Foto ist" in wrong
    assert "Choose" not in plain(changed(robin, language="fr"))


# ---- two at once ---------------------------------------------------------------------------------


def test_only_what_was_changed_in_the_form_is_saved(
    robin: FlaskClient, service: Application
) -> None:
    shown = fields(robin.get(PAGE))
    keep(
        service,
        name="Robin Ng",
        reminders=(timedelta(hours=3),),
        client_accounts=True,
        embed_sites=("http://a.example",),
    )
    wrong = robin.post(PAGE, data=shown | {"headline": "New", "email": "robin@"})
    assert wrong.status_code == 422
    assert robin.post(PAGE, data=fields(wrong) | {"email": ROBIN}).status_code == 303
    found = kept(service)
    assert (found.name, found.headline) == ("Robin Ng", "New")
    assert (found.reminders, found.client_accounts) == ((timedelta(hours=3),), True)
    assert found.embed_sites == ("http://a.example",)


def test_who_was_signed_out_meanwhile_loses_nothing(
    robin: FlaskClient, service: Application
) -> None:
    typed = fields(robin.get(PAGE)) | {"headline": ["New"]}
    robin.post("/signout")
    page = robin.post(PAGE, data=typed)
    assert page.status_code == 401
    assert "You are signed out" in page.text
    held = fields(page)
    assert held | {"csrf_token": []} == typed | {"csrf_token": []}
    sign_in(robin, service, ROBIN)
    assert robin.post(PAGE, data=held).status_code == 303
    assert kept(service).headline == "New"


def test_only_a_form_that_waits_outlasts_that_somebody_signs_in(
    robin: FlaskClient, service: Application
) -> None:
    typed = fields(robin.get(PAGE)) | {"headline": ["New"]}
    sign_in(robin, service, ROBIN)
    page = robin.post(PAGE, data=typed)
    assert page.status_code == 400
    assert "Please send it again" in page.text
    waits = fields(page)
    robin.post("/signout")
    robin.post(PAGE, data=waits)
    sign_in(robin, service, ROBIN)
    sign_in(robin, service, ROBIN)  # by which what waited ends as well
    assert robin.post(PAGE, data=waits).status_code == 400
    assert kept(service).headline != "New"


def test_a_form_of_another_site_is_refused_before_anything_of_it_is_shown(
    browser: FlaskClient,
) -> None:
    sent = {"headline": "Theirs"}
    page = browser.post(PAGE, data=sent, headers={"Origin": "https://evil.example"})
    assert page.status_code == 403
    assert "Theirs" not in page.text


# ---- a new builder -------------------------------------------------------------------------------

KIM = {"name": "Kim Lee", "email": "kim@example.org", "timezone": "new york"}


def test_an_admin_adds_a_builder_who_signs_in_and_finds_its_page(
    root: FlaskClient, service: Application
) -> None:
    answer = changed(root, NEW, **KIM)
    added = kept(service, "kim-lee")
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?builder={added.id}")
    assert "Saved." in root.get(answer.location).text
    assert added.timezone == "America/New_York"
    sign_in(root, service, "kim@example.org")
    assert fields(root.get(PAGE))["email"] == ["kim@example.org"]


def test_a_form_that_is_sent_twice_adds_one_builder(
    root: FlaskClient, service: Application
) -> None:
    sent = fields(root.get(NEW)) | {name: [value] for name, value in KIM.items()}
    [location] = {root.post(NEW, data=sent).location for _ in range(2)}
    assert location == f"{PAGE}?builder={kept(service, 'kim-lee').id}"
    other = root.post(NEW, data=sent | {"name": ["Kay"], "email": ["kay@example.org"]})
    assert other.status_code == 409
    assert "You have added a builder with this form already." in plain(other)
    again = root.post(NEW, data=fields(other))
    assert again.location == f"{PAGE}?builder={kept(service, 'kay').id}"
    assert len(service.core.list_builders(everyone_for=SYSTEM)) == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("name", ""), ("email", "kim@"), ("email", ROBIN), ("timezone", "Mars")),
        *(("slug", "K!"), ("slug", "demo")),
    ],
)
def test_what_is_wrong_with_a_new_builder_is_told_at_its_field(
    root: FlaskClient, service: Application, name: str, value: str
) -> None:
    page = changed(root, NEW, **KIM | {name: value})
    assert page.status_code == 422
    assert f'<a href="#{name}">' in page.text
    assert f'id="{name}-wrong"' in page.text
    sent = fields(page)
    typed = KIM | {name: value}
    assert {each: sent[each][0] for each in typed} == typed
    assert len(service.core.list_builders(everyone_for=SYSTEM)) == 1


def test_an_address_that_signs_in_another_builder_is_told_with_its_name(
    root: FlaskClient, service: Application
) -> None:
    assert "Robin Demo signs in with this address already." in plain(
        changed(root, NEW, **KIM | {"email": ROBIN})
    )
    root.get(f"{NEW}?lang=de")
    german = plain(changed(root, NEW, **KIM | {"email": ROBIN}))
    assert "Mit dieser Adresse meldet sich schon Robin Demo an." in german


def test_what_becomes_of_who_has_the_address_is_told_before(root: FlaskClient) -> None:
    page = plain(root.get(NEW))
    assert "A client's own bookings are then opened by the links in their mails" in page
    assert "an admin stays an admin" in page


def test_nobody_is_led_to_another_whose_id_is_the_name_of_a_new_one(
    root: FlaskClient, service: Application
) -> None:
    keep(service, slug="robin")
    page = changed(root, NEW, **KIM | {"name": "Demo"})
    assert page.status_code == 422
    assert 'id="slug-wrong"' in page.text
