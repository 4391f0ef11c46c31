"""What the repository of calendar bindings promises."""

from __future__ import annotations

from datetime import timedelta

from booking_core.domain.calendar_binding import CalendarBinding
from booking_core.domain.ids import BuilderId
from booking_core.ports.unit_of_work import UnitOfWorkFactory
from booking_core.testing.contracts.stored import put_catalogue
from booking_core.testing.examples import NOW, a_binding, a_builder

_MINUTE = timedelta(minutes=1)
_ADA, _EVE = BuilderId("bld_1"), BuilderId("bld_2")


class CalendarBindingRepositoryContract:
    """Needs the fixture `unit_of_work`: a factory on an empty store."""

    def test_a_binding_comes_back_as_it_was_saved(self, unit_of_work: UnitOfWorkFactory) -> None:
        binding = a_binding()
        _save(unit_of_work, binding)
        with unit_of_work(write=False) as uow:
            assert uow.calendar_bindings.of_builder(_ADA) == binding
            assert list(uow.calendar_bindings.all()) == [binding]

    def test_where_there_is_none_nothing_is_answered(self, unit_of_work: UnitOfWorkFactory) -> None:
        with unit_of_work(write=False) as uow:
            assert uow.calendar_bindings.of_builder(_ADA) is None
            assert list(uow.calendar_bindings.all()) == []

    def test_a_builder_has_one_and_the_last_one_counts(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        later = a_binding(account="https://calendar.test/users/lovelace", token="another token")
        _save(unit_of_work, a_binding())
        _save(unit_of_work, later)
        with unit_of_work(write=False) as uow:
            assert list(uow.calendar_bindings.all()) == [later]

    def test_several_may_bring_one_account_each_with_a_token(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        hers = a_binding(builder_id=_EVE, token="another token", bound_at=NOW - _MINUTE)
        _save(unit_of_work, hers, a_binding())
        with unit_of_work(write=False) as uow:
            assert uow.calendar_bindings.of_builder(_EVE) == hers
            assert list(uow.calendar_bindings.all()) == [a_binding(), hers]

    def test_what_is_removed_is_gone_and_twice_is_harmless(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        _save(unit_of_work, a_binding(), a_binding(builder_id=_EVE))
        for _ in range(2):
            with unit_of_work() as uow:
                uow.calendar_bindings.remove(_ADA)
                uow.commit()
        with unit_of_work(write=False) as uow:
            assert [each.builder_id for each in uow.calendar_bindings.all()] == [_EVE]

    def test_what_is_not_committed_was_not_saved(self, unit_of_work: UnitOfWorkFactory) -> None:
        put_catalogue(unit_of_work)
        with unit_of_work() as uow:
            uow.calendar_bindings.save(a_binding())
        with unit_of_work(write=False) as uow:
            assert uow.calendar_bindings.of_builder(_ADA) is None


def _save(unit_of_work: UnitOfWorkFactory, *bindings: CalendarBinding) -> None:
    put_catalogue(unit_of_work, builders=(a_builder(), a_builder(id=_EVE)))
    with unit_of_work() as uow:
        for each in bindings:
            uow.calendar_bindings.save(each)
        uow.commit()
