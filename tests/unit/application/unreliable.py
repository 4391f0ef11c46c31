"""A database, providers and a post of which every tenth call goes wrong, in every way that there is."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, ClassVar

from adapters.memory import Fault, MemoryCalendar, MemoryMailer, MemoryPayments, MemoryStore
from adapters.memory.store import MemoryUnitOfWork
from booking_core import (
    Attempt,
    BookingCore,
    BookingError,
    BookingId,
    CaptureRefused,
    Checkout,
    CheckoutRefused,
    LinkNeeded,
    Mail,
    PaymentNotice,
    PaymentNoticeReader,
    ProviderFailed,
    SlotUnavailable,
)

RATE = 0.1
_BUSY, _LATER = timedelta(seconds=20), timedelta(minutes=1)

#: How a call goes wrong: where, and what is said.
_LOST: list[tuple[Fault, BookingError]] = [
    (fault, error)
    for fault in Fault
    for error in (
        ProviderFailed("It did not answer in time."),
        ProviderFailed("It is busy.", retry_after=_BUSY),
        ProviderFailed("It is away.", retry_after=_LATER),
    )
]
_REFUSED = (Fault.LOST_CALL, ProviderFailed("It does not take our key.", retryable=False))
_FOR_GOOD: dict[str, list[tuple[Fault, BookingError]]] = {
    "capture": [(Fault.LOST_CALL, CaptureRefused("never"))],
    "ensure_booked": [
        (Fault.LOST_CALL, SlotUnavailable("busy", "gone")),
        (Fault.LOST_CALL, SlotUnavailable("refused", "never")),
        (Fault.LOST_CALL, LinkNeeded("not directly", lasting=False)),
    ],
}


class Unreliable:
    """As long as there is trouble; `seen` counts what went wrong."""

    chance: ClassVar[random.Random]
    trouble: ClassVar[bool] = True
    seen: ClassVar[Counter[str]] = Counter()

    @contextmanager
    def _call(self, method: str) -> Iterator[None]:
        fault, error = self._next(method) if self._fails() else (None, None)
        if error is not None:
            self.seen[f"{method}: {error.message} {fault}"] += 1
        if error is not None and fault is Fault.LOST_CALL:
            raise error
        yield
        if error is not None:
            raise error

    def _next(self, method: str) -> tuple[Fault, BookingError]:
        return self.chance.choice([*_LOST, _REFUSED, *_FOR_GOOD.get(method, ()) * 2])

    def _fails(self) -> bool:
        return self.trouble and self.chance.random() < RATE


class Calendar(Unreliable, MemoryCalendar): ...


class Mailer(Unreliable, MemoryMailer):
    """Counts the calls that failed, by the key of the mail; `refused` are mails refused for good."""

    def __init__(self) -> None:
        super().__init__()
        self.failed: Counter[str] = Counter()
        self.refused: set[str] = set()

    def send(self, *, mail: Mail) -> None:
        try:
            super().send(mail=mail)
        except ProviderFailed as failed:
            self.failed[mail.key] += 1
            self.refused |= set() if failed.retryable else {mail.key}
            raise


class Post(PaymentNoticeReader):
    """Notices of the payment provider: each comes never, once or several times, in any order."""

    def __init__(self) -> None:
        self._pending: list[bytes] = []
        self._numbers = 0

    def tell(self, booking_id: BookingId) -> None:
        self._numbers += 1
        body = f"{self._numbers} {booking_id}".encode()
        self._pending += [body] * Unreliable.chance.choice([0, 1, 1, 2, 3])

    def deliver(self, core: BookingCore) -> None:
        """Half of what is on its way arrives."""
        Unreliable.chance.shuffle(self._pending)
        half = len(self._pending) // 2
        arriving, self._pending = self._pending[half:], self._pending[:half]
        for body in arriving:
            with suppress(ProviderFailed):
                core.hear_payment_notice(body=body, headers={})

    def read(self, *, body: bytes, headers: Mapping[str, str]) -> PaymentNotice | None:
        message_id, booking_id = body.decode().split()
        return PaymentNotice(message_id, BookingId(booking_id))

    def missed(self, *, since: datetime) -> list[PaymentNotice]:
        return []


class Payments(Unreliable, MemoryPayments):
    """Tells of everything that happens there, what we do ourselves as well.

    A checkout that it refuses for good it never opens.
    """

    def __init__(self, clock: Any, post: Post) -> None:
        super().__init__(clock)
        self._post = post
        self._never: set[str] = set()

    def request(self, *, booking_id: BookingId, attempt: Attempt) -> Checkout:
        if attempt.key not in self._kept and self._fails() and self.chance.random() < RATE:
            self._never.add(attempt.key)
        if attempt.key in self._never:
            raise CheckoutRefused("never")
        return super().request(booking_id=booking_id, attempt=attempt)

    def _put(self, key: str, **changes: Any) -> None:
        super()._put(key, **changes)
        self._post.tell(self._kept[key].booking_id)


class Store(MemoryStore):
    """A database that goes away just before a commit, or just after it."""

    def __call__(self, *, write: bool = True) -> MemoryUnitOfWork:
        return _FailingUnitOfWork(self, write)


class _FailingUnitOfWork(MemoryUnitOfWork, Unreliable):
    def commit(self) -> None:
        fault = self.chance.choice(list(Fault)) if self._fails() else None
        if fault is not None:
            self.seen[f"commit: {fault}"] += 1
        if fault is Fault.LOST_CALL:
            raise ProviderFailed("The database does not answer.")
        super().commit()
        if fault is not None:
            raise ProviderFailed("The database does not answer.")
