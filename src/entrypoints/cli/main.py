from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

from booking_core import BookingError
from entrypoints.cli import (
    bookings,
    catalogue,
    check_flow,
    clients,
    jobs,
    operations,
    people,
    provider,
    serve,
    slots,
    trail,
)
from entrypoints.cli.commands import JSON
from entrypoints.cli.errors import tell, tell_usage, unexpected
from entrypoints.cli.output import Screen
from entrypoints.cli.session import Session
from entrypoints.invoked import command
from entrypoints.settings import SettingsError

_INTERRUPTED = 130  # 128 + SIGINT, as shells report it

_SECTIONS: Mapping[str, Sequence[click.Command]] = {
    "Bookings": (
        bookings.book,
        bookings.bookings,
        bookings.show,
        bookings.reschedule,
        bookings.cancel,
        bookings.refund,
        bookings.returned,
        bookings.revoke,
        trail.timeline,
        trail.replay,
    ),
    "Catalogue": (
        catalogue.builders,
        catalogue.schedule,
        catalogue.session_types,
        slots.slots,
        catalogue.explain_visibility,
    ),
    "Calendar provider": (
        provider.sync_event_types,
        provider.repair,
        provider.webhooks,
    ),
    "People": (
        people.accounts,
        people.api_keys,
        operations.token,
        clients.export_client,
        clients.erase_client,
    ),
    "Service": (
        serve.serve,
        serve.worker,
        jobs.jobs,
        jobs.catch_up,
        trail.trail,
        operations.migrate,
        operations.seed,
        operations.settings,
        operations.doctor,
        check_flow.check_flow,
    ),
}


@contextmanager
def told(ctx: click.Context) -> Iterator[None]:
    """Ends the command with a foreseen error's exit code, once it is told; closes what was open."""
    session: Session = ctx.obj
    try:
        yield
    except (BookingError, SettingsError) as error:
        ctx.exit(tell(error, session))
    except click.UsageError as error:
        if not session.screen.json:
            raise
        ctx.exit(tell_usage(error, session))
    except KeyboardInterrupt:
        ctx.exit(_INTERRUPTED)
    except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
        raise
    except Exception as error:
        ctx.exit(unexpected(error, session))
    finally:
        session.close()


class Root(click.Group):
    """The `booking` command: makes the session, and tells every foreseen error in one place."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, commands in _SECTIONS.items():
            with formatter.section(title):
                rows = [(each.name or "", each.get_short_help_str(60)) for each in commands]
                formatter.write_dl(rows)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        # Looked up before anything is parsed: a wrong command line is told in JSON too.
        ctx.obj = Session(Screen(json="--json" in args))
        with told(ctx):
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        with told(ctx):
            return super().invoke(ctx)


@click.group(
    cls=Root,
    commands=[each for section in _SECTIONS.values() for each in section],
    params=[JSON],
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="booking-core", prog_name="booking")
def cli() -> None:
    """Book people's time: look at slots, make and change bookings, run the service.

    With --json, anywhere on the line, an answer is one JSON document on stdout, and an error is one
    on stderr: {"success": false, "code", "title", "error", …}.

    \b
    Exit codes:
      0   done                        66  there is no such thing
      1   the answer is no            69  a provider refuses, or no service answers
      2   wrong usage                 75  not now; try again later
      65  the input is not valid      77  not allowed
      70  a bug in booking            78  a setting is wrong

    Settings come from the environment and from .env; `settings` lists them.
    """


def main() -> None:
    """The console script."""
    cli(prog_name=command())
