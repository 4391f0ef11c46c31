"""How calls go wrong, what is made of it, and what is written down about it."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

import httpx
import pytest

from adapters.calendly import Account, CalendlyApi, CalendlyCalendar, PersonalToken, Transport
from adapters.calendly import transport as transports
from adapters.calendly.refusals import CalendlyError, told_as_failures
from booking_core import Booking, ProviderFailed, TimeWindow, waiting_at_most
from booking_core.testing.examples import NOW, a_builder, a_session_type
from tests.integration.calendly.conftest import Connect
from tests.integration.calendly.given import KEYS, TEN, waiting
from tests.simulators.calendly import CalendlyServer, EventType, Fault, Simulator, User

SOON = timedelta(seconds=30)
WEEK = TimeWindow(NOW, NOW + timedelta(days=7))
Do = Callable[[CalendlyCalendar, Booking], object]

#: each method of the port, and a call that it makes
CALLS: dict[str, tuple[str, Do]] = {
    "open_slots": (
        "GET /event_type_available_times",
        lambda calendar, booking: calendar.open_slots(
            builder=a_builder(),
            session_type=a_session_type(calendar_ref=booking.calendar_ref),
            window=WEEK,
        ),
    ),
    "next_start": (
        "GET /event_type_available_times",
        lambda calendar, booking: calendar.next_start(
            builder=a_builder(),
            session_type=a_session_type(calendar_ref=booking.calendar_ref),
            after=NOW,
        ),
    ),
    "explain": (
        "GET /event_type_available_times",
        lambda calendar, booking: calendar.explain(
            builder=a_builder(),
            session_type=a_session_type(calendar_ref=booking.calendar_ref),
            start=TEN.start,
        ),
    ),
    "ensure_booked": (
        "GET /scheduled_events",
        lambda calendar, booking: calendar.ensure_booked(booking=booking, slot=TEN),
    ),
    "ensure_absent": (
        "GET /scheduled_events/*/invitees*",
        lambda calendar, booking: calendar.ensure_absent(booking=booking, slot=TEN),
    ),
    "events": (
        "GET /scheduled_events",
        lambda calendar, booking: calendar.events(booking=booking),
    ),
    "records": (
        "GET /scheduled_events",
        lambda calendar, booking: calendar.records(builder=a_builder(), window=WEEK),
    ),
    "event_types": (
        "GET /event_types",
        lambda calendar, booking: calendar.event_types(builder=a_builder()),
    ),
    "scheduling_link": (
        "POST /scheduling_links",
        lambda calendar, booking: calendar.scheduling_link(
            builder=a_builder(),
            session_type=a_session_type(calendar_ref=booking.calendar_ref),
            booking=booking,
        ),
    ),
    "mark_no_show": (
        "GET /scheduled_events/*/invitees*",
        lambda calendar, booking: calendar.mark_no_show(booking=booking),
    ),
    "undo_no_show": (
        "GET /scheduled_events/*/invitees*",
        lambda calendar, booking: calendar.undo_no_show(booking=booking),
    ),
    "subscribe": (
        "POST /webhook_subscriptions",
        lambda calendar, _: calendar.subscribe(url="https://booking.test/hooks"),
    ),
    "subscriptions": (
        "GET /webhook_subscriptions",
        lambda calendar, _: calendar.subscriptions(),
    ),
}

#: what goes wrong for good -> whether trying later helps, and after how long
ERRORS = {
    Fault.UNAUTHENTICATED: (False, None),
    Fault.FORBIDDEN: (False, None),
    Fault.NOT_FOUND: (False, None),
    Fault.CONFLICT: (False, None),
    Fault.EDGE_BLOCK: (True, SOON),
    Fault.LIMIT: (True, SOON),
    Fault.LONG_LIMIT: (True, timedelta(seconds=50_000)),
    Fault.ERROR_500: (True, SOON),
    Fault.BAD_GATEWAY: (True, SOON),
    Fault.DROP_BEFORE: (True, SOON),
    Fault.EMPTY_AFTER: (True, SOON),
}


@pytest.fixture
def booked(calendar: CalendlyCalendar, advice: EventType) -> Booking:
    booking = waiting(advice)
    booking.calendar_booked(calendar.ensure_booked(booking=booking, slot=TEN))
    return booking


@pytest.mark.parametrize("fault", ERRORS)
@pytest.mark.parametrize("name", CALLS)
def test_whatever_goes_wrong_is_a_failure_of_the_provider(
    connect: Connect, sim: Simulator, token: str, booked: Booking, name: str, fault: Fault
) -> None:
    pattern, do = CALLS[name]
    sim.faults.order(pattern, fault, times=3)
    with pytest.raises(ProviderFailed) as failed:
        do(connect(token), booked)
    assert (failed.value.retryable, failed.value.retry_after) == ERRORS[fault]
    assert isinstance(failed.value.__cause__, CalendlyError)


@pytest.mark.parametrize(
    "fault", [Fault.ERROR_500, Fault.BAD_GATEWAY, Fault.DROP_BEFORE, Fault.DROP_AFTER]
)
@pytest.mark.parametrize("name", [name for name, (call, _) in CALLS.items() if call[0] == "G"])
def test_what_only_reads_is_tried_three_times(
    connect: Connect,
    sim: Simulator,
    token: str,
    booked: Booking,
    pauses: list[float],
    name: str,
    fault: Fault,
) -> None:
    pattern, do = CALLS[name]
    sim.faults.order(pattern, fault, times=2)
    do(connect(token), booked)
    assert len(pauses) == 2
    assert sum(pauses) < 1


@pytest.mark.parametrize("fault", [Fault.ERROR_500, Fault.DROP_BEFORE, Fault.DROP_AFTER])
def test_what_writes_is_never_sent_twice_by_itself(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType, fault: Fault
) -> None:
    booking = waiting(advice)
    for path in ("/invitees", "/invitee_no_shows", "/webhook_subscriptions", "*/cancellation"):
        sim.faults.order(f"POST {path}", fault, times=3)
    for do in (
        lambda: calendar.ensure_booked(booking=booking, slot=TEN),
        lambda: calendar.mark_no_show(booking=booking),
        lambda: calendar.subscribe(url="https://booking.test/hooks"),
        lambda: calendar.ensure_absent(booking=booking, slot=TEN),
    ):
        before = len([call for call in sim.calls if call.method == "POST"])
        with suppress(ProviderFailed):
            do()
        assert len([call for call in sim.calls if call.method == "POST"]) <= before + 1


def test_a_connection_that_never_stood_is_tried_again_even_for_a_booking(
    pauses: list[float], unused_port: int
) -> None:
    transport = Transport(
        f"http://127.0.0.1:{unused_port}", PersonalToken("x"), sleep=pauses.append
    )
    with pytest.raises(CalendlyError) as failed:
        CalendlyApi(transport).book({})
    transport.close()
    assert len(pauses) == 2
    assert not failed.value.outcome_unknown


def test_an_answer_that_does_not_come_in_time_is_not_waited_for(
    calendly: CalendlyServer, sim: Simulator, token: str, host: User
) -> None:
    sim.faults.delay = 1.0
    sim.faults.order("GET /users/me", Fault.SLOW)
    transport = Transport(
        calendly.url, PersonalToken(token), sleep=lambda _: None, timeout=httpx.Timeout(0.2)
    )
    assert CalendlyApi(transport).me().uri == host.uri, "the second try is answered"
    transport.close()
    assert len(sim.calls_to("GET", "/users/me")) == 2


def test_who_does_not_wait_for_long_is_not_kept_by_a_provider_that_hangs(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    sim.faults.order("GET /users/me", Fault.SLOW, times=3)
    with waiting_at_most(0.1):
        assert not calendar.health().ok
        assert len(sim.calls_to("GET", "/users/me")) <= 1, "a second try would come too late"
        with pytest.raises(ProviderFailed):
            calendar.events(booking=waiting(advice))
    assert len(sim.calls) <= 1, "nothing is asked for once the time is over"


def test_what_writes_is_not_begun_in_the_last_moment(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    with waiting_at_most(1.5), pytest.raises(ProviderFailed):
        calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    assert sim.calls_to("POST", "/invitees") == []


@pytest.mark.parametrize(
    ("headers", "waits"),
    [
        ({"Retry-After": "1"}, [1.0]),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2"}, [2.0]),
        ({"Retry-After": "soon"}, [0.2]),
        ({}, [0.2]),
        ({"Retry-After": "1", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "60"}, [1.0]),
        ({"Retry-After": "60"}, None),
        ({"Retry-After": "60.5"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"Retry-After": "Fri, 31 Dec 2100 23:59:59 GMT"}, None),
        ({"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}, [0.2]),
        ({"Retry-After": "soon", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "60"}, None),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "50000"}, None),
    ],
)
def test_a_short_wait_is_waited_and_a_long_one_is_told(
    answering: Callable[..., str],
    pauses: list[float],
    headers: dict[str, str],
    waits: list[float] | None,
) -> None:
    url = answering((429, headers, b"Too Many Requests"), (200, {}, b'{"resource": {}}'))
    transport = Transport(url, PersonalToken("x"), sleep=pauses.append)
    if waits is None:
        with pytest.raises(CalendlyError):
            transport.call("POST", "/invitees")
    else:
        assert transport.call("POST", "/invitees") == {"resource": {}}
    transport.close()
    assert pauses == (waits or [])


def test_a_failing_server_is_asked_again_when_it_says(
    answering: Callable[..., str], pauses: list[float]
) -> None:
    url = answering((503, {"Retry-After": "60"}, b""), (200, {}, b'{"resource": {}}'))
    api = CalendlyApi(transport := Transport(url, PersonalToken("x"), sleep=pauses.append))
    with pytest.raises(ProviderFailed) as failed, told_as_failures():
        api.me()
    transport.close()
    assert pauses == []
    assert failed.value.retry_after == timedelta(seconds=60)


def test_an_answer_that_is_too_large_is_not_read_to_its_end(
    answering: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports, "_LARGEST_ANSWER", 1000)
    transport = Transport(answering((200, {}, b"[" * 2000)), PersonalToken("x"), sleep=lambda _: 0)
    with pytest.raises(CalendlyError, match="ReadError"):
        CalendlyApi(transport).me()
    transport.close()


def test_an_answer_that_comes_in_drops_is_not_waited_for(
    answering: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports, "_LONGEST_ANSWER", 0.0)
    transport = Transport(answering((200, {}, b"{}")), PersonalToken("x"), sleep=lambda _: None)
    with pytest.raises(CalendlyError, match="ReadTimeout"):
        CalendlyApi(transport).me()
    transport.close()


@pytest.mark.parametrize("given", ["HTTPS://api.example.test", "https://api.example.test/"])
def test_who_answers_over_tls_has_to_prove_who_it_is(given: str) -> None:
    account = Account.read({"CALENDLY_API_KEY": "k" * 20, "CALENDLY_API_BASE_URL": given})
    assert account.base_url == "https://api.example.test"
    asked: list[object] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.Client, "__init__", lambda _, **said: asked.append(said["verify"]))
        Transport(account.base_url, PersonalToken("x"))
        Transport(given, PersonalToken("x"))
    assert asked == [True, True]


def test_a_token_that_cannot_be_sent_is_not_shown_by_the_error(
    calendly: CalendlyServer, caplog: pytest.LogCaptureFixture
) -> None:
    secret = PersonalToken("SECRET-token\nof-ours")
    transport = Transport(calendly.url, secret, sleep=lambda _: None)
    with pytest.raises(CalendlyError) as failed:
        CalendlyApi(transport).me()
    transport.close()
    shown = "".join(traceback.format_exception(failed.value)) + caplog.text
    assert "SECRET" not in shown


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"collection": [1]}']
)
def test_an_answer_that_cannot_be_read_is_a_failure(
    answering: Callable[..., str], body: bytes
) -> None:
    transport = Transport(answering((200, {}, body)), PersonalToken("x"), sleep=lambda _: None)
    with pytest.raises(CalendlyError):
        CalendlyApi(transport).event_types(whose={})
    transport.close()


def test_credentials_go_nowhere_but_to_the_configured_place(
    answering: Callable[..., str], calendly: CalendlyServer, sim: Simulator
) -> None:
    """Neither a redirect nor a page that is named in an answer leads them away."""
    away = {"Location": f"{calendly.url}/users/me"}
    more = b'{"collection": [], "pagination": {"next_page": "%s/event_types?x"}}'
    url = answering((302, away, b""), (200, {}, more % calendly.url.encode()))
    api = CalendlyApi(transport := Transport(url, PersonalToken("x"), sleep=lambda _: None))
    with pytest.raises(CalendlyError):
        api.me()
    assert api.event_types(whose={}) == []
    transport.close()
    assert sim.calls == []


def test_a_cookie_that_one_tokens_answer_sets_goes_along_with_no_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They share their connections, and a session at Calendly would be that of the first one."""
    asked: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.headers)
        return httpx.Response(200, json={}, headers={"Set-Cookie": "session=of-ana; Path=/"})

    client = partial(httpx.Client, transport=httpx.MockTransport(answer))
    monkeypatch.setattr(transports.httpx, "Client", client)
    ana = Transport("https://api.calendly.com", PersonalToken("ana"))
    for each in (ana, ana, ana.with_tokens(PersonalToken("bea"))):
        each.call("GET", "/users/me")
    ana.close()
    tokens = [each["Authorization"] for each in asked]
    assert tokens == ["Bearer ana", "Bearer ana", "Bearer bea"]
    assert not [each for each in asked if "Cookie" in each]


def test_a_list_that_never_ends_is_given_up(answering: Callable[..., str]) -> None:
    page = (200, {}, b'{"collection": [], "pagination": {"next_page_token": "again"}}')
    transport = Transport(answering(*[page] * 300), PersonalToken("x"))
    with pytest.raises(CalendlyError):
        CalendlyApi(transport).event_types(whose={})
    transport.close()


@pytest.mark.parametrize("keys", [(), ("count",), ("next_page_token",)])
def test_pages_of_older_answers_may_lack_keys(
    calendar: CalendlyCalendar, sim: Simulator, host: User, keys: tuple[str, ...]
) -> None:
    sim.switches.pagination = keys
    count = 130 if "next_page_token" in keys else 3
    for number in range(count):
        sim.event_type(host, f"Type {number}")
    assert len(calendar.event_types(builder=a_builder())) == count


def test_we_say_who_we_are(calendar: CalendlyCalendar, sim: Simulator, host: User) -> None:
    assert calendar.health().ok
    [call] = sim.calls
    assert call.headers["User-Agent"].startswith("booking-core")


# ---- what is written down --------------------------------------------------------------------------


def test_neither_the_token_nor_an_address_is_in_any_log_line_or_error(
    calendly: CalendlyServer,
    calendar: CalendlyCalendar,
    sim: Simulator,
    token: str,
    booked: Booking,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    told = []
    for name, (pattern, do) in CALLS.items():
        for fault in (None, *ERRORS):
            if fault is not None:
                sim.faults.order(pattern, fault, times=3)
            try:
                do(calendar, booked)
            except Exception as failed:
                told += [name, repr(failed), repr(failed.__cause__), repr(failed.__context__)]
            sim.faults.clear()
    written = " ".join([*told, *(record.getMessage() for record in caplog.records), caplog.text])
    assert "GET /scheduled_events" in written
    assert "HTTP Request" in written, "httpx writes its own lines"
    for secret in (token, "grace", "Grace", "Bearer", *KEYS):
        assert secret not in written
    shown = f"{calendar!r} {vars(calendar)!r} {PersonalToken(token)!r}"
    assert not any(secret in shown for secret in (token, *KEYS))


def test_each_line_has_the_id_of_its_request(
    calendar: CalendlyCalendar,
    sim: Simulator,
    booked: Booking,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sim.faults.order("GET /scheduled_events", Fault.ERROR_500)
    with caplog.at_level(logging.INFO, "booking.calendly"):
        calendar.events(booking=booked)
    ids = [
        record.getMessage().partition("request ")[2].partition(",")[0]
        for record in caplog.records
        if record.name == "booking.calendly"
    ]
    first = [each for each in ids if each == ids[0]]
    assert len(first) == 3, "the error, that it is tried again, and that it was answered"
    assert all(ids)
