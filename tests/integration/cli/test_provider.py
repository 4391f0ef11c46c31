"""The commands about a calendar provider, with one in memory."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

import pytest

from booking_core import (
    Actor,
    BookingId,
    CalendarEvent,
    CalendarRef,
    CalendarTag,
    Contact,
    EventType,
    ProviderFailed,
    SessionType,
    Slot,
    SlotUnavailable,
)
from entrypoints import times
from entrypoints.cli import provider
from entrypoints.cli.output import Screen
from entrypoints.container import Application
from entrypoints.settings import Settings
from tests.integration.cli.conftest import WHO, Command, day_ahead
from tests.integration.posting_calendar import PostingCalendar, application_on

URI = "https://calendar.test/event_types/et_1"
OWN = "http://127.0.0.1:8000/api/webhooks/calendly"
SYSTEM = Actor.system()
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def calendar(service: Application, monkeypatch: pytest.MonkeyPatch) -> PostingCalendar:
    """Ada's calendar at a provider, where Intro is an event type."""
    calendar = PostingCalendar()
    monkeypatch.setattr(
        "entrypoints.container.assemble", lambda settings: application_on(calendar, settings)
    )
    service.core.change_session_type(
        session_type_id=intro(service).id,
        changes={"calendar_ref": CalendarRef("et_1", URI)},
        actor=SYSTEM,
    )
    return calendar


def intro(service: Application) -> SessionType:
    offer = service.core.show_session_type(session_type="intro", builder="ada", actor=SYSTEM)
    return offer.session_type


def at(clock: str, days: int = 3) -> Slot:
    start = datetime.fromisoformat(f"{day_ahead(days)}T{clock}:00+00:00")
    return Slot(start, start + HALF_AN_HOUR)


def placed(
    service: Application, calendar: PostingCalendar, slot: Slot, tag: CalendarTag | None = None
) -> CalendarEvent:
    return calendar.place(
        builder=service.core.show_builder(name="ada", actor=SYSTEM),
        session_type=intro(service),
        slot=slot,
        tag=tag,
        contact=Contact("Cy", "cy@example.org", "UTC"),
    )


def booked(run: Command, slot: Slot) -> dict[str, Any]:
    start = slot.start.isoformat()
    found: dict[str, Any] = run.json("book", "ada/intro", start, *WHO)["booking"]
    assert found["state"] == "CONFIRMED"
    return found


RANGE = ("--from", str(day_ahead(1)), "--to", str(day_ahead(10)))


# ---- a provider that says no -----------------------------------------------------------------------


def test_what_the_calendar_refuses_for_good_could_not_be_booked(
    run: Command, calendar: PostingCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise SlotUnavailable("refused", "No.")

    monkeypatch.setattr(calendar, "ensure_booked", refuse)
    line = ("book", "ada/intro", at("10:00").start.isoformat(), *WHO, "--key", "k")
    for _ in range(2):
        told = run.json(*line, code=1)
        assert (told["code"], told["reason"]) == ("slot_unavailable", "refused")
    [failed] = run.json("bookings", "--state", "failed")["bookings"]
    assert "does not accept this booking" in " ".join(run("show", failed["id"]).stdout.split())


@pytest.mark.usefixtures("calendar")
def test_a_repeat_for_a_booking_that_has_ended_does_not_say_that_it_waits(run: Command) -> None:
    line = ("book", "ada/intro", at("10:00").start.isoformat(), *WHO, "--key", "k")
    run("cancel", run.json(*line)["booking"]["id"], "--reason", "Ill")
    assert "It could not be booked: Ill" in run(*line, code=1).stdout


@pytest.mark.usefixtures("calendar")
def test_a_booking_that_waits_for_its_time_is_shown_with_link_and_deadline(
    run: Command, service: Application
) -> None:
    begun = service.core.initialize_booking(
        session_type_id=intro(service).id,
        actor=Actor.anonymous(),
        contact=Contact("Cy", "cy@example.org", "UTC"),
    ).booking
    assert begun.deadline
    shown = run("show", begun.id).stdout
    assert times.day_and_clock(begun.deadline, "UTC") in shown
    assert "https://calendar.test/" in shown
    assert run.json("show", begun.id)["booking"]["bookingUrl"].startswith("https://calendar.test/")


@pytest.mark.usefixtures("calendar")
def test_a_cancelled_time_is_not_called_free_while_its_event_stands(run: Command) -> None:
    told = run("cancel", booked(run, at("10:00"))["id"]).stdout
    assert "free again once the calendar has answered" in told


# ---- repair (E5) ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("calendar")
def test_books_that_agree_need_no_repair(run: Command) -> None:
    booked(run, at("10:00"))
    assert run.json("repair", *RANGE) == {
        "bookings": 1, "events": 1, "differences": [], "failed": [], "dryRun": False,
    }  # fmt: skip
    assert "nothing differs" in run("repair", *RANGE, "--builder", "ada").stdout
    run("repair", *RANGE, "--builder", "nobody", code=66)
    run("repair", "--from", "yesterday", code=65)


def test_what_lost_notices_left_behind_is_mended(
    run: Command, service: Application, calendar: PostingCalendar
) -> None:
    cancelled, moved = booked(run, at("10:00")), booked(run, at("12:00"))
    events = {each.slot: each.ref for each in calendar.standing()}
    calendar.cancel(events[at("10:00")])
    calendar.move(events[at("12:00")], at("15:00"))
    unknown = placed(service, calendar, at("17:00"))

    would = run.json("repair", *RANGE, "--dry-run", code=1)
    assert would["dryRun"]
    assert not any(each["mended"] for each in would["differences"])
    shown = run("repair", *RANGE, "--dry-run", code=1).stdout
    assert "nothing was changed" in shown
    assert "missed change: cancelled" in shown
    there = [times.day_and_clock(at(hour).start, "UTC") for hour in ("12:00", "15:00")]
    assert " → ".join(there) in shown
    assert unknown.event_uri in shown

    done = run.json("repair", *RANGE)
    assert sorted(each["kind"] for each in done["differences"]) == [
        "missed change", "missed change", "missed event",
    ]  # fmt: skip
    assert all(each["mended"] for each in done["differences"])
    assert run.json("repair", *RANGE)["differences"] == []
    states = {each["id"]: each for each in run.json("bookings")["bookings"]}
    assert states[cancelled["id"]]["state"] == "CANCELLED"
    assert datetime.fromisoformat(states[moved["id"]]["startTime"]) == at("15:00").start
    assert len(states) == 3


def test_what_nobody_may_book_is_listed_and_stays(
    run: Command, service: Application, calendar: PostingCalendar
) -> None:
    event = placed(service, calendar, at("17:00"))
    service.core.change_session_type(
        session_type_id=intro(service).id, changes={"requires_auth": True}, actor=SYSTEM
    )
    shown = run("repair", *RANGE, code=1).stdout
    assert "Placed by clients who may not book them" in shown
    assert event.event_uri in shown
    (left,) = run.json("repair", *RANGE, code=1)["differences"]
    assert (left["kind"], left["mended"]) == ("unmatched", False)
    assert len(calendar.standing()) == 1


def test_what_could_not_be_mended_says_why(run: Command, calendar: PostingCalendar) -> None:
    booking = booked(run, at("10:00"))
    (event,) = calendar.standing()
    calendar.cancel(event.ref)
    calendar.break_next("events", error=ProviderFailed("Calendars are closed.", retryable=False))
    shown = run("repair", *RANGE, code=1).stdout
    assert "Calendars are closed." in shown
    assert BookingId(booking["id"]) in shown
    calendar.break_next("records")
    run("repair", *RANGE, code=75)


def test_a_bar_tells_how_far_it_is_on_terminals_only(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def drawn(stream: io.StringIO, screen: Screen) -> str:
        monkeypatch.setattr("sys.stderr", stream)
        with provider._progress(screen) as tell:
            tell(1, 2)
            tell(2, 2)
        return stream.getvalue()

    monkeypatch.setenv("TERM", "xterm")
    assert "2/2" in drawn(Terminal(), Screen())
    assert drawn(Terminal(), Screen(json=True)) == ""
    assert drawn(io.StringIO(), Screen()) == ""


# ---- event types (A6) ----------------------------------------------------------------------------


def test_a_sync_shows_what_differs_before_and_after(
    run: Command, service: Application, calendar: PostingCalendar
) -> None:
    ada = service.core.show_builder(name="ada", actor=SYSTEM)
    calendar.offers[ada.id] = [
        EventType(URI, "et_1", "Introduction", 30, True),
        EventType(f"{URI}0", "et_10", "Second opinion", 45, True),
    ]
    would = run("sync-event-types", "--dry-run").stdout
    assert "nothing was changed" in would
    assert "would be created  Second opinion" in would
    assert "would be updated  Introduction" in would
    assert run.json("sync-event-types", "--dry-run")["created"] == 1
    done = run("sync-event-types", "--builder", "ada").stdout
    assert "Introduction (title" in done
    assert "1 created, 1 updated" in done
    service.core.change_session_type(
        session_type_id=intro(service).id, changes={"title": "By Ada"}, actor=SYSTEM
    )
    again = run("sync-event-types").stdout
    assert "Edited here, so kept" in again
    assert "By Ada" in again
    assert intro(service).id not in again
    assert "0 created, 0 updated" in again
    told = run.json("sync-event-types")
    assert (told["unchanged"], [each["field"] for each in told["kept"]]) == (2, ["title"])
    run("sync-event-types", "--builder", "nobody", code=66)
    calendar.break_next("event_types", times=9)
    run("sync-event-types", code=75)


# ---- notices (E4) --------------------------------------------------------------------------------


def test_notices_are_registered_listed_rotated_and_ended(
    run: Command, calendar: PostingCalendar
) -> None:
    assert "webhooks register" in run("webhooks").stdout
    first = run.json("webhooks", "register")["webhook"]
    assert (first["url"], first["active"]) == (OWN, True)
    assert run.json("webhooks", "register")["webhook"] == first
    shown = run("webhooks", "list").stdout
    assert OWN in shown
    assert times.day_and_clock(calendar.subscribed[0].created_at, "UTC") in shown
    rotated = run.json("webhooks", "rotate")["webhook"]
    assert (rotated["url"], rotated["uri"] != first["uri"]) == (OWN, True)
    assert [each["uri"] for each in run.json("webhooks")["webhooks"]] == [rotated["uri"]]
    other = calendar.subscribe(url="https://example.org/hook")
    assert "Ended 1" in run("webhooks", "remove").stdout
    assert run.json("webhooks")["webhooks"][0]["uri"] == other.uri
    run("webhooks", "remove", code=66)
    assert run.json("webhooks", "remove", other.uri)["removed"] == 1


def test_notices_that_the_provider_gave_up_are_seen(
    run: Command, calendar: PostingCalendar
) -> None:
    run("webhooks", "register")
    calendar.give_up()
    assert "gave it up" in run("webhooks").stdout
    findings = {each["name"]: each for each in run.json("doctor", code=1)["findings"]}
    assert not findings["notices"]["ok"]
    assert "webhooks register" in findings["notices"]["advice"]
    run("webhooks", "rotate")
    findings = {each["name"]: each for each in run.json("doctor")["findings"]}
    assert findings["notices"]["ok"]
    assert findings["scheduling"]["detail"] == "1 builder directly"


@pytest.mark.usefixtures("calendar")
def test_who_is_added_where_hours_are_the_providers_is_not_told_to_set_them(run: Command) -> None:
    add = ("builders", "add", "--name", "Cy", "--email", "cy@example.org", "--timezone", "UTC")
    told = run(*add).stdout
    assert "sync-event-types" in told
    assert "hours" not in told


@pytest.mark.parametrize(
    ("public_url", "base_url", "key", "well"),
    [
        ("", "", "k", True),
        ("", "http://127.0.0.1:12112", "k", False),
        ("", "http://127.0.0.1:12112", "", True),
        ("http://book.example.org", "", "k", False),
        ("https://book.example.org", "", "", False),
    ],
)
@pytest.mark.usefixtures("calendar")
def test_doctor_says_when_nobody_asked_for_notices(
    run: Command,
    environment: pytest.MonkeyPatch,
    public_url: str,
    base_url: str,
    key: str,
    well: bool,
) -> None:
    environment.setenv("PUBLIC_URL", public_url)
    environment.setenv("SECRET_KEY", "k" * 32)
    environment.setenv("CALENDLY_API_BASE_URL", base_url)
    environment.setenv("CALENDLY_WEBHOOK_SIGNING_KEY", key)
    findings = run.json("doctor", code=0 if well else 1)["findings"]
    found = next(each for each in findings if each["name"] == "notices")
    assert found["ok"] is well
    assert well or "webhooks register" in found["advice"]
    assert ("nobody else reaches" in found["detail"]) is (well and not base_url)


def found_of_notices(run: Command, *, code: int) -> dict[str, Any]:
    findings = run.json("doctor", code=code)["findings"]
    return next(each for each in findings if each["name"] == "notices")


def test_doctor_says_when_what_is_posted_is_refused(
    run: Command, calendar: PostingCalendar, environment: pytest.MonkeyPatch
) -> None:
    run("webhooks", "register")
    assert found_of_notices(run, code=0)["ok"]
    calendar.fail()
    found = found_of_notices(run, code=1)
    assert "fails since" in found["detail"]
    assert "CALENDLY_WEBHOOK_SIGNING_KEY" in found["advice"]
    environment.setenv("BOOKING_CALENDAR", "calendly")
    assert "no key proves it" in found_of_notices(run, code=1)["detail"]


@pytest.mark.usefixtures("calendar")
def test_where_all_bookings_go_by_link_notices_are_not_missed(
    run: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("CALENDLY_API_BASE_URL", "http://127.0.0.1:12112")
    environment.setenv("CALENDLY_WEBHOOK_SIGNING_KEY", "k")
    advice = found_of_notices(run, code=1)["advice"]
    assert "builders change NAME --scheduling-mode link" in advice
    run("builders", "change", "ada", "--scheduling-mode", "link")
    assert "repair" in found_of_notices(run, code=0)["detail"]


def event_types(run: Command, *, code: int) -> dict[str, Any]:
    findings = run.json("doctor", code=code)["findings"]
    return next(each for each in findings if each["name"] == "event types")


def test_where_nothing_is_offered_no_event_type_is_missing(
    booking: Command, environment: pytest.MonkeyPatch
) -> None:
    environment.setattr(
        "entrypoints.container.assemble",
        lambda settings: application_on(PostingCalendar(), settings),
    )
    booking("migrate")
    assert event_types(booking, code=1)["ok"], "only the builders are missing"


def test_doctor_names_what_is_not_as_long_as_its_event_type(
    run: Command, service: Application, calendar: PostingCalendar
) -> None:
    ada = service.core.show_builder(name="ada", actor=SYSTEM).id
    calendar.offers = {ada: [EventType(URI, "et_1", "Intro", 45, True)]}
    run("webhooks", "register")
    found = event_types(run, code=1)
    assert found["detail"] == "1 session type not as long as the event type: ada/intro"
    assert "sync-event-types" in found["advice"]
    run("sync-event-types")
    assert event_types(run, code=0)["ok"]


def test_what_has_no_event_type_is_named_and_never_tried_again(
    run: Command, calendar: PostingCalendar, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PostingCalendar, "needs_event_type", True)
    found = event_types(run, code=1)
    names = "ada/deep-dive, ada/group, ada/route, ada/survey"
    assert sorted(found["detail"].partition(": ")[2].split(", ")) == names.split(", ")
    assert found["detail"].startswith("4 session types without an event type: ")
    assert "Deactivate them" in found["advice"]
    assert "deactivate it" in run("slots", "ada/group", code=78).stderr
    hidden = run.json("explain-visibility", "ada/group", "--as", "anonymous")
    assert "no event type" in str(hidden)


def test_what_a_provider_refuses_for_good_is_not_to_be_tried_again(
    run: Command, calendar: PostingCalendar
) -> None:
    calendar.break_next("open_slots", error=ProviderFailed("No.", retryable=False))
    run("slots", "ada/intro", code=69)


def test_a_calendar_that_sends_no_notices_says_so(run: Command) -> None:
    told = run.json("webhooks", "register", code=78)
    assert told["setting"] == "BOOKING_CALENDAR"
    assert "sends no notices" in told["error"]


def test_the_job_loop_watches_over_the_notices(
    service: Application, calendar: PostingCalendar
) -> None:
    from threading import Event, Thread

    from entrypoints import worker

    calendar.subscribe(url=OWN)
    calendar.give_up()
    application, stop = application_on(calendar, Settings.load()), Event()
    made_anew = Event()
    subscribe = calendar.subscribe

    def seen(*, url: str) -> Any:
        found = subscribe(url=url)
        made_anew.set()
        return found

    calendar.subscribe = seen  # type: ignore[method-assign]
    loop = Thread(target=worker.run, args=(application, stop))
    loop.start()
    try:
        assert made_anew.wait(20)
    finally:
        stop.set()
        loop.join(20)
        application.close()
    assert [(each.url, each.active) for each in calendar.subscribed] == [(OWN, True)]
