"""What people see: the booking page, and the pages to cancel and to move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Flask, Response, make_response, redirect, render_template, request

from tests.simulators.calendly.api.door import served
from tests.simulators.calendly.moves import cancel_by_invitee, reschedule
from tests.simulators.calendly.records import EventType, Invitee
from tests.simulators.calendly.refusals import (
    ALREADY_CANCELED,
    Refused,
    not_found,
    permission_denied,
)
from tests.simulators.calendly.shapes import text_of
from tests.simulators.calendly.slots import open_slots
from tests.simulators.calendly.visits import details_url, submit, visit
from tests.simulators.calendly.wishes import instant_of
from tests.simulators.calendly.world import World

#: pages stand under this path, where the real ones stand on a host of their own
PREFIX = "/calendly.com"
_AHEAD = timedelta(days=31)


def mount(world: World, app: Flask) -> None:
    def page(rule: str, work: Callable[..., str | Response]) -> None:
        def view(**parts: str) -> Response:
            return served(world, lambda: _shown(world, lambda: work(**parts)))

        app.add_url_rule(PREFIX + rule, rule, view, methods=["GET", "POST"])

    def booking(**_: str) -> str | Response:
        return _booking(world)

    for rule in ("/<owner>/<slug>", "/<owner>/<slug>/<start>", "/d/<code>/<slug>"):
        page(rule, booking)
    page("/cancellations/<uuid>", lambda uuid: _cancellation(world, uuid))
    page("/reschedulings/<uuid>", lambda uuid: _rescheduling(world, uuid))


def _shown(world: World, work: Callable[[], str | Response]) -> Response:
    try:
        return make_response(work())
    except Refused as refused:
        reasons = [each.message for each in refused.details] or [refused.message]
        return make_response(render_template("refused.html", reasons=reasons), refused.status)


def _booking(world: World) -> str | Response:
    opened = visit(world, request.url)
    if request.method == "GET":
        return render_template(
            "booking.html",
            event_type=opened.event_type,
            starts=_starts(world, opened.event_type),
            chosen=opened.start and text_of(opened.start),
            prefilled=opened.query,
        )
    invitee = submit(world, opened, request.form)
    if onward := details_url(invitee):
        return make_response(redirect(onward))
    return _confirmed(invitee)


def _cancellation(world: World, uuid: str) -> str:
    invitee = _active(world, uuid)
    if request.method == "GET":
        return render_template("cancellation.html", invitee=invitee)
    cancel_by_invitee(world, invitee, request.form.get("reason") or None)
    return render_template("canceled.html", invitee=invitee)


def _rescheduling(world: World, uuid: str) -> str:
    invitee = _active(world, uuid)
    if request.method == "GET":
        starts = _starts(world, invitee.event.type)
        return render_template("rescheduling.html", invitee=invitee, starts=starts)
    start = instant_of(request.form.get("start_time"))
    if start is None:
        raise not_found()
    return _confirmed(reschedule(world, invitee, start, request.form.get("reason") or None))


def _confirmed(invitee: Invitee) -> str:
    return render_template(
        "confirmed.html",
        invitee=invitee,
    )


def _active(world: World, uuid: str) -> Invitee:
    found = world.books.invitees.get(uuid)
    if found is None:
        raise not_found()
    if found.status == "canceled":
        raise permission_denied(ALREADY_CANCELED)
    return found


def _starts(world: World, event_type: EventType) -> list[tuple[str, datetime]]:
    now = world.clock.now()
    found = open_slots(world.books, event_type, now, now, now + _AHEAD)
    return [(text_of(each.start), each.start) for each in found]
