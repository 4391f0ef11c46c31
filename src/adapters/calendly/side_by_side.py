from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

_AT_ONCE = 4
_A = TypeVar("_A")
_T = TypeVar("_T")


def side_by_side(ask: Callable[[_A], _T], about: Sequence[_A]) -> list[_T]:
    """The answers in order; a few calls run at the same time."""
    if len(about) < 2:
        return [ask(each) for each in about]
    with ThreadPoolExecutor(min(_AT_ONCE, len(about))) as threads:
        # Each in a context of its own, which knows the request that all of them serve.
        contexts = [copy_context() for _ in about]
        return list(threads.map(lambda context, each: context.run(ask, each), contexts, about))
