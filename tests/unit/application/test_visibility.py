"""What is shown can be booked, and nothing else: one rule for listing, slots and booking (A4)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from adapters.memory import MemoryCalendar, MemoryMailer
from booking_core import (
    Actor,
    BookingCore,
    BookingError,
    NotFound,
    NotSetUp,
    Role,
    SessionTypeId,
    SignInRequired,
    TimeWindow,
)
from booking_core.testing.examples import NOW, a_builder, a_contact, a_session_type, a_slot
from tests.unit.application.paying import BUILDER, Shop

CLIENT = Actor(Role.CLIENT, "ana")
OTHER = Actor(Role.BUILDER, "somebody-else")
ANYONE = Actor.anonymous()
WEEK = TimeWindow(NOW, NOW.replace(day=9))

OPEN, SIGNED_IN, RETIRED = "open", "signed-in", "retired"
SEEN = [
    (ANYONE, {OPEN}),
    (CLIENT, {OPEN, SIGNED_IN}),
    (OTHER, {OPEN, SIGNED_IN}),
    (BUILDER, {OPEN, SIGNED_IN, RETIRED}),
    (Actor.admin(), {OPEN, SIGNED_IN, RETIRED}),
]


@pytest.fixture
def core() -> BookingCore:
    shop = Shop.open(price=None, active=False)
    with shop.store() as uow:
        for slug, changes in (
            (OPEN, {}),
            (SIGNED_IN, {"category": "pathway", "pathways": ("pivot",)}),
            (RETIRED, {"active": False}),
        ):
            uow.session_types.save(a_session_type(id=f"typ_{slug}", slug=slug, **changes))
        uow.commit()
    return shop.core


@pytest.mark.parametrize(("viewer", "seen"), SEEN)
def test_each_viewer_is_listed_what_it_may_see(
    core: BookingCore, viewer: Actor, seen: set[str]
) -> None:
    found = core.list_session_types(builder=a_builder().id, actor=viewer)
    assert {each.slug for each in found} & {OPEN, SIGNED_IN, RETIRED} == seen


@pytest.mark.parametrize("slug", [OPEN, SIGNED_IN, RETIRED])
@pytest.mark.parametrize("viewer", [ANYONE, CLIENT])
def test_slots_and_booking_follow_the_same_rule_as_the_list(
    core: BookingCore, viewer: Actor, slug: str
) -> None:
    listed = core.list_session_types(builder=a_builder().id, actor=viewer)
    check_may_book(core, viewer, slug, visible=slug in {each.slug for each in listed})


@pytest.mark.parametrize("viewer", [ANYONE, CLIENT])
def test_what_a_builder_offers_who_is_not_active_is_for_nobody(
    core: BookingCore, viewer: Actor
) -> None:
    core.change_builder(builder_id=a_builder().id, changes={"active": False}, actor=Actor.admin())
    assert core.list_available_sessions(actor=viewer) == []
    explained = core.explain_visibility(session_type_id=SessionTypeId(f"typ_{OPEN}"), viewer=viewer)
    assert (explained.visible, explained.reason) == (False, "Its builder is not active.")
    check_may_book(core, viewer, OPEN, visible=False)


def check_may_book(core: BookingCore, viewer: Actor, slug: str, *, visible: bool) -> None:
    type_id = SessionTypeId(f"typ_{slug}")
    acts: list[Callable[[], object]] = [
        lambda: core.show_session_type(session_type=type_id, actor=viewer),
        lambda: core.find_slots(session_type_id=type_id, window=WEEK, actor=viewer),
        lambda: core.initialize_booking(
            session_type_id=type_id, actor=viewer, contact=a_contact(), pathway=None
        ),
        lambda: core.hold_slot(
            session_type_id=type_id, slot=a_slot(2), actor=viewer, contact=a_contact()
        ),
        lambda: core.confirm_booking(
            session_type_id=type_id, slot=a_slot(), actor=viewer, contact=a_contact()
        ),
    ]
    for act in acts:
        if visible:
            act()
            continue
        with pytest.raises((NotFound, SignInRequired)):
            act()


def test_it_is_said_why_a_viewer_is_not_shown_a_session_type(core: BookingCore) -> None:
    def why(slug: str, viewer: Actor) -> tuple[bool, str]:
        found = core.explain_visibility(session_type_id=SessionTypeId(f"typ_{slug}"), viewer=viewer)
        return found.visible, found.reason

    assert why(OPEN, ANYONE) == (True, "The viewer is shown it.")
    assert why(SIGNED_IN, ANYONE) == (
        False,
        "It is for signed-in clients, and the viewer is anonymous.",
    )
    assert why(RETIRED, CLIENT) == (False, "It is not active.")


def test_a_stranger_cannot_tell_a_hidden_type_from_none(core: BookingCore) -> None:
    def refusal(type_id: str) -> str:
        with pytest.raises(BookingError) as refused:
            core.show_session_type(session_type=SessionTypeId(type_id), actor=ANYONE)
        return f"{refused.type} {refused.value}"

    assert refusal("typ_retired") == refusal("typ_nothing")


@pytest.mark.parametrize("viewer", [ANYONE, CLIENT])
def test_what_the_provider_has_no_event_type_for_is_for_nobody(viewer: Actor) -> None:
    core = needing_event_types()
    assert core.list_available_sessions(actor=viewer) == []
    assert core.list_session_types(builder=a_builder().id, actor=viewer) == []
    explained = core.explain_visibility(session_type_id=a_session_type().id, viewer=viewer)
    assert explained.reason == "It has no event type at the calendar provider."
    for act in (core.find_slots, core.show_session_type):
        asked = {"window": WEEK} if act is core.find_slots else {}
        name = "session_type_id" if asked else "session_type"
        with pytest.raises(NotFound):
            act(**{name: a_session_type().id}, actor=viewer, **asked)


def test_who_can_mend_a_missing_event_type_is_told_how() -> None:
    core = needing_event_types()
    with pytest.raises(NotSetUp, match="name one, or deactivate it") as told:
        core.find_slots(session_type_id=a_session_type().id, window=WEEK, actor=BUILDER)
    assert not told.value.retryable
    assert core.list_session_types(builder=a_builder().id, actor=BUILDER)


def needing_event_types() -> BookingCore:
    class NeedingCalendar(MemoryCalendar):
        needs_event_type = True

    shop = Shop.open(price=None)
    return BookingCore.assemble(
        unit_of_work=shop.store,
        calendar=NeedingCalendar(shop.clock),
        mailer=MemoryMailer(),
        clock=shop.clock,
    )
