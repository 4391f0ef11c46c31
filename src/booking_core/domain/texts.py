"""Text that people wrote, as far as it can be shown anywhere.

A control character can command the terminal that it is shown on, so there is none in what we keep.
"""

from __future__ import annotations

import re

from booking_core.domain.errors import FieldError, InvalidRequest

_IN_NO_TEXT = re.compile(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f]")
_IN_NO_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_UNSHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def problem_with_text(text: str) -> str | None:
    """What is wrong with a text of several lines, or None; line breaks and tabs are part of it."""
    return "Leave out control characters." if _IN_NO_TEXT.search(text) else None


def problem_with_line(text: str) -> str | None:
    """What is wrong with a text that is one line, or None."""
    if _IN_NO_LINE.search(text):
        return "Write it in one line, without control characters."
    return None


def check_text(text: str, pointer: str) -> None:
    """Raises InvalidRequest for control characters; line breaks and tabs may be there."""
    _check(problem_with_text(text), pointer)


def check_line(text: str, pointer: str) -> None:
    """Raises InvalidRequest for control characters, line breaks among them."""
    _check(problem_with_line(text), pointer)


def _check(problem: str | None, pointer: str) -> None:
    if problem is not None:
        raise InvalidRequest(problem, [FieldError(pointer, problem)])


def counted(number: int, what: str) -> str:
    """1 day, 2 days: in English, of a word that takes an s."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def printable(text: str) -> str:
    """The text as it can be shown on a terminal: of control characters, line breaks and tabs stay."""
    return _UNSHOWN.sub("", text)
