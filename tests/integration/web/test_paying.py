"""A paid session through the API and the pages, with the simulated provider's own page between."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from adapters.simulated_payments import SimulatedPayments
from booking_core import (
    Actor,
    Booking,
    BookingId,
    BookingState,
    CancellationPolicy,
    ProviderFailed,
    RefundStep,
    Role,
    SessionTypeId,
    UnitOfWork,
)
from entrypoints.container import Application, assemble
from entrypoints.settings import Settings
from tests.integration.web.conftest import BOOKINGS, Caller

PAID = "portfolio-review"
ANSWERS = [{"questionId": "link", "value": "https://example.org"}]
PRICE = {"amount": 4900, "currency": "EUR"}


@pytest.fixture
def confirm(anyone: Caller) -> Callable[..., Any]:
    def confirm(**headers: str) -> Any:
        wish = anyone.wish(PAID, answers=ANSWERS)
        return anyone.json("POST", f"{BOOKINGS}/confirm", json=wish, headers=headers)

    return confirm


def at_checkout(client: FlaskClient, url: str, move: str) -> str:
    """Presses a button at the provider; where it sends the client."""
    answer = client.post(urlsplit(url).path, data={"move": move})
    assert answer.status_code == 303
    return urlsplit(answer.headers["Location"]).path


def holder(anyone: Caller, answer: Any) -> Caller:
    return anyone.as_(f"Booking {answer['booking']['manageToken']}")


def work(application: Application) -> None:
    while application.core.work_outbox():
        pass


def test_a_paid_session_answers_with_a_checkout_and_waits(
    confirm: Callable[..., Any], anyone: Caller
) -> None:
    answer = confirm()
    assert (answer["success"], answer["paymentRequired"]) == (True, True)
    booking = answer["booking"]
    assert (booking["state"], booking["step"]) == ("AWAITING_PAYMENT", "PROCESS_PAYMENT")
    assert (booking["price"], booking["refunded"]) == (PRICE, None)
    assert booking["location"] == {"kind": "video"}
    taken = {"startTime": booking["startTime"], "endTime": booking["endTime"]}
    assert taken["startTime"] not in [each["startTime"] for each in anyone.slots(PAID)]


def test_what_was_paid_is_confirmed_by_the_job_alone(
    confirm: Callable[..., Any], anyone: Caller, client: FlaskClient, application: Application
) -> None:
    answer = confirm()
    at_checkout(client, answer["checkoutUrl"], "card")
    application.core.settle_money(booking_id=answer["booking"]["id"])
    booking = holder(anyone, answer).json("GET", f"{BOOKINGS}/{answer['booking']['id']}")
    assert (booking["state"], booking["paymentStatus"]) == ("CONFIRMED", "PAID")
    assert booking["location"]["joinUrl"] == "https://meet.example.org/robin"


@pytest.mark.parametrize(
    ("moves", "ends"),
    [
        (("card",), ("CONFIRMED", "PAID")),
        (("at-once",), ("CONFIRMED", "PAID")),
        (("decline",), ("AWAITING_PAYMENT", "REQUESTED")),
        (("transfer",), ("AWAITING_PAYMENT", "PROCESSING")),
        (("transfer", "bank-yes"), ("CONFIRMED", "PAID")),
        (("transfer", "bank-no"), ("EXPIRED", "FAILED")),
        (("at-once", "dispute"), ("CONFIRMED", "DISPUTED")),
        (("at-once", "dispute", "dispute-won"), ("CONFIRMED", "PAID")),
        (("at-once", "dispute", "dispute-lost"), ("CONFIRMED", "REFUNDED")),
        (("at-once", "refund"), ("CONFIRMED", "REFUNDED")),
        (("at-once", "refund-half"), ("CONFIRMED", "REFUNDED")),
        (("at-once", "refund", "send-back"), ("CONFIRMED", "PAID")),
    ],
)
def test_what_happens_at_the_checkout_is_heard_though_nobody_comes_back_or_looks(
    confirm: Callable[..., Any],
    anyone: Caller,
    client: FlaskClient,
    application: Application,
    moves: tuple[str, ...],
    ends: tuple[str, str],
) -> None:
    answer = confirm()
    work(application)  # the look that confirming asked for is over
    for move in moves:
        at_checkout(client, answer["checkoutUrl"], move)
        work(application)
    booking = holder(anyone, answer).json("GET", f"{BOOKINGS}/{answer['booking']['id']}")
    assert (booking["state"], booking["paymentStatus"]) == ends


def test_paying_goes_on_where_the_client_turned_back(
    confirm: Callable[..., Any], anyone: Caller, client: FlaskClient
) -> None:
    answer = confirm()
    path = f"{BOOKINGS}/{answer['booking']['id']}/pay"
    again = holder(anyone, answer).json("POST", path)
    assert again["checkoutUrl"] == answer["checkoutUrl"]
    at_checkout(client, answer["checkoutUrl"], "at-once")
    paid = holder(anyone, answer).json("POST", path)
    assert "checkoutUrl" not in paid
    assert paid["booking"]["state"] == "CONFIRMED"
    anyone.refused(404, "not_found", "POST", path)


def test_one_key_opens_one_checkout(anyone: Caller) -> None:
    wish = anyone.wish(PAID, answers=ANSWERS)
    key = {"Idempotency-Key": "once"}
    first, again = (
        anyone.json("POST", f"{BOOKINGS}/confirm", json=wish, headers=key) for _ in range(2)
    )
    assert first == again


def test_a_late_cancellation_gives_back_what_the_terms_say(
    confirm: Callable[..., Any], anyone: Caller, client: FlaskClient, application: Application
) -> None:
    answer = confirm()
    at_checkout(client, answer["checkoutUrl"], "at-once")
    client_of_it, path = holder(anyone, answer), f"{BOOKINGS}/{answer['booking']['id']}"
    client_of_it.json("POST", f"{path}/pay")
    client_of_it.json("POST", f"{path}/cancel", json={"reason": "ill"})
    work(application)
    booking = client_of_it.json("GET", path)
    assert (booking["state"], booking["paymentStatus"]) == ("CANCELLED", "REFUNDED")
    assert booking["refunded"] in ({"amount": 2450, "currency": "EUR"}, PRICE)


def test_initialize_asks_for_the_money_before_it_gives_the_link(
    anyone: Caller, client: FlaskClient
) -> None:
    body = {"sessionTypeId": PAID, "clientDetails": anyone.wish()["clientDetails"]}
    answer = anyone.json("POST", f"{BOOKINGS}/initialize", 201, json=body)
    assert answer["schedulingUrl"] is None
    at_checkout(client, answer["checkoutUrl"], "card")
    me, booking_id = holder(anyone, answer), answer["booking"]["id"]
    assert me.json("POST", f"{BOOKINGS}/{booking_id}/pay", 409)["code"] == "wrong_state"
    wish = anyone.wish(PAID, answers=ANSWERS, bookingId=booking_id)
    assert me.json("POST", f"{BOOKINGS}/confirm", 201, json=wish)["booking"]["state"] == "CONFIRMED"


def test_only_the_builder_says_what_was_paid_on_site(
    confirm: Callable[..., Any], anyone: Caller, robin: Caller
) -> None:
    answer = confirm()
    path = f"{BOOKINGS}/{answer['booking']['id']}/paid"
    holder(anyone, answer).refused(404, "not_found", "POST", path)
    robin.refused(409, "wrong_state", "POST", path)


def test_the_builder_gives_money_back_and_never_more_than_was_paid(
    confirm: Callable[..., Any],
    anyone: Caller,
    robin: Caller,
    client: FlaskClient,
    application: Application,
) -> None:
    answer = confirm()
    at_checkout(client, answer["checkoutUrl"], "at-once")
    me, path = holder(anyone, answer), f"{BOOKINGS}/{answer['booking']['id']}"
    me.json("POST", f"{path}/pay")
    me.refused(404, "not_found", "POST", f"{path}/refund", json={"amount": 100})
    for wrong in ({"amount": 4901}, {"amount": 0}, {"amount": 1.5}, {}, {"amount": 1, "all": True}):
        problem = robin.refused(422, "invalid_request", "POST", f"{path}/refund", json=wrong)
        assert problem["errors"][0]["pointer"] in ("/amount", "/all")
    key = {"Idempotency-Key": "goodwill"}
    for _ in range(2):
        given = robin.json("POST", f"{path}/refund", json={"amount": 900}, headers=key)
        assert given["booking"]["state"] == "CONFIRMED"
    robin.refused(422, "key_reused", "POST", f"{path}/refund", json={"amount": 901}, headers=key)
    work(application)
    booking = me.json("GET", path)
    assert booking["paymentStatus"] == "REFUNDED"
    assert booking["refunded"] == {"amount": 900, "currency": "EUR"}


def test_who_pays_too_late_comes_back_and_the_money_goes_back(
    confirm: Callable[..., Any], anyone: Caller, client: FlaskClient, application: Application
) -> None:
    answer = confirm()
    me, path = holder(anyone, answer), f"{BOOKINGS}/{answer['booking']['id']}"
    me.json("POST", f"{path}/cancel", json={})
    work(application)
    back = at_checkout(client, answer["checkoutUrl"], "late")
    assert back == f"/bookings/{answer['booking']['id']}"
    client.post(f"{back}/open", data={"token": answer["booking"]["manageToken"]})
    assert client.get(back).status_code == 200
    work(application)
    booking = me.json("GET", path)
    assert (booking["state"], booking["paymentStatus"]) == ("CANCELLED", "REFUNDED")
    assert booking["refunded"] == PRICE


def test_a_reason_of_ours_is_told_in_words_on_the_page(
    anyone: Caller, client: FlaskClient, application: Application
) -> None:
    booking = anyone.book()
    with application.schema() as uow:
        kept = uow.bookings.get(booking["id"])
        kept.cancel(reason="capture_refused")
        uow.bookings.save(kept)
        uow.commit()
    page = f"/bookings/{booking['id']}"
    client.post(f"{page}/open", data={"token": booking["manageToken"]})
    assert "The payment could not be taken." in client.get(page).text


@pytest.fixture
def at_the_meeting(tmp_path: Path) -> Iterator[Application]:
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/meeting.db",
        "BOOKING_PAYMENTS": "on_site",
        "LOG_LEVEL": "ERROR",
    }
    application = assemble(Settings.load(settings))
    application.schema.upgrade()
    application.seed()
    with capture_logs():
        yield application
    application.close()


def test_what_was_paid_at_the_meeting_is_given_back_by_the_builder(
    at_the_meeting: Application,
) -> None:
    anyone = Caller(at_the_meeting.web_app().test_client())
    robin = anyone.as_(f"Bearer {at_the_meeting.mint(role=Role.BUILDER, id='demo')}")
    booking = anyone.book(PAID, answers=ANSWERS)
    me, path = anyone.as_(f"Booking {booking['manageToken']}"), f"{BOOKINGS}/{booking['id']}"
    robin.json("POST", f"{path}/paid")
    robin.refused(409, "wrong_state", "POST", f"{path}/returned")
    robin.json("POST", f"{path}/cancel", json={})
    me.refused(404, "not_found", "POST", f"{path}/returned")
    given = robin.json("POST", f"{path}/returned")["booking"]
    assert (given["paymentStatus"], given["refunded"]) == ("REFUNDED", PRICE)


def test_the_page_tells_what_the_builder_has_to_give_back_of_what_was_paid_at_the_meeting(
    at_the_meeting: Application,
) -> None:
    anyone = Caller(at_the_meeting.web_app().test_client())
    robin = anyone.as_(f"Bearer {at_the_meeting.mint(role=Role.BUILDER, id='demo')}")
    booking = anyone.book(PAID, answers=ANSWERS)
    me, path = anyone.as_(f"Booking {booking['manageToken']}"), f"{BOOKINGS}/{booking['id']}"

    def page() -> str:
        return me("GET", f"/bookings/{booking['id']}").text

    robin.json("POST", f"{path}/paid")
    robin.json("POST", f"{path}/refund", json={"amount": 900})
    assert "€49.00, €9.00 is still owed to you" in page()
    robin.json("POST", f"{path}/cancel", json={})
    assert "€49.00, €49.00 is still owed to you" in page()
    assert "on its way" not in page()
    robin.json("POST", f"{path}/returned")
    assert "€49.00, €49.00 went back" in page()


def test_a_webhook_that_nobody_sends_is_refused(
    anyone: Caller, at_the_meeting: Application
) -> None:
    nobody_posts = Caller(at_the_meeting.web_app().test_client())
    for body in (b"", b"\xff", b"[]", b"{"):
        anyone.refused(400, "untrusted_notice", "POST", "/api/webhooks/stripe", data=body)
        nobody_posts.refused(409, "payments_unavailable", "POST", "/api/webhooks/stripe", data=body)


# ---- the pages -----------------------------------------------------------------------------------


def book_on_the_page(client: FlaskClient, anyone: Caller) -> str:
    """The booking's page, after the form was sent."""
    form = {
        "name": "Bo",
        "email": "bo@example.org",
        "timezone": "Europe/Berlin",
        "answer-link": "https://example.org",
        "start": anyone.slots(PAID)[0]["startTime"],
    }
    answer = client.post(f"/b/demo/{PAID}", data=form)
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("?to=checkout")
    return answer.headers["Location"]


def test_the_form_leads_on_to_the_checkout_and_back_to_a_confirmed_booking(
    client: FlaskClient, anyone: Caller
) -> None:
    here = book_on_the_page(client, anyone)
    page = client.get(here).text
    [checkout] = re.findall(r'http-equiv="refresh" content="0; url=([^"]+)"', page)
    assert f'href="{checkout}"' in page
    back = at_checkout(client, checkout, "card")
    assert back == urlsplit(here).path
    assert "You are booked" in client.get(back).text
    assert "€49.00, paid" in client.get(back).text
    german = client.get(back, headers={"Accept-Language": "de-AT,de;q=0.9"}).text
    assert "€\N{NO-BREAK SPACE}49,00, bezahlt" in german


def test_who_turns_back_finds_the_way_to_pay_and_is_not_sent_away(
    client: FlaskClient, anyone: Caller
) -> None:
    path = urlsplit(book_on_the_page(client, anyone)).path
    page = client.get(path).text
    assert "Waiting for your payment" in page
    assert "refresh" not in page
    assert "/simulated-payments/" in page
    assert client.post(f"{path}/pay").headers["Location"].endswith("?to=checkout")


def test_who_turns_back_at_the_checkout_is_told_that_nothing_was_paid(
    client: FlaskClient, anyone: Caller
) -> None:
    here = book_on_the_page(client, anyone)
    [checkout] = re.findall(r'url=([^"]+)', client.get(here).text)
    [link] = re.findall(r'href="([^"]+)">Go back without', client.get(urlsplit(checkout).path).text)
    back = f"{urlsplit(link).path}?{urlsplit(link).query}"
    assert "nothing was paid" in client.get(back).text
    at_checkout(client, checkout, "card")
    page = client.get(back).text
    assert "You are booked" in page
    assert "nothing was paid" not in page


def test_who_waits_for_the_bank_is_told_so(client: FlaskClient, anyone: Caller) -> None:
    here = book_on_the_page(client, anyone)
    [checkout] = re.findall(r"url=([^\"]+)", client.get(here).text)
    back = at_checkout(client, checkout, "transfer")
    page = client.get(back).text
    assert "Your payment is on its way" in page
    assert re.search(
        r"Your payment is awaited until \w+, \d+ \w+ \d{4}, \d\d:\d\d \(Europe/Berlin\)", page
    )


def test_who_paid_first_is_led_to_choose_a_time(client: FlaskClient, anyone: Caller) -> None:
    body = {"sessionTypeId": PAID, "clientDetails": anyone.wish()["clientDetails"]}
    answer = anyone.json("POST", f"{BOOKINGS}/initialize", 201, json=body)
    path = f"/bookings/{answer['booking']['id']}"
    client.post(f"{path}/open", data={"token": answer["booking"]["manageToken"]})
    at_checkout(client, answer["checkoutUrl"], "card")
    [choose] = re.findall(r'href="([^"]+)">Choose a time', client.get(path).text)
    starts = re.findall(r'href="(/[^"]+start=[^"]+)"', client.get(unescape(choose)).text)
    form = client.get(unescape(starts[0])).text
    assert 'name="email"' not in form
    sent = {
        name: unescape(value)
        for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)
    }
    [action] = re.findall(r'<form method="post" action="([^"]+)"', form)
    answer = client.post(action, data=sent | {"answer-link": "https://example.org"})
    assert answer.headers["Location"] == path
    assert "You are booked" in client.get(path).text


def test_who_comes_back_in_another_browser_is_not_shown_the_booking_but_it_is_looked_at(
    client: FlaskClient, anyone: Caller, application: Application
) -> None:
    here = book_on_the_page(client, anyone)
    [checkout] = re.findall(r"url=([^\"]+)", client.get(here).text)
    at_checkout(client, checkout, "card")
    stranger = client.application.test_client()
    page = stranger.get(here)
    assert page.status_code == 404
    assert "Have you just paid?" in page.text
    booking_id = BookingId(here.split("?")[0].rsplit("/", 1)[1])
    work(application)
    found = application.core.show_booking(booking_id=booking_id, actor=Actor.system())
    assert found.state is BookingState.CONFIRMED


def test_a_form_that_is_sent_again_with_other_words_is_told_so(
    client: FlaskClient, anyone: Caller
) -> None:
    sent = {
        "start": anyone.slots()[0]["startTime"],
        "key": "one-form",
        "name": "Bo",
        "email": "bo@example.org",
        "timezone": "Europe/Berlin",
    }
    path = "/b/demo/getting-started"
    assert client.post(path, data=sent).status_code == 303
    again = client.post(path, data=sent | {"name": "Bob"})
    assert "You have booked with this form already" in again.text
    assert "Idempotency-Key" not in again.text


def test_what_cancelling_costs_is_said_before(client: FlaskClient, anyone: Caller) -> None:
    here = book_on_the_page(client, anyone)
    [checkout] = re.findall(r"url=([^\"]+)", client.get(here).text)
    page = client.get(at_checkout(client, checkout, "card")).text
    assert "You are booked" in page
    assert "<strong>If you cancel now:</strong> €49.00 goes back to you." in page


def begin_without_a_time(client: FlaskClient, anyone: Caller) -> tuple[str, str]:
    """The page of a booking that is paid first, and where to pay."""
    body = {"sessionTypeId": PAID, "clientDetails": anyone.wish()["clientDetails"]}
    answer = anyone.json("POST", f"{BOOKINGS}/initialize", 201, json=body)
    path = f"/bookings/{answer['booking']['id']}"
    client.post(f"{path}/open", data={"token": answer["booking"]["manageToken"]})
    return path, answer["checkoutUrl"]


ON_ITS_WAY = (
    "Your payment of €49.00 is still on its way; if it arrives, all of it goes back to you."
)


@pytest.mark.parametrize(
    ("moves", "sentence"),
    [
        (("transfer",), ON_ITS_WAY),
        (("card",), "Your payment of €49.00 is not taken: it was only reserved, and is released."),
        (("at-once",), "€49.00 goes back to you."),
        (("at-once", "refund"), "€49.00 has gone back to you already."),
        (("at-once", "dispute"), "The payment of €49.00 is disputed, so your bank decides"),
        (("at-once", "dispute", "dispute-lost"), "€49.00 has gone back to you through your bank."),
    ],
)
def test_what_becomes_of_the_money_is_said_before_cancelling_whatever_has_come(
    client: FlaskClient,
    anyone: Caller,
    application: Application,
    moves: tuple[str, ...],
    sentence: str,
) -> None:
    path, checkout = begin_without_a_time(client, anyone)
    assert "If you cancel now" not in client.get(path).text
    for move in moves:
        at_checkout(client, checkout, move)
        work(application)
    page = client.get(path).text
    assert f"<strong>If you cancel now:</strong> {sentence}" in page


def test_what_had_gone_back_before_is_said_before_cancelling_and_after(
    client: FlaskClient, anyone: Caller, application: Application
) -> None:
    operator = Actor(Role.ADMIN, "root")
    half = CancellationPolicy(refunds=(RefundStep(timedelta(0), 50),))
    application.core.change_session_type(
        session_type_id=SessionTypeId(PAID), changes={"cancellation_policy": half}, actor=operator
    )
    here = book_on_the_page(client, anyone)
    path = urlsplit(here).path
    [checkout] = re.findall(r"url=([^\"]+)", client.get(here).text)
    at_checkout(client, checkout, "at-once")
    work(application)
    application.core.refund_booking(
        booking_id=BookingId(path.rpartition("/")[2]), amount=1_000, actor=operator
    )
    work(application)
    sentences = (
        "€14.50 goes back to you; €24.50 is kept under the terms of the booking. "
        "€10.00 had gone back to you before."
    )
    assert f"If you cancel now:</strong> {sentences}" in client.get(path).text
    client.post(f"{path}/cancel")
    work(application)
    page = client.get(path).text
    assert "Nothing goes back now: €24.50 is kept" in page
    assert "€24.50 had gone back to you before." in page


def test_nothing_is_called_not_taken_while_it_may_still_arrive(
    client: FlaskClient, anyone: Caller
) -> None:
    here = book_on_the_page(client, anyone)
    path = urlsplit(here).path
    [checkout] = re.findall(r"url=([^\"]+)", client.get(here).text)
    at_checkout(client, checkout, "transfer")
    assert f"If you cancel now:</strong> {ON_ITS_WAY}" in client.get(path).text
    client.post(f"{path}/cancel")
    page = client.get(path).text
    assert "This booking is cancelled" in page
    assert ON_ITS_WAY in page
    assert "nothing was taken" not in page
    at_checkout(client, checkout, "bank-no")
    page = client.get(path).text
    assert "nothing was taken" in page
    assert "on its way" not in page


def test_nothing_is_called_not_taken_before_the_provider_was_asked(
    client: FlaskClient, anyone: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ProviderFailed("It does not answer.")

    path = urlsplit(book_on_the_page(client, anyone)).path
    with monkeypatch.context() as down:
        down.setattr(SimulatedPayments, "standing", away)
        client.post(f"{path}/cancel")
        page = client.get(path).text
    assert "This booking is cancelled" in page
    assert "nothing was taken" not in page
    assert "If you have paid the €49.00, all of it goes back to you." in page
    page = client.get(path).text
    assert "nothing was taken" in page
    assert "If you have paid" not in page


def test_a_payment_that_the_bank_refused_is_called_that(
    client: FlaskClient, anyone: Caller
) -> None:
    here = book_on_the_page(client, anyone)
    [checkout] = re.findall(r"url=([^\"]+)", client.get(here).text)
    for move in ("transfer", "bank-no"):
        at_checkout(client, checkout, move)
    page = client.get(urlsplit(here).path).text
    assert "<h1>The payment failed</h1>" in page
    assert "The time is no longer kept for you." in page
    assert "free again" not in page


def test_who_pays_before_there_is_a_time_is_told_until_when_to_pay(
    client: FlaskClient, anyone: Caller
) -> None:
    path, checkout = begin_without_a_time(client, anyone)
    page = client.get(path).text
    assert re.search(r"<p>Pay by \w+day, \d+ \w+ \d{4}, \d\d:\d\d \(", page)
    assert "time is kept" not in page
    at_checkout(client, checkout, "transfer")
    assert "time is kept" not in client.get(path).text


def test_what_the_bank_took_back_is_shown_on_the_page_and_by_the_api(
    confirm: Callable[..., Any], anyone: Caller, client: FlaskClient, application: Application
) -> None:
    answer = confirm()
    path = f"/bookings/{answer['booking']['id']}"
    client.post(f"{path}/open", data={"token": answer["booking"]["manageToken"]})
    for move in ("at-once", "dispute", "dispute-lost"):
        at_checkout(client, answer["checkoutUrl"], move)
        work(application)
    page = client.get(path).text
    assert "€49.00, €49.00 went back" in page
    booking = holder(anyone, answer).json("GET", f"{BOOKINGS}/{answer['booking']['id']}")
    assert booking["refunded"] == PRICE


def test_the_terms_and_that_payment_follows_are_said_before_it_is_paid(
    client: FlaskClient, anyone: Caller, robin: Caller
) -> None:
    terms = {"changeNotice": 60, "refunds": [{"notice": 1_440, "percent": 50}]}
    robin.json(
        "PATCH", f"/api/builders/me/session-types/{PAID}", json={"cancellationPolicy": terms}
    )
    told = (
        "What goes back to you if you cancel: 50% until 1 day before the start, nothing later. "
        "You can cancel or move it until 1 hour before the start."
    )
    start = anyone.slots(PAID)[0]["startTime"]
    page = f"/b/demo/{PAID}"
    assert told in client.get(page).text
    form = client.get(page, query_string={"start": start}).text
    assert told in form
    assert "Book this time, then pay" in form
    free = client.get("/b/demo/getting-started", query_string={"start": start}).text
    assert "then pay" not in free
    assert "goes back" not in free
    assert told in client.get(urlsplit(book_on_the_page(client, anyone)).path).text


def test_what_is_paid_at_the_meeting_is_not_said_to_go_back(at_the_meeting: Application) -> None:
    page = at_the_meeting.web_app().test_client().get(f"/b/demo/{PAID}")
    assert "€49.00" in page.text
    assert "goes back" not in page.text


def test_the_api_tells_until_when_to_pay_and_what_cancelling_costs(
    confirm: Callable[..., Any], anyone: Caller, client: FlaskClient
) -> None:
    answer = confirm()
    me, path = holder(anyone, answer), f"{BOOKINGS}/{answer['booking']['id']}"
    for booking in (
        answer["booking"],
        me.json("POST", f"{path}/pay")["booking"],
        me.json("GET", path),
    ):
        assert booking["createdAt"] < booking["deadline"] < booking["startTime"]
        assert booking["cancellationPolicy"]["refunds"][0] == {"notice": 2_880, "percent": 100}
    at_checkout(client, answer["checkoutUrl"], "card")
    assert me.json("POST", f"{path}/pay")["booking"]["deadline"] is None


def test_the_browser_keeps_what_opens_a_booking_for_as_long_as_it_waits(
    client: FlaskClient, anyone: Caller
) -> None:
    here = book_on_the_page(client, anyone)
    path = urlsplit(here).path
    [checkout] = re.findall(r"url=([^\"]+)", client.get(here).text)

    def kept() -> Any:
        cookie = client.get_cookie("booking", path=path)
        assert cookie is not None
        return cookie.expires

    held = kept()
    assert held is not None
    client.get(at_checkout(client, checkout, "transfer"))
    assert kept() > held
    at_checkout(client, checkout, "bank-yes")
    assert "You are booked" in client.get(path).text
    assert kept() is None


def test_a_link_opens_a_booking_whose_bank_has_not_answered_in_time(
    client: FlaskClient, confirm: Callable[..., Any], application: Application
) -> None:
    answer = confirm()
    at_checkout(client, answer["checkoutUrl"], "transfer")
    booking_id = BookingId(answer["booking"]["id"])

    def waited_too_long(uow: UnitOfWork) -> Booking:
        booking = uow.bookings.get(booking_id)
        booking.deadline = datetime.now(UTC) - timedelta(days=2)
        return booking

    application.core.settle_money(booking_id=booking_id)
    application.core.cancel_booking.keeper.once(waited_too_long)
    form = {"token": answer["booking"]["manageToken"]}
    page = client.post(f"/bookings/{booking_id}/open", data=form, follow_redirects=True)
    assert "Your payment is on its way" in page.text
    kept = client.get_cookie("booking", path=f"/bookings/{booking_id}")
    assert kept is not None
    assert kept.expires is not None
    assert kept.expires > datetime.now(UTC)


def test_what_stays_under_the_terms_is_not_called_paid(
    client: FlaskClient, anyone: Caller, robin: Caller
) -> None:
    terms = {"refunds": [{"notice": 0, "percent": 0}]}
    robin.json(
        "PATCH", f"/api/builders/me/session-types/{PAID}", json={"cancellationPolicy": terms}
    )
    here = book_on_the_page(client, anyone)
    [checkout] = re.findall(r"url=([^\"]+)", client.get(here).text)
    path = at_checkout(client, checkout, "at-once")
    assert "€49.00, paid" in client.get(path).text
    client.post(f"{path}/cancel")
    page = client.get(path).text
    assert "Nothing goes back now: €49.00 is kept under the terms of the booking." in page
    assert "€49.00, paid" not in page


def test_a_refund_that_the_bank_sends_back_can_be_played(
    confirm: Callable[..., Any],
    anyone: Caller,
    robin: Caller,
    client: FlaskClient,
    application: Application,
) -> None:
    answer = confirm()
    at_checkout(client, answer["checkoutUrl"], "at-once")
    work(application)
    path = f"{BOOKINGS}/{answer['booking']['id']}"
    robin.json("POST", f"{path}/refund", json={"amount": 900})
    work(application)
    at_checkout(client, answer["checkoutUrl"], "send-back")
    work(application)
    booking = robin.json("GET", path)
    assert (booking["paymentStatus"], booking["refunded"]) == ("REFUND_DUE", None)
    here = f"/bookings/{booking['id']}"
    client.post(f"{here}/open", data={"token": answer["booking"]["manageToken"]})
    assert "€49.00, €9.00 is still owed to you" in client.get(here).text
    assert robin.json("POST", f"{path}/returned")["booking"]["refunded"]["amount"] == 900


def test_whose_time_to_choose_is_over_is_not_told_that_nothing_was_paid(
    client: FlaskClient, anyone: Caller, application: Application
) -> None:
    path, checkout = begin_without_a_time(client, anyone)
    at_checkout(client, checkout, "at-once")
    work(application)
    with application.schema() as uow:
        booking = uow.bookings.get(BookingId(path.rpartition("/")[2]))
        booking.deadline = datetime.now(UTC) - timedelta(minutes=1)
        uow.bookings.save(booking)
        uow.commit()
    page = client.get(path).text
    assert "The time is up" in page
    assert "nothing was paid" not in page
    assert "what you paid goes back to you" in page


def cancelling(page: str) -> dict[str, str]:
    """What the form that cancels carries by itself."""
    form = page.partition('/cancel"')[2].partition("</form>")[0]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


def test_what_was_paid_meanwhile_is_not_cancelled_by_a_page_that_says_it_was_not(
    client: FlaskClient, anyone: Caller, application: Application
) -> None:
    here = book_on_the_page(client, anyone)
    path = urlsplit(here).path
    form = cancelling(client.get(path).text)
    [checkout] = re.findall(r"url=([^\"]+)", client.get(here).text)
    at_checkout(client, checkout, "at-once")
    work(application)
    answer = client.post(f"{path}/cancel", data=form | {"reason": "ill"})
    assert answer.status_code == 409
    assert "nothing is cancelled yet" in answer.text
    assert "You are booked" in answer.text
    assert "<details open>" in answer.text
    assert 'value="ill"' in answer.text
    form = cancelling(answer.text)
    assert client.post(f"{path}/cancel", data=form).status_code == 303
    assert "has changed" not in client.post(f"{path}/cancel", data=form).text  # a double click


def test_cancelling_does_not_cost_more_than_was_said_before_the_click(
    client: FlaskClient, anyone: Caller, application: Application
) -> None:
    here = book_on_the_page(client, anyone)
    path = urlsplit(here).path
    [checkout] = re.findall(r"url=([^\"]+)", client.get(here).text)
    at_checkout(client, checkout, "at-once")
    work(application)
    form = cancelling(client.get(path).text)
    with application.schema() as uow:
        booking = uow.bookings.get(BookingId(path.rpartition("/")[2]))
        booking.terms = CancellationPolicy(refunds=(RefundStep(timedelta(days=60), 100),))
        uow.bookings.save(booking)
        uow.commit()
    answer = client.post(f"{path}/cancel", data=form)
    assert answer.status_code == 409
    assert "Nothing goes back now: €49.00 is kept" in answer.text
    assert client.post(f"{path}/cancel", data=cancelling(answer.text)).status_code == 303
