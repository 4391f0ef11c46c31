from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from booking_core.application.changes import (
    check_names,
    check_sites,
    check_slug_free,
    write_change,
)
from booking_core.domain.actor import Actor
from booking_core.domain.builder import Builder
from booking_core.domain.checks import invalid
from booking_core.domain.errors import NotAllowed, NotFound, StaleSchedule
from booking_core.domain.ids import BuilderId
from booking_core.domain.policies import owns_catalogue
from booking_core.ports.clock import Clock
from booking_core.ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

_FOR_OPERATORS = frozenset({"active", "calendar_account"})


@frozen
class ChangeBuilder:
    """A builder edits itself, its schedule included; an admin edits any (A9)."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock
    public_url: str

    def __call__(
        self,
        *,
        builder_id: BuilderId,
        changes: Mapping[str, Any],
        actor: Actor,
        schedule_was: str | None = None,
    ) -> Builder:
        """`changes` maps attributes of `Builder` to new values.

        `schedule_was` is the digest of the schedule that the changes were made to, if that matters.

        Raises:
            NotFound: no such builder, or not this caller's.
            NotAllowed: an attribute that only an operator changes.
            InvalidRequest: a value that is not valid, `id`, no attribute at all, or another calendar
                account than the builder has bound.
            StaleSchedule: the schedule is another one by now.
        """
        with self.unit_of_work() as uow:
            if not owns_catalogue(actor, builder_id):
                raise NotFound("builder")
            if not actor.is_operator and _FOR_OPERATORS & changes.keys():
                raise NotAllowed(
                    "Only an admin changes whether a builder is active, or its account."
                )
            check_names(Builder, changes)
            before = uow.builders.get_to_change(builder_id)
            if schedule_was not in (None, before.schedule.digest):
                raise StaleSchedule
            builder = evolve(before, **changes)
            if "embed_sites" in changes:
                check_sites(builder, self.public_url)
            if builder.slug != before.slug:
                check_slug_free(uow, builder)
            _check_account(uow, builder)
            uow.builders.save(builder)
            write_change(uow, before, builder, actor=actor, now=self.clock.now())
            uow.commit()
        return builder


def _check_account(uow: UnitOfWork, builder: Builder) -> None:
    binding = uow.calendar_bindings.of_builder(builder.id)
    if binding is not None and binding.account != builder.calendar_account:
        raise invalid(
            "/calendarAccount", "The builder has bound its own account; unbind that first."
        )
