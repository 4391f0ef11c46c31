"""What an embedder may write into annotations is exported, and nothing is exported by accident."""

from __future__ import annotations

from typing import get_type_hints

import booking_core
from booking_core import BookingCore

PUBLIC = {id(getattr(booking_core, name)) for name in booking_core.__all__}


def test_every_use_case_of_the_application_can_be_named() -> None:
    hidden = [name for name, kind in get_type_hints(BookingCore).items() if id(kind) not in PUBLIC]
    assert hidden == []


def test_whatever_a_use_case_answers_can_be_named() -> None:
    for name, kind in get_type_hints(BookingCore).items():
        answer = get_type_hints(kind.__call__).get("return") if "__call__" in vars(kind) else None
        if isinstance(answer, type) and answer.__module__.startswith("booking_core"):
            assert id(answer) in PUBLIC, (name, answer)


def test_every_class_that_is_exported_says_what_it_is() -> None:
    exported = [getattr(booking_core, name) for name in booking_core.__all__]
    assert [each for each in exported if isinstance(each, type) and not each.__doc__] == []
