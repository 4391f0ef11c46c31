"""The form with which somebody books: what it says, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from attrs import evolve, frozen
from flask import request

from booking_core import (
    Actor,
    Answer,
    Booking,
    BookingCore,
    BookingError,
    BookingFilter,
    Contact,
    FieldError,
    IdempotencyKey,
    InvalidRequest,
    Offer,
    Question,
    QuestionKind,
    Role,
    check_guests,
)
from entrypoints.web import words, zones
from entrypoints.web.asked import LOOKING
from entrypoints.web.forms import TOKEN
from entrypoints.web.words import _

_NOT_TYPED = LOOKING | {"start", "key", "timezone", "tz", TOKEN}
_BETWEEN = re.compile(r"[\s,;]+")  # addresses, however somebody lists them
_QUOTED = 80  # characters of what is wrong
_FINE = {"name": "-", "email": "a@example.org"}  # for what is looked at alone


@frozen
class Known:
    """Who is signed in, as far as we know it; `called` is only a proposal, to be looked over."""

    name: str = ""
    email: str = ""
    called: str = ""


def known(core: BookingCore, actor: Actor) -> Known:
    """An account without a name is called by its address, which is no name to book under."""
    contact = actor.contact
    if contact is None:
        return Known()
    if contact.name != Contact.unnamed(contact.email).name:
        return Known(contact.name, contact.email)
    return Known("", contact.email, _called(core, actor))


def _called(core: BookingCore, actor: Actor) -> str:
    """The name under which somebody booked last."""
    if actor.role is not Role.CLIENT:
        return ""
    last = core.list_bookings(criteria=BookingFilter(limit=1), actor=actor).bookings
    return last[0].client.contact.name if last else ""


@frozen
class Ask:
    """One field of the form; `wrong` says what is wrong with it, and `id` where it is on the page."""

    name: str
    label: str
    kind: str
    required: bool = False
    choices: tuple[str, ...] = ()
    value: str = ""
    wrong: str | None = None
    id: str = ""

    @property
    def ticked(self) -> list[str]:
        return request.form.getlist(self.name)


def asks(
    offer: Offer, who: Known, booking: Booking | None, moving: bool, error: BookingError | None
) -> list[Ask]:
    """What the form asks for, in its order; a booking knows its client, a moved one its answers."""
    wrong = wrong_fields(error)
    found = [] if booking else _of_client(who, wrong)
    if not moving:
        found += [*_of_session(offer), _of_guests(booking)]
    return [
        evolve(
            each,
            value=request.form.get(each.name, each.value),
            wrong=wrong.get(each.name),
            id=f"field-{place}",
        )
        for place, each in enumerate(found)
    ]


def _of_client(who: Known, wrong: Mapping[str, str]) -> list[Ask]:
    """The zone is what the times are shown in, and only asked for where that is none."""
    asked = [
        (not who.name, Ask("name", _("Your name"), "name", required=True, value=who.called)),
        (not who.email, Ask("email", _("Your e-mail address"), "email", required=True)),
        ("timezone" in wrong, Ask("timezone", _("Your time zone"), "timezone", required=True)),
    ]
    return [ask for is_asked, ask in asked if is_asked]


def _of_session(offer: Offer) -> list[Ask]:
    questions = [
        Ask(field(each), each.prompt, each.kind, each.required, each.choices)
        for each in offer.session_type.questions
    ]
    return [*questions, Ask("notes", _("Notes"), QuestionKind.LONG_TEXT)]


def _of_guests(booking: Booking | None) -> Ask:
    """One address a line; a booking that was begun may have some."""
    named = "\n".join(booking.details.guests) if booking else ""
    return Ask("guests", _("Guests"), "guests", value=named)


# ---- what it says --------------------------------------------------------------------------------


def contact(who: Known) -> Contact:
    """Who books: what we know already, and what the form says. Raises InvalidRequest."""
    timezone = request.form.get("timezone")
    return Contact(
        who.name or request.form.get("name", ""),
        who.email or request.form.get("email", ""),
        zones.named(timezone) if timezone else None,
        words.wish(),
    )


def guests() -> list[str] | None:
    """Who comes along: also nobody, where somebody could be named; None where nobody asked."""
    typed = request.form.get("guests")
    if typed is None:
        return None
    return [each for each in _BETWEEN.split(typed) if each]


def answers(offer: Offer) -> list[Answer]:
    """Also a no, where a box could be ticked."""
    found = ((each, _value(each)) for each in offer.session_type.questions)
    return [
        Answer(question.id, value)
        for question, value in found
        if value or not isinstance(value, str)
    ]


def _value(question: Question) -> str | bool | tuple[str, ...]:
    given = request.form.getlist(field(question))
    match question.kind:
        case QuestionKind.BOOLEAN:
            return bool(given)
        case QuestionKind.MULTIPLE_CHOICE:
            return tuple(given)
    return given[0] if given and given[0].strip() else ""


def field(question: Question) -> str:
    """What the question's field is called."""
    return f"answer-{question.id}"


def key() -> IdempotencyKey | None:
    """The form's own key: sent twice by a double click, it still books once."""
    fields = sorted(each for each in request.form.items(multi=True) if each[0] != TOKEN)
    given = request.form.get("key")
    return IdempotencyKey(given, repr(fields).encode()) if given else None


def typed() -> list[tuple[str, str]]:
    """What the visitor typed, for a form that asks for another time."""
    fields = request.form.items(multi=True)
    return [(name, value) for name, value in fields if name not in _NOT_TYPED and value]


# ---- what is wrong with it -----------------------------------------------------------------------


def looked_over(error: InvalidRequest, offer: Offer, who: Known | None) -> InvalidRequest:
    """With all wrong fields at once; without `who` nobody is asked for."""
    wrong = [*(_wrong_contact(who) if who else ()), *_wrong_answers(offer), *_wrong_guests()]
    return InvalidRequest(wrong[0].detail, wrong) if wrong else error


def wrong_fields(error: BookingError | None) -> Mapping[str, str]:
    """What is wrong, by the name of the field."""
    errors = error.errors if isinstance(error, InvalidRequest) else ()
    return {each.pointer.rpartition("/")[2]: each.detail for each in errors}


def _wrong_contact(who: Known) -> Iterator[FieldError]:
    for name in ("name", "email", "timezone"):
        given = getattr(who, name, "") or request.form.get(name, "")
        try:
            if name != "timezone":
                Contact(**_FINE | {name: given})
            elif given:
                zones.named(given)
        except InvalidRequest as invalid:
            yield FieldError(f"/{name}", invalid.message)


def _wrong_guests() -> Iterator[FieldError]:
    """At the one field that they are typed into, so the first wrong one is quoted."""
    named = guests() or []
    try:
        check_guests(named, request.form.get("email", ""))
    except InvalidRequest as invalid:
        place = invalid.errors[0].pointer.rpartition("/")[2]
        problem = invalid.message
        if place.isdecimal():
            line = named[int(place)][:_QUOTED]
            problem = _("This is no e-mail address: %(line)s", line=line)
        yield FieldError("/guests", problem)


def _wrong_answers(offer: Offer) -> Iterator[FieldError]:
    for question in offer.session_type.questions:
        value = _value(question)
        if value:
            problem = question.problem_with(value)
        else:
            problem = _("This needs an answer.") if question.required else None
        if problem:
            yield FieldError(f"/{field(question)}", problem)
