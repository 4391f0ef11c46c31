"""Ports whose calls are timed and counted, around any adapter."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any, TypeVar, cast

from booking_core import BookingError, ProviderFailed
from entrypoints.metrics import Metrics

_Port = TypeVar("_Port")


def measured(adapter: _Port, port: str, metrics: Metrics) -> _Port:
    """The same adapter, called by way of a stopwatch."""
    return cast(_Port, _Measured(adapter, port, metrics))


class _Measured:
    def __init__(self, adapter: object, port: str, metrics: Metrics) -> None:
        self._adapter, self._port, self._metrics = adapter, port, metrics

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._adapter, name)
        return self._timed(name, found) if callable(found) else found

    def _timed(self, method: str, call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def timed(*args: Any, **named: Any) -> Any:
            began, outcome = perf_counter(), "failed"
            try:
                answer = call(*args, **named)
                outcome = "ok"
                return answer
            except ProviderFailed:
                raise
            except BookingError:  # the provider said no, and that is an answer
                outcome = "refused"
                raise
            finally:
                seconds = perf_counter() - began
                self._metrics.provider(self._port, method, outcome=outcome, seconds=seconds)

        return timed
