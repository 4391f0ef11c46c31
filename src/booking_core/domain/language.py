"""What people read."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """A language that mails and pages are written in."""

    ENGLISH = "en"
    GERMAN = "de"
