"""Settings, who we are, and what is offered."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import entry_points

import pytest

from adapters.calendly import CalendlyApi, CalendlyCalendar, PersonalToken, Transport, build, offers
from adapters.calendly.records import AskedQuestion
from adapters.memory import MemoryStore
from booking_core import InvalidRequest, Location, LocationKind, Question, QuestionKind, SystemClock
from booking_core.testing.examples import NOW, a_builder
from tests.integration.calendly import given
from tests.integration.calendly.conftest import Connect
from tests.integration.calendly.given import TEN, waiting
from tests.simulators.calendly import CalendlyServer, EventType, Fault, Place, Simulator, User
from tests.simulators.calendly import Question as Asked

KEY = "a-personal-access-token"
NOTICES = "CALENDLY_WEBHOOK_SIGNING_KEY"


def built(**settings: str) -> CalendlyCalendar:
    return build(settings=settings, unit_of_work=MemoryStore(), clock=SystemClock())


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "CALENDLY_API_KEY: it is missing"),
        ({"CALENDLY_API_KEY": "short"}, "CALENDLY_API_KEY: it is too short"),
        (
            {"CALENDLY_API_KEY": "a token\nwith: a header"},
            "CALENDLY_API_KEY: no token has such characters",
        ),
        *(
            ({"CALENDLY_API_KEY": KEY, NOTICES: keys}, NOTICES)
            for keys in ("short", f"{'k' * 32},header")
        ),
        *(
            ({"CALENDLY_API_KEY": KEY, "CALENDLY_API_BASE_URL": url}, "CALENDLY_API_BASE_URL")
            for url in ("calendly.com", "ftp://x", "https://", "https://a:b@c", "https://x:99999")
        ),
    ],
)
def test_a_setting_that_is_wrong_is_named_and_not_shown(
    settings: dict[str, str], name: str
) -> None:
    with pytest.raises(ValueError, match=f"^{name}.+") as wrong:
        built(**settings)
    assert "header" not in str(wrong.value)


def test_it_is_chosen_by_its_name(calendly: CalendlyServer, token: str, advice: EventType) -> None:
    [found] = [each for each in entry_points(group="booking.calendars") if each.name == "calendly"]
    settings = {
        "CALENDLY_API_KEY": token,
        "CALENDLY_API_BASE_URL": f"{calendly.url}/",
        "CALENDLY_WEBHOOK_SIGNING_KEY": f"{'new' * 11}, {'old' * 11}",
        "CALENDLY_USERNAME": "https://calendly.com/ana-host",
    }
    calendar = found.load()(settings=settings, unit_of_work=MemoryStore(), clock=SystemClock())
    health = calendar.health()
    assert (health.ok, health.detail.partition(";")[0]) == (True, "Calendly answers as ana-host")


@pytest.mark.parametrize(
    ("username", "well"),
    [("", True), ("ana-host", True), ("Ana-Host@example.test", True), ("bea-host", False)],
)
def test_the_owner_of_the_token_is_held_against_the_setting(
    connect: Connect, token: str, username: str, well: bool
) -> None:
    health = connect(token, username=username).health()
    assert health.ok is well
    assert well or "CALENDLY_USERNAME" in health.detail


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        (Fault.UNAUTHENTICATED, "CALENDLY_API_KEY"),
        (Fault.ERROR_500, "500"),
        (Fault.DROP_BEFORE, "reached"),
        (Fault.EDGE_BLOCK, "403"),
    ],
)
def test_what_is_wrong_is_said_and_not_raised(
    calendar: CalendlyCalendar, sim: Simulator, fault: Fault, word: str
) -> None:
    sim.faults.order("GET /users/me", fault, times=3)
    health = calendar.health()
    assert not health.ok
    assert word in health.detail


def test_a_token_without_scopes_says_which_one_it_lacks(
    connect: Connect, sim: Simulator, host: User
) -> None:
    health = connect(sim.token(host, [])).health()
    assert not health.ok
    assert "users:read" in health.detail


# ---- what is offered -------------------------------------------------------------------------------


def test_event_types_are_told_with_what_they_ask_and_where(
    calendar: CalendlyCalendar, sim: Simulator, host: User
) -> None:
    sim.event_type(
        host,
        "Intro call",
        description="Half an hour.",
        questions=[
            Asked("Your company", required=True),
            Asked("Tell us more", "text"),
            Asked("Number", "phone_number"),
            Asked("Size", "single_select", answer_choices=["S", "M"]),
            Asked("Topics", "multi_select", answer_choices=["A", "B"]),
            Asked("Colour", "single_select", answer_choices=["red"], include_other=True),
            Asked("Your company?"),
            Asked("???"),
            Asked("Off", enabled=False),
        ],
        places=[Place("physical", "Main Street 1")],
    )
    [found] = calendar.event_types(builder=a_builder())
    assert (found.name, found.duration_minutes, found.active) == ("Intro call", 30, True)
    assert (found.description, found.capacity) == ("Half an hour.", 1)
    assert found.location == Location(LocationKind.ADDRESS, "Main Street 1")
    assert found.scheduling_url.endswith("/ana-host/intro-call")
    assert list(found.questions) == [
        Question("your-company", "Your company", required=True),
        Question("tell-us-more", "Tell us more", QuestionKind.LONG_TEXT),
        Question("number", "Number", QuestionKind.INTERNATIONAL_PHONE),
        Question("size", "Size", QuestionKind.SINGLE_CHOICE, choices=("S", "M")),
        Question("topics", "Topics", QuestionKind.MULTIPLE_CHOICE, choices=("A", "B")),
        Question("colour", "Colour"),
        Question("your-company-2", "Your company?"),
        Question("question", "???"),
    ]


@pytest.mark.parametrize(
    ("place", "location"),
    [
        (Place("zoom_conference"), Location(LocationKind.VIDEO)),
        (Place("inbound_call", phone_number="+49301"), Location(LocationKind.PHONE, "+49301")),
        (Place("outbound_call"), Location(LocationKind.PHONE)),
        (Place("ask_invitee"), Location(LocationKind.ASK_CLIENT)),
        (Place("custom", "by the lake"), Location(LocationKind.PROVIDER, "by the lake")),
        (Place("something_new"), Location()),
    ],
    ids=lambda value: getattr(value, "text", ""),
)
def test_each_kind_of_place_is_one_of_ours(
    calendar: CalendlyCalendar, sim: Simulator, host: User, place: Place, location: Location
) -> None:
    sim.event_type(host, "Intro call", places=[place])
    assert calendar.event_types(builder=a_builder())[0].location == location


CALL_ME = Question(
    "phone",
    "Under which number shall we call you?",
    QuestionKind.INTERNATIONAL_PHONE,
    required=True,
)


@pytest.mark.parametrize(
    ("asked", "questions"),
    [
        ([], [CALL_ME]),
        (
            [Asked("Fax"), Asked("Phone")],
            [
                Question("fax", "Fax"),
                Question("phone", "Phone"),
                Question("phone-2", CALL_ME.prompt, CALL_ME.kind, required=True),
            ],
        ),
        (
            [Asked("Your number", "phone_number")],
            [Question("your-number", "Your number", QuestionKind.INTERNATIONAL_PHONE, True)],
        ),
        (
            [Asked("Yours", "phone_number"), Asked("Other", "phone_number", required=True)],
            [
                Question("yours", "Yours", QuestionKind.INTERNATIONAL_PHONE),
                Question("other", "Other", QuestionKind.INTERNATIONAL_PHONE, True),
            ],
        ),
    ],
    ids=["nobody asks", "not for a number", "not required", "required"],
)
def test_whoever_is_called_is_asked_for_the_number(
    calendar: CalendlyCalendar,
    sim: Simulator,
    host: User,
    asked: list[Asked],
    questions: list[Question],
) -> None:
    sim.event_type(host, "Called", places=[Place("outbound_call")], questions=asked)
    assert list(calendar.event_types(builder=a_builder())[0].questions) == questions


def test_who_calls_a_number_that_is_not_told_is_not_asked_for_one(
    calendar: CalendlyCalendar, sim: Simulator, host: User
) -> None:
    sim.event_type(host, "Call us", places=[Place("inbound_call")])
    [found] = calendar.event_types(builder=a_builder())
    assert (found.location, found.questions) == (Location(), ())


def test_groups_and_inactive_ones_are_told_too(
    calendar: CalendlyCalendar, sim: Simulator, host: User
) -> None:
    sim.event_type(host, "Course", kind="group", limit=5)
    sim.event_type(host, "Old", active=False)
    found = calendar.event_types(builder=a_builder())
    assert [(each.name, each.capacity, each.active) for each in found] == [
        ("Course", 5, True),
        ("Old", 1, False),
    ]


def test_polls_and_one_offs_are_left_out_and_secret_and_paid_ones_are_switched_off(
    calendar: CalendlyCalendar, sim: Simulator, host: User
) -> None:
    sim.event_type(host, "For all")
    sim.event_type(host, "Secret", secret=True)
    sim.event_type(host, "Paid", price=20.0)
    sim.event_type(host, "Poll", booking_method="poll")
    sim.event_type(host, "Once", type="AdhocEventType")
    found = calendar.event_types(builder=a_builder())
    assert [(each.name, each.active) for each in found] == [
        ("For all", True),
        ("Paid", False),
        ("Secret", False),
    ]


def test_the_size_of_a_group_does_not_shrink_with_those_who_come(
    connect: Connect, token: str, sim: Simulator, host: User
) -> None:
    course = sim.event_type(host, "Course", kind="group", limit=3, duration=60, slots=[TEN.start])
    page = f"{sim.pages}/{host.slug}/{course.slug}"
    told = []
    for number in range(4):
        [found] = connect(token).event_types(builder=a_builder())
        told.append(found.capacity)
        if number < 3:
            sim.book_at(page, TEN.start, f"Guest {number}", f"guest{number}@example.test")
    assert told == [3] * 4


def test_the_size_of_a_group_without_times_and_events_is_not_known(
    calendar: CalendlyCalendar, sim: Simulator, host: User
) -> None:
    sim.event_type(host, "Later", kind="group", limit=3, slots=[])
    sim.event_type(host, "Off", kind="group", limit=3, active=False)
    found = calendar.event_types(builder=a_builder())
    assert [each.capacity for each in found] == [None, None]


@pytest.mark.parametrize(
    "odd", ["tab\there", "bell\x07", "two\nlines", "\x1b[2J", "\u2028", "\x85"]
)
def test_an_odd_text_in_one_type_hides_no_other(
    calendar: CalendlyCalendar, sim: Simulator, host: User, odd: str
) -> None:
    sim.event_type(host, "Plain")
    sim.event_type(
        host,
        "Odd " + odd,
        questions=[Asked(odd), Asked("Pick", "single_select", answer_choices=[odd, "b"])],
        places=[Place("physical", odd)],
    )
    odd_one, plain = calendar.event_types(builder=a_builder())
    assert plain.name == "Plain"
    shown = [odd_one.name, odd_one.location.text, *odd_one.questions[-1].choices]
    assert all(text.isprintable() for text in shown)


def test_a_type_that_cannot_be_taken_over_is_reported_and_hides_no_other(
    calendar: CalendlyCalendar,
    sim: Simulator,
    host: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    sim.event_type(host, "Plain")
    odd = sim.event_type(host, "Odd", questions=[Asked("Odd one")])
    real = offers._question

    def refusing(asked: AskedQuestion, question_id: str) -> Question:
        if asked.name == "Odd one":
            raise InvalidRequest("A rule of ours that is not known yet.")
        return real(asked, question_id)

    monkeypatch.setattr(offers, "_question", refusing)
    assert [each.name for each in calendar.event_types(builder=a_builder())] == ["Plain"]
    assert f"event type {odd.id} cannot be taken over" in caplog.text


# ---- the rest of the client ------------------------------------------------------------------------


def test_busy_times_and_single_records_can_be_read(
    calendly: CalendlyServer,
    calendar: CalendlyCalendar,
    sim: Simulator,
    token: str,
    host: User,
    advice: EventType,
) -> None:
    transport = Transport(calendly.url, PersonalToken(token))
    api = CalendlyApi(transport)
    host.busy.append((given.ELEVEN.start, given.ELEVEN.end))
    calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    busy = api.busy_times(host.uri, NOW, NOW + timedelta(days=7))
    assert [(each.start.hour, each.external) for each in busy] == [(10, False), (11, True)]
    [invitee] = sim.invitees()
    no_show = sim.mark_no_show(invitee)
    assert api.no_show(no_show.id) == invitee.uri
    made = calendar.subscribe(url="https://booking.test/hooks")
    assert api.subscription(made.uri.rpartition("/")[2]).url == made.url
    transport.close()
