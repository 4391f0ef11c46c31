"""Many callers at the same moment."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import TypeVar

Answer = TypeVar("Answer")

_LONGEST_WAIT = 60  # seconds; only a deadlock comes near


def at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Runs each call in a thread of its own, all let go together; their answers in order.

    What a call raises is raised here.
    """
    barrier = Barrier(len(calls))

    def start(call: Callable[[], Answer]) -> Answer:
        barrier.wait(_LONGEST_WAIT)
        return call()

    with _many_turns(), ThreadPoolExecutor(len(calls)) as pool:
        return [each.result(_LONGEST_WAIT) for each in [pool.submit(start, c) for c in calls]]


@contextmanager
def _many_turns() -> Iterator[None]:
    """Lets threads interrupt each other in the midst of what is short; as a rule they would not."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
