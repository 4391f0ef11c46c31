from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from attrs import define, evolve, field, frozen

from booking_core.application.access import managed_builders
from booking_core.application.changes import added, changed
from booking_core.application.failure import Failure
from booking_core.application.list_event_types import event_types_of
from booking_core.domain.actor import Actor
from booking_core.domain.builder import Builder
from booking_core.domain.catalogue_sync import synced, taken_over, withdrawn
from booking_core.domain.errors import InvalidRequest
from booking_core.domain.event_type import EventType
from booking_core.domain.ids import BuilderId, SessionTypeId
from booking_core.domain.session_type import SessionType
from booking_core.domain.trail import TrailEntry
from booking_core.ports.calendar import CalendarProvider
from booking_core.ports.clock import Clock
from booking_core.ports.ids import IdFactory
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@define
class SyncReport:
    """What a sync did, or would do. `updated` and `kept` name the attributes.

    `failed` are the builders, or single event types of theirs, that could not be brought up to date.
    """

    created: list[SessionType] = field(factory=list)
    updated: list[tuple[SessionType, tuple[str, ...]]] = field(factory=list)
    deactivated: list[SessionType] = field(factory=list)
    unchanged: list[SessionType] = field(factory=list)
    kept: list[tuple[SessionTypeId, str]] = field(factory=list)
    failed: list[Failure] = field(factory=list)


@frozen
class SyncEventTypes:
    """Brings session types up to date with the calendar provider's event types (A6).

    Doing it again changes nothing. One event type is one session type: where builders share an
    account, it is that builder's who has it. Attributes that were edited here, and those that only we know
    (category, price, pathways, sign-in), stay as they are.
    """

    unit_of_work: UnitOfWorkFactory
    calendar: CalendarProvider
    ids: IdFactory
    clock: Clock

    def __call__(
        self, *, actor: Actor, builder_id: BuilderId | None = None, dry_run: bool = False
    ) -> SyncReport:
        """Without a builder, all whom the actor may change.

        Raises:
            NotFound: no such builder, or none that the actor may change.
            ProviderFailed: nobody's event types could be read.
        """
        with self.unit_of_work(write=False) as uow:
            builders = managed_builders(uow, actor, builder_id)
        offers, failed = event_types_of(self.calendar, builders)
        report = SyncReport(failed=failed)
        with self.unit_of_work() as uow:
            for builder, offered in offers:
                self._sync(uow, builder, offered, report)
            uow.trail.add(list(_trail(report, actor, self.clock.now())))
            if not dry_run:
                uow.commit()
        return report

    def _sync(
        self, uow: UnitOfWork, builder: Builder, offers: Sequence[EventType], report: SyncReport
    ) -> None:
        everybodys = uow.session_types.all()
        own = [each for each in everybodys if each.builder_id == builder.id]
        others = {
            each.calendar_ref.event_type_uri
            for each in everybodys
            if each.calendar_ref and each.builder_id != builder.id
        }
        known = {each.calendar_ref.event_type_uri: each for each in own if each.calendar_ref}
        slugs = {each.slug for each in own}
        for offer in offers:
            before = known.pop(offer.uri, None)
            try:
                if before is not None:
                    self._update(uow, before, offer, report)
                elif offer.active and offer.uri not in others:
                    self._create(uow, builder, offer, slugs, report)
            except InvalidRequest as unusable:
                report.failed.append(Failure(builder.id, unusable.message, offer.name))
        for gone in known.values():
            if gone.active:
                retired = withdrawn(gone)
                uow.session_types.save(retired)
                report.deactivated.append(retired)
            else:
                report.unchanged.append(gone)

    def _create(
        self,
        uow: UnitOfWork,
        builder: Builder,
        offered: EventType,
        slugs: set[str],
        report: SyncReport,
    ) -> None:
        made = taken_over(offered, id=SessionTypeId(self.ids.new("st")), builder_id=builder.id)
        number, slug = 1, made.slug
        while slug in slugs:
            number += 1
            slug = f"{made.slug[:75]}-{number}"
        made = evolve(made, slug=slug)
        slugs.add(slug)
        uow.session_types.save(made)
        report.created.append(made)

    def _update(
        self, uow: UnitOfWork, before: SessionType, offered: EventType, report: SyncReport
    ) -> None:
        result = synced(before, offered)
        report.kept += [(before.id, name) for name in result.kept]
        if result.session_type != before:
            uow.session_types.save(result.session_type)
        if not result.changed:
            report.unchanged.append(before)
        elif before.active and not result.session_type.active:
            report.deactivated.append(result.session_type)
        else:
            report.updated.append((result.session_type, result.changed))


def _trail(report: SyncReport, actor: Actor, now: datetime) -> Iterator[TrailEntry]:
    yield from (added(each, actor=actor, now=now) for each in report.created)
    for each, names in report.updated:
        yield changed(each, names, actor=actor, now=now)
    yield from (changed(each, ["active"], actor=actor, now=now) for each in report.deactivated)
