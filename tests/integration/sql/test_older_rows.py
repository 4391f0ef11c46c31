"""Bookings that were kept before they could have guests, or an account, are read as having none."""

from attrs import evolve
from sqlalchemy import Engine, select, update

from adapters.sql import SqlStore
from adapters.sql.tables import bookings
from booking_core import CalendarRef, Details
from booking_core.testing.examples import a_booking, a_builder, a_session_type

REF = CalendarRef("et_1", "https://calendar.test/event_types/et_1", "https://calendar.test/users/a")


def test_a_booking_from_before_has_no_guests_and_no_account(engine: Engine) -> None:
    store = SqlStore(engine)
    kept = a_booking(details=Details(notes="Hello", guests=("bea@example.org",)), calendar_ref=REF)
    with store() as uow:
        uow.builders.save(a_builder())
        uow.session_types.save(a_session_type())
        uow.bookings.save(kept)
        uow.commit()
    with engine.begin() as connection:
        row = connection.execute(select(bookings.c.details, bookings.c.calendar_ref)).one()
        details = {name: each for name, each in row.details.items() if name != "guests"}
        ref = {name: each for name, each in row.calendar_ref.items() if name != "account"}
        assert (len(details), len(ref)) == (len(row.details) - 1, len(row.calendar_ref) - 1)
        connection.execute(update(bookings).values(details=details, calendar_ref=ref))
    with store(write=False) as uow:
        found = uow.bookings.get(kept.id)
    assert found.details == evolve(kept.details, guests=())
    assert found.calendar_ref == CalendarRef("et_1", "https://calendar.test/event_types/et_1")
