"""What stands under an address, and everything of a builder."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.calendly import CalendlyCalendar
from adapters.memory import MemoryStore
from booking_core import InvalidRequest, NotFound, ProviderFailed, TimeWindow
from booking_core.testing.examples import NOW, a_builder
from tests.integration.calendly.conftest import Connect
from tests.integration.calendly.given import ELEVEN, TAG, TEN, waiting
from tests.simulators.calendly import EventType, Fault, Invitee, Question, Simulator, User

WEEK = TimeWindow(NOW, NOW + timedelta(days=7))


def visitor(sim: Simulator, event_type: EventType, query: str = "", **form: str) -> Invitee:
    """Somebody books at the public page."""
    page = f"{sim.pages}/{event_type.owner.slug}/{event_type.slug}?{query}"
    filled = {"name": "Bo Guest", "email": "bo@example.test", "timezone": "Europe/Lisbon"} | form
    return sim.book_at(page, TEN.start, **filled)


def test_an_event_that_was_placed_at_the_page_is_read_whole(
    calendar: CalendlyCalendar, sim: Simulator, host: User, advice: EventType
) -> None:
    advice.questions = [Question("Company"), Question("Booking")]
    invitee = visitor(
        sim, advice, f"salesforce_uuid={TAG}&utm_content=bkg_1&utm_term=x", a1="Example", a2="bkg_7"
    )
    found = calendar.find(event_uri=invitee.event.uri, invitee_uri=invitee.uri)
    assert (found.slot, found.event_type_uri, found.tag) == (TEN, advice.uri, TAG)
    assert (found.event.account, found.event.place) == (host.uri, invitee.uri)
    assert (found.contact.name, found.contact.email) == ("Bo Guest", "bo@example.test")
    assert found.contact.timezone == "Europe/Lisbon"
    assert found.answers == (("Company", "Example"), ("Booking", "bkg_7"))
    assert list(found.named_bookings()) == ["bkg_1", "x", "Example", "bkg_7"]
    assert not found.cancelled


def test_guests_are_read_as_far_as_they_can_be_written_to(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    guests = "Bea@example.test,BO@example.test,nobody,bea@example.test,cy@example.test"
    invitee = visitor(sim, advice, guests=guests)
    found = calendar.find(event_uri=invitee.event.uri)
    assert found.guests == ("Bea@example.test", "cy@example.test")


def test_whose_guests_those_of_a_group_are_is_not_told(
    calendar: CalendlyCalendar, sim: Simulator, host: User
) -> None:
    course = sim.event_type(host, "Course", duration=60, kind="group", limit=3)
    invitee = visitor(sim, course, guests="bea@example.test")
    assert calendar.find(event_uri=invitee.event.uri).guests is None


def test_without_an_invitee_the_only_one_is_meant(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    invitee = visitor(sim, advice)
    assert calendar.find(event_uri=invitee.event.uri).event.invitee_uri == invitee.uri
    sim.cancel(invitee, by="invitee")
    assert calendar.find(event_uri=invitee.event.uri).cancelled


def test_of_several_clients_one_has_to_be_named(
    calendar: CalendlyCalendar, sim: Simulator, host: User
) -> None:
    course = sim.event_type(host, "Course", duration=60, kind="group", limit=3)
    first, second = visitor(sim, course), visitor(sim, course, email="bea@example.test")
    with pytest.raises(NotFound):
        calendar.find(event_uri=first.event.uri)
    found = calendar.find(event_uri=first.event.uri, invitee_uri=second.uri)
    assert found.contact.email == "bea@example.test"


def test_a_moved_one_says_which_ones_it_replaces(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    first = visitor(sim, advice)
    second = sim.reschedule(first, TEN.start + timedelta(hours=3))
    third = sim.reschedule(second, ELEVEN.start)
    found = calendar.find(event_uri=third.event.uri, invitee_uri=third.uri)
    assert (found.replaces, found.slot) == ((second.uri, first.uri), ELEVEN)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "https://api.calendly.com/users/u-1",
        "https://api.calendly.com/scheduled_events/",
        "https://api.calendly.com/scheduled_events/../users/me",
        "https://api.calendly.com/scheduled_events/a%2Fb",
        "https://api.calendly.com/scheduled_events/a?x=/scheduled_events/",
        "https://api.calendly.com/scheduled_events/unknown",
        "http://[::1/scheduled_events/a",
        "https://api.calendly.com/scheduled_events/" + "a" * 1_000,
        "https://api.calendly.com/scheduled_events/a\n",
    ],
)
def test_what_names_no_event_of_ours_is_not_found(calendar: CalendlyCalendar, uri: str) -> None:
    with pytest.raises(NotFound):
        calendar.find(event_uri=uri)


def test_an_address_that_is_none_of_calendlys_is_refused_and_nobody_is_asked(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    invitee = visitor(sim, advice)
    event, place = (
        uri.replace("api.calendly.com", "evil.example:1")
        for uri in (invitee.event.uri, invitee.uri)
    )
    before = len(sim.calls)
    for given, pointer in (
        ({"event_uri": event}, "/calendlyEventUri"),
        ({"event_uri": "https://evil.example/"}, "/calendlyEventUri"),
        ({"event_uri": invitee.event.uri, "invitee_uri": place}, "/calendlyInviteeUri"),
    ):
        with pytest.raises(InvalidRequest) as refused:
            calendar.find(**given)
        assert [each.pointer for each in refused.value.errors] == [pointer]
    assert len(sim.calls) == before


def test_an_invitee_of_another_event_is_not_found(
    calendar: CalendlyCalendar, sim: Simulator, host: User, advice: EventType
) -> None:
    one = visitor(sim, advice)
    other = sim.book_at(
        f"{sim.pages}/{host.slug}/{advice.slug}", ELEVEN.start, "Bea", "bea@example.test"
    )
    mixed = f"{one.event.uri}/invitees/{other.id}"
    for invitee_uri in (other.uri, mixed, "https://api.calendly.com/x"):
        with pytest.raises(NotFound):
            calendar.find(event_uri=one.event.uri, invitee_uri=invitee_uri)


def test_an_event_of_somebody_elses_account_is_not_found(
    calendar: CalendlyCalendar, sim: Simulator
) -> None:
    stranger = sim.user("Eve Host")
    invitee = visitor(sim, sim.event_type(stranger, "Other", duration=60))
    with pytest.raises(NotFound):
        calendar.find(event_uri=invitee.event.uri, invitee_uri=invitee.uri)


def test_a_token_that_may_not_read_is_no_event_that_is_not_there(
    connect: Connect, sim: Simulator, host: User, advice: EventType
) -> None:
    blind = connect(sim.token(host, ["users:read"]))
    with pytest.raises(ProviderFailed, match="scheduled_events:read"):
        blind.find(event_uri=visitor(sim, advice).event.uri)


@pytest.mark.parametrize(
    ("changes", "name", "zone"),
    [
        ({"name": "", "first_name": "Bo", "last_name": "Guest"}, "Bo Guest", "UTC"),
        ({"name": "", "first_name": None, "last_name": None}, "bo", "UTC"),
        ({"timezone": None}, "Bo Guest", None),
        ({"timezone": "Mars/Olympus"}, "Bo Guest", None),
        ({"name": "B" * 300}, "B" * 200, "UTC"),
        ({"name": "Bo\x1b[2J\x9b Guest"}, "Bo[2J Guest", "UTC"),
        ({"timezone": "Asia/Kathmandu"}, "Bo Guest", "Asia/Kathmandu"),
    ],
)
def test_a_client_without_a_name_or_a_zone_is_still_a_client(
    calendar: CalendlyCalendar,
    sim: Simulator,
    advice: EventType,
    changes: dict,
    name: str,
    zone: str | None,
) -> None:
    invitee = visitor(sim, advice, timezone="UTC")
    for key, value in changes.items():
        setattr(invitee, key, value)
    contact = calendar.find(event_uri=invitee.event.uri).contact
    assert (contact.name, contact.timezone) == (name, zone)


# ---- records ---------------------------------------------------------------------------------------


def test_everything_of_the_builder_is_listed_by_whomever_it_was_booked(
    calendar: CalendlyCalendar, sim: Simulator, host: User, advice: EventType
) -> None:
    old = visitor(sim, advice)
    moved = sim.reschedule(old, TEN.start + timedelta(hours=2))
    calendar.ensure_booked(booking=waiting(advice, ELEVEN), slot=ELEVEN)
    found = calendar.records(builder=a_builder(), window=WEEK)
    assert [(each.slot.start.hour, each.cancelled, each.replaces) for each in found] == [
        (10, True, ()),
        (11, False, ()),
        (12, False, (old.uri,)),
    ]
    assert found[2].event.invitee_uri == moved.uri


def test_only_what_starts_within_the_window_is_listed(
    calendar: CalendlyCalendar, advice: EventType
) -> None:
    calendar.ensure_booked(booking=waiting(advice), slot=TEN)
    calendar.ensure_booked(booking=waiting(advice, ELEVEN, id="bkg_2"), slot=ELEVEN)
    window = TimeWindow(TEN.start, ELEVEN.start)
    found = calendar.records(builder=a_builder(), window=window)
    assert [each.slot for each in found] == [TEN]


def test_a_client_that_cannot_be_written_to_does_not_hide_the_others(
    calendar: CalendlyCalendar,
    sim: Simulator,
    advice: EventType,
    caplog: pytest.LogCaptureFixture,
) -> None:
    visitor(sim, advice).email = "bo@localhost"
    calendar.ensure_booked(booking=waiting(advice, ELEVEN), slot=ELEVEN)
    found = calendar.records(builder=a_builder(), window=WEEK)
    assert [each.slot for each in found] == [ELEVEN]
    assert "left out" in caplog.text
    assert "bo@" not in caplog.text


def test_a_client_that_cannot_be_written_to_has_no_booking(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    invitee = visitor(sim, advice)
    invitee.email = "bo@localhost"
    with pytest.raises(ProviderFailed) as failed:
        calendar.find(event_uri=invitee.event.uri)
    assert not failed.value.retryable


def test_a_list_that_breaks_off_is_an_error_and_not_a_short_list(
    calendar: CalendlyCalendar, sim: Simulator, advice: EventType
) -> None:
    visitor(sim, advice)
    sim.faults.order("GET /scheduled_events/*/invitees", Fault.ERROR_500, times=3)
    with pytest.raises(ProviderFailed):
        calendar.records(builder=a_builder(), window=WEEK)


# ---- whose account ---------------------------------------------------------------------------------


def test_each_builder_has_an_account_of_its_own(
    connect: Connect, sim: Simulator, host: User, advice: EventType, token: str
) -> None:
    """An admin's token acts for all; the booking keeps whose event it is."""
    bea = sim.user("Bea Host", organization=host.organization, role="user")
    hers = sim.event_type(bea, "Hers", duration=60)
    store = MemoryStore()
    builder = a_builder(calendar_account=bea.uri)
    with store() as uow:
        uow.builders.save(builder)
        uow.commit()
    calendar = connect(token, store)
    booking = waiting(hers)
    event = calendar.ensure_booked(booking=booking, slot=TEN)
    assert event.account == bea.uri
    assert calendar.ensure_booked(booking=booking, slot=TEN) == event
    assert [each.name for each in calendar.event_types(builder=builder)] == ["Hers"]
    assert [each.event.account for each in calendar.records(builder=builder, window=WEEK)] == [
        bea.uri
    ]
    assert calendar.records(builder=a_builder(), window=WEEK) == []
    booking.calendar_booked(event)
    calendar.ensure_absent(booking=booking, slot=TEN)
    assert sim.events("active") == []


def test_an_account_that_is_no_user_is_named(calendar: CalendlyCalendar) -> None:
    with pytest.raises(ProviderFailed, match="calendar account"):
        calendar.event_types(builder=a_builder(calendar_account="ana"))
