"""Plain pages, so that no link is dead: what there is, its open slots, a booking."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit
from zoneinfo import available_timezones

from attrs import evolve, frozen
from babel import Locale
from babel.numbers import format_currency
from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import Forbidden, abort

from booking_core import (
    Actor,
    Answer,
    Booking,
    BookingError,
    BookingId,
    BookingState,
    Contact,
    FoundSlots,
    IdempotencyKey,
    InvalidRequest,
    KeyReused,
    Language,
    Money,
    NotFound,
    Offer,
    OpenSlots,
    QuestionKind,
    Refused,
    SchedulingLink,
    SessionTypeId,
    Slot,
    SlotUnavailable,
    TimeWindow,
    in_english,
    local_day,
    with_decimals,
    zone,
)
from entrypoints import problems, times
from entrypoints.web import errors, reading, schemas
from entrypoints.web.requests import actor

if TYPE_CHECKING:
    from entrypoints.container import Application

_SHOWN = timedelta(days=14)
_LOCALES = {Language.ENGLISH: "en_GB", Language.GERMAN: "de_DE"}
_WRONG_TOKEN = {
    "title": "This does not open the booking",
    "message": "Use the link of the newest mail about it, or paste the whole link here.",
}


_MEMBER = Actor.client("anybody")
_NOT_TYPED = {"start", "pick", "key", "from", "timezone"}
_WAITING, _MOVABLE = BookingState.AWAITING_SCHEDULING, BookingState.CONFIRMED
_SENT_BEFORE = Refused(
    "You have booked with this form already, and a mail about it is on its way. What you sent now "
    "changed nothing: cancel or move that booking, or choose a time below to book another one."
)
_NOT_OPEN = SlotUnavailable("taken", "This time is not open, or no longer; choose another one.")


def routes(application: Application) -> Blueprint:
    pages = Blueprint("pages", __name__, template_folder="templates")
    core = application.core
    stranger = Actor.anonymous()

    pages.add_app_template_filter(in_english)

    @pages.app_template_filter("local")
    def local(moment: datetime, timezone: str, form: str = "%A, %-d %B %Y, %H:%M") -> str:
        return moment.astimezone(zone(timezone)).strftime(form)

    pages.add_app_template_filter(times.rfc3339)

    @pages.app_template_filter("money")
    def money(amount: Money) -> str:
        """As the reader's language writes it; the words of the pages are English so far."""
        locale = Locale.parse(_LOCALES[reading.language() or Language.ENGLISH])
        pattern = with_decimals(locale.currency_formats["standard"].pattern, amount.currency)
        return format_currency(
            amount.decimal(), amount.currency, pattern, locale, currency_digits=False
        )

    @pages.errorhandler(BookingError)
    def refused(error: BookingError) -> tuple[str, int]:
        shown = errors.for_visitors(error)
        return render_template("refused.html", error=shown), problems.of(shown).status

    @pages.get("/")
    def marketplace() -> str:
        return render_template("marketplace.html", builders=core.list_builders())

    @pages.get("/b/<builder>")
    def builder_page(builder: str) -> str:
        return render_template(
            "builder.html",
            builder=core.show_builder(name=builder, actor=stranger),
            session_types=core.list_session_types(builder=builder, actor=stranger),
            for_members=core.list_session_types(builder=builder, actor=_MEMBER),
        )

    @pages.get("/b/<builder>/<session_type>")
    def session_page(builder: str, session_type: str) -> tuple[str, int]:
        offer = core.show_session_type(session_type=session_type, builder=builder, actor=stranger)
        return session(offer, _Place(request.path))

    @pages.post("/b/<builder>/<session_type>")
    def book(builder: str, session_type: str) -> Any:
        same_origin()
        offer = core.show_session_type(session_type=session_type, builder=builder, actor=stranger)
        place = _Place(request.path)
        if "pick" in request.form:
            return session(offer, place)
        try:
            booking = _book(application, offer, stranger)
        except KeyReused:
            return session(offer, place, _SENT_BEFORE)
        except BookingError as error:
            return session(offer, place, error)
        token = core.manage_key.token(booking.id, booking.token_version)
        return opened(booking.id, token, to="checkout" if booking.payment.checkout_url else None)

    @pages.route("/bookings/<booking_id>/schedule", methods=["GET", "POST"])
    def schedule(booking_id: str) -> Any:
        return choosing(booking_id, moving=False)

    @pages.route("/bookings/<booking_id>/move", methods=["GET", "POST"])
    def move(booking_id: str) -> Any:
        return choosing(booking_id, moving=True)

    def choosing(booking_id: str, *, moving: bool) -> Any:
        """Where the holder of a booking chooses its time, or another one."""
        if request.method == "POST":
            same_origin()
        try:
            booking = core.show_booking(booking_id=BookingId(booking_id), actor=holder())
        except NotFound:
            return opening_page(booking_id)
        if booking.state is not (_MOVABLE if moving else _WAITING):
            return redirect(url_for("pages.manage", booking_id=booking_id), 303)
        offer = core.show_session_type(session_type=booking.session_type_id, actor=Actor.system())
        place = _Place(request.path, booking, moving)
        if request.method != "POST" or "pick" in request.form:
            return session(offer, place)
        take = _move if moving else _book
        try:
            take(application, offer, holder(), booking.id)
        except BookingError as error:
            return session(offer, place, error)
        return redirect(url_for("pages.manage", booking_id=booking_id), 303)

    def session(offer: Offer, place: _Place, error: BookingError | None = None) -> tuple[str, int]:
        viewer = Actor.system() if place.booking else stranger
        asked, wrong = _asked(offer)
        error = errors.for_visitors(error) if error else wrong
        if asked.start and not open_at(offer, asked.start, viewer):
            asked = asked.without_start(error)
            error = error or _NOT_OPEN
        found = open_from(offer, asked.first, viewer)
        if asked.gone and not found.slots and not found.next_start:
            asked = evolve(asked, first=datetime.now(UTC))  # too far ahead: what there is instead
            found = open_from(offer, asked.first, viewer)
        page = render_template(
            "session.html",
            offer=offer,
            place=place,
            asked=asked,
            days=_by_day(found.slots, asked.timezone),
            next_start=found.next_start,
            now=datetime.now(UTC),
            last=datetime.now(UTC) + offer.session_type.horizon,
            error=error,
            kinds=QuestionKind,
            zones=_zones(),
            typed=_typed(),
            key=secrets.token_urlsafe(16),
        )
        return page, problems.of(error).status if error else 200

    def open_from(offer: Offer, first: datetime, viewer: Actor) -> FoundSlots:
        return core.find_slots(
            session_type_id=offer.session_type.id,
            window=TimeWindow(first, first + _SHOWN),
            actor=viewer,
        )

    def open_at(offer: Offer, slot: Slot, viewer: Actor) -> bool:
        found = core.find_slots(
            session_type_id=offer.session_type.id,
            window=TimeWindow(slot.start, slot.end),
            actor=viewer,
        )
        return slot in [each.slot for each in found.slots]

    @pages.get("/problems/<slug>")
    def problem(slug: str) -> str:
        return render_template("problem.html", meaning=errors.meaning(slug) or abort(404))

    @pages.get("/bookings/<booking_id>")
    def manage(booking_id: str) -> Any:
        try:
            found = core.look_at_payment(booking_id=BookingId(booking_id), actor=holder())
        except NotFound:
            core.look_soon(booking_id=BookingId(booking_id))
            return opening_page(booking_id)
        return manage_page(found)

    def opening_page(booking_id: str, error: dict[str, str] | None = None) -> tuple[str, int]:
        return render_template("open.html", booking_id=booking_id, error=error), 404

    def manage_page(
        booking: Booking, error: BookingError | None = None, link: SchedulingLink | None = None
    ) -> str:
        error = errors.for_visitors(error) if error else None
        offer = core.show_session_type(session_type=booking.session_type_id, actor=Actor.system())
        checkout = booking.payment.checkout_url
        return render_template(
            "booking.html",
            booking=booking,
            offer=offer,
            error=error,
            checkout=checkout,
            returned=_returned(booking),
            keeps=booking.kept_by_terms(datetime.now(UTC)),
            movable=booking.state is _MOVABLE and _in_time(booking),
            # A form may not lead to another site, so this page leads on to the checkout.
            forward=link.url
            if link
            else checkout
            if request.args.get("to") == "checkout" and not error
            else None,
            at_provider=not application.calendar.in_database,
            turned_back="turned-back" in request.args,
        )

    @pages.post("/bookings/<booking_id>/open")
    def open_with_token(booking_id: str) -> Any:
        same_origin()
        token = request.form.get("token", "").strip().rpartition("token=")[2]
        try:
            core.show_booking(booking_id=BookingId(booking_id), actor=Actor.anonymous(token))
        except NotFound:
            return opening_page(booking_id, _WRONG_TOKEN)
        return opened(booking_id, token)

    @pages.post("/bookings/<booking_id>/pay")
    def pay(booking_id: str) -> Any:
        same_origin()
        try:
            core.pay_booking(booking_id=BookingId(booking_id), actor=holder())
        except NotFound:
            return opening_page(booking_id)
        except BookingError as error:
            booking = core.show_booking(booking_id=BookingId(booking_id), actor=holder())
            return manage_page(booking, error), problems.of(error).status
        return redirect(url_for("pages.manage", booking_id=booking_id, to="checkout"), 303)

    @pages.post("/bookings/<booking_id>/choose")
    def choose(booking_id: str) -> Any:
        """On to the provider's page; only on a click, because a link there may be made for one use."""
        same_origin()
        try:
            booking = core.show_booking(booking_id=BookingId(booking_id), actor=holder())
        except NotFound:
            return opening_page(booking_id)
        try:
            return manage_page(booking, link=core.offer_link.of(booking))
        except BookingError as error:
            return manage_page(booking, error), problems.of(error).status

    @pages.post("/bookings/<booking_id>/cancel")
    def cancel(booking_id: str) -> Any:
        same_origin()
        reason = request.form.get("reason", "")[:1_000]
        try:
            core.cancel_booking(booking_id=BookingId(booking_id), actor=holder(), reason=reason)
        except NotFound:
            return opening_page(booking_id)
        except BookingError as error:
            booking = core.show_booking(booking_id=BookingId(booking_id), actor=holder())
            return manage_page(booking, error), problems.of(error).status
        return redirect(url_for("pages.manage", booking_id=booking_id), 303)

    def same_origin() -> None:
        """A form counts only when it was sent from our own pages."""
        origin = request.headers.get("Origin")
        ours = (request.host, urlsplit(application.settings.public_url).netloc)
        if origin is not None and _place(origin) not in ours:
            raise Forbidden("Send the form from its own page.")

    def holder() -> Actor:
        """Who shows something for its booking: the cookie of its page, or a header as for the API."""
        if "Authorization" in request.headers:
            return actor(application.identity)
        return Actor.anonymous(request.cookies.get("booking"))

    def opened(booking_id: str, token: str, to: str | None = None) -> Response:
        """To the booking's page; the token goes into a cookie that only this page is sent."""
        target = url_for("pages.manage", booking_id=booking_id)
        answer = redirect(url_for("pages.manage", booking_id=booking_id, to=to), 303)
        answer.set_cookie(
            "booking",
            token,
            path=target,
            httponly=True,
            samesite="Lax",
            secure=application.settings.public_url.startswith("https:"),
        )
        return answer  # type: ignore[return-value]  # werkzeug's response is Flask's here

    return pages


def _in_time(booking: Booking) -> bool:
    """Whether the terms let the client change it still."""
    if booking.slot is None:
        return False
    return booking.terms.client_may_change(start=booking.slot.start, now=datetime.now(UTC))


def _place(origin: str) -> str | None:
    """Host and port of an origin; None where it is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _returned(booking: Booking) -> Money | None:
    price, returned = booking.payment.price, booking.payment.returned
    return Money(returned, price.currency) if price and returned else None


@frozen
class _Place:
    """The page that asks for a time, and the booking that it is for, if that is there already."""

    url: str
    booking: Booking | None = None
    moving: bool = False

    def link(self, **query: str) -> str:
        return f"{self.url}?{urlencode(query, safe='/:')}"


@frozen
class _Asked:
    """What a session type's page is asked to show: from when on, in which zone, the chosen slot.

    `named` says that the visitor named the zone; `gone` is a chosen slot that is not open.
    """

    timezone: str
    first: datetime
    named: bool = False
    start: Slot | None = None
    gone: Slot | None = None

    def without_start(self, error: BookingError | None) -> _Asked:
        """What is near the slot instead, from the first instant of that day on."""
        assert self.start is not None
        near = error.alternatives if isinstance(error, SlotUnavailable) else ()
        earliest = min(each.start for each in (self.start, *near))
        first = max(local_day(earliest, self.timezone).start, datetime.now(UTC))
        return evolve(self, start=None, gone=self.start, first=first)


def _asked(offer: Offer) -> tuple[_Asked, InvalidRequest | None]:
    """With what was wrong in the question; that part is then shown as if it was not asked."""
    asked, wrong = _Asked(offer.builder.timezone, datetime.now(UTC)), None
    for read in (_with_zone, _with_first, _with_start):
        try:
            asked = read(asked, offer)
        except InvalidRequest as invalid:
            wrong = wrong or invalid
    return asked, wrong


def _with_zone(asked: _Asked, _: Offer) -> _Asked:
    name = _given("tz") or _given("timezone")
    if not name:
        return asked
    zone(name)
    return evolve(asked, timezone=name, named=True)


def _with_first(asked: _Asked, _: Offer) -> _Asked:
    query = schemas.SlotsQuery.model_validate({"from": _given("from")[:99] or None})
    return evolve(asked, first=reading.window(query, asked.timezone).start)


def _with_start(asked: _Asked, offer: Offer) -> _Asked:
    return evolve(asked, start=_start(offer))


def _given(name: str) -> str:
    """A field of the form that was sent, else of the address."""
    fields = request.form if request.method == "POST" else request.args
    return fields.get(name, "")


def _typed() -> list[tuple[str, str]]:
    """What the visitor typed, for a form that asks for another time."""
    return [each for each in request.form.items(multi=True) if each[0] not in _NOT_TYPED]


@cache
def _zones() -> list[str]:
    """To choose from; other zones that are no place can still be typed."""
    places = (name for name in available_timezones() if name[0].isupper() and "/" in name)
    return ["UTC", *sorted(places)]


def _start(offer: Offer) -> Slot | None:
    text = _given("pick") if "pick" in request.form else _given("start")
    if not text:
        return None
    start = times.instant(text.replace(" ", "+"), "/start")
    return Slot(start, start + offer.session_type.duration)


def _by_day(slots: OpenSlots, timezone: str) -> list[tuple[str, list[dict[str, str]]]]:
    shown = [
        {
            "day": times.day(each.slot.start, timezone),
            "clock": times.clock(each.slot.start, timezone),
            "start": times.rfc3339(each.slot.start),
        }
        for each in slots
    ]
    return [(day, list(each)) for day, each in groupby(shown, key=lambda slot: slot["day"])]


def _book(
    application: Application, offer: Offer, actor: Actor, booking_id: BookingId | None = None
) -> Booking:
    """What the form says; a booking that waits for its time knows its client already."""
    form = request.form
    return application.core.confirm_booking(
        session_type_id=SessionTypeId(offer.session_type.id),
        slot=_chosen(offer),
        actor=actor,
        contact=None if booking_id else _contact(),
        notes=form.get("notes", ""),
        answers=_answers(offer),
        booking_id=booking_id,
        key=_key(),
    )


def _move(application: Application, offer: Offer, actor: Actor, booking_id: BookingId) -> Booking:
    return application.core.reschedule_booking(
        booking_id=booking_id, slot=_chosen(offer), actor=actor, key=_key()
    )


def _chosen(offer: Offer) -> Slot:
    """The slot that the form asks for. Raises InvalidRequest, NotFound."""
    slot = _start(offer)
    if slot is None:
        raise NotFound("slot")
    return slot


def _contact() -> Contact:
    form = request.form
    timezone = form.get("timezone") or None
    return Contact(form.get("name", ""), form.get("email", ""), timezone, reading.language())


def _key() -> IdempotencyKey | None:
    """The form's own key: sent twice by a double click, it still books once."""
    fields = sorted(request.form.items(multi=True))
    key = request.form.get("key")
    return IdempotencyKey(key, repr(fields).encode()) if key else None


def _answers(offer: Offer) -> list[Answer]:
    found = []
    for question in offer.session_type.questions:
        given = request.form.getlist(f"answer-{question.id}")
        match question.kind:
            case QuestionKind.BOOLEAN:
                found.append(Answer(question.id, bool(given)))
            case QuestionKind.MULTIPLE_CHOICE:
                found.append(Answer(question.id, tuple(given)))
            case _ if given and given[0].strip():
                found.append(Answer(question.id, given[0]))
    return found
