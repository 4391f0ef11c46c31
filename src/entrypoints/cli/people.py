from __future__ import annotations

from typing import Any

import click

from booking_core import Actor, ClientId, Credential, CredentialId, Role, Scope
from entrypoints import times, views
from entrypoints.cli import tables
from entrypoints.cli.commands import Command, Group
from entrypoints.cli.session import Session, pass_session
from entrypoints.invoked import command

_MOST = 1000
_ROLE = click.Choice([Role.ADMIN.value, Role.BUILDER.value])
_role = click.option("--role", required=True, type=_ROLE)


@click.group(cls=Group, invoke_without_command=True)
@click.option("--after", metavar="ID", help="The page after this account.")
@click.option("--limit", type=click.IntRange(1, _MOST), default=200, show_default=True)
@pass_session
@click.pass_context
def accounts(ctx: click.Context, session: Session, after: str | None, limit: int) -> None:
    """List the people who have an account.

    `accounts grant` makes somebody an admin or a builder, `accounts revoke` takes that away.
    """
    if ctx.invoked_subcommand is not None:
        return
    page = session.core.list_accounts(
        actor=Actor.system(), after=ClientId(after) if after else None, limit=limit
    )
    session.screen.answer(
        {"accounts": [views.account(each) for each in page.accounts], "next": page.next},
        tables.accounts(page.accounts),
        *([f"\nThere are more: add --after {page.next}"] if page.next else []),
    )


@accounts.command(cls=Command)
@click.argument("who", metavar="EMAIL|ID")
@_role
@click.option("--builder", metavar="NAME", help="Which builder a builder is (id or slug).")
@pass_session
def grant(session: Session, who: str, role: str, builder: str | None) -> None:
    """Give a role to the owner of an e-mail address, or to an account.

    Who has no account yet has the role once it signs in and proves the address.
    """
    if role == Role.BUILDER and builder is None:
        listed = command("builders")
        raise click.UsageError(f"Say which builder: --builder SLUG; `{listed}` lists them.")
    named = session.core.show_builder(name=builder, actor=Actor.system()) if builder else None
    account = session.core.grant_role(
        role=Role(role),
        actor=Actor.system(),
        builder_id=named.id if named else None,
        **_account(who),
    )
    session.screen.answer(
        {"account": views.account(account)}, f"{tables.named(account)} is {_a(role)} now."
    )


@accounts.command(cls=Command)
@click.argument("who", metavar="EMAIL|ID")
@_role
@pass_session
def revoke(session: Session, who: str, role: str) -> None:
    """Take a role away from an account, with the API keys of the role."""
    changed = session.core.revoke_role(role=Role(role), actor=Actor.system(), **_account(who))
    session.screen.answer(
        {"account": views.account(changed)},
        f"{tables.named(changed)} is not {_a(role)} (any more).",
    )


def _account(who: str) -> dict[str, Any]:
    return {"email": who} if "@" in who else {"account_id": ClientId(who)}


def _a(role: str) -> str:
    return f"an {role}" if role == Role.ADMIN else f"a {role}"


@click.group(cls=Group, invoke_without_command=True)
@click.option("--builder", metavar="NAME", help="Only those of this builder (id or slug).")
@pass_session
@click.pass_context
def api_keys(ctx: click.Context, session: Session, builder: str | None) -> None:
    """List the API keys by which machines act for builders and admins.

    `api-keys add` makes one, `api-keys revoke` makes one worthless.
    """
    if ctx.invoked_subcommand is None:
        found = _keys(session, builder)
        session.screen.answer(
            {"apiKeys": [views.api_key(each) for each in found]}, tables.api_keys(found)
        )


def _keys(session: Session, builder: str | None) -> list[Credential]:
    found = session.core.list_api_keys(actor=Actor.system())
    if builder is None:
        return list(found)
    owner = session.core.show_builder(name=builder, actor=Actor.system()).id
    return [each for each in found if each.grant and each.grant.id == owner]


@api_keys.command(cls=Command)
@click.option("--name", required=True, help="What you tell it from others by.")
@click.option(
    "--scope", "scopes", required=True, multiple=True,
    type=click.Choice([each.value for each in Scope]),
    help="Which kind of call it is good for; again for each.",
)  # fmt: skip
@click.option("--builder", metavar="NAME", help="Whose key it is (id or slug); else an admin's.")
@click.option("--expires", metavar="TIME", help="When it ends, with an offset; never if left out.")
@pass_session
def add(
    session: Session, name: str, scopes: tuple[str, ...], builder: str | None, expires: str | None
) -> None:
    """Make an API key and print it, this once.

    To be shown as `Authorization: Bearer KEY`.
    """
    owner = session.core.show_builder(name=builder, actor=Actor.system()) if builder else None
    new = session.core.add_api_key(
        name=name,
        scopes=scopes,
        actor=Actor.system(),
        builder_id=owner.id if owner else None,
        expires_at=times.instant(expires, "/expires") if expires else None,
    )
    seen = views.api_key(new.credential) | {"secret": new.secret}
    session.screen.answer({"apiKey": seen}, new.secret)


@api_keys.command("revoke", cls=Command)
@click.argument("key", metavar="ID")
@pass_session
def revoke_key(session: Session, key: str) -> None:
    """Make an API key worthless, from the next call on."""
    revoked = session.core.revoke_api_key(key_id=CredentialId(key), actor=Actor.system())
    session.screen.answer({"apiKey": views.api_key(revoked)}, f"{revoked.id} opens nothing now.")
