"""What is begun, and for how long it may take, while somebody waits for us."""

from __future__ import annotations

import httpx

from booking_core import seconds_left

_LEAST_TO_READ, _LEAST_TO_WRITE = 0.05, 2.0  # seconds


def worth_sending(safe: bool, *, after: float = 0.0) -> bool:
    """Whether whoever waits for us waits long enough: of what writes the outcome should be known."""
    left = seconds_left()
    return left is None or left - after >= (_LEAST_TO_READ if safe else _LEAST_TO_WRITE)


def at_most(seconds: float | None, usual: httpx.Timeout) -> httpx.Timeout:
    if seconds is None:
        return usual
    return httpx.Timeout(
        **{
            phase: seconds if limit is None else min(limit, seconds)
            for phase, limit in usual.as_dict().items()
        }
    )
