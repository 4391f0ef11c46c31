"""Repeats of a client's request: one key, one change, one answer (C9)."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from attrs import evolve, frozen

from booking_core.domain.actor import Actor
from booking_core.domain.booking import Booking
from booking_core.domain.errors import InvalidRequest, SlotUnavailable
from booking_core.domain.ids import BookingId
from booking_core.domain.payment import PaymentStatus
from booking_core.domain.time import Slot
from booking_core.domain.transitions import BookingState
from booking_core.ports.clock import Clock
from booking_core.ports.inbox import InboxKey
from booking_core.ports.unit_of_work import UnitOfWork

_LONGEST_KEY = 255
_FIRST = 1  # the token of answers that were stored before they said which


@frozen
class IdempotencyKey:
    """A caller's `Idempotency-Key`; `body` is what the key stands for, so that a reuse is noticed."""

    value: str
    body: bytes = b""

    def __attrs_post_init__(self) -> None:
        if not 1 <= len(self.value) <= _LONGEST_KEY or not self.value.isprintable():
            raise InvalidRequest(
                f"An Idempotency-Key has 1 to {_LONGEST_KEY} printable characters."
            )

    def within(self, action: str, actor: Actor, known_by: str | None = None) -> InboxKey:
        """The key in its scope: the action, and the caller (API.md).

        A caller who is not signed in is known by its contact e-mail or whatever else it shows, else
        by its manage token.
        """
        caller = f"{actor.role}:{actor.id}"
        if not actor.signed_in:
            shown = known_by and known_by.strip().casefold()
            caller = f"mail:{shown}" if shown else f"token:{actor.manage_token}"
        scope = f"{action}:{hashlib.sha256(caller.encode()).hexdigest()[:32]}"
        return InboxKey(scope, self.value, hashlib.sha256(self.body).hexdigest())


def scoped(
    key: IdempotencyKey | str | None,
    action: str,
    actor: Actor,
    known_by: str | None = None,
    asked: object = None,
) -> InboxKey | None:
    """The inbox key of a request, None where the caller gave none.

    `known_by` is what tells a caller who is not signed in from all the others, `asked` what the
    request says; that stands for the body where the caller brings only a text.
    """
    if key is None:
        return None
    given = IdempotencyKey(key, repr(asked).encode()) if isinstance(key, str) else key
    return given.within(action, actor, known_by)


@frozen
class Repeats:
    """Answers a repeat of what adds to the catalogue; works within one open transaction."""

    clock: Clock

    def added(self, uow: UnitOfWork, key: InboxKey | None) -> str | None:
        """The id of what the first request under the key added; None when this is the first.

        Raises KeyReused, KeyInProgress.
        """
        stored = None if key is None else uow.inbox.open(key=key, now=self.clock.now())
        return None if stored is None else str(stored["added"])

    def remember(self, uow: UnitOfWork, key: InboxKey | None, added: str) -> None:
        if key is not None:
            uow.inbox.answer(key=key, answer={"added": added})


def as_answer(booking: Booking) -> dict[str, Any]:
    """What a repeat must see again, as plain JSON: no secrets, nobody's data."""
    return {
        "booking": booking.id,
        "state": booking.state.value,
        "payment": booking.payment.status.value,
        "slot": _texts(booking.slot),
        "pending_slot": _texts(booking.pending_slot),
        "token_version": booking.token_version,
    }


def as_refusal(refused: SlotUnavailable) -> dict[str, Any]:
    """The refusal as plain JSON, for a repeat to see again."""
    return {
        "refused": refused.reason,
        "message": refused.message,
        "alternatives": [_texts(slot) for slot in refused.alternatives],
        "reschedule_url": refused.reschedule_url,
    }


def replayed(uow: UnitOfWork, stored: dict[str, Any]) -> Booking:
    """The booking as it was answered the first time, or the same refusal.

    Its manage token is the one of that time as well: links that were revoked since stay so.
    """
    if "refused" in stored:
        slots = [_slot(texts) for texts in stored["alternatives"]]
        raise SlotUnavailable(
            stored["refused"],
            stored["message"],
            [each for each in slots if each],
            reschedule_url=stored.get("reschedule_url"),
        )
    booking = uow.bookings.get(BookingId(stored["booking"]))
    booking.state = BookingState(stored["state"])
    booking.payment = evolve(booking.payment, status=PaymentStatus(stored["payment"]))
    booking.slot, booking.pending_slot = _slot(stored["slot"]), _slot(stored["pending_slot"])
    booking.token_version = stored.get("token_version", _FIRST)
    return booking


def promised(answered: Booking, booking: Booking) -> Booking:
    """The booking as it stands by now, with the manage token of the answer that is given."""
    booking.token_version = answered.token_version
    return booking


def _texts(slot: Slot | None) -> list[str] | None:
    return None if slot is None else [slot.start.isoformat(), slot.end.isoformat()]


def _slot(texts: list[str] | None) -> Slot | None:
    return None if texts is None else Slot(*map(datetime.fromisoformat, texts))
