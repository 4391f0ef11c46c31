"""What is held about one client, to be handed over or erased."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypedDict

import click
from rich.console import RenderableType

from booking_core import Actor, ClientId, LeftAtProviders
from entrypoints import views
from entrypoints.cli.commands import Command
from entrypoints.cli.output import document, table
from entrypoints.cli.session import Session, pass_session

_NOTHING = "Nothing is held about this person."


class _Named(TypedDict, total=False):
    email: str
    account_id: ClientId


def _named(client: str) -> _Named:
    return {"email": client} if "@" in client else {"account_id": ClientId(client)}


@click.command(cls=Command)
@click.argument("client")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Where to, instead of stdout; readable for nobody but you.",
)
@pass_session
def export_client(session: Session, client: str, out: Path | None) -> None:
    """Write all that is held about CLIENT as one JSON document.

    CLIENT is an e-mail address, or the id of an account.
    """
    found = session.core.export_client(actor=Actor.system(), **_named(client))
    data = views.client_export(found, public_url=session.settings.public_url)
    held = document(data | {"otherAccounts": list(found.others)})
    if not found.any:
        session.screen.complain({"any": False}, _NOTHING)
    if out is None:
        click.echo(held)
        return
    _write(out, held)
    session.screen.answer(
        {"written": str(out), "bookings": len(found.bookings)},
        f"Wrote {len(found.bookings)} bookings and what belongs to them to {out}.",
        *_others(found.others),
    )


def _write(out: Path, held: str) -> None:
    try:
        out.touch(mode=0o600)
        out.chmod(0o600)
        out.write_text(f"{held}\n", "utf-8")
    except OSError as error:
        raise click.UsageError(f"--out {out}: {error.strerror}.") from error


@click.command(cls=Command)
@click.argument("client")
@click.option("--yes", is_flag=True, help="Do not ask before.")
@pass_session
def erase_client(session: Session, client: str, yes: bool) -> None:
    """Erase CLIENT for good; what was booked and paid stays, without the person.

    CLIENT is an e-mail address, or the id of an account. Refused while a booking is live or money is
    on its way.
    """
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("This cannot be undone; say --yes to mean it.")
    if not yes:
        click.confirm(f"This cannot be undone. Erase {client}?", abort=True, err=True)
    erased = session.core.erase_client(actor=Actor.system(), **_named(client))
    what = (
        f"{'an account' if erased.account else 'no account'}, {erased.credentials} credentials,"
        f" {erased.mails} mails, and the person in {erased.bookings} bookings"
    )
    nothing = not (erased.account or erased.credentials or erased.bookings)
    told = _NOTHING if nothing else f"Erased {what}."
    session.screen.answer(views.erasure(erased), told, *_left(erased.left), *_others(erased.others))


def _left(left: Sequence[LeftAtProviders]) -> Iterator[RenderableType]:
    """What is held by others; we are not asked there."""
    if not left:
        return
    rows = [(each.booking_id, "\n".join((*each.calendar, *each.checkouts))) for each in left]
    yield "\nProviders still hold these records; only there can the person be erased:\n"
    yield table(("Booking", "Event or checkout"), rows)


def _others(accounts: Sequence[ClientId]) -> Iterator[RenderableType]:
    """Accounts that were not touched: nothing proves that they are the same person's."""
    if accounts:
        yield (
            f"\nLook at these accounts too: {', '.join(accounts)}. They say this address without"
            " a proof of it, or have a booking with it, and were left out."
        )
