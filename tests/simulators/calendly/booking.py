"""Booking: what is checked in which order, and the commit. The caller holds the lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define

from tests.simulators.calendly.messages import tell_of_invitee
from tests.simulators.calendly.records import (
    Event,
    EventType,
    Invitee,
    Place,
    Question,
    SchedulingLink,
    User,
)
from tests.simulators.calendly.refusals import (
    IS_MISSING,
    Detail,
    already_filled,
    blank_answers,
    invalid,
    not_found,
    not_offered,
    permission_denied,
    wrong_location,
)
from tests.simulators.calendly.shapes import JSON
from tests.simulators.calendly.slots import OpenSlot, slot_at
from tests.simulators.calendly.uris import id_in
from tests.simulators.calendly.wishes import Wish, check_body, instant_of, is_phone, wish_of
from tests.simulators.calendly.world import World

_WITH_TEXT = ("outbound_call", "ask_invitee", "custom")


@define
class _Terms:
    """What the checks find out on their way."""

    slot: OpenSlot | None = None
    place: Place | None = None


def book_by_api(world: World, caller: User, body: Any) -> Invitee:
    """POST /invitees, once token, scope, plan and rate are in order."""
    check_body(body, world.switches.throw_away_domains)
    event_type = _event_type(world, caller, body)
    start = instant_of(body["start_time"])
    assert start is not None
    wish = wish_of(body, event_type, start)
    invitee = seat(world, wish, _checked(world, wish))
    invitee.scheduling_method, invitee.scheduled_by = "api", caller
    tell_of_invitee(world, "invitee.created", invitee)
    return invitee


def book_on_page(world: World, wish: Wish, link: SchedulingLink | None = None) -> Invitee:
    """What the form of a booking page does; a link is used up by it."""
    if link is not None and not link.stands(world.clock.now()):
        raise not_found()
    invitee = seat(world, wish, _checked(world, wish))
    invitee.paid = wish.event_type.price is not None
    if link is not None:
        link.used_by = invitee
    tell_of_invitee(world, "invitee.created", invitee)
    return invitee


def seat(world: World, wish: Wish, terms: _Terms) -> Invitee:
    """Into the books; nobody is told yet."""
    now, books = world.clock.now(), world.books
    event = books.to_join(wish.event_type, wish.start) or _new_event(world, wish, terms)
    invitee = Invitee(
        id=books.new_id(),
        event=event,
        email=wish.email,
        name=wish.name,
        first_name=wish.first_name,
        last_name=wish.last_name,
        timezone=wish.timezone,
        created_at=now,
        updated_at=now,
        answers=[each for each in wish.answers if str(each["answer"]).strip()],
        tracking=dict(wish.tracking),
        text_reminder_number=wish.text_reminder_number,
    )
    event.invitees.append(invitee)
    event.guests += wish.guests
    event.updated_at = now
    books.invitees[invitee.id] = invitee
    return invitee


def check_slot(world: World, event_type: EventType, wish: Wish, terms: _Terms) -> None:
    found = slot_at(world.books, event_type, world.clock.now(), wish.start)
    if found == "filled":
        raise already_filled()
    if found == "not offered":
        raise not_offered(world.switches.not_offered_code)
    terms.slot = found


def terms_of_move(world: World, wish: Wish, place: Place | None) -> _Terms:
    """For a reschedule: only the time is chosen anew."""
    terms = _Terms(place=place)
    check_slot(world, wish.event_type, wish, terms)
    return terms


def _new_event(world: World, wish: Wish, terms: _Terms) -> Event:
    assert terms.slot is not None
    now = world.clock.now()
    event = Event(
        id=world.books.new_id(),
        type=wish.event_type,
        hosts=terms.slot.hosts,
        start=wish.start,
        end=wish.start + wish.event_type.length,
        created_at=now,
        updated_at=now,
        place=terms.place,
    )
    world.books.events[event.id] = event
    return event


def _event_type(world: World, caller: User, body: JSON) -> EventType:
    found = world.books.event_types.get(id_in(body["event_type"], "event_types") or "")
    if found is None:
        raise not_found()
    if found.owner.organization is not caller.organization:
        raise permission_denied()
    if found.price is not None and not world.switches.paid_types_by_api:
        raise invalid(message="Paid event types cannot be booked by the API.")
    return found


def _checked(world: World, wish: Wish) -> _Terms:
    """The last checks; their true order is not known, so a switch holds it."""
    checks: dict[str, Callable[[World, EventType, Wish, _Terms], None]] = {
        "questions": _check_questions,
        "location": _check_location,
        "slot": check_slot,
    }
    terms = _Terms()
    for name in world.switches.last_checks:
        checks[name](world, wish.event_type, wish, terms)
    return terms


def _check_questions(world: World, event_type: EventType, wish: Wish, terms: _Terms) -> None:
    """Known by their text; among those that read the same, by their position."""
    asked = [(n, each) for n, each in enumerate(event_type.questions) if each.enabled]
    given = {
        (each["question"], each["position"]): str(each["answer"]).strip() for each in wish.answers
    }
    for position, question in asked:
        alike = [each for _, each in asked if each.name == question.name]
        answers = [
            text
            for (name, at), text in given.items()
            if name == question.name and (len(alike) == 1 or at == position)
        ]
        if question.required and not any(answers):
            raise blank_answers()
        for wrong in filter(None, (_wrong_about(question, each) for each in answers if each)):
            raise _wrong_answer(question.name, wrong)
    for name, _ in given:
        if name not in [each.name for _, each in asked]:
            raise _wrong_answer(name, "is not a question of this event type")


def _wrong_about(question: Question, answer: str) -> str | None:
    if question.kind == "phone_number" and not is_phone(answer):
        return "is not a valid phone number"
    if question.kind in ("single_select", "multi_select") and not question.include_other:
        chosen = answer.split("\n") if question.kind == "multi_select" else [answer]
        if not set(chosen) <= set(question.answer_choices):
            return "is not one of the choices"
    return None


def _wrong_answer(question: str, wrong: str) -> Exception:
    return invalid(Detail("questions_and_answers", f"{question} {wrong}"))


def _check_location(world: World, event_type: EventType, wish: Wish, terms: _Terms) -> None:
    chosen, offered = wish.location, event_type.places
    if event_type.pooling == "round_robin" or not offered:
        if chosen is not None:
            raise wrong_location()
        terms.place = offered[0] if offered else None
        return
    kind, text = (chosen or {}).get("kind"), (chosen or {}).get("location")
    fitting = [each for each in offered if each.kind == kind]
    if not fitting:
        raise wrong_location()
    place = fitting[0]
    if place.kind in _WITH_TEXT and not text:
        raise invalid(Detail("location.location", IS_MISSING))
    if place.kind == "outbound_call" and not is_phone(str(text)):
        raise invalid(Detail("location.location", "is not a valid phone number"))
    if place.kind == "physical" and len(fitting) > 1:
        if text not in [each.location for each in fitting]:
            raise wrong_location()
        place = next(each for each in fitting if each.location == text)
    told = text if place.kind in _WITH_TEXT else place.location
    terms.place = Place(place.kind, told, place.additional_info, place.phone_number)
