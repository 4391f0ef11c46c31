from __future__ import annotations

from typing import Any

from attrs import frozen

from booking_core.application.changes import added, check_names, check_sites, check_slug_free
from booking_core.application.people import People
from booking_core.application.repeats import IdempotencyKey, Repeats, scoped
from booking_core.domain.actor import Actor
from booking_core.domain.builder import Builder
from booking_core.domain.checks import invalid
from booking_core.domain.errors import NotFound
from booking_core.domain.ids import BuilderId
from booking_core.domain.schedule import Schedule
from booking_core.ports.ids import IdFactory
from booking_core.ports.unit_of_work import UnitOfWork


@frozen
class AddBuilder:
    """An admin adds a builder (A9), and the account of the person who it is.

    A machine's key gives nobody a role: it adds the builder alone, and an operator grants the role.
    """

    people: People
    ids: IdFactory
    repeats: Repeats
    public_url: str

    def __call__(
        self,
        *,
        name: str,
        email: str,
        schedule: Schedule,
        actor: Actor,
        key: IdempotencyKey | str | None = None,
        **more: Any,
    ) -> Builder:
        """`more` are further attributes of `Builder`.

        The account with that e-mail address becomes the builder's, and an admin stays an admin; where
        there is none it is made. A machine's key does neither. A repeat under the same `key` adds
        nothing and gets the builder of the first, as it is now.
        Raises InvalidRequest, also where the address signs in another builder already; KeyReused,
        KeyInProgress; NotFound if no admin.
        """
        if not actor.is_operator:
            raise NotFound("builder")
        check_names(Builder, more)
        builder = Builder(
            id=BuilderId(self.ids.new("bld")),
            name=name,
            email=email,
            schedule=schedule,
            **more,
        )
        check_sites(builder, self.public_url)
        asked = scoped(
            key, "add builder", actor, asked=(name, email, schedule, sorted(more.items()))
        )

        def add(uow: UnitOfWork) -> Builder:
            known = self.repeats.added(uow, asked)
            if known is not None:
                return uow.builders.get(BuilderId(known))
            check_slug_free(uow, builder)
            uow.builders.save(builder)
            uow.trail.add([added(builder, actor=actor, now=self.repeats.clock.now())])
            if actor.scopes is None:
                self._let_in(uow, builder, actor)
            self.repeats.remember(uow, asked, builder.id)
            return builder

        return self.people.once(add)

    def _let_in(self, uow: UnitOfWork, builder: Builder, actor: Actor) -> None:
        """Raises InvalidRequest where the address signs in another builder, so nobody could as this one."""
        signs_in = self.people.let_in(uow, builder, actor=actor)
        if signs_in != builder.id:
            name = uow.builders.get(signs_in).name
            raise invalid(
                "/email",
                f"{name} signs in with this address already. Give another one; the address for mails "
                "can be changed afterwards.",
            )
