from __future__ import annotations

import json
from typing import Any, TextIO

import click
from rich.text import Text

from booking_core import Actor, InvalidRequest, Schedule
from entrypoints import schedules, views
from entrypoints.cli import tables
from entrypoints.cli.commands import Command, Group, as_option
from entrypoints.cli.output import dim, mark
from entrypoints.cli.session import Session, pass_session
from entrypoints.invoked import command


@click.group(cls=Group, invoke_without_command=True)
@pass_session
@click.pass_context
def builders(ctx: click.Context, session: Session) -> None:
    """List the builders; `builders add` adds one."""
    if ctx.invoked_subcommand is None:
        found = session.core.list_builders()
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
        f"Added {builder.name} as {builder.slug}. Set the hours with\n"
        f"  {command(f'schedule {builder.slug} --set FILE.json')}",
    )


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


@click.command(cls=Command)
@click.option("--builder", metavar="NAME", help="Only those of this builder (id or slug).")
@as_option
@pass_session
def session_types(session: Session, builder: str | None, viewer: str) -> None:
    """List the session types that a viewer is shown.

    With --builder, that builder and operators also see those that are not active.
    """
    core, actor = session.core, session.actor(viewer)
    found = (
        core.list_session_types(builder=builder, actor=actor)
        if builder
        else core.list_available_sessions(actor=actor)
    )
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


@click.command(cls=Command)
@click.argument("session_type")
@as_option
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
