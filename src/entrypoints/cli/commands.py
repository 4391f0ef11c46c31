"""What commands share: the `--json` flag, and options that several have."""

from __future__ import annotations

from typing import Any

import click

from booking_core import zone

JSON = click.Option(["--json"], is_flag=True, expose_value=False, help="Answer with JSON.")


class Command(click.Command):
    """A command that knows `--json`; the root command has already looked whether it is there."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.params.append(JSON)


class Group(click.Group, Command):
    command_class = Command


as_option = click.option(
    "--as",
    "viewer",
    default="system",
    metavar="WHO",
    help="anonymous, client[:ID], builder:NAME, admin or system (default).",
)


def _known(_: click.Context, __: click.Parameter, name: str | None) -> str | None:
    """Raises UnknownTimezone, whether the zone would be needed or not."""
    if name is not None:
        zone(name)
    return name


timezone_option = click.option(
    "--timezone",
    metavar="ZONE",
    callback=_known,
    help="IANA zone for times in and out, such as Europe/Berlin.",
)
