from __future__ import annotations

import click

from booking_core import BookingId, Subject, TrailFilter
from entrypoints import times, views
from entrypoints.cli import tables
from entrypoints.cli.commands import Command, as_option, timezone_option
from entrypoints.cli.session import Session, pass_session
from entrypoints.invoked import command

_limit = click.option("--limit", type=click.IntRange(1, 999), default=200, show_default=True)
_after = click.option(
    "--after",
    type=click.IntRange(1, 2**63 - 1),
    metavar="NUMBER",
    help="The page after this entry.",
)


@click.command(cls=Command)
@click.argument("booking")
@_limit
@_after
@timezone_option
@as_option
@pass_session
def timeline(
    session: Session,
    booking: str,
    limit: int,
    after: int | None,
    timezone: str | None,
    viewer: str,
) -> None:
    """Show what happened to BOOKING, the oldest first.

    Events, mails, notices, and what was tried at the providers, each with how it went.
    """
    session.timezone = timezone or session.timezone
    found = session.core.show_timeline(
        booking_id=BookingId(booking), actor=session.actor(viewer), after=after, limit=limit
    )
    left = len(found.given_up)
    session.screen.answer(
        views.timeline(found),
        tables.trail(found.entries, session.timezone, subjects=False),
        *_more(found.next),
        *([f"\nGiven up: {left} jobs; `{command('replay')}` tries again."] if left else []),
    )


@click.command(cls=Command)
@click.argument("booking")
@as_option
@pass_session
def replay(session: Session, booking: str, viewer: str) -> None:
    """Try again what failed of BOOKING.

    Jobs that were given up begin anew, calendar and money are settled now.
    """
    begun = session.core.replay_booking(booking_id=BookingId(booking), actor=session.actor(viewer))
    settles = " and ".join(each.value for each in begun.settles)
    session.screen.answer(
        views.replay(begun),
        f"Restarted {begun.restarted} jobs." + (f" Settles {settles} now." if settles else ""),
    )


@click.command(cls=Command)
@click.option("--subject", metavar="KIND:ID", help="Only about this, such as booking:bkg_1.")
@click.option("--by", metavar="WHO", help="Only what was done by this one, such as admin:root.")
@click.option("--from", "first", metavar="TIME", help="Of this date or time, or later.")
@_limit
@_after
@timezone_option
@as_option
@pass_session
def trail(
    session: Session,
    subject: str | None,
    by: str | None,
    first: str | None,
    limit: int,
    after: int | None,
    timezone: str | None,
    viewer: str,
) -> None:
    """Show who changed what, the newest first."""
    zone = session.timezone = timezone or session.timezone
    page = session.core.list_trail(
        criteria=TrailFilter(
            subject=Subject.parse(subject) if subject else None,
            by=by,
            since=times.edge(first, zone),
            after=after,
            limit=limit,
        ),
        actor=session.actor(viewer),
    )
    session.screen.answer(
        views.trail(page), tables.trail(page.entries, zone, subjects=True), *_more(page.next)
    )


def _more(last: int | None) -> list[str]:
    return [f"\nThere are more: add --after {last}"] if last else []
