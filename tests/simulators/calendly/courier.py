"""Carries webhooks: at least once, in any order, retried for a day, and lost when a test wants it."""

from __future__ import annotations

import json
import random
import ssl
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from threading import Lock
from typing import Any

import httpx
from attrs import define, field, frozen

from tests.simulators.calendly.clock import SimulatedClock
from tests.simulators.calendly.records import Subscription
from tests.simulators.calendly.signing import HEADER, signature

DAY = timedelta(hours=24)
#: Calendly's pauses grow; how, it does not say
PAUSES = [timedelta(minutes=each) for each in (1, 5, 15, 60, 180, 360)]


class Fate(Enum):
    """What becomes of a message."""

    NEVER = "it is not delivered"
    TWICE = "it is delivered twice"
    LATE = "it is delivered later"
    SWAPPED = "it is delivered after the next one"


@frozen
class Attempt:
    at: datetime
    event: str
    url: str
    body: bytes
    headers: Mapping[str, str]
    #: None: no answer in time
    status: int | None

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


@cache
def _trust() -> ssl.SSLContext:
    """Costly to make."""
    return ssl.create_default_context()


def over_http(url: str, body: bytes, headers: Mapping[str, str]) -> int | None:
    timeout = httpx.Timeout(15, connect=10)
    try:
        answer = httpx.post(
            url, content=body, headers=dict(headers), timeout=timeout, verify=_trust()
        )
        return answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


@define(eq=False)
class _Parcel:
    subscription: Subscription
    event: str
    body: bytes
    due: datetime
    place: float
    first_try: datetime | None = None
    tries: int = 0


@define
class Courier:
    """`deliver()` carries all that is due by the clock; nothing moves by itself."""

    clock: SimulatedClock
    #: how a message gets to its URL; a test may hand it to an app in the same process
    carry: Callable[[str, bytes, Mapping[str, str]], int | None] = over_http
    #: of each message, how likely which fate
    chances: dict[Fate, float] = field(factory=dict)
    late_by: timedelta = timedelta(minutes=10)
    dice: random.Random = field(factory=lambda: random.Random(4711))
    attempts: list[Attempt] = field(factory=list)
    lost: list[dict[str, Any]] = field(factory=list)
    _fates: list[tuple[str, Fate]] = field(factory=list)
    _waiting: list[_Parcel] = field(factory=list)
    _places: int = 0
    _carrying: Any = field(factory=Lock)
    _guard: Any = field(factory=Lock)

    def arrange(self, event: str, fate: Fate, times: int = 1) -> None:
        """The next messages of this event have this fate."""
        self._fates.extend([(event, fate)] * times)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def send(self, subscription: Subscription, message: dict[str, Any]) -> None:
        """Takes the message; it is carried when it is due."""
        fate = self._fate_of(message["event"])
        self._places += 1
        if fate is Fate.NEVER:
            self.lost.append(message)
            return
        due = self.clock.now() + (self.late_by if fate is Fate.LATE else timedelta())
        place = self._places + (1.5 if fate is Fate.SWAPPED else 0)
        body = json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
        parcels = [
            _Parcel(subscription, message["event"], body, due, place)
            for _ in range(2 if fate is Fate.TWICE else 1)
        ]
        with self._guard:
            self._waiting += parcels

    def deliver(self) -> list[Attempt]:
        """All that is due, what comes up meanwhile included."""
        before = len(self.attempts)
        with self._carrying:
            while due := self._take_next():
                self._try(due)
        return self.attempts[before:]

    def _fate_of(self, event: str) -> Fate | None:
        for place, (pattern, fate) in enumerate(self._fates):
            if pattern == event:
                del self._fates[place]
                return fate
        throw = self.dice.random()
        for fate, chance in self.chances.items():
            if throw < chance:
                return fate
            throw -= chance
        return None

    def _take_next(self) -> _Parcel | None:
        now = self.clock.now()
        with self._guard:
            due = [each for each in self._waiting if each.due <= now]
            found = min(due, key=lambda each: each.place, default=None)
            if found is not None:
                self._waiting.remove(found)
        return found

    def _try(self, parcel: _Parcel) -> None:
        subscription, now = parcel.subscription, self.clock.now()
        if subscription.state == "disabled":
            return
        headers = {"Content-Type": "application/json"}
        if subscription.signing_key:  # signed anew, or retries would be too old to be believed
            stamp = int(now.timestamp())
            headers[HEADER] = signature(parcel.body, subscription.signing_key, stamp)
        status = self.carry(subscription.url, parcel.body, headers)
        attempt = Attempt(now, parcel.event, subscription.url, parcel.body, headers, status)
        self.attempts.append(attempt)
        if attempt.arrived:
            subscription.retry_started_at = None
        else:
            with self._guard:
                self._failed(parcel, now)

    def _failed(self, parcel: _Parcel, now: datetime) -> None:
        subscription = parcel.subscription
        subscription.retry_started_at = subscription.retry_started_at or now
        parcel.first_try = parcel.first_try or now
        if now - subscription.retry_started_at >= DAY:
            subscription.state, subscription.updated_at = "disabled", now
            self._waiting = [each for each in self._waiting if each.subscription != subscription]
        elif now - parcel.first_try < DAY:
            parcel.due = now + PAUSES[min(parcel.tries, len(PAUSES) - 1)]
            parcel.tries += 1
            self._waiting.append(parcel)
