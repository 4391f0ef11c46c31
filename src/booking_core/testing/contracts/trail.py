"""What makes a trail one that can be relied on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from attrs import evolve

from booking_core.domain.ids import BuilderId
from booking_core.domain.trail import Outcome, Subject, SubjectKind, TrailEntry, TrailKind
from booking_core.ports.trail import TrailFilter
from booking_core.ports.unit_of_work import UnitOfWorkFactory
from booking_core.testing.examples import NOW

_ENTRY = TrailEntry(
    at=NOW,
    subject=Subject(SubjectKind.BOOKING, "bkg_1"),
    kind=TrailKind.EVENT,
    name="BookingHeld",
    by="client:ana",
    builder_id=BuilderId("bld_1"),
)


class TrailContract:
    """Needs the fixture `unit_of_work`: a factory on an empty store."""

    def test_an_entry_comes_back_as_it_was_written(self, unit_of_work: UnitOfWorkFactory) -> None:
        entry = TrailEntry(
            at=NOW + timedelta(microseconds=1),
            subject=Subject(SubjectKind.CALENDAR_EVENT, "https://provider.test/events/1"),
            kind=TrailKind.CALENDAR,
            name="book",
            outcome=Outcome.REFUSED,
            detail={"code": "slot_unavailable", "amount": 3, "fields": ["title"], "none": None},
        )
        self._add(unit_of_work, entry)
        (found,) = self._find(unit_of_work)
        assert found == evolve(entry, number=found.number)
        assert found.number > 0

    def test_what_was_rolled_back_did_not_happen(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._add(unit_of_work, _ENTRY)
        with unit_of_work() as uow:
            uow.trail.add([evolve(_ENTRY, name="never")])
        self._add(unit_of_work, evolve(_ENTRY, name="later"))
        assert self._names(unit_of_work) == ["later", "BookingHeld"]

    def test_what_is_written_is_seen_at_once_by_its_own_unit_of_work_only(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        with unit_of_work() as uow:
            uow.trail.add([_ENTRY])
            assert len(uow.trail.find(TrailFilter())) == 1
            assert self._find(unit_of_work) == []

    def test_no_entries_are_no_news(self, unit_of_work: UnitOfWorkFactory) -> None:
        self._add(unit_of_work)
        assert self._find(unit_of_work) == []

    def test_entries_stay_in_the_order_in_which_they_were_written(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._add(unit_of_work, *(evolve(_ENTRY, name=name) for name in "ab"))
        self._add(unit_of_work, evolve(_ENTRY, name="c"))
        assert self._names(unit_of_work) == ["c", "b", "a"]
        assert self._names(unit_of_work, TrailFilter(oldest_first=True)) == ["a", "b", "c"]

    def test_pages_follow_one_another_and_leave_nothing_out(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        self._add(unit_of_work, *(evolve(_ENTRY, name=name) for name in "abcde"))
        for oldest_first, expected in (
            (False, ["ed", "cb", "a", ""]),
            (True, ["ab", "cd", "e", ""]),
        ):
            criteria, pages = TrailFilter(limit=2, oldest_first=oldest_first), []
            for _ in range(4):
                page = self._find(unit_of_work, criteria)
                pages.append("".join(each.name for each in page))
                if page:
                    criteria = evolve(criteria, after=page[-1].number)
            assert pages == expected

    def test_entries_are_found_by_subject_builder_actor_and_time(
        self, unit_of_work: UnitOfWorkFactory
    ) -> None:
        other = Subject(SubjectKind.BUILDER, "bkg_1")
        self._add(
            unit_of_work,
            _ENTRY,
            evolve(_ENTRY, name="subject", subject=other),
            evolve(_ENTRY, name="builder", builder_id=BuilderId("bld_2")),
            evolve(_ENTRY, name="nobody's", builder_id=None),
            evolve(_ENTRY, name="by", by="admin:root"),
            evolve(_ENTRY, name="time", at=NOW + timedelta(hours=1)),
        )
        wanted = {
            TrailFilter(subject=other): ["subject"],
            TrailFilter(builder_id=BuilderId("bld_2")): ["builder"],
            TrailFilter(by="admin:root"): ["by"],
            TrailFilter(since=NOW + timedelta(hours=1)): ["time"],
            TrailFilter(since=NOW + timedelta(hours=2)): [],
            TrailFilter(by="client:ana", subject=other): ["subject"],
            TrailFilter(by="admin:root", subject=other): [],
        }
        found = {criteria: self._names(unit_of_work, criteria) for criteria in wanted}
        assert found == wanted

    def _add(self, unit_of_work: UnitOfWorkFactory, *entries: TrailEntry) -> None:
        with unit_of_work() as uow:
            uow.trail.add(entries)
            uow.commit()

    def _find(
        self, unit_of_work: UnitOfWorkFactory, criteria: TrailFilter | None = None
    ) -> Sequence[TrailEntry]:
        with unit_of_work(write=False) as uow:
            return list(uow.trail.find(criteria or TrailFilter()))

    def _names(
        self, unit_of_work: UnitOfWorkFactory, criteria: TrailFilter | None = None
    ) -> list[str]:
        return [entry.name for entry in self._find(unit_of_work, criteria)]
