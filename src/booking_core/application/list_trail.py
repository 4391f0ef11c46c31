from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve, frozen

from booking_core.domain.actor import Actor, Role
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import BuilderId
from booking_core.domain.trail import TrailEntry
from booking_core.ports.trail import MOST_ENTRIES, TrailFilter
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory


@frozen
class TrailPage:
    """One page of the trail; `next` is the cursor of the page after it."""

    entries: Sequence[TrailEntry]
    next: int | None


@frozen
class ListTrail:
    """Who changed what, and what happened: all of it for operators, a builder's own for the builder."""

    unit_of_work: UnitOfWorkFactory

    def __call__(self, *, criteria: TrailFilter, actor: Actor) -> TrailPage:
        """A builder who asks for another one's is answered with nothing. Raises NotFound for others."""
        if actor.role is Role.BUILDER:
            own = BuilderId(str(actor.id))
            if criteria.builder_id not in (None, own):
                return TrailPage((), None)
            criteria = evolve(criteria, builder_id=own)
        elif not actor.is_operator:
            raise NotFound("trail")
        with self.unit_of_work(write=False) as uow:
            return page(uow, criteria)


def page(uow: UnitOfWork, criteria: TrailFilter) -> TrailPage:
    """The entries, and whether there are more."""
    length = min(criteria.limit, MOST_ENTRIES - 1)  # one more says whether there is a next page
    found = list(uow.trail.find(evolve(criteria, limit=length + 1)))
    entries = found[:length]
    return TrailPage(entries, entries[-1].number if len(found) > len(entries) else None)
