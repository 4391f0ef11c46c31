"""Two people edit one thing at the same moment, through the use cases."""

from __future__ import annotations

import pytest

from adapters.memory import MemoryCalendar, MemoryClock, MemoryMailer
from adapters.sql import SqlStore
from booking_core import Actor, BookingCore, DayRange, StaleSchedule
from booking_core.testing.examples import NOW, a_builder, a_schedule, a_session_type
from tests.integration.storm import storm

pytestmark = pytest.mark.storm

ROUNDS = 20


@pytest.fixture
def core(store: SqlStore) -> BookingCore:
    with store() as uow:
        uow.builders.save(a_builder())
        uow.session_types.save(a_session_type())
        uow.commit()
    clock = MemoryClock(NOW)
    return BookingCore.assemble(
        unit_of_work=store, calendar=MemoryCalendar(clock), mailer=MemoryMailer(), clock=clock
    )


def test_two_edits_of_one_builder_both_last(core: BookingCore) -> None:
    def edit(**changes: object) -> None:
        core.change_builder(builder_id=a_builder().id, changes=changes, actor=Actor.admin())

    for nth in range(ROUNDS):
        name, headline = f"Name {nth}", f"Headline {nth}"
        rush = storm([lambda n=name: edit(name=n), lambda h=headline: edit(headline=h)])
        assert rush.errors == []
        builder = core.show_builder(name=a_builder().id, actor=Actor.system())
        assert (builder.name, builder.headline) == (name, headline)


def test_of_two_who_change_the_hours_they_have_read_one_is_told_so(core: BookingCore) -> None:
    def edit(was: str, hour: int) -> None:
        hours = a_schedule(weekly={0: (DayRange(hour * 60, hour * 60 + 30),)})
        core.change_builder(
            builder_id=a_builder().id,
            changes={"schedule": hours},
            actor=Actor.admin(),
            schedule_was=was,
        )

    for nth in range(0, ROUNDS, 2):
        was = core.show_builder(name=a_builder().id, actor=Actor.system()).schedule.digest
        rush = storm([lambda w=was, n=nth: edit(w, n), lambda w=was, n=nth: edit(w, n + 1)])
        assert [type(each) for each in rush.errors] == [StaleSchedule]


def test_two_edits_of_one_session_type_both_last(core: BookingCore) -> None:
    wanted = a_session_type().id

    def edit(**changes: object) -> None:
        core.change_session_type(session_type_id=wanted, changes=changes, actor=Actor.admin())

    for nth in range(ROUNDS):
        title, place = f"Title {nth}", nth + 1
        rush = storm([lambda t=title: edit(title=t), lambda p=place: edit(display_order=p)])
        assert rush.errors == []
        offer = core.show_session_type(session_type=wanted, actor=Actor.system()).session_type
        assert (offer.title, offer.display_order) == (title, place)
