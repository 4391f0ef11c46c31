"""What we keep in a browser: who is signed in, and what opens a booking (ADR 16)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from attrs import frozen
from flask import Response, g, request, url_for

from booking_core import (
    Actor,
    Booking,
    BookingCore,
    BookingId,
    Identity,
    InvalidCredentials,
    NewCredential,
    Role,
)
from entrypoints.web.requests import actor

if TYPE_CHECKING:
    from entrypoints.container import Application

_A_DAY = timedelta(days=1)


@frozen
class Cookies:
    """Reads and writes them; the API knows none of them."""

    core: BookingCore
    identity: Identity
    secure: bool

    @classmethod
    def of(cls, application: Application) -> Cookies:
        return cls(application.core, application.identity, on_https(application))

    # ---- who is signed in ------------------------------------------------------------------------

    def begin(self) -> None:
        """Before each page, so that all of it speaks to the same viewer."""
        g.viewer = self._viewer()

    @property
    def viewer(self) -> Actor:
        """Who is signed in, or a stranger."""
        found: Actor = g.viewer
        return found

    @property
    def shopper(self) -> Actor:
        """The viewer, as whoever may be booked sees it: a builder or admin books like any client."""
        known = self.viewer.role in (Role.ANONYMOUS, Role.CLIENT)
        return self.viewer if known else Actor.any_client()

    @property
    def session(self) -> str | None:
        """The secret of the session, ended or not."""
        return request.cookies.get(self._session)

    def sign_in(self, answer: Response, session: NewCredential) -> None:
        answer.set_cookie(
            self._session,
            session.secret,
            expires=session.credential.expires_at,
            httponly=True,
            samesite="Lax",
            secure=self.secure,
        )

    def sign_out(self, answer: Response) -> None:
        answer.delete_cookie(self._session, httponly=True, samesite="Lax", secure=self.secure)

    def _viewer(self) -> Actor:
        if not self.session:
            return Actor.anonymous()
        try:
            return self.core.actor_of_session(secret=self.session)
        except InvalidCredentials:
            return Actor.anonymous()

    @property
    def _session(self) -> str:
        return named("session", self.secure)

    # ---- who shows something for a booking -------------------------------------------------------

    def holder(self, booking_id: str) -> Actor:
        """The client who is signed in, where the booking is its own; else what the browser keeps of it.

        A header counts as for the API. Who runs the booking does not do so on its client's page.
        """
        if "Authorization" in request.headers:
            return actor(self.identity)
        if self.viewer.role is Role.CLIENT and self.opens(self.viewer, booking_id):
            return self.viewer
        return Actor.anonymous(request.cookies.get(self._booking))

    def opens(self, who: Actor, booking_id: str) -> bool:
        """Whether there is such a booking for that actor."""
        return self.core.show_booking.opens(booking_id=BookingId(booking_id), actor=who)

    def keep_token(self, answer: Response, token: str, booking: Booking) -> None:
        """Only the booking's page is sent it, so a browser can keep any number of them.

        While the booking waits for its client, or for the client's bank, it outlasts the browser's
        window, and the wait by a day, so that who comes back too late is told so. A wait may last
        longer than its deadline, while a bank or a provider does not answer.
        """
        until = max(booking.deadline, self.core.clock.now()) if booking.deadline else None
        answer.set_cookie(
            self._booking,
            token,
            expires=until + _A_DAY if until else None,
            path=url_for("pages.manage", booking_id=booking.id),
            httponly=True,
            samesite="Lax",
            secure=self.secure,
        )

    def keep_on(self, answer: Response, booking: Booking, holder: Actor) -> None:
        """What opened it for `holder` and is kept here, for as long as the booking waits by now."""
        token = request.cookies.get(self._booking)
        if token and holder == Actor.anonymous(token):
            self.keep_token(answer, token, booking)

    @property
    def _booking(self) -> str:
        return "__Secure-booking" if self.secure else "booking"


def named(name: str, secure: bool) -> str:
    """With the prefix that makes a browser take it from this host alone, and only over https."""
    return f"__Host-{name}" if secure else name


def on_https(application: Application) -> bool:
    """Whether people reach us over https, and cookies can be kept to that."""
    return application.settings.public_url.startswith("https:")
