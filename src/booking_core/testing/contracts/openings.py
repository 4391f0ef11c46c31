"""What makes openings ones that can be relied on."""

from __future__ import annotations

from datetime import timedelta

from attrs import evolve

from booking_core.domain.ids import SessionTypeId
from booking_core.domain.opening import Opening
from booking_core.ports.unit_of_work import UnitOfWorkFactory
from booking_core.testing.examples import NOW

_OPENING = Opening(
    session_type_id=SessionTypeId("ses_1"),
    next_start=NOW + timedelta(days=1),
    seen_at=NOW + timedelta(microseconds=1),
)
_OTHER = Opening(session_type_id=SessionTypeId("ses_2"), next_start=None, seen_at=NOW)


class OpeningsContract:
    """Needs the fixture `unit_of_work`: a factory on an empty store."""

    def test_an_opening_comes_back_as_it_was_put(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._put(unit_of_work, _OPENING, _OTHER)
        assert self._all(unit_of_work) == {_OPENING, _OTHER}

    def test_a_newer_one_takes_the_place_of_its_own_alone(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._put(unit_of_work, _OPENING, _OTHER)
        newer = evolve(_OPENING, next_start=None, seen_at=NOW + timedelta(minutes=5))
        self._put(unit_of_work, newer)
        assert self._all(unit_of_work) == {newer, _OTHER}

    def test_what_was_rolled_back_is_not_known(self, unit_of_work: UnitOfWorkFactory) -> None:
        with unit_of_work() as uow:
            uow.openings.put([_OPENING])
            assert list(uow.openings.all()) == [_OPENING]
        assert self._all(unit_of_work) == set()

    def test_nothing_may_be_put(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._put(unit_of_work)
        assert self._all(unit_of_work) == set()

    def _put(self, unit_of_work: UnitOfWorkFactory, *openings: Opening) -> None:
        with unit_of_work() as uow:
            uow.openings.put(openings)
            uow.commit()

    def _all(self, unit_of_work: UnitOfWorkFactory) -> set[Opening]:
        with unit_of_work(write=False) as uow:
            return set(uow.openings.all())
