"""What commands share: the `--json` flag, and options that several have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from booking_core import zone

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])
_VIEWERS = ("anonymous", "client[:ID]", "builder:NAME", "admin", "system")

JSON = click.Option(["--json"], is_flag=True, expose_value=False, help="Answer with JSON.")


class Command(click.Command):
    """A command that knows `--json`; the root command has already looked whether it is there."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.params.append(JSON)


class Group(click.Group, Command):
    command_class = Command


def viewer_option(default: str) -> Callable[[_Decorated], _Decorated]:
    """As whom to look; `default` where nobody is named."""
    *most, last = (f"{each} (default)" if each == default else each for each in _VIEWERS)
    told = f"{', '.join(most)} or {last}."
    return click.option("--as", "viewer", default=default, metavar="WHO", help=told)


as_option = viewer_option("system")


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
