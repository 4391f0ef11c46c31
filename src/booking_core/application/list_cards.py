from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from attrs import frozen

from booking_core.application.catalogue import Catalogue, Offer, Snapshot
from booking_core.domain.actor import Actor
from booking_core.domain.builder import Builder
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import SessionTypeId
from booking_core.domain.opening import Opening
from booking_core.domain.session_type import Category, SessionType
from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen(kw_only=True)
class BuilderCard:
    """A builder as one viewer is shown it.

    `session_types` are those that the viewer may book, in their order; `after_sign_in` is how many more
    of each category signing in would show. `opening` is the next known opening of any of `session_types`.
    """

    builder: Builder
    session_types: Sequence[SessionType]
    after_sign_in: Mapping[Category, int]
    opening: Opening | None

    @property
    def categories(self) -> frozenset[Category]:
        """Those of its session types."""
        return frozenset(each.category for each in self.session_types)


@frozen
class ListCards:
    """What a marketplace shows of the active builders; asks no calendar (A8)."""

    unit_of_work: UnitOfWorkFactory
    catalogue: Catalogue
    clock: Clock

    def __call__(self, *, actor: Actor) -> list[BuilderCard]:
        """The cards in the order of the builders' names."""
        snapshot, openings = self._known()
        active = [each for each in snapshot.builders if each.active]
        return [self._card(snapshot, openings, each, actor) for each in active]

    def of(self, *, builder: str, actor: Actor) -> BuilderCard:
        """The card of one builder, by id or slug. Raises NotFound."""
        snapshot, openings = self._known()
        found = snapshot.builder(builder)
        if not found.active:
            raise NotFound("builder")
        return self._card(snapshot, openings, found, actor)

    def _known(self) -> tuple[Snapshot, Mapping[SessionTypeId, Opening]]:
        with self.unit_of_work(write=False) as uow:
            snapshot, openings = self.catalogue.read(uow), uow.openings.all()
        return snapshot, {each.session_type_id: each for each in openings}

    def _card(
        self,
        snapshot: Snapshot,
        openings: Mapping[SessionTypeId, Opening],
        builder: Builder,
        actor: Actor,
    ) -> BuilderCard:
        offers = [Offer(each, builder) for each in snapshot.session_types_of(builder.id)]
        shown = [each.session_type for each in offers if self._shows(each, actor)]
        hidden = [each.session_type for each in offers if self._waits_for_sign_in(each, actor)]
        known = (openings.get(each.id) for each in shown)
        return BuilderCard(
            builder=builder,
            session_types=shown,
            after_sign_in=Counter(each.category for each in hidden),
            opening=_first([each for each in known if each], self.clock.now()),
        )

    def _shows(self, offer: Offer, actor: Actor) -> bool:
        return self.catalogue.hidden_because(offer, actor) is None

    def _waits_for_sign_in(self, offer: Offer, actor: Actor) -> bool:
        return self._shows(offer, Actor.any_client()) and not self._shows(offer, actor)


def _first(openings: Sequence[Opening], now: datetime) -> Opening | None:
    """The earliest one that is still to come."""
    to_come = {
        each.next_start: each for each in openings if each.next_start and each.next_start > now
    }
    return to_come[min(to_come)] if to_come else None
