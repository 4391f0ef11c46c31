"""Whether an attribute holds what it should, for values that an embedder passes on from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import UnionType
from typing import Any, TypeVar

from booking_core.domain.errors import FieldError, InvalidRequest

_E = TypeVar("_E", bound=StrEnum)

#: For each attribute its JSON pointer, what it must hold, and that in words.
Kinds = Mapping[str, tuple[str, Callable[[object], bool], str]]


def invalid(pointer: str, detail: str) -> InvalidRequest:
    """The error for one wrong attribute, with its pointer."""
    return InvalidRequest(detail, [FieldError(pointer, detail)])


def a(kind: type | UnionType) -> Callable[[object], bool]:
    """A value of that kind; true and false are no numbers."""
    return lambda value: isinstance(value, kind) and (kind is bool or not isinstance(value, bool))


def tuple_of(kind: type) -> Callable[[object], bool]:
    """A tuple of values of that kind."""
    return lambda value: isinstance(value, tuple) and all(map(a(kind), value))


def check_kinds(thing: object, kinds: Kinds) -> None:
    """Raises InvalidRequest for the first attribute that does not hold what it should."""
    for name, (pointer, fits, wanted) in kinds.items():
        if not fits(getattr(thing, name)):
            raise invalid(pointer, f"Give {wanted}.")


def listed(values: Any) -> Any:
    """A list as a tuple, which cannot be changed; anything else as it is, to be checked."""
    return tuple(values) if isinstance(values, list) else values


def member(kind: type[_E], value: str, pointer: str) -> _E:
    """The member of an enumeration. Raises InvalidRequest with the choices."""
    try:
        return kind(value)
    except ValueError:
        raise invalid(pointer, f"Choose one of {', '.join(kind)}.") from None
