"""The booking page within another site's page: without a cookie, where its builder allows it (ADR 21)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, current_app, g, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from booking_core import (
    Actor,
    Booking,
    BookingError,
    BookingId,
    BookingState,
    IdempotencyKey,
    KeyInProgress,
    KeyReused,
    NotFound,
    Offer,
    Refused,
)
from entrypoints import problems, times
from entrypoints.web import asked, errors, forms, headers, provider_frame
from entrypoints.web.cookies import Cookies
from entrypoints.web.form_pass import FormPass
from entrypoints.web.session_pages import SENT_BEFORE, booked
from entrypoints.web.session_view import Place, SessionView
from entrypoints.web.standing import standing
from entrypoints.web.words import N_

if TYPE_CHECKING:
    from entrypoints.container import Application

_PATH = "/embed/<builder>/<session_type>"
_TOO_OLD = Refused(
    N_("The page with the form had become too old, so nothing was done yet. Please send it again.")
)
_STILL = Refused(N_("This is being booked just now. Send it again to see what became of it."))
_KEPT = ("lang", "site", "theme")  # what a cookie would remember
_EVENTS = {
    BookingState.CONFIRMED: "booking.confirmed",
    BookingState.CANCELLED: "booking.cancelled",
}


def routes(application: Application) -> Blueprint:
    area = Blueprint("embedding", __name__)
    core = application.core
    view = SessionView(application, Cookies.of(application))
    passes = FormPass.of(application.settings.secret_key)
    elsewhere = forms.from_elsewhere(application)
    sites_of: dict[str, Sequence[str]] = {}  # by the names of builders whose pages were shown

    @area.url_value_preprocessor
    def before_anything_is_refused(_: str | None, values: dict[str, Any] | None) -> None:
        """A refusal is to be read within the frame as well, and asks the database nothing."""
        let_frame(sites_of.get((values or {}).get("builder", ""), ()))

    def let_frame(sites: Sequence[str]) -> None:
        headers.let_frame(sites)
        asking = request.args.get("site")
        g.site = asking if asking in sites else None

    @area.before_request
    def begin() -> None:
        """Whoever is signed in with us is a stranger here: the page around this one is not ours."""
        g.viewer = Actor.anonymous()
        elsewhere()

    @area.context_processor
    def sending_again() -> dict[str, object]:
        return {"sent": _sent}

    @area.get("/embed.js")
    def script() -> Response:
        headers.let_others_load()
        return current_app.send_static_file("embed.js")

    @area.get(_PATH)
    def framed(builder: str, session_type: str) -> Any:
        return within_frame(builder, session_type, show)

    @area.post(_PATH)
    def framed_form(builder: str, session_type: str) -> Any:
        return within_frame(builder, session_type, take)

    def within_frame(builder: str, session_type: str, answer: Callable[[Offer], Any]) -> Any:
        host = core.show_builder(name=builder, actor=Actor.anonymous())
        sites_of[builder] = host.sites_under(application.settings.public_url)
        let_frame(sites_of[builder])
        try:
            offer = core.show_session_type(
                session_type=session_type, builder=builder, actor=Actor.anonymous()
            )
            forms.carry(passes.new(offer.session_type.id))
            return answer(offer)
        except BookingError as error:
            return refused(error)

    def show(offer: Offer, error: BookingError | None = None) -> Any:
        place = Place(request.path, keeps=tuple(_kept().items()), framed=True)
        if provider_frame.applies(application, offer):
            return provider_frame.show(application, offer, place, g.viewer, error)
        return view.show(offer, place, error)

    def take(offer: Offer) -> Any:
        if "booking" in request.form:
            return look()
        if asked.looks():
            return show(offer)
        number = passes.number(request.form.get(forms.TOKEN, ""), offer.session_type.id)
        if number is None:
            return show(offer, _TOO_OLD)
        try:
            answer = book_once(offer, number)
        except KeyReused:
            return show(offer, SENT_BEFORE)
        except KeyInProgress:
            forms.carry(request.form[forms.TOKEN])  # sent again it gets the answer of the first
            return show(offer, _STILL)
        except BookingError as error:
            return show(offer, error)
        booking_id = BookingId(answer["booking"])
        return receipt(booking_id, core.manage_key.token(booking_id, answer["token_version"]))

    def book_once(offer: Offer, number: str) -> dict[str, Any]:
        """A form that is sent again books nothing: as it was, it gets the first answer."""

        def answer() -> dict[str, Any]:
            booking = made(offer)
            return {"booking": booking.id, "token_version": booking.token_version}

        fields = sorted(each for each in request.form.items(multi=True) if each[0] != "key")
        key = IdempotencyKey(number, repr(fields).encode())
        return core.answer_once(answer, action="embedded form", actor=g.viewer, key=key)

    def made(offer: Offer) -> Booking:
        if not provider_frame.applies(application, offer):
            return booked(core, offer, g.viewer)
        created = provider_frame.join(core, offer, g.viewer)
        if not created.hand_token_over:
            raise NotFound("event in the calendar")  # of somebody else, for all that is shown
        return created.booking

    def look() -> Any:
        """How the booking stands that this frame has made."""
        return receipt(BookingId(request.form["booking"]), request.form.get("token", ""))

    def receipt(booking_id: BookingId, token: str) -> str:
        booking = core.show_booking(booking_id=booking_id, actor=Actor.anonymous(token))
        headers.let_scripts_read()
        return render_template(
            "embed/receipt.html",
            booking=booking,
            stands=standing(booking, core.clock.now()),
            offer=core.show_session_type(
                session_type=booking.session_type_id, actor=Actor.system()
            ),
            token=token,
            tells=_tells(booking),
            once_more=_once_more(booking),
        )

    @area.errorhandler(BookingError)
    def refused(error: BookingError) -> tuple[str, int, dict[str, str]]:
        shown = errors.for_visitors(error)
        to = url_for("pages.session_page", **request.view_args or {})
        page = render_template("embed/refused.html", error=shown, to=to)
        return page, problems.of(shown).status, errors.when_to_retry(shown)

    return area


def _kept() -> dict[str, str]:
    return {name: request.args[name] for name in _KEPT if name in request.args}


def _once_more(booking: Booking) -> str:
    kept = {**(request.view_args or {}), **_kept(), "tz": booking.client.contact.timezone}
    return url_for(".framed", **kept)


def _sent() -> list[tuple[str, str]]:
    """What the form said that is answered, where that can be read."""
    try:
        return list(request.form.items(multi=True))
    except HTTPException:
        return []


def _tells(booking: Booking) -> dict[str, Any] | None:
    """The event for the page around: nothing of the client, and nothing that opens the booking."""
    event = _EVENTS.get(booking.state)
    if event is None:
        return None
    payload: dict[str, str] = {"bookingId": booking.id}
    if booking.slot:
        payload |= {
            "startTime": times.rfc3339(booking.slot.start),
            "endTime": times.rfc3339(booking.slot.end),
        }
    return {"event": event, "payload": payload}
