from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import click

from booking_core import (
    Actor,
    Answer,
    AnswerValue,
    Booking,
    BookingFilter,
    BookingId,
    BookingState,
    Contact,
    IdempotencyKey,
    InvalidRequest,
    Money,
    Offer,
    PathwayId,
    QuestionKind,
    SessionType,
    Slot,
    exponent,
    in_english,
)
from entrypoints import times, views
from entrypoints.cli import tables
from entrypoints.cli.commands import Command, as_option, timezone_option
from entrypoints.cli.session import Session, pass_session
from entrypoints.invoked import command
from entrypoints.problems import EX_NO

_YES, _NO = {"yes", "true", "1"}, {"no", "false", "0"}
_DONE = (BookingState.CONFIRMED, BookingState.COMPLETED, BookingState.NO_SHOW)
_STATES = [state.value.lower() for state in BookingState if state is not BookingState.NEW]


@click.command(cls=Command)
@click.argument("session_type")
@click.argument("start")
@click.option("--name", required=True, help="The client's name.")
@click.option("--email", required=True, help="The client's e-mail address.")
@timezone_option
@click.option(
    "--answer", "answers", multiple=True, metavar="ID=VALUE",
    help="Answers a question; again for each question, and for each of several choices.",
)  # fmt: skip
@click.option("--notes", default="", help="Anything else the builder should know.")
@click.option("--pathway", metavar="ID", help="Which of the session type's pathways.")
@click.option("--key", help="Idempotency key: the same line again books nothing twice.")
@as_option
@pass_session
@click.pass_context
def book(
    ctx: click.Context,
    session: Session,
    session_type: str,
    start: str,
    name: str,
    email: str,
    timezone: str | None,
    answers: tuple[str, ...],
    notes: str,
    pathway: str | None,
    key: str | None,
    viewer: str,
) -> None:
    """Book SESSION_TYPE at START.

    SESSION_TYPE is an id or BUILDER/TYPE. START is RFC 3339, or a time such as 2026-11-23T10:00
    on the clock of --timezone, which is the builder's when left out. A time that is taken
    answers 1, with open ones to choose from.
    """
    offer, actor = session.offer(session_type), session.actor(viewer)
    session.timezone = timezone or offer.builder.timezone
    slot = _slot(times.moment(start, session.timezone), offer.session_type)
    body = [offer.session_type.id, str(slot), name, email, timezone, answers, notes, pathway]
    booking = session.core.confirm_booking(
        session_type_id=offer.session_type.id,
        slot=slot,
        contact=Contact(name, email, session.timezone),
        answers=_answers(offer.session_type, answers),
        notes=notes,
        pathway=PathwayId(pathway) if pathway else None,
        key=IdempotencyKey(key, json.dumps(body).encode()) if key else None,
        actor=actor,
    )
    token = session.core.manage_key.token(booking.id, booking.token_version)
    more = {"checkoutUrl": booking.payment.checkout_url} if booking.payment.checkout_url else {}
    _show(session, booking, _headline(booking, "Booked."), manageToken=token, **more)
    if booking.state.dead:
        ctx.exit(EX_NO)
    if booking.client.id is None and not session.screen.json:
        session.screen.answer({}, f"The client's link: {_page(session, booking)}#token={token}")


def _page(session: Session, booking: Booking) -> str:
    return f"{session.settings.public_url}/bookings/{booking.id}"


def _slot(start: datetime, session_type: SessionType) -> Slot:
    return Slot(start, start + session_type.duration)


def _answers(session_type: SessionType, given: Sequence[str]) -> list[Answer]:
    """The answers; the kind of a question says what its value means. Raises InvalidRequest."""
    kinds = {question.id: question.kind for question in session_type.questions}
    answers: list[Answer] = []
    chosen: dict[str, list[str]] = {}
    for each in given:
        question, equals, value = each.partition("=")
        if not equals:
            raise InvalidRequest(f"--answer {each}: write ID=VALUE.")
        if kinds.get(question) is QuestionKind.MULTIPLE_CHOICE:
            chosen.setdefault(question, []).append(value)
        else:
            answers.append(Answer(question, _value(kinds.get(question), value)))
    return answers + [Answer(question, tuple(values)) for question, values in chosen.items()]


def _value(kind: QuestionKind | None, text: str) -> AnswerValue:
    if kind is QuestionKind.BOOLEAN and text.lower() in _YES | _NO:
        return text.lower() in _YES
    return text


@click.command(cls=Command)
@click.option("--builder", metavar="NAME", help="Only those with this builder (id or slug).")
@click.option("--client", metavar="ID", help="Only those of this client.")
@click.option(
    "--state", "states", multiple=True, type=click.Choice(_STATES, case_sensitive=False),
    help="Only those in this state; may be given several times.",
)  # fmt: skip
@click.option("--from", "first", metavar="TIME", help="Starting at this date or time, or later.")
@click.option("--to", "last", metavar="TIME", help="Starting on this date, or before this time.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.option("--after", metavar="BOOKING", help="The page after this booking.")
@timezone_option
@as_option
@pass_session
def bookings(
    session: Session,
    builder: str | None,
    client: str | None,
    states: tuple[str, ...],
    first: str | None,
    last: str | None,
    limit: int,
    after: str | None,
    timezone: str | None,
    viewer: str,
) -> None:
    """List bookings, the newest first."""
    actor = session.actor(viewer)
    found = session.core.show_builder(name=builder, actor=Actor.system()) if builder else None
    zone = session.timezone = timezone or (found.timezone if found else "UTC")
    wanted: Any = [BookingState(state.upper()) for state in states]
    page = session.core.list_bookings(
        criteria=BookingFilter(
            builder_id=found.id if found else None,
            client_id=client,
            states=wanted,
            starts_from=times.edge(first, zone),
            starts_before=times.edge(last, zone, after=True),
            after=BookingId(after) if after else None,
            limit=limit,
        ),
        actor=actor,
    )
    offers = {each.session_type_id: _offer(session, each) for each in page.bookings}
    more = [f"\nThere are more: add --after {page.next}"] if page.next else []
    session.screen.answer(
        {"bookings": [_view(session, each) for each in page.bookings], "next": page.next},
        tables.bookings(page.bookings, offers, zone),
        *more,
    )


@click.command(cls=Command)
@click.argument("booking")
@timezone_option
@as_option
@pass_session
def show(session: Session, booking: str, timezone: str | None, viewer: str) -> None:
    """Show BOOKING."""
    found = session.core.show_booking(booking_id=BookingId(booking), actor=session.actor(viewer))
    session.timezone = timezone or found.client.contact.timezone or session.timezone
    _show(session, found)


@click.command(cls=Command)
@click.argument("booking")
@click.option("--reason", default="", help="Told to the client and the builder.")
@as_option
@pass_session
def cancel(session: Session, booking: str, reason: str, viewer: str) -> None:
    """Cancel BOOKING.

    As an operator, which is the default, whatever the terms say.
    """
    found = session.core.cancel_booking(
        booking_id=BookingId(booking), reason=reason, actor=session.actor(viewer)
    )
    session.timezone = found.client.contact.timezone or session.timezone
    placed = found.event is not None and not session.application.calendar.in_database
    free = "is free again once the calendar has answered" if placed else "is free again"
    _show(session, found, f"Cancelled; the time {free}.")


@click.command(cls=Command)
@click.argument("booking")
@click.argument("amount")
@click.option("--key", help="Idempotency key: the same line again gives nothing back twice.")
@as_option
@pass_session
def refund(session: Session, booking: str, amount: str, key: str | None, viewer: str) -> None:
    """Give AMOUNT of what was paid for BOOKING back.

    Whatever the terms say, and never more than is left. AMOUNT is as on a receipt: 12.50.
    """
    actor = session.actor(viewer)
    found = session.core.show_booking(booking_id=BookingId(booking), actor=actor)
    given = session.core.refund_booking(
        booking_id=found.id,
        amount=_minor_units(amount, found.payment.price),
        key=IdempotencyKey(key, amount.encode()) if key else None,
        actor=actor,
    )
    session.timezone = given.client.contact.timezone or session.timezone
    by_hand = "Give it back, then record that with `booking returned`."
    _show(session, given, "It is on its way back." if given.payment.attempts else by_hand)


def _minor_units(amount: str, price: Money | None) -> int:
    """Raises InvalidRequest."""
    decimals = exponent(price.currency) if price else 2
    try:
        units = Decimal(amount).scaleb(decimals)
        if units == int(units):
            return int(units)
    except (ArithmeticError, ValueError):
        pass
    raise InvalidRequest(f"{amount}: write an amount such as {Decimal(1250).scaleb(-decimals)}.")


@click.command(cls=Command)
@click.argument("booking")
@as_option
@pass_session
def returned(session: Session, booking: str, viewer: str) -> None:
    """Record that money paid at the meeting went back.

    For BOOKING, all that may not be kept of it.
    """
    found = session.core.record_returned_on_site(
        booking_id=BookingId(booking), actor=session.actor(viewer)
    )
    session.timezone = found.client.contact.timezone or session.timezone
    _show(session, found, "Recorded.")


@click.command(cls=Command)
@click.argument("booking")
@click.argument("start")
@timezone_option
@as_option
@pass_session
def reschedule(
    session: Session, booking: str, start: str, timezone: str | None, viewer: str
) -> None:
    """Move BOOKING to START.

    Where that is refused, it stays where it is. START is RFC 3339, or a time on the clock of
    --timezone, which is the client's when left out.
    """
    actor = session.actor(viewer)
    found = session.core.show_booking(booking_id=BookingId(booking), actor=actor)
    session.timezone = timezone or found.client.contact.timezone or session.timezone
    moved = session.core.reschedule_booking(
        booking_id=found.id,
        slot=_slot(times.moment(start, session.timezone), _offer(session, found).session_type),
        actor=actor,
    )
    _show(session, moved, _headline(moved, "Moved."))


@click.command(cls=Command)
@click.argument("booking")
@as_option
@pass_session
def revoke(session: Session, booking: str, viewer: str) -> None:
    """Make all links to BOOKING worthless.

    For a link that came into wrong hands. A new one goes to the client by mail.
    """
    found = session.core.revoke_tokens(booking_id=BookingId(booking), actor=session.actor(viewer))
    session.timezone = found.client.contact.timezone or session.timezone
    _show(session, found, f"A new link goes to {found.client.contact.email}.")


def _headline(booking: Booking, done: str) -> str:
    if booking.payment.checkout_url:
        return f"The time is kept until it is paid: {booking.payment.checkout_url}"
    if booking.state.dead:
        why = in_english(booking.cancel_reason)
        return "It could not be booked." if not why else f"It could not be booked: {why}"
    waits = booking.state not in _DONE or booking.pending_slot
    return f"Not done yet; `{command('show')}` tells how it goes." if waits else done


def _offer(session: Session, booking: Booking) -> Offer:
    return session.offer(booking.session_type_id)


def _view(session: Session, booking: Booking) -> views.Json:
    settings = session.settings
    return views.booking(
        booking, public_url=settings.public_url, calendly=settings.calendar == "calendly"
    )


def _show(session: Session, booking: Booking, headline: str = "", **more: str) -> None:
    view = _view(session, booking)
    link = session.core.offer_link.when_answered(booking)
    more |= {"bookingUrl": link.url} if link else {}
    drawn = tables.booking(
        booking,
        _offer(session, booking),
        session.timezone,
        url=view["confirmationUrl"],
        link=link.url if link else "",
    )
    headlines = [headline] if headline else []
    session.screen.answer({"booking": view | more}, *headlines, drawn)
