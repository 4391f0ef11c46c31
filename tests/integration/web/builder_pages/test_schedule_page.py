"""The page on which a builder keeps its hours."""

from __future__ import annotations

import re
from datetime import date, timedelta
from html import unescape

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from booking_core import Actor, BuilderId, DayRange, Role, Schedule
from entrypoints.container import Application
from tests.integration.web.builder_pages.conftest import ROBIN, plain, web
from tests.integration.web.conftest import BO, Caller, day_ahead
from tests.integration.web.test_sign_in import sign_in

PAGE = "/builder/schedule"
SYSTEM = Actor.system()
HOSTILE = '"><script>alert(1)</script>'
MONDAY = [("day-0-start", "09:00"), ("day-0-end", "11:00")]
FIELD = re.compile(r'<input\s[^>]*?name="([^"]+)"[^>]*?value="([^"]*)"')
PICKED = re.compile(r'<select name="(\w+)".*?<option value="([^"]*)" selected', re.DOTALL)

Fields = list[tuple[str, str]]


@pytest.fixture
def anyone(browser: FlaskClient) -> Caller:
    return Caller(browser)


def kept(service: Application) -> Schedule:
    return service.core.show_builder(name="demo", actor=SYSTEM).schedule


def keep(service: Application, schedule: Schedule) -> None:
    service.core.change_builder(
        builder_id=BuilderId("demo"), changes={"schedule": schedule}, actor=SYSTEM
    )


def fields(page: TestResponse) -> Fields:
    """What a browser would send of the form on the page."""
    form = page.text.partition('<form method="post" action="/builder')[2].partition("</form>")[0]
    return [(name, unescape(value)) for name, value in FIELD.findall(form) + PICKED.findall(form)]


def tokenless(sent: Fields) -> Fields:
    """Without what tells one form from another."""
    return [each for each in sent if each[0] != "csrf_token"]


def rename(service: Application, slug: str) -> None:
    service.core.change_builder(builder_id=BuilderId("demo"), changes={"slug": slug}, actor=SYSTEM)


def send(browser: FlaskClient, sent: Fields, do: str, path: str = PAGE) -> TestResponse:
    data: dict[str, list[str]] = {}
    for name, value in [*sent, ("do", do)]:
        data.setdefault(name, []).append(value)
    return browser.post(path, data=data)


def book(anyone: Caller) -> date:
    """A session with Robin; the day on which it is."""
    slot = anyone.slots()[0]
    anyone.json(
        "POST",
        "/api/scheduling/bookings/confirm",
        201,
        json={
            "sessionTypeId": "getting-started",
            "timeSlot": {name: slot[name] for name in ("startTime", "endTime")},
            "clientDetails": BO,
        },
    )
    return date.fromisoformat(slot["startTime"][:10])


# ---- whose page it is ----------------------------------------------------------------------------


def test_a_builder_finds_its_hours_from_its_own_page(robin: FlaskClient) -> None:
    header = robin.get("/").text.partition("</header>")[0]
    assert f'<a href="{PAGE}">Your hours</a>' in header
    assert "My bookings" not in header
    page = robin.get(PAGE)
    assert page.status_code == 200
    assert "Your hours" in page.text
    assert ("day-0-start", "09:00") in fields(page)


def test_a_builder_is_told_that_the_page_of_a_booking_is_its_clients(robin: FlaskClient) -> None:
    page = robin.get("/bookings/bkg_unknown")
    assert page.status_code == 404
    assert "This is the page of whoever booked." in page.text
    assert (
        "This is the page of whoever booked."
        not in robin.application.test_client().get("/bookings/bkg_unknown").text
    )


def test_who_is_not_signed_in_is_asked_to_and_comes_back(
    browser: FlaskClient, service: Application
) -> None:
    answer = browser.get(PAGE)
    assert (answer.status_code, answer.location) == (303, "/signin?to=/builder/schedule")
    browser.post("/signin", data={"email": ROBIN, "to": PAGE})
    assert sign_in(browser, service, ROBIN).location in (PAGE, "/me")


def test_it_is_no_page_for_clients_nor_another_builders(
    browser: FlaskClient, service: Application
) -> None:
    core = service.core
    eve = core.add_builder(
        name="Eve", email="eve@example.org", schedule=Schedule("UTC"), actor=SYSTEM
    )
    core.grant_role(role=Role.BUILDER, email="eve@example.org", builder_id=eve.id, actor=SYSTEM)
    for email in ("ana@example.org", "eve@example.org"):
        sign_in(browser, service, email)
        path = PAGE if email.startswith("ana") else f"{PAGE}?builder=demo"
        status = 403 if email.startswith("ana") else 404
        assert browser.get(path).status_code == status
        assert send(browser, [("timezone", "UTC")], "save", path).status_code == status
    assert kept(service).timezone == "Europe/Berlin"
    assert "Your hours" in browser.get(PAGE).text


def test_a_client_is_told_for_whom_the_page_is(browser: FlaskClient, service: Application) -> None:
    sign_in(browser, service, "ana@example.org")
    page = browser.get(PAGE).text
    assert "builders keep the hours" in page
    assert 'href="/"' in page
    assert "My bookings" in page


def test_an_admin_opens_a_builders_by_its_name(browser: FlaskClient, service: Application) -> None:
    service.core.grant_role(role=Role.ADMIN, email="root@example.org", actor=SYSTEM)
    sign_in(browser, service, "root@example.org")
    path = f"{PAGE}?builder=demo"
    everyone = browser.get(PAGE)
    assert everyone.status_code == 200
    assert f'href="{path}"' in everyone.text
    page = browser.get(path)
    assert "The hours of Robin" in page.text
    answer = send(browser, fields(page), "save", path)
    assert answer.location == path


def test_where_calendly_is_the_calendar_the_page_leads_there(at_calendly: Application) -> None:
    browser = web(at_calendly).test_client()
    sign_in(browser, at_calendly, ROBIN)
    page = browser.get(PAGE)
    assert page.status_code == 200
    assert "kept at Calendly" in page.text
    assert "https://calendly.com/" in page.text
    assert 'name="day-0-start"' not in page.text
    assert send(browser, [("timezone", "UTC")], "save").location == PAGE
    assert kept(at_calendly).timezone == "Europe/Berlin"


# ---- looking, changing, keeping ------------------------------------------------------------------


def test_what_is_shown_can_be_kept_as_it_is(robin: FlaskClient, service: Application) -> None:
    before = kept(service)
    answer = send(robin, fields(robin.get(PAGE)), "save")
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert kept(service) == before
    assert "Saved." in robin.get(PAGE).text
    assert "Saved." not in robin.get(PAGE).text  # loaded again


def test_rows_come_and_go_without_a_script_and_nothing_typed_is_lost(
    robin: FlaskClient, service: Application
) -> None:
    before, page = kept(service), robin.get(PAGE)
    typed = [*fields(page), ("day-5-start", "10:0"), ("day-5-end", "")]
    for step in ("add day-6", "add date", "add date-0", "add away", "remove day-0 0"):
        page = send(robin, typed, step)
        assert page.status_code == 200
        typed = fields(page)
    names = [name for name, _ in typed]
    assert names.count("day-6-start") == names.count("date-0-start") == 1
    assert names.count("away-first") == names.count("away-reason") == 1
    assert names.count("day-0-start") == 1
    assert ("day-5-start", "10:0") in typed
    assert ("day-0-start", "13:30") in typed
    assert kept(service) == before


def test_a_look_at_other_hours_shows_what_they_open_and_keeps_nothing(
    robin: FlaskClient, service: Application
) -> None:
    before = kept(service)
    sent = [("timezone", "Europe/Berlin"), *MONDAY, ("type", "getting-started")]
    page = send(robin, sent, "preview")
    assert page.status_code == 200
    assert "09:00–11:00 4 starts" in plain(page)
    assert "13:30" not in page.text
    assert kept(service) == before
    empty = send(robin, [("timezone", "Europe/Berlin")], "preview")
    assert "Nothing is open in the next four weeks." in plain(empty)
    other = send(robin, [*sent[:-1], ("type", "intro-call")], "preview")
    assert "09:00–11:00" in plain(other)
    assert "4 starts" not in plain(other)


def test_hours_dates_and_time_off_are_kept(robin: FlaskClient, service: Application) -> None:
    day = day_ahead(30)
    sent = [("timezone", "America/New_York"), *MONDAY]
    sent += [("was", kept(service).digest), ("date-0", day.isoformat())]
    sent += [("date-1", str(day + timedelta(days=1)))]
    sent += [("date-1-start", "22:00"), ("date-1-end", "02:00")]
    sent += [("away-first", str(day)), ("away-last", str(day)), ("away-begins", "12:00")]
    sent += [("away-ends", ""), ("away-reason", HOSTILE)]
    assert send(robin, sent, "save").status_code == 303
    found = kept(service)
    assert found.timezone == "America/New_York"
    assert dict(found.weekly) == {0: (DayRange.parse("09:00", "11:00"),)}
    assert found.overrides[day] == ()
    assert found.overrides[day + timedelta(days=1)] == (DayRange.parse("22:00", "02:00"),)
    [off] = found.time_off
    assert off.reason == HOSTILE
    page = robin.get(PAGE)
    assert HOSTILE not in page.text
    shown = {("away-begins", "12:00"), ("away-ends", ""), ("date-1-end", "02:00")}
    assert shown | {("away-reason", HOSTILE)} <= set(fields(page))


def test_what_is_wrong_is_told_at_its_field_and_on_top(
    robin: FlaskClient, service: Application
) -> None:
    before = kept(service)
    sent = [("timezone", "Mars"), ("day-0-start", "09:00"), ("day-0-end", "25:00"), ("date-0", "x")]
    for step in ("save", "preview"):
        page = send(robin, sent, step)
        assert page.status_code == 422
        for field in ("timezone", "day-0-0-end", "date-0"):
            assert f'<a href="#{field}">' in page.text
            [tag] = re.findall(f'<input [^>]*id="{field}"[^>]*>', page.text)
            assert 'aria-invalid="true"' in tag
            assert f'aria-describedby="{field}-wrong"' in tag
            assert f'id="{field}-wrong"' in page.text
        assert set(sent) <= set(fields(page))
    assert kept(service) == before


def test_words_and_weekdays_are_those_of_the_language(
    robin: FlaskClient, service: Application
) -> None:
    page = robin.get(f"{PAGE}?lang=de")
    assert "Deine Zeiten" in page.text
    assert "<legend>Montag</legend>" in page.text
    keep(service, Schedule("Europe/Berlin"))
    assert "Montag: geschlossen" in plain(send(robin, fields(page), "save"))


# ---- what is booked there already ----------------------------------------------------------------


def test_sessions_that_are_booked_where_it_closes_are_listed_before_and_stay(
    robin: FlaskClient, anyone: Caller, service: Application
) -> None:
    day = book(anyone)
    typed = [*fields(robin.get(PAGE)), ("away-first", str(day)), ("away-last", str(day))]
    for step in ("preview", "save"):
        page = send(robin, typed, step)
        assert page.status_code == 200
        assert "One session is booked at a time that you close." in plain(page)
        assert "Getting started, Bo Diddley" in plain(page)
        assert kept(service).time_off == ()
    assert send(robin, fields(page), "save").status_code == 303
    assert len(kept(service).time_off) == 1
    assert "One session is booked" not in plain(robin.get(PAGE))


def test_what_is_booked_after_the_warning_is_warned_of_as_well(
    robin: FlaskClient, anyone: Caller, service: Application
) -> None:
    book(anyone)
    closed = [each for each in fields(robin.get(PAGE)) if not each[0].startswith("day-")]
    page = send(robin, closed, "save")
    book(anyone)
    page = send(robin, fields(page), "save")
    assert "2 sessions are booked at times that you close." in plain(page)
    assert kept(service).weekly
    assert send(robin, fields(page), "save").status_code == 303
    assert not kept(service).weekly


# ---- two at once ---------------------------------------------------------------------------------


def test_hours_that_changed_meanwhile_are_not_overwritten_unseen(
    robin: FlaskClient, service: Application
) -> None:
    old = fields(robin.get(PAGE))
    nine = (DayRange.parse("09:00", "10:00"),)
    day = day_ahead(9)
    keep(service, Schedule("Europe/Berlin", weekly={0: nine}, overrides={day: ()}))
    typed = [("day-6-start", "10:00"), ("day-6-end", "11:00"), ("away-first", str(day))]
    page = send(robin, [*old, *typed], "save")
    assert page.status_code == 409
    told = plain(page)
    assert "changed meanwhile" in told
    assert "Monday: 09:00–10:00" in told
    assert "Tuesday: closed" in told
    assert f"{day.year}: closed" in told
    assert "No time off: " in told
    assert ("day-6-start", "10:00") in fields(page)
    assert kept(service).weekly == {0: nine}
    assert send(robin, fields(page), "save").status_code == 303
    assert len(kept(service).weekly) == 6


def test_the_same_hours_sent_twice_are_kept_once(robin: FlaskClient, service: Application) -> None:
    sent = [*fields(robin.get(PAGE)), ("day-6-start", "10:00"), ("day-6-end", "11:00")]
    assert {send(robin, sent, "save").status_code for _ in range(2)} == {303}
    assert 6 in kept(service).weekly


def test_who_was_signed_out_meanwhile_loses_nothing(
    robin: FlaskClient, service: Application
) -> None:
    sent = [*fields(robin.get(PAGE)), ("day-6-start", "10:00"), ("day-6-end", "11:00")]
    robin.post("/signout")
    page = send(robin, sent, "save")
    assert page.status_code == 401
    assert "You are signed out" in page.text
    held = fields(page)
    assert set(tokenless(held)) == {*tokenless(sent), ("do", "save")}
    sign_in(robin, service, ROBIN)
    assert send(robin, held[:-1], "save").status_code == 303
    assert 6 in kept(service).weekly


def test_hours_of_another_builder_are_saved_into_nobody(
    robin: FlaskClient, service: Application
) -> None:
    eve = service.core.add_builder(
        name="Eve", email="eve@example.org", schedule=Schedule("UTC"), actor=SYSTEM
    )
    before = kept(service)
    sent = [*fields(robin.get(PAGE)), ("day-6-start", "10:00"), ("day-6-end", "11:00")]
    sign_in(robin, service, "eve@example.org")
    for step in ("save", "preview", "add date"):
        page = send(robin, sent, step)
        assert page.status_code == 404
        assert "You are signed in as eve@example.org now." in plain(page)
        assert set(tokenless(fields(page))) == {*tokenless(sent), ("do", step)}
    assert service.core.show_builder(name=eve.id, actor=SYSTEM) == eve
    assert kept(service) == before


def test_an_admins_hours_survive_a_new_name_in_the_address(
    browser: FlaskClient, service: Application
) -> None:
    service.core.grant_role(role=Role.ADMIN, email="root@example.org", actor=SYSTEM)
    sign_in(browser, service, "root@example.org")
    typed = [("day-6-start", "10:00"), ("day-6-end", "11:00")]
    rename(service, "robin")
    sent = [*fields(browser.get(f"{PAGE}?builder=robin")), *typed]
    rename(service, "robin-ng")
    answer = send(browser, sent, "save")
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?builder=demo")
    assert "Saved." in browser.get(answer.location).text
    assert 6 in kept(service).weekly


def test_more_than_the_page_can_hold_is_left_alone(
    robin: FlaskClient, service: Application
) -> None:
    many = {day_ahead(place): (DayRange.parse("09:00", "10:00"),) for place in range(1, 400)}
    keep(service, Schedule("UTC", overrides=many))
    page = robin.get(PAGE)
    assert "more in these hours than this page can hold" in plain(page)
    assert 'name="date-0"' not in page.text
