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


#: user id -> what their calendars hold
_Diaries = dict[str, list[Interval]]


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
    diaries = _diaries(books, event_type)
    found = [_slot(books, event_type, now, each, diaries) for each in starts]
    return [each for each in found if isinstance(each, OpenSlot)]


def slot_at(
    books: Books, event_type: EventType, now: datetime, start: datetime
) -> OpenSlot | Literal["filled", "not offered"]:
    """The slot, or why there is none."""
    return _slot(books, event_type, now, start, _diaries(books, event_type))


def _slot(
    books: Books, event_type: EventType, now: datetime, start: datetime, diaries: _Diaries
) -> OpenSlot | Literal["filled", "not offered"]:
    offering = [
        host
        for host in event_type.hosts
        if start > now + event_type.notice and _offers(event_type, host, start)
    ]
    if not (event_type.active and _enough(event_type, offering)):
        return "not offered"
    joined = books.to_join(event_type, start)
    if joined is not None:
        left = event_type.limit - len(joined.active_invitees)
        return OpenSlot(start, left, joined.hosts) if left > 0 else "filled"
    free = [host for host in offering if not _is_busy(event_type, start, diaries[host.id])]
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


def _diaries(books: Books, event_type: EventType) -> _Diaries:
    return {
        host.id: [*(each.blocked for each in books.events_of(host, "active")), *host.busy]
        for host in event_type.hosts
    }


def _is_busy(event_type: EventType, start: datetime, diary: list[Interval]) -> bool:
    wanted = (
        start - timedelta(minutes=event_type.buffer_before),
        start + event_type.length + timedelta(minutes=event_type.buffer_after),
    )
    return any(_overlap(wanted, each) for each in diary)


def _overlap(one: Interval, other: Interval) -> bool:
    return one[0] < other[1] and other[0] < one[1]
