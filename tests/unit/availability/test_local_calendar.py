"""What the built-in calendar asks the database for."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from adapters.local_calendar import LocalCalendar
from adapters.memory import MemoryClock, MemoryStore
from booking_core import Busy, TimeWindow
from booking_core.testing.examples import NOW, a_builder, a_session_type


class Claims:
    """Nothing is busy; what was asked for is remembered."""

    def __init__(self) -> None:
        self.asked: list[TimeWindow] = []

    def busy(self, *, window: TimeWindow, **_: Any) -> Sequence[Busy]:
        self.asked.append(window)
        return ()


def test_the_history_of_a_builder_is_not_read_to_find_the_next_start() -> None:
    claims = Claims()
    uow: Any = SimpleNamespace(claims=claims)
    calendar = LocalCalendar(MemoryStore(), MemoryClock(NOW), "http://localhost")
    for after in (datetime(1900, 1, 1, tzinfo=UTC), NOW):
        found = calendar.next_start(
            builder=a_builder(), session_type=a_session_type(), after=after, uow=uow
        )
        assert found is not None
        assert found >= NOW
    long_ago, now = claims.asked
    assert long_ago == now
    assert long_ago.start >= NOW - timedelta(days=1)
