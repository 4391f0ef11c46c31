from datetime import timedelta
from typing import Any

import pytest

from booking_core import (
    Category,
    InvalidRequest,
    Money,
    PathwayId,
    Question,
    SessionType,
    SlotRules,
)
from booking_core.testing.examples import a_session_type

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("category", "pathways", "required"),
    [
        (Category.FREE, (), False),
        (Category.PATHWAY, (PathwayId("pivot"),), True),
        (Category.SPECIALIZED, (), False),
    ],
)
def test_the_category_sets_whether_signing_in_is_required_unless_it_is_said(
    category: Category, pathways: tuple[PathwayId, ...], required: bool
) -> None:
    kind: dict[str, Any] = {"category": category, "pathways": pathways}
    assert a_session_type(**kind).requires_auth is required
    assert a_session_type(**kind, requires_auth=not required).requires_auth is not required


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"title": " "}, "/title"),
        ({"title": "x" * 201}, "/title"),
        ({"title": "Advice\nNow"}, "/title"),
        ({"title": "Advice\x1b[2J"}, "/title"),
        ({"description": "a\x9b"}, "/description"),
        ({"slug": "Not a slug"}, "/slug"),
        ({"slug": "-x"}, "/slug"),
        ({"slug": "x" * 81}, "/slug"),
        ({"duration": timedelta(0)}, "/durationMinutes"),
        ({"duration": timedelta(hours=25)}, "/durationMinutes"),
        ({"duration": timedelta(minutes=30, seconds=1)}, "/durationMinutes"),
        ({"slot_step": timedelta(minutes=1)}, "/slotStep"),
        ({"buffer_before": -MINUTE}, "/buffers/before"),
        ({"buffer_after": timedelta(seconds=30)}, "/buffers/after"),
        ({"minimum_notice": -MINUTE}, "/minimumNotice"),
        ({"horizon": timedelta(0)}, "/horizon"),
        ({"horizon": timedelta(days=1), "minimum_notice": timedelta(days=2)}, "/horizon"),
        ({"horizon": timedelta(days=1), "minimum_notice": timedelta(days=1)}, "/horizon"),
        ({"duration": 30}, "/durationMinutes"),
        ({"slot_step": 30}, "/slotStep"),
        ({"capacity": 2.5}, "/capacity"),
        ({"capacity": True}, "/capacity"),
        ({"daily_limit": 1.5}, "/dailyLimit"),
        ({"display_order": "first"}, "/displayOrder"),
        ({"category": "premium"}, "/category"),
        ({"active": "no"}, "/active"),
        ({"requires_auth": "no"}, "/requiresAuth"),
        ({"price": 5}, "/price"),
        ({"location": "zoom"}, "/location"),
        ({"cancellation_policy": "strict"}, "/cancellationPolicy"),
        ({"calendar_ref": "x"}, "/calendarRef"),
        ({"questions": ("Why?",)}, "/questions"),
        ({"questions": Question("q", "Why?")}, "/questions"),
        ({"category": "pathway", "pathways": "pivot"}, "/pathways"),
        ({"category": "pathway", "pathways": (5,)}, "/pathways"),
        ({"description": 5}, "/description"),
        ({"slug": 5}, "/slug"),
        ({"capacity": 0}, "/capacity"),
        ({"capacity": 1_001}, "/capacity"),
        ({"daily_limit": 0}, "/dailyLimit"),
        ({"price": Money(0, "EUR")}, "/price"),
        ({"category": Category.PATHWAY}, "/pathways"),
        ({"pathways": (PathwayId("pivot"),)}, "/pathways"),
        ({"questions": (Question("q", "One?"), Question("q", "Two?"))}, "/questions"),
    ],
)
def test_a_wrong_field_is_named(wrong: dict[str, Any], pointer: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        a_session_type(**wrong)
    assert [error.pointer for error in refused.value.errors] == [pointer]


def test_the_slug_comes_from_the_title() -> None:
    session_type = a_session_type(title="  CV & Interview: 1st look! ", slug="given")
    assert session_type.slug == "given"
    plain = type(session_type)(id="typ_1", builder_id="bld_1", title=session_type.title)
    assert plain.slug == "cv-interview-1st-look"


def test_a_title_without_latin_letters_gets_a_slug_all_the_same() -> None:
    session_type = SessionType(id="typ_1", builder_id="bld_1", title="相談")
    assert session_type.slug == "typ-1"


def test_lists_are_taken_and_kept_as_what_cannot_be_changed() -> None:
    asked, pathway = Question("q", "Why?"), PathwayId("pivot")
    session_type = a_session_type(questions=[asked], category="pathway", pathways=[pathway])
    assert (session_type.questions, session_type.pathways) == ((asked,), (pathway,))
    assert hash(session_type)


def test_starts_are_a_duration_apart_unless_a_step_is_given() -> None:
    assert a_session_type(duration=45 * MINUTE).rules.step == 45
    assert a_session_type(duration=45 * MINUTE, slot_step=15 * MINUTE).rules.step == 15


def test_the_rules_are_counted_in_minutes() -> None:
    session_type = a_session_type(
        duration=timedelta(hours=1),
        buffer_before=5 * MINUTE,
        buffer_after=10 * MINUTE,
        minimum_notice=timedelta(hours=2),
        horizon=timedelta(days=1),
        daily_limit=3,
        capacity=4,
    )
    assert session_type.rules == SlotRules("typ_1", 60, 60, 5, 10, 120, 1_440, 3, 4)


def test_a_session_type_without_a_price_is_free() -> None:
    assert a_session_type().free
    assert not a_session_type(price=Money(1, "EUR")).free
