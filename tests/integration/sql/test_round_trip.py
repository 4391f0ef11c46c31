"""What is saved is what is read: for any builder, session type and booking."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.sql import SqlStore
from booking_core import (
    Answer,
    Attempt,
    Booking,
    BookingState,
    Builder,
    CalendarEvent,
    CalendarRef,
    CancellationPolicy,
    Client,
    Contact,
    DayRange,
    Details,
    Flow,
    Language,
    Location,
    LocationKind,
    Money,
    Occupancy,
    Payment,
    PaymentStatus,
    Question,
    QuestionKind,
    RefundStep,
    Schedule,
    SessionType,
    Slot,
    TimeOff,
    TimeWindow,
)
from booking_core.testing.examples import a_builder, a_new_booking, a_session_type

few = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

# NUL and lone surrogates are refused (see test_errors).
texts = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\u2028\u2029"),
    max_size=30,
)
words = st.text("abcdefghij é漢", min_size=1, max_size=20).filter(str.strip)
sites = st.from_regex(r"https://[a-z0-9]{1,9}\.example(:[1-9][0-9]{0,3})?", fullmatch=True)
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])


def _between(first: str, last: str) -> st.SearchStrategy[datetime]:
    ends = datetime.fromisoformat(first), datetime.fromisoformat(last)
    return st.datetimes(*ends, timezones=st.just(UTC))


instants = _between("0001-01-02", "9999-12-30")
nearby = _between("2020-01-01", "2040-01-01")
lengths = st.timedeltas(timedelta(microseconds=1), timedelta(days=3))
minutes = st.integers(0, 1440).map(lambda count: timedelta(minutes=count))


def tuples_of(each: st.SearchStrategy[Any], **sizes: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(each, **sizes).map(tuple)


@st.composite
def windows(draw: Any, kind: type[TimeWindow] = TimeWindow) -> TimeWindow:
    start = draw(nearby)
    return kind(start, start + draw(lengths))


ranges = st.integers(0, 700).flatmap(
    lambda start: st.integers(start + 1, 740).map(lambda end: (DayRange(start, end),))
) | st.just((DayRange(0, 720), DayRange(800, 2240)))
money = st.builds(Money, st.integers(1, 10**12), st.sampled_from(["EUR", "JPY", "KWD"]))
occupancies = st.builds(
    Occupancy,
    zones,
    minutes,
    minutes,
    st.integers(1, 99),
    st.none() | st.integers(1, 9),
    minutes,
)
policies = st.builds(
    CancellationPolicy,
    minutes,
    st.lists(st.builds(RefundStep, minutes, st.integers(0, 100)), max_size=3),
)
locations = st.builds(Location, st.sampled_from(LocationKind), texts)

builders = st.builds(
    a_builder,
    name=words,
    schedule=st.builds(
        Schedule,
        zones,
        st.dictionaries(st.integers(0, 6), ranges),
        st.dictionaries(
            st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.just(()) | ranges, max_size=3
        ),
        st.lists(st.builds(TimeOff, windows(), texts), max_size=3),
    ),
    headline=texts,
    photo_url=st.none() | st.builds("{}/{}?é".format, sites, words.map(quote)),
    language=st.sampled_from(Language),
    reminders=tuples_of(st.timedeltas(timedelta(seconds=1), timedelta(days=60)), max_size=3),
    client_accounts=st.booleans(),
    embed_sites=tuples_of(sites, max_size=2),
    calendar_account=st.none() | texts,
    active=st.booleans(),
)
questions = st.builds(Question, words, words, required=st.booleans()) | st.builds(
    Question,
    words,
    words,
    st.just(QuestionKind.SINGLE_CHOICE),
    choices=tuples_of(words, min_size=1),
)
session_types = st.builds(
    a_session_type,
    title=words,
    description=texts,
    requires_auth=st.booleans(),
    duration=st.integers(5, 1440).map(lambda count: timedelta(minutes=count)),
    slot_step=st.none() | st.integers(5, 1440).map(lambda count: timedelta(minutes=count)),
    price=st.none() | money,
    capacity=st.integers(1, 1000),
    questions=tuples_of(questions, max_size=3, unique_by=lambda question: question.id),
    display_order=st.integers(-1000, 1000),
    active=st.booleans(),
    calendar_ref=st.none() | st.builds(CalendarRef, texts, texts),
    location=locations,
    buffer_before=minutes,
    buffer_after=minutes,
    minimum_notice=minutes,
    horizon=st.integers(1_441, 100_000).map(lambda count: timedelta(minutes=count)),
    daily_limit=st.none() | st.integers(1, 99),
    cancellation_policy=policies,
)
values = texts | st.booleans() | st.lists(texts).map(tuple)
payments = st.builds(
    Payment,
    price=st.none() | money,
    status=st.sampled_from(PaymentStatus),
    to_keep=st.integers(0, 10**12),
    attempts=st.lists(
        st.builds(
            Attempt,
            number=st.integers(1, 9),
            key=texts,
            expires_at=instants,
            price=money,
            title=texts,
            email=texts,
            language=texts,
            return_url=texts,
            checkout_id=st.none() | texts,
            checkout_url=st.none() | texts,
            refused=st.booleans(),
        )
    ).map(tuple),
    accepted=st.none() | st.integers(1, 9),
    refunds=st.lists(st.integers(0, 10**12)).map(tuple),
    taken=st.integers(0, 10**12),
    returned=st.integers(0, 10**12),
    least_kept=st.integers(0, 10**12),
    on_its_way=st.booleans(),
    in_doubt=st.booleans(),
)
bookings = st.builds(
    a_new_booking,
    client=st.builds(
        Client,
        st.builds(
            Contact,
            words,
            st.just("Ada.Ü@Example.org"),
            zones,
            st.none() | st.sampled_from(Language),
        ),
        st.none() | words,
    ),
    flow=st.sampled_from(Flow),
    payment=payments,
    terms=policies,
    occupancy=occupancies,
    tag=texts,
    created_at=instants,
    details=st.builds(
        Details,
        location=locations,
        pathway=st.none() | words,
        answers=tuples_of(st.builds(Answer, words, values, texts), max_size=3),
        notes=texts,
        guests=tuples_of(words, max_size=3),
    ),
    state=st.sampled_from([state for state in BookingState if state is not BookingState.NEW]),
    slot=st.none() | windows(Slot),
    pending_slot=st.none() | windows(Slot),
    pending_occupancy=st.none() | occupancies,
    deadline=st.none() | instants,
    calendar_ref=st.none() | st.builds(CalendarRef, texts, texts, st.none() | texts),
    event=st.none()
    | st.builds(CalendarEvent, texts, texts, texts, st.none() | texts, st.none() | texts),
    removed_places=st.frozensets(texts),
    no_show_told=st.booleans(),
    token_handed_over=st.booleans(),
    cancel_reason=texts,
    token_version=st.integers(1, 99),
)


@given(builder=builders)
@few
def test_a_builder(store: SqlStore, builder: Builder) -> None:
    with store() as uow:
        uow.builders.save(builder)
        assert uow.builders.get(builder.id) == builder
        assert uow.builders.all() == [builder]


@given(session_type=session_types)
@few
def test_a_session_type(store: SqlStore, session_type: SessionType) -> None:
    with store() as uow:
        uow.builders.save(a_builder())
        uow.session_types.save(session_type)
        assert uow.session_types.get(session_type.id) == session_type
        assert uow.session_types.all() == [session_type]


@given(booking=bookings, changed=bookings)
@few
def test_a_booking(store: SqlStore, booking: Booking, changed: Booking) -> None:
    with store() as uow:
        uow.builders.save(a_builder())
        uow.session_types.save(a_session_type())
        uow.bookings.save(booking)
        assert uow.bookings.get(booking.id) == booking
        again = evolve(changed, version=booking.version)
        uow.bookings.save(again)
        assert uow.bookings.get(booking.id) == again
        assert again.version == 2
