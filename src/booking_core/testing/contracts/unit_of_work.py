"""What a transaction promises."""

from __future__ import annotations

from functools import partial

import pytest

from booking_core.domain.errors import NotFound
from booking_core.ports.unit_of_work import UnitOfWorkFactory
from booking_core.testing.contracts.stored import put_catalogue
from booking_core.testing.contracts.threads import at_once
from booking_core.testing.examples import a_builder, a_session_type


class UnitOfWorkContract:
    """Needs the fixture `unit_of_work`: a factory on an empty store."""

    def test_what_was_committed_is_there_afterwards(self, unit_of_work: UnitOfWorkFactory) -> None:
        put_catalogue(unit_of_work)
        with unit_of_work(write=False) as uow:
            assert uow.builders.get(a_builder().id) == a_builder()

    def test_without_a_commit_nothing_happened(self, unit_of_work: UnitOfWorkFactory) -> None:
        with unit_of_work() as uow:
            uow.builders.save(a_builder())
        with unit_of_work(write=False) as uow, pytest.raises(NotFound):
            uow.builders.get(a_builder().id)

    def test_an_error_undoes_everything_and_goes_on_to_the_caller(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        def fail() -> None:
            with unit_of_work() as uow:
                uow.builders.save(a_builder())
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        with unit_of_work(write=False) as uow:
            assert list(uow.builders.all()) == []

    def test_a_unit_of_work_sees_its_own_changes(self, unit_of_work: UnitOfWorkFactory) -> None:
        with unit_of_work() as uow:
            uow.builders.save(a_builder())
            assert uow.builders.get(a_builder().id) == a_builder()

    def test_what_was_changed_after_the_commit_is_undone(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        with unit_of_work() as uow:
            uow.builders.save(a_builder())
            uow.commit()
            uow.builders.save(a_builder(name="Somebody else"))
        with unit_of_work(write=False) as uow:
            assert uow.builders.get(a_builder().id).name == a_builder().name

    def test_a_reader_does_not_see_what_is_not_committed(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        put_catalogue(unit_of_work)
        with unit_of_work() as writing:
            writing.builders.save(a_builder(name="Not yet"))
            with unit_of_work(write=False) as reading:
                assert reading.builders.get(a_builder().id).name == a_builder().name
            writing.commit()

    def test_many_writers_at_once_lose_nothing(self, unit_of_work: UnitOfWorkFactory) -> None:
        put_catalogue(unit_of_work)

        def add(number: int) -> None:
            with unit_of_work() as uow:
                uow.session_types.save(a_session_type(id=f"typ_{number}"))
                uow.commit()

        at_once([partial(add, n) for n in range(12)])
        with unit_of_work(write=False) as uow:
            assert len(uow.session_types.all()) == 12
