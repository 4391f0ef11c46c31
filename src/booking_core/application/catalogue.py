"""The catalogue, read from memory as long as nobody changed it (A7)."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, field, frozen

from booking_core.domain import policies
from booking_core.domain.actor import Actor
from booking_core.domain.builder import Builder
from booking_core.domain.errors import NotFound
from booking_core.domain.session_type import SessionType
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class Offer:
    """A session type with the builder who offers it."""

    session_type: SessionType
    builder: Builder


@frozen
class Snapshot:
    """The whole catalogue as of one version."""

    version: int
    builders: Sequence[Builder]
    session_types: Sequence[SessionType]
    _builders: dict[str, Builder] = field(init=False)
    _session_types: dict[str, SessionType] = field(init=False)

    @_builders.default
    def _by_builder_id(self) -> dict[str, Builder]:
        return {builder.id: builder for builder in self.builders}

    @_session_types.default
    def _by_session_type_id(self) -> dict[str, SessionType]:
        return {session_type.id: session_type for session_type in self.session_types}

    def builder(self, name: str) -> Builder:
        """The builder with that id or slug. Raises NotFound."""
        found = self._builders.get(name) or next((b for b in self.builders if b.slug == name), None)
        if found is None:
            raise NotFound("builder")
        return found

    def offer(self, session_type_id: str) -> Offer:
        """Raises NotFound."""
        session_type = self._session_types.get(session_type_id)
        if session_type is None:
            raise NotFound("session type")
        return Offer(session_type, self._builders[session_type.builder_id])

    def of_event_type(self, event_type_uri: str) -> Offer:
        """What stands for that event type of a provider. Raises NotFound."""
        for each in self.session_types:
            if each.calendar_ref is not None and each.calendar_ref.event_type_uri == event_type_uri:
                return self.offer(each.id)
        raise NotFound("session type")

    def session_types_of(self, builder_id: str) -> list[SessionType]:
        return [each for each in self.session_types if each.builder_id == builder_id]


@define
class Catalogue:
    """Keeps the last snapshot, and reads a new one when the stored version is another.

    The version is read in the caller's transaction, so a change is seen at once by every process.
    `needs_event_type` is the calendar's: without an event type nothing of it can be booked.
    """

    needs_event_type: bool = False
    _snapshot: Snapshot | None = None

    def read(self, uow: UnitOfWork) -> Snapshot:
        version = uow.session_types.version()
        snapshot = self._snapshot
        if snapshot is None or snapshot.version != version:
            snapshot = Snapshot(version, uow.builders.all(), uow.session_types.all())
            self._snapshot = snapshot
        return snapshot

    def hidden_because(self, offer: Offer, actor: Actor) -> str | None:
        """Why the actor is not shown what is offered, or None when it is (A4)."""
        return policies.hidden_because(
            offer.session_type, offer.builder, actor, needs_event_type=self.needs_event_type
        )

    def check_may_book(self, offer: Offer, actor: Actor) -> None:
        """Raises NotFound, SignInRequired; NotSetUp to those who can mend it."""
        policies.check_may_book(
            offer.session_type, offer.builder, actor, needs_event_type=self.needs_event_type
        )
