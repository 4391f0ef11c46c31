from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TextIO

import click
from rich.text import Text

from booking_core import (
    Actor,
    Builder,
    Category,
    InvalidRequest,
    Language,
    Schedule,
    SchedulingMode,
    SessionTypeId,
)
from entrypoints import schedules, views
from entrypoints.cli import tables
from entrypoints.cli.commands import Command, Group, as_option, viewer_option
from entrypoints.cli.output import dim, mark
from entrypoints.cli.session import Session, pass_session
from entrypoints.invoked import command
from entrypoints.notices import unbind
from entrypoints.problems import EX_NOINPUT


@click.group(cls=Group, invoke_without_command=True)
@click.option("--all", "everyone", is_flag=True, help="Those too that are not active.")
@pass_session
@click.pass_context
def builders(ctx: click.Context, session: Session, everyone: bool) -> None:
    """List the builders.

    `builders add` adds one, `builders change` edits one, `builders bind-calendar` gives it a calendar
    account of its own.
    """
    if ctx.invoked_subcommand is None:
        found = session.core.list_builders(everyone_for=Actor.system() if everyone else None)
        session.screen.answer(
            {"builders": [views.builder(each, Actor.system()) for each in found]},
            tables.builders(found),
        )


@builders.command()
@click.option("--name", required=True)
@click.option("--email", required=True)
@click.option("--timezone", required=True, metavar="ZONE", help="IANA zone of the weekly hours.")
@click.option("--slug", help="The name in addresses; made from the name when left out.")
@click.option("--headline", default="", help="One line about the builder.")
@pass_session
def add(
    session: Session, name: str, email: str, timezone: str, slug: str | None, headline: str
) -> None:
    """Add a builder, without any hours yet."""
    more = {"slug": slug} if slug else {}
    builder = session.core.add_builder(
        name=name,
        email=email,
        schedule=Schedule(timezone),
        actor=Actor.system(),
        headline=headline,
        **more,
    )
    session.screen.answer(
        {"builder": views.builder(builder, Actor.system())},
        f"Added {builder.name} as {builder.slug}. {_next(session, builder)}",
    )


def _next(session: Session, builder: Builder) -> str:
    """The hours are ours only where the calendar is."""
    if session.application.calendar.in_database:
        return f"Set the hours with\n  {command(f'schedule {builder.slug} --set FILE.json')}"
    return f"Take over what the calendar offers with\n  {command('sync-event-types')}"


@builders.command()
@click.argument("builder")
@click.option("--name")
@click.option("--slug", help="The name in addresses; old addresses lead nowhere then.")
@click.option("--email")
@click.option("--headline", help="One line about the builder; '' for none.")
@click.option("--photo", "photo_url", metavar="URL", help="An https address; '' for none.")
@click.option("--language", type=click.Choice([each.value for each in Language]))
@click.option(
    "--reminder", "reminders", multiple=True, metavar="MINUTES",
    help="Before the start; again for each, all in place of those before. '' for none.",
)  # fmt: skip
@click.option(
    "--client-accounts/--no-client-accounts", default=None, help="Bookings make accounts."
)
@click.option(
    "--embed-site", "embed_sites", multiple=True, metavar="ORIGIN",
    help="Whose pages may embed; again for each, all in place of those before. '' for none.",
)  # fmt: skip
@click.option("--calendar-account", help="The account at the calendar provider; '' for none.")
@click.option(
    "--scheduling-mode", type=click.Choice([each.value for each in SchedulingMode]),
    help="Whether clients choose their time on our page or at the calendar provider's.",
)  # fmt: skip
@click.option("--active/--not-active", default=None)
@pass_session
def change(session: Session, /, builder: str, **given: Any) -> None:
    """Change BUILDER, an id or a slug.

    What is not named stays as it is. The hours are changed by `schedule --set`.
    """
    found = session.core.show_builder(name=builder, actor=Actor.system())
    named = {name: each for name, each in given.items() if each not in (None, ())}
    if not named:
        raise click.UsageError("Say what to change; --help lists what there is.")
    changed = session.core.change_builder(
        builder_id=found.id,
        changes={name: _READERS.get(name, _same)(each) for name, each in named.items()},
        actor=Actor.system(),
    )
    session.screen.answer(
        {"builder": views.builder(changed, Actor.system())},
        f"Changed {changed.name}.",
        tables.builder(changed),
    )


@builders.command("bind-calendar")
@click.argument("builder")
@pass_session
def bind_calendar(session: Session, builder: str) -> None:
    """Bind BUILDER's own account at the calendar provider.

    BUILDER is an id or a slug. The token of that account is read from standard input, or asked for on
    a terminal: what stands in a command line is seen by others. Doing it again replaces it.
    """
    found = session.core.show_builder(name=builder, actor=Actor.system())
    account = session.core.bind_calendar(builder_id=found.id, token=_token(), actor=Actor.system())
    sync = command(f"sync-event-types --builder {found.slug}")
    session.screen.answer(
        {"calendar": views.calendar_account(account)},
        f"The calendar of {found.name} is that of {account.name} now ({account.uri}).",
        f"What is offered there comes with `{sync}`.",
    )


def _token() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Token", hide_input=True, err=True)).strip()
    return sys.stdin.readline().strip()


@builders.command("unbind-calendar")
@click.argument("builder")
@pass_session
@click.pass_context
def unbind_calendar(ctx: click.Context, session: Session, builder: str) -> None:
    """Forget the token of BUILDER's own calendar account.

    The account stays the builder's, and is asked with the service's token from then on. Its notices
    are ended, if the provider still takes the token.
    """
    found = session.core.show_builder(name=builder, actor=Actor.system())
    notices = session.application.notices
    removed = unbind(session.core, notices, builder_id=found.id, actor=Actor.system())
    told = f"The token of {found.name} is forgotten." if removed else "There was none."
    session.screen.answer({"removed": removed}, told)
    if not removed:
        ctx.exit(EX_NOINPUT)


def _same(value: Any) -> Any:
    return value


def _listed(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(each for each in values if each)


def _reminders(values: tuple[str, ...]) -> tuple[timedelta, ...]:
    try:
        return tuple(timedelta(minutes=int(each)) for each in _listed(values))
    except (ValueError, OverflowError):
        raise InvalidRequest("--reminder: give whole minutes, such as 1440 for a day.") from None


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "photo_url": lambda text: text or None,
    "calendar_account": lambda text: text or None,
    "reminders": _reminders,
    "embed_sites": _listed,
}


@click.command(cls=Command)
@click.argument("builder")
@click.option(
    "--set", "file", type=click.File(encoding="utf-8"), metavar="FILE|-",
    help="Replace the schedule by this JSON; - reads it from stdin.",
)  # fmt: skip
@pass_session
def schedule(session: Session, builder: str, file: TextIO | None) -> None:
    """Show or replace the hours of BUILDER.

    BUILDER is an id or a slug. `schedule BUILDER --json` writes what `--set` reads.
    """
    found = session.core.show_builder(name=builder, actor=Actor.system())
    if file is not None:
        found = session.core.change_builder(
            builder_id=found.id,
            changes={"schedule": schedules.read_schedule(_json(file))},
            actor=Actor.system(),
        )
    session.screen.answer(views.schedule(found.schedule), tables.schedule(found))


def _json(file: TextIO) -> Any:
    try:
        return json.load(file)
    except json.JSONDecodeError as wrong:
        place = f"line {wrong.lineno}, column {wrong.colno}"
        raise InvalidRequest(f"{file.name} is not JSON: {place}: {wrong.msg}.") from wrong
    except UnicodeDecodeError as wrong:
        raise InvalidRequest(f"{file.name} is not text in UTF-8.") from wrong


@click.group(cls=Group, invoke_without_command=True)
@click.option("--builder", metavar="NAME", help="Only those of this builder (id or slug).")
@click.option(
    "--category",
    type=click.Choice([each.value for each in Category]),
    help="Only those of this category.",
)
@click.option("--pathway", metavar="ID", help="Only those of this pathway.")
@as_option
@pass_session
@click.pass_context
def session_types(
    ctx: click.Context,
    session: Session,
    builder: str | None,
    category: str | None,
    pathway: str | None,
    viewer: str,
) -> None:
    """List the session types that a viewer is shown.

    With --builder, that builder and operators also see those that are not active.
    `session-types change` takes one off the list, or puts it back.
    """
    if ctx.invoked_subcommand is not None:
        return
    core, actor = session.core, session.actor(viewer)
    listed = (
        core.list_session_types(builder=builder, actor=actor)
        if builder
        else core.list_available_sessions(actor=actor)
    )
    found = [
        each
        for each in listed
        if category in (None, each.category) and (pathway is None or pathway in each.pathways)
    ]
    owners = {
        owner: core.show_builder(name=owner, actor=Actor.system())
        for owner in {each.builder_id for each in found}
    }
    session.screen.answer(
        {
            "sessionTypes": [
                views.session_type(each, actor, owners[each.builder_id].scheduling_mode)
                for each in found
            ]
        },
        tables.session_types(found, owners),
    )


@session_types.command("change")
@click.argument("session_type")
@click.option(
    "--active/--not-active", required=True, help="Whether it can be booked; bookings stay."
)
@pass_session
def change_session_type(session: Session, session_type: str, active: bool) -> None:
    """Offer SESSION_TYPE, an id, or take it off."""
    core, system = session.core, Actor.system()
    changed = core.change_session_type(
        session_type_id=SessionTypeId(session_type), changes={"active": active}, actor=system
    )
    owner = core.show_builder(name=changed.builder_id, actor=system)
    session.screen.answer(
        {"sessionType": views.session_type(changed, system, owner.scheduling_mode)},
        f"{changed.title} {'can be booked' if active else 'is not offered any more'}.",
    )


@click.command(cls=Command)
@click.argument("session_type")
@viewer_option("anonymous")
@pass_session
def explain_visibility(session: Session, session_type: str, viewer: str) -> None:
    """Say why a viewer is, or is not, shown SESSION_TYPE.

    SESSION_TYPE is an id or BUILDER/TYPE. Answers 0 either way.
    """
    offer = session.offer(session_type)
    answer = session.core.explain_visibility(
        session_type_id=offer.session_type.id, viewer=session.actor(viewer)
    )
    verdict = "visible" if answer.visible else "not visible"
    session.screen.answer(
        {
            "sessionTypeId": answer.session_type.id,
            "viewer": viewer,
            "visible": answer.visible,
            "reason": answer.reason,
        },
        Text.assemble(
            mark(answer.visible), f" {answer.session_type.title} is {verdict} to {viewer}."
        ),
        dim(f"  {answer.reason}"),
    )
