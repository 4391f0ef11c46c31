from __future__ import annotations

from typing import Any

from attrs import frozen

from booking_core.application.changes import added, check_names
from booking_core.application.repeats import IdempotencyKey, Repeats, scoped
from booking_core.domain.actor import Actor
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import BuilderId, SessionTypeId
from booking_core.domain.policies import owns_catalogue
from booking_core.domain.session_type import SessionType, with_category
from booking_core.ports.ids import IdFactory
from booking_core.ports.unit_of_work import UnitOfWorkFactory


@frozen
class AddSessionType:
    """A builder or an admin adds a session type (A3)."""

    unit_of_work: UnitOfWorkFactory
    ids: IdFactory
    repeats: Repeats

    def __call__(
        self,
        *,
        builder_id: BuilderId,
        title: str,
        actor: Actor,
        key: IdempotencyKey | str | None = None,
        **more: Any,
    ) -> SessionType:
        """`more` are further attributes of `SessionType`; with a price it is specialized by default.

        A repeat under the same `key` adds nothing and gets the one of the first, as it is now.
        Raises NotFound, InvalidRequest, KeyReused, KeyInProgress.
        """
        if not owns_catalogue(actor, builder_id):
            raise NotFound("builder")
        check_names(SessionType, more)
        session_type = SessionType(
            id=SessionTypeId(self.ids.new("st")),
            builder_id=builder_id,
            title=title,
            **with_category(more),
        )
        asked = scoped(
            key, "add session type", actor, asked=(builder_id, title, sorted(more.items()))
        )
        with self.unit_of_work() as uow:
            known = self.repeats.added(uow, asked)
            if known is not None:
                return uow.session_types.get(SessionTypeId(known))
            uow.builders.get(builder_id)
            uow.session_types.save(session_type)
            uow.trail.add([added(session_type, actor=actor, now=self.repeats.clock.now())])
            self.repeats.remember(uow, asked, session_type.id)
            uow.commit()
        return session_type
