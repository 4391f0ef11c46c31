"""Guests get our mails where the calendar is ours, each its own; else the provider tells them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from adapters.calendar_files import ICalendarFiles
from adapters.mail_templates import TemplateMailWriter
from adapters.memory import MemoryMailer
from booking_core import (
    Actor,
    Booking,
    BookingState,
    CalendarEvent,
    CalendarRef,
    InvalidRequest,
    Mail,
    MailWriter,
    ProviderFailed,
)
from booking_core.testing.examples import a_builder, a_contact, a_session_type, a_slot
from tests.unit.application.paying import Shop

BEA, CY = "bea@example.org", "cy@example.org"
HERE, THERE = a_slot(day=3), a_slot(day=3, hour=12)
HOUR = timedelta(hours=1)
REF = CalendarRef("et_1", "https://calendar.test/event_types/et_1")


class DeadAddress(MemoryMailer):
    """The mail server that never takes a mail to Bea."""

    def send(self, *, mail: Mail) -> None:
        if mail.to == BEA:
            raise ProviderFailed("No such mailbox.")
        super().send(mail=mail)


def a_shop(mailer: MemoryMailer | None = None, calendar: str = "local") -> Shop:
    return Shop.open(calendar=calendar, price=None, mailer=mailer, calendar_ref=REF)


def told(shop: Shop, address: str) -> list[str]:
    """What the mails to that address are about."""
    return [each.subject.partition(":")[0] for each in shop.mailer.arrived if each.to == address]


def begun(shop: Shop, *guests: str) -> Booking:
    return shop.core.initialize_booking(
        session_type_id=a_session_type().id,
        actor=Actor.anonymous(),
        contact=a_contact(),
        guests=guests,
    ).booking


def placed(shop: Shop, **how: object) -> CalendarEvent:
    own = shop.stored_type()
    return shop.calendar.place(builder=a_builder(), session_type=own, slot=HERE, **how)


def test_each_guest_is_told_of_the_booking_of_a_move_and_of_the_end() -> None:
    shop = a_shop()
    booking = shop.confirm(HERE, guests=[BEA, CY, BEA.upper()])
    shop.work()
    shop.core.reschedule_booking(booking_id=booking.id, slot=THERE, actor=Actor.system())
    shop.work()
    shop.cancel(booking, Actor.system())
    shop.work()
    assert told(shop, BEA) == told(shop, CY) == ["Booked", "Moved", "Cancelled"]


@pytest.mark.parametrize("writer", [None, TemplateMailWriter()], ids=["plain", "ours"])
def test_a_guest_gets_an_entry_for_its_calendar_and_nothing_of_the_clients(
    writer: MailWriter | None,
) -> None:
    files = ICalendarFiles("https://booking.test", "Booking <book@booking.test>")
    shop = Shop.open(calendar="local", price=None, mail_writer=writer, calendar_files=files)
    booking = shop.confirm(HERE, guests=[BEA, CY], notes="I may be late.")
    shop.work()
    shop.cancel(booking, Actor.system())
    shop.work()
    mails = shop.mailer.sent_to(BEA)
    entries = [mail.attachments[0].content.decode().replace("\r\n ", "") for mail in mails]
    assert ["METHOD:REQUEST" in entries[0], "METHOD:CANCEL" in entries[1]] == [True, True]
    for mail, entry in zip(mails, entries, strict=True):
        assert BEA in entry
        for unsaid in (CY, "token", "/bookings/", "late"):
            assert unsaid not in f"{mail.subject}\n{mail.text}\n{mail.html}\n{entry}"


def test_guests_are_reminded_as_the_others_are_and_not_of_a_time_that_was_left() -> None:
    shop = a_shop()
    shop.core.change_builder(
        builder_id=a_builder().id, changes={"reminders": (HOUR,)}, actor=Actor.system()
    )
    booking = shop.confirm(HERE, guests=[BEA, CY])
    shop.core.reschedule_booking(booking_id=booking.id, slot=THERE, actor=Actor.system())
    shop.work()
    shop.clock.set(HERE.start - 2 * HOUR)
    shop.work(THERE.start - HERE.start + 3 * HOUR)
    reminded = Counter(mail.to for mail in shop.mailer.arrived if "Reminder" in mail.subject)
    assert set(reminded.values()) == {1}
    assert {BEA, CY} < set(reminded)


def test_a_builder_is_no_guest_of_its_own() -> None:
    shop = a_shop()
    own = a_builder().email
    booking = shop.confirm(HERE, guests=[own.upper(), BEA])
    shop.work()
    assert shop.now(booking).details.guests == (BEA,)
    assert told(shop, own) == ["Booked"]


def test_a_dead_address_of_one_guest_keeps_nobody_elses_mail_back() -> None:
    shop = a_shop(DeadAddress())
    shop.confirm(HERE, guests=[BEA, CY])
    shop.work(timedelta(minutes=5))
    assert told(shop, BEA) == []
    assert told(shop, CY) == ["Booked"]
    assert told(shop, a_contact().email) == ["Booked"]


def test_no_job_names_a_guest() -> None:
    shop = a_shop()
    shop.confirm(HERE, guests=[BEA, CY])
    jobs = [each.job for each in shop.core.jobs.upcoming()]
    assert sum("guest" in job.subject for job in jobs) == 2
    assert "example.org" not in repr(jobs)


def test_with_a_calendar_of_a_provider_guests_get_no_mail_of_ours() -> None:
    shop = a_shop(calendar="memory")
    booking = shop.confirm(HERE, guests=[BEA])
    shop.work()
    assert shop.now(booking).state is BookingState.CONFIRMED
    assert told(shop, a_contact().email) == ["Booked"]
    assert told(shop, BEA) == []


@pytest.mark.parametrize(
    ("named", "come"), [(None, (BEA,)), ([], ()), ([CY], (CY,))], ids=["none", "nobody", "another"]
)
def test_who_confirms_what_was_begun_may_name_other_guests(
    named: list[str] | None, come: tuple[str, ...]
) -> None:
    shop = a_shop()
    waiting = begun(shop, BEA)
    booking = shop.confirm(
        HERE, booking_id=waiting.id, actor=shop.client(waiting), contact=None, guests=named
    )
    assert shop.now(booking).details.guests == come


def test_a_wrong_guest_books_nothing() -> None:
    shop = a_shop()
    with pytest.raises(InvalidRequest) as wrong:
        shop.confirm(HERE, guests=[BEA, "cy"])
    assert [each.pointer for each in wrong.value.errors] == ["/clientDetails/guests/1"]
    assert told(shop, BEA) == []


@pytest.mark.parametrize("by", ["create", "looking"])
def test_the_guests_of_an_event_that_was_waited_for_are_the_bookings(by: str) -> None:
    shop = a_shop(calendar="memory")
    waiting = begun(shop, BEA)
    event = placed(shop, tag=waiting.tag, guests=(CY,))
    if by == "create":
        shop.core.create_booking(event_uri=event.event_uri, actor=Actor.anonymous())
    else:
        shop.core.settle_calendar(booking_id=waiting.id)
    assert shop.now(waiting).details.guests == (CY,)


def test_guests_that_are_not_told_stay_as_the_client_named_them() -> None:
    shop = a_shop(calendar="memory")
    waiting = begun(shop, BEA)
    placed(shop, tag=waiting.tag)
    shop.core.settle_calendar(booking_id=waiting.id)
    assert shop.now(waiting).details.guests == (BEA,)


def test_the_booking_of_an_event_that_came_first_has_its_guests() -> None:
    shop = a_shop(calendar="memory")
    event = placed(shop, guests=(CY,))
    made = shop.core.create_booking(event_uri=event.event_uri, actor=Actor.anonymous())
    assert made.booking.details.guests == (CY,)


def test_whoever_is_erased_takes_the_guests_along() -> None:
    shop = a_shop()
    booking = shop.confirm(HERE, guests=[BEA])
    shop.work()
    shop.cancel(booking, Actor.system())
    shop.core.erase_client(email=a_contact().email, actor=Actor.admin("root"))
    shop.work()
    assert shop.now(booking).details.guests == ()
    assert told(shop, BEA) == ["Booked"]
