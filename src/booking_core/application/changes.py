"""Attributes by their names, as those who add to the catalogue or change it give them."""

from __future__ import annotations

from collections.abc import Iterable

from attrs import fields_dict

from booking_core.domain.builder import Builder
from booking_core.domain.errors import FieldError, InvalidRequest
from booking_core.domain.session_type import SessionType

# What makes a thing the one that it is, and whose it is, is never changed.
_FIXED = {"id", "builder_id"}


def check_names(kind: type[Builder | SessionType], given: Iterable[str]) -> None:
    """Raises InvalidRequest, which names the field, for what is no attribute or cannot be given."""
    known = fields_dict(kind).keys()
    errors = [
        FieldError(
            _pointer(name), f"'{name}' {'is fixed.' if name in known else 'is no attribute.'}"
        )
        for name in given
        if name in _FIXED or name not in known
    ]
    if errors:
        raise InvalidRequest(" ".join(error.detail for error in errors), errors)


def _pointer(name: str) -> str:
    first, *more = name.split("_")
    return f"/{first}{''.join(word.capitalize() for word in more)}"
