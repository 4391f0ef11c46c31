"""How long whoever asked is ready to wait for providers.

Who serves a person says so with `waiting_at_most`, and adapters share what is left among their calls.
Jobs say nothing: there each call may take as long as its adapter lets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from time import monotonic

#: Threads that ask for somebody too need a copy of the context (`contextvars.copy_context`).
_UNTIL: ContextVar[float | None] = ContextVar("waits_until", default=None)


def begin_waiting(seconds: float) -> Token[float | None]:
    """From now on all calls together may take that long, or what was left before if that is less."""
    until, before = monotonic() + seconds, _UNTIL.get()
    return _UNTIL.set(until if before is None else min(until, before))


def end_waiting() -> None:
    """Nobody waits any more."""
    _UNTIL.set(None)


@contextmanager
def waiting_at_most(seconds: float) -> Iterator[None]:
    """As `begin_waiting`, until the block ends."""
    token = begin_waiting(seconds)
    try:
        yield
    finally:
        _UNTIL.reset(token)


def seconds_left() -> float | None:
    """How long may still be waited, 0 where the time is over; None where nobody said."""
    until = _UNTIL.get()
    return None if until is None else max(until - monotonic(), 0.0)
