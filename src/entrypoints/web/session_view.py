"""The page that asks for a time: the calendar, and once a time is chosen the form."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from attrs import frozen
from flask import render_template

from booking_core import (
    Actor,
    Booking,
    BookingError,
    Offer,
    ProviderFailed,
    Slot,
    SlotUnavailable,
)
from entrypoints import problems
from entrypoints.web import asked, details, errors, headers, month, own_time, words, zones
from entrypoints.web.asked import Asked
from entrypoints.web.cookies import Cookies
from entrypoints.web.openings import Choice, Openings
from entrypoints.web.standing import standing
from entrypoints.web.words import N_

if TYPE_CHECKING:
    from entrypoints.container import Application

_NOT_OPEN = SlotUnavailable("taken", N_("This time is not open, or no longer; choose another one."))
Answered = tuple[str, int, dict[str, str]]


@frozen
class Place:
    """The page that asks for a time, and the booking that it is for, if that is there already."""

    url: str
    booking: Booking | None = None
    moving: bool = False
    keeps: tuple[tuple[str, str], ...] = ()  # what its links and forms take along
    framed: bool = False

    def link(self, **query: str) -> str:
        return f"{self.url}?{urlencode([*query.items(), *self.keeps], safe='/:')}"

    @property
    def action(self) -> str:
        """Where its forms are sent to."""
        return self.link() if self.keeps else self.url

    @property
    def layout(self) -> str:
        return "embed/frame.html" if self.framed else "base.html"


@frozen
class SessionView:
    """Says what is open and what was wrong."""

    application: Application
    cookies: Cookies

    def show(self, offer: Offer, place: Place, error: BookingError | None = None) -> Answered:
        viewer = Actor.system() if place.booking else self.cookies.shopper
        core = self.application.core
        openings = Openings(core, offer, viewer, core.clock.now())
        wish, wrong = asked.read(offer)
        error = errors.for_visitors(error) if error else wrong
        try:
            if wish.start and not openings.has(wish.start):
                wish, error = wish.without_start(), error or _NOT_OPEN
            choice = None if wish.start else openings.choice(wish, _alternatives(error))
        except ProviderFailed as failed:
            failed_so = errors.for_visitors(failed)
            choice, error = None, (error or failed_so) if wish.start else failed_so
        if choice:
            headers.let_scripts_read()
        return self._answer(openings, place, wish, choice, error)

    def _answer(
        self,
        openings: Openings,
        place: Place,
        wish: Asked,
        choice: Choice | None,
        error: BookingError | None,
    ) -> Answered:
        offer, known = openings.offer, details.known(openings.core, self.cookies.viewer)
        pays_online = self._pays_online(offer, place)
        own = self._own(offer, place, wish.gone) if wish.gone else None
        if own and error is _NOT_OPEN:
            error = None
        page = render_template(
            "session.html",
            offer=offer,
            place=place,
            asked=wish,
            choice=choice,
            parts=month.parts(choice.starts, wish.timezone) if choice else {},
            now=openings.now,
            today=wish.date_of(openings.now),
            last=openings.last,
            error=error,
            own=own,
            own_stands=standing(own, openings.now) if own else None,
            wrong=details.wrong_fields(error),
            asks=details.asks(offer, known, place.booking, place.moving, error),
            zones=zones.places(),
            typed=details.typed(),
            key=secrets.token_urlsafe(16),
            known=known,
            pays_online=pays_online,
            terms=self.application.client_words(words.language()).terms(
                offer.session_type.cancellation_policy, paid_online=pays_online
            ),
        )
        if error is None:
            return page, 200, {}
        return page, problems.of(error).status, errors.when_to_retry(error)

    def _own(self, offer: Offer, place: Place, gone: Slot) -> Booking | None:
        """What the visitor keeps that time with; within another site's page we know nobody."""
        if place.booking:
            return place.booking if own_time.keeps(place.booking, gone) else None
        core, viewer = self.application.core, self.cookies.viewer
        return None if place.framed else own_time.booked_by(core, viewer, offer, gone)

    def _pays_online(self, offer: Offer, place: Place) -> bool:
        """A price is still to be paid there, if the visitor goes on."""
        priced = place.booking is None and offer.session_type.price is not None
        return priced and not self.application.payments.on_site


def _alternatives(error: BookingError | None) -> tuple[Slot, ...]:
    return error.alternatives if isinstance(error, SlotUnavailable) else ()
