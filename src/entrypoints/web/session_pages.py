"""Choosing a time: for a new booking, for one that waits for its time, or another time for one."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from zoneinfo import available_timezones

from attrs import evolve, frozen
from flask import Blueprint, redirect, render_template, request, url_for

from booking_core import (
    Actor,
    Answer,
    Booking,
    BookingCore,
    BookingError,
    BookingFilter,
    BookingId,
    BookingState,
    Contact,
    FoundSlots,
    IdempotencyKey,
    InvalidRequest,
    KeyReused,
    NotFound,
    Offer,
    OpenSlots,
    QuestionKind,
    Refused,
    Role,
    SessionTypeId,
    Slot,
    SlotUnavailable,
    TimeWindow,
    local_day,
    zone,
)
from entrypoints import problems, times
from entrypoints.web import errors, figures, reading, schemas, words
from entrypoints.web.booking_pages import opening_page
from entrypoints.web.cookies import Cookies
from entrypoints.web.forms import TOKEN
from entrypoints.web.words import N_

if TYPE_CHECKING:
    from entrypoints.container import Application

_SHOWN = timedelta(days=14)
_NOT_TYPED = {"start", "pick", "key", "from", "timezone", TOKEN}
_WAITING, _MOVABLE = BookingState.AWAITING_SCHEDULING, BookingState.CONFIRMED
_SENT_BEFORE = Refused(
    N_(
        "You have booked with this form already, and a mail about it is on its way. What you sent "
        "now changed nothing: cancel or move that booking, or choose a time below to book another "
        "one."
    )
)
_NOT_OPEN = SlotUnavailable("taken", N_("This time is not open, or no longer; choose another one."))


def add(pages: Blueprint, application: Application, cookies: Cookies) -> None:
    core = application.core

    @pages.get("/b/<builder>/<session_type>")
    def session_page(builder: str, session_type: str) -> tuple[str, int]:
        return session(offered(builder, session_type), _Place(request.path))

    def offered(builder: str, session_type: str) -> Offer:
        return core.show_session_type(
            session_type=session_type, builder=builder, actor=cookies.shopper
        )

    @pages.post("/b/<builder>/<session_type>")
    def book(builder: str, session_type: str) -> Any:
        offer = offered(builder, session_type)
        place = _Place(request.path)
        if "pick" in request.form:
            return session(offer, place)
        try:
            booking = _book(core, offer, cookies.viewer)
        except KeyReused:
            return session(offer, place, _SENT_BEFORE)
        except BookingError as error:
            return session(offer, place, error)
        to = "checkout" if booking.payment.checkout_url else None
        return kept(booking, redirect(url_for("pages.manage", booking_id=booking.id, to=to), 303))

    def kept(booking: Booking, answer: Any) -> Any:
        """Whoever booked without an account gets what opens the booking later, if that does so still."""
        token = core.manage_key.token(booking.id, booking.token_version)
        if not booking.client.known and cookies.opens(Actor.anonymous(token), booking.id):
            cookies.keep_token(answer, token, booking)
        return answer

    @pages.route("/bookings/<booking_id>/schedule", methods=["GET", "POST"])
    def schedule(booking_id: str) -> Any:
        return choosing(booking_id, moving=False)

    @pages.route("/bookings/<booking_id>/move", methods=["GET", "POST"])
    def move(booking_id: str) -> Any:
        return choosing(booking_id, moving=True)

    def choosing(booking_id: str, *, moving: bool) -> Any:
        """Where the holder of a booking chooses its time, or another one."""
        holder = cookies.holder(booking_id)
        try:
            booking = core.show_booking(booking_id=BookingId(booking_id), actor=holder)
        except NotFound:
            return opening_page(booking_id)
        asks = request.method != "POST" or "pick" in request.form
        too_late = asks and not booking.client_may_change(datetime.now(UTC))
        if booking.state is not (_MOVABLE if moving else _WAITING) or too_late:
            return redirect(url_for("pages.manage", booking_id=booking_id), 303)
        if moving:
            try:
                core.move_at_provider.check(booking, holder)
            except SlotUnavailable as refused:
                return elsewhere(booking, refused)
        offer = core.show_session_type(session_type=booking.session_type_id, actor=Actor.system())
        place = _Place(request.path, booking, moving)
        if asks:
            return session(offer, place)
        take = _move if moving else _book
        try:
            take(core, offer, holder, booking.id)
        except BookingError as error:
            return session(offer, place, error)
        return redirect(url_for("pages.manage", booking_id=booking_id), 303)

    def elsewhere(booking: Booking, refused: SlotUnavailable) -> tuple[str, int]:
        """A link to the provider's page: answers of ours lead to our own routes only."""
        if refused.reschedule_url is None:
            raise refused
        page = render_template("move.html", booking=booking, url=refused.reschedule_url)
        return page, problems.of(refused).status if request.method == "POST" else 200

    def session(offer: Offer, place: _Place, error: BookingError | None = None) -> tuple[str, int]:
        viewer = Actor.system() if place.booking else cookies.shopper
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
            known=_known(cookies.viewer),
            called=_called(core, cookies.viewer),
            pays_online=pays_online(offer, place),
            terms=application.client_words(words.language()).terms(
                offer.session_type.cancellation_policy, paid_online=pays_online(offer, place)
            ),
        )
        return page, problems.of(error).status if error else 200

    def pays_online(offer: Offer, place: _Place) -> bool:
        """A price is still to be paid there, if the visitor goes on."""
        new = place.booking is None
        return new and offer.session_type.price is not None and not application.payments.on_site

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
            "day": figures.day(each.slot.start, timezone),
            "clock": figures.clock(each.slot.start, timezone),
            "start": times.rfc3339(each.slot.start),
        }
        for each in slots
    ]
    return [(day, list(each)) for day, each in groupby(shown, key=lambda slot: slot["day"])]


def _book(
    core: BookingCore, offer: Offer, actor: Actor, booking_id: BookingId | None = None
) -> Booking:
    """What the form says; a booking that waits for its time knows its client already."""
    form = request.form
    return core.confirm_booking(
        session_type_id=SessionTypeId(offer.session_type.id),
        slot=_chosen(offer),
        actor=actor,
        contact=None if booking_id else _contact(actor),
        notes=form.get("notes", ""),
        answers=_answers(offer),
        booking_id=booking_id,
        key=_key(),
        remote_address=request.remote_addr,
    )


def _move(core: BookingCore, offer: Offer, actor: Actor, booking_id: BookingId) -> Booking:
    return core.reschedule_booking(
        booking_id=booking_id, slot=_chosen(offer), actor=actor, key=_key()
    )


def _chosen(offer: Offer) -> Slot:
    """The slot that the form asks for. Raises InvalidRequest, NotFound."""
    slot = _start(offer)
    if slot is None:
        raise NotFound("slot")
    return slot


def _contact(actor: Actor) -> Contact:
    """Who books: what we know already of somebody who is signed in, and what the form says."""
    form, known = request.form, _known(actor)
    return Contact(
        known.get("name") or form.get("name", ""),
        known.get("email") or form.get("email", ""),
        form.get("timezone") or None,
        words.wish(),
    )


def _known(actor: Actor) -> dict[str, str]:
    """Name and address of who is signed in. An account without a name is called by its address."""
    contact = actor.contact
    if contact is None:
        return {}
    named = contact.name != Contact.unnamed(contact.email).name
    return {"email": contact.email} | ({"name": contact.name} if named else {})


def _called(core: BookingCore, actor: Actor) -> str:
    """The name by which somebody whose account has none booked last, to be looked over."""
    if actor.role is not Role.CLIENT or "name" in _known(actor):
        return ""
    last = core.list_bookings(criteria=BookingFilter(limit=1), actor=actor).bookings
    return last[0].client.contact.name if last else ""


def _key() -> IdempotencyKey | None:
    """The form's own key: sent twice by a double click, it still books once."""
    fields = sorted(each for each in request.form.items(multi=True) if each[0] != TOKEN)
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
