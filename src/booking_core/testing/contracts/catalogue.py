"""What the repositories of builders and session types promise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

import pytest
from attrs import evolve

from booking_core.domain.builder import Builder, SchedulingMode
from booking_core.domain.errors import InvalidRequest, NotFound
from booking_core.domain.ids import BuilderId, PathwayId, SessionTypeId
from booking_core.domain.language import Language
from booking_core.domain.questions import Question, QuestionKind
from booking_core.domain.schedule import DayRange, TimeOff
from booking_core.domain.session_type import CalendarRef, Category, Location, LocationKind
from booking_core.domain.terms import CancellationPolicy, RefundStep
from booking_core.domain.time import TimeWindow
from booking_core.ports.unit_of_work import UnitOfWorkFactory
from booking_core.testing.contracts.stored import put_catalogue
from booking_core.testing.contracts.threads import at_once
from booking_core.testing.examples import (
    NOW,
    PRICE,
    a_builder,
    a_schedule,
    a_session_type,
)

_MINUTE = timedelta(minutes=1)
_MANY = range(101, 109)  # no number that a builder of the examples has already


def _everything_a_builder_can_have() -> Builder:
    return a_builder(
        name="Åse Nørgård",
        headline="Calm advice \N{HOT BEVERAGE}",
        photo_url="https://example.org/ase.png",
        language=Language.GERMAN,
        reminders=(timedelta(days=2), timedelta(minutes=30)),
        client_accounts=True,
        scheduling_mode=SchedulingMode.EMBED,
        embed_sites=("https://one.example", "https://two.example"),
        calendar_account="acct_1",
        active=False,
        schedule=a_schedule(
            timezone="Asia/Kathmandu",
            overrides={
                date(2026, 3, 4): (),
                date(2026, 3, 5): (DayRange.parse("22:00", "02:00"),),
            },
            time_off=(TimeOff(TimeWindow(NOW, NOW + 90 * _MINUTE), "Dentist"),),
        ),
    )


class CatalogueContract:
    """Needs the fixture `unit_of_work`: a factory on an empty store."""

    def test_a_builder_comes_back_as_it_was_saved(self, unit_of_work: UnitOfWorkFactory) -> None:
        builder = _everything_a_builder_can_have()
        put_catalogue(unit_of_work, builders=(builder,))
        with unit_of_work(write=False) as uow:
            assert uow.builders.get(builder.id) == builder

    def test_a_session_type_comes_back_as_it_was_saved(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        session_type = a_session_type(
            description="Long.\nOf two lines.",
            category=Category.PATHWAY,
            pathways=(PathwayId("pivot"), PathwayId("play")),
            requires_auth=False,
            duration=45 * _MINUTE,
            slot_step=15 * _MINUTE,
            price=PRICE,
            capacity=7,
            questions=(
                Question("why", "Why?", QuestionKind.LONG_TEXT, True),
                Question("how", "How?", QuestionKind.SINGLE_CHOICE, False, ("So", "So so")),
            ),
            display_order=3,
            active=False,
            calendar_ref=CalendarRef("et_1", "https://calendar.test/types/et_1"),
            location=Location(LocationKind.VIDEO, "https://video.example/ada"),
            buffer_before=5 * _MINUTE,
            buffer_after=10 * _MINUTE,
            minimum_notice=120 * _MINUTE,
            horizon=timedelta(days=30),
            daily_limit=4,
            cancellation_policy=CancellationPolicy(
                60 * _MINUTE,
                (RefundStep(timedelta(days=2), 100), RefundStep(timedelta(hours=1), 50)),
            ),
        )
        put_catalogue(unit_of_work, session_type)
        with unit_of_work(write=False) as uow:
            assert uow.session_types.get(session_type.id) == session_type

    def test_saving_again_replaces(self, unit_of_work: UnitOfWorkFactory) -> None:
        put_catalogue(unit_of_work, a_session_type(title="Old", price=PRICE))
        changed = a_session_type(title="New", questions=(Question("q", "Why?"),))
        put_catalogue(unit_of_work, changed, builders=(a_builder(name="New"),))
        with unit_of_work(write=False) as uow:
            assert [builder.name for builder in uow.builders.all()] == ["New"]
            assert list(uow.session_types.all()) == [changed]

    def test_builders_come_by_name_and_inactive_ones_too(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        cleo = a_builder(id="bld_1", name="Cleo")
        abe = a_builder(id="bld_2", name="Abe", active=False)
        bea = a_builder(id="bld_3", name="Bea")
        put_catalogue(unit_of_work, builders=(cleo, abe, bea))
        with unit_of_work(write=False) as uow:
            assert list(uow.builders.all()) == [abe, bea, cleo]

    def test_session_types_come_by_display_order_and_then_title(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        last = a_session_type(id="typ_1", title="A", display_order=2)
        second = a_session_type(id="typ_2", title="C", display_order=1)
        first = a_session_type(id="typ_3", title="B", display_order=1, active=False)
        put_catalogue(unit_of_work, last, second, first)
        with unit_of_work(write=False) as uow:
            assert list(uow.session_types.all()) == [first, second, last]

    def test_what_is_not_there_is_not_found(self, unit_of_work: UnitOfWorkFactory) -> None:
        with unit_of_work(write=False) as uow:
            with pytest.raises(NotFound):
                uow.builders.get(BuilderId("bld_none"))
            with pytest.raises(NotFound):
                uow.session_types.get(SessionTypeId("typ_none"))

    def test_two_builders_never_share_a_slug(self, unit_of_work: UnitOfWorkFactory) -> None:
        put_catalogue(unit_of_work, builders=(a_builder(id="bld_1", slug="ada"),))
        with pytest.raises(InvalidRequest):
            put_catalogue(unit_of_work, builders=(a_builder(id="bld_2", slug="ada"),))

    def test_two_session_types_of_one_builder_never_share_a_slug(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        put_catalogue(unit_of_work, a_session_type(id="typ_1", slug="intro"))
        with pytest.raises(InvalidRequest):
            put_catalogue(unit_of_work, a_session_type(id="typ_2", slug="intro"))

    def test_session_types_of_two_builders_may_share_a_slug(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        put_catalogue(
            unit_of_work,
            a_session_type(id="typ_1", builder_id="bld_1", slug="intro"),
            a_session_type(id="typ_2", builder_id="bld_2", slug="intro"),
            builders=(a_builder(id="bld_1"), a_builder(id="bld_2")),
        )
        with unit_of_work(write=False) as uow:
            assert len(uow.session_types.all()) == 2

    def test_every_saved_builder_and_session_type_raises_the_version(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        versions = [self._version(unit_of_work)]
        put_catalogue(unit_of_work)
        versions.append(self._version(unit_of_work))
        with unit_of_work() as uow:
            uow.session_types.save(a_session_type())
            uow.commit()
        versions.append(self._version(unit_of_work))
        assert versions == sorted(set(versions))

    def test_a_rolled_back_change_is_no_new_version(self, unit_of_work: UnitOfWorkFactory) -> None:
        put_catalogue(unit_of_work)
        before = self._version(unit_of_work)
        with unit_of_work() as uow:
            uow.builders.save(a_builder(name="Never"))
        assert self._version(unit_of_work) == before

    # ---- all at once -----------------------------------------------------------------------------

    def test_of_those_who_change_one_builder_at_once_nobody_loses_a_change(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        put_catalogue(unit_of_work)

        def add_reminder(hours: int) -> None:
            with unit_of_work() as uow:
                builder = uow.builders.get_to_change(a_builder().id)
                reminders = (*builder.reminders, timedelta(hours=hours))
                uow.builders.save(evolve(builder, reminders=reminders))
                uow.commit()

        self._many_at_once(add_reminder)
        with unit_of_work(write=False) as uow:
            added = set(uow.builders.get(a_builder().id).reminders) - set(a_builder().reminders)
        assert added == {timedelta(hours=hours) for hours in _MANY}

    def test_of_those_who_change_one_session_type_at_once_nobody_loses_a_change(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        put_catalogue(unit_of_work, a_session_type(questions=()))

        def add_question(number: int) -> None:
            with unit_of_work() as uow:
                found = uow.session_types.get_to_change(a_session_type().id)
                questions = (*found.questions, Question(f"q{number}", "Why?"))
                uow.session_types.save(evolve(found, questions=questions))
                uow.commit()

        self._many_at_once(add_question)
        with unit_of_work(write=False) as uow:
            asked = uow.session_types.get(a_session_type().id).questions
        assert {question.id for question in asked} == {f"q{number}" for number in _MANY}

    def test_what_is_not_there_cannot_be_changed(self, unit_of_work: UnitOfWorkFactory) -> None:
        with unit_of_work() as uow:
            with pytest.raises(NotFound):
                uow.builders.get_to_change(BuilderId("bld_none"))
            with pytest.raises(NotFound):
                uow.session_types.get_to_change(SessionTypeId("typ_none"))

    # ---- inside ----------------------------------------------------------------------------------

    def _many_at_once(self, change: Callable[[int], None]) -> None:
        at_once([partial(change, number) for number in _MANY])

    def _version(self, unit_of_work: UnitOfWorkFactory) -> int:
        with unit_of_work(write=False) as uow:
            return uow.session_types.version()
