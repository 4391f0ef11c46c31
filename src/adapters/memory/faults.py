"""Providers that fail on demand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from threading import Lock

from booking_core import ProviderFailed


class Fault(Enum):
    """Where a call breaks: the caller sees the same, the provider does not."""

    LOST_CALL = "the call never arrives, and nothing is done"
    LOST_ANSWER = "the work is done, and its answer is lost"


class Faulty:
    """Lets a test plan how the next calls of a port's method go wrong."""

    def __init__(self) -> None:
        self._plans: dict[str, list[tuple[Fault, ProviderFailed]]] = {}
        self._planning = Lock()

    def break_next(
        self,
        method: str,
        fault: Fault = Fault.LOST_CALL,
        *,
        times: int = 1,
        error: ProviderFailed | None = None,
    ) -> None:
        """The next `times` calls of `method` raise `error`; by default a timeout, retryable."""
        if not callable(getattr(self, method, None)):
            raise ValueError(f"There is no method {method}.")
        failed = error or ProviderFailed("The provider did not answer in time.")
        with self._planning:
            self._plans.setdefault(method, []).extend([(fault, failed)] * times)

    def mend(self) -> None:
        """What was planned is forgotten: every call does its work again."""
        with self._planning:
            self._plans.clear()

    @contextmanager
    def _call(self, method: str) -> Iterator[None]:
        """Wraps the work of one call."""
        with self._planning:
            planned = self._plans.get(method)
            fault, error = planned.pop(0) if planned else (None, None)
        if error is not None and fault is Fault.LOST_CALL:
            raise error
        yield
        if error is not None:
            raise error
