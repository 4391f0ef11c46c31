"""The booking page: a month, the times of a day, and the form with which one is booked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import define, field
from flask.testing import FlaskClient

from booking_core import (
    Actor,
    BuilderId,
    CalendarRef,
    ProviderFailed,
    Question,
    QuestionKind,
    SessionTypeId,
)
from entrypoints.container import Application
from entrypoints.settings import Settings
from tests.integration.forms import Browser
from tests.integration.posting_calendar import PostingCalendar, application_on
from tests.integration.web.conftest import ZONE, Caller, day_ahead

TYPE = "getting-started"
PAGE = f"/b/demo/{TYPE}"
FORM = {"name": "Bo Diddley", "email": "bo@example.org", "timezone": ZONE}


@define
class Seen(HTMLParser):
    """The elements of a page, each as its tag, its attributes and its text."""

    found: list[tuple[str, dict[str, str | None], list[str]]] = field(factory=list)
    _open: list[list[str]] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), []))

    def handle_data(self, data: str) -> None:
        if self.found:
            self.found[-1][2].append(data)

    def all(self, tag: str, **marks: str | None) -> list[dict[str, str | None]]:
        """Attributes of those elements, their own text as `text`."""
        return [
            attrs | {"text": "".join(text).strip()}
            for name, attrs, text in self.found
            if name == tag and all(attrs.get(key, "") == value for key, value in marks.items())
        ]

    def with_id(self, id: str) -> dict[str, str | None]:
        [found] = [attrs | {"tag": tag} for tag, attrs, _ in self.found if attrs.get("id") == id]
        return found

    def days(self) -> dict[str, str]:
        """The days with openings: their dates and what they are called."""
        links = [each for tag in ("a", "button") for each in self.all(tag)]
        return {
            str(each["id"]).removeprefix("day-"): str(each["aria-label"])
            for each in links
            if str(each.get("id", "")).startswith("day-")
        }

    def starts(self) -> list[str]:
        """What the times of the shown day lead to."""
        found = re.findall(r"start=([^&]+)", " ".join(str(a.get("href")) for a in self.all("a")))
        return [unescape(each).split()[0] for each in found]


def seen(client: FlaskClient, path: str = PAGE, status: int = 200, **query: Any) -> Seen:
    answer = client.get(path, query_string={"tz": ZONE} | query)
    assert answer.status_code == status, answer.text
    return look(answer.text)


def look(text: str) -> Seen:
    page = Seen()
    page.feed(text)
    return page


def change(application: Application, **changes: Any) -> None:
    application.core.change_session_type(
        session_type_id=SessionTypeId(TYPE), changes=changes, actor=Actor.admin("root")
    )


def dates(slots: list[dict[str, Any]], timezone: str) -> list[date]:
    return [
        datetime.fromisoformat(each["startTime"]).astimezone(ZoneInfo(timezone)).date()
        for each in slots
    ]


# ---- the month -----------------------------------------------------------------------------------


@pytest.mark.parametrize("timezone", [ZONE, "Pacific/Auckland", "America/Los_Angeles"])
def test_a_month_tells_how_many_times_each_day_has(
    client: FlaskClient, anyone: Caller, timezone: str
) -> None:
    month = (day_ahead(0).replace(day=1) + timedelta(days=32)).replace(day=1)
    last = (month + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    margin = {"from": month - timedelta(days=1), "to": min(last + timedelta(days=1), day_ahead(61))}
    offered = dates(anyone.slots(TYPE, **margin, timezone=timezone), timezone)
    days = seen(client, tz=timezone, month=f"{month:%Y-%m}").days()
    expected = {each: offered.count(each) for each in offered if month <= each <= last}
    assert {
        date.fromisoformat(day): int(name.split(", ")[-1].split()[0]) for day, name in days.items()
    } == expected
    first = min(expected)
    assert days[str(first)] == f"{first:%A}, {first.day} {first:%B}, {expected[first]} times"


def test_the_page_begins_with_the_first_day_that_has_openings(
    client: FlaskClient, anyone: Caller
) -> None:
    now = datetime.now(ZoneInfo(ZONE))
    slots = anyone.slots(TYPE, **{"from": now.isoformat(), "to": day_ahead(21)})
    first = dates(slots, ZONE)[0]
    page = seen(client)
    assert page.with_id(f"day-{first}")["aria-current"] == "true"
    on_it = [
        each["startTime"]
        for each, day in zip(slots, dates(slots, ZONE), strict=True)
        if day == first
    ]
    assert page.starts() == on_it


def test_a_day_is_chosen_by_its_address_and_its_times_stand_by_time_of_day(
    client: FlaskClient, anyone: Caller
) -> None:
    day = dates(anyone.slots(), ZONE)[-1]
    slots = anyone.slots(TYPE, **{"from": day, "to": day})
    page = seen(client, day=day)
    assert page.starts() == [each["startTime"] for each in slots]
    hours = [
        datetime.fromisoformat(each["startTime"]).astimezone(ZoneInfo(ZONE)).hour for each in slots
    ]
    parts = {"Morning" if hour < 12 else "Afternoon" if hour < 18 else "Evening" for hour in hours}
    assert {each["text"] for each in page.all("h3")} == parts
    assert f"{day:%A}, {day.day} {day:%B}" in [each["text"] for each in page.all("h2")]
    assert page.with_id(f"day-{day}")["aria-current"] == "true"


@pytest.mark.parametrize(
    ("language", "first", "clock"),
    [
        ("en-GB", "Monday", r"\d\d:\d\d"),
        ("en-US", "Sunday", r"\d+:\d\d\s[AP]M"),
        ("de", "Montag", r"\d\d:\d\d"),
    ],
)
def test_weeks_and_clocks_are_those_of_the_visitors_language(
    client: FlaskClient, language: str, first: str, clock: str
) -> None:
    answer = client.get(PAGE, headers={"Accept-Language": language})
    page = look(answer.text)
    headers = page.all("th")
    assert len(headers) == 7
    assert headers[0]["abbr"] == first
    assert {each["scope"] for each in headers} == {"col"}
    times = [each for each in page.all("a") if "start=" in str(each.get("href"))]
    assert times
    for each in times:
        assert re.fullmatch(clock, str(each["text"]))


def test_one_turns_to_the_months_in_which_something_can_be_booked(client: FlaskClient) -> None:
    months, page = [], seen(client, month=f"{day_ahead(0):%Y-%m}")
    assert not page.all("a", id="previous")
    while following := page.all("a", id="following"):
        href = str(following[0]["href"])
        months += re.findall(r"month=(\d{4}-\d\d)", href)
        page = look(client.get(href).text)
        assert page.with_id("previous")
    assert months[-1] == f"{day_ahead(60):%Y-%m}"
    assert months == sorted(set(months))


def test_where_the_first_opening_is_months_ahead_the_page_begins_there(
    client: FlaskClient, application: Application
) -> None:
    change(application, minimum_notice=timedelta(days=45))
    page = seen(client)
    first = min(page.days())
    assert date.fromisoformat(first) >= day_ahead(45)
    assert page.with_id(f"day-{first}")["aria-current"] == "true"


def test_a_month_or_day_without_openings_leads_to_the_next_one(
    client: FlaskClient, application: Application
) -> None:
    change(application, minimum_notice=timedelta(days=45))
    for query in (
        {"month": f"{day_ahead(0):%Y-%m}"},
        {"day": day_ahead(2)},
        {"from": day_ahead(2)},
    ):
        page = seen(client, **query)
        assert not page.starts()
        shown = look(client.get(str(page.with_id("next")["href"])).text)
        assert shown.starts()
        assert min(shown.days()) in str(page.with_id("next")["href"])


def test_where_nothing_can_be_booked_the_page_says_until_when(
    client: FlaskClient, application: Application
) -> None:
    schedule = application.core.show_builder(name="demo", actor=Actor.admin("root")).schedule
    application.core.change_builder(
        builder_id=BuilderId("demo"),
        changes={"schedule": type(schedule)(schedule.timezone, {})},
        actor=Actor.admin("root"),
    )
    answer = client.get(PAGE, query_string={"tz": ZONE})
    last = day_ahead(60)
    assert f"There is no opening until {last:%A}, {last.day} {last:%B %Y}" in answer.text
    assert not look(answer.text).days()


@pytest.mark.parametrize("month", ["1900-01", "2020-02", "8999-12"])
def test_a_month_in_which_nothing_can_be_booked_leads_back(client: FlaskClient, month: str) -> None:
    page = seen(client, month=month)
    assert not page.days()
    assert look(client.get(str(page.with_id("next")["href"])).text).starts()


@pytest.mark.parametrize(
    "query", [{"month": "2026"}, {"month": "2026-13"}, {"day": "soon"}, {"day": "2026-02-30"}]
)
def test_a_month_or_day_that_is_none_is_told_beside_what_there_is(
    client: FlaskClient, query: dict[str, str]
) -> None:
    assert seen(client, status=422, **query).starts()


# ---- the zone ------------------------------------------------------------------------------------


def test_a_zone_is_found_by_its_city(client: FlaskClient) -> None:
    answer = client.get(PAGE, query_string={"tz": "new york"})
    assert "Times in <strong>America/New_York</strong>." in answer.text
    now = datetime.now(ZoneInfo("America/New_York"))
    clocks = {f"{now - timedelta(minutes=late):%H:%M}" for late in (0, 1)}
    assert any(f"It is {clock} there now." in answer.text for clock in clocks)


def test_a_time_that_somebody_was_sent_is_shown_in_their_own_zone_too(
    client: FlaskClient, anyone: Caller
) -> None:
    start = anyone.slots()[0]["startTime"]
    page = client.get(PAGE, query_string={"start": start}).text
    assert f'data-guess="{ZONE}"' in page
    assert f"{ZONE} (the zone of Robin Demo)" in page
    assert "zone.js" in page
    assert "zone.js" not in client.get(PAGE, query_string={"start": start, "tz": ZONE}).text


def test_another_zone_keeps_the_day(client: FlaskClient, anyone: Caller) -> None:
    day = dates(anyone.slots(), ZONE)[-1]
    page = seen(client, day=day)
    [kept] = page.all("input", name="day")
    assert kept["value"] == str(day)
    assert page.with_id("tz")["list"] == "zones"


# ---- the form ------------------------------------------------------------------------------------


def test_beside_the_form_stands_what_is_booked(client: FlaskClient, anyone: Caller) -> None:
    start = anyone.slots("portfolio-review")[0]["startTime"]
    page = client.get("/b/demo/portfolio-review", query_string={"tz": ZONE, "start": start}).text
    begins = datetime.fromisoformat(start).astimezone(ZoneInfo(ZONE))
    assert f"{begins:%A}, {begins.day} {begins:%B %Y}<br>{begins:%H:%M}–" in page
    for told in (ZONE, "Robin Demo", "Video call", "€49.00, paid online", "What goes back to you"):
        assert told in page
    assert "Book this time, then pay €49.00" in page


def questions(required: bool = True) -> tuple[Question, ...]:
    """One of each kind, under names that are no ids."""
    return tuple(
        Question(f"q {kind}", f"{kind}?", kind, required, ("a", "b") if "choice" in kind else ())
        for kind in QuestionKind
    )


def test_all_that_is_wrong_stands_at_its_field_and_above_with_a_link(
    client: FlaskClient, anyone: Caller, application: Application
) -> None:
    change(application, questions=questions())
    form = FORM | {"start": anyone.slots()[0]["startTime"], "email": "nobody", "name": " "}
    answer = client.post(PAGE, data=form | {"answer-q phone": "call me", "answer-q text": "kept"})
    assert answer.status_code == 422
    page = look(answer.text)
    links = [str(each["href"]) for each in page.all("a") if str(each["href"]).startswith("#field")]
    wrong = 2 + len(QuestionKind) - 1  # name and address, all but the text
    assert len(links) == wrong
    for link in links:
        field = page.with_id(link[1:])
        assert field["aria-describedby"] == f"{link[1:]}-wrong"
        assert field["tag"] == "fieldset" or field["aria-invalid"] == "true"
        assert page.with_id(f"{link[1:]}-wrong")["tag"] == "p"
    for told in ("Give an e-mail address", "Give a phone number such as", "This needs an answer."):
        assert told in answer.text
    assert page.all("input", name="answer-q text")[0]["value"] == "kept"
    assert page.all("input", name="answer-q phone")[0]["value"] == "call me"


ANSWERS = {
    "answer-q text": "<one>",
    "answer-q long_text": "one\ntwo",
    "answer-q single_choice": "b",
    "answer-q multiple_choice": ["a", "b"],
    "answer-q phone": "030 123456",
    "answer-q international_phone": "+49 30 123456",
    "answer-q boolean": "on",
    "notes": "Hello",
}


def test_nothing_that_was_typed_is_lost_on_the_way_to_another_time(
    client: FlaskClient, anyone: Caller, application: Application
) -> None:
    change(application, questions=questions())
    slots = anyone.slots()
    first, other = slots[0]["startTime"], slots[-1]["startTime"]
    sent = FORM | ANSWERS | {"start": first, "key": "k"}
    page = look(client.post(PAGE, data=sent | {"pick": ""}).text)
    assert page.with_id(f"day-{dates(slots, ZONE)[0]}")["aria-current"] == "true"
    day = dates(slots, ZONE)[-1]
    for step in ({"month": f"{day:%Y-%m}"}, {"day": str(day)}, {"pick": other}):
        form = [
            (str(each["name"]), str(each["value"]))
            for each in page.all("input", type="hidden")
            if each["name"] not in ("csrf_token", "day", "pick")
        ]
        kept: dict[str, Any] = {}
        for name, value in dict.fromkeys(form):
            kept.setdefault(name, []).append(value)
        answer = client.post(PAGE, data=kept | step)
        assert answer.status_code == 200, answer.text
        page = look(answer.text)
    assert page.all("input", name="start")[0]["value"] == other
    again = {name: value for name, value in ANSWERS.items() if name not in ("notes",)}
    for name in ("text", "phone", "international_phone"):
        assert page.all("input", name=f"answer-q {name}")[0]["value"] == again[f"answer-q {name}"]
    ticked = [each for each in page.all("input", type="checkbox") if "checked" in each]
    assert len(ticked) == 3
    assert [each["text"] for each in page.all("option") if "selected" in each] == ["b"]
    assert "one\ntwo</textarea>" in answer.text
    assert "Hello</textarea>" in answer.text
    assert client.post(PAGE, data=FORM | ANSWERS | {"start": other}).status_code == 303


def test_where_a_time_is_gone_those_around_it_come_first(
    client: FlaskClient, anyone: Caller
) -> None:
    starts = [each["startTime"] for each in anyone.slots()]
    start = starts[len(starts) // 2]
    client.post(PAGE, data=FORM | {"start": start})
    left = [each["startTime"] for each in anyone.slots()]
    answer = client.post(PAGE, data=FORM | {"start": start, "name": "Somebody Else"})
    assert answer.status_code == 409
    offered = re.findall(r'name="pick" value="(\d[^"]+)"', answer.text)
    before = [each for each in left if each < start]
    after = [each for each in left if each > start]
    assert offered[:4] == before[-2:] + after[:2]
    assert 'value="Somebody Else"' in answer.text


def test_times_of_several_days_around_one_that_is_gone_each_name_their_day(
    client: FlaskClient, anyone: Caller
) -> None:
    starts = [each["startTime"] for each in anyone.slots()]
    on = dates(anyone.slots(), ZONE)
    first = next(place for place in range(2, len(on)) if on[place] != on[place - 1])
    client.post(PAGE, data=FORM | {"start": starts[first]})
    told = client.get(PAGE, query_string={"start": starts[first], "tz": ZONE}).text
    near = re.search(r'class="told">.*?<ul class="starts">(.*?)</ul>', told, re.DOTALL)
    assert near
    names = re.findall(r">([^<]+)</a>", near[1])
    assert len(names) == 4
    around = (first - 2, first - 1, first + 1, first + 2)
    for name, place in zip(names, around, strict=True):
        assert f"{on[place].day} " in name


# ---- a provider that does not answer -------------------------------------------------------------


@pytest.fixture
def calendar() -> PostingCalendar:
    return PostingCalendar()


@pytest.fixture
def elsewhere(calendar: PostingCalendar) -> Iterator[FlaskClient]:
    """A browser at a service whose calendar is a provider's."""
    service = application_on(
        calendar, Settings.load({"DATABASE_URL": "memory://", "LOG_LEVEL": "ERROR"})
    )
    service.seed()
    change(service, calendar_ref=CalendarRef("et_1", "https://calendar.test/event_types/et_1"))
    app = service.web_app()
    app.test_client_class = Browser
    yield app.test_client()
    service.close()


@pytest.mark.parametrize("retryable", [True, False])
def test_a_calendar_that_does_not_answer_is_told_with_a_way_to_try_again(
    elsewhere: FlaskClient, calendar: PostingCalendar, retryable: bool
) -> None:
    calendar.break_next("open_slots", error=ProviderFailed("cal-123", retryable=retryable))
    answer = elsewhere.get(PAGE, query_string={"tz": ZONE})
    assert answer.status_code == 503
    assert "cal-123" not in answer.text
    assert "The calendar does not answer just now." in answer.text
    assert ("Retry-After" in answer.headers) is retryable
    again = [each for each in look(answer.text).all("a") if each["text"] == "Try again"]
    assert bool(again) is retryable
    if again:
        assert look(elsewhere.get(str(again[0]["href"])).text).starts()


def test_a_calendar_that_does_not_answer_loses_nothing_that_was_typed(
    elsewhere: FlaskClient, calendar: PostingCalendar
) -> None:
    start = seen(elsewhere).starts()[0]
    sent = FORM | {"start": start, "notes": "Hello"}
    calendar.break_next("open_slots", times=2, error=ProviderFailed("cal-123"))
    looking = elsewhere.post(PAGE, data=sent | {"pick": ""})
    form = elsewhere.post(PAGE, data=sent | {"pick": start})
    for answer in (looking, form):
        assert answer.status_code == 503
        assert "try again in a minute" in answer.text
        assert "Hello" in answer.text
    assert "Try again" in looking.text
    assert "Book this time" in form.text
    assert elsewhere.post(PAGE, data=sent).status_code == 303
