from __future__ import annotations

import hmac
import sys
from typing import Any
from urllib.parse import urlsplit

import click
from rich.text import Text

from booking_core import Actor, Role, address_of
from entrypoints.cli.commands import Command
from entrypoints.cli.output import dim, mark, table
from entrypoints.cli.session import Session, pass_session
from entrypoints.doctor import Finding, findings
from entrypoints.invoked import command
from entrypoints.problems import EX_NO
from entrypoints.settings import settings_fields

_ROLES = [Role.CLIENT.value, Role.BUILDER.value, Role.ADMIN.value]


@click.command(cls=Command)
@click.option("--down", is_flag=True, help="Take every migration back; the data is lost.")
@click.option("--yes", is_flag=True, help="Do not ask before --down.")
@pass_session
def migrate(session: Session, down: bool, yes: bool) -> None:
    """Bring the database up to date."""
    schema = session.application.schema
    if schema.pending() is None:
        session.screen.answer({"migrated": False}, "There is nothing to migrate in memory.")
        return
    if down:
        if not yes and not sys.stdin.isatty():
            raise click.UsageError("This drops every table with its data; say --yes to mean it.")
        if not yes:
            click.confirm("This drops every table with its data. Go on?", abort=True, err=True)
        schema.downgrade()
        session.screen.answer(
            {"migrated": True}, f"The tables are gone; `{command('migrate')}` makes new."
        )
        return
    pending = bool(schema.pending())
    with session.screen.working("Migrating the database …"):
        schema.upgrade()
    done = "The database is ready." if pending else "The database was up to date."
    session.screen.answer({"migrated": pending}, done)


@click.command(cls=Command)
@pass_session
def seed(session: Session) -> None:
    """Add the starter catalogue.

    A demo builder with eight session types; what is there already stays as it is.
    """
    added = session.application.seed()
    session.screen.answer(
        {"added": added},
        f"Added {added} session types; `{command('session-types')}` lists them."
        if added
        else "The starter catalogue was there already.",
    )


@click.command(cls=Command)
@pass_session
@click.pass_context
def doctor(ctx: click.Context, session: Session) -> None:
    """Check settings, database and providers.

    Says how to mend what is wrong, and answers 1 when something is.
    """
    with session.screen.working("Checking …"):
        found = findings(session.application)
    healthy = all(each.ok for each in found)
    session.screen.answer(
        {
            "ok": healthy,
            "findings": [
                {"name": each.name, "ok": each.ok, "detail": each.detail, "advice": each.advice}
                for each in found
            ],
        },
        table(("", "Check", "Finding"), [_row(each) for each in found]),
        "",
        "All is well." if healthy else "Something is wrong; see ✗ above.",
    )
    if not healthy:
        ctx.exit(EX_NO)


def _row(finding: Finding) -> tuple[Text, str, Text]:
    text = Text(finding.detail)
    if not finding.ok and finding.advice:
        text.append(f"\n{finding.advice}", style="bold")
    return mark(finding.ok), finding.name, text


@click.command(cls=Command)
@pass_session
def settings(session: Session) -> None:
    """List every setting.

    Its value, its default and what it means. Secrets are not shown.
    """
    found = [_setting(each, getattr(session.settings, each.name)) for each in settings_fields()]
    rows = []
    for each in found:
        changed = each["default"] not in (None, each["value"])
        value = Text(str(each["value"]), style="bold" if changed else "")
        default = f"; default {each['default']}" if changed else ""
        rows.append((each["name"], value.append_text(dim(f"\n{each['meaning']}{default}"))))
    session.screen.answer({"settings": found}, table(("Setting", "Value"), rows))


def _setting(attribute: Any, value: Any) -> dict[str, Any]:
    secret = attribute.metadata["secret"]
    default = attribute.default if isinstance(attribute.default, str | int) else None
    return {
        "name": attribute.metadata["name"],
        "value": _masked(value, default) if secret else value,
        "default": _masked(str(default), default) if secret else default,
        "meaning": attribute.metadata["meaning"],
        "secret": secret,
    }


def _masked(value: str, default: object) -> str:
    """Of an address everything but user, password and query; of other secrets nothing."""
    if not value:
        return "not set"
    if "://" not in value:
        return "the default" if value == default else "set, not shown"
    parts = urlsplit(value)
    _, at, host = parts.netloc.rpartition("@")
    netloc = f"***@{host}" if at else host
    return f"{parts.scheme}://{netloc}{parts.path}" + ("?***" if parts.query else "")


@click.command(cls=Command)
@click.option(
    "--as", "role", required=True, type=click.Choice(_ROLES), help="Whom it proves to be."
)
@click.option(
    "--id", "who", metavar="ID", help="Of the client or admin; of a builder also the slug."
)
@click.option("--name", default="", help="A client's name.")
@click.option("--email", default="", help="A client's e-mail address.")
@pass_session
def token(session: Session, role: str, who: str | None, name: str, email: str) -> None:
    """Print a bearer token for the API.

    To be shown as `Authorization: Bearer TOKEN`.
    """
    if role == Role.BUILDER:
        if who is None:
            raise click.UsageError(
                f"Say which builder: --id SLUG; `{command('builders')}` lists them."
            )
        who = session.core.show_builder(name=who, actor=Actor.system()).id
    # Two clients must never be one and the same, nor may their address stay in the trail as an id.
    who = who or (_id_of(email, session.settings.secret_key) if email else role)
    if role == Role.CLIENT and who == role:
        raise click.UsageError("Say which client: --id ID, or --email ADDRESS.")
    minted = session.application.mint(role=Role(role), id=who, name=name, email=email)
    session.screen.answer(
        {"token": minted, "role": role, "id": who, "name": name, "email": email}, minted
    )


def _id_of(email: str, secret_key: str) -> str:
    """The same for an address each time, and nobody finds the address by it who has not the key."""
    return (
        f"cli_{hmac.digest(secret_key.encode(), address_of(email).encode(), 'sha256').hex()[:24]}"
    )
