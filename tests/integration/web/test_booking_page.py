"""A booking's page in each of its states, the list of one's bookings, and refusals, as people read them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from adapters.memory import MemoryMailer
from adapters.simulated_payments import SimulatedPayments
from booking_core import Booking, BookingId, BookingState, ProviderFailed, Slot
from entrypoints.container import Application
from tests.integration.web.conftest import BOOKINGS, ZONE, Caller

SETTINGS = {"BOOKING_MAILER": "memory"}
FREE, PAID = "getting-started", "portfolio-review"
READER = {"Accept": "text/html"}
GERMAN = {"Accept-Language": "de-DE,de;q=0.9"}
Open = Callable[..., str]


@pytest.fixture
def opened(client: FlaskClient, anyone: Caller, application: Application) -> Open:
    """The path of a booking that the browser may open, after `change` was made to it."""

    def opened(kind: str = FREE, change: Callable[[Booking], Any] | None = None) -> str:
        answers = [{"questionId": "link", "value": "https://example.org/mine"}]
        wish = anyone.wish(kind, notes="one\ntwo", answers=answers if kind == PAID else [])
        answer = anyone("POST", f"{BOOKINGS}/confirm", json=wish)
        assert answer.json is not None
        booking = answer.json["booking"]
        if change:
            with application.schema() as uow:
                kept = uow.bookings.get(BookingId(booking["id"]))
                change(kept)
                uow.bookings.save(kept)
                uow.commit()
        path = f"/bookings/{booking['id']}"
        client.post(f"{path}/open", data={"token": booking["manageToken"]})
        return path

    return opened


def becomes(state: str, **more: Any) -> Callable[[Booking], None]:
    def change(booking: Booking) -> None:
        for name, value in {"state": BookingState(state), **more}.items():
            setattr(booking, name, value)

    return change


def at(start: str, minutes: int) -> Callable[[Booking], None]:
    begins = datetime.fromisoformat(start)
    return becomes("CONFIRMED", slot=Slot(begins, begins + timedelta(minutes=minutes)))


def away(*_: object, **__: object) -> None:
    raise ProviderFailed("It does not answer.")


def overdue(booking: Booking) -> None:
    booking.deadline = datetime.now(UTC) - timedelta(days=1)


LOOKS_AGAIN, COUNTS = "look-again.js", "countdown.js"


STATES = [
    (FREE, None, "You are booked", "Download for my calendar", None),
    (PAID, None, "Waiting for your payment", "Give the time back", COUNTS),
    (FREE, becomes("CONFIRMING"), "Your booking is being made", "Look again", LOOKS_AGAIN),
    (PAID, becomes("EXPIRED", deadline=None), "This booking has expired", "Try this time", None),
    (FREE, becomes("FAILED"), "This booking could not be made", "Try this time again", None),
    (FREE, becomes("CANCELLED"), "This booking is cancelled", "Book another time", None),
    (FREE, at("2026-03-02T09:00Z", 30), "This session is over", "Book another time", None),
]


def test_each_state_has_one_clear_thing_to_do_next(client: FlaskClient, opened: Open) -> None:
    for kind, change, headline, action, script in STATES:
        page = client.get(opened(kind, change)).text
        assert f"<h1>{headline}</h1>" in page
        assert action in page
        assert (LOOKS_AGAIN in page, COUNTS in page) == (script == LOOKS_AGAIN, script == COUNTS)
        assert ("Download for my calendar" in page) is (headline == "You are booked")


def test_a_hold_says_how_much_time_is_left(client: FlaskClient, opened: Open) -> None:
    page = client.get(opened(PAID)).text
    [left] = re.findall(r'role="timer" data-left="(\d+)"', page)
    assert 14 * 60 < int(left) <= 30 * 60
    assert "The time is kept for you until" in page  # without scripts as well


def test_whose_time_is_up_is_told_so_while_the_provider_does_not_answer(
    client: FlaskClient, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = opened(PAID, overdue)
    for question in ("standing", "expire"):
        monkeypatch.setattr(SimulatedPayments, question, away)
    page = client.get(path).text
    assert "<h1>The time is up</h1>" in page
    assert LOOKS_AGAIN in page
    assert COUNTS not in page
    monkeypatch.undo()
    assert "This booking has expired" in client.get(path).text


def test_while_the_payment_provider_is_away_the_time_is_kept_and_paying_is_tried_again(
    client: FlaskClient, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as down:
        down.setattr(SimulatedPayments, "request", away)
        path = opened(PAID)
        page = client.get(client.post(f"{path}/pay").location).text
        assert "The payment provider has not answered yet. The time is kept for you." in page
        assert "Try again</button>" in page
        assert LOOKS_AGAIN in page
    page = client.get(client.post(f"{path}/pay").location).text
    assert "Go on to the payment of €49.00" in page


def test_who_gives_the_time_back_frees_it_at_once(
    client: FlaskClient, anyone: Caller, opened: Open
) -> None:
    before = anyone.slots(PAID)[0]
    path = opened(PAID)
    assert before not in anyone.slots(PAID)
    page = client.get(f"{path}?turned-back=1").text
    assert "You left the payment page, and nothing was paid." in page
    assert page.count(f'action="{path}/cancel"') == 1
    for _ in range(2):  # a double click
        assert client.post(f"{path}/cancel").location == path
    assert before in anyone.slots(PAID)


@pytest.mark.parametrize(
    ("button", "leads_to"),
    [("Try this time again", "Your details"), ("Choose a time to book anew", 'id="kept"')],
)
def test_who_was_too_late_books_again_without_typing_it_again(
    client: FlaskClient, opened: Open, button: str, leads_to: str
) -> None:
    path = opened(PAID, overdue)
    page = client.get(path).text
    assert "This booking has expired" in page
    [form] = re.findall(r'action="(/b/demo/portfolio-review[^"]*)">(.+?)</form>', page, re.DOTALL)
    fields = dict(re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', form[1]))
    fields |= re.findall(rf'<button[^>]* name="(\w+)" value="([^"]*)">{button}<', form[1])
    fields.pop("csrf_token")
    again = client.post(unescape(form[0]), data={k: unescape(v) for k, v in fields.items()})
    assert again.status_code == 200
    assert leads_to in again.text
    for typed in ("Bo Diddley", "bo@example.org", "https://example.org/mine", "one\ntwo"):
        assert typed in again.text


# ---- in one's own calendar -----------------------------------------------------------------------


def test_the_calendar_file_is_for_who_holds_the_booking(client: FlaskClient, opened: Open) -> None:
    path = opened()
    answer = client.get(f"{path}/calendar.ics")
    assert answer.mimetype == "text/calendar"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert b"BEGIN:VEVENT" in answer.data
    stranger = client.application.test_client().get(f"{path}/calendar.ics")
    assert stranger.status_code == 404
    assert "Open a booking" in stranger.text
    client.post(f"{path}/cancel")
    assert client.get(f"{path}/calendar.ics", headers=READER).status_code == 404


def test_links_to_other_calendars_are_in_the_language_of_the_page_and_tell_nobody_whence(
    client: FlaskClient, opened: Open
) -> None:
    path = opened()
    page = client.get(path, headers=GERMAN).text
    found = re.findall(r'<a href="(https://[^"]+)"[^>]*rel="noopener noreferrer">([^<]+)</a>', page)
    links = {name: parse_qs(urlsplit(unescape(address)).query) for address, name in found[:3]}
    assert list(links) == ["Google", "Outlook.com", "Microsoft 365"]
    assert links["Google"]["text"] == links["Outlook.com"]["subject"]
    assert links["Google"]["text"] == ["Getting started mit Robin Demo"]
    assert links["Google"]["details"][0].endswith(path)  # which opens nothing by itself


def test_on_a_day_when_clocks_change_the_times_are_those_of_the_clock(
    client: FlaskClient, opened: Open
) -> None:
    for start, minutes, clock in (
        ("2027-03-28T00:30Z", 60, "28 March 2027<br>01:30–03:30"),
        ("2027-10-31T00:30Z", 60, "31 October 2027<br>02:30+02:00–02:30+01:00"),
        ("2027-10-30T22:00Z", 24 * 60, "Sunday, 31 October 2027<br>00:00–23:00"),
    ):
        page = client.get(opened(FREE, at(start, minutes))).text
        assert clock in page
        assert f">{ZONE}</span>" in page


# ---- the terms before the click ------------------------------------------------------------------


def test_what_cancelling_means_is_said_of_what_is_free_too(
    client: FlaskClient, opened: Open
) -> None:
    path = opened()
    page = client.get(path).text
    assert "If you cancel now:</strong> That costs nothing" in page
    assert "<details><summary" in page
    assert '<details open><summary id="cancel"' in client.get(f"{path}?cancel=1").text


def test_after_paying_the_page_says_what_goes_back_and_until_which_moment_it_can_be_changed(
    client: FlaskClient, opened: Open
) -> None:
    begins = datetime(2036, 3, 4, 9, tzinfo=UTC)  # ten in Berlin
    slot = Slot(begins, begins + timedelta(minutes=60))
    path = opened(PAID, becomes("CONFIRMED", slot=slot, deadline=None))
    page = " ".join(client.get(path).text.split())
    assert "the whole price until 2 days before the start, 50% until 1 day before" in page
    assert (
        "3 March 2036, 10:00 (Europe/Berlin)." in page.partition("You can still do that until")[2]
    )
    free = client.get(opened()).text  # up to the start, and that stands on top
    assert "You can still do that" not in free


# ---- back to the time that one has booked ---------------------------------------------------------


def form_for(kind: str, start: str) -> dict[str, str]:
    return {
        "name": "Bo Diddley",
        "email": "bo@example.org",
        "timezone": ZONE,
        "answer-link": "https://example.org/mine",
        "start": start,
    }


def book(client: FlaskClient, anyone: Caller, kind: str) -> tuple[str, str]:
    """The booking's path and its start, booked by the form."""
    start = anyone.slots(kind)[0]["startTime"]
    answer = client.post(f"/b/demo/{kind}", data=form_for(kind, start))
    assert answer.status_code == 303, answer.text
    return urlsplit(answer.location).path, start


def link_in(page: str) -> str:
    [link] = re.findall(r'href="([^"]+)">Go on to your booking<', page)
    return unescape(link)


@pytest.mark.parametrize(
    ("kind", "words"),
    [(PAID, "This time is kept for you; pay €49.00 for it"), (FREE, "You have booked this time.")],
)
def test_who_comes_back_to_the_time_that_it_has_booked_is_led_to_the_booking(
    client: FlaskClient, anyone: Caller, kind: str, words: str
) -> None:
    path, start = book(client, anyone, kind)
    back = client.get(f"/b/demo/{kind}", query_string={"start": start})
    assert back.status_code == 200
    assert words in back.text
    assert "not open" not in back.text
    assert link_in(back.text) == path
    sent = client.post(f"/b/demo/{kind}", data=form_for(kind, start) | {"name": "Bob"})
    assert sent.status_code == 409
    assert words in sent.text
    assert "This time is taken" not in sent.text
    assert "What you typed is kept." in sent.text
    assert link_in(sent.text) == path


def test_a_time_of_somebody_else_or_of_what_has_ended_is_not_called_ones_own(
    client: FlaskClient, anyone: Caller, application: Application
) -> None:
    path, start = book(client, anyone, PAID)
    here = {"path": f"/b/demo/{PAID}", "query_string": {"start": start}}
    stranger = application.web_app().test_client().get(**here)
    assert stranger.status_code == 409
    assert "This time is not open" in stranger.text
    assert "mail" not in stranger.text  # of what is not paid there is none
    assert path not in stranger.text
    other = anyone.slots(PAID)[0]["startTime"]
    somebody = anyone.wish(PAID, answers=[{"questionId": "link", "value": "https://a.org"}])
    anyone.json("POST", f"{BOOKINGS}/confirm", json=somebody)
    taken = client.get(f"/b/demo/{PAID}", query_string={"start": other})
    assert taken.status_code == 409
    assert path not in taken.text
    client.post(f"{path}/cancel")
    assert "Your details" in client.get(**here).text
    somebody = anyone.wish(PAID, answers=somebody["answers"])
    assert somebody["timeSlot"]["startTime"] == start
    anyone.json("POST", f"{BOOKINGS}/confirm", json=somebody)
    gone = client.get(**here)
    assert gone.status_code == 409
    assert path not in gone.text


def test_a_time_of_another_session_is_not_called_ones_own(
    client: FlaskClient, anyone: Caller
) -> None:
    path, start = book(client, anyone, PAID)
    other = client.get(f"/b/demo/{FREE}", query_string={"start": start})
    assert other.status_code == 409
    assert path not in other.text


def test_of_two_tabs_each_is_led_to_its_own_booking(client: FlaskClient, anyone: Caller) -> None:
    for path, start in (book(client, anyone, PAID), book(client, anyone, PAID)):
        back = client.get(f"/b/demo/{PAID}", query_string={"start": start})
        assert link_in(back.text) == path


def test_who_is_signed_in_is_led_to_its_own_booking_too(
    client: FlaskClient, anyone: Caller, application: Application
) -> None:
    sign_in(client, application, ZONE)
    path, start = book(client, anyone, FREE)
    back = client.get(f"/b/demo/{FREE}", query_string={"start": start}, headers=GERMAN)
    assert back.status_code == 200
    assert "Du hast diese Zeit gebucht." in back.text
    assert f'href="{path}"' in back.text


def test_a_form_that_is_sent_again_with_other_words_leads_to_what_it_booked(
    client: FlaskClient, anyone: Caller
) -> None:
    start = anyone.slots(PAID)[0]["startTime"]
    form = form_for(PAID, start) | {"key": "one-form"}
    path = urlsplit(client.post(f"/b/demo/{PAID}", data=form).location).path
    again = client.post(f"/b/demo/{PAID}", data=form | {"name": "Bob"}).text
    assert "You have booked with this form already" in again
    assert "mail about it" not in again
    assert link_in(again) == path


def test_who_comes_back_after_a_move_is_told_that_the_time_is_its_own(
    client: FlaskClient, anyone: Caller
) -> None:
    path, _ = book(client, anyone, FREE)
    start = anyone.slots(FREE)[3]["startTime"]
    form = {"start": start, "timezone": ZONE}
    assert urlsplit(client.post(f"{path}/move", data=form).location).path == path
    back = client.get(f"{path}/move", query_string={"start": start})
    assert back.status_code == 200
    assert "You have booked this time." in back.text
    assert "not open" not in back.text
    assert link_in(back.text) == path


@pytest.mark.parametrize("signed_in", [False, True])
def test_the_time_that_a_booking_is_about_to_move_to_is_ones_own_too(
    client: FlaskClient, anyone: Caller, application: Application, signed_in: bool
) -> None:
    if signed_in:
        sign_in(client, application, ZONE)
    path, _ = book(client, anyone, FREE)
    start = anyone.slots(FREE)[3]["startTime"]
    with application.schema() as uow:
        moving = uow.bookings.get(BookingId(path.rpartition("/")[2]))
        begins = datetime.fromisoformat(start)
        moving.pending_slot = Slot(begins, begins + timedelta(minutes=30))
        uow.bookings.save(moving)
        uow.claims.keep(booking_id=moving.id, claims=moving.claims())
        uow.commit()
    back = client.get(f"/b/demo/{FREE}", query_string={"start": start})
    assert link_in(back.text) == path


# ---- one's bookings ------------------------------------------------------------------------------


def sign_in(client: FlaskClient, application: Application, timezone: str) -> None:
    client.post("/signin", data={"email": "ana@example.org"})
    while application.core.work_outbox():
        pass
    mailer = application.mailer
    assert isinstance(mailer, MemoryMailer)
    [link] = re.findall(r"\S+/signin#link=\S+", mailer.sent_to("ana@example.org")[-1].text)
    client.post("/signin", data={"link": link, "timezone": timezone})


def test_ones_bookings_stand_in_ones_own_zone_with_the_next_one_first(
    client: FlaskClient, anyone: Caller, application: Application
) -> None:
    sign_in(client, application, "Asia/Tokyo")
    for place in (5, 0):
        form = {"start": anyone.slots()[place]["startTime"], "timezone": ZONE, "name": "Ana Ng"}
        assert client.post(f"/b/demo/{FREE}", data=form).status_code == 303
    page = client.get("/me").text
    assert "All times are in the zone Asia/Tokyo." in page
    starts = re.findall(r'<time datetime="([^"]+)">', page)
    assert len(starts) == 2
    assert starts == sorted(starts)
    assert page.count(">Move</a>") == page.count(">Cancel</a>") == 2
    assert "zone America/Lima." in client.get("/me?tz=lima").text
    cancel = unescape(re.findall(r'href="(/bookings/[^"]+cancel=1)#cancel"', page)[0])
    assert "<details open>" in client.get(cancel).text
    client.post(f"{urlsplit(cancel).path}/cancel")
    past = client.get("/me").text.partition("Past and cancelled")[2]
    assert "cancelled</span>" in past
    assert ">Cancel</a>" not in past


def test_who_has_booked_nothing_is_shown_the_way(
    client: FlaskClient, application: Application
) -> None:
    sign_in(client, application, ZONE)
    page = client.get("/me").text
    assert "Nothing is booked." in page
    assert '<a class="button" href="/">' in page
    assert "Past and cancelled" not in page


# ---- refusals ------------------------------------------------------------------------------------


def test_a_refusal_says_in_plain_words_what_is_wrong_and_leads_on(client: FlaskClient) -> None:
    for path, headline, way in (
        ("/nothing", "We cannot find that", 'href="/"'),
        ("/b/demo/play-lab", "Please sign in for that", "/signin?to=/b/demo/play-lab"),
    ):
        page = client.get(path, headers=READER).text
        assert f"<h1>{headline}</h1>" in page
        assert way in page.partition("<main")[2]


def test_what_has_no_time_yet_frees_none_when_it_is_cancelled(
    client: FlaskClient, opened: Open
) -> None:
    later = datetime.now(UTC) + timedelta(hours=5)
    page = client.get(opened(FREE, becomes("AWAITING_SCHEDULING", slot=None, deadline=later))).text
    assert "If you cancel now:</strong> That costs nothing." in page
    assert "others can book the time" not in page


def test_where_nothing_is_paid_nobody_is_told_that_it_was_not(
    client: FlaskClient, opened: Open
) -> None:
    before = datetime.now(UTC) - timedelta(minutes=1)
    page = client.get(opened(FREE, becomes("AWAITING_SCHEDULING", slot=None, deadline=before))).text
    assert "<h1>The time is up</h1>" in page
    assert "This booking ends by itself." in page
    assert "paid" not in page
