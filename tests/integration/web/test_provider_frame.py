"""The provider's page within ours: who may be shown there, and what its word is worth (E6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from unittest.mock import Mock

import pytest
from flask.testing import FlaskClient

from booking_core import (
    BookingError,
    BuilderId,
    CalendarEvent,
    Contact,
    NotFound,
    ProviderFailed,
    SchedulingLink,
    SchedulingMode,
    Slot,
    TimeWindow,
)
from entrypoints import problems
from entrypoints.container import Application
from tests.integration.posting_calendar import TYPE, PostingCalendar, demo_on
from tests.integration.web.test_embedding import CSP, SITE, SYSTEM, booked, fields_of

PAGE, FRAME = f"/b/demo/{TYPE}", f"/embed/demo/{TYPE}"


@pytest.fixture
def calendar() -> PostingCalendar:
    return PostingCalendar()


@pytest.fixture
def application(calendar: PostingCalendar) -> Iterator[Application]:
    with demo_on(calendar) as application:
        application.core.change_builder(
            builder_id=BuilderId("demo"),
            changes={"scheduling_mode": SchedulingMode.EMBED, "embed_sites": [SITE]},
            actor=SYSTEM,
        )
        yield application


@pytest.fixture
def place(calendar: PostingCalendar, application: Application) -> Callable[..., CalendarEvent]:
    """A client schedules at the provider's own page."""

    def place() -> CalendarEvent:
        offer = application.core.show_session_type(session_type=TYPE, actor=SYSTEM)
        start = (
            application.core.find_slots(
                session_type_id=offer.session_type.id, window=window(), actor=SYSTEM
            )
            .slots[0]
            .slot.start
        )
        return calendar.place(
            builder=offer.builder,
            session_type=offer.session_type,
            slot=Slot(start, start + offer.session_type.duration),
            contact=Contact("Bo", "bo@example.org", "Europe/Berlin"),
        )

    return place


def window() -> TimeWindow:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    return TimeWindow(tomorrow, tomorrow + timedelta(days=20))


def said(event: CalendarEvent) -> dict[str, str | None]:
    return {"event": event.event_uri, "invitee": event.invitee_uri}


def test_the_provider_is_shown_within_its_page_and_on_no_other(client: FlaskClient) -> None:
    page = client.get(PAGE)
    assert (
        'src="https://calendar.test/demo/getting-started?embed_domain=127.0.0.1&amp;embed_type=Inline"'
        in page.text
    )
    assert page.headers[CSP].endswith("; frame-src https://calendar.test")
    assert "frame-ancestors 'none'" in page.headers[CSP]
    for other in ("/b/demo", "/", "/embed.js", "/signin"):
        with client.get(other) as answer:
            assert "frame-src" not in answer.headers[CSP]


@pytest.mark.parametrize(
    "url",
    ["https://calendar.test; script-src *", "https://calendar.test\r\nX: y", "javascript:alert(1)",
     "https://calendar.test,https://x/", "https://*/", "https://me@x.org/", ""],
    ids=range(7),
)  # fmt: skip
def test_an_address_that_could_end_its_place_in_a_header_is_not_shown(
    client: FlaskClient,
    calendar: PostingCalendar,
    monkeypatch: pytest.MonkeyPatch,
    url: str,
) -> None:
    monkeypatch.setattr(calendar, "scheduling_link", lambda **_: SchedulingLink(url))
    answer = client.get(PAGE)
    assert answer.status_code == 503
    assert "frame-src" not in answer.headers[CSP]
    assert "<iframe" not in answer.text


def test_what_was_scheduled_there_becomes_a_booking_that_the_browser_can_open(
    client: FlaskClient, place: Callable[..., CalendarEvent], application: Application
) -> None:
    answer = client.post(PAGE, data=said(place()))
    assert answer.status_code == 303
    assert "You are booked" in client.get(answer.headers["Location"]).text
    assert booked(application) == 1


def test_an_event_that_is_not_there_is_not_believed(
    client: FlaskClient, application: Application
) -> None:
    answer = client.post(PAGE, data={"event": "https://calendar.test/events/made-up"})
    assert answer.status_code == 404
    assert booked(application) == 0


@pytest.mark.parametrize("failed", [NotFound("event"), ProviderFailed("down", retryable=True)])
def test_who_scheduled_what_cannot_be_read_yet_looks_again_and_does_not_schedule_twice(
    client: FlaskClient,
    calendar: PostingCalendar,
    place: Callable[..., CalendarEvent],
    failed: BookingError,
) -> None:
    event, find = place(), calendar.find
    calendar.find = Mock(side_effect=failed)  # type: ignore[method-assign]
    answer = client.post(PAGE, data=said(event))
    assert answer.status_code == problems.of(failed).status
    assert "do not schedule it once more" in answer.text
    assert "<iframe" not in answer.text
    calendar.find = find  # type: ignore[method-assign]
    answer = client.post(PAGE, data=fields_of(answer.text))
    assert "You are booked" in client.get(answer.headers["Location"]).text


def test_who_does_not_know_its_place_in_the_event_is_not_let_in(
    client: FlaskClient, place: Callable[..., CalendarEvent]
) -> None:
    answer = client.post(PAGE, data={"event": place().event_uri})
    assert answer.status_code == 303
    assert client.get(answer.headers["Location"]).status_code == 404


def test_within_another_sites_page_it_works_without_a_cookie(
    application: Application, place: Callable[..., CalendarEvent]
) -> None:
    frame = application.web_app().test_client(use_cookies=False)
    page = frame.get(FRAME, query_string={"site": SITE})
    assert page.headers[CSP].endswith("; frame-src https://calendar.test")
    assert f"frame-ancestors {SITE}" in page.headers[CSP]
    form = fields_of(page.text)
    event = place()
    assert "Please send it again." in frame.post(FRAME, data=said(event)).text
    answer = frame.post(FRAME, data=form | said(event))
    assert "You are booked" in answer.text
    assert "Set-Cookie" not in answer.headers
    again = frame.get(FRAME)
    only_the_event = fields_of(again.text) | {"event": event.event_uri}
    assert frame.post(FRAME, data=only_the_event).status_code == 404
    assert booked(application) == 1


def test_who_books_the_same_again_is_shown_the_provider_and_no_error(client: FlaskClient) -> None:
    form = {"pick": "", "name": "Bo", "email": "bo@example.org", "timezone": "Europe/Berlin"}
    answer = client.post(PAGE, data=form)
    assert answer.status_code == 200
    assert "<iframe" in answer.text
    assert 'role="alert"' not in answer.text


def test_who_chooses_there_later_is_told_until_when(client: FlaskClient) -> None:
    wish = {"sessionTypeId": TYPE, "clientDetails": {"name": "Bo", "email": "bo@example.org"}}
    answer = client.post("/api/scheduling/bookings/initialize", json=wish).json
    assert answer is not None
    booking = answer["booking"]
    path = f"/bookings/{booking['id']}"
    client.post(f"{path}/open", data={"token": booking["manageToken"]})
    page = client.get(path).text
    assert "Choose a time</button>" in page
    assert re.search(r"That is possible until [^<]+ \(Europe/Berlin\)\.", page)
