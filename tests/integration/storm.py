"""Many callers at once: what they got, what went wrong, and how long the slowest one waited."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from threading import Barrier, Thread
from typing import Generic, TypeVar

from attrs import field, frozen

T = TypeVar("T")


@frozen
class Storm(Generic[T]):
    """The outcome of calls that began at the same moment, in the order of the callables."""

    outcomes: Sequence[T | Exception]
    longest: float = field()  # seconds, of the slowest single call

    @property
    def results(self) -> list[T]:
        return [outcome for outcome in self.outcomes if not isinstance(outcome, Exception)]

    @property
    def errors(self) -> list[Exception]:
        return [outcome for outcome in self.outcomes if isinstance(outcome, Exception)]


def storm(calls: Sequence[Callable[[], T]]) -> Storm[T]:
    """Runs each call in a thread of its own, all from one barrier, and waits for all of them."""
    outcomes: list[T | Exception | None] = [None] * len(calls)
    times = [0.0] * len(calls)
    barrier = Barrier(len(calls))

    def run(place: int) -> None:
        barrier.wait()
        begun = time.perf_counter()
        try:
            outcomes[place] = calls[place]()
        except Exception as error:
            outcomes[place] = error
        times[place] = time.perf_counter() - begun

    threads = [Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Storm(tuple(outcomes), max(times))  # type: ignore[arg-type]
