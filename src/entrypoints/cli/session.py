from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import click
from attrs import define

from booking_core import Actor, BookingCore, Offer
from entrypoints import logs
from entrypoints.cli.output import Screen
from entrypoints.settings import Settings

if TYPE_CHECKING:
    from entrypoints.container import Application


@define
class Session:
    """One run of the command: its settings and its application, each made when first needed."""

    screen: Screen
    #: The zone that times are shown in, once a command knows it.
    timezone: str = "UTC"
    opened: Application | None = None

    @cached_property
    def settings(self) -> Settings:
        return Settings.load()

    @property
    def application(self) -> Application:
        if self.opened is None:
            self.opened = self._open()
        return self.opened

    def _open(self) -> Application:
        # Imported here, because it brings every adapter: `--help` can do without.
        from entrypoints.container import assemble

        asked = "LOG_LEVEL" in self.settings.variables
        logs.configure(
            level=self.settings.log_level if asked else "WARNING",
            json=self.settings.log_format == "json",
        )
        application = assemble(self.settings)
        if self.settings.in_memory:
            application.seed()  # a store in memory is new each time; empty it is good for nothing
        return application

    @property
    def core(self) -> BookingCore:
        return self.application.core

    def close(self) -> None:
        if self.opened is not None:
            self.opened.close()
            self.opened = None

    def actor(self, text: str) -> Actor:
        """Who `--as` names. Raises UsageError, or NotFound for an unknown builder."""
        role, _, name = text.partition(":")
        match role:
            case "system" if not name:
                return Actor.system()
            case "anonymous" if not name:
                return Actor.anonymous()
            case "admin":
                return Actor.admin(name or None)
            case "client":
                return Actor.client(name or "client")
            case "builder" if name:
                builder = self.core.show_builder(name=name, actor=Actor.system())
                return Actor.builder(builder.id)
        raise click.UsageError(
            f"--as {text}: say anonymous, client, client:ID, builder:NAME, admin or system."
        )

    def builder_name(self, builder: str) -> str:
        """How the builder with that id or slug is called. Raises NotFound."""
        return self.core.show_builder(name=builder, actor=Actor.system()).name

    def offer(self, name: str) -> Offer:
        """The session type by id or as `builder/type`, whoever may see it. Raises NotFound."""
        builder, _, session_type = name.rpartition("/")
        return self.core.show_session_type(
            session_type=session_type, builder=builder or None, actor=Actor.system()
        )


pass_session = click.make_pass_decorator(Session)
