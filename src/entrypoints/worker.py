"""The job loop: sends what waits to be sent, ends holds whose time is over."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING

import structlog

from booking_core import BookingError

if TYPE_CHECKING:
    from entrypoints.container import Application

_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
_BATCH = 10

_log = structlog.get_logger("booking.worker")


def run(application: Application, stop: Event) -> None:
    """Works until `stop` is set. Errors are logged, none ends it; after one it pauses longer."""
    core = application.core
    pause = _PAUSE
    while not stop.is_set():
        done = _done("work_outbox", lambda: core.work_outbox(limit=_BATCH))
        tidied = _done("expire_overdue", core.expire_overdue)
        if done is None or tidied is None:
            pause = min(max(pause, _PAUSE) * 2, _LONGEST_PAUSE)
        else:
            pause = 0 if done == _BATCH else _PAUSE  # a full batch: there is more
        stop.wait(pause)


def _done(name: str, work: Callable[[], int]) -> int | None:
    """How much was done, None when it failed."""
    try:
        return work()
    except BookingError as failed:
        _log.warning("job failed", job=name, error=failed.message)
        return None
    except Exception:
        _log.exception("job failed", job=name)
        return None
