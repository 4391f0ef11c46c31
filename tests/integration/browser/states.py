"""Bookings in the states that a page can show, made through the core rather than by clicks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

from playwright.sync_api import BrowserContext

from booking_core import (
    Actor,
    Answer,
    Booking,
    CalendarRef,
    Contact,
    ProviderFailed,
    SchedulingMode,
    SessionTypeId,
    TimeWindow,
)
from tests.integration.browser.visitor import Site, mailed_link

FREE, PAID = "getting-started", "portfolio-review"
ANA, ZONE = "ana@example.org", "Europe/Berlin"


def starts(site: Site, kind: str = FREE) -> list[datetime]:
    """What is open from tomorrow on."""
    core = site.application.core
    tomorrow = core.clock.now() + timedelta(days=1)
    found = core.find_slots(
        session_type_id=SessionTypeId(kind),
        window=TimeWindow(tomorrow, tomorrow + timedelta(days=15)),
        actor=Actor.system(),
    )
    return [each.slot.start for each in found.slots]


def book(site: Site, kind: str = FREE, place: int = 0, *, actor: Actor | None = None) -> Booking:
    """One of the open times, for Ana Ng."""
    core, start = site.application.core, starts(site, kind)[place]
    length = core.show_session_type(session_type=kind, actor=Actor.system()).session_type.duration
    [slot] = core.find_slots(
        session_type_id=SessionTypeId(kind),
        window=TimeWindow(start, start + length),
        actor=Actor.system(),
    ).slots
    return core.confirm_booking(
        session_type_id=SessionTypeId(kind),
        slot=slot.slot,
        contact=None if actor else Contact("Ana Ng", ANA, ZONE),
        actor=actor or Actor.anonymous(),
        answers=[Answer("link", "https://example.org")] if kind == PAID else [],
    )


def schedule_there(site: Site, ref: CalendarRef) -> None:
    """Clients of the demo builder choose their time at the provider's own page."""
    core = site.application.core
    offer = core.show_session_type(session_type=FREE, actor=Actor.system())
    core.change_session_type(
        session_type_id=offer.session_type.id, changes={"calendar_ref": ref}, actor=Actor.system()
    )
    core.change_builder(
        builder_id=offer.builder.id,
        changes={"scheduling_mode": SchedulingMode.EMBED},
        actor=Actor.system(),
    )


def change(site: Site, booking: Booking, **changes: Any) -> Booking:
    """Past the rules: what would take days to come about. It claims what it should claim by then."""
    with site.application.schema() as uow:
        kept = uow.bookings.get(booking.id)
        for name, value in changes.items():
            setattr(kept, name, value)
        uow.bookings.save(kept)
        uow.claims.keep(booking_id=kept.id, claims=kept.claims())
        uow.commit()
    return kept


def let_in(context: BrowserContext, site: Site, booking: Booking) -> str:
    """The path of the booking, which the browser may open from now on."""
    token = site.application.core.manage_key.token(booking.id, booking.token_version)
    path = f"/bookings/{booking.id}"
    context.add_cookies([{"name": "booking", "value": token, "url": site.url + path}])
    return path


def sign_in(context: BrowserContext, site: Site, email: str) -> Actor:
    """With the link of a mail, as everybody does, but without looking at the pages on the way."""
    core = site.application.core
    core.ask_sign_in_link(email=email)
    work(site)
    secret = mailed_link(site, email).rpartition("link=")[2]
    opened = core.open_session(link_secret=secret, timezone=ZONE)
    context.add_cookies([{"name": "session", "value": opened.secret, "url": site.url}])
    return core.actor_of_session(secret=opened.secret)


def play(site: Site, booking: Booking, *moves: str) -> None:
    """What the client and the bank do at the simulated checkout."""
    provider: Any = site.application.payments
    attempt = booking.payment.attempts[-1]
    for move in moves:
        provider.play(attempt.checkout_id, move)
    provider.deliver(site.application.core.hear_payment_notice)
    work(site)


def work(site: Site) -> None:
    while site.application.core.work_outbox():
        pass


@contextmanager
def away(provider: object, *questions: str) -> Iterator[None]:
    """A provider that does not answer these."""
    failed = ProviderFailed("It does not answer.")
    patches = [patch.object(type(provider), each, side_effect=failed) for each in questions]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()
