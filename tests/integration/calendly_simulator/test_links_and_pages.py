"""Links that are good once, and the pages that people see."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.integration.calendly_simulator.bodies import TEN, TRACKING, wish
from tests.simulators.calendly import EventType, Place, Question, Refused, Simulator, User

TEN_ON_THE_PAGE = "2026-11-03T10:00:00.000000Z"
GUEST = {"name": "Bo Guest", "email": "bo@example.test", "start_time": TEN_ON_THE_PAGE}


def link_to(api: httpx.Client, event_type: EventType) -> str:
    body = {"max_event_count": 1, "owner": event_type.uri, "owner_type": "EventType"}
    answer = api.post("/scheduling_links", json=body)
    assert answer.status_code == 201, answer.text
    resource = answer.json()["resource"]
    assert (resource["owner"], resource["owner_type"]) == (event_type.uri, "EventType")
    return str(resource["booking_url"])


@pytest.fixture
def page(sim: Simulator, intro: EventType) -> str:
    return f"{sim.pages}/ana-host/intro-call"


def test_a_link_opens_a_page_with_the_open_times(
    browser: httpx.Client, api: httpx.Client, intro: EventType
) -> None:
    url = link_to(api, intro)
    assert re.search(r"/d/[^/]+/intro-call$", url)
    answer = browser.get(url)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert TEN_ON_THE_PAGE in answer.text


def test_the_form_of_the_page_books_with_tracking(
    browser: httpx.Client, api: httpx.Client, sim: Simulator, intro: EventType
) -> None:
    url = f"{link_to(api, intro)}?utm_source=site&salesforce_uuid=order-4711"
    answer = browser.post(url, data=GUEST)
    assert answer.status_code == 200
    assert "You are scheduled" in answer.text
    [invitee] = sim.invitees("active")
    assert invitee.tracking == TRACKING
    assert invitee.event.start == TEN
    shape = api.get(invitee.uri.removeprefix("https://api.calendly.com")).json()["resource"]
    assert shape["scheduling_method"] is None
    assert shape["invitee_scheduled_by"] is None


def test_a_link_is_good_for_one_booking(
    browser: httpx.Client, api: httpx.Client, sim: Simulator, intro: EventType
) -> None:
    url = link_to(api, intro)
    browser.post(url, data=GUEST)
    assert browser.get(url).status_code == 404
    again = browser.post(url, data=GUEST | {"start_time": "2026-11-03T11:00:00Z"})
    assert again.status_code == 404
    assert len(sim.invitees()) == 1


def test_a_refused_booking_does_not_use_the_link_up(
    browser: httpx.Client, api: httpx.Client, sim: Simulator, intro: EventType
) -> None:
    url = link_to(api, intro)
    api.post("/invitees", json=wish(intro))
    refused = browser.post(url, data=GUEST)
    assert refused.status_code == 400
    assert "That start time has been filled" in refused.text
    assert browser.get(url).status_code == 200


def test_an_unused_link_expires_after_90_days(
    browser: httpx.Client, api: httpx.Client, sim: Simulator, intro: EventType
) -> None:
    url = link_to(api, intro)
    sim.clock.advance(timedelta(days=89))
    assert browser.get(url).status_code == 200
    sim.clock.advance(timedelta(days=1))
    assert browser.get(url).status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"max_event_count": 2}, {"max_event_count": "1"}, {"owner_type": "User"}]
)
def test_a_link_is_for_one_event_of_a_type(
    api: httpx.Client, intro: EventType, wrong: dict[str, object]
) -> None:
    body = {"max_event_count": 1, "owner": intro.uri, "owner_type": "EventType"}
    assert api.post("/scheduling_links", json=body | wrong).status_code == 400


def test_a_link_to_an_unknown_type_is_a_404(api: httpx.Client) -> None:
    owner = "https://api.calendly.com/event_types/nothing"
    body = {"max_event_count": 1, "owner": owner, "owner_type": "EventType"}
    assert api.post("/scheduling_links", json=body).status_code == 404


def test_a_free_plan_has_links_too(sim: Simulator, api: httpx.Client) -> None:
    host = sim.user("Flo Free", organization=sim.organization(plan="free"))
    body = {
        "max_event_count": 1,
        "owner": sim.event_type(host, "Intro").uri,
        "owner_type": "EventType",
    }
    token = {"Authorization": f"Bearer {sim.token(host)}"}
    assert api.post("/scheduling_links", json=body, headers=token).status_code == 201


def test_the_page_is_prefilled_from_its_link(
    browser: httpx.Client, sim: Simulator, host: User
) -> None:
    sim.event_type(host, "Asks", questions=[Question("Company")])
    query = "name=Bo%20Guest&email=bo@example.test&a1=Example%20Lda"
    text = browser.get(f"{sim.pages}/ana-host/asks?{query}").text
    for filled in ('value="Bo Guest"', 'value="bo@example.test"', 'value="Example Lda"'):
        assert filled in text


def test_the_page_counts_questions_from_1_and_the_api_from_0(
    browser: httpx.Client, sim: Simulator, host: User
) -> None:
    sim.event_type(host, "Asks", questions=[Question("Company", required=True), Question("Why")])
    url = f"{sim.pages}/ana-host/asks"
    assert browser.post(url, data=GUEST).status_code == 400
    assert browser.post(url, data=GUEST | {"a1": "Example"}).status_code == 200
    assert sim.invitees()[0].answers == [
        {"question": "Company", "answer": "Example", "position": 0}
    ]


def test_a_slot_s_own_link_has_the_slot_chosen(browser: httpx.Client, page: str) -> None:
    text = browser.get(f"{page}/2026-11-03T10:00:00Z?month=2026-11&date=2026-11-03").text
    assert f'value="{TEN_ON_THE_PAGE}" required checked' in text


def test_a_page_of_an_inactive_type_is_not_there(
    browser: httpx.Client, sim: Simulator, intro: EventType, page: str
) -> None:
    sim.change(intro, active=False)
    assert browser.get(page).status_code == 404


def test_a_paid_type_is_paid_on_the_page(
    browser: httpx.Client, api: httpx.Client, sim: Simulator, host: User
) -> None:
    sim.event_type(host, "Paid", price=80.0)
    browser.post(f"{sim.pages}/ana-host/paid", data=GUEST)
    uri = sim.invitees()[0].uri.removeprefix("https://api.calendly.com")
    payment = api.get(uri).json()["resource"]["payment"]
    assert (payment["amount"], payment["currency"], payment["successful"]) == (80.0, "EUR", True)


def test_the_host_may_send_people_on_with_details_but_without_the_event(
    browser: httpx.Client, sim: Simulator, host: User
) -> None:
    back = sim.event_type(host, "Back", redirect_url="https://booking.test/done")
    url = f"{sim.pages}/ana-host/back?utm_source=site"
    answer = browser.post(url, data=GUEST)
    assert answer.status_code == 302
    onward = urlsplit(answer.headers["Location"])
    assert f"{onward.scheme}://{onward.netloc}{onward.path}" == "https://booking.test/done"
    details = {name: values[0] for name, values in parse_qs(onward.query).items()}
    [invitee] = sim.invitees()
    assert details == {
        "event_type_uuid": back.id,
        "event_type_name": "Back",
        "event_start_time": TEN_ON_THE_PAGE,
        "event_end_time": "2026-11-03T10:30:00.000000Z",
        "invitee_uuid": invitee.id,
        "invitee_full_name": "Bo Guest",
        "invitee_email": "bo@example.test",
        "utm_source": "site",
    }


def test_an_embedded_page_tells_its_parent_what_happens(
    browser: httpx.Client, sim: Simulator, page: str
) -> None:
    embedded = f"{page}?embed_domain=booking.test&embed_type=Inline"
    assert "calendly.event_type_viewed" in browser.get(embedded).text
    assert "postMessage" not in browser.get(page).text
    done = browser.post(embedded, data=GUEST).text
    [invitee] = sim.invitees()
    assert "calendly.event_scheduled" in done
    assert invitee.uri in done
    assert invitee.event.uri in done


def test_a_guest_cancels_by_their_link(
    browser: httpx.Client, sim: Simulator, api: httpx.Client, intro: EventType
) -> None:
    resource = api.post("/invitees", json=wish(intro)).json()["resource"]
    assert "Cancel event" in browser.get(resource["cancel_url"]).text
    assert browser.post(resource["cancel_url"], data={"reason": "ill"}).status_code == 200
    [invitee] = sim.invitees("canceled")
    assert invitee.cancellation is not None
    assert invitee.cancellation.canceler_type == "invitee"
    assert invitee.cancellation.reason == "ill"
    assert browser.get(resource["cancel_url"]).status_code == 403


def test_a_guest_moves_by_their_link(
    browser: httpx.Client, sim: Simulator, api: httpx.Client, intro: EventType
) -> None:
    resource = api.post("/invitees", json=wish(intro)).json()["resource"]
    url = resource["reschedule_url"]
    assert "2026-11-04T10:00:00.000000Z" in browser.get(url).text
    moved = browser.post(url, data={"start_time": "2026-11-04T10:00:00Z"})
    assert moved.status_code == 200
    [new] = sim.invitees("active")
    assert new.old_invitee is sim.invitee(resource["uri"])
    assert new.event.start == TEN + timedelta(days=1)


def test_a_test_can_book_at_a_link_without_a_browser(
    api: httpx.Client, sim: Simulator, host: User
) -> None:
    called = sim.event_type(host, "Called", places=[Place("outbound_call")])
    url = f"{link_to(api, called)}?name=Bo%20Guest&email=bo@example.test&utm_content=mark"
    invitee = sim.book_at(url, TEN, location="+351910000000")
    assert (invitee.name, invitee.email) == ("Bo Guest", "bo@example.test")
    assert invitee.tracking["utm_content"] == "mark"
    with pytest.raises(Refused):
        sim.book_at(url, TEN + timedelta(hours=1))
