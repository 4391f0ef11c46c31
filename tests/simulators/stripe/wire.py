"""Holds every request against stripe-python's own typed parameters, every answer against its resources.

Both are generated from Stripe's specification at the version that the library is pinned to, so a
misspelt or wrongly typed parameter is caught here as it would be there.
"""

from __future__ import annotations

import re
import sys
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, get_args, get_origin
from urllib.parse import parse_qsl

from stripe import RequestOptions
from typing_extensions import is_typeddict

_OPTIONS = frozenset(RequestOptions.__annotations__)


class WireError(AssertionError):
    """A request or an answer that is not Stripe's."""


def decoded(body: str) -> dict[str, Any]:
    """Stripe's form encoding: `a[b][0][c]=1`."""
    tree: dict[str, Any] = {}
    for path, value in parse_qsl(body, keep_blank_values=True):
        *parts, last = re.findall(r"[^\[\]]+", path)
        place = tree
        for part in parts:
            place = place.setdefault(part, {})
        place[last] = value
    return {name: _lists(value) for name, value in tree.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    found = {name: _lists(each) for name, each in value.items()}
    if found and all(name.isdigit() for name in found):
        return [found[name] for name in sorted(found, key=int)]
    return found


def check_request(params: Mapping[str, Any], typed: type, where: str = "") -> None:
    """Raises WireError for an unknown, missing or wrongly typed parameter."""
    hints = {name: hint for name, hint in typed.__annotations__.items() if name not in _OPTIONS}
    names = vars(typing) | vars(sys.modules[typed.__module__])
    for name, value in params.items():
        if name not in hints:
            raise WireError(f"{where}{name}: there is no such parameter")
        _check(value, hints[name], f"{where}{name}", names)
    for name, hint in hints.items():
        if name not in params and get_origin(hint) is not typing.NotRequired:
            raise WireError(f"{where}{name}: is missing")


def _check(value: Any, hint: Any, where: str, names: dict[str, Any]) -> None:
    if isinstance(hint, typing.ForwardRef):
        return _check(value, eval(hint.__forward_arg__, names), where, names)
    origin, inner = get_origin(hint), get_args(hint)
    if origin is typing.NotRequired:
        _check(value, inner[0], where, names)
    elif origin is Literal:
        _that(value in inner, where, f"must be one of {inner}")
    elif origin in (typing.Union, types.UnionType):
        _check_union(value, inner, where, names)
    elif origin is list:
        _that(isinstance(value, list), where, "must be a list")
        for place, each in enumerate(value):
            _check(each, inner[0], f"{where}[{place}]", names)
    elif origin is dict:
        _that(isinstance(value, dict), where, "must be an object")
    elif is_typeddict(hint):
        _that(isinstance(value, dict), where, "must be an object")
        check_request(value, hint, f"{where}.")
    else:
        _check_plain(value, hint, where)
    return None


def _check_union(value: Any, choices: tuple[Any, ...], where: str, names: dict[str, Any]) -> None:
    if any(get_origin(each) is Literal for each in choices):
        # `Literal[…] | str` means the literals that are known today
        choices = tuple(each for each in choices if each is not str)
    wrongs = []
    for choice in choices:
        try:
            return _check(value, choice, where, names)
        except WireError as wrong:
            wrongs.append(wrong)
    raise wrongs[0]


def _check_plain(value: Any, hint: Any, where: str) -> None:
    """A form has text only, so a number is what reads as one."""
    if hint is int:
        number = isinstance(value, str) and re.fullmatch(r"-?\d+", value)
        _that(number, where, "must be a whole number")
    elif hint is bool:
        _that(value in ("true", "false"), where, "must be true or false")
    elif hint is str:
        _that(isinstance(value, str), where, "must be text")


def _that(right: Any, where: str, advice: str) -> None:
    if not right:
        raise WireError(f"{where}: {advice}")


def check_answer(answer: Mapping[str, Any], resource: type) -> None:
    """Raises WireError for a field that the resource has not."""
    known = set()
    for base in resource.__mro__:
        known |= set(vars(base).get("__annotations__", {}))
    unknown = set(answer) - known
    if unknown:
        raise WireError(f"{resource.__name__} has no {', '.join(sorted(unknown))}")
