"""Signing in by a mailed link, and the page of who is signed in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any

from attrs import frozen
from flask import Blueprint, jsonify, redirect, render_template, request, session, url_for

from booking_core import (
    SIGN_IN_LINK_LENGTH,
    Actor,
    Booking,
    BookingCore,
    BookingFilter,
    BookingId,
    BookingState,
    InvalidCredentials,
    InvalidRequest,
    Offer,
    Role,
    UnknownTimezone,
    zone,
)
from entrypoints import problems, views
from entrypoints.web import forms, words, zones
from entrypoints.web.cookies import Cookies
from entrypoints.web.forms import own_path
from entrypoints.web.standing import Standing, standing
from entrypoints.web.words import N_

if TYPE_CHECKING:
    from entrypoints.container import Application

_LIVE = tuple(each for each in BookingState if each.live)
_ENDED = tuple(each for each in BookingState if not each.live and each is not BookingState.NEW)
_MOST_LIVE, _PAGE = 200, 20
_LINK_IS_OVER = N_("This link does not sign you in")


def add(pages: Blueprint, application: Application, cookies: Cookies) -> None:
    core = application.core

    @pages.get("/signin")
    def sign_in() -> str:
        return signing_in(to=own_path(request.args.get("to")))

    @pages.post("/signin")
    def signing() -> Any:
        return open_session() if "link" in request.form else ask()

    def ask() -> Any:
        """The same answer, whoever has that address or nobody."""
        email, to = request.form.get("email", ""), own_path(request.form.get("to"))
        try:
            core.ask_sign_in_link(email=email, language=words.language())
        except InvalidRequest as error:
            return signing_in(to=to, error=error), problems.of(error).status
        session["to"] = to
        return signing_in(to=to, sent_to=email.strip())

    def open_session() -> Any:
        try:
            opened = core.open_session(
                link_secret=request.form["link"].strip().rpartition("link=")[2],
                replacing=cookies.session,
                language=words.wish(),
                timezone=_timezone(),
            )
        except InvalidCredentials as error:
            told = {"title": _LINK_IS_OVER, "message": error.message}
            return signing_in(to=session.get("to"), error=told), problems.of(error).status
        answer: Any = redirect(session.get("to") or url_for("pages.me"), 303)
        forms.begin_anew()
        cookies.sign_in(answer, opened)
        return answer

    def signing_in(*, to: str | None, error: Any = None, sent_to: str | None = None) -> str:
        minutes = int(SIGN_IN_LINK_LENGTH.total_seconds()) // 60
        return render_template(
            "signin.html", to=to, error=error, sent_to=sent_to, minutes=minutes, here=None
        )

    @pages.post("/signout")
    def sign_out() -> Any:
        if cookies.session:
            core.close_session(secret=cookies.session)
        session.clear()
        answer: Any = redirect(url_for("pages.marketplace"), 303)
        cookies.sign_out(answer)
        return answer

    @pages.get("/me")
    def me() -> Any:
        viewer = cookies.viewer
        if not viewer.signed_in:
            return redirect(url_for("pages.sign_in", to=request.path), 303)
        if viewer.role is not Role.CLIENT:
            return render_template("me.html", builder=_builder(core, viewer))
        return render_template("me.html", shelf=_shelf(core, viewer, core.clock.now()))

    @pages.get("/me/export")
    def export() -> Any:
        viewer = cookies.viewer
        if not viewer.signed_in:
            return redirect(url_for("pages.sign_in", to=url_for("pages.me")), 303)
        exported = core.export_client.own(actor=viewer)
        answer = jsonify(views.client_export(exported, public_url=application.settings.public_url))
        answer.headers["Content-Disposition"] = 'attachment; filename="my-data.json"'
        return answer

    @pages.post("/bookings/<booking_id>/claim")
    def claim(booking_id: str) -> Any:
        core.claim_booking(booking_id=BookingId(booking_id), actor=cookies.viewer)
        return redirect(url_for("pages.me"), 303)


@frozen
class _Entry:
    """One of a client's bookings, as it stands by now."""

    booking: Booking
    offer: Offer
    stands: Standing
    changeable: bool


@frozen
class _Shelf:
    """A client's bookings, all in one zone; `next` is the cursor of the next page, of ended ones alone."""

    zone: str
    upcoming: list[_Entry]
    past: list[_Entry]
    claimable: list[_Entry]
    next: BookingId | None
    begins: bool


def _shelf(core: BookingCore, client: Actor, now: datetime) -> _Shelf:
    cursor = request.args.get("older")
    after = BookingId(cursor) if cursor else None
    ended = core.list_bookings(
        criteria=BookingFilter(states=_ENDED, limit=_PAGE, after=after), actor=client
    )
    upcoming, over, claimable = ([], [], []) if after else _live(core, client, now)
    past = over + ended.bookings
    return _Shelf(
        _zone(client, chain(upcoming, past, claimable)),
        _entries(core, upcoming, now),
        _entries(core, past, now),
        _entries(core, claimable, now),
        ended.next,
        begins=after is None,
    )


def _live(
    core: BookingCore, client: Actor, now: datetime
) -> tuple[list[Booking], list[Booking], list[Booking]]:
    """What comes up, the next one first; what is over but not ended; what may be the client's too."""
    live = core.list_bookings(
        criteria=BookingFilter(states=_LIVE, limit=_MOST_LIVE), actor=client
    ).bookings
    over = [each for each in live if each.slot and each.slot.end <= now]
    upcoming = [each for each in live if each not in over]
    upcoming.sort(key=lambda each: each.slot.start if each.slot else now)
    return upcoming, over, list(core.list_claimable(actor=client))


def _zone(client: Actor, bookings: Iterable[Booking]) -> str:
    """The one asked for, else the client's own; where nothing is known of that, the one it booked in."""
    if asked := request.args.get("tz"):
        return zones.named(asked)
    if client.contact and client.contact.timezone:
        return client.contact.timezone
    return next((zone for each in bookings if (zone := each.client.contact.timezone)), "UTC")


def _entries(core: BookingCore, bookings: list[Booking], now: datetime) -> list[_Entry]:
    system = Actor.system()
    return [
        _Entry(
            each,
            core.show_session_type(session_type=each.session_type_id, actor=system),
            standing(each, now),
            each.state.live and each.client_may_change(now),
        )
        for each in bookings
    ]


def _builder(core: BookingCore, viewer: Actor) -> Any:
    """The builder that the viewer is; None for an admin."""
    if viewer.role is not Role.BUILDER:
        return None
    return core.show_builder(name=str(viewer.id), actor=viewer)


def _timezone() -> str | None:
    """What the browser says, where it is a zone."""
    name = request.form.get("timezone", "")
    try:
        zone(name)
    except UnknownTimezone:
        return None
    return name
