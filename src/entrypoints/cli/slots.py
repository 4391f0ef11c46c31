from __future__ import annotations

import click

from booking_core import Actor, FoundSlots, SessionTypeId
from entrypoints import times, views
from entrypoints.cli import tables
from entrypoints.cli.commands import Command, as_option, timezone_option
from entrypoints.cli.session import Session, pass_session


@click.command(cls=Command)
@click.argument("session_type")
@click.option("--from", "first", metavar="TIME", help="A date or a time; now when left out.")
@click.option("--to", "last", metavar="TIME", help="A date, included, or a time; 7 days later.")
@timezone_option
@click.option("--explain", "asked", metavar="TIME", help="Say why this start is, or is not, open.")
@as_option
@pass_session
def slots(
    session: Session,
    session_type: str,
    first: str | None,
    last: str | None,
    timezone: str | None,
    asked: str | None,
    viewer: str,
) -> None:
    """List the open slots of SESSION_TYPE.

    SESSION_TYPE is an id or BUILDER/TYPE; up to 62 days are answered at once. Times without an
    offset are read in --timezone, the builder's zone when left out.
    """
    offer, actor = session.offer(session_type), session.actor(viewer)
    zone = session.timezone = timezone or offer.builder.timezone
    if asked:
        _explain(session, offer.session_type.id, asked, actor)
        return
    window = times.window(first, last, zone)
    found = session.core.find_slots(
        session_type_id=offer.session_type.id, window=window, actor=actor
    )
    many = offer.session_type.capacity > 1
    session.screen.answer(
        views.slots(found, zone, offer=offer, public_url=session.settings.public_url),
        f"{offer.session_type.title} with {offer.builder.name}, times in {zone}\n",
        tables.slots(found.slots, zone, seats=many) if found.slots else "Nothing is open then.",
        _after(found, zone),
    )


def _after(found: FoundSlots, zone: str) -> str:
    if found.next_start is None:
        return "\nNothing is open after that, as far ahead as bookings go."
    return f"\nThe next one after that: {times.day_and_clock(found.next_start, zone)}"


def _explain(session: Session, session_type_id: SessionTypeId, asked: str, actor: Actor) -> None:
    found = session.core.explain_slot(
        session_type_id=session_type_id,
        start=times.moment(asked, session.timezone),
        actor=actor,
    )
    session.screen.answer(
        {
            "startTime": times.rfc3339(found.start),
            "timezone": session.timezone,
            "open": found.is_open,
            "inviteesRemaining": found.seats,
            "reasons": [{"code": each.code, "message": each.message} for each in found.reasons],
        },
        tables.explanation(found, session.timezone),
    )
