"""Which starts are open: the hosts' hours or given starts, less what their calendars hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from attrs import frozen

from tests.simulators.calendly.books import Books
from tests.simulators.calendly.records import EventType, Interval, User


@frozen
class OpenSlot:
    start: datetime
    remaining: int
    hosts: list[User]


def open_slots(
    books: Books, event_type: EventType, now: datetime, start: datetime, end: datetime
) -> list[OpenSlot]:
    """From `start` to just before `end`, in order."""
    if not event_type.active:
        return []
    first = max(start, now + event_type.notice)
    starts = sorted(
        {each for host in event_type.hosts for each in _starts(event_type, host, first, end)}
    )
    found = [slot_at(books, event_type, now, each) for each in starts]
    return [each for each in found if isinstance(each, OpenSlot)]


def slot_at(
    books: Books, event_type: EventType, now: datetime, start: datetime
) -> OpenSlot | Literal["filled", "not offered"]:
    """The slot, or why there is none."""
    offering = [
        host
        for host in event_type.hosts
        if start > now + event_type.notice and _offers(event_type, host, start)
    ]
    if not (event_type.active and _enough(event_type, offering)):
        return "not offered"
    joined = books.event_at(event_type, start)
    if joined is not None:
        left = event_type.limit - len(joined.active_invitees)
        return OpenSlot(start, left, joined.hosts) if left > 0 else "filled"
    free = [host for host in offering if not _is_busy(books, event_type, host, start)]
    if not _enough(event_type, free):
        return "filled"
    return OpenSlot(start, event_type.limit, _those_who_meet(books, event_type, free))


def _enough(event_type: EventType, hosts: list[User]) -> bool:
    return bool(hosts) if event_type.pooling == "round_robin" else hosts == event_type.hosts


def _those_who_meet(books: Books, event_type: EventType, free: list[User]) -> list[User]:
    if event_type.pooling != "round_robin":
        return free
    return [min(free, key=lambda host: len(books.events_of(host, "active")))]


def _offers(event_type: EventType, host: User, start: datetime) -> bool:
    return start in _starts(event_type, host, start, start + timedelta(microseconds=1))


def _starts(
    event_type: EventType, host: User, start: datetime, end: datetime
) -> Iterator[datetime]:
    if event_type.slots is not None:
        return (each for each in event_type.slots if start <= each < end)
    return _by_the_week(event_type, host, start, end)


def _by_the_week(
    event_type: EventType, host: User, start: datetime, end: datetime
) -> Iterator[datetime]:
    zone = ZoneInfo(host.timezone)
    day = start.astimezone(zone).date()
    while day <= end.astimezone(zone).date():
        for opens, closes in host.hours.get(day.weekday(), ()):
            begin = datetime.combine(day, time.fromisoformat(opens), zone).astimezone(start.tzinfo)
            close = datetime.combine(day, time.fromisoformat(closes), zone)
            while begin + event_type.length <= close:
                if start <= begin < end:
                    yield begin
                begin += timedelta(minutes=event_type.increment)
        day += timedelta(days=1)


def _is_busy(books: Books, event_type: EventType, host: User, start: datetime) -> bool:
    wanted = (
        start - timedelta(minutes=event_type.buffer_before),
        start + event_type.length + timedelta(minutes=event_type.buffer_after),
    )
    booked = [each.blocked for each in books.events_of(host, "active")]
    return any(_overlap(wanted, each) for each in [*booked, *host.busy])


def _overlap(one: Interval, other: Interval) -> bool:
    return one[0] < other[1] and other[0] < one[1]
