"""The job loop: does what was put off, ends holds whose time is over, repairs, and forgets what is old."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from typing import TYPE_CHECKING

import structlog

from booking_core import BookingError

if TYPE_CHECKING:
    from entrypoints.container import Application

_PAUSE, _AFTER_FAILURE, _MINUTE, _HOUR = 1.0, 5.0, 60.0, 3600.0

_log = structlog.get_logger("booking.worker")


def run(application: Application, stop: Event) -> None:
    """Works until `stop` is set, and ends what is begun. Errors are logged, none ends it."""
    core = application.core
    rounds: list[tuple[str, Callable[[], object], float]] = [
        ("expire_overdue", core.expire_overdue, _PAUSE),
        ("refresh_openings", core.refresh_openings, _MINUTE),
        ("settle_unsettled", core.settle_unsettled, _HOUR),
        ("catch_up", core.hear_payment_notice.catch_up, _HOUR),
        ("forget_answers", core.forget_answers, _HOUR),
        ("forget_credentials", core.forget_credentials, _HOUR),
    ]
    if application.notices is not None:
        rounds.append(("watch_notices", application.notices.watch, _HOUR))
    tidying = [
        Thread(target=_repeat, args=(stop, name, work, pause), daemon=True)
        for name, work, pause in rounds
    ]
    for thread in tidying:
        thread.start()
    _repeat(stop, "work_outbox", lambda: core.work_outbox.until(stop=stop), _PAUSE)
    for thread in tidying:
        thread.join()


def _repeat(stop: Event, name: str, work: Callable[[], object], pause: float) -> None:
    while not stop.is_set():
        stop.wait(pause if _done(name, work) else _AFTER_FAILURE)


def _done(name: str, work: Callable[[], object]) -> bool:
    try:
        work()
    except BookingError as failed:
        _log.warning("job failed", job=name, error=failed.message)
        return False
    except Exception:
        _log.exception("job failed", job=name)
        return False
    return True
